//! Virtual time: a clock that stands still until it is told to jump to the next moment somebody waits for.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use lycosa::model::{BoxFuture, Clock, Timestamp};

/// The virtual day begins here.
pub(crate) const BEGINNING: Timestamp = Timestamp(1_700_000_000_000);

/// See the module. Clones are the same clock.
#[derive(Clone, Debug)]
pub(crate) struct VirtualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    next: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualClock {
    /// A clock that shows [`BEGINNING`].
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { now: BEGINNING, next: 0, sleepers: BTreeMap::new() })))
    }

    /// Jumps to a moment, unless it is past, and wakes who slept until then.
    pub(crate) fn jump_to(&self, at: Timestamp) {
        let mut state = self.state();
        state.now = state.now.max(at);
        let later = state.now.after(Duration::from_millis(1));
        let rest = state.sleepers.split_off(&(later, 0));
        let woken = std::mem::replace(&mut state.sleepers, rest);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }

    /// Jumps to the next moment that somebody sleeps until, if anybody does.
    pub(crate) fn jump(&self) {
        let next = self.state().sleepers.first_key_value().map(|((at, _), _)| *at);
        if let Some(at) = next {
            self.jump_to(at);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.next += 1;
        Box::pin(Sleep { clock: self.clone(), key: (at, state.next) })
    }
}

struct Sleep {
    clock: VirtualClock,
    key: (Timestamp, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.state().sleepers.remove(&self.key);
    }
}

/// Real time since a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how fast the crawl is, only the real clock can tell")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
