//! What the outcome of fetching robots.txt means (RFC 9309 §2.3.1, §2.4).
//!
//! | outcome | meaning | valid for |
//! |---|---|---|
//! | 2xx | its rules | `max-age`, between 1 h and 24 h; 24 h without one |
//! | 3xx that leads nowhere, after at most five hops | everything allowed | as above |
//! | 4xx but 429 | everything allowed | as above |
//! | 429, 5xx, no answer, anything else | what was known before, else nothing allowed | 5 min, or `Retry-After` |
//! | not asked: our own rules forbid it | what was known before, else unknown, and nothing is asked for | 5 min, within the run |
//!
//! What was known, rules or that there are none, outlives a server that is down for up to 30 days, as with Google; each
//! renewal that fails in a row is followed by a pause twice as long, up to a day. Where nothing is known, the caller may
//! hold what waits instead, and ask again after [`awaited_pause`].
//!
//! No answer is whatever goes wrong on the way: the name, the connection, a proxy, TLS, time, the protocol, a
//! head or a compression beyond bounds. What was given back (a budget, a cancelled run) is no outcome: it is asked for again.
//!
//! The caller follows redirects, up to [`MAX_ROBOTS_REDIRECTS`], also to other hosts; the rules found there hold
//! for the origin that was asked first.

use std::time::Duration;

use super::parse::whole_lines;
use crate::model::{Robots, Timestamp};
use crate::politeness::retry_after;

/// Redirects of a robots.txt that are followed.
pub const MAX_ROBOTS_REDIRECTS: usize = 5;

/// How long a robots.txt is taken as valid, at most (RFC 9309 §2.4).
pub const ROBOTS_VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest validity that `Cache-Control` can ask for: many servers mark every answer as stale.
const LEAST_VALIDITY: Duration = Duration::from_secs(60 * 60);

/// How long until a robots.txt that could not be had is asked for again.
pub const UNREACHABLE_VALIDITY: Duration = Duration::from_secs(5 * 60);

/// How long what was known of a robots.txt stays in force while its renewals fail ("Google's interpretation of the
/// robots.txt specification", server errors).
pub const ROBOTS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long URLs wait, unless it is said otherwise, for a robots.txt that answers with an error while nothing is known of
/// it. Longer than a restart of a server, and not so long that somebody who looks at a crawl of one site takes it for
/// stuck; what is left out then goes back in bulk.
pub const ROBOTS_PATIENCE: Duration = Duration::from_secs(30);

/// The longest pause between two requests for a robots.txt that is waited for.
const LONGEST_AWAITED: Duration = Duration::from_secs(60);

/// Whether something is known of a robots.txt: its rules, or that there are none.
#[must_use]
pub fn is_known(robots: &Robots) -> bool {
    matches!(robots, Robots::Rules { .. } | Robots::AllowAll { .. })
}

/// How long after this many tries, and one more, a robots.txt that is waited for is asked for again: 1 s, 2 s, 4 s, at
/// most a minute.
#[must_use]
pub fn awaited_pause(tries: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(tries).unwrap_or(u64::MAX)).min(LONGEST_AWAITED)
}

/// How long this many tries took by these pauses.
#[must_use]
pub fn awaited_so_far(tries: u32) -> Duration {
    let growing: Duration = (0..tries.min(6)).map(awaited_pause).sum();
    growing + LONGEST_AWAITED.saturating_mul(tries.saturating_sub(6))
}

/// What came of fetching a robots.txt.
#[derive(Clone, Copy, Debug)]
pub enum RobotsAnswer<'a> {
    /// An answer, redirects already followed.
    Response {
        /// The status.
        status: u16,
        /// The body, content codings undone; longer ones are cut.
        body: &'a [u8],
        /// The value of `Cache-Control`, if any.
        cache_control: Option<&'a str>,
        /// The value of `Retry-After`, if any.
        retry_after: Option<&'a str>,
    },
    /// Redirects lead in a circle, to nowhere, or further than [`MAX_ROBOTS_REDIRECTS`].
    Lost,
    /// No answer: name, connection, TLS, time, protocol.
    Failed,
    /// It was not asked for, because the rules of this run forbid it: its address is refused, or the cache alone was to
    /// answer. The server said nothing, so nothing is known.
    Withheld,
}

