//! Visits after the first: whether one is made now, what is asked, what the answer says about the page, and when the next
//! is due. The reckoning is `revisit`'s; here it meets requests, answers and commits.
//!
//! Servers that lie are survived: an `ETag` that is always new costs a body and counts as no change; a 304 that is always
//! given is checked now and then by a request without conditions.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use super::journey::{Arrival, Ending, Journey};
use super::shown::Shown;
use crate::extract::content_hash;
use crate::model::{Commit, Nack, Outcome, Payload, RequestKind, Retry, Revisit, SiteKey, Timestamp};
use crate::revisit::{self, Bounds, Hint, Seen, Threshold};

/// Sites whose threshold is kept; those beyond begin anew where their pages' due times say that they stood.
const MOST_SITES: usize = 1 << 16;

/// Which visits after the first give a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevisitRecords {
    /// Those that found a changed page.
    #[default]
    Changed,
    /// All; of a page that said it was not modified, the outcome is what there is to tell.
    All,
}

/// How pages are visited again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisits {
    /// The shortest and longest time between two visits.
    pub bounds: Bounds,
    /// What is written of them.
    pub records: RevisitRecords,
}

/// What a visit must be worth, by site.
#[derive(Debug, Default)]
pub(super) struct Thresholds(Mutex<HashMap<SiteKey, Threshold>>);

impl Thresholds {
    fn all(&self) -> MutexGuard<'_, HashMap<SiteKey, Threshold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn worth(&self, site: &SiteKey) -> f64 {
        self.all().get(site).copied().unwrap_or_default().worth()
    }

    fn admits(&self, site: &SiteKey, revisit: &Revisit, hint: Hint, now: Timestamp, bounds: Bounds) -> bool {
        let mut all = self.all();
        if all.len() >= MOST_SITES && !all.contains_key(site) {
            all.clear();
        }
        let resumed = || Threshold::resumed(&revisit.visit, revisit.due);
        let threshold = all.entry(site.clone()).or_insert_with(resumed);
        threshold.admits(&revisit.visit, hint, revisit.due, now, bounds)
    }
}

/// A page's content compared with that of its last visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) generation: u32,
    pub(super) changed: bool,
}

impl Journey {
    pub(super) fn before(&self) -> Option<&Revisit> {
        self.lease.request.revisit.as_deref()
    }

    /// A visit that is not worth it now is put off, without a request.
    pub(super) fn put_off(&mut self) -> Option<Ending> {
        let bounds = self.shared.parts.settings.revisits?.bounds;
        let is_first_try = self.lease.request.attempt == 0;
        let revisit = self.before().filter(|revisit| is_first_try && !revisit.by_hand)?;
        let (now, site, hint) = (self.started(), &self.lease.site, self.hint());
        // The clock was set back since the last visit: how long ago that was it cannot say, and this one was due.
        if revisit.visit.at > now {
            return None;
        }
        let is_admitted = self.shared.thresholds.admits(site, revisit, hint, now, bounds);
        // What a sitemap is worth is what it tells of other pages, and was reckoned when it was read.
        if is_admitted || self.request.kind == RequestKind::Sitemap {
            return None;
        }
        let threshold = self.shared.thresholds.worth(site);
        let not_before = hint.next_due(&revisit.visit, now, threshold, bounds);
        self.shared.telemetry.revisited("put_off");
        let retry = Retry { not_before, block_site_until: None, counts: false };
        Some(Ending::Nack(Nack { token: self.lease.token, attempt: None, retry }))
    }

    /// The conditions under which the server need not send the page again (RFC 9110 §13.1.2, §13.1.3).
    pub(super) fn conditions(&self) -> Vec<(Box<str>, Box<str>)> {
        let visit = self.before().map(|revisit| &revisit.visit);
        let Some(visit) = visit.filter(|visit| revisit::is_condition_due(visit)) else { return Vec::new() };
        let fields =
            [(IF_NONE_MATCH, visit.etag.as_ref()), (IF_MODIFIED_SINCE, visit.last_modified.as_ref())];
        let fields =
            fields.into_iter().filter_map(|(name, value)| Some((name.as_str().into(), value?.clone())));
        fields.collect()
    }

