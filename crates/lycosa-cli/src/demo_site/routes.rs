//! Which path is answered by what. The first segment chooses a module of `pages`, which does the rest.

use super::answer::Answer;
use super::pages::{archive, calendar, files, guide, home, journal, store, workshop, world};
use std::sync::atomic::{AtomicBool, Ordering};

/// The site's only state: its address, and which of the two moody pages have been visited.
#[derive(Debug)]
pub(super) struct Site {
    /// With its final slash.
    pub(super) base_url: String,
    busy: AtomicBool,
    nap: AtomicBool,
}

impl Site {
    pub(super) fn new(base_url: String) -> Self {
        Self { base_url, busy: AtomicBool::new(true), nap: AtomicBool::new(true) }
    }

    /// Whether the busy counter turns this visitor away: the first one only.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.swap(false, Ordering::Relaxed)
    }

    /// Whether the porter still sleeps: at the first knock only.
    pub(super) fn is_asleep(&self) -> bool {
        self.nap.swap(false, Ordering::Relaxed)
    }

    /// The answer to a path (as spelled on the wire, with its slash) and a query (without its question mark).
    pub(super) fn answer(&self, path: &str, query: &str) -> Answer {
        let inner = path.strip_prefix('/').unwrap_or(path);
        let found = match inner.split_once('/') {
            None => home::answer(inner).or_else(|| files::answer(self, inner)),
            Some(("guide", rest)) => guide::answer(rest),
            Some(("store", rest)) => store::answer(rest, query),
            Some(("journal", rest)) => journal::answer(rest),
            Some(("world", rest)) => world::answer(rest),
            Some(("workshop", rest)) => workshop::answer(self, rest, query),
            Some(("archive", rest)) => archive::answer(rest),
            Some(("calendar", rest)) => calendar::answer(rest, query),
            Some(("private", rest)) => home::private(rest),
            Some(("img" | "files", _)) => files::answer(self, inner),
            Some(_) => None,
        };
        found.unwrap_or_else(Answer::not_found)
    }
}
