//! The traits of the embedded frontier: apply, append, wait until it is durable.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use super::{Embedded, event, is_exact};
use crate::error::Result;
use crate::frontier::tables::Slowest;
use crate::model::{
    AddStatus, BoxFuture, Commit, CommitError, Committed, Control, Cursor, Discovered, Extension, Frontier,
    Gate, Granted, HostRecord, HostUpdate, Leased, Lsn, Nack, Outbox, SiteKey, Stats, Token, Waits, Want,
};

impl Frontier for Embedded {
    fn add<'a>(&'a self, batch: Vec<Discovered>) -> BoxFuture<'a, Result<Vec<AddStatus>>> {
        Box::pin(async move {
            self.shared.check()?;
            let (statuses, lsn) = self.shared.add(batch, self.shared.clock.now());
            self.shared.changed.notify_waiters();
            self.shared.log.durable_at(lsn).await?;
            self.shared.snapshot_if_due();
            Ok(statuses)
        })
    }

    fn lease(&self, want: Want) -> BoxFuture<'_, Result<Leased>> {
        Box::pin(async move {
            self.shared.check()?;
            let (leased, lsn) = self.shared.lease(want, self.shared.clock.now());
            self.shared.check()?;
            if self.shared.exact.load(Ordering::Relaxed) {
                self.shared.log.durable_at(lsn).await?;
            }
            Ok(leased)
        })
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.shared.changed.clone().notified_owned())
    }

    fn commit(&self, batch: Vec<Commit>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        Box::pin(async move {
            if let Err(error) = self.shared.check() {
                return batch.iter().map(|_| Err(CommitError::Broken(error.clone()))).collect();
            }
            let now = self.shared.clock.now();
            let answers = batch.into_iter().map(|commit| self.shared.commit(commit, now)).collect();
            self.shared.changed.notify_waiters();
            let answers = self.shared.settle(answers).await;
            self.shared.keep_history_if_due();
            self.shared.snapshot_if_due();
            answers
        })
    }

    fn nack(&self, batch: Vec<Nack>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        Box::pin(async move {
            if let Err(error) = self.shared.check() {
                return batch.iter().map(|_| Err(CommitError::Broken(error.clone()))).collect();
            }
            let now = self.shared.clock.now();
            let answers = batch.into_iter().map(|nack| self.shared.nack(nack, now)).collect();
            self.shared.changed.notify_waiters();
            self.shared.settle(answers).await
        })
    }

    fn extend(&self, batch: Vec<Extension>) -> BoxFuture<'_, Vec<Result<Granted, CommitError>>> {
        Box::pin(async move {
            if let Err(error) = self.shared.check() {
                return batch.iter().map(|_| Err(CommitError::Broken(error.clone()))).collect();
            }
            let now = self.shared.clock.now();
            let mut answers = Vec::with_capacity(batch.len());
            for wish in batch {
                answers.push(match self.shared.extend(wish, now) {
                    None => Err(CommitError::Fenced),
                    Some((granted, lsn)) => {
                        self.shared.log.durable_at(lsn).await.map(|()| granted).map_err(CommitError::Broken)
                    }
                });
            }
            answers
        })
    }

    fn host(&self, sites: Vec<SiteKey>) -> BoxFuture<'_, Result<Vec<Option<HostRecord>>>> {
        let mut state = self.shared.state();
        let records = sites.iter().map(|site| state.tables.host(site)).collect();
        Box::pin(std::future::ready(Ok(records)))
    }

    fn update_host(&self, updates: Vec<HostUpdate>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.shared.check()?;
            let now = self.shared.clock.now();
            let mut last = 0;
            for update in updates {
                let mut state = self.shared.state();
                last = self.shared.append(&mut state, |out| event::put_host(out, now, &update));
                state.history.learned(last, now, &update);
                state.tables.update_host(update, now);
            }
            self.shared.changed.notify_waiters();
            self.shared.log.durable_at(last).await
        })
    }

    fn gate(&self, token: Token, address: IpAddr) -> BoxFuture<'_, Result<Gate, CommitError>> {
        let now = self.shared.clock.now();
        let gate = self.shared.state().tables.gate(token, address, now).ok_or(CommitError::Fenced);
        Box::pin(std::future::ready(gate))
    }

    fn control(&self, control: Control) -> BoxFuture<'_, Result<()>> {
        let now = self.shared.clock.now();
        if let Control::Limits(limits) = &control {
            self.shared.exact.store(is_exact(limits), Ordering::Relaxed);
        }
        let barred = self.shared.control(control, now);
        self.shared.changed.notify_waiters();
        Box::pin(async move {
            self.shared.log.durable_at(barred).await?;
            if self.shared.exact.load(Ordering::Relaxed) {
                // Leases given before the budget was set must survive a kill like those given after.
                self.shared.log.durable_at(self.shared.log.last()).await?;
            }
            Ok(())
        })
    }

    fn stats(&self) -> Stats {
        let now = self.shared.clock.now();
        let state = self.shared.state();
        let (counts, parts) = (state.tables.counts(), state.tables.parts());
        drop(state);
        let ready_sites = parts.map(|sites| self.shared.state().tables.count_ready(sites, now)).sum();
        let (last_lsn, durable_lsn) = (Lsn(self.shared.log.last()), Lsn(self.shared.log.durable()));
        Stats { last_lsn, durable_lsn, ready_sites, ..counts }
    }

    fn slowest(&self, limit: usize) -> Vec<HostRecord> {
        let (mut slowest, parts) = (Slowest::new(limit), self.shared.state().tables.parts());
        parts.for_each(|sites| self.shared.state().tables.find_slowest(sites, &mut slowest));
        self.shared.state().tables.records(&slowest)
    }

    fn resting(&self, limit: usize) -> Vec<HostRecord> {
        self.shared.state().tables.resting_records(limit, self.shared.clock.now())
    }

    fn waits(&self) -> Waits {
        self.shared.state().tables.waits(self.shared.clock.now())
    }

    fn flush(&self) -> BoxFuture<'_, Result<Lsn>> {
        Box::pin(async move {
            let last = self.shared.log.last();
            self.shared.log.durable_at(last).await?;
            Ok(Lsn(last))
        })
    }
}

