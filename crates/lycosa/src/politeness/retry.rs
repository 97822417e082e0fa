//! Trying again: which failures, after how long, how often, and how much of it a host must bear.
//!
//! Pure: randomness is a hash of URL, attempt and a seed, so the same crawl waits the same; the time of a
//! `Retry-After` date comes in as an argument. Nobody sleeps: whoever asks gives the lease back for that long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, ErrorKind, Phase};
use crate::model::{Origin, Request};
use crate::telemetry::Telemetry;

/// What is tried again, how often and how late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOptions {
    /// Further attempts after the first. Default 2.
    pub retries: u32,
    /// Bound of the pause before the first of them; it doubles with each further one. Default 1 s.
    pub first: Duration,
    /// No pause is longer, unless the server asks for it ([`retry_after`](super::retry_after())). Default 1 h.
    pub most: Duration,
    /// Statuses that are tried again. 429 and 503 rest the whole site and, as the server did not do the work, hold
    /// for every method; others only for idempotent methods (RFC 9110 §9.2.2). Default 408, 429, 500, 502, 503, 504.
    pub statuses: Vec<u16>,
    /// Failures that are tried again: for every method when the request was certainly not sent, else only for
    /// idempotent ones. Default `resolve`, `connect`, `disconnected`, `timeout`, `proxy`, `tunnel`.
    pub failures: Vec<ErrorKind>,
    /// Retries that an origin bears per hundred first requests to it. Default 10.
    pub budget_percent: u32,
    /// Retries that it bears beside those. Default 10.
    pub budget_floor: u32,
    /// Spreads the pauses of different URLs; the same seed gives the same pauses. Default 0.
    pub seed: u64,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            retries: 2,
            first: Duration::from_secs(1),
            most: Duration::from_secs(3600),
            statuses: vec![408, 429, 500, 502, 503, 504],
            failures: vec![
                ErrorKind::Resolve,
                ErrorKind::Connect,
                ErrorKind::Disconnected,
                ErrorKind::Timeout,
                ErrorKind::Proxy,
                ErrorKind::Tunnel,
            ],
            budget_percent: 10,
            budget_floor: 10,
            seed: 0,
        }
    }
}

/// When a request is to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Not before this long from now.
    pub after: Duration,
    /// Whether the whole site rests meanwhile.
    pub block_site: bool,
}

/// The retry policy of a crawl, with the budgets of its hosts.
///
/// The budget keeps retries from multiplying the load on a host that is down: over the crawl an origin bears at most
/// `budget_floor` retries and `budget_percent` of its first requests. A retry that the server itself invited with
/// `Retry-After` takes nothing from it, nor does one after 429 or 503: those make the whole site rest, and in a row they
/// open its breaker ([`Patience`](crate::model::Patience)). What the budget refuses ends with its last answer, and is
/// counted.
#[derive(Debug, Default)]
pub struct RetryPolicy {
    options: RetryOptions,
    telemetry: Telemetry,
    budgets: Mutex<HashMap<Origin, Budget>>,
}

/// Hundredths of a retry that are left.
#[derive(Clone, Copy, Debug)]
struct Budget(u64);

/// Budgets kept at once; beyond, all begin anew.
const CAPACITY: usize = 4096;

/// Hundredths that one retry takes.
const RETRY: u64 = 100;

/// Retries that can be saved up beside the floor: a host that answered a million requests may not be met with a
/// hundred thousand retries at once.
const SAVED: u64 = 100;

impl RetryPolicy {
    /// A policy; refusals of the budget are counted in this telemetry.
    #[must_use]
    pub fn new(options: RetryOptions, telemetry: Telemetry) -> Self {
        Self { options, telemetry, budgets: Mutex::default() }
    }

    /// Notes that a request went out. First attempts earn their origin a part of a retry.
    pub fn sent(&self, request: &Request, origin: &Origin) {
        if request.attempt == 0 {
            let most = (u64::from(self.options.budget_floor) + SAVED) * RETRY;
            let earned = u64::from(self.options.budget_percent);
            self.with_budget(origin, |budget| budget.0 = most.min(budget.0 + earned));
        }
    }

    /// Whether an answer of this status is tried again. `invited` is what its `Retry-After` asks for.
    #[must_use]
    pub fn after_status(
        &self,
        request: &Request,
        origin: &Origin,
        status: u16,
        invited: Option<Duration>,
    ) -> Option<Pause> {
        let block_site = matches!(status, 429 | 503);
        let is_free = block_site || invited.is_some();
        if !(self.is_repeated(request, status) && self.tries_left(request)) || !(is_free || self.draw(origin))
        {
            return None;
        }
        let own = if block_site { self.rest(request) } else { self.pause(request) };
        Some(Pause { after: own.max(invited.unwrap_or_default()), block_site })
    }

