//! Time limits as deadlines: which phase runs out first, and the one timer of a connection.
//!
//! Time here is tokio's monotonic clock, which belongs to the sockets it bounds; tests pause it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Timeouts;
use crate::error::{Error, Phase, Result};
use crate::ledger::{Ledger, Open, Resource};

/// When an exchange began, and the limits it runs under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    started: Instant,
    limits: Timeouts,
}

impl Times {
    pub(super) fn start(limits: Timeouts) -> Self {
        Self { started: Instant::now(), limits }
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// The deadline of a phase that begins now: its own, or the total one when that comes first.
    pub(super) fn due(&self, phase: Phase) -> Due {
        self.due_since(phase, Instant::now())
    }

    fn due_since(&self, phase: Phase, since: Instant) -> Due {
        let limit = match phase {
            Phase::Dns => self.limits.dns,
            Phase::Connect | Phase::Proxy => self.limits.connect,
            Phase::Tls => self.limits.tls,
            Phase::FirstByte => self.limits.first_byte,
            Phase::Idle => self.limits.idle,
            _ => self.limits.total,
        };
        let own = Due { at: far(since, limit), since, phase, limit };
        let total = self.total();
        if total.at < own.at { total } else { own }
    }

    /// The deadline of the whole exchange.
    pub(super) fn total(&self) -> Due {
        let limit = self.limits.total;
        Due { at: far(self.started, limit), since: self.started, phase: Phase::Total, limit }
    }

    /// Runs one phase to its end, or to its limit, and says how long it took.
    pub(super) async fn phase<T>(
        &self,
        ledger: &Ledger,
        phase: Phase,
        work: impl Future<Output = Result<T>>,
    ) -> Result<(T, Duration)> {
        let since = Instant::now();
        let due = self.due_since(phase, since);
        let _timer = ledger.open(Resource::Timers);
        match tokio::time::timeout_at(due.at, work).await {
            Ok(done) => done.map(|value| (value, since.elapsed())),
            Err(_elapsed) => Err(due.passed()),
        }
    }
}

/// `Instant + Duration` without the panic on limits like `Duration::MAX`: a year is as good as never.
fn far(since: Instant, limit: Duration) -> Instant {
    since + limit.min(Duration::from_secs(365 * 86_400))
}

/// One deadline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Instant,
    since: Instant,
    phase: Phase,
    limit: Duration,
}

impl Due {
    /// The error of having passed it.
    pub(super) fn passed(&self) -> Error {
        Error::timeout(self.phase, self.since.elapsed(), self.limit)
    }

    pub(super) fn is_past(&self) -> bool {
        Instant::now() >= self.at
    }

    /// How long the phase has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }
}

/// The timer of a connection, made once and moved along: a deadline later than the armed one costs nothing until
/// the timer fires and is armed again.
#[derive(Debug, Default)]
pub(super) struct Watch(Option<(Pin<Box<Sleep>>, Open)>);

impl Watch {
    /// Ready once `at` is past. The timer is counted beside the connection it belongs to.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, at: Instant, connection: &Open) -> Poll<()> {
        let armed = || (Box::pin(tokio::time::sleep_until(at)), connection.beside(Resource::Timers));
        let (sleep, _) = self.0.get_or_insert_with(armed);
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
    }
}
