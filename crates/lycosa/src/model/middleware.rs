//! Middlewares: what wraps a fetch. They change the request or the answer, or answer themselves.
//!
//! Hooks observe, telemetry records; only a middleware changes.

use std::sync::Arc;
use std::time::Duration;

use super::{BoxFuture, Exchange, Facts, Fetch, Response, SessionId};
use crate::error::Result;

/// What came of an exchange, seen from the engine.
#[derive(Debug)]
pub enum Answer {
    /// An answer to work on.
    Response(Box<Response>),
    /// Try again later: the lease goes back to the frontier, no worker sleeps.
    Retry {
        /// Not before this long from now.
        after: Duration,
        /// Whether the whole site rests meanwhile.
        block_site: bool,
        /// Why, in a few words, for the record.
        reason: String,
        /// The status that asked for it, when one came.
        status: Option<u16>,
        /// Wire bytes received.
        wire_bytes: u64,
        /// How long the answer said to wait (`Retry-After`), if it did.
        asked: Option<Duration>,
        /// Whom it came from, and how long each phase took; the default when none came.
        facts: Box<Facts>,
    },
}

/// Wraps a fetch. Reads from top to bottom: before, `next.run(exchange).await`, after.
///
/// May answer without calling `next` (short-circuit), and call it more than once only when the request was
/// provably not sent. Cancellation is dropping the future: whatever an implementation holds over an await must
/// clean up when dropped.
pub trait Middleware: Send + Sync + std::fmt::Debug {
    /// The name by which it is configured and reported.
    fn name(&self) -> &'static str;

    /// Handles one exchange.
    ///
    /// # Errors
    /// Its own typed failure, or that of `next`.
    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>>;

    /// Learns that an answer it passed on, to an exchange of this session, turned out to be one that keeps the crawler
    /// out. Gives whether the session is no more. Nothing, by default.
    fn blocked(&self, _session: SessionId, _status: u16) -> bool {
        false
    }
}

/// The rest of the stack: the middlewares further in, then the fetch.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    stack: &'a [Arc<dyn Middleware>],
    fetch: &'a dyn Fetch,
}

impl<'a> Next<'a> {
    /// The whole stack, outermost first, around a fetch.
    #[must_use]
    pub fn new(stack: &'a [Arc<dyn Middleware>], fetch: &'a dyn Fetch) -> Self {
        Self { stack, fetch }
    }

    /// Tells the fetch that a session is no more.
    pub fn forget(self, session: SessionId) {
        self.fetch.forget(session);
    }

    /// Hands the exchange on.
    #[must_use]
    pub fn run(self, exchange: Exchange) -> BoxFuture<'a, Result<Answer>> {
        match self.stack.split_first() {
            Some((middleware, rest)) => middleware.handle(exchange, Next { stack: rest, fetch: self.fetch }),
            None => {
                let answer = self.fetch.fetch(exchange);
                Box::pin(async move { answer.await.map(|response| Answer::Response(Box::new(response))) })
            }
        }
    }
}
