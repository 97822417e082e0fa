//! What is changed by hand: URLs that wait again, URLs that come from another crawl, sites that rest.

use std::sync::PoisonError;

use super::history::{Fact, Reader, Told};
use super::{Embedded, Shared, State, event};
use crate::error::Result;
use crate::frontier::tables::Mark;
use crate::model::{Control, Discovered, Outcome, Timestamp, UrlKey};

impl Embedded {
    /// Whether a URL was accepted, and then whether it still waits for its outcome.
    ///
    /// # Errors
    /// When the file of known URLs cannot be read.
    pub fn is_open(&self, key: UrlKey) -> Result<Option<bool>> {
        let state = self.shared.state();
        let mark = state.tables.mark(key);
        state.tables.trouble().map_or(Ok(mark.map(|mark| mark == Mark::Open)), Err)
    }

    /// Lets URLs that have an outcome wait again, each as a new visit, which takes the place of one that is to come.
    /// Answers how many were changed: those that have no outcome, or whose next visit is due, are left as they are. Durable after the next [`flush`](crate::model::Frontier::flush).
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn again(&self, mut batch: Vec<Discovered>) -> Result<usize> {
        self.change(|shared, state, now| {
            state.tables.again(&mut batch, now);
            // Before the log says what may not be so.
            shared.fail_if_in_trouble(state);
            if !batch.is_empty() {
                let lsn = shared.append(state, |out| event::put_again(out, now, &batch));
                state.history.again(lsn, now, &batch);
            }
            batch.len()
        })
    }

    /// Takes in URLs with outcomes they had in another crawl. Answers how many were new: those that are known are left as
    /// they are. Durable after the next [`flush`](crate::model::Frontier::flush).
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn take_in(&self, mut batch: Vec<(Discovered, Outcome)>) -> Result<usize> {
        self.change(|shared, state, now| {
            batch.retain(|(found, outcome)| state.tables.take_in(found, outcome));
            shared.fail_if_in_trouble(state);
            if !batch.is_empty() {
                let lsn = shared.append(state, |out| event::put_taken_in(out, now, &batch));
                state.history.taken_in(lsn, now, &batch);
            }
            batch.len()
        })
    }

    /// Shows what happened to each URL so far in turn, until `visit` says `false`; it may change the state meanwhile.
    ///
    /// # Errors
    /// When the history cannot be read or written or is damaged, and whatever `visit` fails with.
    pub fn visit_facts(&self, visit: impl FnMut(UrlKey, &[Fact]) -> Result<bool>) -> Result<()> {
        self.history()?.visit(visit)
    }

    /// What happened so far, all of it written.
    fn history(&self) -> Result<Reader> {
        let shared = &*self.shared;
        let _turn = shared.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = shared.state();
        let batch = state.history.take(shared.log.durable());
        if let Some(batch) = batch {
            shared.keep(batch)?;
        }
        Reader::new(&shared.folder, shared.files.clone(), state.history.covering())
    }

    /// What happened to one URL so far, in order; damage is told beside what can be read.
    ///
    /// # Errors
    /// When the history cannot be read or written.
    pub fn facts(&self, key: UrlKey) -> Result<Told> {
        self.history()?.find(key)
    }

    fn change(&self, change: impl FnOnce(&Shared, &mut State, Timestamp) -> usize) -> Result<usize> {
        self.shared.check()?;
        let now = self.shared.clock.now();
        let count = change(&self.shared, &mut self.shared.state(), now);
        self.shared.changed.notify_waiters();
        self.shared.keep_history_if_due();
        self.shared.snapshot_if_due();
        self.shared.check().map(|()| count)
    }
}

impl Shared {
    /// Changes the whole frontier; the event that says so, 0 when none does.
    pub(super) fn control(&self, control: Control, now: Timestamp) -> u64 {
        let mut state = self.state();
        let state = &mut *state;
        let lsn = match &control {
            Control::Bar(site, until) => {
                let lsn = self.append(state, |out| event::put_barred(out, now, site, *until));
                state.history.rests(lsn, now, site, *until, super::history::BY_HAND);
                lsn
            }
            _ => 0,
        };
        state.tables.control(control, now);
        lsn
    }
}
