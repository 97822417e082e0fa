//! Writing a request: its head in one buffer, its body behind it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method};
use tokio::io::AsyncWrite;

/// A request on its way out, and how far it is.
#[derive(Debug, Default)]
pub(in crate::fetch) struct Outgoing {
    head: Vec<u8>,
    body: Bytes,
    written: usize,
    method: Method,
    closes: bool,
    given_up: bool,
}

impl Outgoing {
    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.body = Bytes::new();
        (self.written, self.closes, self.given_up) = (0, false, false);
    }

    /// The request line: the target is a path with its query, or a whole URL when a proxy reads it. Both are the
    /// text of a parsed URL, so they hold neither spaces nor controls.
    pub(in crate::fetch) fn line(&mut self, method: &Method, target: &[&str], host: &str) {
        self.method.clone_from(method);
        self.head.extend_from_slice(method.as_str().as_bytes());
        self.head.push(b' ');
        for part in target {
            self.head.extend_from_slice(part.as_bytes());
        }
        self.head.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        self.head.extend_from_slice(host.as_bytes());
        self.head.extend_from_slice(b"\r\n");
    }

    /// A field after those written before.
    pub(in crate::fetch) fn field(&mut self, name: &str, value: &HeaderValue) {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_bytes());
        self.head.extend_from_slice(b"\r\n");
    }

    /// The fields in their order. The host was written first and the framing is this module's own affair.
    pub(in crate::fetch) fn fields(&mut self, fields: &HeaderMap) {
        for (name, value) in fields {
            if name == HOST || name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
                continue;
            }
            if name == CONNECTION {
                self.closes |= has_word(value, "close");
            }
            self.field(name.as_str(), value);
        }
    }

    /// Ends the head; the body follows it. A method that has a meaning for a body says so when it is empty too
    /// (RFC 9110 §8.6).
    pub(in crate::fetch) fn end(&mut self, body: &Bytes) {
        let expects_body = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        if expects_body || !body.is_empty() {
            self.field(CONTENT_LENGTH.as_str(), &HeaderValue::from(body.len()));
        }
        self.head.extend_from_slice(b"\r\n");
        self.body = body.clone();
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// Whether the request asks for the connection's end.
    pub(super) fn closes(&self) -> bool {
        self.closes
    }

    /// Whether any of it went out.
    pub(super) fn is_begun(&self) -> bool {
        self.written > 0
    }

    /// Whether all of it went out.
    pub(super) fn is_written(&self) -> bool {
        !self.given_up && self.written == self.head.len() + self.body.len()
    }

    /// Writes no more of it.
    pub(super) fn give_up(&mut self) {
        self.given_up = true;
    }

    /// Ready when all of it is written and flushed, or given up.
    pub(super) fn poll_write(
        &mut self,
        mut stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given_up {
            return Poll::Ready(Ok(()));
        }
        while !self.is_written() {
            let head = self.head.get(self.written..).unwrap_or_default();
            let body = self.body.get(self.written.saturating_sub(self.head.len())..).unwrap_or_default();
            let written = match (head.is_empty(), body.is_empty()) {
                (false, true) => ready!(stream.as_mut().poll_write(cx, head))?,
                (true, _) => ready!(stream.as_mut().poll_write(cx, body))?,
                (false, false) => {
                    let both = [IoSlice::new(head), IoSlice::new(body)];
                    ready!(stream.as_mut().poll_write_vectored(cx, &both))?
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        stream.poll_flush(cx)
    }
}

/// Whether a list of words (RFC 9110 §5.6.1) holds this one.
pub(super) fn has_word(value: &HeaderValue, word: &str) -> bool {
    value
        .as_bytes()
        .split(|&byte| byte == b',')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}
