//! The embedded frontier: the tables in memory, a commit log below them, snapshots beside it.
//!
//! The log is the only truth: every change is an event in it, and the tables are what those events make of empty
//! ones. A call applies its change, appends its event and returns once the event is durable, so callers that come
//! while the disk is busy share its next sync. `identity` is who the crawl is, `event` what the log says, `frame`
//! how it is framed, `log` the writing, `backlog` and `seen` what does not fit into memory, `recovery` and `snapshot` the reading again, `history` what is kept for
//! questions, `beside` when and by whom what is beside the log is written, `view` the asking, `check` the comparing of every
//! checksum, `change` what is changed by hand, `files` what all of it asks of a file system.

mod backlog;
#[cfg(test)]
mod backlog_damage_tests;
mod beside;
mod change;
mod check;
#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod damage_tests;
mod event;
mod files;
mod folder;
#[cfg(test)]
mod forged_tests;
mod frame;
mod history;
mod identity;
mod log;
#[cfg(test)]
mod names_tests;
mod packing;
mod recovery;
mod room;
mod seen;
#[cfg(test)]
mod seen_tests;
mod serve;
mod snapshot;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod view;

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::Notify;

pub use check::{Check, Checked, FileKind, check};
pub use files::{Disk, FileLayer, LogFile, Parts, Write};
pub use folder::{exists, remove};
pub use identity::{CrawlIdentity, SHARDS};
pub use log::Durability;
pub use recovery::Recovery;
pub use room::default_seen_memory;
pub use view::{Open, View, Where};

use self::beside::Duty;
use self::event::LeaseEvent;
use self::folder::{lock, without_crawl};
use self::history::History;
pub use self::history::{Ended, Fact, Happened, Told};
use self::log::{Log, Writer};
use self::recovery::How;
use self::state::Tail;
use super::tables::{Rules, Tables};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    AddStatus, Clock, Commit, CommitError, Discovered, Extension, Granted, Lease, Leased, Limits, Lsn, Nack,
    Pace, Timestamp, Versions, Want,
};
use crate::scope::Fingerprint;

/// Version of the state's files.
pub const FORMAT_VERSION: u32 = 9;

/// How an embedded frontier is opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The state folder.
    pub folder: PathBuf,
    /// Budgets, in force from now on.
    pub limits: Limits,
    /// Politeness rules, in force from now on.
    pub pace: Pace,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The file system.
    pub files: Arc<dyn FileLayer>,
    /// How safe "committed" is.
    pub durability: Durability,
    /// Whether it is kept what happened to each URL, for questions.
    pub history: bool,
    /// Bytes of fingerprints of known URLs that are kept in memory; what goes beyond is kept in sorted files.
    pub seen_memory: usize,
}

/// A frontier that outlives its process.
#[derive(Debug)]
pub struct Embedded {
    shared: Arc<Shared>,
    identity: CrawlIdentity,
    recovery: Recovery,
    writer: Option<JoinHandle<()>>,
    workers: Vec<JoinHandle<()>>,
    /// Held for as long as the state is open; the system lets go of it with the process.
    _lock: Option<File>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    files: Arc<dyn FileLayer>,
    folder: PathBuf,
    state: Mutex<State>,
    log: Log,
    changed: Arc<Notify>,
    snapshots: Mutex<()>,
    /// Told when there is work for a thread beside the crawl, or some is done.
    work: Condvar,
    /// Work that need not be done is given up.
    stop: AtomicBool,
    /// Lease events are awaited only when a budget must survive a kill exactly.
    exact: AtomicBool,
}

#[derive(Debug)]
struct State {
    tables: Tables,
    tail: Tail,
    /// Bytes of events since the last snapshot, and its size.
    since_snapshot: u64,
    snapshot_size: u64,
    history: History,
    /// Whoever works beside the crawl ends.
    closing: bool,
}