    /// Whether answers of this status are tried again at all.
    #[must_use]
    pub fn is_repeated(&self, request: &Request, status: u16) -> bool {
        let is_safe = matches!(status, 429 | 503) || request.method.is_idempotent();
        self.options.retries > 0 && self.options.statuses.contains(&status) && is_safe
    }

    /// Whether failures like this one are tried again at all. [`ErrorKind::Deferred`] is none, and never is.
    #[must_use]
    pub fn is_repeated_error(&self, request: &Request, error: &Error) -> bool {
        self.options.retries > 0
            && error.kind() != ErrorKind::Deferred
            && self.options.failures.contains(&error.kind())
            && (is_unsent(error) || request.method.is_idempotent())
    }

    /// Whether a failure is tried again.
    #[must_use]
    pub fn after_error(&self, request: &Request, origin: &Origin, error: &Error) -> Option<Pause> {
        if !(self.is_repeated_error(request, error) && self.tries_left(request) && self.draw(origin)) {
            return None;
        }
        Some(Pause { after: self.pause(request), block_site: false })
    }

    fn tries_left(&self, request: &Request) -> bool {
        request.attempt < self.options.retries
    }

    /// Takes one retry from the origin's budget, if there is one.
    fn draw(&self, origin: &Origin) -> bool {
        let drawn = self.with_budget(origin, |budget| {
            let left = budget.0.checked_sub(RETRY);
            budget.0 = left.unwrap_or(budget.0);
            left.is_some()
        });
        if !drawn {
            self.telemetry.retry_refused();
        }
        drawn
    }

    fn with_budget<T>(&self, origin: &Origin, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get_mut(origin) {
            return change(budget);
        }
        if budgets.len() >= CAPACITY {
            budgets.clear();
        }
        change(budgets.entry(origin.clone()).or_insert(Budget(u64::from(self.options.budget_floor) * RETRY)))
    }

    /// Exponential back-off with full jitter: anything between nothing and `first · 2^attempt`. No floor: the site's
    /// delay, which the frontier keeps, stands between any two requests anyway.
    fn pause(&self, request: &Request) -> Duration {
        self.bound(request).mul_f64(self.chance(request))
    }

    /// The rest of a whole site that does not say how long: at least half of the bound, since a rest of nothing
    /// would be none.
    fn rest(&self, request: &Request) -> Duration {
        let half = self.bound(request) / 2;
        half + half.mul_f64(self.chance(request))
    }

    fn bound(&self, request: &Request) -> Duration {
        let factor = 1_u32.checked_shl(request.attempt).unwrap_or(u32::MAX);
        self.options.first.saturating_mul(factor).min(self.options.most)
    }

    /// From 0 to 1, evenly over URLs, attempts and seeds.
    fn chance(&self, request: &Request) -> f64 {
        let seed = self.options.seed.wrapping_add(u64::from(request.attempt));
        // The top 16 bits of the hash, as a part of 65,536.
        let part = u32::try_from(xxh3_64_with_seed(request.url.as_bytes(), seed) >> 48).unwrap_or(0);
        f64::from(part) / 65_536.0
    }
}

