//! UTF-32 with a byte order mark. The Encoding standard dropped it; the little-endian mark begins like that of
//! UTF-16, so it has to be looked for first.

use std::borrow::Cow;

use super::{CharsetSource, Decoded};

/// The text if the bytes begin with a UTF-32 mark. Values that are no characters, and a last incomplete unit,
/// become U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded<'static>> {
    let (charset, read, rest): (_, fn([u8; 4]) -> u32, _) = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => ("UTF-32LE", u32::from_le_bytes, rest),
        [0, 0, 0xfe, 0xff, rest @ ..] => ("UTF-32BE", u32::from_be_bytes, rest),
        _ => return None,
    };
    let mut malformed = 0;
    let mut text = String::with_capacity(rest.len() / 3);
    for unit in rest.chunks(4) {
        let character = <[u8; 4]>::try_from(unit).ok().and_then(|unit| char::from_u32(read(unit)));
        text.push(character.unwrap_or_else(|| {
            malformed += 1;
            char::REPLACEMENT_CHARACTER
        }));
    }
    let source = CharsetSource::Bom;
    Some(Decoded { text: Cow::Owned(text), charset, source, malformed, unknown_label: None })
}
