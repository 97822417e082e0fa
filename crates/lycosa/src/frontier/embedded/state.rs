//! What is kept beside the tables: commits that exporters have not read yet, and how far each has come.

use std::collections::{BTreeMap, VecDeque};

use crate::frontier::tables::Applied;
use crate::model::{Committed, Cursor, Lsn, Timestamp};

/// The end of the log as the outbox shows it.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    pub(crate) commits: VecDeque<Committed>,
    pub(crate) trimmed: Lsn,
    /// What the clock showed at the last snapshot.
    pub(crate) seen: Timestamp,
    pub(crate) cursors: BTreeMap<String, Cursor>,
}

impl Tail {
    /// Keeps a commit for the exporters.
    pub(crate) fn push(&mut self, lsn: Lsn, at: Timestamp, applied: Applied) {
        let Applied { key, outcome, first_seq, records } = applied;
        self.commits.push_back(Committed { lsn, first_seq, at, key, outcome, records });
    }

    /// Lets go of what every exporter has read, at most to here.
    pub(crate) fn trim(&mut self, to: Lsn) {
        let least = self.cursors.values().map(|cursor| cursor.lsn).min().unwrap_or(to).min(to);
        self.trimmed = self.trimmed.max(least);
        while self.commits.front().is_some_and(|commit| commit.lsn <= least) {
            self.commits.pop_front();
        }
    }

    /// Commits after `from` up to `durable`, at most `limit`.
    pub(crate) fn read(&self, from: Lsn, durable: Lsn, limit: usize) -> Vec<Committed> {
        let first = self.commits.partition_point(|commit| commit.lsn <= from);
        let visible = self.commits.iter().skip(first).take_while(|commit| commit.lsn <= durable);
        visible.take(limit).cloned().collect()
    }

    /// Whether there is a commit after `from` up to `durable`.
    pub(crate) fn has(&self, from: Lsn, durable: Lsn) -> bool {
        let first = self.commits.partition_point(|commit| commit.lsn <= from);
        self.commits.get(first).is_some_and(|commit| commit.lsn <= durable)
    }
}
