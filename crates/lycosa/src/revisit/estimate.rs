//! What visits tell about a page.
//!
//! The rate of change is that of a Poisson process, with a Gamma distribution over it: `changes` events in `exposure`. An
//! unchanged page adds the time since the last visit. A changed one whose date is believed adds one event and the time
//! back to that date (Cho and Garcia-Molina, "Estimating frequency of change", ACM TOIT 2003, §5: looked at backwards in
//! time, the process is the same and its first event is seen). Without a date, the time back to the last change is the
//! expected one given that there was a change, `1/λ − I/(e^{λI} − 1)`: one step of expectation maximisation, whose fixed
//! point is the maximum likelihood estimate for irregular visits (ibid., §4.2), and the
//! tests hold it against their estimator without bias.
//!
//! Beside it stands the guess that the page changes regularly: that all times between its changes are multiples of one
//! `gap`. Dates alone are exact enough for it.

use std::time::Duration;

use crate::model::{Timestamp, Visit};

/// Changes after which old ones count half: a page may change its ways.
const MOST_CHANGES: u16 = 32;
/// Time that a page nobody knows is expected to stay as it is.
const EXPECTED: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest exposure that counts.
const LEAST_EXPOSURE: Duration = Duration::from_secs(30);
/// Dates are in whole seconds: two of them are this far off, at most, and each multiple a second more.
const ROUNDING: Duration = Duration::from_secs(2);
/// The shortest gap that can be told from rounding.
const LEAST_GAP: Duration = Duration::from_secs(10);
/// Hits from which on old ones count half.
const MOST_HITS: u8 = 8;
/// Answers 304 in a row after which the page is asked for whole, to see whether they were true.
const PROOF_AFTER: u8 = 8;

/// What a visit saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// When.
    pub at: Timestamp,
    /// The hash of the content; `None` when the answer was 304.
    pub content: Option<u64>,
    /// The `ETag`.
    pub etag: Option<&'a str>,
    /// The `Last-Modified`, as sent.
    pub last_modified: Option<&'a str>,
    /// The same, read.
    pub changed_at: Option<Timestamp>,
    /// When its sitemap says it changed last: a day, mostly, and only a first idea of its age.
    pub listed_at: Option<Timestamp>,
    /// Whether the visit was made because that date has moved.
    pub is_told: bool,
}

impl Seen<'_> {
    /// The date, unless it lies in the future, which no change does.
    fn date(&self) -> Option<Timestamp> {
        self.changed_at.filter(|at| *at <= self.at)
    }

    fn validators(&self) -> (Option<Box<str>>, Option<Box<str>>) {
        let keep = |text: Option<&str>| {
            text.filter(|text| !text.is_empty() && text.len() <= Visit::LONGEST_VALIDATOR).map(Box::from)
        };
        (keep(self.etag), keep(self.last_modified))
    }
}

/// A page that is seen for the first time. A date that it gives, or its sitemap, counts as one change seen backwards;
/// without one, it is expected to change once a day.
#[must_use]
pub fn first(seen: &Seen<'_>) -> Visit {
    let listed = seen.listed_at.filter(|at| *at <= seen.at);
    let age = seen.date().or(listed).map(|changed| seen.at.since(changed));
    let (etag, last_modified) = seen.validators();
    Visit {
        at: seen.at,
        changed_at: seen.date(),
        changes: u16::from(age.is_some()),
        exposure: age.unwrap_or_default(),
        quiet: seen.date().map(|changed| seen.at.since(changed)).unwrap_or_default(),
        content: seen.content.unwrap_or_default(),
        etag,
        last_modified,
        listed_at: listed,
        ..Visit::default()
    }
}

/// Shape and rate (in seconds) of the Gamma distribution over a page's rate of change. One that was never seen to change is
/// expected to do so within a day.
pub(super) fn gamma(visit: &Visit) -> (f64, f64) {
    let prior = if visit.changes == 0 { EXPECTED } else { Duration::ZERO };
    let exposure = visit.exposure.saturating_add(prior).max(LEAST_EXPOSURE);
    (f64::from(visit.changes.max(1)), exposure.as_secs_f64())
}

