//! The chunked transfer coding, read (RFC 9112 §7.1). Extensions and trailers are passed over, within bounds.

use bytes::{Buf as _, BytesMut};

use super::Failure;
use super::framing::{Piece, take_out};

/// Bytes of chunk extensions in one body: they mean nothing and cost as much as data.
const MOST_EXTENSIONS: usize = 16 << 10;

/// Digits of a size: more than these are zeros, which nobody needs.
const MOST_DIGITS: u8 = 16;

/// Where the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first digit of a size.
    Size,
    /// After a digit.
    Digits,
    /// Behind the size, up to the line's end.
    Extension,
    /// In a chunk, with this much to come.
    Data,
    /// Between a chunk and the line's end after it.
    AfterData,
    /// In the midst of that line's end.
    AfterReturn,
    /// In the line of a trailer; whether it has bytes.
    Trailer { empty: bool },
    /// Behind everything.
    Over,
}

/// A body in chunks.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    /// The size being read, then the bytes left of the chunk.
    left: u64,
    digits: u8,
    extensions: usize,
    trailers: usize,
    most_trailers: usize,
    /// What is wrong behind the data taken last: the data comes first.
    fault: Option<Failure>,
}

impl Chunked {
    pub(super) fn new(most_trailers: usize) -> Self {
        Self { at: At::Size, left: 0, digits: 0, extensions: 0, trailers: 0, most_trailers, fault: None }
    }

    pub(super) fn is_over(&self) -> bool {
        self.at == At::Over
    }

    /// Takes the next piece of data out of the bytes received, with everything before it. After data the line's
    /// end, and the last chunk with its trailers, are taken along if they are there.
    pub(super) fn take(&mut self, received: &mut BytesMut) -> Result<Piece, Failure> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.pass_over(received)?;
        if self.at == At::Over {
            return Ok(Piece::End);
        }
        if self.at != At::Data || received.is_empty() {
            return Ok(Piece::More);
        }
        let whole = usize::try_from(self.left).unwrap_or(usize::MAX);
        let data = take_out(received, whole.min(received.len()));
        self.left -= data.len() as u64;
        if self.left == 0 {
            self.at = At::AfterData;
            self.fault = self.pass_over(received).err();
        }
        Ok(Piece::Data(data))
    }

    /// Everything that is not data.
    fn pass_over(&mut self, received: &mut BytesMut) -> Result<(), Failure> {
        let mut used = 0;
        while self.at != At::Data && self.at != At::Over {
            let Some(&byte) = received.get(used) else { break };
            used += 1;
            self.step(byte)?;
        }
        received.advance(used);
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), Failure> {
        self.at = match (self.at, byte) {
            (At::Size | At::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                let longer = self.left.checked_mul(16).and_then(|left| left.checked_add(digit.into()));
                self.left = longer.ok_or(Failure::Malformed("a chunk's size is too large"))?;
                self.digits += 1;
                if self.digits > MOST_DIGITS {
                    return Err(Failure::Malformed("a chunk's size has too many digits"));
                }
                At::Digits
            }
            (At::Digits | At::Extension, b'\n') if self.left == 0 => At::Trailer { empty: true },
            (At::Digits | At::Extension, b'\n') => At::Data,
            (At::Digits, b'\r' | b' ' | b'\t' | b';') => At::Extension,
            (At::Extension, _) => {
                self.extensions += 1;
                if self.extensions > MOST_EXTENSIONS {
                    return Err(Failure::Malformed("its chunks have too many extensions"));
                }
                At::Extension
            }
            (At::AfterData, b'\r') => At::AfterReturn,
            (At::AfterData | At::AfterReturn, b'\n') => {
                self.digits = 0;
                At::Size
            }
            (At::Trailer { empty: true }, b'\n') => At::Over,
            (At::Trailer { .. }, b'\n') => At::Trailer { empty: true },
            (At::Trailer { empty }, _) => {
                self.trailers += 1;
                if self.trailers > self.most_trailers {
                    return Err(Failure::TooLarge("bytes"));
                }
                At::Trailer { empty: empty && byte == b'\r' }
            }
            _ => return Err(Failure::Malformed("its chunks cannot be read")),
        };
        Ok(())
    }
}
