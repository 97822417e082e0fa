//! How long a site rests: after failures in a row, when it is overloaded, and after it kept the crawler out.

use std::time::Duration;

use crate::model::{Attempt, Patience};

/// Rests after a refusal do not grow beyond this, unless the site itself asks for more: a site that blocks for good
/// must not hold the crawl for days.
pub const LONGEST_REFUSAL: Duration = Duration::from_secs(60);

/// The first rest of a site that is overloaded. Shorter than that of one that fails: most such moments are.
pub const FIRST_OVERLOAD: Duration = Duration::from_secs(5);

/// Pages turned away in a row, for a time that was not said, after which their site is overloaded. Fewer than the
/// failures of [`Patience`]: whoever says so is believed sooner. A few pages that always say so may be broken.
pub const OVERLOADS: u32 = 5;

/// What is noted as the failure of an answer that said itself when to come again.
pub const ASKED: &str = "retry_after";

/// The same of one that said: at once.
pub const INVITED: &str = "retry_at_once";

/// What is noted as the failure of an answer that turned a request away and asked for so long a rest.
#[must_use]
pub fn asked_for(rest: Duration) -> &'static str {
    if rest.is_zero() { INVITED } else { ASKED }
}

/// What a request says of whether its site works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answered, be it with 404.
    Works,
    /// It did not answer.
    Unreachable,
    /// It answered with 5xx.
    Fails,
    /// It turned the request away (429, 503) and did not say for how long.
    Overloaded,
    /// It turned the request away and said for how long ([`ASKED`]).
    Asks,
    /// It turned the request away and said to come again at once ([`INVITED`]).
    Invites,
    /// Nothing: the request ended on this side of it.
    Neither,
}

impl Sign {
    /// Whether the request was in vain, and may be had another time.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Unreachable | Self::Fails | Self::Overloaded | Self::Asks | Self::Invites)
    }

    /// Whether it turned the request away.
    #[must_use]
    pub fn turns_away(self) -> bool {
        matches!(self, Self::Overloaded | Self::Asks | Self::Invites)
    }

    /// Whether this counts against the site. An answer to a URL that was tried before says nothing new; a site that asks
    /// for a rest gets it, and it counts when it asks again after it `had_rest`, all that it asked for; at a trial after a
    /// rest of its breaker every answer decides.
    #[must_use]
    pub fn counts(self, tried_before: bool, is_trial: bool, had_rest: bool) -> bool {
        match self {
            Self::Works | Self::Neither => false,
            Self::Unreachable => true,
            Self::Fails | Self::Overloaded => is_trial || !tried_before,
            Self::Asks => is_trial || (had_rest && !tried_before),
            Self::Invites => is_trial,
        }
    }
}

/// What an attempt says of its site.
#[must_use]
pub fn sign_of(attempt: &Attempt) -> Sign {
    match (attempt.status, attempt.failure.as_deref()) {
        (Some(429 | 503), Some(failure)) if failure == ASKED => Sign::Asks,
        (Some(429 | 503), Some(failure)) if failure == INVITED => Sign::Invites,
        (Some(429 | 503), _) => Sign::Overloaded,
        (Some(500..=599), _) => Sign::Fails,
        (Some(_), _) => Sign::Works,
        (None, Some(failure)) => sign_of_failure(failure),
        (None, None) => Sign::Neither,
    }
}

/// What a failure says of its site, by its kind, and perhaps its phase after a slash.
#[must_use]
pub fn sign_of_failure(failure: &str) -> Sign {
    let kind = failure.split('/').next().unwrap_or(failure);
    // Failures of a proxy are not the site's; a refused tunnel may be either's, and a dead host is met so.
    let is_the_sites =
        matches!(kind, "resolve" | "connect" | "disconnected" | "tls" | "protocol" | "timeout" | "tunnel");
    if is_the_sites { Sign::Unreachable } else { Sign::Neither }
}

/// The rest number `rests` (1 the first) of a breaker, which opened because the site was `overloaded` or failed: doubling,
/// bounded, and a quarter more or less by `chance`, so that sites that went down together do not come back at one moment.
#[must_use]
pub fn breaker_rest(patience: &Patience, overloaded: bool, rests: u32, chance: u64) -> Duration {
    let part = u32::try_from(chance & 0xFFFF).unwrap_or(0);
    usual_rest(patience, overloaded, rests).mul_f64(0.75 + f64::from(part) / 131_072.0)
}

fn usual_rest(patience: &Patience, overloaded: bool, rests: u32) -> Duration {
    let factor = 1_u32.checked_shl(rests.saturating_sub(1)).unwrap_or(u32::MAX);
    let (first, most) = if overloaded {
        (FIRST_OVERLOAD.min(patience.first), patience.first)
    } else {
        (patience.first, patience.most)
    };
    first.saturating_mul(factor).min(most)
}