    /// Whether this answer says that the page is as it was.
    pub(super) fn is_unmodified(&self, status: u16) -> bool {
        status == 304 && self.before().is_some() && self.shared.parts.settings.revisits.is_some()
    }

    /// The page is as it was: no body, no record unless asked for, and its links of before stay known.
    pub(super) fn unmodified(&mut self, arrival: &Arrival) -> Ending {
        self.note_answer(304, 0, arrival.response.body.wire_bytes());
        self.shared.telemetry.revisited("not_modified");
        let outcome = Outcome::Fetched { status: 304 };
        let records = if self.writes(false) { self.records_of(&outcome) } else { Vec::new() };
        let mut commit = self.fetched_commit(304);
        commit.payload = Payload::Inline(records);
        let seen = Seen { at: self.started(), listed_at: self.listed_at(), ..Seen::default() };
        commit.revisit = self.next_visit(&seen);
        if let Some(reading) = self.reading_unmodified() {
            self.tell_dates(reading, &mut commit);
        }
        Ending::Commit(Box::new(commit), None)
    }

    /// Whether a visit after the first gives records.
    pub(super) fn writes(&self, changed: bool) -> bool {
        let records = self.shared.parts.settings.revisits.map(|revisits| revisits.records);
        changed || records != Some(RevisitRecords::Changed)
    }

    /// What the content was compared with, when the page was visited before; one that is back has changed.
    pub(super) fn compared(&self, content: u64) -> Option<Comparison> {
        let changed = self.before().map(|before| before.visit.content != content || before.lapsed)?;
        self.shared.telemetry.revisited(if changed { "changed" } else { "same" });
        Some(Comparison { generation: self.request.generation, changed })
    }

    /// The visit after one that saw this content with these fields; `None` when none is kept.
    pub(super) fn visit_after(&self, content: u64, headers: &HeaderMap) -> Option<Revisit> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let last_modified = text(LAST_MODIFIED);
        let changed_at = last_modified.and_then(|date| httpdate::parse_http_date(date).ok());
        let since = changed_at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        self.next_visit(&Seen {
            at: self.started(),
            content: Some(content),
            etag: text(ETAG),
            last_modified,
            changed_at: since.map(|since| Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))),
            listed_at: self.listed_at(),
            is_told: self.before().is_some_and(|before| before.told.is_some()),
        })
    }

    fn next_visit(&self, seen: &Seen<'_>) -> Option<Revisit> {
        let bounds = self.shared.parts.settings.revisits?.bounds;
        let visit = match self.before() {
            Some(before) => revisit::again(&before.visit, seen).0,
            None => revisit::first(seen),
        };
        let threshold = self.shared.thresholds.worth(&self.lease.site);
        let due = revisit::next_due(&visit, self.started(), threshold, bounds);
        Some(Revisit::new(due, visit))
    }

    /// A page that was visited before and gave something else this time (a failure, a redirect, a refusal) is asked for
    /// again after twice the time, as what it was.
    pub(super) fn keep_visiting(&self, commit: &mut Commit) {
        let (Some(revisits), Some(before)) = (self.shared.parts.settings.revisits, self.before()) else {
            return;
        };
        if commit.revisit.is_none() {
            let Revisits { bounds: Bounds { min, max }, .. } = revisits;
            let waited = before.due.since(before.visit.at).max(Duration::from_secs(1));
            let due = self.started().after((waited * 2).max(min).min(max.max(min)));
            commit.revisit = Some(Revisit { due, by_hand: false, lapsed: true, ..before.clone() });
        }
    }
}

/// The hash of what counts as a page's content: the words that it shows.
pub(super) fn content_of(shown: &Shown<'_>) -> u64 {
    low_half(content_hash(shown.words().as_bytes()))
}

/// The hash of a body that is compared byte by byte.
pub(super) fn body_hash(body: &[u8]) -> u64 {
    low_half(content_hash(body))
}

fn low_half(hash: u128) -> u64 {
    u64::try_from(hash & u128::from(u64::MAX)).unwrap_or_default()
}
