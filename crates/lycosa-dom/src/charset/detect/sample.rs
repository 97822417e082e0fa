//! The bytes that detection looks at: words with bytes beyond ASCII, one after another. Markup and English text
//! around them say nothing about the encoding.

use std::collections::HashSet;

/// How much is looked at, at most.
const SAMPLE_BYTES: usize = 4 * 1024;
/// A stretch of bytes without a separator is looked at up to here.
const WORD_BYTES: usize = 3 * 1024;

/// Bytes that are no part of a character in any encoding that detection knows, and are no letters: a text can be cut
/// there. (Second bytes begin at 0x31.)
pub(super) fn is_separator(byte: u8) -> bool {
    byte < 0x30 || matches!(byte, b'<' | b'>')
}

/// Whether the last of these bytes is the space behind an ASCII word. Its last letter is taken along: a foreign word
/// among ASCII words is less likely than a Latin one.
fn follows_ascii_word(bytes: &[u8]) -> bool {
    matches!(bytes, [.., letter, b' '] if letter.is_ascii_alphabetic())
}

/// Words with bytes beyond ASCII, each once, with the separator before and after it: a word that is repeated is no new
/// evidence. Looks no further than it needs to.
pub(super) fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::with_capacity(SAMPLE_BYTES.min(bytes.len()));
    let mut seen = HashSet::new();
    let mut at = 0;
    while sample.len() < SAMPLE_BYTES {
        let Some(next) = bytes[at..].iter().position(|byte| !byte.is_ascii()) else { break };
        let found = at + next;
        let start =
            bytes[at..found].iter().rposition(|&byte| is_separator(byte)).map_or(at, |back| at + back);
        let start = start - usize::from(follows_ascii_word(&bytes[at..=start]));
        let room = (SAMPLE_BYTES - sample.len()).min(WORD_BYTES);
        let rest = &bytes[found..];
        let end = rest.iter().take(room).position(|&byte| is_separator(byte));
        let length = found - start + end.map_or(room.min(rest.len()), |end| end + 1);
        let word = &bytes[start..start + length];
        if seen.insert(word.trim_ascii()) {
            sample.extend_from_slice(word);
        }
        at = start + length;
        if end.is_none() {
            // In the middle of a word the borders of its characters are not known.
            at += bytes[at..].iter().position(|&byte| is_separator(byte)).unwrap_or(bytes.len() - at);
        }
    }
    sample
}