impl Outbox for Embedded {
    fn read(&self, from: Lsn, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>>> {
        let durable = Lsn(self.shared.log.durable());
        let commits = self.shared.state().tail.read(from, durable, limit);
        Box::pin(std::future::ready(self.shared.check().map(|()| commits)))
    }

    fn readable(&self, from: Lsn) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let progress = self.shared.log.progress();
                let durable = Lsn(self.shared.log.durable());
                if self.shared.state().tail.has(from, durable) || self.shared.log.broken().is_some() {
                    return;
                }
                progress.await;
            }
        })
    }

    fn trim(&self, to: Lsn) -> BoxFuture<'_, Result<()>> {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        let before = state.tail.trimmed;
        state.tail.trim(to);
        let trimmed = state.tail.trimmed;
        if trimmed > before {
            self.shared.append(&mut state, |out| event::put_trimmed(out, now, trimmed));
        }
        drop(state);
        Box::pin(std::future::ready(self.shared.check()))
    }

    fn cursor(&self, sink: &str) -> Option<Cursor> {
        self.shared.state().tail.cursors.get(sink).cloned()
    }

    fn sinks(&self) -> Vec<String> {
        self.shared.state().tail.cursors.keys().cloned().collect()
    }

    fn set_cursor(&self, sink: &str, cursor: Cursor) -> BoxFuture<'_, Result<()>> {
        let now = self.shared.clock.now();
        let lsn = {
            let mut state = self.shared.state();
            let lsn = self.shared.append(&mut state, |out| event::put_cursor(out, now, sink, &cursor));
            state.tail.cursors.insert(sink.to_owned(), cursor);
            lsn
        };
        Box::pin(self.shared.log.durable_at(lsn))
    }
}
