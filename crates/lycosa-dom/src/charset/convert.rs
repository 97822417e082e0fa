//! Decoding proper: the text and what was malformed, by the caller's wish for malformed bytes.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use super::Malformed;
use super::coding::{self, Coding};

/// A decoded text.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    /// Malformed sequences.
    pub(super) malformed: usize,
    /// Whether the last of them is the end of the bytes, as when a body was cut inside a character.
    pub(super) is_cut: bool,
    /// Where the first one ends.
    pub(super) first: Option<usize>,
}

impl<'a> Text<'a> {
    fn sound(text: Cow<'a, str>) -> Self {
        Self { text, malformed: 0, is_cut: false, first: None }
    }

    /// No text.
    pub(super) fn empty() -> Self {
        Self::sound(Cow::Borrowed(""))
    }

    /// Malformed sequences other than one made by cutting.
    pub(super) fn malformed_inside(&self) -> usize {
        self.malformed - usize::from(self.is_cut)
    }
}

/// Decodes all bytes. With [`Malformed::Fail`] it stops behind the first malformed sequence.
pub(super) fn convert(bytes: &[u8], coding: Coding, policy: Malformed) -> Text<'_> {
    match coding {
        Coding::Standard(encoding) => standard(bytes, encoding, policy),
        Coding::Utf32Le => utf32(bytes, u32::from_le_bytes, policy),
        Coding::Utf32Be => utf32(bytes, u32::from_be_bytes, policy),
        Coding::Ibm855 => ibm855(bytes),
        // ASCII is what is known of them.
        Coding::Viscii | Coding::Johab | Coding::EucTw => ascii(bytes, policy),
    }
}

/// The bytes themselves, if they are UTF-8 throughout.
pub(super) fn valid_utf8(bytes: &[u8]) -> Option<Text<'_>> {
    UTF_8.decode_without_bom_handling_and_without_replacement(bytes).map(Text::sound)
}

fn standard<'a>(bytes: &'a [u8], encoding: &'static Encoding, policy: Malformed) -> Text<'a> {
    let may_be_borrowed = encoding == UTF_8
        || (encoding.is_ascii_compatible() && Encoding::ascii_valid_up_to(bytes) == bytes.len());
    if may_be_borrowed && let Some(text) = valid_utf8(bytes) {
        return text;
    }
    let mut out = Output::new(policy);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    // The most it can be. What is not written to stays unused address space.
    out.text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut out.text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => out.text.reserve((rest.len() * 3 / 2).max(64)),
            DecoderResult::Malformed(..) => {
                if out.malformed(bytes.len() - rest.len(), rest.is_empty()) {
                    break;
                }
            }
        }
    }
    out.finish()
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32, policy: Malformed) -> Text<'static> {
    let mut out = Output::new(policy);
    out.text.reserve(bytes.len() / 4);
    let (units, tail) = bytes.as_chunks::<4>();
    for (at, unit) in units.iter().enumerate() {
        match char::from_u32(read(*unit)) {
            Some(character) => out.text.push(character),
            None => {
                if out.malformed(at * 4 + 4, false) {
                    return out.finish();
                }
            }
        }
    }
    if !tail.is_empty() {
        out.malformed(bytes.len(), true);
    }
    out.finish()
}

fn ibm855(bytes: &[u8]) -> Text<'static> {
    let table = coding::ibm855();
    let character = |&byte: &u8| match byte.checked_sub(0x80) {
        Some(at) => table.get(usize::from(at)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(byte),
    };
    Text::sound(Cow::Owned(bytes.iter().map(character).collect()))
}

fn ascii(bytes: &[u8], policy: Malformed) -> Text<'static> {
    let mut out = Output::new(policy);
    out.text.reserve(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii() {
            out.text.push(char::from(byte));
        } else if out.malformed(at + 1, false) {
            break;
        }
    }
    out.finish()
}

/// The text so far.
struct Output {
    text: String,
    policy: Malformed,
    malformed: usize,
    is_cut: bool,
    first: Option<usize>,
}

impl Output {
    fn new(policy: Malformed) -> Self {
        Self { text: String::new(), policy, malformed: 0, is_cut: false, first: None }
    }

    /// Notes a malformed sequence that ends here; true when that is the end.
    fn malformed(&mut self, end: usize, is_last: bool) -> bool {
        self.malformed += 1;
        self.first.get_or_insert(end);
        self.is_cut = is_last;
        if self.policy == Malformed::Replace {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        self.policy == Malformed::Fail
    }

    fn finish(self) -> Text<'static> {
        let Self { text, malformed, is_cut, first, .. } = self;
        Text { text: Cow::Owned(text), malformed, is_cut, first }
    }
}
