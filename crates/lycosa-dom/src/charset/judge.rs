//! When a declaration is not believed. Browsers believe any; a crawler gains by looking at the bytes.
//!
//! Three things overrule a declaration, never statistics alone:
//! - The bytes are UTF-8 with characters beyond ASCII and something else was declared. Text in another encoding is
//!   hardly ever valid UTF-8 by chance; where it is so little that it could be (a word or two), the reading that is
//!   more probable as text wins.
//! - UTF-8 was declared, and there are more malformed sequences than characters beyond ASCII, while another encoding
//!   reads as text. A long page with a few stray bytes has far fewer malformed sequences than characters.
//! - More than 5 % of what another declared encoding reads beyond ASCII is malformed or an invisible control
//!   character, and another encoding reads at most a quarter of that and is more probable as text.
//!
//! A malformed sequence at the very end counts for nothing: bodies are cut.

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use super::Malformed;
use super::coding::Coding;
use super::convert::{Text, convert};
use super::detect::{self, Verdict};
use super::{label, sniff};

/// So many continuation bytes in valid UTF-8 are beyond chance.
const BEYOND_CHANCE: usize = 24;
/// Malformed sequences among so many characters are strays.
const STRAY: usize = 20;
/// How much more probable (nats) another reading must be.
const LEAD: f32 = 2.0;

/// What is read instead of what was declared.
pub(super) struct Overruling {
    pub(super) coding: Coding,
    pub(super) is_certain: bool,
}

/// Judges a declaration by the text it gives; `None` lets it stand.
pub(super) fn overrule(
    bytes: &[u8],
    declared: Coding,
    text: &Text<'_>,
    tld: Option<&str>,
) -> Option<Overruling> {
    match declared {
        Coding::Standard(encoding) if encoding == UTF_8 => by_malformed_utf8(bytes, text, tld),
        Coding::Standard(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
            by_missing_zeros(bytes, tld)
        }
        Coding::Standard(encoding) if encoding == REPLACEMENT => {
            let announces = label::announced(bytes).is_some();
            (!announces).then(|| by_valid_utf8(bytes, declared)).flatten()
        }
        Coding::Utf32Le | Coding::Utf32Be => by_missing_zeros(bytes, tld),
        _ => by_valid_utf8(bytes, declared).or_else(|| by_malformed(bytes, declared, text, tld)),
    }
}

/// How bytes look as UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8Facts {
    /// Characters beyond ASCII.
    pub(super) characters: usize,
    /// Their bytes but the first of each.
    pub(super) continuations: usize,
    /// Malformed sequences, but for one at the end that is the beginning of a character.
    pub(super) malformed: usize,
}

impl Utf8Facts {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut facts = Self::default();
        let mut is_cut = false;
        for chunk in bytes.utf8_chunks() {
            let valid = chunk.valid().as_bytes();
            facts.characters += valid.iter().filter(|&&byte| byte >= 0xc0).count();
            facts.continuations += valid.iter().filter(|&&byte| byte & 0xc0 == 0x80).count();
            facts.malformed += usize::from(!chunk.invalid().is_empty());
            // True for the last chunk only if the bytes end with this.
            is_cut = is_beginning(chunk.invalid());
        }
        facts.malformed -= usize::from(is_cut);
        facts
    }

    /// Whether this is UTF-8 with at most a stray byte here and there.
    pub(super) fn is_utf8_with_strays(self) -> bool {
        self.characters > 0 && self.malformed * 4 <= self.characters
    }
}

/// Whether bytes are the beginning of one character of UTF-8 and no more.
fn is_beginning(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&byte| byte >= 0xc2)
        && std::str::from_utf8(bytes)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

fn by_malformed_utf8(bytes: &[u8], text: &Text<'_>, tld: Option<&str>) -> Option<Overruling> {
    if text.malformed_inside() == 0 {
        return None;
    }
    let facts = Utf8Facts::of(bytes);
    if facts.malformed <= facts.characters || sniff::is_binary(bytes) {
        return None;
    }
    let verdict = detect::detect(bytes, tld);
    if !verdict.is_sure {
        return None;
    }
    let other = malformed_in(bytes, verdict.coding);
    (other * 4 <= facts.malformed).then(|| Overruling::by(verdict))
}

