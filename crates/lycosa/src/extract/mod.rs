//! Extraction: from a parsed page to links, items and records. Pure: no network, no clock, no files.
//!
//! `links` finds where a page leads, `page_links` all that it refers to, `link_header` reads `Link` fields; `rules` takes
//! items out of a page as `lycosa.toml` says, `item` as Rust types say; `content` finds what a page is about; `likeness`
//! tells which pages say the same; `record` writes what is known of a page, an outcome or an item as one line of JSON
//! (`json` and `time` are how);
//! `structured` reads what a page says about itself without rules.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod content;
pub mod item;
mod json;
mod likeness;
mod link_header;
mod links;
mod page_links;
mod record;
pub mod rules;
pub mod structured;
mod time;

pub(crate) use likeness::stands_alone;
pub use likeness::{CAPACITY, Likeness, NEAR_BITS, SeenContent, SeenPage, content_hash, simhash};
pub use link_header::{HeaderLink, header_links};
pub use links::{LinkExtractor, LinkOptions};
pub use page_links::{PageLink, declared_base, page_links};
pub use record::{
    CharsetNotes, OutcomeFacts, Outlinks, PAGE_COLUMNS, PageFacts, PageSays, ParsedAs, item_record,
    outcome_record, page_record, reject_record,
};
