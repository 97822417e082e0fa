//! What the dates of sitemaps change about visits: how much they are worth, and when the sitemaps are read again.
//!
//! A date that has moved says that the page has changed, as likely as moved dates of its site were right. Visiting a page
//! that has changed gains the whole time until its next change; so the worth is `p·lifetime + (1 − p)·worth without the
//! date`. It is held against the same threshold as that of any visit: a date of a site that is right makes a visit due at
//! once, of one that always lies none, and a page that changes too fast to be kept up is left alone although its date moves.
//!
//! A date that has not moved, in a sitemap that was read since, says that the page has not changed until then, as likely
//! as changes were told before: it counts as that part of a visit. Only what is better than tossing a coin counts, so that
//! a site whose dates never move, of which nothing is known at first, loses nothing.
//!
//! How likely a date is right is learned from visits. That a page had changed when its date has moved proves little when it
//! would have changed without one; so such a visit counts by the chance that the date was the reason, one step of
//! expectation maximisation with a mixture of "the date is right" and "the page changes as it does". A site that gives the
//! present moment as the date of every page is believed less each time, whatever share of its pages has changed meanwhile.
//! (With signals that are never wrong, this is the policy of Kolobov, Peres, Lubetzky and Horvitz, "Optimal freshness
//! crawl under politeness constraints", SIGIR 2019, with complete observations.)

use std::time::Duration;

use super::worth::{Bounds, chance_of_change, lifetime, next_due, worth};
use crate::model::{DateProof, LastmodTrust, Revisit, SiteDates, Timestamp, Visit};

/// Moved dates of a site that were right less often bring visits forward for a sample of its pages alone: enough to
/// notice when it has changed its ways, and no effort for the rest.
pub const HARDLY_EVER: f64 = 0.1;

/// What sitemaps have said of a page since its last visit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hint {
    trust: LastmodTrust,
    /// The later date.
    moved: Option<Timestamp>,
    /// Until when they told that there was none.
    told_until: Option<Timestamp>,
    /// How often they tell.
    every: Duration,
}

impl Hint {
    /// Of a visit to come, at a site whose sitemaps have said so much.
    #[must_use]
    pub fn of(revisit: &Revisit, dates: Option<SiteDates>) -> Self {
        let Some(dates) = dates else { return Self::default() };
        let told_until = revisit.visit.listed_at.map(|_| dates.told_until());
        Self {
            trust: dates.trust,
            moved: revisit.told,
            every: dates.every,
            told_until: told_until.filter(|until| revisit.told.is_none() && *until > revisit.visit.at),
        }
    }

    /// By how much a visit may be late beside what any may: what a sitemap told at once has time until it tells again, half
    /// of it in the mean. `None` when nothing was told.
    pub(super) fn grace(&self) -> Option<Duration> {
        self.moved.map(|_| self.every / 2)
    }

    /// What a visit at this moment is worth, in seconds of a page that is up to date.
    pub(super) fn worth(&self, visit: &Visit, now: Timestamp) -> f64 {
        let without = worth(&self.seen(visit), now);
        if self.moved.is_none() {
            return without;
        }
        let is_right = self.trust.of_moved();
        is_right * lifetime(visit) + (1.0 - is_right) * without
    }

    /// When a page that is not worth a visit now will be, as [`next_due`].
    #[must_use]
    pub fn next_due(&self, visit: &Visit, now: Timestamp, threshold: f64, bounds: Bounds) -> Timestamp {
        let last = visit.at.after(bounds.max.max(bounds.min)).max(Timestamp(now.0.saturating_add(1)));
        next_due(&self.seen(visit), now, threshold, bounds).min(last)
    }

    /// The page as if it had been visited when its sitemap said that it has not changed, as far as that is believed.
    fn seen(&self, visit: &Visit) -> Visit {
        let believed = (2.0 * self.trust.of_unmoved() - 1.0).max(0.0);
        let since = self.told_until.map(|until| until.since(visit.at)).unwrap_or_default();
        Visit { at: visit.at.after(since.mul_f64(believed)), ..visit.clone() }
    }

