//! The frontier in memory: for crawls that need not survive their process, and for tests.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::tables::{Rules, Slowest, Tables};
use crate::error::Result;
use crate::model::{
    AddStatus, BoxFuture, Clock, Commit, CommitError, Committed, Control, Cursor, Discovered, Extension,
    Frontier, Gate, Granted, HostRecord, HostUpdate, Leased, Limits, Lsn, Nack, Outbox, Pace, SiteKey, Stats,
    Token, Waits, Want,
};

/// A frontier that forgets everything when it is dropped.
#[derive(Debug)]
pub struct Memory {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Arc<Notify>,
    committed: Notify,
}

#[derive(Debug)]
struct State {
    tables: Tables,
    lsn: Lsn,
    outbox: VecDeque<Committed>,
    cursors: BTreeMap<String, Cursor>,
}

impl Memory {
    /// An empty frontier.
    #[must_use]
    pub fn new(limits: Limits, pace: Pace, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            tables: Tables::new(limits, pace),
            lsn: Lsn(0),
            outbox: VecDeque::new(),
            cursors: BTreeMap::new(),
        };
        Self { clock, state: Mutex::new(state), changed: Arc::new(Notify::new()), committed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.changed.notify_waiters();
    }
}

impl State {
    fn commit(&mut self, commit: Commit, now: crate::model::Timestamp) -> Result<Lsn, CommitError> {
        if !self.tables.is_open(commit.token, now) {
            return Err(CommitError::Fenced);
        }
        self.tables.note_links(&commit.outlinks, now);
        let applied = self.tables.commit(commit, now, Rules::Present).ok_or(CommitError::Fenced)?;
        self.lsn = Lsn(self.lsn.0 + 1);
        self.outbox.push_back(Committed {
            lsn: self.lsn,
            first_seq: applied.first_seq,
            at: now,
            key: applied.key,
            outcome: applied.outcome,
            records: applied.records,
        });
        Ok(self.lsn)
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Frontier for Memory {
    fn add<'a>(&'a self, batch: Vec<Discovered>) -> BoxFuture<'a, Result<Vec<AddStatus>>> {
        let now = self.clock.now();
        let mut state = self.state();
        let statuses = batch.into_iter().map(|found| state.tables.add(found, now)).collect();
        drop(state);
        self.wake();
        ready(Ok(statuses))
    }

    fn lease(&self, want: Want) -> BoxFuture<'_, Result<Leased>> {
        let now = self.clock.now();
        ready(Ok(self.state().tables.lease(want, now)))
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let changed = self.changed.clone().notified_owned();
        Box::pin(changed)
    }

    fn commit(&self, batch: Vec<Commit>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        let now = self.clock.now();
        let mut state = self.state();
        let answers = batch.into_iter().map(|commit| state.commit(commit, now)).collect();
        drop(state);
        self.wake();
        self.committed.notify_waiters();
        ready(answers)
    }

    fn nack(&self, batch: Vec<Nack>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        let now = self.clock.now();
        let mut state = self.state();
        let lsn = state.lsn;
        let answers = batch
            .into_iter()
            .map(|mut nack| {
                state.tables.spare(&mut nack);
                if state.tables.is_open(nack.token, now) && state.tables.nack(nack, now) {
                    Ok(lsn)
                } else {
                    Err(CommitError::Fenced)
                }
            })
            .collect();
        drop(state);
        self.wake();
        ready(answers)
    }

    fn extend(&self, batch: Vec<Extension>) -> BoxFuture<'_, Vec<Result<Granted, CommitError>>> {
        let now = self.clock.now();
        let mut state = self.state();
        let extend = |wish: Extension| {
            let open = state.tables.is_open(wish.token, now);
            let granted = open.then(|| state.tables.extend(wish, now)).flatten();
            granted.map(|(granted, _)| granted).ok_or(CommitError::Fenced)
        };
        ready(batch.into_iter().map(extend).collect())
    }

    fn host(&self, sites: Vec<SiteKey>) -> BoxFuture<'_, Result<Vec<Option<HostRecord>>>> {
        let mut state = self.state();
        ready(Ok(sites.iter().map(|site| state.tables.host(site)).collect()))
    }

    fn update_host(&self, updates: Vec<HostUpdate>) -> BoxFuture<'_, Result<()>> {
        let now = self.clock.now();
        let mut state = self.state();
        updates.into_iter().for_each(|update| state.tables.update_host(update, now));
        drop(state);
        self.wake();
        ready(Ok(()))
    }

    fn gate(&self, token: Token, address: IpAddr) -> BoxFuture<'_, Result<Gate, CommitError>> {
        let now = self.clock.now();
        ready(self.state().tables.gate(token, address, now).ok_or(CommitError::Fenced))
    }

    fn control(&self, control: Control) -> BoxFuture<'_, Result<()>> {
        let now = self.clock.now();
        self.state().tables.control(control, now);
        self.wake();
        ready(Ok(()))
    }

    fn stats(&self) -> Stats {
        let now = self.clock.now();
        let state = self.state();
        let (counts, lsn, parts) = (state.tables.counts(), state.lsn, state.tables.parts());
        drop(state);
        let ready_sites = parts.map(|sites| self.state().tables.count_ready(sites, now)).sum();
        Stats { last_lsn: lsn, durable_lsn: lsn, ready_sites, ..counts }
    }

    fn slowest(&self, limit: usize) -> Vec<HostRecord> {
        let (mut slowest, parts) = (Slowest::new(limit), self.state().tables.parts());
        parts.for_each(|sites| self.state().tables.find_slowest(sites, &mut slowest));
        self.state().tables.records(&slowest)
    }

    fn resting(&self, limit: usize) -> Vec<HostRecord> {
        self.state().tables.resting_records(limit, self.clock.now())
    }

    fn waits(&self) -> Waits {
        self.state().tables.waits(self.clock.now())
    }

    fn flush(&self) -> BoxFuture<'_, Result<Lsn>> {
        ready(Ok(self.state().lsn))
    }
}

impl Outbox for Memory {
    fn read(&self, from: Lsn, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>>> {
        let state = self.state();
        let first = state.outbox.partition_point(|commit| commit.lsn <= from);
        ready(Ok(state.outbox.iter().skip(first).take(limit).cloned().collect()))
    }

    fn readable(&self, from: Lsn) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let committed = self.committed.notified();
                if self.state().outbox.back().is_some_and(|last| last.lsn > from) {
                    return;
                }
                committed.await;
            }
        })
    }

    fn trim(&self, to: Lsn) -> BoxFuture<'_, Result<()>> {
        let mut state = self.state();
        let least = state.cursors.values().map(|cursor| cursor.lsn).min().unwrap_or(to).min(to);
        while state.outbox.front().is_some_and(|commit| commit.lsn <= least) {
            state.outbox.pop_front();
        }
        drop(state);
        ready(Ok(()))
    }

    fn cursor(&self, sink: &str) -> Option<Cursor> {
        self.state().cursors.get(sink).cloned()
    }

    fn sinks(&self) -> Vec<String> {
        self.state().cursors.keys().cloned().collect()
    }

    fn set_cursor(&self, sink: &str, cursor: Cursor) -> BoxFuture<'_, Result<()>> {
        self.state().cursors.insert(sink.to_owned(), cursor);
        ready(Ok(()))
    }
}