/// A page that is seen again, and whether its content has changed.
#[must_use]
pub fn again(before: &Visit, seen: &Seen<'_>) -> (Visit, bool) {
    let mut visit = before.clone();
    // Even when the clock was set back: what follows is planned from there.
    visit.at = seen.at;
    visit.listed_at = seen.listed_at.or(before.listed_at);
    let Some(content) = seen.content else {
        visit.unproven = visit.unproven.saturating_add(1);
        unchanged(&mut visit, before);
        return (visit, false);
    };
    let changed = content != before.content;
    let (etag, last_modified) = seen.validators();
    let same_validators = etag == before.etag && last_modified == before.last_modified;
    // Its content changed behind validators that stayed the same, so its answers 304 were worth nothing.
    visit.lied |= changed && same_validators && (etag.is_some() || last_modified.is_some());
    (visit.etag, visit.last_modified, visit.unproven, visit.content) = (etag, last_modified, 0, content);
    let date = believed_date(&mut visit, before, seen, changed);
    if changed {
        has_changed(&mut visit, before, date, seen.is_told);
    } else {
        visit.changed_at = date.and(before.changed_at);
        unchanged(&mut visit, before);
    }
    if visit.changes > MOST_CHANGES {
        (visit.changes, visit.exposure) = (visit.changes / 2, visit.exposure / 2);
    }
    (visit, changed)
}

/// Whether the next request may be conditional. Now and then it is not, since only the content proves that answers 304
/// are true; and never again once they were not.
#[must_use]
pub fn is_condition_due(visit: &Visit) -> bool {
    !visit.lied && visit.unproven < PROOF_AFTER
}

/// Compares what the date says with what the content did; the date while it is believed.
fn believed_date(visit: &mut Visit, before: &Visit, seen: &Seen<'_>, changed: bool) -> Option<Timestamp> {
    let date = seen.date()?;
    if let Some(known) = before.changed_at {
        // A change since the last visit has a date since the last visit, and no change has the same date as ever.
        let is_right = if changed { date > known && is_after(date, before.at) } else { date == known };
        let count = if is_right { &mut visit.dates_right } else { &mut visit.dates_wrong };
        *count = count.saturating_add(1);
        if *count == u8::MAX {
            (visit.dates_right, visit.dates_wrong) = (visit.dates_right / 2, visit.dates_wrong / 2);
        }
    }
    let believed = u16::from(visit.dates_right) >= 4 * u16::from(visit.dates_wrong);
    believed.then_some(date)
}

/// Whether a date can be later than a moment, whole seconds as it is.
fn is_after(date: Timestamp, moment: Timestamp) -> bool {
    date.after(ROUNDING) > moment
}

fn unchanged(visit: &mut Visit, before: &Visit) {
    visit.exposure = visit.exposure.saturating_add(visit.at.since(before.at));
    let Some(changed_at) = visit.changed_at else {
        (visit.gap, visit.quiet) = (Duration::ZERO, Duration::ZERO);
        return;
    };
    let quiet = visit.at.since(changed_at);
    if !visit.gap.is_zero() && quiet > visit.gap + ROUNDING * 2 + visit.gap / 50 {
        // It should have changed by now.
        (visit.misses, visit.gap) = (visit.misses.saturating_add(1), Duration::ZERO);
    }
    visit.quiet = visit.quiet.max(quiet);
}

fn has_changed(visit: &mut Visit, before: &Visit, date: Option<Timestamp>, is_told: bool) {
    let since = visit.at.since(before.at);
    let back = match date {
        // It was made because of the change, soon after it: looking back from there would find changes everywhere. All
        // the time since the visit before was watched, and this was what happened.
        _ if is_told => since,
        Some(date) => visit.at.since(date).min(since),
        None => expected_back(before, since),
    };
    visit.changes = visit.changes.saturating_add(1);
    visit.exposure = visit.exposure.saturating_add(back);
    match (before.changed_at, date) {
        (Some(known), Some(date)) if date > known => gap_seen(visit, date.since(known), visit.at.since(date)),
        _ => (visit.gap, visit.quiet) = (Duration::ZERO, Duration::ZERO),
    }
    visit.changed_at = date;
}

/// The expected time back to the last change, given that there was one in this time.
fn expected_back(before: &Visit, since: Duration) -> Duration {
    let (changes, exposure) = gamma(before);
    let mean = exposure / changes;
    let since = since.as_secs_f64();
    let ratio = since / mean;
    // Close to nothing the difference of two large numbers loses all its digits; the limit is half the time.
    let back = if ratio < 1e-3 { since / 2.0 } else { mean - since / ratio.exp_m1() };
    Duration::try_from_secs_f64(back.max(0.0)).unwrap_or_default()
}

