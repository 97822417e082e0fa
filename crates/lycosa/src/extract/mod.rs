//! Extraction: from a parsed page to links, items and records. Pure: no network, no clock, no files.

mod json;
mod record;
mod time;

pub use record::{OutcomeFacts, Outlinks, PAGE_COLUMNS, PageFacts, item_record, outcome_record, page_record};
