//! What is done to strings, apart from where they come from: parts, whitespace, replacing characters.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use crate::xpath::number::{is_space, round};

/// Where a substring lies, positions being counted in characters from one and rounded (XPath 1.0, section 4.2).
pub(in crate::xpath) fn substring(text: &str, start: f64, length: Option<f64>) -> Range<usize> {
    let first = round(start);
    let end = length.map_or(f64::INFINITY, |length| first + round(length));
    // Not a number on either side is no range.
    if first.partial_cmp(&end) != Some(std::cmp::Ordering::Less) || end <= 1.0 {
        return 0..0;
    }
    let skipped = if first > 1.0 { first - 1.0 } else { 0.0 };
    let from = char_offset(text, skipped);
    if end == f64::INFINITY {
        return from..text.len();
    }
    from..from + char_offset(&text[from..], end - 1.0 - skipped)
}

/// The byte where the character with this number, counted from zero, begins; the end when there are fewer.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against the length")]
fn char_offset(text: &str, count: f64) -> usize {
    #[allow(clippy::cast_precision_loss, reason = "texts are shorter than 2^53 bytes")]
    if count >= text.len() as f64 {
        return text.len();
    }
    let count = count as usize;
    if text.as_bytes()[..count].is_ascii() {
        return count;
    }
    text.char_indices().nth(count).map_or(text.len(), |(at, _)| at)
}

/// The text without whitespace at its ends, with one space for each run of it.
pub(in crate::xpath) fn normalize_space(text: &str) -> Normalized {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    let inner = &bytes[start..end];
    let is_normal = inner.iter().enumerate().all(|(at, &byte)| {
        !is_space(byte) || (byte == b' ' && inner.get(at + 1).is_none_or(|&next| !is_space(next)))
    });
    if is_normal {
        return Normalized::Part(start..end);
    }
    let mut out = String::with_capacity(end - start);
    for word in text[start..end].split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Normalized::New(out)
}

/// The number of characters that the normalised text has.
pub(in crate::xpath) fn normalized_length(text: &str) -> usize {
    let (mut length, mut owed, mut is_started) = (0, 0, false);
    for &byte in text.as_bytes() {
        if is_space(byte) {
            owed = usize::from(is_started);
        } else {
            is_started = true;
            // Only the first byte of a character counts.
            length += owed + usize::from(byte & 0xC0 != 0x80);
            owed = 0;
        }
    }
    length
}

/// A normalised text: a part of the original, where that is enough.
pub(in crate::xpath) enum Normalized {
    Part(Range<usize>),
    New(String),
}

/// Replaces each character that is in `from` by the one at its place in `to`, or by nothing. `None` when there is
/// nothing to replace.
pub(in crate::xpath) fn translate(text: &str, from: &str, to: &str) -> Option<String> {
    let mut ascii: [Option<Option<char>>; 128] = [None; 128];
    let mut others: HashMap<char, Option<char>> = HashMap::new();
    let mut targets = to.chars();
    for character in from.chars() {
        let target = targets.next();
        match ascii.get_mut(character as usize) {
            Some(place) => {
                place.get_or_insert(target);
            }
            None => {
                others.entry(character).or_insert(target);
            }
        }
    }
    let lookup = |character: char| match ascii.get(character as usize) {
        Some(place) => *place,
        None if others.is_empty() => None,
        None => others.get(&character).copied(),
    };
    let (first, _) = text.char_indices().find(|(_, character)| lookup(*character).is_some())?;
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    for character in text[first..].chars() {
        out.extend(lookup(character).unwrap_or(Some(character)));
    }
    Some(out)
}

/// Replaces one text by another everywhere; an empty one nowhere.
pub(in crate::xpath) fn replace<'t>(text: &'t str, from: &str, to: &str) -> Cow<'t, str> {
    if from.is_empty() || !text.contains(from) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_are_counted_in_characters_and_rounded() {
        let part = |text: &'static str, start, length| &text[substring(text, start, length)];
        assert_eq!(part("12345", 1.5, Some(2.6)), "234");
        assert_eq!(part("12345", 0.0, Some(3.0)), "12");
        assert_eq!(part("12345", f64::NAN, Some(3.0)), "");
        assert_eq!(part("12345", 1.0, Some(f64::NAN)), "");
        assert_eq!(part("12345", -42.0, Some(f64::INFINITY)), "12345");
        assert_eq!(part("12345", f64::NEG_INFINITY, Some(f64::INFINITY)), "");
        assert_eq!(part("12345", f64::NEG_INFINITY, None), "12345");
        assert_eq!(part("12345", 2.0, None), "2345");
        assert_eq!(part("12345", 9.0, Some(2.0)), "");
        assert_eq!(part("äöü𝄞x", 2.0, Some(3.0)), "öü𝄞");
        assert_eq!(part("äöü", 0.0, Some(2.0)), "ä");
    }

    #[test]
    fn the_length_of_a_normalised_text_needs_no_such_text() {
        for text in ["", "  ", "a", " a  b\tä ", "äö \n ü𝄞", "x "] {
            let normalised = match normalize_space(text) {
                Normalized::Part(range) => text[range].to_owned(),
                Normalized::New(new) => new,
            };
            assert_eq!(normalized_length(text), normalised.chars().count(), "{text:?}");
        }
    }

    #[test]
    fn translating_takes_the_first_place_of_a_character() {
        assert_eq!(translate("bar", "abc", "ABC").as_deref(), Some("BAr"));
        assert_eq!(translate("--aaa--", "abc-", "ABC").as_deref(), Some("AAA"));
        assert_eq!(translate("aa", "aa", "xy").as_deref(), Some("xx"));
        assert_eq!(translate("äöß", "öä", "oa").as_deref(), Some("aoß"));
        assert_eq!(translate("abc", "", "x"), None);
    }
}