/// Two changes were this far apart, with others between them perhaps; the page has been quiet for a while since.
fn gap_seen(visit: &mut Visit, apart: Duration, quiet: Duration) {
    let fits = (!visit.gap.is_zero()).then(|| multiple_of(apart, visit.gap)).flatten();
    if let Some((_, gap)) = fits {
        visit.hits = visit.hits.saturating_add(1);
        // The more hits, the less one more date moves it.
        let weight = u32::from(visit.hits.min(MOST_HITS)) + 1;
        visit.gap = (visit.gap * (weight - 1) + gap) / weight;
    } else if let Some(gap) = common_gap(apart, visit.gap).filter(|gap| is_possible(*gap, visit.quiet)) {
        (visit.gap, visit.hits) = (gap, visit.hits.saturating_add(1));
    } else {
        let contradicts = !visit.gap.is_zero() || !is_possible(apart, visit.quiet);
        if contradicts {
            (visit.misses, visit.quiet) = (visit.misses.saturating_add(1), Duration::ZERO);
        }
        visit.gap = apart;
    }
    visit.quiet = visit.quiet.max(quiet);
    if visit.hits > MOST_HITS {
        (visit.hits, visit.misses) = (visit.hits / 2, visit.misses / 2);
    }
}

/// Whether a page that was once quiet for so long can change so often.
fn is_possible(gap: Duration, quiet: Duration) -> bool {
    gap >= LEAST_GAP && gap + ROUNDING + gap / 50 >= quiet
}

/// How many times `gap` this is, if it is a multiple, and what `gap` is by it.
fn multiple_of(apart: Duration, gap: Duration) -> Option<(u32, Duration)> {
    let times = (apart.as_secs_f64() / gap.as_secs_f64()).round();
    if !(1.0..1e6).contains(&times) {
        return None;
    }
    let off = (apart.as_secs_f64() - times * gap.as_secs_f64()).abs();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 1,000,000")]
    let count = times as u32;
    (off <= ROUNDING.as_secs_f64() + times.min(gap.as_secs_f64() / 50.0)).then(|| (count, apart / count))
}

