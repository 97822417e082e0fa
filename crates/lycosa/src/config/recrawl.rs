//! Pages that are visited again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;
use super::inspect::Mistake;
use super::verify::mistake;
use crate::engine::{RevisitRecords, Revisits};
use crate::revisit::Bounds;

/// How pages are visited again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecrawlFields {
    /// Whether pages are visited again, by how often they change, until a budget or an interrupt ends the crawl. Default
    /// false.
    pub on: bool,
    /// The shortest time between two visits to a page: what changes faster is rather a stream than a page. Default 10 m.
    pub min: Span,
    /// The longest time between two visits to a page, so that one that was removed is noticed. Default 30 d.
    pub max: Span,
    /// Which visits after the first are written: `changed` (those that found another content) or `all`. Default `changed`.
    pub records: RecrawlRecordsField,
    /// Whether a crawl with a state folder remembers its pages, so that it can be resumed to visit them again. Default true.
    pub keep: bool,
}

impl Default for RecrawlFields {
    fn default() -> Self {
        let Bounds { min, max } = Bounds::default();
        let records = RecrawlRecordsField::default();
        Self { on: false, min: Span(min), max: Span(max), records, keep: true }
    }
}

impl RecrawlFields {
    /// Whether nothing differs from the default.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Finds a span that ends before it begins.
    pub(super) fn verify(&self, mistakes: &mut Vec<Mistake>) {
        let (min, max) = (self.min, self.max);
        if min.0 > max.0 {
            let message = format!("`recrawl.min` is {min}, which is longer than `recrawl.max`, {max}");
            let hint = "the longest time between two visits (--revisit-max) cannot be less than the shortest (--revisit-min)";
            mistakes.push(mistake(["recrawl".into(), "min".into()], message, hint));
        }
    }

    /// What the engine is told, when pages are visited again or remembered for it.
    pub(super) fn revisits(&self) -> Option<Revisits> {
        let records = match self.records {
            RecrawlRecordsField::Changed => RevisitRecords::Changed,
            RecrawlRecordsField::All => RevisitRecords::All,
        };
        let bounds = Bounds { min: self.min.0, max: self.max.0.max(self.min.0) };
        (self.on || self.keep).then_some(Revisits { bounds, records })
    }
}

/// Which visits after the first are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecrawlRecordsField {
    /// Those that found another content.
    #[default]
    Changed,
    /// All.
    All,
}
