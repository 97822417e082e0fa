//! What is written beside the log when it is time: snapshots, runs of known URLs, history.
//!
//! One at a time. What it leaves out: the formats.

use std::sync::{MutexGuard, PoisonError};

use super::{Shared, State, backlog, event, history, seen, snapshot};
use crate::error::Result;
use crate::model::Timestamp;

/// Bytes of log after which a snapshot is taken, at least.
const SNAPSHOT_EVERY: u64 = 64 << 20;

impl Shared {
    /// Takes a snapshot when enough log has gathered. Called without the state's lock held.
    pub(super) fn snapshot_if_due(&self) {
        let due = {
            let state = self.state();
            state.since_snapshot > SNAPSHOT_EVERY.max(2 * state.snapshot_size)
                || state.tables.has_full_memory()
        };
        if due {
            // Only a faster opening is lost when this fails: the log holds everything.
            drop(self.snapshot());
        }
    }

    pub(super) fn snapshot(&self) -> Result<()> {
        let turn = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        self.fold_seen_if_full(&mut self.state())?;
        self.write_snapshot(turn)
    }

    /// One at a time: a second one would take over the first one's unfinished file, and remove a run that no snapshot
    /// names yet.
    pub(super) fn write_snapshot(&self, _turn: MutexGuard<'_, ()>) -> Result<()> {
        self.check()?;
        let mut state = self.state();
        let run = state.tables.seen_run().map(|(number, _)| number);
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
        seen::tidy(&self.folder, &*self.files, run)
    }

    /// Moves the fingerprints out of memory when it is full of them. The log need not say so: what is known is the same
    /// before and after.
    pub(super) fn fold_seen_if_full(&self, state: &mut State) -> Result<()> {
        if !state.tables.has_full_memory() {
            return Ok(());
        }
        self.decide(state, self.clock.now());
        let folded = state.tables.fold_seen();
        if let Err(error) = &folded {
            // Memory would grow without bound.
            self.log.fail(error.clone());
        }
        folded
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
