//! The decorators through which an engine's calls pass on their way to the frontier, told to the observer.

use std::net::IpAddr;
use std::sync::Arc;

use lycosa::model::{
    AddStatus, BoxFuture, Commit, CommitError, Committed, Control, Cursor, Discovered, Extension, Frontier,
    Gate, Granted, HostRecord, HostUpdate, Leased, Lsn, Nack, Outbox, SiteKey, Stats, Token, Waits, Want,
};
use lycosa::{Error, Result};

use crate::observer::Observer;
use crate::point::{Aim, Point, Side};
use crate::switch::{Switch, gone};

/// A frontier that is watched.
#[derive(Debug)]
pub(crate) struct WatchedFrontier {
    pub(crate) observer: Arc<Observer>,
    pub(crate) inner: Arc<dyn Frontier>,
}

/// An outbox that is watched.
#[derive(Debug)]
pub(crate) struct WatchedOutbox {
    pub(crate) observer: Arc<Observer>,
    /// Whoever waits for more must not outlive the process.
    pub(crate) switch: Arc<Switch>,
    pub(crate) aim: Aim,
    pub(crate) inner: Arc<dyn Outbox>,
}

impl Frontier for WatchedFrontier {
    fn add<'a>(&'a self, batch: Vec<Discovered>) -> BoxFuture<'a, Result<Vec<AddStatus>>> {
        self.inner.add(batch)
    }

    fn lease(&self, want: Want) -> BoxFuture<'_, Result<Leased>> {
        Box::pin(async move {
            // Before the call: one that runs out after it is not missed by the frontier before the next call.
            let open = self.observer.open();
            let leased = self.inner.lease(want).await?;
            match &leased {
                Leased::Some(leases) => leases.iter().for_each(|lease| self.observer.leased(lease)),
                _ => self.observer.nothing_leased(open, &self.inner.stats()),
            }
            Ok(leased)
        })
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        self.inner.changed()
    }

    fn commit(&self, batch: Vec<Commit>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        Box::pin(async move {
            let tokens: Vec<Token> = batch.iter().map(|commit| commit.token).collect();
            for commit in &batch {
                self.observer.ends(commit.token, false, !commit.attempts.is_empty());
            }
            let answers = self.inner.commit(batch).await;
            for (token, answer) in tokens.into_iter().zip(&answers) {
                match answer {
                    Ok(_) => self.observer.ended(token),
                    Err(CommitError::Fenced) => self.observer.fenced(token),
                    Err(CommitError::Broken(_)) => {}
                }
            }
            answers
        })
    }

    fn nack(&self, batch: Vec<Nack>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>> {
        Box::pin(async move {
            let nacks = batch.clone();
            nacks.iter().for_each(|nack| self.observer.ends(nack.token, true, nack.attempt.is_some()));
            let answers = self.inner.nack(batch).await;
            for (nack, answer) in nacks.iter().zip(&answers) {
                match answer {
                    Ok(_) => self.observer.given_back(nack),
                    Err(CommitError::Fenced) => self.observer.fenced(nack.token),
                    Err(CommitError::Broken(_)) => {}
                }
            }
            answers
        })
    }

    fn extend(&self, batch: Vec<Extension>) -> BoxFuture<'_, Vec<Result<Granted, CommitError>>> {
        Box::pin(async move {
            let tokens: Vec<Token> = batch.iter().map(|wish| wish.token).collect();
            let answers = self.inner.extend(batch).await;
            for (token, answer) in tokens.into_iter().zip(&answers) {
                if let Ok(granted) = answer {
                    self.observer.extended(token, granted.deadline);
                }
            }
            answers
        })
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

impl WatchedOutbox {
    fn ends_at(&self, side: Side) -> Result<()> {
        if !self.aim.strikes(Point::CursorStore, side) {
            return Ok(());
        }
        self.switch.kill();
        Err(Error::io("storing a cursor", gone()))
    }
}

impl Outbox for WatchedOutbox {
    fn read(&self, from: Lsn, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>>> {
        Box::pin(async move {
            let commits = self.inner.read(from, limit).await?;
            drop(self.switch.turn().map_err(|cause| Error::io("reading what was committed", cause))?);
            self.observer.read(&commits);
            Ok(commits)
        })
    }

    fn readable(&self, from: Lsn) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::select! {
                () = self.inner.readable(from) => {}
                () = self.switch.killed() => {}
            }
        })
    }

    fn trim(&self, to: Lsn) -> BoxFuture<'_, Result<()>> {
        self.inner.trim(to)
    }

    fn cursor(&self, sink: &str) -> Option<Cursor> {
        self.inner.cursor(sink)
    }

    fn sinks(&self) -> Vec<String> {
        self.inner.sinks()
    }

    fn set_cursor(&self, sink: &str, cursor: Cursor) -> BoxFuture<'_, Result<()>> {
        let stored = self.inner.set_cursor(sink, cursor);
        Box::pin(async move {
            // Between what the sink made durable and what the state knows of it.
            self.ends_at(Side::Before)?;
            stored.await?;
            self.ends_at(Side::After)
        })
    }
}
