//! What to answer, and how to misbehave while answering. A response is a value: nothing happens until the server
//! writes it, so handlers stay pure and the timing lives in one place (`answer`).

use crate::body::{Body, gzip};
use crate::gate::Gate;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// How the end of the body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    Chunked,
    UntilClose,
    /// The body is the whole answer, status line included.
    Raw,
}

/// Where an answer breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    BeforeHead,
    /// After so many bytes of the head.
    InHead(usize),
    /// After so many bytes of the body (before chunk framing).
    InBody(u64),
}

/// What happens to the connection where an answer breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// An orderly end (FIN).
    Close,
    /// A reset (RST).
    Reset,
    /// Silence until the client gives up.
    Hang,
}

/// An answer, built up by chaining.
#[derive(Debug, Clone)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Body,
    pub(crate) framing: Framing,
    pub(crate) claimed_length: Option<u64>,
    pub(crate) first_byte_delay: Duration,
    pub(crate) gate: Option<Gate>,
    pub(crate) drip: Option<(usize, Duration)>,
    pub(crate) broken: Option<(Point, Break)>,
    pub(crate) close: bool,
    pub(crate) close_after: Option<u32>,
    pub(crate) held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Response {
    /// An empty answer with this status and a right `Content-Length`.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::bytes(""),
            framing: Framing::Length,
            claimed_length: None,
            first_byte_delay: Duration::ZERO,
            gate: None,
            drip: None,
            broken: None,
            close: false,
            close_after: None,
            held: None,
        }
    }

    /// 200 with an HTML body in UTF-8.
    pub fn html(text: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", "text/html; charset=utf-8").body(text.into())
    }

    /// 200 with a plain text body.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", "text/plain; charset=utf-8").body(text.into())
    }

    /// A redirect with this status and `Location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status).header("Location", location)
    }

    /// 404 with a short page.
    pub fn not_found() -> Self {
        Self::html("<!doctype html><title>Not found</title><p>Nothing lives here.").status(404)
    }

    /// Exactly these bytes, status line and all; the connection ends after them.
    pub fn raw(bytes: impl Into<bytes::Bytes>) -> Self {
        Self::raw_body(Body::bytes(bytes.into()))
    }

    /// Like [`Response::raw`] for an answer that is described rather than stored, such as an endless head.
    pub fn raw_body(body: Body) -> Self {
        Self { framing: Framing::Raw, body, ..Self::new(0) }
    }

    /// Another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header line. The value may hold any bytes.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, bytes: impl Into<bytes::Bytes>) -> Self {
        self.described(Body::bytes(bytes.into()))
    }

    /// Sets a body that is described rather than stored.
    #[must_use]
    pub fn described(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// A body of exactly `size` bytes, generated while it is sent.
    #[must_use]
    pub fn size(self, size: u64) -> Self {
        self.described(Body::sized("<!doctype html><title>Large</title><p>", b"filler text ", size))
    }

    /// A body that never ends, chunked.
    #[must_use]
    pub fn endless(self) -> Self {
        self.described(Body::endless("<!doctype html><title>Endless</title><p>", b"more and more ")).chunked()
    }

    /// Compresses the body given by [`Response::body`] and says so in `Content-Encoding`.
    #[must_use]
    pub fn gzipped(self) -> Self {
        let mut pieces = self.body.clone().pieces();
        let mut plain = Vec::new();
        while let Some(piece) = pieces.next(usize::MAX) {
            plain.extend_from_slice(&piece);
        }
        self.header("Content-Encoding", "gzip").body(gzip(&plain))
    }

    /// A body of valid gzip that decodes to more than `decoded` bytes of HTML.
    #[must_use]
    pub fn gzip_bomb(self, decoded: u64) -> Self {
        let bomb = crate::body::gzip_bomb(b"<!doctype html><title>Bomb</title>", decoded);
        self.header("Content-Encoding", "gzip").described(bomb)
    }

    /// Frames the body in chunks.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Marks the end of the body by closing, without any length.
    #[must_use]
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Claims this `Content-Length` whatever the body has. When more is claimed than sent, the connection ends
    /// early; when less, the surplus is still sent.
    #[must_use]
    pub fn claim_length(mut self, length: u64) -> Self {
        self.claimed_length = Some(length);
        self
    }

    /// Keeps a value until just before the last bytes are written, or the answer is given up: its drop marks the end
    /// of the request.
    #[must_use]
    pub fn holding(mut self, value: impl Any + Send + Sync) -> Self {
        self.held = Some(Arc::new(value));
        self
    }

    /// Waits before the first byte of the head.
    #[must_use]
    pub fn delay_first_byte(mut self, delay: Duration) -> Self {
        self.first_byte_delay = delay;
        self
    }

    /// Waits before the first byte of the head until the gate is opened: a test's way to hold requests open without
    /// a sleep.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Sends the body so many bytes at a time with a pause after each.
    #[must_use]
    pub fn drip(mut self, bytes: usize, interval: Duration) -> Self {
        self.drip = Some((bytes.max(1), interval));
        self
    }

    /// Reads the request and never says a word; the connection stays open until the client gives up.
    #[must_use]
    pub fn never_answer(self) -> Self {
        self.broken_at(Point::BeforeHead, Break::Hang)
    }

    /// Reads the request and closes without a word.
    #[must_use]
    pub fn close_before_answer(self) -> Self {
        self.broken_at(Point::BeforeHead, Break::Close)
    }

    /// Reads the request and resets the connection.
    #[must_use]
    pub fn reset_before_answer(self) -> Self {
        self.broken_at(Point::BeforeHead, Break::Reset)
    }

    /// Closes after so many bytes of the head.
    #[must_use]
    pub fn truncate_head_at(self, bytes: usize) -> Self {
        self.broken_at(Point::InHead(bytes), Break::Close)
    }

    /// Stops for ever after so many bytes of the head.
    #[must_use]
    pub fn hang_in_head_at(self, bytes: usize) -> Self {
        self.broken_at(Point::InHead(bytes), Break::Hang)
    }

    /// Sends the whole head, then nothing for ever.
    #[must_use]
    pub fn hang_after_headers(self) -> Self {
        self.hang_at(0)
    }

    /// Stops for ever after so many bytes of the body.
    #[must_use]
    pub fn hang_at(self, bytes: u64) -> Self {
        self.broken_at(Point::InBody(bytes), Break::Hang)
    }

    /// Closes in good order after so many bytes of the body, before its announced end.
    #[must_use]
    pub fn truncate_at(self, bytes: u64) -> Self {
        self.broken_at(Point::InBody(bytes), Break::Close)
    }

    /// Resets the connection after so many bytes of the body.
    #[must_use]
    pub fn reset_at(self, bytes: u64) -> Self {
        self.broken_at(Point::InBody(bytes), Break::Reset)
    }

    /// Announces `Connection: close` and closes after this answer.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Closes *without announcing it* after the `n`-th answer on the connection, as servers with a keep-alive limit
    /// do: a client that reuses the connection meets a closed socket.
    #[must_use]
    pub fn close_after(mut self, n: u32) -> Self {
        self.close_after = Some(n);
        self
    }

    fn broken_at(mut self, point: Point, how: Break) -> Self {
        self.broken = Some((point, how));
        self
    }
}
