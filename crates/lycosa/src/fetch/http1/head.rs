//! Reading the head of a response: the status line and the fields, as tolerant as browsers are.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};

use super::Failure;
use super::request::has_word;

/// Fields read without asking for memory; more are read from the heap, up to the limit.
const FEW: usize = 64;

/// Bounds of a head.
#[derive(Clone, Copy, Debug)]
pub(in crate::fetch) struct HeadLimits {
    /// Bytes in all.
    pub(in crate::fetch) bytes: usize,
    /// Fields.
    pub(in crate::fetch) fields: usize,
}

/// The head of a response.
#[derive(Debug)]
pub(in crate::fetch) struct Head {
    pub(in crate::fetch) status: StatusCode,
    pub(in crate::fetch) version: Version,
    pub(in crate::fetch) headers: HeaderMap,
}

impl Head {
    /// Informational, with the real answer behind it (RFC 9110 §15.2). A switch of protocols is an answer.
    pub(super) fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }

    /// Whether the server keeps the connection open (RFC 9112 §9.3), and it is clear where the body ends: with two
    /// framings it is not (§6.1).
    pub(super) fn persists(&self) -> bool {
        let says = |word| self.headers.get_all(CONNECTION).iter().any(|value| has_word(value, word));
        let is_clear =
            !(self.headers.contains_key(TRANSFER_ENCODING) && self.headers.contains_key(CONTENT_LENGTH));
        is_clear && !says("close") && (self.version == Version::HTTP_11 || says("keep-alive"))
    }
}

/// Looks for the end of a head as bytes come in, each byte once, and reads the head when it is whole.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Bytes known to hold no end.
    searched: usize,
    /// A line began with white space.
    folded: bool,
    /// Interim responses read before.
    pub(super) interim: u32,
}

impl Reader {
    /// The head, taken out of the bytes, once it is whole.
    pub(super) fn take(
        &mut self,
        received: &mut BytesMut,
        limits: &HeadLimits,
    ) -> Result<Option<Head>, Failure> {
        if self.searched == 0 {
            // Some servers end a body with a line too many (RFC 9112 §2.2).
            let blank = received.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count();
            received.advance(blank);
            if !begins_like_http(received) {
                return Err(Failure::Malformed("the answer does not begin like HTTP"));
            }
        }
        let Some(end) = self.end(received) else {
            let is_full = received.len() >= limits.bytes;
            return if is_full { Err(Failure::TooLarge("bytes")) } else { Ok(None) };
        };
        if end > limits.bytes {
            return Err(Failure::TooLarge("bytes"));
        }
        // A copy of its own, so that fields that are kept do not keep the buffer.
        let head = Bytes::copy_from_slice(&received[..end]);
        received.advance(end);
        let folded = std::mem::take(&mut self.folded);
        self.searched = 0;
        parse(&head, folded, limits.fields).map(Some)
    }

    /// Where the empty line after the fields ends. Lines may end in a bare line feed (RFC 9112 §2.2).
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let region = bytes.get(self.searched..)?;
        for at in memchr::memchr_iter(b'\n', region) {
            match region.get(at + 1..)? {
                [b'\n', ..] => return Some(self.searched + at + 2),
                [b'\r', b'\n', ..] => return Some(self.searched + at + 3),
                [b' ' | b'\t', ..] => self.folded = true,
                _ => {}
            }
        }
        // The last two bytes may be the beginning of the end.
        self.searched = bytes.len().saturating_sub(2);
        None
    }
}

fn begins_like_http(received: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    received.iter().zip(START).all(|(got, wanted)| got == wanted)
}

fn parse(head: &Bytes, folded: bool, most: usize) -> Result<Head, Failure> {
    let mut few = [const { MaybeUninit::uninit() }; FEW];
    let room = FEW.min(most);
    match parse_into(head, folded, few.get_mut(..room).unwrap_or_default()) {
        Err(httparse::Error::TooManyHeaders) if most > FEW => {
            let mut many: Vec<_> = (0..most).map(|_| MaybeUninit::uninit()).collect();
            parse_into(head, folded, &mut many)
        }
        parsed => parsed,
    }
    .map_err(|error| match error {
        httparse::Error::TooManyHeaders => Failure::TooLarge("fields"),
        _ => Failure::Malformed("its head cannot be read"),
    })
}

fn parse_into<'h>(
    head: &'h Bytes,
    folded: bool,
    room: &mut [MaybeUninit<httparse::Header<'h>>],
) -> Result<Head, httparse::Error> {
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response_with_uninit_headers(&mut response, head, room)?;
    if parsed.is_partial() {
        return Err(httparse::Error::Status);
    }
    let status =
        response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(httparse::Error::Status)?;
    let version = if response.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        let Ok(name) = HeaderName::from_bytes(field.name.as_bytes()) else { continue };
        let Some(value) = value_of(head, field.value, folded) else { continue };
        headers.append(name, value);
    }
    Ok(Head { status, version, headers })
}

/// A field's value: a slice of the head, or a copy with the breaks of folded lines made spaces (RFC 9112 §5.2).
fn value_of(head: &Bytes, value: &[u8], folded: bool) -> Option<HeaderValue> {
    if !folded {
        return HeaderValue::from_maybe_shared(head.slice_ref(value)).ok();
    }
    let unfolded = value.split(|&byte| byte == b'\r' || byte == b'\n').map(<[u8]>::trim_ascii);
    let lines: Vec<_> = unfolded.filter(|line| !line.is_empty()).collect();
    HeaderValue::from_bytes(&lines.join(&b' ')).ok()
}
