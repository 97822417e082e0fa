//! Character references (HTML standard, 13.2.5.72 to 13.2.5.84).

use html5ever::{
    data::{C1_REPLACEMENTS, NAMED_ENTITIES},
    tendril::StrTendril,
};

/// A character reference: what it stands for and how many bytes it takes with its `&`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) length: usize,
    first: char,
    second: Option<char>,
}

impl Reference {
    fn one(length: usize, first: char) -> Self {
        Self { length, first, second: None }
    }

    pub(super) fn push_to(&self, text: &mut StrTendril) {
        text.push_char(self.first);
        if let Some(second) = self.second {
            text.push_char(second);
        }
    }
}

/// The reference at the `&` that the bytes begin with, or `None` if it is just an ampersand. In attributes a
/// name without semicolon before a letter, digit or `=` is none, for the sake of addresses.
pub(super) fn read(bytes: &[u8], in_attribute: bool) -> Option<Reference> {
    match bytes.get(1)? {
        b'#' => numeric(bytes),
        first if first.is_ascii_alphabetic() => common(bytes).or_else(|| named(bytes, in_attribute)),
        _ => None,
    }
}

/// What HTML means by a name without `&` and `;`, as text.
pub(crate) fn of_name(name: &str) -> Option<String> {
    /// The longest is `CounterClockwiseContourIntegral`.
    const LONGEST: usize = 40;
    if name.len() > LONGEST {
        return None;
    }
    let (first, second) = NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let characters = [*first, *second].into_iter().filter(|&code| code != 0).filter_map(char::from_u32);
    Some(characters.collect()).filter(|text: &String| !text.is_empty())
}

/// The few names most pages use.
fn common(bytes: &[u8]) -> Option<Reference> {
    Some(match bytes {
        [_, b'a', b'm', b'p', b';', ..] => Reference::one(5, '&'),
        [_, b'l', b't', b';', ..] => Reference::one(4, '<'),
        [_, b'g', b't', b';', ..] => Reference::one(4, '>'),
        [_, b'q', b'u', b'o', b't', b';', ..] => Reference::one(6, '"'),
        [_, b'n', b'b', b's', b'p', b';', ..] => Reference::one(6, '\u{a0}'),
        _ => return None,
    })
}

fn named(bytes: &[u8], in_attribute: bool) -> Option<Reference> {
    let mut found = None;
    // The table holds every prefix of a name, with zeros where it is not a name itself.
    for end in 2..=bytes.len() {
        let Some((first, second)) =
            std::str::from_utf8(&bytes[1..end]).ok().and_then(|key| NAMED_ENTITIES.get(key))
        else {
            break;
        };
        if let Some(first) = char::from_u32(*first).filter(|first| *first != '\0') {
            let second = char::from_u32(*second).filter(|second| *second != '\0');
            found = Some(Reference { length: end, first, second });
        }
    }
    let found = found?;
    if in_attribute && bytes[found.length - 1] != b';' {
        let next = bytes.get(found.length);
        if next.is_some_and(|byte| *byte == b'=' || byte.is_ascii_alphanumeric()) {
            return None;
        }
    }
    Some(found)
}

fn numeric(bytes: &[u8]) -> Option<Reference> {
    let is_hex = matches!(bytes.get(2), Some(b'x' | b'X'));
    let (start, radix) = if is_hex { (3, 16) } else { (2, 10) };
    let mut value: u32 = 0;
    let mut end = start;
    while let Some(digit) = bytes.get(end).and_then(|&byte| char::from(byte).to_digit(radix)) {
        value = value.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if end == start {
        return None;
    }
    if bytes.get(end) == Some(&b';') {
        end += 1;
    }
    let replaced =
        value.checked_sub(0x80).and_then(|index| C1_REPLACEMENTS.get(index as usize).copied().flatten());
    let character = match value {
        0 => char::REPLACEMENT_CHARACTER,
        _ => replaced.or_else(|| char::from_u32(value)).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some(Reference::one(end, character))
}
