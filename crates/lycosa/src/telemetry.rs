//! Telemetry: what happened, counted. Layer 0 counters; whoever shows or exports them lives above.
//!
//! One [`Telemetry`] belongs to one run of one crawl. The counts of the whole crawl, over resumes, are the
//! frontier's [`Stats`](crate::model::Stats); these here are of this run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::model::{BlockKind, CacheUse, Exclusion, RequestKind};

/// Counters of a run. Cheap to clone; clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Telemetry(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    pages: AtomicU64,
    items: AtomicU64,
    requests: AtomicU64,
    wire_bytes: AtomicU64,
    decoded_bytes: AtomicU64,
    retries: AtomicU64,
    retries_refused: AtomicU64,
    robots_absent: AtomicU64,
    robots_awaited: AtomicU64,
    exported: AtomicU64,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    statuses: BTreeMap<u16, u64>,
    skipped: BTreeMap<Exclusion, u64>,
    failures: BTreeMap<String, u64>,
    blocks: BTreeMap<BlockKind, u64>,
    cache: BTreeMap<CacheUse, u64>,
    revisits: BTreeMap<&'static str, u64>,
    listed: BTreeMap<&'static str, u64>,
    problems: BTreeMap<String, u64>,
}

/// The counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Snapshot {
    /// Pages committed.
    pub pages: u64,
    /// Items committed.
    pub items: u64,
    /// Answers and failures received.
    pub requests: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Bytes after undoing content codings.
    pub decoded_bytes: u64,
    /// Requests for URLs that were sent again after one that failed; those for a robots.txt are not among them.
    pub retries: u64,
    /// Retries that the budget of their host refused.
    pub retries_refused: u64,
    /// Answers that there is no robots.txt (status 4xx but 429), among those by status: nothing is wrong with that.
    pub robots_absent: u64,
    /// Origins whose URLs wait for a robots.txt that answers with an error, now.
    pub robots_awaited: u64,
    /// Records written to the outputs.
    pub exported: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// URLs not fetched or not kept, by reason.
    pub skipped: BTreeMap<Exclusion, u64>,
    /// Failures by kind and phase; those of robots.txt and sitemaps by names of their own.
    pub failures: BTreeMap<String, u64>,
    /// URLs that ended blocked, by kind.
    pub blocks: BTreeMap<BlockKind, u64>,
    /// Answers by what the cache had to do with them; empty without a cache.
    pub cache: BTreeMap<CacheUse, u64>,
    /// Visits after the first: `changed`, `same` (the content is as it was), `not_modified` (the server said so), `put_off`
    /// (not worth a request then); empty without any.
    pub revisits: BTreeMap<&'static str, u64>,
    /// What sitemaps list beside their pages: `alternates` (addresses in other languages, which are pages too), `images`,
    /// `videos` and `news`; empty without any.
    pub listed: BTreeMap<&'static str, u64>,
    /// What a person should know, by sentence (a cut tree, a seed out of scope).
    pub problems: BTreeMap<String, u64>,
}

/// Different problem sentences kept; beyond, only the count of "others" grows.
const PROBLEMS_KEPT: usize = 64;

impl Telemetry {
    /// An answer with this status and its bytes.
    pub fn answered(&self, status: u16, wire_bytes: u64, decoded_bytes: u64) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.0.wire_bytes.fetch_add(wire_bytes, Ordering::Relaxed);
        self.0.decoded_bytes.fetch_add(decoded_bytes, Ordering::Relaxed);
        *self.tables().statuses.entry(status).or_default() += 1;
    }

    /// A committed page with this many items.
    pub fn page(&self, items: u64) {
        self.0.pages.fetch_add(1, Ordering::Relaxed);
        self.0.items.fetch_add(items, Ordering::Relaxed);
    }

    /// URLs that were not fetched or not kept.
    pub fn skipped(&self, reason: Exclusion, count: u64) {
        if count > 0 {
            *self.tables().skipped.entry(reason).or_default() += count;
        }
    }

    /// A URL that could not be had; one that is no page with what it is.
    pub fn failed(&self, error: &Error, request: RequestKind) {
        let mut name = match error.phase() {
            Some(phase) => format!("{} ({phase})", error.kind()),
            None => error.kind().to_string(),
        };
        match request {
            RequestKind::Robots => name.push_str(" of robots.txt"),
            RequestKind::Sitemap => name.push_str(" of a sitemap"),
            _ => {}
        }
        *self.tables().failures.entry(name).or_default() += 1;
    }

    /// A URL whose answer keeps the crawler out.
    pub fn blocked(&self, kind: BlockKind) {
        *self.tables().blocks.entry(kind).or_default() += 1;
    }

    /// An answer with which a cache had to do.
    pub fn cached(&self, how: CacheUse) {
        *self.tables().cache.entry(how).or_default() += 1;
    }

    /// A visit after the first, and what came of it.
    pub fn revisited(&self, how: &'static str) {
        *self.tables().revisits.entry(how).or_default() += 1;
    }

    /// A request for a URL that was sent again.
    pub fn retried(&self) {
        self.0.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// A retry that the budget of its host refused.
    pub fn retry_refused(&self) {
        self.0.retries_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer that there is no robots.txt.
    pub fn robots_absent(&self) {
        self.0.robots_absent.fetch_add(1, Ordering::Relaxed);
    }

    /// So many origins' URLs wait now for a robots.txt that answers with an error.
    pub fn robots_awaited(&self, origins: u64) {
        self.0.robots_awaited.store(origins, Ordering::Relaxed);
    }

    /// Records written to an output.
    pub fn exported(&self, records: u64) {
        self.0.exported.fetch_add(records, Ordering::Relaxed);
    }

    /// What a sitemap lists beside its pages, by kind.
    pub fn listed(&self, kind: &'static str, count: usize) {
        if count > 0 {
            *self.tables().listed.entry(kind).or_default() += count as u64;
        }
    }

    /// Something a person should know.
    pub fn problem(&self, sentence: impl Into<String>) {
        let mut tables = self.tables();
        let sentence = sentence.into();
        let full = tables.problems.len() >= PROBLEMS_KEPT && !tables.problems.contains_key(&sentence);
        *tables.problems.entry(if full { "other problems".to_owned() } else { sentence }).or_default() += 1;
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tables = self.tables();
        Snapshot {
            pages: count(&self.0.pages),
            items: count(&self.0.items),
            requests: count(&self.0.requests),
            wire_bytes: count(&self.0.wire_bytes),
            decoded_bytes: count(&self.0.decoded_bytes),
            retries: count(&self.0.retries),
            retries_refused: count(&self.0.retries_refused),
            robots_absent: count(&self.0.robots_absent),
            robots_awaited: count(&self.0.robots_awaited),
            exported: count(&self.0.exported),
            statuses: tables.statuses.clone(),
            skipped: tables.skipped.clone(),
            failures: tables.failures.clone(),
            blocks: tables.blocks.clone(),
            cache: tables.cache.clone(),
            revisits: tables.revisits.clone(),
            listed: tables.listed.clone(),
            problems: tables.problems.clone(),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
