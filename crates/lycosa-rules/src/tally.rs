//! Counts of what became of items and fields, shared by all workers of a crawl.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::field::{FieldKind, FieldPlan};
use super::{FieldCounts, ItemCounts};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) found: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) repeated: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct FieldTally {
    pub(super) found: AtomicU64,
    pub(super) defaulted: AtomicU64,
    pub(super) missing: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Tally {
    pub(super) fn counts(&self, kind: &Arc<str>, fields: &[FieldPlan]) -> ItemCounts {
        let mut counts = Vec::new();
        push_fields("", fields, &mut counts);
        ItemCounts {
            kind: kind.clone(),
            found: read(&self.found),
            rejected: read(&self.rejected),
            repeated: read(&self.repeated),
            fields: counts,
        }
    }
}

fn push_fields(path: &str, fields: &[FieldPlan], counts: &mut Vec<FieldCounts>) {
    for field in fields {
        let name = format!("{path}{}", field.name);
        let tally = &field.tally;
        counts.push(FieldCounts {
            name: name.clone(),
            found: read(&tally.found),
            defaulted: read(&tally.defaulted),
            missing: read(&tally.missing),
            failed: read(&tally.failed),
        });
        if let FieldKind::Records(records) = &field.what {
            push_fields(&format!("{name}."), &records.fields, counts);
        }
    }
}
