//! The waker of an inline connection: it wakes whoever uses the connection, except for what that one does itself.
//!
//! hyper's parts wake each other: queueing a request or asking for a piece of a body wakes the state machine. Whoever
//! uses an inline connection polls that machine right afterwards, so such a wake would only poll it once more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// Wakes the one who uses the connection.
#[derive(Debug, Default)]
pub(super) struct Bell {
    muted: AtomicBool,
    listener: Mutex<Option<Waker>>,
}

impl Bell {
    /// This one uses the connection now.
    pub(super) fn heard_by(&self, waker: &Waker) {
        let mut listener = self.lock();
        if !listener.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *listener = Some(waker.clone());
        }
    }

    /// Nobody uses it: no task is kept alive for it.
    pub(super) fn unheard(&self) {
        let listener = self.lock().take();
        drop(listener);
    }

    /// Does something whose wakes are not passed on. The connection must be polled before anything is waited for:
    /// that poll sees what a wake from elsewhere, lost in between, was about.
    pub(super) fn muted<T>(&self, work: impl FnOnce() -> T) -> T {
        self.muted.store(true, Ordering::SeqCst);
        let done = work();
        self.muted.store(false, Ordering::SeqCst);
        done
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.muted.load(Ordering::SeqCst) {
            return;
        }
        let listener = self.lock().clone();
        if let Some(listener) = listener {
            listener.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_bell_rings_for_its_listener_unless_it_is_muted() {
        let (counts, bell) = (Arc::new(Counts::default()), Arc::new(Bell::default()));
        let rope = Waker::from(bell.clone());
        rope.wake_by_ref();
        bell.heard_by(&Waker::from(counts.clone()));
        rope.wake_by_ref();
        bell.muted(|| rope.wake_by_ref());
        assert_eq!(counts.0.load(Ordering::SeqCst), 1);
        bell.unheard();
        rope.wake_by_ref();
        assert_eq!((counts.0.load(Ordering::SeqCst), Arc::strong_count(&counts)), (1, 1), "it is let go");
    }
}
