//! From a record to bytes: the one switch between the formats.

use super::csv::Table;
use super::jsonl;
use crate::error::Result;
use crate::model::Record;

/// A format of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line (`.jsonl`, `.ndjson`).
    #[default]
    Jsonl,
    /// Comma-separated values with a header line (`.csv`).
    Csv,
}

impl Format {
    /// The usual file name extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// A format with what it needs to know.
#[derive(Clone, Debug)]
pub(super) enum Encoding {
    Jsonl,
    Csv(Table),
}

impl Encoding {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Jsonl => Format::Jsonl,
            Self::Csv(_) => Format::Csv,
        }
    }

    /// What stands before the first record; empty for JSON Lines.
    pub(super) fn header(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let Self::Csv(table) = self {
            table.header(&mut out)?;
        }
        Ok(out)
    }

    /// Adds one record to `out`.
    pub(super) fn record(&self, record: &Record, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Jsonl => {
                jsonl::line(record, seq, out);
                Ok(())
            }
            Self::Csv(table) => table.row(record, seq, out),
        }
    }
}