fn is_unsent(error: &Error) -> bool {
    matches!(error.phase(), Some(Phase::Dns | Phase::Connect | Phase::Proxy | Phase::Tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin::of(&format!("http://{host}/").parse().unwrap()).unwrap()
    }

    fn attempt(url: &str, attempt: u32) -> Request {
        Request { attempt, ..Request::get(url) }
    }

    fn policy(options: RetryOptions) -> (RetryPolicy, Telemetry) {
        let telemetry = Telemetry::default();
        (RetryPolicy::new(options, telemetry.clone()), telemetry)
    }

    #[test]
    fn pauses_fill_the_whole_range_below_a_bound_that_doubles() {
        let (policy, _) = policy(RetryOptions { retries: 40, ..RetryOptions::default() });
        for tries in 0..40 {
            let bound = Duration::from_secs(1 << tries.min(20)).min(Duration::from_secs(3600));
            let mut pauses: Vec<f64> = (0..400)
                .map(|n| {
                    policy.pause(&attempt(&format!("http://a.example/{n}"), tries)).div_duration_f64(bound)
                })
                .collect();
            pauses.sort_by(f64::total_cmp);
            assert!(pauses[0] < 0.05 && pauses[399] > 0.95 && pauses[399] < 1.0, "{tries}: {pauses:?}");
            let mean = pauses.iter().sum::<f64>() / 400.0;
            assert!((0.45..0.55).contains(&mean), "{tries}: evenly spread, {mean}");
        }
    }

    #[test]
    fn the_same_seed_waits_the_same_and_another_differently() {
        let pauses = |seed| {
            let (policy, _) = policy(RetryOptions { seed, ..RetryOptions::default() });
            (0..20).map(|n| policy.pause(&attempt(&format!("http://a.example/{n}"), 0))).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }

    #[test]
    fn a_site_that_rests_rests_half_the_bound_at_least() {
        let (policy, _) = policy(RetryOptions::default());
        for n in 0..100 {
            let request = attempt(&format!("http://a.example/{n}"), 1);
            let rest = policy.rest(&request);
            assert!((Duration::from_secs(1)..Duration::from_secs(2)).contains(&rest), "{rest:?}");
        }
    }

    #[test]
    fn a_dead_host_bears_the_floor_and_a_tenth_of_its_requests() {
        let (policy, telemetry) = policy(RetryOptions::default());
        let (dead, other) = (origin("dead.example"), origin("other.example"));
        let mut granted = 0;
        for n in 0..500 {
            for tries in 0..3 {
                let request = attempt(&format!("http://dead.example/{n}"), tries);
                policy.sent(&request, &dead);
                let again = policy.after_status(&request, &dead, 502, None).is_some();
                granted += u32::from(again);
                if !again {
                    break;
                }
            }
        }
        assert_eq!(granted, 10 + 50);
        assert!(telemetry.snapshot().retries_refused > 400);
        let request = attempt("http://other.example/", 0);
        assert!(policy.after_status(&request, &other, 502, None).is_some(), "each host has its own");
    }

    #[test]
    fn what_the_server_invites_costs_nothing() {
        let options = RetryOptions { budget_floor: 0, budget_percent: 0, ..RetryOptions::default() };
        let (policy, _) = policy(options);
        let (request, host) = (attempt("http://a.example/", 0), origin("a.example"));
        assert_eq!(policy.after_status(&request, &host, 500, None), None);
        let after = Duration::from_secs(30);
        for (status, block_site) in [(500, false), (503, true), (429, true)] {
            let pause = policy.after_status(&request, &host, status, Some(after));
            assert_eq!(pause, Some(Pause { after, block_site }));
        }
        let failure = Error::new(ErrorKind::Connect, "no way").in_phase(Phase::Connect);
        assert_eq!(policy.after_error(&request, &host, &failure), None);
    }

    #[test]
    fn a_refusal_costs_nothing_of_the_budget_and_one_of_the_tries() {
        let (policy, telemetry) = policy(RetryOptions::default());
        let host = origin("a.example");
        for status in [429, 503] {
            let grants = |tries| {
                let again = |n| {
                    policy.after_status(
                        &attempt(&format!("http://a.example/{n}"), tries),
                        &host,
                        status,
                        None,
                    )
                };
                (0..1_000).filter(|n| again(*n).is_some()).count()
            };
            assert_eq!([0, 1, 2].map(grants), [1_000, 1_000, 0]);
        }
        assert_eq!(telemetry.snapshot().retries_refused, 0);
        assert!(policy.after_status(&attempt("http://a.example/", 0), &host, 500, None).is_some());
    }

    #[test]
    fn what_a_server_asks_for_is_never_undercut() {
        let (policy, _) = policy(RetryOptions { most: Duration::from_secs(1), ..RetryOptions::default() });
        let (request, host) = (attempt("http://a.example/", 0), origin("a.example"));
        for seconds in [2, 7_200, 86_400] {
            let asked = Duration::from_secs(seconds);
            for status in [429, 500, 503] {
                let pause = policy.after_status(&request, &host, status, Some(asked));
                assert_eq!(pause.map(|pause| pause.after), Some(asked));
            }
        }
    }

    #[test]
    fn a_long_good_record_does_not_buy_a_flood() {
        let (policy, _) = policy(RetryOptions::default());
        let host = origin("a.example");
        (0..100_000).for_each(|_| policy.sent(&attempt("http://a.example/", 0), &host));
        let request = attempt("http://a.example/", 0);
        let granted =
            (0..1_000).filter(|_| policy.after_status(&request, &host, 500, None).is_some()).count();
        assert_eq!(granted, 110);
    }

    #[test]
    fn statuses_and_failures_are_chosen() {
        let options = RetryOptions {
            statuses: vec![418],
            failures: vec![ErrorKind::Tls, ErrorKind::Deferred],
            ..RetryOptions::default()
        };
        let (policy, _) = policy(options);
        let (request, host) = (attempt("http://a.example/", 0), origin("a.example"));
        let again = |status| policy.after_status(&request, &host, status, None).is_some();
        assert!(again(418) && !again(429) && !again(503));
        let fails = |kind, phase| {
            let error = Error::new(kind, "it failed").in_phase(phase);
            policy.after_error(&request, &host, &error).is_some()
        };
        assert!(fails(ErrorKind::Tls, Phase::Tls) && !fails(ErrorKind::Connect, Phase::Connect));
        assert!(!fails(ErrorKind::Deferred, Phase::Connect), "a deferral is no failure");
    }
}
