//! How long a site rests: after failures in a row, and after it kept the crawler out.

use std::time::Duration;

use crate::model::{Attempt, Patience};

/// Rests after a refusal do not grow beyond this, unless the site itself asks for more: a site that blocks for good
/// must not hold the crawl for days.
pub const LONGEST_REFUSAL: Duration = Duration::from_secs(60);

/// What a request says of whether its site works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answered, be it with 404.
    Works,
    /// It did not answer, or with 5xx.
    Fails,
    /// Neither: the request ended on this side of it, or was turned away (429, 503).
    Neither,
}

/// What an attempt says of its site. A 5xx to a URL that was tried before (`attempt` of the request is not 0) says
/// nothing new.
#[must_use]
pub fn sign_of(attempt: &Attempt, tried_before: bool) -> Sign {
    match (attempt.status, attempt.failure.as_deref()) {
        // It works and asks for a rest, which it gets.
        (Some(429 | 503), _) => Sign::Neither,
        (Some(500..=599), _) if tried_before => Sign::Neither,
        (Some(500..=599), _) => Sign::Fails,
        (Some(_), _) => Sign::Works,
        (None, Some(failure)) => {
            let kind = failure.split('/').next().unwrap_or(failure);
            // Failures of a proxy are not the site's; a refused tunnel may be either's, and a dead host is met so.
            let is_the_sites = matches!(
                kind,
                "resolve" | "connect" | "disconnected" | "tls" | "protocol" | "timeout" | "tunnel"
            );
            if is_the_sites { Sign::Fails } else { Sign::Neither }
        }
        (None, None) => Sign::Neither,
    }
}

/// The rest number `rests` (1 the first) of a breaker: doubling, bounded, and a quarter more or less by `chance`, so
/// that sites that went down together do not come back at one moment.
#[must_use]
pub fn breaker_rest(patience: &Patience, rests: u32, chance: u64) -> Duration {
    let factor = 1_u32.checked_shl(rests.saturating_sub(1)).unwrap_or(u32::MAX);
    let whole = patience.first.saturating_mul(factor).min(patience.most);
    let part = u32::try_from(chance & 0xFFFF).unwrap_or(0);
    whole.mul_f64(0.75 + f64::from(part) / 131_072.0)
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
        for (rests, seconds) in [(1, 60.0), (2, 120.0), (6, 1_920.0), (7, 3_600.0), (40, 3_600.0)] {
            let rest = |chance| breaker_rest(&patience, rests, chance).as_secs_f64() / seconds;
            assert!((0.75..0.751).contains(&rest(0)) && (1.249..1.25).contains(&rest(0xFFFF)), "{rests}");
        }
    }

    #[test]
    fn refusals_in_a_row_double_the_rest_and_what_the_site_asks_for_counts() {
        let rest = |asked, in_a_row| refusal_rest(Duration::from_secs(asked), in_a_row).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 60].map(|in_a_row| rest(5, in_a_row)), [5, 10, 20, 40, 60, 60]);
        assert_eq!(rest(3_600, 7), 3_600);
    }

    #[test]
    fn dead_sites_are_told_from_broken_pages_and_from_our_own_trouble() {
        let of_status = |status| sign_of(&Attempt { status: Some(status), ..Attempt::default() }, false);
        assert_eq!([200, 404, 403, 301].map(of_status), [Sign::Works; 4]);
        assert_eq!([500, 502, 504, 599].map(of_status), [Sign::Fails; 4]);
        assert_eq!([429, 503].map(of_status), [Sign::Neither; 2]);
        let again = Attempt { status: Some(500), ..Attempt::default() };
        assert_eq!(sign_of(&again, true), Sign::Neither);
        let of_failure =
            |failure: &str| sign_of(&Attempt { failure: Some(failure.into()), ..Attempt::default() }, true);
        for failure in ["connect/connect", "resolve/dns", "timeout/first_byte", "disconnected"] {
            assert_eq!(of_failure(failure), Sign::Fails, "{failure}");
        }
        for failure in ["cancelled", "budget", "proxy/proxy", "too_large/body", "user_code/hook"] {
            assert_eq!(of_failure(failure), Sign::Neither, "{failure}");
        }
    }
}
