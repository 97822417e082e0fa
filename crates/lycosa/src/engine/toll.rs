//! What a lease has cost so far, known outside its journey: a journey that is cut off or panics can no longer tell,
//! and a request that was sent counts against the budgets and the site's pace whatever became of it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{Attempt, Timestamp};

/// The cost of one lease.
#[derive(Debug, Default)]
pub(super) struct Toll {
    /// When the request went out, in milliseconds after 1970 and one more; 0 when none has.
    sent: AtomicU64,
    /// Wire bytes that were reserved for it, when the crawl has a byte budget.
    reserved: AtomicU64,
}

impl Toll {
    /// The request goes out now.
    pub(super) fn sent(&self, at: Timestamp) {
        self.sent.store(at.0.saturating_add(1), Ordering::Release);
    }

    /// So many more wire bytes may be received.
    pub(super) fn reserved(&self, bytes: u64) {
        self.reserved.fetch_add(bytes, Ordering::AcqRel);
    }

    /// The attempt as it stands when the journey breaks off: all reserved bytes count as received.
    pub(super) fn attempt(&self, now: Timestamp, failure: &str) -> Option<Attempt> {
        let at = Timestamp(self.sent.load(Ordering::Acquire).checked_sub(1)?);
        Some(Attempt {
            at,
            duration: now.since(at),
            failure: Some(failure.into()),
            wire_bytes: self.reserved.load(Ordering::Acquire),
            ..Attempt::default()
        })
    }
}
