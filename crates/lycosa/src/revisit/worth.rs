//! What a visit is worth: the time for which, because of it, what is held of a page is up to date. Seconds.
//!
//! Let `S(u)` be the chance that a page is still as it was at the last visit, `u` later, and `R(u)` the time for which it is
//! expected to have been so. Visiting every `I` keeps the page up to date for `R(I)` of each `I`; one visit more in a long
//! time gains `R(I) − I·S(I)`, which grows with `I`. With a Poisson process of rate λ that is
//! `(1 − (1 + λI)·e^{−λI})/λ`; with a Gamma distribution over λ (shape α, rate β), `S(u) = (1 + u/β)^{−α}`. A page that
//! changes regularly gains nothing before its next change and, right after it, the whole time to the one that follows.

use std::time::Duration;

use super::estimate::gamma;
use crate::model::{Timestamp, Visit};

/// After a regular change is expected, the visit waits so long: dates are in whole seconds.
const MARGIN: f64 = 2.0;
/// Most fractions of a gap that are considered.
const MOST_FRACTIONS: f64 = 6.0;
/// How many times its time between two changes a page that is not worth a visit now waits until it is looked at again.
const LOOK_AGAIN: f64 = 6.0;
/// How much more likely a hit makes regular changes, and a miss less.
const HIT: f64 = 8.0;
const MISS: f64 = 4.0;

/// The shortest and longest time between two visits to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Not sooner, however often it changes. Default 10 minutes: what changes faster is rather a stream than a page, and
    /// even then a request in ten minutes burdens nobody.
    pub min: Duration,
    /// Not later, however seldom it changes. Default 30 days: a page that was moved or removed is noticed by then.
    pub max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min: Duration::from_secs(600), max: Duration::from_secs(30 * 86_400) }
    }
}

/// What a visit at this moment is worth, in seconds of a page that is up to date.
#[must_use]
pub fn worth(visit: &Visit, now: Timestamp) -> f64 {
    Knowledge::of(visit).worth_at(now.since(visit.at).as_secs_f64(), Left::Counts)
}

/// When a page is to be visited next, or looked at again when no visit at any time would be worth as much as
/// `threshold`: after `now`, within the bounds.
#[must_use]
pub fn next_due(visit: &Visit, now: Timestamp, threshold: f64, bounds: Bounds) -> Timestamp {
    let knowledge = Knowledge::of(visit);
    let (min, max) = (bounds.min.as_secs_f64(), bounds.max.max(bounds.min).as_secs_f64());
    let elapsed = now.since(visit.at).as_secs_f64();
    let least = if now > visit.at { elapsed } else { min };
    let wait = if knowledge.worth_at(max, Left::Whole) < threshold {
        knowledge.look_again(elapsed).max(least)
    } else {
        let wait = knowledge.reaches(threshold, least.max(min), max);
        // A regular page that was not worth a visit any more will be after its next change.
        if now > visit.at && wait <= elapsed { knowledge.next_change(elapsed) } else { wait }
    };
    let due = visit.at.after(span(wait.min(max)));
    due.max(Timestamp(now.0.saturating_add(1)))
}

/// For how long a page that has just changed is expected to stay as it is, in seconds.
#[must_use]
pub fn lifetime(visit: &Visit) -> f64 {
    let knowledge = Knowledge::of(visit);
    knowledge.regular * knowledge.gap + (1.0 - knowledge.regular) * knowledge.exposure / knowledge.changes
}

/// The chance that a page has changed so long after its last visit, by all that visits told.
pub(super) fn chance_of_change(visit: &Visit, elapsed: Duration) -> f64 {
    let knowledge = Knowledge::of(visit);
    let grown = elapsed.as_secs_f64() / knowledge.exposure;
    let irregular = -(-knowledge.changes * grown.ln_1p()).exp_m1();
    let since = knowledge.age + elapsed.as_secs_f64();
    // Of the possible gaps between changes, those that are over.
    let (mut over, mut fraction) = (0.0, 1.0);
    while knowledge.regular > 0.0 && fraction <= knowledge.fractions {
        if since >= knowledge.gap / fraction {
            over += 1.0 / knowledge.fractions;
        }
        fraction += 1.0;
    }
    knowledge.regular * over + (1.0 - knowledge.regular) * irregular
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::from_secs(u64::from(u32::MAX)))
}

/// Whether the time to the next regular change is counted as it is now, or as it is right after one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Counts,
    Whole,
}

/// What a visit says, in seconds.
struct Knowledge {
    changes: f64,
    exposure: f64,
    /// The chance that it changes regularly.
    regular: f64,
    gap: f64,
    /// How many fractions of the gap are possible.
    fractions: f64,
    /// Since the last change, at the last visit.
    age: f64,
}

impl Knowledge {
    fn of(visit: &Visit) -> Self {
        let (gap, quiet) = (visit.gap.as_secs_f64(), visit.quiet.as_secs_f64().max(1.0));
        let fractions = (gap / quiet).ceil() - 1.0;
        let possible = visit.changed_at.is_some() && (1.0..=MOST_FRACTIONS).contains(&fractions);
        let (changes, exposure) = gamma(visit);
        let odds = HIT.powi(i32::from(visit.hits)) / MISS.powi(i32::from(visit.misses));
        Self {
            changes,
            exposure,
            regular: if possible { odds / (1.0 + odds) } else { 0.0 },
            gap,
            fractions,
            age: visit.changed_at.map_or(0.0, |changed| visit.at.since(changed).as_secs_f64()),
        }
    }

