//! Byte-order marks: text files and streams that say by a mark whether they are UTF-8 or UTF-16.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

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

/// A stream as UTF-8, whatever its mark announces, as [`unmarked`] does with bytes at hand: the mark is removed, UTF-16
/// with a mark is decoded piece by piece, and anything else passes as it is.
#[derive(Debug)]
pub(crate) struct Unmarked<R> {
    input: R,
    form: Form,
    /// What was read or decoded and not taken yet, from `taken` on.
    ready: Vec<u8>,
    taken: usize,
    /// The first byte of a unit, and the first unit of a character, that their input broke in two.
    half: Option<u8>,
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// No more was read than could be a mark.
    Unknown,
    Plain,
    /// UTF-16, by the order of a unit's bytes.
    Little,
    Big,
}

impl<R: BufRead> Unmarked<R> {
    /// Of this stream, from its beginning.
    pub(crate) fn new(input: R) -> Self {
        Self { input, form: Form::Unknown, ready: Vec::new(), taken: 0, half: None, high: None }
    }

    /// Reads as far as a mark goes and no further: a person may be typing.
    fn find_form(&mut self) -> io::Result<()> {
        const MARKS: [&[u8]; 3] = [&[0xEF, 0xBB, 0xBF], &[0xFF, 0xFE], &[0xFE, 0xFF]];
        while MARKS.iter().any(|mark| mark.len() > self.ready.len() && mark.starts_with(&self.ready)) {
            let Some(byte) = self.input.fill_buf()?.first().copied() else { break };
            self.input.consume(1);
            self.ready.push(byte);
        }
        self.form = match self.ready[..] {
            [0xFF, 0xFE] => Form::Little,
            [0xFE, 0xFF] => Form::Big,
            _ => Form::Plain,
        };
        if MARKS.contains(&self.ready.as_slice()) {
            self.ready.clear();
        }
        Ok(())
    }

    /// Decodes a piece; nothing is ready afterwards only when nothing is left.
    fn decode(&mut self, unit: fn([u8; 2]) -> u16) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        let mut text = String::new();
        while text.is_empty() {
            let piece = self.input.fill_buf()?;
            let length = piece.len();
            for byte in piece {
                match self.half.take() {
                    Some(first) => push_unit(unit([first, *byte]), &mut self.high, &mut text),
                    None => self.half = Some(*byte),
                }
            }
            self.input.consume(length);
            if length == 0 {
                let is_cut = self.half.take().is_some() | self.high.take().is_some();
                text.extend(is_cut.then_some(char::REPLACEMENT_CHARACTER));
                break;
            }
        }
        self.ready = text.into_bytes();
        Ok(())
    }
}

fn push_unit(unit: u16, high: &mut Option<u16>, out: &mut String) {
    if let Some(first) = high.take() {
        if let Some(Ok(character)) = char::decode_utf16([first, unit]).next() {
            out.push(character);
            return;
        }
        out.push(char::REPLACEMENT_CHARACTER);
    }
    if (0xD800..0xDC00).contains(&unit) {
        *high = Some(unit);
    } else {
        out.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

impl<R: BufRead> BufRead for Unmarked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.form == Form::Unknown {
            self.find_form()?;
        }
        if self.taken == self.ready.len() {
            match self.form {
                Form::Little => self.decode(u16::from_le_bytes)?,
                Form::Big => self.decode(u16::from_be_bytes)?,
                Form::Unknown | Form::Plain => {}
            }
        }
        if self.taken < self.ready.len() || self.form != Form::Plain {
            return Ok(&self.ready[self.taken..]);
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if self.taken < self.ready.len() {
            self.taken = self.ready.len().min(self.taken + amount);
        } else {
            self.input.consume(amount);
        }
    }
}

impl<R: BufRead> Read for Unmarked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_stream_in_any_pieces_reads_as_its_bytes_at_once(
            mark in prop::sample::select(vec![&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF", b"", b"\xFF", b"a"]),
            rest in proptest::collection::vec(prop_oneof![any::<u8>(), 0xD7..0xE0_u8, Just(0)], 0..60),
            piece in 1..9_usize,
        ) {
            let bytes = [mark, rest.as_slice()].concat();
            prop_assume!(!bytes.starts_with(b"\xEF\xBB") || bytes.starts_with(b"\xEF\xBB\xBF"));
            let mut read = Vec::new();
            Unmarked::new(BufReader::with_capacity(piece, Cursor::new(&bytes))).read_to_end(&mut read).unwrap();
            let is_wide = matches!(bytes[..], [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
            let whole = if is_wide { &bytes[..bytes.len() / 2 * 2] } else { &bytes };
            let mut expected = unmarked(whole).into_owned();
            if whole.len() < bytes.len() && !expected.ends_with("\u{FFFD}".as_bytes()) {
                expected.extend("\u{FFFD}".bytes());
            }
            let ends = |text: &[u8]| String::from_utf8_lossy(text).trim_end_matches('\u{FFFD}').to_owned();
            prop_assert_eq!(ends(&read), ends(&expected));
            prop_assert!(is_wide || read == expected);
        }
    }
}
