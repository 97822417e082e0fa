//! Which encoding a body is read in: the steps in their order, each with what it found.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, WINDOWS_1252};

use super::coding::Coding;
use super::convert::{Text, convert, valid_utf8};
use super::detect;
use super::judge::{self, Utf8Facts};
use super::{CharsetSource, Confidence, DecodeOptions, Malformed, label, prescan, sniff};

/// Valid UTF-8 with so many continuation bytes is no accident.
const BEYOND_CHANCE: usize = 4;

/// The decision.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) coding: Coding,
    pub(super) source: CharsetSource,
    pub(super) confidence: Confidence,
    /// The length of the byte order mark.
    pub(super) mark: usize,
    /// What was declared, as written.
    pub(super) declared: Option<String>,
    pub(super) is_overruled: bool,
    /// What was declared or recognised and is outside the Encoding standard.
    pub(super) unknown_label: Option<String>,
}

impl Choice {
    fn new(coding: Coding, source: CharsetSource, confidence: Confidence) -> Self {
        let declared = None;
        Self { coding, source, confidence, mark: 0, declared, is_overruled: false, unknown_label: None }
    }
}

/// A declaration: what it means, who made it, how it was written.
struct Declaration {
    coding: Coding,
    source: CharsetSource,
    label: String,
    mark: usize,
}

/// Decides, and decodes where deciding needed that anyway.
pub(super) fn choose<'a>(bytes: &'a [u8], options: &DecodeOptions<'_>) -> (Choice, Text<'a>) {
    if let Some(charset) = options.charset {
        let mark =
            sniff::mark(bytes).filter(|(coding, _)| *coding == charset.0).map_or(0, |(_, length)| length);
        let mut choice = Choice::new(charset.0, CharsetSource::Override, Confidence::Certain);
        choice.mark = mark;
        let text = convert(&bytes[mark..], charset.0, options.malformed);
        return (choice, text);
    }
    let mut unknown = None;
    match declaration(bytes, options, &mut unknown) {
        Some(declaration) => declared(bytes, declaration, options, unknown),
        None => undeclared(bytes, options, unknown),
    }
}

/// The first of mark, transport and page that declares an encoding there is.
fn declaration(
    bytes: &[u8],
    options: &DecodeOptions<'_>,
    unknown: &mut Option<String>,
) -> Option<Declaration> {
    if let Some((coding, mark)) = sniff::mark(bytes) {
        return Some(Declaration {
            coding,
            source: CharsetSource::Bom,
            label: coding.name().to_owned(),
            mark,
        });
    }
    if let Some(label) = options.transport.and_then(label::charset_of_content_type) {
        match Coding::for_label(label) {
            Some(coding) => {
                return Some(Declaration {
                    coding,
                    source: CharsetSource::Header,
                    label: label.to_owned(),
                    mark: 0,
                });
            }
            None => *unknown = Some(label.to_owned()),
        }
    }
    let found = prescan::prescan(bytes);
    if unknown.is_none() {
        *unknown = found.unknown_label;
    }
    let (coding, label) = found.declared?;
    Some(Declaration { coding, source: CharsetSource::Meta, label, mark: 0 })
}

fn declared<'a>(
    bytes: &'a [u8],
    declaration: Declaration,
    options: &DecodeOptions<'_>,
    unknown: Option<String>,
) -> (Choice, Text<'a>) {
    let Declaration { coding, source, label, mark } = declaration;
    let body = &bytes[mark..];
    let wide = if source == CharsetSource::Bom { None } else { sniff::wide(bytes) };
    let mut choice = Choice::new(coding, source, Confidence::Likely);
    choice.mark = mark;
    choice.unknown_label = unknown;
    // Judging needs the whole text.
    let policy = if options.malformed == Malformed::Fail { Malformed::Skip } else { options.malformed };
    let text = if wide.is_some() { Text::empty() } else { convert(body, coding, policy) };
    let other = match wide.filter(|wide| *wide != coding) {
        Some(wide) => Some((wide, Confidence::Likely)),
        // Bytes that only look like the mark of UTF-8 do stand before pages in other encodings; the other marks do not.
        None if source == CharsetSource::Bom && coding != Coding::Standard(UTF_8) => None,
        None => judge::overrule(body, coding, &text, options.tld).map(|other| {
            (other.coding, if other.is_certain { Confidence::Certain } else { Confidence::Likely })
        }),
    };
    if let Some((other, confidence)) = other {
        choice.coding = other;
        choice.source = CharsetSource::Detector;
        choice.confidence = confidence;
        choice.is_overruled = true;
    } else {
        choice.confidence = confidence_in(source, coding, &text);
    }
    choice.declared = Some(label);
    note_outside(&mut choice);
    let is_decoded =
        !choice.is_overruled && wide.is_none() && (options.malformed == policy || text.malformed == 0);
    let text = if is_decoded { text } else { convert(body, choice.coding, options.malformed) };
    (choice, text)
}

