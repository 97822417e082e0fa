//! Counts of what became of items and fields, shared by all workers of a crawl.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compile::RecordsPlan;
use super::field::{FieldKind, FieldPlan};
use super::{FieldCounts, InnerCounts, ItemCounts};

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

/// What became of the records of an item type, of those inside them, and of their fields.
pub(super) fn counts(kind: &Arc<str>, plan: &RecordsPlan) -> ItemCounts {
    let mut counts = ItemCounts {
        kind: kind.clone(),
        found: read(&plan.tally.found),
        rejected: read(&plan.tally.rejected),
        repeated: read(&plan.tally.repeated),
        fields: Vec::new(),
        inner: Vec::new(),
    };
    push_fields("", &plan.fields, &mut counts);
    counts
}

fn push_fields(path: &str, fields: &[FieldPlan], counts: &mut ItemCounts) {
    for field in fields {
        let name = format!("{path}{}", field.name);
        let tally = &field.tally;
        counts.fields.push(FieldCounts {
            name: name.clone(),
            found: read(&tally.found),
            defaulted: read(&tally.defaulted),
            missing: read(&tally.missing),
            failed: read(&tally.failed),
        });
        if let FieldKind::Records(records) = &field.what {
            counts.inner.push(InnerCounts {
                name: name.clone(),
                found: read(&records.tally.found),
                rejected: read(&records.tally.rejected),
                repeated: read(&records.tally.repeated),
            });
            push_fields(&format!("{name}."), &records.fields, counts);
        }
    }
}