/// UTF-16 and UTF-32 have zeros wherever there is markup, a space or a line's end.
fn by_missing_zeros(bytes: &[u8], tld: Option<&str>) -> Option<Overruling> {
    if bytes.contains(&0) || bytes.len() < 4 {
        return None;
    }
    if Encoding::utf8_valid_up_to(bytes) == bytes.len() {
        return Some(Overruling { coding: Coding::Standard(UTF_8), is_certain: true });
    }
    let ascii =
        bytes.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'\n')).count();
    if ascii * 8 < bytes.len() {
        return None;
    }
    let verdict = detect::detect(bytes, tld);
    verdict.is_sure.then(|| Overruling::by(verdict))
}

fn by_valid_utf8(bytes: &[u8], declared: Coding) -> Option<Overruling> {
    let known = Encoding::utf8_valid_up_to(bytes);
    if known < bytes.len() && !is_beginning(&bytes[known..]) {
        return None;
    }
    let facts = Utf8Facts::of(&bytes[..known]);
    if facts.characters == 0 {
        return None;
    }
    let is_certain = facts.continuations >= BEYOND_CHANCE;
    let is_single_byte = matches!(declared, Coding::Standard(encoding) if encoding.is_single_byte());
    let is_better = || match detect::cost_of(bytes, declared) {
        // One character of two bytes is as well one of theirs.
        _ if facts.characters == 1 && !is_single_byte => false,
        Some(cost) => detect::cost_of_utf8(bytes) < cost,
        None => facts.continuations > 1,
    };
    (is_certain || is_better()).then_some(Overruling { coding: Coding::Standard(UTF_8), is_certain })
}

fn by_malformed(bytes: &[u8], declared: Coding, text: &Text<'_>, tld: Option<&str>) -> Option<Overruling> {
    let controls = if reads_controls(declared) { count_controls(bytes) } else { 0 };
    let bad = text.malformed_inside() + controls;
    if bad == 0 {
        return None;
    }
    let beyond = text.text.chars().filter(|character| !character.is_ascii()).count();
    if bad * STRAY <= beyond || sniff::is_binary(bytes) {
        return None;
    }
    let facts = Utf8Facts::of(bytes);
    if facts.is_utf8_with_strays() && facts.malformed * 4 <= bad {
        return Some(Overruling { coding: Coding::Standard(UTF_8), is_certain: false });
    }
    let verdict = detect::detect(bytes, tld);
    if verdict.coding == declared || !verdict.is_sure || malformed_in(bytes, verdict.coding) * 4 > bad {
        return None;
    }
    let is_better = match (detect::cost_of(bytes, declared), detect::cost_of(bytes, verdict.coding)) {
        (Some(declared), Some(other)) => other + LEAD < declared,
        _ => true,
    };
    is_better.then(|| Overruling::by(verdict))
}

/// Whether an encoding reads the bytes 0x80 to 0x9F as control characters, which no page has.
fn reads_controls(coding: Coding) -> bool {
    matches!(coding, Coding::Standard(encoding) if encoding.name().starts_with("ISO-8859-"))
}

/// How many bytes are 0x80 to 0x9F. Sums of a byte's width over short pieces, which compilers make vectors of.
fn count_controls(bytes: &[u8]) -> usize {
    let in_piece = |piece: &[u8]| piece.iter().map(|byte| u8::from(byte & 0xe0 == 0x80)).sum::<u8>();
    bytes.chunks(usize::from(u8::MAX)).map(|piece| usize::from(in_piece(piece))).sum()
}

fn malformed_in(bytes: &[u8], coding: Coding) -> usize {
    let Coding::Standard(encoding) = coding else { return 0 };
    if encoding == ISO_2022_JP {
        return 0;
    }
    convert(bytes, coding, Malformed::Skip).malformed_inside()
}

impl Overruling {
    fn by(verdict: Verdict) -> Self {
        Self { coding: verdict.coding, is_certain: false }
    }
}