fn confidence_in(source: CharsetSource, coding: Coding, text: &Text<'_>) -> Confidence {
    let beyond = match &text.text {
        // ASCII, or UTF-8 throughout.
        Cow::Borrowed(_) => return Confidence::Certain,
        Cow::Owned(text) => text.len(),
    };
    let is_self_evident = source == CharsetSource::Bom || coding == Coding::Standard(UTF_8);
    match text.malformed_inside() {
        0 if is_self_evident => Confidence::Certain,
        malformed if malformed * 20 > beyond => Confidence::Guess,
        _ => Confidence::Likely,
    }
}

fn undeclared<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions<'_>,
    unknown: Option<String>,
) -> (Choice, Text<'a>) {
    let wide = sniff::wide(bytes);
    let utf8 = if wide.is_none() { valid_utf8(bytes) } else { None };
    let mut choice = match wide {
        Some(wide) => Choice::new(wide, CharsetSource::Detector, Confidence::Likely),
        None if utf8.is_some() => of_utf8(bytes),
        None => of_others(bytes, options.tld),
    };
    choice.unknown_label = unknown.or_else(|| label::announced(bytes));
    note_outside(&mut choice);
    let text = utf8.filter(|_| choice.coding == Coding::Standard(UTF_8));
    let text = text.unwrap_or_else(|| convert(bytes, choice.coding, options.malformed));
    (choice, text)
}

fn of_utf8(bytes: &[u8]) -> Choice {
    let utf8 = Coding::Standard(UTF_8);
    if memchr::memchr(0x1b, bytes).is_some() && sniff::is_iso_2022_jp(bytes) {
        return Choice::new(Coding::Standard(ISO_2022_JP), CharsetSource::Detector, Confidence::Certain);
    }
    if Encoding::ascii_valid_up_to(bytes) == bytes.len() {
        return Choice::new(utf8, CharsetSource::Default, Confidence::Certain);
    }
    let continuations = bytes.iter().filter(|&&byte| byte & 0xc0 == 0x80).take(BEYOND_CHANCE).count();
    let confidence = if continuations < BEYOND_CHANCE { Confidence::Likely } else { Confidence::Certain };
    Choice::new(utf8, CharsetSource::Detector, confidence)
}

fn of_others(bytes: &[u8], tld: Option<&str>) -> Choice {
    if sniff::is_binary(bytes) {
        return Choice::new(Coding::Standard(WINDOWS_1252), CharsetSource::Default, Confidence::Guess);
    }
    if Utf8Facts::of(bytes).is_utf8_with_strays() {
        return Choice::new(Coding::Standard(UTF_8), CharsetSource::Detector, Confidence::Likely);
    }
    let verdict = detect::detect(bytes, tld);
    let confidence = if verdict.is_sure { Confidence::Likely } else { Confidence::Guess };
    let source = if verdict.by_domain { CharsetSource::Tld } else { CharsetSource::Detector };
    Choice::new(verdict.coding, source, confidence)
}

/// Tells an encoding outside the standard.
fn note_outside(choice: &mut Choice) {
    if choice.coding == Coding::Standard(REPLACEMENT) {
        choice.unknown_label = choice.declared.clone().or(choice.unknown_label.take());
    } else if let Some(label) = choice.coding.label_outside_standard() {
        choice.unknown_label = Some(label.to_owned());
    }
}