    /// The worth so long after the last visit.
    fn worth_at(&self, elapsed: f64, left: Left) -> f64 {
        let mut regular = 0.0;
        let mut fraction = 1.0;
        while self.regular > 0.0 && fraction <= self.fractions {
            let period = self.gap / fraction;
            let since = self.age + elapsed - MARGIN;
            if since >= period {
                let spent = if left == Left::Counts { since % period } else { 0.0 };
                regular += (period - spent) / self.fractions;
            }
            fraction += 1.0;
        }
        self.regular * regular + (1.0 - self.regular) * irregular(self.changes, self.exposure, elapsed)
    }

    /// When the worth reaches the threshold, which it does by `max`. It grows with time.
    fn reaches(&self, threshold: f64, min: f64, max: f64) -> f64 {
        if self.worth_at(min, Left::Whole) >= threshold {
            return min;
        }
        let (mut low, mut high) = (min.max(1.0), max);
        // To a thousandth of a second, or as near as numbers go.
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            if high - low < 1e-3 {
                break;
            }
            if self.worth_at(middle, Left::Whole) >= threshold {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// When it is expected to change next.
    fn next_change(&self, elapsed: f64) -> f64 {
        if self.regular > 0.0 {
            let since = (self.age + elapsed - MARGIN).max(0.0);
            return elapsed + self.gap - since % self.gap;
        }
        elapsed + self.exposure / self.changes
    }

    /// When to look again at a page that changes too fast to be worth a visit: right after a change, if one can tell.
    fn look_again(&self, elapsed: f64) -> f64 {
        if self.regular > 0.7 {
            let since = self.age + elapsed;
            return elapsed + LOOK_AGAIN * self.gap - since % self.gap + MARGIN;
        }
        elapsed + LOOK_AGAIN * self.exposure / self.changes
    }
}

/// The worth under a Poisson process whose rate has a Gamma distribution.
fn irregular(shape: f64, scale: f64, elapsed: f64) -> f64 {
    let grown = elapsed / scale;
    let still = (-shape * grown.ln_1p()).exp();
    let expected = if (shape - 1.0).abs() < 1e-9 {
        scale * grown.ln_1p()
    } else {
        scale / (shape - 1.0) * -((1.0 - shape) * grown.ln_1p()).exp_m1()
    };
    (expected - elapsed * still).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(changes: u16, exposure: u64) -> Visit {
        Visit { changes, exposure: Duration::from_secs(exposure), ..Visit::default() }
    }

    #[test]
    fn with_much_known_the_worth_is_that_of_a_poisson_process() {
        let visit = known(30_000, 30_000 * 3_600);
        for elapsed in [60.0, 3_600.0, 36_000.0] {
            let x: f64 = elapsed / 3_600.0;
            let exact = 3_600.0 * (1.0 - (1.0 + x) * (-x).exp());
            let ours = Knowledge::of(&visit).worth_at(elapsed, Left::Whole);
            assert!((ours / exact - 1.0).abs() < 0.01, "{ours} and {exact}");
        }
    }

    #[test]
    fn a_regular_page_is_visited_right_after_its_change_and_left_alone_when_it_is_too_fast() {
        let visit = Visit {
            at: Timestamp(1_000_000_000),
            changed_at: Some(Timestamp(999_000_000)),
            gap: Duration::from_secs(7_200),
            quiet: Duration::from_secs(7_000),
            hits: 6,
            ..known(8, 8 * 3_600)
        };
        let bounds = Bounds { min: Duration::from_secs(60), max: Duration::from_secs(90 * 86_400) };
        let due = next_due(&visit, visit.at, 3_600.0, bounds);
        assert_eq!(due.0 / 1_000, 999_000 + 7_200 + 2);
        let later = next_due(&visit, visit.at, 10_000.0, bounds);
        assert!(later.since(due) > Duration::from_secs(4 * 7_200));
        assert_eq!((later.0 / 1_000 - 999_000) % 7_200, 2, "it is looked at right after another change");
    }

    fn visits() -> impl Strategy<Value = Visit> {
        let spans = (1_u64..1 << 34, 0_u64..1 << 34, 0_u64..1 << 34);
        (1_u16..100, spans, 0_u8..255, 0_u8..255, prop::option::of(0_u64..1 << 50)).prop_map(
            |(changes, (exposure, quiet, gap), hits, misses, changed_at)| Visit {
                at: Timestamp(1 << 50),
                changed_at: changed_at.map(Timestamp),
                quiet: Duration::from_millis(quiet),
                gap: Duration::from_millis(gap),
                hits,
                misses,
                ..known(changes, exposure / 1_000)
            },
        )
    }

    proptest! {
        #[test]
        fn the_worth_grows_and_the_next_visit_lies_within_the_bounds(
            visit in visits(),
            threshold in 0.0_f64..1e8,
            elapsed in 0_u64..1 << 33,
            times in (1_u64..1 << 20, 1_u64..1 << 23),
        ) {
            let bounds = Bounds { min: Duration::from_secs(times.0), max: Duration::from_secs(times.1) };
            let knowledge = Knowledge::of(&visit);
            let seconds = Duration::from_millis(elapsed).as_secs_f64();
            let (less, more) = (knowledge.worth_at(seconds, Left::Whole), knowledge.worth_at(seconds * 2.0 + 1.0, Left::Whole));
            prop_assert!(less.is_finite() && more >= less * (1.0 - 1e-9) - 1e-6, "{} {}", less, more);
            let due = next_due(&visit, visit.at, threshold, bounds);
            let waits = due.since(visit.at);
            prop_assert!(waits >= bounds.min && waits <= bounds.max.max(bounds.min) + Duration::from_millis(1), "{:?}", waits);
            let now = visit.at.after(Duration::from_millis(elapsed));
            prop_assert!(next_due(&visit, now, threshold, bounds) > now);
            prop_assert!(worth(&visit, now) <= less + 1e-6);
        }
    }
}
