//! The clock of real crawls: the wall clock at start, the monotonic clock from then on.
//!
//! A wall clock that jumps during a crawl moves nothing; one that jumped between two runs moves the times stored
//! in the state, which the frontier bounds when it opens.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::{BoxFuture, Clock, Timestamp};

/// The real time. Sleeping needs a tokio runtime.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
    wall: Duration,
}

impl SystemClock {
    /// A clock that shows the time of day now and counts monotonically from here.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::default().after(self.wall + self.started.elapsed())
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let span = at.since(self.now());
        Box::pin(tokio::time::sleep(span))
    }
}
