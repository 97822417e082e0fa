//! Which encoding undeclared bytes are in. Each encoding that could be it is used to read a sample; the reading that
//! is most probable as text of a language wins (`cost`, by the frequencies in `model`). What the detector of Firefox
//! (chardetng) says counts as a hint, and so does the top-level domain.

mod candidates;
mod cost;
mod foreign;
mod model;
mod sample;
mod tld;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, WINDOWS_1252, WINDOWS_1258};

use super::coding::{self, Coding};
use candidates::{CANDIDATES, Candidate};
use cost::{Glyph, Language};
use model::MODEL;

/// How much the word of the other detector weighs (nats).
const HINT: f32 = 2.0;
/// How much the top-level domain weighs (nats).
const DOMAIN: f32 = 3.0;
/// From this lead over the next reading on (nats) the answer is more than a guess.
const SURE: f32 = 6.0;
/// A word of this many bytes can be told from an accident.
const ENOUGH: usize = 4;
/// Readings that cost so much more than the best one are not followed to their end.
const HOPELESS: f32 = 12.0;
/// A reading that costs more than this for each byte (nats) is no text of a language it was tried with.
const PLAUSIBLE: f32 = 5.5;
/// A long sample is looked at this far first, and readings that cost so much more than the best one there (nats) are
/// given up.
const FIRST_BYTES: usize = 640;
const UNPROMISING: f32 = 40.0;

/// What detection found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) coding: Coding,
    /// Whether the lead over the next reading is large.
    pub(super) is_sure: bool,
    /// Whether the top-level domain decided.
    pub(super) by_domain: bool,
}

/// The encoding of bytes that are neither ASCII nor UTF-8 nor announce themselves.
pub(super) fn detect(bytes: &[u8], tld: Option<&str>) -> Verdict {
    let sample = sample::sample(bytes);
    let label = tld.and_then(tld::label);
    let domain = label.as_deref().and_then(tld::fallback);
    let hint = hint(&sample, label.as_deref());
    let mut found = Ranking::default();
    for candidate in promising(&sample, in_order(hint, domain)) {
        found.weigh(&sample, candidate, HOPELESS);
    }
    found.verdict(&sample, domain)
}

/// The cost of a reading in the best language for it, without regard to how usual the encoding is; `None` for an
/// encoding that detection does not know.
pub(super) fn cost_of(bytes: &[u8], coding: Coding) -> Option<f32> {
    let candidate = CANDIDATES.iter().find(|candidate| is_same(candidate.coding, coding))?;
    let sample = sample::sample(bytes);
    least_cost(&read(&sample, coding), candidate.languages, f32::INFINITY)
}

/// The cost of UTF-8 in the best language for it.
pub(super) fn cost_of_utf8(bytes: &[u8]) -> f32 {
    let sample = sample::sample(bytes);
    let text = read(&sample, Coding::Standard(encoding_rs::UTF_8));
    let languages =
        CANDIDATES.iter().filter_map(|candidate| least_cost(&text, candidate.languages, f32::INFINITY));
    languages.fold(f32::INFINITY, f32::min)
}

fn is_same(one: Coding, other: Coding) -> bool {
    one == other
        || (one == Coding::Standard(encoding_rs::GBK) && other == Coding::Standard(encoding_rs::GB18030))
}

/// The candidates that a first part of a long sample does not rule out, the best first.
fn promising(sample: &[u8], candidates: Vec<Candidate>) -> Vec<Candidate> {
    if sample.len() < 2 * FIRST_BYTES {
        return candidates;
    }
    let mut found = Ranking::default();
    for candidate in &candidates {
        found.weigh(&sample[..FIRST_BYTES], *candidate, UNPROMISING);
    }
    let Some(best) = found.best().map(|best| best.cost) else { return candidates };
    found.readings.retain(|reading| reading.cost <= best + UNPROMISING);
    found.readings.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    let named =
        |reading: &Reading| candidates.iter().find(|candidate| candidate.coding == reading.coding).copied();
    found.readings.iter().filter_map(named).collect()
}

fn hint(sample: &[u8], tld: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // The end of a sample is no end of a text: a character may be cut there.
    detector.feed(sample, false);
    detector.guess(tld.map(str::as_bytes), Utf8Detection::Deny)
}

