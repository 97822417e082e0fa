//! What a sink takes and how it treats what is already there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Format;
use crate::model::RecordKind;

/// Which items a sink takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Items {
    /// None.
    #[default]
    None,
    /// Items of every type.
    All,
    /// Items of this type alone.
    Only(Arc<str>),
}

/// Which kinds of record a sink takes; the others pass it by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// Page records.
    pub pages: bool,
    /// Items.
    pub items: Items,
    /// Outcomes of URLs that gave no page.
    pub outcomes: bool,
    /// Records that fail their rules.
    pub rejects: bool,
}

impl Select {
    /// Pages alone: what an output holds when there are no item rules.
    #[must_use]
    pub fn pages() -> Self {
        Self { pages: true, ..Self::default() }
    }

    /// Items of every type: what an output holds when there are item rules.
    #[must_use]
    pub fn items() -> Self {
        Self { items: Items::All, ..Self::default() }
    }

    /// Records that fail their rules alone: what the file beside an output of items holds.
    #[must_use]
    pub fn rejects() -> Self {
        Self { rejects: true, ..Self::default() }
    }

    /// The same choice with outcomes (`--all-outcomes`).
    #[must_use]
    pub fn with_outcomes(self) -> Self {
        Self { outcomes: true, ..self }
    }

    /// Whether a record of this kind is taken.
    #[must_use]
    pub fn takes(&self, kind: &RecordKind) -> bool {
        match kind {
            RecordKind::Page => self.pages,
            RecordKind::Outcome => self.outcomes,
            RecordKind::Reject(_) => self.rejects,
            RecordKind::Item(name) => match &self.items {
                Items::None => false,
                Items::All => true,
                Items::Only(wanted) => wanted == name,
            },
        }
    }
}

/// What happens to a file that is there already when a sink begins (never when it resumes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It is an error unless the file is empty: nothing is lost by accident.
    #[default]
    Refuse,
    /// It is emptied (`--overwrite`).
    Overwrite,
    /// Records go after what it holds (`--append`).
    Append,
    /// It is renamed, `pages.jsonl` to `pages.1.jsonl` or the next free number, and a new one begun (outputs that were
    /// given no name). Parts are refused.
    SetAside,
}

/// How a sink is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkOptions {
    /// Which records it takes. Default: pages.
    pub select: Select,
    /// What to do with a file that is there already. Default: refuse.
    pub existing: Existing,
    /// The format; `None`, the default, reads it off the file name (JSON Lines where there is no extension to
    /// read: standard output, pipes, folders).
    pub format: Option<Format>,
    /// The columns of a CSV after `id` and `seq`: fields of the records, in order. Empty, the default, means
    /// those of a page record; a CSV of items needs them.
    pub columns: Vec<String>,
    /// The columns of each type of item's table in a database, after `id` and `seq`. A type that is not here, and an
    /// empty map, the default, takes the fields of its first record.
    pub item_columns: BTreeMap<Arc<str>, Vec<String>>,
    /// Whether a CSV puts `'` before text that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab
    /// or carriage return first). Off by default: it changes data.
    pub guard_formulas: bool,
    /// Sequence numbers that one part of a folder covers, 1 or more. Default 10,000.
    pub part_size: u64,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self {
            select: Select::pages(),
            existing: Existing::default(),
            format: None,
            columns: Vec::new(),
            item_columns: BTreeMap::new(),
            guard_formulas: false,
            part_size: 10_000,
        }
    }
}
