//! A response body: every limit is checked while it is read, and its connection comes back or is closed.
//!
//! Read to its last byte, it gives the connection to the pool. Dropped before, it takes what already lies in the
//! buffers, in case that is the rest, and otherwise closes the connection, or in HTTP/2 resets the stream; it never
//! waits in a drop.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::connection::{Connection, Rest};
use super::deadline::{Due, Times};
use super::decode::{Bounds, Decoder};
use super::pool::{Key, Pool};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::Open;
use crate::model::{BodyStream, BoxFuture, FetchLimits};
use bytes::Bytes;

/// Wire bytes are drawn from the crawl's budget in steps of this size.
const CREDIT_STEP: u64 = 64 << 10;
/// Bytes a dropped body may still take from the buffers to save its connection.
const DRAIN: u64 = 64 << 10;

/// The body of one answer.
pub(super) struct HttpBody {
    /// The connection until the end; what is held with it ends with it.
    pub(super) held: Option<Held>,
    pub(super) decoder: Option<Decoder>,
    pub(super) limits: FetchLimits,
    pub(super) times: Times,
    pub(super) url: url::Url,
    /// Body bytes received.
    pub(super) wire: u64,
    /// Wire bytes drawn from the budget.
    pub(super) drawn: u64,
    /// An error to report after the piece before it.
    pub(super) failure: Option<Error>,
}

/// What an unfinished body holds.
pub(super) struct Held {
    pub(super) connection: Box<Connection>,
    pub(super) pool: Arc<Pool>,
    pub(super) key: Key,
    pub(super) _open: Open,
}

impl Held {
    /// Gives the connection back after the end of the body.
    pub(super) fn give_back(self) {
        self.pool.put(self.key, self.connection);
    }
}

impl BodyStream for HttpBody {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        if self.held.is_none() && self.failure.is_none() {
            return Box::pin(std::future::ready(Ok(None)));
        }
        Box::pin(async move {
            let piece = self.next_piece().await;
            if piece.is_err() {
                self.held = None;
            }
            piece.map_err(|error| if error.url().is_some() { error } else { error.at_url(self.url.as_str()) })
        })
    }

    fn wire_bytes(&self) -> u64 {
        self.wire
    }
}

impl HttpBody {
    async fn next_piece(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.held.is_none() {
                return Ok(None);
            }
            let rest = self.rest();
            self.refuse_what_is_declared_too_large(rest)?;
            self.draw_ahead(rest).await?;
            let piece = match self.receive().await? {
                Some(data) => self.take_in(data).await?,
                None => return self.end(),
            };
            // The last piece of a declared length: the connection need not wait for somebody to ask for more.
            if self.failure.is_none() && self.is_over() {
                self.failure = self.end().err();
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    fn is_over(&self) -> bool {
        self.held.as_ref().is_none_or(|held| held.connection.is_body_over())
    }

    fn rest(&self) -> Rest {
        self.held.as_ref().map_or(Rest { least: 0, exact: Some(0) }, |held| held.connection.rest())
    }

    fn refuse_what_is_declared_too_large(&self, rest: Rest) -> Result<()> {
        let declared = self.wire.saturating_add(rest.least);
        if declared <= self.limits.wire {
            return Ok(());
        }
        let message =
            format!("the body is declared with {declared} bytes, the limit is {}", self.limits.wire);
        Err(Error::new(ErrorKind::TooLarge, message).in_phase(Phase::Idle))
    }

    /// Draws from the budget before more is read.
    async fn draw_ahead(&mut self, rest: Rest) -> Result<()> {
        if self.limits.credit.is_none() || self.wire < self.drawn || self.is_over() {
            return Ok(());
        }
        let step = match rest.exact {
            Some(left) => left.min(CREDIT_STEP),
            None => CREDIT_STEP,
        };
        self.draw(step).await
    }

    async fn draw(&mut self, bytes: u64) -> Result<()> {
        if let Some(credit) = &self.limits.credit
            && bytes > 0
        {
            if !credit.draw(bytes).await {
                return Err(Error::new(ErrorKind::Budget, "the byte budget of the crawl is used up"));
            }
            self.drawn += bytes;
        }
        Ok(())
    }

    /// The next piece off the wire.
    async fn receive(&mut self) -> Result<Option<Bytes>> {
        let Some(held) = &mut self.held else { return Ok(None) };
        let times = &self.times;
        let mut idle: Option<Due> = None;
        let data = std::future::poll_fn(|cx| match held.connection.poll_data(cx) {
            Poll::Ready(data) => Poll::Ready(Ok(data)),
            Poll::Pending => {
                let due = idle.get_or_insert_with(|| times.due(Phase::Idle));
                held.connection.poll_due(cx, due).map(|()| Err(due.passed()))
            }
        })
        .await?;
        let total = times.total();
        match data {
            None => Ok(None),
            Some(Ok(_)) if total.is_past() => Err(total.passed()),
            Some(Ok(data)) => Ok(Some(data)),
            Some(Err(broken)) => Err(broken.error(self.wire)),
        }
    }

    /// Counts a piece against the limits and undoes its codings.
    async fn take_in(&mut self, mut data: Bytes) -> Result<Bytes> {
        let mut fresh = data.len() as u64;
        if self.limits.credit.is_some()
            && self.wire + fresh > self.drawn
            && let Err(refusal) = self.draw(self.wire + fresh - self.drawn).await
        {
            self.failure = Some(refusal);
            fresh = self.drawn - self.wire;
            data.truncate(usize::try_from(fresh).unwrap_or(0));
        }
        self.wire += fresh;
        let cap =
            if self.decoder.is_none() { self.limits.wire.min(self.limits.decoded) } else { self.limits.wire };
        if self.wire > cap {
            let message = format!("the body is larger than the limit of {cap} bytes");
            self.failure = Some(Error::new(ErrorKind::TooLarge, message).in_phase(Phase::Idle));
            let over = usize::try_from(self.wire - cap).unwrap_or(usize::MAX);
            data.truncate(data.len().saturating_sub(over));
        }
        let Some(decoder) = &mut self.decoder else { return Ok(data) };
        let bounds = Bounds { decoded: self.limits.decoded, ratio: self.limits.ratio, wire: self.wire };
        let (piece, failure) = decoder.feed(&data, &bounds);
        self.failure = failure.or(self.failure.take());
        Ok(piece)
    }

    fn end(&mut self) -> Result<Option<Bytes>> {
        if let Some(held) = self.held.take() {
            held.give_back();
        }
        match &mut self.decoder {
            Some(decoder) if self.wire > 0 => decoder.finish().map(|()| None),
            _ => Ok(None),
        }
    }
}

impl Drop for HttpBody {
    fn drop(&mut self) {
        if let (Some(credit), true) = (&self.limits.credit, self.drawn > self.wire) {
            credit.refund(self.drawn - self.wire);
        }
        let Some(mut held) = self.held.take() else { return };
        let mut quiet = Context::from_waker(Waker::noop());
        let mut taken = 0;
        // Only what is there already; a body that would have to be waited for is given up with its connection.
        while taken <= DRAIN && held.connection.rest().least <= DRAIN && self.failure.is_none() {
            match held.connection.poll_data(&mut quiet) {
                Poll::Ready(Some(Ok(data))) => taken += data.len() as u64,
                Poll::Ready(None) => return held.give_back(),
                Poll::Ready(Some(Err(_))) => return,
                Poll::Pending => break,
            }
        }
        if self.failure.is_none() && held.connection.abandon_body() {
            held.give_back();
        }
    }
}
