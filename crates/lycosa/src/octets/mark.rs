//! Byte-order marks: small text files that say by a mark whether they are UTF-8 or UTF-16.

use std::borrow::Cow;

/// The bytes as UTF-8, the mark removed: UTF-16 with a mark is decoded, half a UTF-8 mark is dropped too, anything
/// else is passed on as it is (valid UTF-8 or not).
pub(crate) fn unmarked(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] | [0xEF, 0xBB, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => Cow::Borrowed(bytes),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_decides_the_encoding_and_is_gone_afterwards() {
        assert_eq!(&*unmarked(b"\xEF\xBB\xBFab"), b"ab");
        assert_eq!(&*unmarked(b"\xEF\xBBab"), b"ab");
        assert_eq!(&*unmarked(b"\xFF\xFEa\0b\0"), b"ab");
        assert_eq!(&*unmarked(b"\xFE\xFF\0a\0b"), b"ab");
        assert_eq!(&*unmarked(b"\xFF\xFE\x00\xD8a"), "\u{FFFD}".as_bytes());
        assert_eq!(&*unmarked(b"plain \xFF"), b"plain \xFF");
    }
}
