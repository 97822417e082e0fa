//! A frontier that breaks one of its promises.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lycosa::Result;
use lycosa::model::{
    AddStatus, BoxFuture, Commit, CommitError, Control, Discovered, Extension, Finish, Frontier, Gate,
    Granted, HostRecord, HostUpdate, Leased, Limits, Lsn, Nack, Payload, Record, RecordKind, RequestKind,
    Robots, SiteKey, Stats, Timestamp, Token, UrlKey, Waits, Want,
};

use super::{LATE, Sabotage};
use crate::verdict::locked;

/// Once in so many times the defect shows, where it shows now and then.
const NOW_AND_THEN: u64 = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct SabotagedFrontier {
    inner: Arc<dyn Frontier>,
    kind: Sabotage,
    early: Arc<Mutex<Vec<Record>>>,
    limits: Limits,
    /// Pages at the beginning of this life.
    pages_before: u64,
    leases: Mutex<Leases>,
    calls: AtomicU64,
}

#[derive(Debug, Default)]
struct Leases {
    keys: HashMap<Token, UrlKey>,
    newest: HashMap<UrlKey, Token>,
}

impl SabotagedFrontier {
    pub(super) fn new(
        inner: Arc<dyn Frontier>,
        kind: Sabotage,
        early: Arc<Mutex<Vec<Record>>>,
        limits: Limits,
    ) -> Self {
        let pages_before = inner.stats().pages;
        let calls = AtomicU64::new(0);
        Self { inner, kind, early, limits, pages_before, leases: Mutex::default(), calls }
    }

    fn now_and_then(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % NOW_AND_THEN == NOW_AND_THEN - 1
    }

    /// The page budget as a careless frontier keeps it.
    fn budget_spent(&self) -> bool {
        let pages = self.inner.stats().pages;
        let spent = match self.kind {
            Sabotage::ForgottenReservation => pages,
            Sabotage::BudgetPerRun => pages - self.pages_before,
            _ => return false,
        };
        self.limits.max_pages.is_some_and(|most| spent >= most)
    }

    fn note(&self, leased: &mut Leased) {
        let Leased::Some(leases) = leased else { return };
        let mut known = locked(&self.leases);
        for lease in leases {
            if lease.request.kind == RequestKind::Robots {
                continue;
            }
            known.keys.insert(lease.token, lease.key);
            known.newest.insert(lease.key, lease.token);
            if self.kind == Sabotage::RobotsIgnored {
                lease.robots = Robots::AllowAll { until: Timestamp(u64::MAX) };
            }
        }
    }

    /// What a commit becomes on its way, and the outlinks that come later.
    fn spoil(&self, commit: &mut Commit) -> Vec<Discovered> {
        match self.kind {
            Sabotage::OutlinksAfterEnd => return std::mem::take(&mut commit.outlinks),
            Sabotage::LostOutlink if !commit.outlinks.is_empty() && self.now_and_then() => {
                drop(commit.outlinks.remove(0));
            }
            Sabotage::HostPageUncounted
                if self.limits.max_pages_per_host.is_some() && self.now_and_then() =>
            {
                commit.is_page = false;
            }
            Sabotage::LostVisit if commit.revisit.is_some() && self.now_and_then() => commit.revisit = None,
            Sabotage::SeenSetForgets => {
                for found in &mut commit.outlinks {
                    if self.now_and_then() {
                        found.key = UrlKey(found.key.0 ^ 1);
                    }
                }
            }
            Sabotage::ItemBeforeLeaseEnd => {
                if let Payload::Inline(records) = &mut commit.payload {
                    let is_item = |record: &mut Record| matches!(record.kind, RecordKind::Item(_));
                    locked(&self.early).extend(records.extract_if(.., is_item));
                }
            }
            Sabotage::StaleFenceAccepted => {
                let leases = locked(&self.leases);
                let newest = leases.keys.get(&commit.token).and_then(|key| leases.newest.get(key));
                commit.token = newest.copied().unwrap_or(commit.token);
            }
            _ => {}
        }
        Vec::new()
    }
}

impl Frontier for SabotagedFrontier {
    fn add<'a>(&'a self, batch: Vec<Discovered>) -> BoxFuture<'a, Result<Vec<AddStatus>>> {
        self.inner.add(batch)
    }

    fn lease(&self, want: Want) -> BoxFuture<'_, Result<Leased>> {
        Box::pin(async move {
            if self.budget_spent() {
                let idle = self.inner.stats().leased == 0;
                return Ok(if idle { Leased::Finished(Finish::Pages) } else { Leased::Idle });
            }
            let mut leased = self.inner.lease(want).await?;
            self.note(&mut leased);
            Ok(leased)
        })
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        self.inner.changed()
    }

    fn commit(&self, mut batch: Vec<Commit>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        Box::pin(async move {
            let late: Vec<Discovered> = batch.iter_mut().flat_map(|commit| self.spoil(commit)).collect();
            if self.kind == Sabotage::ItemBeforeLeaseEnd {
                tokio::time::sleep(LATE).await;
            }
            if self.kind == Sabotage::EarlyAcknowledgement {
                let answers = batch.iter().map(|_| Ok(self.inner.stats().last_lsn)).collect();
                let inner = self.inner.clone();
                drop(tokio::spawn(async move {
                    tokio::time::sleep(LATE).await;
                    drop(inner.commit(batch).await);
                }));
                return answers;
            }
            let answers = self.inner.commit(batch).await;
            if !late.is_empty() {
                tokio::time::sleep(LATE).await;
                drop(self.inner.add(late).await);
            }
            answers
        })
    }

    fn nack(&self, batch: Vec<Nack>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        if self.kind == Sabotage::LostNack {
            let answers = batch.iter().map(|_| Ok(self.inner.stats().last_lsn)).collect();
            return Box::pin(std::future::ready(answers));
        }
        self.inner.nack(batch)
    }

    fn extend(&self, batch: Vec<Extension>) -> BoxFuture<'_, Vec<Result<Granted, CommitError>>> {
        self.inner.extend(batch)
    }

    fn host(&self, sites: Vec<SiteKey>) -> BoxFuture<'_, Result<Vec<Option<HostRecord>>>> {
        self.inner.host(sites)
    }

    fn update_host(&self, updates: Vec<HostUpdate>) -> BoxFuture<'_, Result<()>> {
        self.inner.update_host(updates)
    }

    fn gate(&self, token: Token, address: IpAddr) -> BoxFuture<'_, Result<Gate, CommitError>> {
        self.inner.gate(token, address)
    }

    fn control(&self, control: Control) -> BoxFuture<'_, Result<()>> {
        self.inner.control(control)
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }

    fn resting(&self, limit: usize) -> Vec<HostRecord> {
        self.inner.resting(limit)
    }

    fn waits(&self) -> Waits {
        self.inner.waits()
    }

    fn slowest(&self, limit: usize) -> Vec<HostRecord> {
        self.inner.slowest(limit)
    }

    fn flush(&self) -> BoxFuture<'_, Result<Lsn>> {
        self.inner.flush()
    }
}
