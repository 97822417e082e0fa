//! A sink that is fed wrongly.

use std::sync::{Arc, Mutex};

use lycosa::Result;
use lycosa::model::{Committed, Lsn, Outcome, Position, Record, Sink, Timestamp, UrlKey};

use super::Sabotage;
use crate::verdict::locked;

/// Once in so many commits the defect shows.
const NOW_AND_THEN: u64 = 24;

/// See the module.
#[derive(Debug)]
pub(super) struct SabotagedSink {
    inner: Box<dyn Sink>,
    kind: Sabotage,
    early: Arc<Mutex<Vec<Record>>>,
    ahead: Arc<Mutex<Option<Lsn>>>,
    given: Lsn,
    written: u64,
    last_seq: u64,
}

impl SabotagedSink {
    pub(super) fn new(
        inner: Box<dyn Sink>,
        kind: Sabotage,
        early: Arc<Mutex<Vec<Record>>>,
        ahead: Arc<Mutex<Option<Lsn>>>,
    ) -> Self {
        Self { inner, kind, early, ahead, given: Lsn(0), written: 0, last_seq: 0 }
    }

    fn write_early(&mut self) -> Result<()> {
        let records = std::mem::take(&mut *locked(&self.early));
        if records.is_empty() {
            return Ok(());
        }
        let first_seq = self.last_seq;
        self.inner.write(&Committed {
            lsn: Lsn(0),
            first_seq,
            at: Timestamp(0),
            key: UrlKey(0),
            outcome: Outcome::Fetched { status: 200 },
            records,
        })
    }
}

impl Sink for SabotagedSink {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.inner.open(position)
    }

    fn holds(&self, position: &Position) -> Result<Option<Lsn>> {
        self.inner.holds(position)
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        self.written += 1;
        self.given = commit.lsn;
        self.last_seq = commit.first_seq + commit.records.len() as u64;
        self.inner.write(commit)?;
        self.write_early()?;
        if self.kind == Sabotage::DoubleExport && self.written.is_multiple_of(NOW_AND_THEN) {
            self.inner.write(commit)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<Position> {
        self.write_early()?;
        let synced = self.inner.sync();
        if self.kind == Sabotage::DatabaseCursorFirst && synced.is_err() {
            *locked(&self.ahead) = Some(self.given);
        }
        synced
    }

    fn close(&mut self) -> Result<Position> {
        self.write_early()?;
        self.inner.close()
    }
}
