//! The bytes that detection looks at: words with bytes beyond ASCII, one after another. Markup and English text
//! around them say nothing about the encoding.

use std::collections::HashSet;

/// How much is looked at, at most.
const SAMPLE_BYTES: usize = 4 * 1024;
/// A stretch of bytes without a separator is looked at up to here.
const WORD_BYTES: usize = 3 * 1024;
/// Of the ASCII bytes of a word before its first byte beyond ASCII so many are kept.
const LEAD_BYTES: usize = 64;

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
        // No character begins with an ASCII byte and goes on beyond ASCII: a word can be cut anywhere here.
        let first = at.max(found.saturating_sub(LEAD_BYTES));
        let start = bytes[first..found]
            .iter()
            .rposition(|&byte| is_separator(byte))
            .map_or(first, |back| first + back);
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
    sample.truncate(SAMPLE_BYTES);
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_no_longer_than_it_may_be_whatever_leads_to_a_foreign_letter() {
        let run = "a".repeat(1 << 20);
        let one = [run.as_bytes(), b"\xe9"].concat();
        assert_eq!(sample(&one), [&run.as_bytes()[..LEAD_BYTES], b"\xe9"].concat());
        let long_words = [&one, b" b".as_slice()].concat().repeat(3);
        let many: Vec<u8> =
            (0..2000).flat_map(|word| format!("{word}{}\u{e9} ", &run[..60]).into_bytes()).collect();
        let foreign = "\u{e9}".repeat(5000).into_bytes();
        for bytes in [one, long_words, many, foreign] {
            let length = sample(&bytes).len();
            assert!((1..=SAMPLE_BYTES).contains(&length), "{length}");
        }
    }
}