impl RobotsAnswer<'_> {
    /// Whether it does not tell what the site wants.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Response { status, .. } => *status == 429 || !(200..500).contains(status),
            Self::Lost => false,
            Self::Failed | Self::Withheld => true,
        }
    }
}

/// What that means, from `now` on, given what was known `before`, and that so many renewals of it failed in a row before
/// this one.
#[must_use]
pub fn robots_meaning(answer: RobotsAnswer<'_>, before: &Robots, failures: u32, now: Timestamp) -> Robots {
    match answer {
        RobotsAnswer::Response { status: 200..=299, body, cache_control, .. } => {
            Robots::Rules { body: whole_lines(body).into(), until: now.after(validity(cache_control)) }
        }
        RobotsAnswer::Response { status: 429, retry_after, .. } => {
            unreachable_now(retry_after, before, failures, now)
        }
        RobotsAnswer::Response { status: 300..=499, cache_control, .. } => {
            Robots::AllowAll { until: now.after(validity(cache_control)) }
        }
        RobotsAnswer::Response { retry_after, .. } => unreachable_now(retry_after, before, failures, now),
        RobotsAnswer::Lost => Robots::AllowAll { until: now.after(ROBOTS_VALIDITY) },
        RobotsAnswer::Failed => unreachable_now(None, before, failures, now),
        RobotsAnswer::Withheld => match is_known(before) {
            true => unreachable_now(None, before, failures, now),
            false => Robots::Withheld { until: now.after(UNREACHABLE_VALIDITY) },
        },
    }
}

/// What was known stays in force while its renewal fails (§2.4); otherwise nothing is allowed (§2.3.1.4).
fn unreachable_now(asked: Option<&str>, before: &Robots, failures: u32, now: Timestamp) -> Robots {
    let factor = if is_known(before) { 1_u32.checked_shl(failures).unwrap_or(u32::MAX) } else { 1 };
    let own = UNREACHABLE_VALIDITY.saturating_mul(factor).min(ROBOTS_VALIDITY);
    let until = now.after(asked.and_then(|value| retry_after(value, now)).unwrap_or_default().max(own));
    match before {
        Robots::Rules { body, .. } => Robots::Rules { body: body.clone(), until },
        Robots::AllowAll { .. } => Robots::AllowAll { until },
        _ => Robots::DenyAll { until },
    }
}

