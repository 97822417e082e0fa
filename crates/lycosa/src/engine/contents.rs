//! The memory of what pages said, in which duplicates are looked up, and where it is kept for a run that resumes this one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::extract::{Likeness, SeenContent, SeenPage};

/// Keeps the pages that a run saw for one that resumes it. A copy, which may be lost: without it the next run does not
/// find the duplicates of this one's pages.
pub trait ContentLog: Send + Sync + std::fmt::Debug {
    /// Keeps a page that was not known before. Called in the order in which pages are remembered, and soon back.
    fn keep(&self, page: &SeenPage);
}

/// The pages seen by the runs before, and where those of this one are kept. Default: neither.
#[derive(Debug, Default)]
pub struct ContentMemory {
    /// What is known when the run begins.
    pub seen: SeenContent,
    /// Where more is kept.
    pub log: Option<Arc<dyn ContentLog>>,
}

/// The memory, shared by all journeys.
#[derive(Debug, Default)]
pub(super) struct Contents(Mutex<ContentMemory>);

impl Contents {
    pub(super) fn new(memory: ContentMemory) -> Self {
        Self(Mutex::new(memory))
    }

    pub(super) fn see(&self, url: &str, exact: u128, near: Option<u64>) -> Likeness {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = memory.seen.knows(exact);
        let likeness = memory.seen.see(url, exact, near);
        if let Some(log) = memory.log.as_ref().filter(|_| !is_known) {
            log.keep(&SeenPage { url: url.into(), exact, near });
        }
        likeness
    }
}
