//! The dates of sitemaps at work: what a reading tells of pages that are known, when it is repeated, and what a visit
//! proves about them. What a date is worth reckons `revisit`; which visits it brings forward, the frontier knows.

use std::time::Duration;

use super::journey::Journey;
use super::judgement::LASTMOD;
use crate::model::{Commit, Dates, Outcome, RequestKind, SiteDates, Timestamp, UrlKey, date_ends};
use crate::revisit::{HARDLY_EVER, Hint, next_reading};
use crate::sitemap::{Sitemap, SitemapKind};

/// Of a site whose dates are hardly ever right, one page in so many is told of.
const SAMPLE: u64 = 16;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Journey {
    /// When the page changed last, as its sitemap said last.
    pub(super) fn listed_at(&self) -> Option<Timestamp> {
        let known = self.before().and_then(|before| before.told.max(before.visit.listed_at));
        known.or_else(|| self.request.meta.get(LASTMOD)?.parse().ok().map(Timestamp))
    }

    /// What sitemaps have said of the page since its last visit.
    pub(super) fn hint(&self) -> Hint {
        self.before().map(|before| Hint::of(before, self.lease.dates)).unwrap_or_default()
    }

    /// Notes what a further visit of a page proves about the dates of its site.
    pub(super) fn prove_dates(&self, commit: &mut Commit) {
        let is_page = self.request.kind != RequestKind::Sitemap;
        if let (Some(before), Some(after), Outcome::Fetched { .. }, true) =
            (self.before(), &commit.revisit, &commit.outcome, is_page)
        {
            commit.dates = self.hint().proof(&before.visit, &after.visit).map(Dates::Proof);
        }
    }

    /// What this sitemap says of pages that are known; `None` when it gives no dates, or visits are not repeated.
    pub(super) fn reading(&self, sitemap: &Sitemap) -> Option<Dates> {
        self.shared.parts.settings.revisits?;
        let before = self.before().map(|before| before.visit.at);
        if sitemap.kind != SitemapKind::UrlSet || !sitemap.entries.iter().any(|entry| entry.lastmod.is_some())
        {
            return None;
        }
        let is_believed = self.trusted().trust.of_moved() >= HARDLY_EVER;
        let mut pages = Vec::new();
        for entry in &sitemap.entries {
            let Some(date) = entry.lastmod else { continue };
            // At first all dates of known pages are news; after that, those since the last reading, and of a day before:
            // many a sitemap is made once a day. What is no news after all does no harm.
            if before.is_none_or(|before| date_ends(date).after(A_DAY) >= before)
                && let Some(key) = self.own_key(&entry.loc)
                && (before.is_some() || self.shared.known.contains(key))
                && (is_believed || key.0.is_multiple_of(SAMPLE))
            {
                pages.push((key, date));
            }
        }
        Some(Dates::Read { before, pages })
    }

    /// The same of one that says it is as it was.
    pub(super) fn reading_unmodified(&self) -> Option<Dates> {
        let before = self.before().filter(|_| self.request.kind == RequestKind::Sitemap)?.visit.at;
        self.lease.dates?;
        Some(Dates::Read { before: Some(before), pages: Vec::new() })
    }

    /// Tells what was read, and reads the sitemap again when that is worth it, if not sooner.
    pub(super) fn tell_dates(&self, dates: Dates, commit: &mut Commit) {
        if let (Some(revisits), Some(revisit)) = (self.shared.parts.settings.revisits, &mut commit.revisit) {
            let threshold = self.shared.thresholds.worth(&self.lease.site);
            let due = next_reading(&revisit.visit, &self.trusted(), threshold, revisits.bounds);
            revisit.due = revisit.due.min(due);
        }
        commit.dates = Some(dates);
    }

    fn trusted(&self) -> SiteDates {
        self.lease.dates.unwrap_or_default()
    }

    /// The fingerprint of a URL of this sitemap's own site; about others it says nothing that is to be believed.
    pub(super) fn own_key(&self, url: &url::Url) -> Option<UrlKey> {
        let identified = self.shared.parts.identity.identify(url)?;
        (identified.site == self.lease.site).then_some(identified.key)
    }
}