/// The greatest common divisor of two times, as far as rounding lets it be told.
fn common_gap(one: Duration, other: Duration) -> Option<Duration> {
    let (mut large, mut small) = (one.max(other), one.min(other));
    let tolerance = ROUNDING + Duration::from_secs(1);
    // Each two rounds halve the numbers, as in Euclid's.
    for _ in 0..128 {
        if small <= tolerance {
            return (large >= LEAST_GAP).then_some(large);
        }
        let times = large.as_millis() / small.as_millis().max(1);
        let taken = small.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX));
        let rest = large.saturating_sub(taken);
        let rest = if small.saturating_sub(rest) <= tolerance { Duration::ZERO } else { rest };
        (large, small) = (small, rest);
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn at(hours: u64) -> Timestamp {
        Timestamp(1_700_000_000_000 + hours * HOUR)
    }

    fn dated(hours: u64, content: u64, changed: u64) -> Seen<'static> {
        Seen { at: at(hours), content: Some(content), changed_at: Some(at(changed)), ..Seen::default() }
    }

    fn bare(hours: u64, content: u64) -> Seen<'static> {
        Seen { at: at(hours), content: Some(content), ..Seen::default() }
    }

    fn rate_per_hour(visit: &Visit) -> f64 {
        let (changes, exposure) = gamma(visit);
        changes / exposure * 3_600.0
    }

    #[test]
    fn regular_dates_give_the_gap_although_changes_were_missed() {
        // It changes every 5 hours, at 0, 5, 10, …
        let mut visit = first(&dated(3, 0, 0));
        for now in [11, 26, 31, 36] {
            (visit, _) = again(&visit, &dated(now, now / 5, now / 5 * 5));
        }
        assert_eq!(visit.gap, Duration::from_secs(5 * 3_600));
        assert!(visit.hits >= 2 && visit.misses == 0, "{visit:?}");
    }

    #[test]
    fn a_page_that_stops_changing_is_no_longer_called_regular() {
        let mut visit = first(&dated(1, 0, 0));
        for now in [6, 11, 16] {
            (visit, _) = again(&visit, &dated(now, now / 5, now / 5 * 5));
        }
        assert!(!visit.gap.is_zero());
        (visit, _) = again(&visit, &dated(40, 3, 15));
        assert_eq!((visit.gap, visit.misses), (Duration::ZERO, 1));
    }

    #[test]
    fn a_date_that_is_always_now_is_not_believed_for_long() {
        let mut visit = first(&dated(0, 7, 0));
        for now in 1..6 {
            (visit, _) = again(&visit, &dated(now, 7, now));
        }
        assert_eq!(visit.changed_at, None, "{visit:?}");
        assert_eq!(visit.changes, 1, "the one its first date told of");
    }

    #[test]
    fn the_date_of_a_sitemap_is_a_first_idea_and_no_more() {
        let seen = Seen { listed_at: Some(at(0)), ..bare(240, 1) };
        let visit = first(&seen);
        assert!((rate_per_hour(&visit) * 240.0 - 1.0).abs() < 1e-9 && visit.changed_at.is_none());
        let future = first(&Seen { listed_at: Some(at(300)), ..seen });
        assert_eq!(future, first(&bare(240, 1)));
    }

    #[test]
    fn after_the_clock_was_set_back_visits_are_planned_from_what_it_shows() {
        let (visit, changed) = again(&first(&bare(240, 1)), &bare(3, 2));
        assert!(changed && visit.at == at(3), "{visit:?}");
        assert_eq!(visit.exposure, Duration::ZERO, "and no time has passed");
        let (visit, _) = again(&visit, &bare(5, 2));
        assert_eq!(visit.exposure, Duration::from_secs(2 * 3_600));
    }

    #[test]
    fn a_new_tag_on_old_content_is_no_change_and_an_old_tag_on_new_content_a_lie() {
        let seen = |hours, content, tag| Seen { etag: Some(tag), ..bare(hours, content) };
        let visit = first(&seen(0, 1, "a"));
        let (visit, changed) = again(&visit, &seen(1, 1, "b"));
        assert!(!changed && is_condition_due(&visit));
        let (visit, changed) = again(&visit, &seen(2, 2, "b"));
        assert!(changed && !is_condition_due(&visit));
    }

    #[test]
    fn answers_304_must_be_proven_now_and_then() {
        let mut visit = first(&bare(0, 1));
        for hours in 1..=u64::from(PROOF_AFTER) {
            assert!(is_condition_due(&visit));
            (visit, _) = again(&visit, &Seen { at: at(hours), ..Seen::default() });
        }
        assert!(!is_condition_due(&visit));
        let (visit, _) = again(&visit, &bare(20, 1));
        assert!(is_condition_due(&visit), "it told the truth");
    }

    /// Cho and Garcia-Molina's estimator for regular visits, with their correction of its bias.
    fn bias_corrected(visits: f64, changed: f64) -> f64 {
        -((visits - changed + 0.5) / (visits + 0.5)).ln()
    }

    #[test]
    fn without_dates_the_estimate_is_near_the_published_one() {
        for share in [1_u64, 3, 5, 8] {
            let mut visit = first(&bare(0, 0));
            let (mut content, mut changed) = (0, 0);
            for now in 1..=24_u64 {
                if now * share / 10 != (now - 1) * share / 10 {
                    (content, changed) = (now, changed + 1);
                }
                (visit, _) = again(&visit, &bare(now, content));
            }
            let published = bias_corrected(24.0, f64::from(changed));
            let ours = rate_per_hour(&visit);
            assert!((ours / published - 1.0).abs() < 0.3, "{changed} of 24: {ours} and {published}");
        }
    }

    proptest! {
        #[test]
        fn no_history_breaks_it(
            steps in prop::collection::vec((0_u64..2_000_000_000, 0_u64..3, prop::option::of(0_u64..u64::MAX)), 1..60)
        ) {
            let mut now = 0_u64;
            let mut visit = first(&Seen { at: Timestamp(0), content: Some(0), ..Seen::default() });
            for (after, content, date) in steps {
                now += after;
                let content = (content < 2).then_some(content);
                let seen = Seen { at: Timestamp(now), content, changed_at: date.map(|date| Timestamp(date % (now * 2 + 1))), ..Seen::default() };
                let (next, changed) = again(&visit, &seen);
                prop_assert_eq!(changed, content.is_some_and(|content| content != visit.content));
                let (changes, exposure) = gamma(&next);
                prop_assert!(changes >= 1.0 && exposure >= 30.0);
                prop_assert!(next.gap.is_zero() || next.changed_at.is_some());
                visit = next;
            }
        }
    }
}