impl Embedded {
    /// Makes a new crawl in a folder that holds none.
    ///
    /// # Errors
    /// When the folder cannot be made or written, is in use, or holds a crawl.
    pub fn create(opening: Opening, identity: CrawlIdentity) -> Result<Self> {
        let lock = lock(&opening.folder)?;
        if opening.files.read(&opening.folder.join(identity::FILE)).is_ok() {
            let message = format!("the folder {} holds a crawl already", opening.folder.display());
            return Err(
                Error::new(ErrorKind::State, message).with_hint("use --resume, --fresh or another --state")
            );
        }
        folder::fail_without_identity(&opening.folder, &*opening.files)?;
        identity.store(&opening.folder, &*opening.files)?;
        Self::start(opening, identity, lock, false)
    }

    /// Opens the crawl in a folder.
    ///
    /// # Errors
    /// When there is none, it is in use, was made by other rules, or is damaged; nothing is changed then.
    pub fn open(opening: Opening, versions: Versions) -> Result<Self> {
        Self::open_with(opening, versions, false)
    }

    /// The same, but the depth limit and the rule about robots.txt stay those the state was left with, whatever
    /// `opening` says: for changes by hand.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as_stored(opening: Opening, versions: Versions) -> Result<Self> {
        Self::open_with(opening, versions, true)
    }

    fn open_with(opening: Opening, versions: Versions, as_stored: bool) -> Result<Self> {
        if !opening
            .files
            .list(&opening.folder)
            .is_ok_and(|names| names.iter().any(|name| name == identity::FILE))
        {
            return Err(without_crawl(&opening.folder)
                .with_hint("name the folder of a crawl with --state, or begin one without --resume"));
        }
        let lock = lock(&opening.folder)?;
        let identity = CrawlIdentity::load(&opening.folder, &*opening.files, versions)?;
        Self::start(opening, identity, lock, as_stored)
    }

    fn start(opening: Opening, identity: CrawlIdentity, lock: Option<File>, as_stored: bool) -> Result<Self> {
        let Opening { folder, limits, pace, clock, files, durability, history, seen_memory } = opening;
        let how = How { history, as_stored, only_look: false, seen_memory };
        let fingerprint = Fingerprint::new(identity.fingerprint_key);
        let mut recovered = recovery::recover(&folder, &files, (limits, pace), how, fingerprint)?;
        // Runs that were written before their snapshot could not be, and what was left half written, would fill the disk.
        folder::tidy(&folder, &*files)?;
        seen::tidy(&folder, &*files, &recovered.tables.seen_runs().0, u32::MAX)?;
        let (segment, written) = match recovered.segment.take() {
            Some((path, length)) => {
                let file = files
                    .append(&path)
                    .map_err(|cause| folder::unwritten(format!("opening {}", path.display()), cause));
                let mut file = file?;
                // What a killed process wrote may still be in the system's memory alone, and is shown from now on.
                // So may the name of the file itself.
                let synced = file.sync().and_then(|()| files.sync_folder(&folder));
                synced.map_err(|cause| folder::unwritten(format!("syncing {}", path.display()), cause))?;
                (file, length)
            }
            None => (log::begin_segment(&folder, recovered.last + 1, &*files)?.1, 0),
        };
        let now = clock.now();
        recovered.recovery.reopened = recovered.tables.reopened(now, recovered.last_time);
        let mut writer =
            Writer { folder: folder.clone(), files: files.clone(), durability, segment, written };
        // Durable before the first lease: otherwise a run that is killed early has given tokens that the next one,
        // which does not know of it, gives again.
        let mut opened = Vec::new();
        event::put_opened(&mut opened, now);
        writer.write(recovered.last + 1, &opened)?;
        let state = State {
            tables: recovered.tables,
            tail: recovered.tail,
            since_snapshot: recovered.since_snapshot,
            snapshot_size: 0,
            history: recovered.history,
            closing: false,
        };
        let shared = Arc::new(Shared {
            clock,
            files,
            folder,
            state: Mutex::new(state),
            log: Log::new(recovered.last + 1),
            changed: Arc::new(Notify::new()),
            snapshots: Mutex::new(()),
            work: Condvar::new(),
            stop: AtomicBool::new(false),
            exact: AtomicBool::new(is_exact(&limits)),
        });
        let mut frontier = Self {
            shared,
            identity,
            recovery: recovered.recovery,
            writer: None,
            workers: Vec::new(),
            _lock: lock,
        };
        frontier.begin_threads(writer)?;
        Ok(frontier)
    }

    /// Begins the threads that write the log and do what is done beside the crawl.
    fn begin_threads(&mut self, writer: Writer) -> Result<()> {
        let spawn = |name: &str, work: Box<dyn FnOnce(&Shared) + Send>| {
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared));
            thread.map_err(|cause| Error::io("starting a thread of the state", cause))
        };
        let write = move |shared: &Shared| shared.log.run(writer, || shared.changed.notify_waiters());
        self.writer = Some(spawn("lycosa-log", Box::new(write))?);
        for (name, duty) in [("lycosa-runs", Duty::Write), ("lycosa-merge", Duty::Merge)] {
            self.workers.push(spawn(name, Box::new(move |shared| shared.work(duty)))?);
        }
        Ok(())
    }

    /// Who the crawl is.
    #[must_use]
    pub fn identity(&self) -> &CrawlIdentity {
        &self.identity
    }

    /// What was found at opening.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Whether every accepted URL has its outcome.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.shared.state().tables.is_complete()
    }

    /// Looks at the folder while nobody writes to it but the log.
    #[cfg(test)]
    pub(crate) fn at_rest<T>(&self, look: impl FnOnce() -> T) -> T {
        self.shared.at_rest(look)
    }

    /// Writes a snapshot now.
    ///
    /// # Errors
    /// When it cannot be written; the log still holds everything.
    pub fn snapshot(&self) -> Result<()> {
        self.shared.snapshot()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.closing = true;
            self.shared.stop.store(true, Ordering::Relaxed);
        }
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            drop(worker.join());
        }
        self.shared.log.close();
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
        if self.shared.log.broken().is_none() && self.shared.state().since_snapshot > 0 {
            // Only a faster opening and room on the disk are lost when this fails: the log holds everything. A segment
            // without events, because the snapshot covers those before it whole, and they go.
            drop(log::begin_segment(&self.shared.folder, self.shared.log.last() + 1, &*self.shared.files));
            drop(self.shared.snapshot());
        }
    }
}

