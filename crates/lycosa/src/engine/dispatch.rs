//! The loop: takes leases from the frontier, sends each on its journey, ends it, and knows when it is over.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::credit::CREDIT;
use super::journey::{Ending, Journey};
use super::pages::CommittedPage;
use super::places::Slots;
use super::shared::Shared;
use super::toll::Toll;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Resource;
use crate::model::{CommitError, Finish, Lease, Leased, Lsn, Nack, Outcome, Retry, Timestamp, Want};

/// Journeys that wait for their commit to become durable, for each one that may be at work: the disk's latency
/// must not idle the network.
const COMMITTING_PER_WORKER: usize = 4;

/// The loop of one run.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    stop: CancellationToken,
    slots: Slots,
    journeys: JoinSet<Result<()>>,
    open: HashMap<Id, Held>,
}

/// A lease and what it has cost so far.
#[derive(Clone, Debug)]
struct Held {
    lease: Arc<Lease>,
    toll: Arc<Toll>,
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The frontier has no more.
    Finished(Finish),
    /// It was asked to stop.
    Cancelled,
}

impl Dispatcher {
    pub(super) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let slots = Slots::new(shared.places.clone());
        Self { stop, slots, journeys: JoinSet::new(), open: HashMap::new(), shared }
    }

    /// Runs until the crawl is over, stopped or broken; no journey is under way afterwards.
    pub(super) async fn run(mut self) -> Result<Stopped> {
        let result = self.dispatch().await;
        if matches!(result, Ok(Stopped::Finished(_))) {
            self.drain(None).await?;
        } else {
            let until = self.shared.parts.clock.now().after(self.shared.parts.settings.drain);
            let drained = self.drain(Some(until)).await;
            self.abort().await;
            if result.is_ok() {
                drained?;
            }
        }
        result
    }

    async fn dispatch(&mut self) -> Result<Stopped> {
        loop {
            if self.stop.is_cancelled() {
                return Ok(Stopped::Cancelled);
            }
            self.reap()?;
            let Some(permit) = self.slot().await? else { continue };
            self.let_exporter_catch_up().await;
            let changed = self.shared.parts.frontier.changed();
            let want = Want { max: 1 + self.slots.free(), bytes: CREDIT };
            match self.shared.parts.frontier.lease(want).await? {
                Leased::Some(leases) => self.send(leases, permit),
                Leased::Finished(finish) => return Ok(Stopped::Finished(finish)),
                Leased::Idle => self.wait(changed, None).await?,
                Leased::NotBefore(at) => self.wait(changed, Some(at)).await?,
            }
        }
    }

    /// A place for one more journey; `None` when something else happened meanwhile.
    async fn slot(&mut self) -> Result<Option<OwnedSemaphorePermit>> {
        self.slots.adjust();
        if self.journeys.len() >= self.slots.given() * (1 + COMMITTING_PER_WORKER) {
            let stop = self.stop.clone();
            tokio::select! {
                result = self.join_one() => result?,
                () = stop.cancelled() => {}
            }
            return Ok(None);
        }
        tokio::select! {
            biased;
            permit = self.slots.take() => Ok(permit),
            () = self.stop.cancelled() => Ok(None),
        }
    }

    async fn let_exporter_catch_up(&self) {
        tokio::select! {
            biased;
            () = self.shared.exported.keep_up() => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn send(&mut self, leases: Vec<Lease>, first: OwnedSemaphorePermit) {
        let mut first = Some(first);
        for lease in leases {
            // The want was bounded by the free places, and only this loop takes places: there is one for each.
            let permit = first.take().or_else(|| self.slots.try_take());
            let held = Held { lease: Arc::new(lease), toll: Arc::default() };
            let journey = travel(self.shared.clone(), held.clone(), permit);
            let id = self.journeys.spawn(journey).id();
            self.open.insert(id, held);
        }
    }

    /// Waits for a change in the frontier, a time, the end of a journey, or the order to stop.
    async fn wait(
        &mut self,
        changed: crate::model::BoxFuture<'static, ()>,
        at: Option<Timestamp>,
    ) -> Result<()> {
        let timer = timer(&self.shared, at);
        let stop = self.stop.clone();
        tokio::select! {
            () = changed => Ok(()),
            () = timer => Ok(()),
            () = stop.cancelled() => Ok(()),
            result = self.join_one(), if !self.journeys.is_empty() => result,
        }
    }

    fn reap(&mut self) -> Result<()> {
        while let Some(ended) = self.journeys.try_join_next_with_id() {
            if let Some((held, cause)) = self.ended(ended)? {
                // Rare; accounted for in a journey of its own, so that this loop never waits for a commit.
                let shared = self.shared.clone();
                self.journeys.spawn(async move { end_panicked(&shared, &held, &cause).await });
            }
        }
        Ok(())
    }

    async fn join_one(&mut self) -> Result<()> {
        if let Some(ended) = self.journeys.join_next_with_id().await
            && let Some((held, cause)) = self.ended(ended)?
        {
            end_panicked(&self.shared, &held, &cause).await?;
        }
        Ok(())
    }

    /// Takes note of the end of a journey; a panicked one comes back with its lease.
    fn ended(&mut self, ended: Result<(Id, Result<()>), JoinError>) -> Result<Option<(Held, String)>> {
        match ended {
            Ok((id, result)) => {
                self.open.remove(&id);
                result.map(|()| None)
            }
            Err(error) => {
                let held = self.open.remove(&error.id());
                Ok(held.filter(|_| error.is_panic()).map(|held| (held, panic_message(error))))
            }
        }
    }

    /// Lets journeys come to their end, until a moment when one is given.
    async fn drain(&mut self, until: Option<Timestamp>) -> Result<()> {
        let timer = timer(&self.shared, until);
        tokio::pin!(timer);
        while !self.journeys.is_empty() {
            tokio::select! {
                biased;
                result = self.join_one() => result?,
                () = &mut timer => return Ok(()),
            }
        }
        Ok(())
    }

    /// Ends what is still under way and gives its leases back.
    async fn abort(&mut self) {
        self.journeys.shutdown().await;
        let now = self.shared.parts.clock.now();
        let retry = Retry { not_before: now, block_site_until: None, counts: false };
        let give_back = |held: Held| {
            let attempt = held.toll.attempt(now, ErrorKind::Cancelled.as_str());
            Nack { token: held.lease.token, attempt, retry }
        };
        let nacks: Vec<Nack> = self.open.drain().map(|(_, held)| give_back(held)).collect();
        if !nacks.is_empty() {
            // A lease that had ended in time answers "fenced", a broken state says so elsewhere: either way there
            // is nothing left to do for it here, and a reopened state gives it back as well.
            drop(self.shared.parts.frontier.nack(nacks).await);
        }
    }
}

/// Waits for a moment; for ever when there is none.
fn timer(shared: &Shared, at: Option<Timestamp>) -> impl Future<Output = ()> + use<> {
    let sleep = at.map(|at| (shared.parts.clock.sleep_until(at), shared.parts.ledger.open(Resource::Timers)));
    async {
        match sleep {
            Some((sleep, _timer)) => sleep.await,
            None => std::future::pending().await,
        }
    }
}

/// One journey, to the end of its lease.
async fn travel(shared: Arc<Shared>, held: Held, slot: Option<OwnedSemaphorePermit>) -> Result<()> {
    let _task = shared.parts.ledger.open(Resource::Tasks);
    let _lease = shared.parts.ledger.open(Resource::Leases);
    let ending = match Journey::start(shared.clone(), held.lease, held.toll).await {
        Ok(mut journey) => journey.go().await,
        Err(commit) => Ending::Commit(commit, None),
    };
    match ending {
        Ending::Commit(commit, page) => {
            let remember: Vec<_> = commit.outlinks.iter().map(|found| found.key).collect();
            let committing = shared.parts.frontier.commit(vec![*commit]);
            // The wait for the disk overlaps the next fetch.
            drop(slot);
            if let Some(lsn) = settle(&shared, committing.await.pop())? {
                shared.exported.committed(lsn);
                remember.into_iter().for_each(|key| shared.known.remember(key));
                hand_over(&shared, page).await;
            }
            Ok(())
        }
        Ending::Nack(nack) => {
            let nacked = shared.parts.frontier.nack(vec![nack]).await.pop();
            drop(slot);
            settle(&shared, nacked).map(drop)
        }
        Ending::Stop(nack, error) => {
            let nacked = shared.parts.frontier.nack(vec![nack]).await.pop();
            settle(&shared, nacked)?;
            Err(error)
        }
    }
}

/// Where a commit or nack took effect; a fenced one did nowhere, and the URL is somebody else's by now.
fn settle(shared: &Shared, answer: Option<Result<Lsn, CommitError>>) -> Result<Option<Lsn>> {
    match answer {
        Some(Ok(lsn)) => Ok(Some(lsn)),
        Some(Err(CommitError::Broken(error))) => Err(error),
        Some(Err(CommitError::Fenced)) | None => {
            shared.telemetry.problem("a lease ran out before its work was done; the work is repeated");
            Ok(None)
        }
    }
}

async fn hand_over(shared: &Shared, page: Option<Box<CommittedPage>>) {
    if let (Some(feed), Some(page)) = (&shared.parts.feed, page) {
        // A reader that has gone away cancels the crawl through its own token.
        drop(feed.send(*page).await);
    }
}

/// Ends the lease of a journey that user code broke off, with the record and the hook of any other failure.
async fn end_panicked(shared: &Arc<Shared>, held: &Held, cause: &str) -> Result<()> {
    let lease = &held.lease;
    let error = super::page::panicked(cause).at_url(&lease.request.url);
    let attempt = held.toll.attempt(shared.parts.clock.now(), error.kind().as_str());
    shared.telemetry.failed(&error, lease.request.kind);
    // The hook may be what panicked.
    let told = AssertUnwindSafe(|| shared.parts.hooks.on_error(&lease.request, &error));
    drop(std::panic::catch_unwind(told));
    let mut commit = match Journey::start(shared.clone(), lease.clone(), held.toll.clone()).await {
        Ok(mut journey) => {
            let mut commit = journey.commit(Outcome::Failed { error });
            journey.keep_visiting(&mut commit);
            commit
        }
        Err(commit) => *commit,
    };
    commit.attempts = attempt.into_iter().collect();
    commit.host_update = super::robots::update_without_answer(shared, lease).await;
    let committed = shared.parts.frontier.commit(vec![commit]).await.pop();
    settle(shared, committed).map(drop)
}

fn panic_message(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// The error of a crawl whose parts do not fit.
pub(super) fn internal(what: &str) -> Error {
    Error::new(ErrorKind::Internal, what.to_owned())
}