fn validity(cache_control: Option<&str>) -> Duration {
    let Some(value) = cache_control else { return ROBOTS_VALIDITY };
    let mut validity = ROBOTS_VALIDITY;
    for directive in value.split(',').map(str::trim) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            validity = Duration::ZERO;
        } else if name.eq_ignore_ascii_case("max-age")
            && let Ok(seconds) = argument.trim().trim_matches('"').parse()
        {
            validity = validity.min(Duration::from_secs(seconds));
        }
    }
    validity.clamp(LEAST_VALIDITY, ROBOTS_VALIDITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn response(status: u16) -> RobotsAnswer<'static> {
        RobotsAnswer::Response { status, body: b"Disallow: /", cache_control: None, retry_after: None }
    }

    fn meaning(answer: RobotsAnswer<'_>) -> Robots {
        robots_meaning(answer, &Robots::Unknown, 0, NOW)
    }

    #[test]
    fn every_status_has_the_meaning_of_the_standard() {
        let (day, short) = (NOW.after(ROBOTS_VALIDITY), NOW.after(UNREACHABLE_VALIDITY));
        assert_eq!(meaning(response(200)), Robots::Rules { body: (*b"Disallow: /").into(), until: day });
        for status in [301, 304, 400, 401, 403, 404, 410, 451] {
            assert_eq!(meaning(response(status)), Robots::AllowAll { until: day }, "{status}");
            assert!(!response(status).is_failure(), "{status}");
        }
        for status in [429, 500, 502, 503, 504, 599, 100, 0, 999] {
            assert_eq!(meaning(response(status)), Robots::DenyAll { until: short }, "{status}");
            assert!(response(status).is_failure(), "{status}");
        }
        assert_eq!(meaning(RobotsAnswer::Failed), Robots::DenyAll { until: short });
        assert_eq!(meaning(RobotsAnswer::Lost), Robots::AllowAll { until: day });
        assert_eq!(
            meaning(RobotsAnswer::Withheld),
            Robots::Withheld { until: short },
            "nobody said anything"
        );
    }

    #[test]
    fn what_is_known_outlives_a_server_that_is_down() {
        let known = |until| [Robots::Rules { body: (*b"x").into(), until }, Robots::AllowAll { until }];
        let failures = [response(503), response(429), RobotsAnswer::Failed, RobotsAnswer::Withheld];
        for (times, minutes) in [(0, 5), (1, 10), (2, 20), (8, 1_280), (9, 1_440), (400, 1_440)] {
            let until = NOW.after(Duration::from_secs(minutes * 60));
            for (before, after) in known(Timestamp(1)).iter().zip(known(until)) {
                for answer in failures {
                    assert_eq!(robots_meaning(answer, before, times, NOW), after, "{times} {answer:?}");
                }
            }
        }
        let until = NOW.after(ROBOTS_VALIDITY);
        for before in known(Timestamp(1)) {
            assert_eq!(robots_meaning(response(404), &before, 3, NOW), Robots::AllowAll { until });
        }
        let denied = Robots::DenyAll { until: NOW.after(UNREACHABLE_VALIDITY) };
        assert_eq!(robots_meaning(response(503), &denied, 7, NOW), denied, "that is nothing known");
    }

    #[test]
    fn pauses_grow_to_a_minute() {
        let seconds: Vec<u64> = (0..9).map(|tries| awaited_pause(tries).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(awaited_pause(u32::MAX).as_secs(), 60);
        for tries in 0..12 {
            let sum: Duration = (0..tries).map(awaited_pause).sum();
            assert_eq!(awaited_so_far(tries), sum, "{tries}");
        }
    }

    #[test]
    fn cache_control_shortens_the_validity_within_bounds() {
        let hours = |value: &str| validity(Some(value)).as_secs() / 3600;
        assert_eq!(hours("max-age=7200"), 2);
        assert_eq!(hours("public, Max-Age=\"7200\""), 2);
        assert_eq!(hours("max-age=0"), 1);
        assert_eq!(hours("no-cache, max-age=7200"), 1);
        assert_eq!(hours("max-age=31536000"), 24);
        assert_eq!(hours("max-age=x, private"), 24);
    }

    #[test]
    fn a_server_that_names_its_pause_is_asked_after_it() {
        let answer =
            RobotsAnswer::Response { status: 503, body: b"", cache_control: None, retry_after: Some("3600") };
        assert_eq!(meaning(answer), Robots::DenyAll { until: NOW.after(Duration::from_secs(3600)) });
    }

    #[test]
    fn a_long_file_is_cut_at_the_end_of_a_line() {
        let kept = |body: &[u8]| {
            let answer = RobotsAnswer::Response { status: 200, body, cache_control: None, retry_after: None };
            let Robots::Rules { body, .. } = meaning(answer) else { panic!("rules") };
            body.len()
        };
        let mut body = vec![b'a'; 512_000];
        assert_eq!(kept(&body), 512_000, "it is not cut");
        body.push(b'\n');
        assert_eq!(kept(&body), 512_000, "its last line is whole");
        body[512_000] = b'a';
        assert_eq!(kept(&body), 0, "half a line is none");
        body[9] = b'\n';
        assert_eq!(kept(&body), 9);
    }
}
