//! A clock that runs fifty times as fast as the one on the wall, so that pauses, retries and expiries of a crawl
//! that takes minutes pass in seconds. It goes on while the crawl is dead, as time does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lycosa::model::{BoxFuture, Clock, Timestamp};

/// Seconds of the crawl in one second of the torture.
const SPEED: u32 = 50;

/// The crawl's day begins at a moment that is nobody's birthday.
const BEGINNING: Timestamp = Timestamp(1_700_000_000_000);

/// See the module.
#[derive(Debug)]
pub(crate) struct FastClock {
    watch: Stopwatch,
    /// Milliseconds by which it was put forward.
    jumped: AtomicU64,
}

impl FastClock {
    pub(crate) fn start() -> Self {
        // Put forward a little from the start, so that it can be put back.
        Self { watch: Stopwatch::start(), jumped: AtomicU64::new(3_600_000) }
    }

    /// Puts it forward, or back a little, as happens between two lives.
    pub(crate) fn jump(&self, forward: Duration, back: Duration) {
        self.jumped.fetch_add(u64::try_from(forward.as_millis()).unwrap_or(0), Ordering::Relaxed);
        self.jumped.fetch_sub(u64::try_from(back.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        BEGINNING
            .after(self.watch.elapsed() * SPEED + Duration::from_millis(self.jumped.load(Ordering::Relaxed)))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        // At least a little: the clock shows whole milliseconds, and a sleep that ends early would spin.
        let span = at.since(self.now()) / SPEED + Duration::from_micros(100);
        Box::pin(tokio::time::sleep(span))
    }
}

/// Real time since a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "here the clocks of the torture are made")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
