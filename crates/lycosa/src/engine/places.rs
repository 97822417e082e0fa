//! How many journeys may be at work at once: a number that can change while a crawl runs.
//!
//! More places are there at once; fewer come about as journeys end, none is broken off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The number, for whoever changes it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Places(Arc<Wanted>);

#[derive(Debug)]
struct Wanted {
    count: AtomicUsize,
    changed: Notify,
}

impl Places {
    /// So many places, 1 at least.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Wanted { count: AtomicUsize::new(count.max(1)), changed: Notify::new() }))
    }

    /// How many there shall be.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.count.load(Ordering::Acquire)
    }

    /// From now on there shall be so many, 1 at least.
    pub fn set(&self, count: usize) {
        self.0.count.store(count.clamp(1, Semaphore::MAX_PERMITS), Ordering::Release);
        self.0.changed.notify_one();
    }
}

/// The places, for the loop that takes them.
#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    /// How many there are, taken or free.
    given: usize,
    places: Places,
}

impl Slots {
    pub(super) fn new(places: Places) -> Self {
        let given = places.get();
        Self { semaphore: Arc::new(Semaphore::new(given)), given, places }
    }

    /// Brings their number to what is wanted, as far as places are free.
    pub(super) fn adjust(&mut self) {
        let wanted = self.places.get();
        if wanted > self.given {
            self.semaphore.add_permits(wanted - self.given);
            self.given = wanted;
        } else if wanted < self.given {
            self.given -= self.semaphore.forget_permits(self.given - wanted);
        }
    }

    pub(super) fn given(&self) -> usize {
        self.given
    }

    pub(super) fn free(&self) -> usize {
        self.semaphore.available_permits()
    }

    /// A free place, if there is one now.
    pub(super) fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        self.semaphore.clone().try_acquire_owned().ok()
    }

    /// The next place that is free; `None` when their number has changed, or there is one too many and it is gone now.
    pub(super) async fn take(&mut self) -> Option<OwnedSemaphorePermit> {
        let permit = tokio::select! {
            biased;
            permit = self.semaphore.clone().acquire_owned() => permit.ok()?,
            () = self.places.0.changed.notified() => return None,
        };
        if self.given > self.places.get() {
            permit.forget();
            self.given -= 1;
            return None;
        }
        Some(permit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_number_of_places_follows_what_is_wanted() {
        let places = Places::new(2);
        let mut slots = Slots::new(places.clone());
        let one = slots.take().await.unwrap();
        let two = slots.take().await.unwrap();
        assert!(slots.try_take().is_none());
        places.set(3);
        assert!(slots.take().await.is_none(), "woken by the change");
        slots.adjust();
        let three = slots.take().await.unwrap();
        assert!(slots.try_take().is_none());
        places.set(1);
        slots.adjust();
        assert_eq!(slots.given(), 3, "none is broken off");
        drop((one, two));
        slots.adjust();
        assert_eq!((slots.given(), slots.free()), (1, 0), "the third is the one");
        drop(three);
        assert_eq!(slots.free(), 1);
    }

    #[tokio::test]
    async fn a_place_that_became_free_between_is_taken_away() {
        let places = Places::new(2);
        let mut slots = Slots::new(places.clone());
        places.set(1);
        assert!(slots.take().await.is_none());
        assert_eq!(slots.given(), 1);
    }
}
