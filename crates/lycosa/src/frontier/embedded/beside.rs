//! What is written beside the log when it is time: snapshots, runs of known URLs, history.
//!
//! Snapshots and history one at a time, by whoever finds that it is time. Runs are written by a thread and merged by
//! another ([`Shared::work`]), while the crawl goes on with what there was before. A snapshot waits until memory that was
//! full is written, because it could not name it; it does not wait for merging, whose result the next one names.
//! What it leaves out: the formats.

use std::sync::atomic::AtomicBool;
use std::sync::{MutexGuard, PoisonError};

use super::{Shared, State, backlog, event, history, seen, snapshot};
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{Job, Tables};
use crate::model::Timestamp;

/// Bytes of log after which a snapshot is taken, at least.
const SNAPSHOT_EVERY: u64 = 64 << 20;

/// What a thread does beside the crawl, and what it does when that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Writes memory that was full, and then a snapshot that names it, so that less is to be replayed.
    Write,
    /// Merges runs.
    Merge,
}

impl Duty {
    fn take(self, tables: &mut Tables) -> Option<Job> {
        match self {
            Self::Write => tables.seen_to_write(),
            Self::Merge => tables.seen_to_merge(),
        }
    }
}

/// Tells whoever waits that a thread beside the crawl has ended; when it panicked, the state is broken.
struct EndOfWork<'a>(&'a Shared);

impl Drop for EndOfWork<'_> {
    fn drop(&mut self) {
        {
            // Whoever looks at what is broken before waiting holds it.
            let _state = self.0.state();
            if std::thread::panicking() {
                let what = "work on known URLs beside the crawl ended by a panic";
                self.0.log.fail(Error::new(ErrorKind::Internal, what));
            }
        }
        self.0.work.notify_all();
        self.0.changed.notify_waiters();
    }
}

impl State {
    fn is_snapshot_due(&self) -> bool {
        self.since_snapshot > SNAPSHOT_EVERY.max(2 * self.snapshot_size)
    }
}

impl Shared {
    /// Takes a snapshot when enough log has gathered, and makes room in memory. Called without the state's lock held.
    pub(super) fn snapshot_if_due(&self) {
        let is_full = self.state().tables.has_full_memory();
        // What is broken, the log says.
        if is_full {
            drop(self.make_room());
        }
        if !self.state().is_snapshot_due() {
            return;
        }
        // Whoever else found it due takes one, and so does who writes memory that was full: nobody waits for either.
        let Ok(turn) = self.snapshots.try_lock() else { return };
        let state = self.state();
        if state.is_snapshot_due() && !state.tables.has_frozen_seen() {
            // Only a faster opening is lost when this fails: the log holds everything.
            drop(self.write_snapshot(&turn, state));
        }
    }

    /// Waits until something beside the crawl has changed.
    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.work.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the fingerprints in memory over to be written when it is full of them, and waits while what was handed over
    /// before is not written yet. The log need not say so: what is known is the same before and after.
    fn make_room(&self) -> Result<()> {
        let mut state = self.state();
        while state.tables.has_full_memory() {
            self.check()?;
            if !state.tables.can_freeze_seen() {
                state = self.wait(state);
                continue;
            }
            self.decide(&mut state, self.clock.now());
            self.check()?;
            state.tables.freeze_seen();
            self.work.notify_all();
        }
        Ok(())
    }

    /// Does one kind of work whenever there is some, until the state is closed or broken.
    pub(super) fn work(&self, duty: Duty) {
        // Let go of last: nobody may wait for what will not be done, however this ends.
        let _end = EndOfWork(self);
        let mut state = self.state();
        while self.log.broken().is_none() {
            let Some(job) = duty.take(&mut state.tables) else {
                if state.closing {
                    break;
                }
                state = self.wait(state);
                continue;
            };
            drop(state);
            // What filled memory is written whatever happens: the snapshot at the end needs it.
            let never = AtomicBool::new(false);
            let done = job.run(if duty == Duty::Merge { &self.stop } else { &never });
            state = self.state();
            if let Err(error) = &done
                && !(state.closing && duty == Duty::Merge)
            {
                // Memory would grow without bound.
                self.log.fail(error.clone());
            }
            let is_stopped = done.is_err();
            state.tables.end_of_seen_job(&job, done.ok());
            // What it wrote is needed in memory no more.
            drop(job);
            self.work.notify_all();
            if is_stopped {
                break;
            }
            if duty == Duty::Write && !state.closing {
                self.snapshot_if_free(state);
                state = self.state();
            }
        }
    }

