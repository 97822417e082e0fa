//! Items: records taken out of pages, those that fail their rules, and the counts of both.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A record that a rule or user code took out of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name of its type.
    pub kind: Arc<str>,
    /// Its fields, in the order of the rules.
    pub fields: Map<String, Value>,
}

/// A record that fails its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// The name of its item type.
    pub kind: Arc<str>,
    /// Why, one entry a field; at least one.
    pub failures: Vec<FieldFailure>,
    /// What was found all the same.
    pub fields: Map<String, Value>,
}

/// A field for which a record is rejected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldFailure {
    /// Its name, with those of the records around it: `offers.price`.
    pub field: String,
    /// The rule that it fails: `required` when nothing was found, `type` when it could not be converted.
    pub rule: &'static str,
    /// Where the value came from.
    pub source: Option<String>,
    /// The value that could not be converted.
    pub value: Option<String>,
    /// What went wrong, one lower-case sentence.
    pub message: String,
}

/// What became of the items of one type in a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ItemCounts {
    /// The name of the type.
    pub kind: Arc<str>,
    /// Items that were kept.
    pub found: u64,
    /// Records that failed their rules.
    pub rejected: u64,
    /// Records that said what an earlier one of their page did.
    pub repeated: u64,
    /// Its fields in order.
    pub fields: Vec<FieldCounts>,
    /// The records inside its records, at all depths, in the order of their fields.
    pub inner: Vec<InnerCounts>,
}

/// What became of the records inside others.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InnerCounts {
    /// The field that holds them, with those around it: `offers`, `offers.shops`.
    pub name: String,
    /// Records that were kept.
    pub found: u64,
    /// Records that failed their rules.
    pub rejected: u64,
    /// Records that said what an earlier one beside them did.
    pub repeated: u64,
}

/// What became of a field, over all records of its type, rejected ones included.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldCounts {
    /// Its name, with those of the records around it: `offers.price`.
    pub name: String,
    /// It was found.
    pub found: u64,
    /// It has its default.
    pub defaulted: u64,
    /// Nothing was found.
    pub missing: u64,
    /// What was found could not be converted.
    pub failed: u64,
}

impl FieldCounts {
    /// Records in which it has no value, and records at all.
    #[must_use]
    pub fn nulls(&self) -> (u64, u64) {
        let nulls = self.missing + self.failed;
        (nulls, nulls + self.found + self.defaulted)
    }
}
