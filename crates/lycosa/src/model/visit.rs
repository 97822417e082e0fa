//! What is kept of a page between two visits: when it was seen, how it was seen to change, and how to ask whether it has.
//!
//! What the numbers mean for the next visit, `revisit` works out; here they are only carried.

use std::time::Duration;

use super::Timestamp;

/// A page as its last visit left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// When it was asked for last.
    pub at: Timestamp,
    /// When it changed last, as it says itself (`Last-Modified`), while that is believed.
    pub changed_at: Option<Timestamp>,
    /// Changes counted, that which its first date told of among them.
    pub changes: u16,
    /// The time in which they were counted.
    pub exposure: Duration,
    /// The longest that it was seen without a change; counted from its own date.
    pub quiet: Duration,
    /// A time of which all times between two changes may be multiples; zero when there is none.
    pub gap: Duration,
    /// Changes that came when `gap` said.
    pub hits: u8,
    /// Changes that did not.
    pub misses: u8,
    /// Hash of its content, the part that counts as such.
    pub content: u64,
    /// Its `ETag`, for `If-None-Match`.
    pub etag: Option<Box<str>>,
    /// Its `Last-Modified` as it was sent, for `If-Modified-Since`.
    pub last_modified: Option<Box<str>>,
    /// Visits on which its date told the truth about its content.
    pub dates_right: u8,
    /// Visits on which it did not.
    pub dates_wrong: u8,
    /// Times it said 304 since its content was seen last.
    pub unproven: u8,
    /// Whether it said 304 about content that had changed: it is not asked so any more.
    pub lied: bool,
    /// When it changed last as its sitemap said by then, if it said so.
    pub listed_at: Option<Timestamp>,
}

impl Visit {
    /// Bytes of a validator that are kept; a longer one is not sent back.
    pub const LONGEST_VALIDATOR: usize = 256;
}

/// A visit to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisit {
    /// Not before this moment.
    pub due: Timestamp,
    /// What it will be compared with.
    pub visit: Visit,
    /// A later date that its sitemap has given since that visit.
    pub told: Option<Timestamp>,
    /// It was asked for by hand: it is made whatever it is worth.
    pub by_hand: bool,
    /// What was asked for since that visit was no page: when it is one again, that is a change.
    pub lapsed: bool,
}

impl Revisit {
    /// A visit due at this moment, of whose page no sitemap has said anything since.
    #[must_use]
    pub fn new(due: Timestamp, visit: Visit) -> Self {
        Self { due, visit, told: None, by_hand: false, lapsed: false }
    }

    /// Hears that a sitemap gives the page this date, at this moment; whether that is news, so that the visit is due now.
    /// It is no news when a date as late is known, nor when the date is not after the last visit, which saw that change. A
    /// date that is a day is after no visit of that day: it may tell of what the visit saw.
    pub fn hear(&mut self, date: Timestamp, now: Timestamp) -> bool {
        if self.told.max(self.visit.listed_at).is_some_and(|known| date <= known) {
            return false;
        }
        if date <= self.visit.at {
            self.visit.listed_at = Some(date);
            return false;
        }
        self.told = Some(date);
        self.due = self.due.min(now);
        true
    }
}
