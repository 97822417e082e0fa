//! Readings of encodings outside the Encoding standard, good enough to recognise them by: the syllables of Johab, the
//! first plane of EUC-TW, VISCII. What is left out (rare characters) reads as a mark that no language likes.

use encoding_rs::BIG5;

use crate::charset::coding::VISCII;

/// What stands for a character that exists and is not read: an ideograph that is in no list.
const RARE: char = '\u{9ffc}';
const BROKEN: char = char::REPLACEMENT_CHARACTER;

/// VISCII, with tones as characters of their own, as windows-1258 has them and the language model expects.
pub(super) fn viscii(bytes: &[u8]) -> Vec<char> {
    let table: Vec<char> = VISCII.chars().collect();
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte.checked_sub(0x80) {
            None => text.push(char::from(byte)),
            Some(at) => push_apart(&mut text, table[usize::from(at)]),
        }
    }
    text
}

/// The vowels by row with the tones of [`TONES`] in order.
const VOWELS: [(char, &str); 12] = [
    ('a', "àáãảạ"),
    ('ă', "ằắẵẳặ"),
    ('â', "ầấẫẩậ"),
    ('e', "èéẽẻẹ"),
    ('ê', "ềếễểệ"),
    ('i', "ìíĩỉị"),
    ('o', "òóõỏọ"),
    ('ô', "ồốỗổộ"),
    ('ơ', "ờớỡởợ"),
    ('u', "ùúũủụ"),
    ('ư', "ừứữửự"),
    ('y', "ỳýỹỷỵ"),
];
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// A Vietnamese letter as vowel and tone.
pub(super) fn push_apart(text: &mut Vec<char>, letter: char) {
    if letter.is_ascii() {
        text.push(letter);
        return;
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    for (vowel, toned) in VOWELS {
        if let Some(tone) = toned.chars().position(|c| c == lower) {
            let vowel = if lower == letter { vowel } else { vowel.to_uppercase().next().unwrap_or(vowel) };
            text.extend([vowel, TONES[tone]]);
            return;
        }
    }
    text.push(letter);
}

/// Johab (KS X 1001, annex 3): five bits each for the beginning, the vowel and the end of a syllable.
pub(super) fn johab(bytes: &[u8]) -> Vec<char> {
    pairs(bytes, |lead, trail| match (lead, trail) {
        (0x84..=0xd3, 0x41..=0x7e | 0x81..=0xfe) => {
            syllable(u16::from_be_bytes([lead, trail])).unwrap_or(BROKEN)
        }
        (0xd8..=0xde | 0xe0..=0xf9, 0x31..=0x7e | 0x91..=0xfe) => RARE,
        _ => BROKEN,
    })
}

fn syllable(bits: u16) -> Option<char> {
    let (first, vowel, last) = (u32::from(bits >> 10 & 31), u32::from(bits >> 5 & 31), u32::from(bits & 31));
    let vowel = match vowel {
        2 => return Some(RARE), // A lone consonant.
        3..=7 => vowel - 3,
        10..=15 => vowel - 5,
        18..=23 => vowel - 7,
        26..=29 => vowel - 9,
        _ => return None,
    };
    let last = match last {
        1..=17 => last - 1,
        19..=29 => last - 2,
        _ => return None,
    };
    match first {
        1 => Some(RARE), // A lone vowel.
        2..=20 => char::from_u32(0xac00 + ((first - 2) * 21 + vowel) * 28 + last),
        _ => None,
    }
}

/// EUC-TW: the common characters stand in the order of Big5, but for a few that were moved.
pub(super) fn euc_tw(bytes: &[u8]) -> Vec<char> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        if first == 0x8e {
            // A plane by number, then its row and cell.
            let is_whole = matches!(after, [0xa1..=0xb0, 0xa1..=0xfe, 0xa1..=0xfe, ..]);
            text.push(if is_whole { RARE } else { BROKEN });
            rest = if is_whole { &after[3..] } else { after };
        } else if let ([trail @ 0xa1..=0xfe, tail @ ..], 0xa1..=0xfe) = (after, first) {
            text.push(plane_one(first & 0x7f, trail & 0x7f));
            rest = tail;
        } else {
            text.push(if first.is_ascii() { char::from(first) } else { BROKEN });
            rest = after;
        }
    }
    text
}