/// The candidates with the likely one first; it and that of the domain a little cheaper.
fn in_order(hint: &'static Encoding, domain: Option<&'static Encoding>) -> Vec<Candidate> {
    let mut candidates = CANDIDATES.to_vec();
    for candidate in &mut candidates {
        if domain.is_some_and(|encoding| is_same(candidate.coding, Coding::Standard(encoding))) {
            candidate.cost -= DOMAIN;
        }
        if candidate.coding == Coding::Standard(hint) {
            candidate.cost -= HINT;
        }
    }
    candidates.sort_by_key(|candidate| candidate.coding != Coding::Standard(hint));
    candidates
}

/// A reading and its cost.
#[derive(Debug)]
struct Reading {
    coding: Coding,
    text: Vec<Glyph>,
    cost: f32,
}

/// The readings so far that may still win or come second.
#[derive(Debug, Default)]
struct Ranking {
    readings: Vec<Reading>,
}

impl Ranking {
    /// Adds the reading of a candidate unless it costs so much more than the best one.
    fn weigh(&mut self, sample: &[u8], candidate: Candidate, lag: f32) {
        let limit = self.best().map_or(f32::INFINITY, |best| best.cost + lag);
        let text = read(sample, candidate.coding);
        if let Some(cost) = least_cost(&text, candidate.languages, limit - candidate.cost) {
            self.readings.push(Reading { coding: candidate.coding, text, cost: cost + candidate.cost });
        }
    }

    fn best(&self) -> Option<&Reading> {
        self.readings.iter().min_by(|one, other| one.cost.total_cmp(&other.cost))
    }

    fn verdict(&self, sample: &[u8], domain: Option<&'static Encoding>) -> Verdict {
        let bytes = sample.iter().filter(|&&byte| !sample::is_separator(byte)).count().max(1);
        let Some(best) = self.best() else {
            let coding = Coding::Standard(domain.unwrap_or(WINDOWS_1252));
            return Verdict { coding, is_sure: false, by_domain: domain.is_some() };
        };
        let others = self.readings.iter().filter(|reading| reading.text != best.text);
        let lead = others.map(|reading| reading.cost - best.cost).fold(HOPELESS, f32::min);
        let cost_a_byte = best.cost / bytes as f32;
        let is_domain = domain.is_some_and(|encoding| is_same(best.coding, Coding::Standard(encoding)));
        let is_sure = lead >= SURE && cost_a_byte < PLAUSIBLE && bytes >= ENOUGH;
        Verdict { coding: best.coding, is_sure, by_domain: is_domain && !is_sure }
    }
}

/// The least that a text costs in one of these languages.
fn least_cost(text: &[Glyph], codes: &[&str], limit: f32) -> Option<f32> {
    let mut least = None;
    let mut limit = limit;
    for code in codes {
        let Some(language) = language(code) else { continue };
        if let Some(cost) = language.cost(text, limit) {
            least = Some(cost);
            limit = cost;
        }
    }
    least
}

fn language(code: &str) -> Option<Language<'static>> {
    if let Some(list) = MODEL.ideographs(code) {
        return Some(Language::Ideographs(list));
    }
    if let Some(letters) = MODEL.letters(code) {
        return Some(Language::Letters(letters));
    }
    MODEL.letters(&code.to_ascii_lowercase()).map(Language::Mirrored)
}

/// The sample in an encoding, malformed sequences replaced. One at the very end is where the sample was cut.
fn read(sample: &[u8], coding: Coding) -> Vec<Glyph> {
    let mut text = match coding {
        Coding::Standard(encoding) => standard(sample, encoding),
        Coding::Ibm855 => {
            let table = coding::ibm855();
            sample
                .iter()
                .map(|&byte| byte.checked_sub(0x80).map_or(char::from(byte), |at| table[usize::from(at)]))
                .collect()
        }
        Coding::Viscii => foreign::viscii(sample),
        Coding::Johab => foreign::johab(sample),
        Coding::EucTw => foreign::euc_tw(sample),
        Coding::Utf32Le | Coding::Utf32Be => Vec::new(),
    };
    if text.last() == Some(&char::REPLACEMENT_CHARACTER) {
        text.pop();
    }
    text.into_iter().map(Glyph::from).collect()
}

fn standard(sample: &[u8], encoding: &'static Encoding) -> Vec<char> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(sample.len() * 2 + 16);
    let mut rest = sample;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => text.reserve(rest.len() * 3 + 16),
            DecoderResult::Malformed(..) => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    if encoding == WINDOWS_1258 {
        let mut apart = Vec::with_capacity(text.len());
        text.chars().for_each(|character| foreign::push_apart(&mut apart, character));
        return apart;
    }
    text.chars().collect()
}
