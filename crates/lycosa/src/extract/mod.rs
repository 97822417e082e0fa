//! Extraction: from a parsed page to links, items and records. Pure: no network, no clock, no files.
//!
//! `links` finds where a page leads, `rules` takes items out of it as `lycosa.toml` says, `record` writes what
//! is known of a page, an outcome or an item as one line of JSON (`json` and `time` are how).

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod json;
mod links;
mod record;
pub mod rules;
mod time;

pub use links::{LinkExtractor, LinkOptions};
pub use record::{
    OutcomeFacts, Outlinks, PAGE_COLUMNS, PageFacts, ParsedAs, item_record, outcome_record, page_record,
    reject_record,
};
