//! Where the body of a response ends (RFC 9112 §6.3).

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};

use super::Failure;
use super::chunked::Chunked;
use super::head::Head;

/// How a body is delimited, and how much of it is still to come.
#[derive(Debug)]
pub(super) enum Framing {
    /// By a declared length: the bytes left.
    Length(u64),
    /// By the chunked coding.
    Chunked(Chunked),
    /// By the connection's end.
    UntilClose,
}

/// What lies in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A piece of the body.
    Data(Bytes),
    /// Nothing yet.
    More,
    /// The body's end.
    End,
}

impl Framing {
    /// The framing of the answer to a request with this method.
    ///
    /// # Errors
    /// A length that cannot be read, or two that differ: nobody can know then where the body ends.
    pub(super) fn of(head: &Head, method: &Method, most_trailers: usize) -> Result<Self, &'static str> {
        let no_body = matches!(
            head.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS
        );
        if no_body || *method == Method::HEAD {
            return Ok(Self::Length(0));
        }
        match transfer_coding(&head.headers)? {
            // A length beside it is ignored; an answer of HTTP/1.0 cannot have it (RFC 9112 §6.1).
            true if head.version == Version::HTTP_11 => {
                return Ok(Self::Chunked(Chunked::new(most_trailers)));
            }
            true => return Ok(Self::UntilClose),
            false => {}
        }
        Ok(declared_length(&head.headers)?.map_or(Self::UntilClose, Self::Length))
    }

    /// Whether the end shows without the connection's end.
    pub(super) fn is_delimited(&self) -> bool {
        !matches!(self, Self::UntilClose)
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_over(),
            Self::UntilClose => false,
        }
    }

    /// Bytes still to come, where that was declared.
    pub(super) fn declared_rest(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            _ => None,
        }
    }

    /// Takes what can be taken of the bytes received.
    pub(super) fn take(&mut self, received: &mut BytesMut) -> Result<Piece, Failure> {
        match self {
            Self::Length(0) => Ok(Piece::End),
            Self::Chunked(chunked) => chunked.take(received),
            _ if received.is_empty() => Ok(Piece::More),
            Self::Length(left) => {
                let whole = usize::try_from(*left).unwrap_or(usize::MAX);
                let data = take_out(received, whole.min(received.len()));
                *left -= data.len() as u64;
                Ok(Piece::Data(data))
            }
            Self::UntilClose => Ok(Piece::Data(take_out(received, received.len()))),
        }
    }
}

/// Takes bytes out of the buffer. Few are copied, so that a small body that is kept does not keep a large buffer.
pub(super) fn take_out(received: &mut BytesMut, length: usize) -> Bytes {
    const FEW: usize = 16 << 10;
    if length > FEW || length * 2 > received.capacity() {
        return received.split_to(length).freeze();
    }
    let data = Bytes::copy_from_slice(received.get(..length).unwrap_or_default());
    received.advance(data.len());
    data
}

/// Whether the body is chunked. Other transfer codings were never asked for (RFC 9112 §7.4).
fn transfer_coding(headers: &HeaderMap) -> Result<bool, &'static str> {
    let mut chunked = false;
    for value in headers.get_all(TRANSFER_ENCODING) {
        for coding in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if coding.eq_ignore_ascii_case(b"chunked") {
                chunked = true;
            } else if !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity") {
                return Err("its transfer coding was not asked for");
            }
        }
    }
    Ok(chunked)
}

/// The one length that all values agree on.
fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.as_bytes().split(|&byte| byte == b',') {
            let part = part.trim_ascii();
            let digits =
                part.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(part).ok()).flatten();
            let number = digits.and_then(|digits| digits.parse::<u64>().ok());
            let number = number.ok_or("its content-length is no number")?;
            if length.is_some_and(|before| before != number) {
                return Err("it declares two lengths");
            }
            length = Some(number);
        }
    }
    Ok(length)
}