    /// Looks at the folder while nobody writes to it but the log.
    #[cfg(test)]
    pub(super) fn at_rest<T>(&self, look: impl FnOnce() -> T) -> T {
        let _turn = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        while !state.tables.rests() {
            state = self.wait(state);
        }
        look()
    }

    /// Takes a snapshot of what has just been written, unless somebody else takes one. The state is not let go of before:
    /// whoever waits to fill memory again would come first each time, and no snapshot ever.
    fn snapshot_if_free(&self, state: MutexGuard<'_, State>) {
        let Ok(turn) = self.snapshots.try_lock() else { return };
        if !state.tables.has_frozen_seen() {
            // Only a faster opening is lost when this fails.
            drop(self.write_snapshot(&turn, state));
        }
    }

    pub(super) fn snapshot(&self) -> Result<()> {
        let turn = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        while state.tables.has_frozen_seen() {
            self.check()?;
            if state.closing {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "known URLs that are not on disk cannot be named",
                ));
            }
            state = self.wait(state);
        }
        self.write_snapshot(&turn, state)
    }

    /// One at a time: a second one would take over the first one's unfinished file.
    fn write_snapshot(&self, _turn: &MutexGuard<'_, ()>, mut state: MutexGuard<'_, State>) -> Result<()> {
        self.check()?;
        let (needed, end) = state.tables.seen_runs();
        let (in_use, current) = state.tables.settle_overflow(backlog::SPARSE)?;
        let covers = self.log.last();
        // Before the log that says the same may go.
        let batch = state.history.take(covers);
        if let Some(batch) = batch {
            self.keep(batch)?;
        }
        state.since_snapshot = 0;
        state.tail.seen = self.clock.now();
        // The tables stand still while they are written; the file is synced when they are free again.
        let write = move |out: &mut dyn std::io::Write| {
            state.snapshot_size = snapshot::write(out, &state.tables, &state.tail, covers)?;
            Ok(())
        };
        snapshot::put(&self.folder, &*self.files, covers, Box::new(write))?;
        backlog::tidy(&self.folder, &*self.files, &in_use, current)?;
        // Those that were begun since are none of its business.
        seen::tidy(&self.folder, &*self.files, &needed, end)
    }

    /// Looks for the links that arrived on disk.
    pub(super) fn decide(&self, state: &mut State, now: Timestamp) {
        if state.tables.has_arrivals() {
            self.append(state, |out| event::put_decided(out, now));
            state.tables.decide_arrivals(now);
            self.fail_if_in_trouble(state);
        }
    }

    /// What could not be read was taken for new, or not served: nothing that follows may be believed.
    pub(super) fn fail_if_in_trouble(&self, state: &State) {
        if let Some(error) = state.tables.trouble() {
            self.log.fail(error);
        }
    }

    /// Writes what gathered of the history, when it is enough. Called without the state's lock held.
    pub(super) fn keep_history_if_due(&self) {
        // Whoever takes a snapshot writes it too; and in turn, so that no run is missing before another.
        let Ok(_turn) = self.snapshots.try_lock() else { return };
        let durable = self.log.durable();
        let batch = self.state().history.take_if_full(durable);
        if let Some(batch) = batch {
            // What fails has ended the log, which still says it.
            drop(self.keep(batch));
        }
    }

    pub(super) fn keep(&self, batch: history::Batch) -> Result<()> {
        let written = batch.write(&self.folder, &*self.files);
        if let Err(error) = &written {
            self.log.fail(error.clone());
        }
        written
    }
}