    /// What a visit proves about the dates of the site: what it knew `before` it, and what it left; `None` when it could
    /// not tell.
    #[must_use]
    pub fn proof(&self, before: &Visit, after: &Visit) -> Option<DateProof> {
        let changed = after.content != before.content;
        let since = after.at.since(before.at);
        if let Some(date) = self.moved {
            // On the day of the visit before, it may tell of what that visit saw.
            if date <= before.at {
                return None;
            }
            let (right, anyway) = (self.trust.of_moved(), chance_of_change(before, since));
            let by_date = right / (right + (1.0 - right) * anyway);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
            let hundredths = (by_date * 100.0).round().clamp(0.0, 100.0) as u8;
            return Some(DateProof::Moved(if changed { hundredths } else { 0 }));
        }
        // Of a site that is hardly ever right most dates are not told to the frontier: nothing was missed.
        let until = self.told_until.filter(|_| changed && self.trust.of_moved() >= HARDLY_EVER)?;
        // Whether it had changed when the sitemap was read: by its own date, or more likely than not.
        let was_told = match after.changed_at {
            Some(changed_at) => changed_at > before.at && changed_at <= until,
            None => until.since(before.at) > since / 2,
        };
        was_told.then_some(DateProof::Missed)
    }
}

/// When a sitemap is worth another reading.
///
/// Reading it every `T` leaves a page that is told stale for `T/2` in the mean, of `Λ` such pages a second; each reading
/// takes the place of a visit, which is worth `threshold`. `Λ·T/2 + threshold/T` is least at `T = √(2·threshold/Λ)`. `Λ`
/// counts what dates told and visits would not have known without them: a sitemap of pages whose changes are foreseen is
/// read as seldom as one that lies.
#[must_use]
pub fn next_reading(visit: &Visit, dates: &SiteDates, threshold: f64, bounds: Bounds) -> Timestamp {
    let (min, max) = (bounds.min.as_secs_f64(), bounds.max.max(bounds.min).as_secs_f64());
    let wait = (2.0 * threshold / dates.news_per_second()).sqrt().clamp(min, max);
    visit.at.after(Duration::try_from_secs_f64(wait).unwrap_or(bounds.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const START: u64 = 1_700_000_000_000;

    fn trust(proofs: &[DateProof]) -> SiteDates {
        let mut dates = SiteDates::default();
        proofs.iter().for_each(|proof| dates.trust.note(*proof));
        dates.read(Timestamp(START + 20 * HOUR), None, true);
        dates
    }

    /// A page of a day's lifetime, visited at the start.
    fn page() -> Visit {
        let at = Timestamp(START);
        Visit {
            at,
            changes: 20,
            exposure: Duration::from_secs(20 * 86_400),
            listed_at: Some(Timestamp(START - 90 * HOUR)),
            ..Visit::default()
        }
    }

    fn worth_after(hours: u64, told: bool, dates: Option<SiteDates>) -> f64 {
        let mut revisit = Revisit::new(Timestamp(START + 100 * HOUR), page());
        if told {
            assert!(revisit.hear(Timestamp(START + HOUR), Timestamp(START + 2 * HOUR)));
            assert_eq!(revisit.due, Timestamp(START + 2 * HOUR));
        }
        Hint::of(&revisit, dates).worth(&revisit.visit, Timestamp(START + hours * HOUR))
    }

    #[test]
    fn a_date_that_moved_makes_a_visit_worth_what_the_site_was_right() {
        let (right, wrong) = (trust(&[DateProof::Moved(100); 60]), trust(&[DateProof::Moved(0); 60]));
        let without = worth_after(2, false, None);
        assert!(without < 1_000.0, "two hours of a day: {without}");
        assert!(worth_after(2, true, Some(right)) > 80_000.0, "a day");
        assert!(worth_after(2, true, Some(wrong)) < without + 3_000.0, "hardly more");
        let unknown = worth_after(2, true, Some(trust(&[])));
        assert!((40_000.0..50_000.0).contains(&unknown), "half a day: {unknown}");
    }

    #[test]
    fn a_date_that_stood_still_counts_as_a_visit_where_changes_are_told_and_as_nothing_elsewhere() {
        let (right, silent) = (trust(&[DateProof::Moved(100); 60]), trust(&[DateProof::Missed; 60]));
        let without = worth_after(24, false, None);
        assert!(worth_after(24, false, Some(right)) < without / 10.0, "four hours rather than a day");
        for dates in [silent, trust(&[])] {
            assert!((worth_after(24, false, Some(dates)) - without).abs() < 1e-6);
        }
        let bounds = Bounds::default();
        let revisit = Revisit::new(Timestamp(START), page());
        let due = |dates| {
            Hint::of(&revisit, dates).next_due(&page(), Timestamp(START + 21 * HOUR), 20_000.0, bounds)
        };
        assert!(due(Some(right)).since(due(None)) > Duration::from_secs(15 * 3_600));
        assert!(due(Some(right)).since(page().at) <= bounds.max);
    }

    #[test]
    fn a_visit_counts_by_the_chance_that_the_date_was_the_reason() {
        let mut told = Revisit::new(Timestamp(START), page());
        told.hear(Timestamp(START + HOUR), Timestamp(START + HOUR));
        let hint = Hint::of(&told, Some(trust(&[])));
        let after = |hours: u64, content| Visit { at: Timestamp(START + hours * HOUR), content, ..page() };
        assert_eq!(hint.proof(&page(), &after(2, 0)), Some(DateProof::Moved(0)));
        let at = |hours| match hint.proof(&page(), &after(hours, 1)) {
            Some(DateProof::Moved(hundredths)) => hundredths,
            other => panic!("{other:?}"),
        };
        assert!(at(1) > 90, "a page of a day has hardly changed in an hour but for what the date says");
        assert!((50..60).contains(&at(24 * 20)), "in twenty days it has in any case: nothing is learned");
        let silent = Hint::of(&Revisit::new(Timestamp(START), page()), Some(trust(&[])));
        assert_eq!(silent.proof(&page(), &after(24, 0)), None, "nor was there anything to tell");
        assert_eq!(silent.proof(&page(), &after(24, 1)), Some(DateProof::Missed));
        assert_eq!(silent.proof(&page(), &after(24 * 4, 1)), None, "it may have changed since");
        let dated = |hours: u64| Visit { changed_at: Some(Timestamp(START + hours * HOUR)), ..after(24, 1) };
        assert_eq!(silent.proof(&page(), &dated(19)), Some(DateProof::Missed));
        assert_eq!(silent.proof(&page(), &dated(21)), None, "after the sitemap was read");
    }

    #[test]
    fn dates_that_are_always_now_come_to_be_worth_nothing_however_many_pages_change() {
        let mut state = 7_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for (hours, right) in [(3, false), (24, false), (72, false), (3, true), (24, true), (72, true)] {
            let mut dates = trust(&[]);
            for _ in 0..2_000 {
                let mut told = Revisit::new(Timestamp(START), page());
                told.hear(Timestamp(START + HOUR), Timestamp(START + HOUR));
                let anyway = chance_of_change(&page(), Duration::from_secs(hours * 3_600));
                let changed = right || f64::from(u32::try_from(draw() % 1_000).unwrap()) < anyway * 1_000.0;
                let after =
                    Visit { at: Timestamp(START + hours * HOUR), content: u64::from(changed), ..page() };
                dates.trust.note(Hint::of(&told, Some(dates)).proof(&page(), &after).unwrap());
            }
            let share = dates.trust.of_moved();
            println!("after {hours} h, right {right}: {share:.2}");
            assert!(if right { share > 0.9 } else { share < 0.35 }, "{hours} {right}: {share}");
        }
    }

    #[test]
    fn a_sitemap_is_read_so_often_as_it_tells_news_and_visits_are_cheap() {
        let bounds = Bounds { min: Duration::from_secs(60), max: Duration::from_secs(90 * 86_400) };
        let wait = |news: u32, threshold| {
            let dates = SiteDates { news, watched: Duration::from_secs(86_400), ..trust(&[]) };
            next_reading(&page(), &dates, threshold, bounds).since(page().at).as_secs()
        };
        assert!((4_100..4_200).contains(&wait(1_900, 1_000.0)), "ten a day: {}", wait(1_900, 1_000.0));
        assert!(wait(190_000, 1_000.0) < wait(1_900, 1_000.0) / 9);
        assert!(wait(0, 1_000.0) > wait(1_900, 1_000.0) * 4);
        assert!(wait(1_900, 100_000.0) > wait(1_900, 1_000.0) * 9);
        assert_eq!(wait(u32::MAX, 1.0), 60);
    }
}
