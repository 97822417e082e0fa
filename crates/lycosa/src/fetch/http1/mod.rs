//! HTTP/1.1 on one connection, as its client (RFC 9112): a request out, a head and a body back, again and again.
//!
//! Whoever uses the connection polls it; there is no task and no channel behind it, so a request costs its bytes and
//! little else, and dropping the connection closes the socket on the spot. Parts: `request` (writing a request),
//! `head` (reading a response's head), `framing` (where its body ends), `chunked` (the chunked coding). It leaves
//! out upgrades, pipelining and request bodies of unknown length, which a crawler never uses, and content codings,
//! which are undone above.

mod chunked;
mod framing;
mod head;
mod request;

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) use head::{Head, HeadLimits};
pub(super) use request::Outgoing;

use framing::{Framing, Piece};
use head::Reader;

/// Space made for the next read: small while answers are small, doubled when a read fills it.
const LEAST_STEP: usize = 8 << 10;
const MOST_STEP: usize = 256 << 10;
/// The largest buffer that an idle connection keeps.
const MOST_IDLE: usize = 2 * LEAST_STEP;
/// Interim responses (RFC 9110 §15.2) before one head.
const MOST_INTERIM: u32 = 32;

/// Why there is no head or no further piece of a body.
#[derive(Debug)]
pub(super) enum Failure {
    /// The peer closed the connection before anything of the request was written.
    Unsent,
    /// The peer closed it in the middle of a head or of a body whose length is known.
    Incomplete,
    /// The line broke.
    Broken(io::Error),
    /// What came is not HTTP/1.
    Malformed(&'static str),
    /// The head has more bytes or fields than allowed.
    TooLarge(&'static str),
}

/// Where the connection is in its exchange.
#[derive(Debug)]
enum State {
    /// Ready for a request.
    Idle,
    /// A request is on its way; its head is awaited.
    Awaiting(Reader),
    /// A head came; its body is being read.
    Receiving(Framing),
    /// No further request can go out on it.
    Over,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Http1<S> {
    stream: S,
    limits: HeadLimits,
    state: State,
    /// Received and not handed out.
    received: BytesMut,
    step: usize,
    outgoing: Outgoing,
    /// Requests begun on it.
    begun: u64,
    /// Whether another request may follow this one.
    persists: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<S> {
    pub(super) fn new(stream: S, limits: HeadLimits) -> Self {
        Self {
            stream,
            limits,
            state: State::Idle,
            received: BytesMut::new(),
            step: LEAST_STEP,
            outgoing: Outgoing::default(),
            begun: 0,
            persists: true,
        }
    }

    /// Whether a request can go out on it, as far as is known without looking.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Looks whether an idle connection is still open and silent. Whoever was waiting on it is forgotten.
    pub(super) fn is_reusable(&mut self) -> bool {
        if !self.is_idle() {
            return false;
        }
        let quiet = self.is_quiet(&mut Context::from_waker(Waker::noop()));
        if !quiet {
            self.state = State::Over;
        }
        quiet
    }

    /// Nothing may come between two exchanges: an end, or bytes that belong to no request, end the connection.
    fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        // No room is made for what must not come.
        let mut byte = [0];
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut byte));
        self.received.is_empty() && read.is_pending()
    }

    /// Takes a request; [`Self::poll_head`] sends it. Nothing happens on a connection that is not idle.
    pub(super) fn begin(&mut self, fill: impl FnOnce(&mut Outgoing)) {
        if !self.is_idle() {
            self.state = State::Over;
            return;
        }
        self.outgoing.clear();
        fill(&mut self.outgoing);
        self.persists = !self.outgoing.closes();
        self.begun += 1;
        self.state = State::Awaiting(Reader::default());
    }

    /// Sends the request and reads the head of its answer.
    pub(super) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Head, Failure>> {
        let answer = ready!(self.advance(cx));
        if answer.is_err() {
            self.state = State::Over;
        }
        Poll::Ready(answer)
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<Head, Failure>> {
        if !matches!(self.state, State::Awaiting(_)) || !self.is_ready_to_send(cx) {
            return Poll::Ready(Err(Failure::Unsent));
        }
        // A server may answer before it has read the whole request: what is not written does not stop the reading.
        if let Poll::Ready(Err(failure)) = self.write(cx) {
            return Poll::Ready(Err(failure));
        }
        loop {
            let State::Awaiting(reader) = &mut self.state else { return Poll::Ready(Err(Failure::Unsent)) };
            if let Some(head) = reader.take(&mut self.received, &self.limits)? {
                if !head.is_interim() {
                    return Poll::Ready(self.answered(head));
                }
                reader.interim += 1;
                if reader.interim > MOST_INTERIM {
                    return Poll::Ready(Err(Failure::Malformed("interim responses without an end")));
                }
                continue;
            }
            match ready!(self.fill(cx)) {
                Ok(0) => return Poll::Ready(Err(Failure::Incomplete)),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(Failure::Broken(error))),
            }
        }
    }

    /// Before the first byte of a request goes out: a used connection must have been silent, and any must be open.
    fn is_ready_to_send(&mut self, cx: &mut Context<'_>) -> bool {
        if self.outgoing.is_begun() {
            return true;
        }
        if self.begun > 1 {
            return self.is_quiet(cx);
        }
        // A server that speaks first on a new connection is heard; its answer will not be HTTP.
        matches!(self.fill(cx), Poll::Pending | Poll::Ready(Ok(1..)))
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let stream = Pin::new(&mut self.stream);
        match ready!(self.outgoing.poll_write(stream, cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(_) if !self.outgoing.is_begun() => Poll::Ready(Err(Failure::Unsent)),
            // The peer no longer listens; it may have said why.
            Err(_) => {
                self.outgoing.give_up();
                Poll::Ready(Ok(()))
            }
        }
    }

    fn answered(&mut self, head: Head) -> Result<Head, Failure> {
        let framing =
            Framing::of(&head, self.outgoing.method(), self.limits.bytes).map_err(Failure::Malformed)?;
        self.persists &= head.persists() && framing.is_delimited() && self.outgoing.is_written();
        self.state = State::Receiving(framing);
        self.end_if_over();
        Ok(head)
    }

    /// The next piece of the body; `None` at its end.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        if !self.outgoing.is_written() {
            // A server may answer while it still reads; a failure to write is its own affair now.
            let _ = self.write(cx);
        }
        loop {
            let State::Receiving(framing) = &mut self.state else { return Poll::Ready(None) };
            match framing.take(&mut self.received) {
                Ok(Piece::Data(data)) => {
                    self.end_if_over();
                    return Poll::Ready(Some(Ok(data)));
                }
                Ok(Piece::End) => {
                    self.end_if_over();
                    return Poll::Ready(None);
                }
                Ok(Piece::More) => {}
                Err(failure) => return Poll::Ready(Some(Err(self.fail(failure)))),
            }
            let until_close = !framing.is_delimited();
            match ready!(self.fill(cx)) {
                Ok(0) if until_close => {
                    self.state = State::Over;
                    return Poll::Ready(None);
                }
                Ok(0) => return Poll::Ready(Some(Err(self.fail(Failure::Incomplete)))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(self.fail(Failure::Broken(error))))),
            }
        }
    }

    /// Whether the body was read to its end.
    pub(super) fn is_body_over(&self) -> bool {
        !matches!(self.state, State::Receiving(_))
    }

    /// Bytes of the body still to come, where its length was declared.
    pub(super) fn declared_rest(&self) -> Option<u64> {
        match &self.state {
            State::Receiving(framing) => framing.declared_rest(),
            _ => Some(0),
        }
    }

    fn end_if_over(&mut self) {
        if let State::Receiving(framing) = &self.state
            && framing.is_over()
        {
            let persists = self.persists && self.received.is_empty();
            self.state = if persists { State::Idle } else { State::Over };
            self.outgoing.clear();
            // Idle connections can be many: the large buffer of a large answer is not kept.
            if self.received.capacity() > MOST_IDLE {
                self.received = BytesMut::new();
            }
        }
    }

    fn fail(&mut self, failure: Failure) -> Failure {
        self.state = State::Over;
        failure
    }

    /// Reads once. How much room is made follows what the last reads needed.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.received.reserve(self.step);
        let read = ready!(tokio_util::io::poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.received))?;
        if read >= self.step {
            self.step = (self.step * 2).min(MOST_STEP);
        } else if read < self.step / 4 {
            self.step = (self.step / 2).max(LEAST_STEP);
        }
        Poll::Ready(Ok(read))
    }
}
