//! What is changed by hand: URLs that wait again, URLs that come from another crawl, sites that rest.

use super::{Embedded, Shared, event};
use crate::error::Result;
use crate::model::{Control, Discovered, Outcome, Timestamp};

impl Embedded {
    /// Lets URLs that have an outcome wait again, each as a new visit. Answers how many were changed: those that have no
    /// outcome are left as they are.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn again(&self, batch: Vec<Discovered>) -> Result<usize> {
        self.shared.check()?;
        let now = self.shared.clock.now();
        let (count, lsn) = {
            let mut state = self.shared.state();
            let state = &mut *state;
            let mut changed = batch;
            changed.retain(|found| state.tables.again(found.clone(), now));
            if changed.is_empty() {
                return Ok(0);
            }
            let lsn = self.shared.append(state, |out| event::put_again(out, now, &changed));
            state.history.again(lsn, now, &changed);
            (changed.len(), lsn)
        };
        self.settle(lsn).await.map(|()| count)
    }

    /// Takes in URLs with outcomes they had in another crawl. Answers how many were new: those that are known are left as
    /// they are.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn take_in(&self, batch: Vec<(Discovered, Outcome)>) -> Result<usize> {
        self.shared.check()?;
        let now = self.shared.clock.now();
        let (count, lsn) = {
            let mut state = self.shared.state();
            let state = &mut *state;
            let mut new = batch;
            new.retain(|(found, outcome)| state.tables.take_in(found, outcome));
            if new.is_empty() {
                return Ok(0);
            }
            let lsn = self.shared.append(state, |out| event::put_taken_in(out, now, &new));
            state.history.taken_in(lsn, now, &new);
            (new.len(), lsn)
        };
        self.settle(lsn).await.map(|()| count)
    }

    async fn settle(&self, lsn: u64) -> Result<()> {
        self.shared.changed.notify_waiters();
        self.shared.log.durable_at(lsn).await?;
        self.shared.keep_history_if_due();
        self.shared.snapshot_if_due();
        self.shared.check()
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
