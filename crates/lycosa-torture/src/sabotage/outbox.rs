//! An outbox whose cursors are wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lycosa::Result;
use lycosa::model::{BoxFuture, Committed, Cursor, Lsn, Outbox};

use super::Sabotage;
use crate::verdict::locked;

/// See the module.
#[derive(Debug)]
pub(super) struct SabotagedOutbox {
    inner: Arc<dyn Outbox>,
    kind: Sabotage,
    /// Records and positions of commits that were read, to choose a wrong one among them.
    read: Mutex<BTreeMap<Lsn, bool>>,
}

impl SabotagedOutbox {
    pub(super) fn new(inner: Arc<dyn Outbox>, kind: Sabotage) -> Self {
        Self { inner, kind, read: Mutex::default() }
    }
}

impl Outbox for SabotagedOutbox {
    fn read(&self, from: Lsn, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>>> {
        Box::pin(async move {
            let commits = self.inner.read(from, limit).await?;
            locked(&self.read).extend(commits.iter().map(|commit| (commit.lsn, !commit.records.is_empty())));
            Ok(commits)
        })
    }

    fn readable(&self, from: Lsn) -> BoxFuture<'_, ()> {
        self.inner.readable(from)
    }

    fn trim(&self, to: Lsn) -> BoxFuture<'_, Result<()>> {
        // A cursor that is wrong needs the commits it leads to.
        if self.kind == Sabotage::ResumeForgetsCursor {
            return Box::pin(std::future::ready(Ok(())));
        }
        self.inner.trim(to)
    }

    fn cursor(&self, sink: &str) -> Option<Cursor> {
        let cursor = self.inner.cursor(sink)?;
        let lsn = match self.kind {
            Sabotage::ResumeForgetsCursor => Lsn(cursor.lsn.0.saturating_sub(12)),
            Sabotage::OffsetAhead => Lsn(cursor.lsn.0 + 6),
            _ => cursor.lsn,
        };
        Some(Cursor { lsn, ..cursor })
    }

    fn sinks(&self) -> Vec<String> {
        self.inner.sinks()
    }

    fn set_cursor(&self, sink: &str, cursor: Cursor) -> BoxFuture<'_, Result<()>> {
        self.inner.set_cursor(sink, cursor)
    }
}