fn is_exact(limits: &Limits) -> bool {
    limits.max_requests.is_some() || limits.max_bytes.is_some()
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<()> {
        self.log.broken().map_or(Ok(()), Err)
    }

    fn append(&self, state: &mut State, put: impl FnOnce(&mut Vec<u8>)) -> u64 {
        let mut size = 0;
        let lsn = self.log.append(|out| {
            let before = out.len();
            put(out);
            size = out.len() - before;
        });
        state.since_snapshot += size as u64;
        lsn
    }

    fn add(&self, mut batch: Vec<Discovered>, now: Timestamp) -> (Vec<AddStatus>, u64) {
        let mut state = self.state();
        state.tables.announce(&batch);
        let mut statuses: Vec<AddStatus> = batch.iter().map(|found| state.tables.admit(found)).collect();
        let mut news = statuses.iter();
        batch.retain(|_| news.next() == Some(&AddStatus::New));
        let lsn = if batch.is_empty() {
            // What is known may have been added a moment ago and not be durable yet.
            self.log.last()
        } else {
            self.append(&mut state, |out| event::put_added(out, now, &batch))
        };
        let news = statuses.iter_mut().filter(|status| **status == AddStatus::New);
        for (found, status) in batch.into_iter().zip(news) {
            *status = state.tables.queue(found, now);
        }
        self.fail_if_in_trouble(&state);
        (statuses, lsn)
    }

    fn lease(&self, want: Want, now: Timestamp) -> (Leased, u64) {
        let mut state = self.state();
        let expired = state.tables.expire(now);
        if !expired.is_empty() {
            self.append(&mut state, |out| event::put_expired(out, now, &expired));
        }
        let mut leased = state.tables.lease(want, now);
        if !matches!(leased, Leased::Some(_)) && state.tables.has_arrivals() && !state.tables.paused {
            self.decide(&mut state, now);
            self.changed.notify_waiters();
            leased = state.tables.lease(want, now);
        }
        self.fail_if_in_trouble(&state);
        let Leased::Some(leases) = &leased else { return (leased, 0) };
        let named: Vec<LeaseEvent> = leases.iter().filter_map(|lease| name(&state.tables, lease)).collect();
        let lsn = self.append(&mut state, |out| event::put_leased(out, now, &named));
        (leased, lsn)
    }

    fn commit(&self, mut commit: Commit, now: Timestamp) -> Result<u64, CommitError> {
        let mut state = self.state();
        let state = &mut *state;
        if !state.tables.is_open(commit.token, now) {
            return Err(CommitError::Fenced);
        }
        state.tables.announce(&commit.outlinks);
        state.tables.note_links(&commit.outlinks, now);
        commit.outlinks.retain(|found| state.tables.is_news(found));
        let by_level = state.tables.serves_by_level();
        let lsn = self.append(state, |out| event::put_committed(out, now, &commit, by_level));
        let story = state.history.story(lsn, &state.tables, &commit);
        let applied = state.tables.commit(commit, now, Rules::Present).ok_or(CommitError::Fenced)?;
        state.history.ended(lsn, now, story, &applied.outcome);
        state.tail.push(Lsn(lsn), now, applied);
        if state.tables.has_enough_arrivals() {
            self.decide(state, now);
        }
        self.fail_if_in_trouble(state);
        Ok(lsn)
    }

    fn nack(&self, mut nack: Nack, now: Timestamp) -> Result<u64, CommitError> {
        let mut state = self.state();
        let state = &mut *state;
        if !state.tables.is_open(nack.token, now) {
            return Err(CommitError::Fenced);
        }
        state.tables.spare(&mut nack);
        let lsn = self.append(state, |out| event::put_nacked(out, now, &nack));
        state.history.given_back(lsn, now, &state.tables, &nack);
        state.tables.nack(nack, now);
        Ok(lsn)
    }

    fn extend(&self, wish: Extension, now: Timestamp) -> Option<(Granted, u64)> {
        let mut state = self.state();
        if !state.tables.is_open(wish.token, now) {
            return None;
        }
        let (granted, reserved) = state.tables.extend(wish, now)?;
        let lsn = if reserved > 0 {
            let wish = Extension { bytes: reserved, ..wish };
            self.append(&mut state, |out| event::put_extended(out, now, &wish))
        } else {
            0
        };
        Some((granted, lsn))
    }

    /// Waits until all of these are durable; answers each with its own.
    async fn settle(&self, answers: Vec<Result<u64, CommitError>>) -> Vec<Result<Lsn, CommitError>> {
        let last = answers.iter().filter_map(|answer| answer.as_ref().ok()).max().copied().unwrap_or(0);
        let durable = self.log.durable_at(last).await;
        answers
            .into_iter()
            .map(|answer| match (&durable, answer) {
                (_, Err(error)) => Err(error),
                (Ok(()), Ok(lsn)) => Ok(Lsn(lsn)),
                (Err(error), Ok(_)) => Err(CommitError::Broken(error.clone())),
            })
            .collect()
    }
}

fn name(tables: &Tables, lease: &Lease) -> Option<LeaseEvent> {
    let name = tables.lease_name(lease.token.0)?;
    let super::tables::LeaseName { token, site, origin, kind, key, bytes } = name;
    Some(LeaseEvent { token, site, origin, kind, key, bytes })
}
