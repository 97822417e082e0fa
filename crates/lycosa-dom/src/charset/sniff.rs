//! What the bytes themselves show without statistics: marks at their beginning, zeros in every second or fourth byte,
//! escape sequences, and that they are no text at all.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::coding::Coding;

/// How much is looked at for zeros and control characters.
const HEAD: usize = 2 * 1024;

/// The encoding that a byte order mark announces, and the mark's length.
pub(super) fn mark(bytes: &[u8]) -> Option<(Coding, usize)> {
    match bytes {
        // Before UTF-16, whose mark begins the same.
        [0xff, 0xfe, 0, 0, ..] => Some((Coding::Utf32Le, 4)),
        [0, 0, 0xfe, 0xff, ..] => Some((Coding::Utf32Be, 4)),
        _ => Encoding::for_bom(bytes).map(|(encoding, length)| (Coding::Standard(encoding), length)),
    }
}

/// UTF-16 or UTF-32 without a mark, told by where the zeros are: text has many characters below U+0100 (spaces,
/// digits, markup), and their upper bytes are zero, while a zero character never stands in a text.
pub(super) fn wide(bytes: &[u8]) -> Option<Coding> {
    let head = &bytes[..bytes.len().min(HEAD) / 4 * 4];
    let head = if head.is_empty() { &bytes[..bytes.len() / 2 * 2] } else { head };
    if !head.contains(&0) {
        return None;
    }
    wide32(head).or_else(|| wide16(head))
}

fn wide32(head: &[u8]) -> Option<Coding> {
    let units = head.as_chunks::<4>().0;
    let all = |is_text: fn(&[u8; 4]) -> bool| units.len() >= 2 && units.iter().all(is_text);
    if all(|unit| is_character(u32::from_le_bytes(*unit))) {
        return Some(Coding::Utf32Le);
    }
    all(|unit| is_character(u32::from_be_bytes(*unit))).then_some(Coding::Utf32Be)
}

fn is_character(value: u32) -> bool {
    value != 0 && char::from_u32(value).is_some()
}

fn wide16(head: &[u8]) -> Option<Coding> {
    let units = head.as_chunks::<2>().0;
    // A text has characters below U+0100 and none of zero; the other order then makes U+xx00 of them.
    let low = |high: usize, low: usize| {
        units.iter().filter(|unit| unit[high] == 0 && is_text_byte(unit[low])).count()
    };
    let (little, big) = (low(1, 0), low(0, 1));
    let enough = (units.len() / 8).max(2).min(units.len());
    let has_zero_unit = units.contains(&[0, 0]);
    if has_zero_unit || little.max(big) < enough {
        return None;
    }
    if little > big * 8 && is_sound(units, u16::from_le_bytes) {
        Some(Coding::Standard(UTF_16LE))
    } else if big > little * 8 && is_sound(units, u16::from_be_bytes) {
        Some(Coding::Standard(UTF_16BE))
    } else {
        None
    }
}

/// Whether all units but one cut at the end make characters.
fn is_sound(units: &[[u8; 2]], read: fn([u8; 2]) -> u16) -> bool {
    let bad = char::decode_utf16(units.iter().map(|unit| read(*unit))).filter(Result::is_err).count();
    bad <= 1
}

fn is_text_byte(byte: u8) -> bool {
    byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r')
}

/// Whether bytes are no text of any encoding: zeros or many control characters, and not because of escapes.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let zeros = head.iter().filter(|&&byte| byte == 0).count();
    let controls = head.iter().filter(|&&byte| byte < 0x20 && !matches!(byte, 7..=13 | 0x1b)).count();
    controls * 50 > head.len() || zeros * 100 > head.len()
}

/// Whether escape sequences of ISO-2022-JP (RFC 1468) switch the character set of 7-bit bytes.
pub(super) fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii()
        && bytes
            .windows(3)
            .any(|window| matches!(window, [0x1b, b'$', b'B' | b'@'] | [0x1b, b'(', b'J' | b'I']))
}
