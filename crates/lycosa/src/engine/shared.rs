//! What every journey of a crawl shares: the parts, the caches, the counters.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::contents::Contents;
use super::lost::LostSitemaps;
use super::novelty::Novelties;
use super::places::Places;
use super::refusals::Refusals;
use super::revisits::Thresholds;
use super::robots::RobotsCache;
use super::robots_failing::Failing;
use super::settings::Parts;
use super::sitemap::GIVEN;
use crate::model::{Lease, Lsn, RequestKind, UrlKey};
use crate::telemetry::Telemetry;

/// Shared by all journeys of one crawl; nothing in it is held over an await.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) parts: Parts,
    pub(super) telemetry: Telemetry,
    pub(super) robots: RobotsCache,
    pub(super) failing: Failing,
    pub(super) known: KnownKeys,
    pub(super) exported: Exported,
    pub(super) contents: Contents,
    pub(super) refusals: Refusals,
    pub(super) places: Places,
    pub(super) thresholds: Thresholds,
    /// What pages of watched shapes said.
    pub(super) novelties: Novelties,
    pub(super) lost_sitemaps: LostSitemaps,
    /// Sitemaps that the user named.
    given: HashSet<UrlKey>,
}

impl Shared {
    pub(super) fn new(mut parts: Parts, telemetry: Telemetry) -> Arc<Self> {
        let contents = Contents::new(std::mem::take(&mut parts.contents));
        let places = Places::new(parts.settings.concurrency);
        let given = parts.settings.sitemap_urls.iter().filter_map(|url| parts.identity.identify(url));
        let given = given.map(|found| found.key).collect();
        Arc::new(Self {
            places,
            parts,
            telemetry,
            robots: RobotsCache::default(),
            failing: Failing::default(),
            known: KnownKeys::default(),
            exported: Exported::default(),
            contents,
            refusals: Refusals::default(),
            thresholds: Thresholds::default(),
            novelties: Novelties::default(),
            lost_sitemaps: LostSitemaps::default(),
            given,
        })
    }

    /// A lease of what waits as a page, but which the user names as a sitemap by now, as that of a sitemap.
    pub(super) fn as_named(&self, lease: Arc<Lease>) -> Arc<Lease> {
        if !lease.request.kind.yields_page() || !self.given.contains(&lease.key) {
            return lease;
        }
        let mut lease = (*lease).clone();
        lease.request.kind = RequestKind::Sitemap;
        lease.request.meta.insert(GIVEN.into(), "true".into());
        Arc::new(lease)
    }
}

/// Commits that may wait for the exporter before no further lease is taken.
const EXPORT_LAG: u64 = 20_000;

/// How far the exporter has come behind the commits of this run: what keeps the outbox from growing without end.
#[derive(Debug, Default)]
pub(super) struct Exported {
    committed: AtomicU64,
    exported: AtomicU64,
    moved: tokio::sync::Notify,
}

impl Exported {
    /// A commit became durable here.
    pub(super) fn committed(&self, at: Lsn) {
        self.committed.fetch_max(at.0, Ordering::AcqRel);
    }

    /// Everything up to here has been exported.
    pub(super) fn advance(&self, to: Lsn) {
        self.exported.store(to.0, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Resolves when the exporter is not too far behind.
    pub(super) async fn keep_up(&self) {
        loop {
            let moved = self.moved.notified();
            let committed = self.committed.load(Ordering::Acquire);
            if committed.saturating_sub(self.exported.load(Ordering::Acquire)) <= EXPORT_LAG {
                return;
            }
            moved.await;
        }
    }
}

/// A bounded memory of URLs that the frontier certainly knows, so that the navigation links which every page
/// repeats are not offered again. It may forget; it never invents.
#[derive(Debug)]
pub(super) struct KnownKeys(Box<[AtomicU64]>);

/// 65,536 places of 8 bytes: half a mebibyte.
const PLACES: usize = 1 << 16;

impl Default for KnownKeys {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl KnownKeys {
    pub(super) fn contains(&self, key: UrlKey) -> bool {
        // The key 0 looks like an empty place; it is then offered to the frontier every time, which is harmless.
        key.0 != 0 && self.place(key).is_some_and(|place| place.load(Ordering::Relaxed) == key.0)
    }

    pub(super) fn remember(&self, key: UrlKey) {
        if let Some(place) = self.place(key) {
            place.store(key.0, Ordering::Relaxed);
        }
    }

    fn place(&self, key: UrlKey) -> Option<&AtomicU64> {
        let index = usize::try_from(key.0 >> 48).unwrap_or(0);
        self.0.get(index % PLACES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_never_remembered_is_never_known() {
        let known = KnownKeys::default();
        known.remember(UrlKey(7 << 48 | 1));
        assert!(known.contains(UrlKey(7 << 48 | 1)));
        assert!(!known.contains(UrlKey(7 << 48 | 2)), "the same place, another key");
        assert!(!known.contains(UrlKey(0)), "an empty place is not the key 0");
    }
}
