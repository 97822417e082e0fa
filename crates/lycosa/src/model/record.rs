//! Records: what a commit makes visible to the sinks.

use std::sync::Arc;

use super::{Lsn, Outcome, RecordId, Timestamp, UrlKey};

/// What a record describes; sinks choose by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// One page: a final 2xx answer.
    Page,
    /// An item that a rule or user code extracted, with the name of its type.
    Item(Arc<str>),
    /// A record that fails its rules, with the name of its item type.
    Reject(Arc<str>),
    /// The outcome of a URL that gave no page (written with `--all-outcomes`).
    Outcome,
}

/// One line of output: an identity and a JSON object, serialised once, at commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// hash(crawl, url key, generation, index): the same if the same visit is committed again.
    pub id: RecordId,
    /// What it describes.
    pub kind: RecordKind,
    /// A JSON object, `{…}`, UTF-8, without line breaks; without `id` and `seq`, which sinks put first.
    pub json: Box<str>,
}

/// Where a commit's records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// In the commit itself.
    Inline(Vec<Record>),
    /// In an immutable segment that was made durable before the commit.
    Segment {
        /// Name of the segment.
        name: Box<str>,
        /// Offset of the first byte.
        offset: u64,
        /// Length in bytes.
        length: u64,
        /// xxh3-64 of those bytes.
        checksum: u64,
    },
}

impl Default for Payload {
    fn default() -> Self {
        Self::Inline(Vec::new())
    }
}

/// One durable commit as its readers see it.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Position in the log: later commits have greater numbers.
    pub lsn: Lsn,
    /// Sequence number of the first record, 0 in the first commit that has one; the others follow without gaps.
    pub first_seq: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// The URL's fingerprint.
    pub key: UrlKey,
    /// What became of the URL.
    pub outcome: Outcome,
    /// Its records, in order.
    pub records: Vec<Record>,
}