/// How long so many rests of a site take that is overloaded: rests that a site asks for must have taken as long to count
/// as so many.
#[must_use]
pub fn overload_time(patience: &Patience, rests: u32) -> Duration {
    (1..=rests).fold(Duration::ZERO, |sum, rest| sum.saturating_add(usual_rest(patience, true, rest)))
}

/// The rest after refusal number `in_a_row` (1 the first) of a site that asks for `asked`.
#[must_use]
pub fn refusal_rest(asked: Duration, in_a_row: u32) -> Duration {
    let factor = 1_u32.checked_shl(in_a_row.saturating_sub(1)).unwrap_or(u32::MAX);
    asked.saturating_mul(factor).min(LONGEST_REFUSAL).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_of_a_breaker_double_up_to_a_bound_and_are_spread() {
        let patience = Patience::default();
        let failing = [(1, 60.0), (2, 120.0), (6, 1_920.0), (7, 3_600.0), (40, 3_600.0)];
        let overloaded = [(1, 5.0), (2, 10.0), (4, 40.0), (5, 60.0), (40, 60.0)];
        for (is_overloaded, table) in [(false, failing), (true, overloaded)] {
            for (rests, seconds) in table {
                let rest =
                    |chance| breaker_rest(&patience, is_overloaded, rests, chance).as_secs_f64() / seconds;
                let spread = (0.75..0.751).contains(&rest(0)) && (1.249..1.25).contains(&rest(0xFFFF));
                assert!(spread, "{rests}");
            }
        }
    }

    #[test]
    fn an_overloaded_site_is_waited_for_minutes_and_one_that_fails_hours() {
        let patience = Patience::default();
        let minutes = |overloaded| {
            let rests = 1..=patience.rests;
            rests.map(|rest| breaker_rest(&patience, overloaded, rest, 0x8000).as_secs_f64()).sum::<f64>()
                / 60.0
        };
        assert!((180.0..186.0).contains(&minutes(false)), "{}", minutes(false));
        assert!((5.0..5.5).contains(&minutes(true)), "{}", minutes(true));
        assert_eq!(
            [0, 1, 2, 5, 8].map(|rests| overload_time(&patience, rests).as_secs()),
            [0, 5, 15, 135, 315]
        );
    }

    #[test]
    fn refusals_in_a_row_double_the_rest_and_what_the_site_asks_for_counts() {
        let rest = |asked, in_a_row| refusal_rest(Duration::from_secs(asked), in_a_row).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 60].map(|in_a_row| rest(5, in_a_row)), [5, 10, 20, 40, 60, 60]);
        assert_eq!(rest(3_600, 7), 3_600);
    }

    #[test]
    fn dead_sites_are_told_from_broken_pages_and_from_our_own_trouble() {
        let of_status = |status| sign_of(&Attempt { status: Some(status), ..Attempt::default() });
        assert_eq!([200, 404, 403, 301].map(of_status), [Sign::Works; 4]);
        assert_eq!([500, 502, 504, 599].map(of_status), [Sign::Fails; 4]);
        assert_eq!([429, 503].map(of_status), [Sign::Overloaded; 2]);
        for (seconds, sign) in [(0, Sign::Invites), (1, Sign::Asks)] {
            let failure = Some(asked_for(Duration::from_secs(seconds)).into());
            assert_eq!(sign_of(&Attempt { status: Some(503), failure, ..Attempt::default() }), sign);
        }
        let of_failure =
            |failure: &str| sign_of(&Attempt { failure: Some(failure.into()), ..Attempt::default() });
        for failure in ["connect/connect", "resolve/dns", "timeout/first_byte", "disconnected"] {
            assert_eq!(of_failure(failure), Sign::Unreachable, "{failure}");
        }
        for failure in ["cancelled", "budget", "proxy/proxy", "too_large/body", "user_code/hook"] {
            assert_eq!(of_failure(failure), Sign::Neither, "{failure}");
        }
    }

    #[test]
    fn one_page_that_fails_again_and_again_is_one_failure_but_for_a_trial() {
        for sign in [Sign::Fails, Sign::Overloaded] {
            let counts = |tried_before, is_trial| sign.counts(tried_before, is_trial, false);
            assert!(counts(false, false) && !counts(true, false) && counts(true, true));
        }
        assert!(Sign::Unreachable.counts(true, false, false));
        assert!(!Sign::Works.counts(false, true, true) && !Sign::Neither.counts(false, true, true));
    }

    #[test]
    fn a_site_gets_the_rest_it_asks_for_and_is_ill_when_it_asks_again_after_all_of_it() {
        let asks = |tried_before, is_trial, had_rest| Sign::Asks.counts(tried_before, is_trial, had_rest);
        assert!(!asks(false, false, false) && asks(false, false, true) && asks(true, true, false));
        assert!(!asks(true, false, true), "one page may always ask");
        assert!(!Sign::Invites.counts(false, false, true) && Sign::Invites.counts(false, true, false));
    }
}