/// Runs of plane 1 of CNS 11643 that are runs of Big5: first, last, and where the run begins in Big5.
const RUNS: [(u16, u16, u16); 9] = [
    (0x4421, 0x5322, 0xa440),
    (0x5323, 0x5752, 0xad40),
    (0x5754, 0x6b4f, 0xafd0),
    (0x6b51, 0x6f5b, 0xbbc8),
    (0x6f5c, 0x7534, 0xbe53),
    (0x7536, 0x7736, 0xc1ab),
    (0x7737, 0x782c, 0xc2cc),
    (0x782e, 0x7961, 0xc361),
    (0x7962, 0x7d4b, 0xc457),
];

fn plane_one(row: u8, cell: u8) -> char {
    let code = u16::from_be_bytes([row, cell]);
    if matches!(row, 0x21..=0x22) {
        return big5(0xa140 + big5_steps(0xa140, linear(code) - linear(0x2121)));
    }
    let Some((first, _, start)) = RUNS.into_iter().find(|(first, last, _)| (*first..=*last).contains(&code))
    else {
        return if row < 0x7e { RARE } else { BROKEN };
    };
    big5(start + big5_steps(start, linear(code) - linear(first)))
}

fn linear(code: u16) -> u16 {
    (code >> 8) * 94 + (code & 0xff) - 0x21
}

/// How far a code of Big5 lies after another, in its own numbers, when it is so many characters later.
fn big5_steps(start: u16, count: u16) -> u16 {
    let cell = |trail: u16| if trail < 0x80 { trail - 0x40 } else { trail - 0xa1 + 63 };
    let place = (start >> 8) * 157 + cell(start & 0xff) + count;
    let (row, cell) = (place / 157, place % 157);
    let trail = if cell < 63 { 0x40 + cell } else { 0xa1 + cell - 63 };
    (row << 8 | trail) - start
}

fn big5(code: u16) -> char {
    let bytes = code.to_be_bytes();
    let (text, _) = BIG5.decode_without_bom_handling(&bytes);
    text.chars().next().unwrap_or(BROKEN)
}

/// Bytes below 0x80 as they are, others as the first of a pair.
fn pairs(bytes: &[u8], read: impl Fn(u8, u8) -> char) -> Vec<char> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first.is_ascii() {
            text.push(char::from(first));
            continue;
        }
        let Some((&second, tail)) = after.split_first() else { break };
        let character = read(first, second);
        text.push(character);
        if character != BROKEN || !second.is_ascii() {
            rest = tail;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(characters: Vec<char>) -> String {
        characters.into_iter().collect()
    }

    #[test]
    fn known_words_are_read() {
        // From the mapping tables of the GNU C library.
        assert_eq!(text(johab(b"\xd0\x65\x8b\x69 x")), "한글 x");
        assert_eq!(text(euc_tw(b"\xc4\xe3\xc5\xc6\xe9\xc7\xeb\xfa \xfc\xd5")), "中文漢鳳 體");
        assert_eq!(text(viscii(b"Vi\xaet Nam")), "Viê\u{323}t Nam");
    }

    #[test]
    fn any_bytes_are_read_without_end_or_panic() {
        for lead in 0..=255_u8 {
            for trail in 0..=255_u8 {
                let bytes = [lead, trail, 0x8e];
                assert!(johab(&bytes).len() <= 3 && euc_tw(&bytes).len() <= 3 && viscii(&bytes).len() <= 6);
            }
        }
    }
}
