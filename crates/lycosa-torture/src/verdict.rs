//! The first violation of a promise, told by whoever sees it; later ones are its consequences.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by everything that watches one crawl.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<String>>>);

impl Verdict {
    pub(crate) fn violated(&self, what: impl Into<String>) {
        locked(&self.0).get_or_insert_with(|| what.into());
    }

    pub(crate) fn violation(&self) -> Option<String> {
        locked(&self.0).clone()
    }
}

/// A lock whose holder panicked is still a lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
