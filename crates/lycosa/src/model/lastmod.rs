//! What the dates of sitemaps told and proved: values that travel between the engine and the frontier.
//!
//! A date is a hint from the site, worth as much as its dates proved right before. What follows for the next visit,
//! `revisit` works out; which visits are to come, the frontier knows.

use std::time::Duration;

use super::{Timestamp, UrlKey};

/// Visits of either kind from which on old ones count half: a site may change its ways.
const MANY: u32 = 64;
/// Time after which what was told before counts half.
const LONG: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Dates without a time of day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Dates with one are in whole seconds.
const SECOND_MS: u64 = 1_000;

/// How often a site's dates proved right, from visits that could tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastmodTrust {
    /// Visits of a page whose date had moved since the visit before.
    pub moved: u32,
    /// How many of them found the change that the date told of, in hundredths: what was changed might have been so
    /// without a date that moved.
    pub confirmed: u32,
    /// Visits that found other content although a sitemap that was read since the change had not moved the date.
    pub missed: u32,
}

/// What a visit said about the date of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateProof {
    /// The date had moved; how likely it is that it told of a change that was found, in hundredths.
    Moved(u8),
    /// It had not, and yet there was a change.
    Missed,
}

impl LastmodTrust {
    /// Notes what a further visit of a page found. Old visits count half after some.
    pub fn note(&mut self, proof: DateProof) {
        match proof {
            DateProof::Moved(hundredths) => {
                self.moved = self.moved.saturating_add(1);
                self.confirmed = self.confirmed.saturating_add(u32::from(hundredths.min(100)));
            }
            DateProof::Missed => self.missed = self.missed.saturating_add(1),
        }
        if self.moved > MANY || self.missed > MANY {
            *self = Self { moved: self.moved / 2, confirmed: self.confirmed / 2, missed: self.missed / 2 };
        }
    }

    /// How likely a page has changed whose date has moved, 0 to 1: the share of moved dates that were right, with one
    /// visit of either kind added, so that a site without visits has one half.
    #[must_use]
    pub fn of_moved(self) -> f64 {
        (self.right() + 1.0) / (f64::from(self.moved) + 2.0)
    }

    /// How likely it is that a change is told, 0 to 1, reckoned likewise.
    #[must_use]
    pub fn of_unmoved(self) -> f64 {
        (self.right() + 1.0) / (self.right() + f64::from(self.missed) + 2.0)
    }

    /// How much dates say altogether: the lesser of both shares.
    #[must_use]
    pub fn share(self) -> f64 {
        self.of_moved().min(self.of_unmoved())
    }

    /// Visits whose change a date told of.
    fn right(self) -> f64 {
        f64::from(self.confirmed) / 100.0
    }
}

/// What a site's sitemaps have said so far; of sites that have none with dates, nothing is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteDates {
    /// How far they can be believed.
    pub trust: LastmodTrust,
    /// When one of them was read last.
    pub read_at: Timestamp,
    /// Sitemaps with dates that were met; one that goes away stays counted.
    pub files: u32,
    /// The time between two readings of the one that is read least often, about.
    pub every: Duration,
    /// What they told that would not have been known without them, in hundredths of changes.
    pub news: u32,
    /// The time in which they did.
    pub watched: Duration,
}

impl SiteDates {
    /// Notes that one was read, when it was read before if that is known, and whether it never was.
    pub fn read(&mut self, now: Timestamp, before: Option<Timestamp>, is_new: bool) {
        if self.read_at.0 > 0 {
            self.watched += now.since(self.read_at);
        }
        if self.watched > LONG {
            (self.watched, self.news) = (self.watched / 2, self.news / 2);
        }
        self.read_at = self.read_at.max(now);
        match before {
            Some(before) => self.every = now.since(before).max(self.every / 16 * 15),
            None if is_new => self.files = self.files.saturating_add(1),
            None => {}
        }
    }

    /// Notes what a visit proved.
    pub fn note(&mut self, proof: DateProof) {
        self.trust.note(proof);
        if let DateProof::Moved(hundredths) = proof {
            self.news = self.news.saturating_add(u32::from(hundredths));
        }
    }

    /// Changes that each of the sitemaps tells in a second, and that would not be known without it. One in a day is assumed
    /// at first.
    #[must_use]
    pub fn news_per_second(&self) -> f64 {
        let watched = self.watched + Duration::from_millis(DAY_MS);
        (f64::from(self.news) / 100.0 + 1.0) / watched.as_secs_f64() / f64::from(self.files.max(1))
    }

    /// The last moment of which all sitemaps have told since.
    #[must_use]
    pub fn told_until(&self) -> Timestamp {
        let every = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX);
        let late = if self.files > 1 { every } else { 0 };
        Timestamp(self.read_at.0.saturating_sub(late))
    }
}

/// What the commit of a lease says about dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dates {
    /// A sitemap with dates was read.
    Read {
        /// When it was read before.
        before: Option<Timestamp>,
        /// Pages of its site whose dates may be later than any known of them, with their dates. The frontier knows
        /// which are; it brings their visits forward.
        pages: Vec<(UrlKey, Timestamp)>,
    },
    /// A page was visited whose date is known.
    Proof(DateProof),
}

/// The last moment that a date can mean: one without a time of day means all of its day.
#[must_use]
pub fn date_ends(date: Timestamp) -> Timestamp {
    let span = if date.0.is_multiple_of(DAY_MS) { DAY_MS } else { SECOND_MS };
    Timestamp(date.0.saturating_add(span - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(proofs: &[DateProof]) -> LastmodTrust {
        let mut trust = LastmodTrust::default();
        proofs.iter().for_each(|proof| trust.note(*proof));
        trust
    }

    #[test]
    fn trust_grows_with_dates_that_were_right_and_falls_with_those_that_were_not() {
        assert!((after(&[]).share() - 0.5).abs() < 1e-9);
        assert!(after(&[DateProof::Moved(100); 20]).share() > 0.9);
        assert!(after(&[DateProof::Moved(0); 20]).of_moved() < 0.1, "dates that move without a change");
        assert!(after(&[DateProof::Missed; 20]).of_unmoved() < 0.1, "changes without a date");
        assert!(after(&[DateProof::Missed; 20]).share() < 0.1);
    }

    #[test]
    fn a_site_that_changes_its_ways_is_believed_again_and_no_longer() {
        let mut trust = after(&[DateProof::Moved(0); 100_000]);
        assert!(trust.of_moved() < 0.05);
        (0..200).for_each(|_| trust.note(DateProof::Moved(100)));
        assert!(trust.share() > 0.8, "{trust:?}");
        (0..200).for_each(|_| trust.note(DateProof::Missed));
        assert!(trust.of_unmoved() < 0.1, "{trust:?}");
    }

    #[test]
    fn of_several_sitemaps_only_what_all_have_told_is_told() {
        let mut dates = SiteDates::default();
        dates.read(Timestamp(1_000), None, true);
        dates.read(Timestamp(9_000), Some(Timestamp(1_000)), false);
        assert_eq!(dates.told_until(), Timestamp(9_000));
        dates.read(Timestamp(9_500), None, true);
        assert_eq!(dates.told_until(), Timestamp(1_500), "the other was read in the last eight seconds");
    }

    #[test]
    fn a_day_is_over_at_its_end() {
        assert_eq!(date_ends(Timestamp(DAY_MS * 3)), Timestamp(DAY_MS * 4 - 1));
        assert_eq!(date_ends(Timestamp(DAY_MS * 3 + 5_000)), Timestamp(DAY_MS * 3 + 5_999));
    }
}
