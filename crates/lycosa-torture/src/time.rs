//! A clock that runs fifty times as fast as the one on the wall, so that pauses, retries and expiries of a crawl
//! that takes minutes pass in seconds. It goes on while the crawl is dead, as time does. Like the real clock of a
//! process it reads the time of day once, at the beginning of a life, and counts from there.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use lycosa::model::{BoxFuture, Clock, Timestamp};

/// Seconds of the crawl in one second of the torture.
const SPEED: u32 = 50;

/// The crawl's day begins at a moment that is nobody's birthday.
const BEGINNING: Timestamp = Timestamp(1_700_000_000_000);

/// By how much clocks are put forward and back.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// See the module.
#[derive(Debug)]
pub(crate) struct FastClock {
    watch: Stopwatch,
    /// Milliseconds by which the time of day was put forward, less those by which it was put back.
    wall: AtomicI64,
    /// What this life has seen of it.
    seen: AtomicI64,
}

impl FastClock {
    pub(crate) fn start() -> Self {
        Self { watch: Stopwatch::start(), wall: AtomicI64::new(0), seen: AtomicI64::new(0) }
    }

    /// A life begins, and looks at the time of day; whether that was put back since the last one did.
    pub(crate) fn life_begins(&self) -> bool {
        let wall = self.wall.load(Ordering::Relaxed);
        self.seen.swap(wall, Ordering::Relaxed) > wall
    }

    /// Everything that ran is an hour older at once, as after a sleep of the machine.
    pub(crate) fn oversleep(&self) {
        let hour = milliseconds(HOUR);
        self.wall.fetch_add(hour, Ordering::Relaxed);
        self.seen.fetch_add(hour, Ordering::Relaxed);
    }

    /// Puts the time of day forward and back. A life under way does not notice.
    pub(crate) fn jump(&self, forward: Duration, back: Duration) {
        self.wall.fetch_add(milliseconds(forward) - milliseconds(back), Ordering::Relaxed);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let counted = milliseconds(self.watch.elapsed() * SPEED);
        Timestamp(BEGINNING.0.saturating_add_signed(counted + self.seen.load(Ordering::Relaxed)))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        // At least a little: the clock shows whole milliseconds, and a sleep that ends early would spin.
        let span = at.since(self.now()) / SPEED + Duration::from_micros(100);
        Box::pin(tokio::time::sleep(span))
    }
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
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
