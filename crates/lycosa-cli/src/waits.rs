//! What a crawl waits for, in words: on its own screen and for whoever asks it.

use lycosa::model::{RestReason, SiteRests, Timestamp, Waits};

use crate::cmd::frontier::moment;

/// Why nothing is asked for, a reason each; none when sites have their usual delay.
pub(crate) fn reasons(waits: &Waits, robots_awaited: u64, now: Timestamp) -> Vec<String> {
    let paused = waits.paused.then(|| "it is paused".to_owned());
    let robots = (robots_awaited > 0).then(|| {
        format!("the robots.txt of {robots_awaited} host{} answers with an error", plural(robots_awaited))
    });
    let rests =
        waits.rests.iter().map(|rests| format!("{} until {}", subject(rests), moment(rests.until, now)));
    paused.into_iter().chain(rests).chain(robots).collect()
}

/// Until when nothing is asked for, as the end of a sentence; empty when that is not known.
pub(crate) fn until(waits: &Waits, now: Timestamp) -> String {
    let until = waits.until.filter(|until| *until > now && !waits.paused);
    until.map(|until| format!(" until {}", moment(until, now))).unwrap_or_default()
}

/// Who rests, and why.
fn subject(rests: &SiteRests) -> String {
    let count = rests.sites;
    let (s, rest) = (plural(count), if count == 1 { "rests" } else { "rest" });
    let why = match rests.reason {
        RestReason::Failing => "after failures in a row",
        RestReason::Refused => "after turning the crawler away",
        RestReason::Asked => "as was asked for",
        RestReason::Network => "for others of the network",
        RestReason::Overloaded => "because of overload",
    };
    format!("{count} host{s} {rest} {why}")
}

pub(crate) fn plural<T: PartialEq + From<u8>>(count: T) -> &'static str {
    if count == T::from(1) { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_767_225_600_000);

    #[test]
    fn why_nothing_is_asked_for_is_said_with_its_end() {
        let at = |seconds: u64| Timestamp(NOW.0 + seconds * 1_000);
        let rests = |reason, sites, seconds| SiteRests { reason, sites, until: at(seconds) };
        let rests = vec![rests(RestReason::Overloaded, 2, 65), rests(RestReason::Asked, 1, 3_600)];
        let waits = Waits { until: Some(at(65)), paused: false, rests };
        assert_eq!(
            reasons(&waits, 1, NOW),
            [
                "2 hosts rest because of overload until 2026-01-01T00:01:05Z, in 1m 5s",
                "1 host rests as was asked for until 2026-01-01T01:00:00Z, in 1h",
                "the robots.txt of 1 host answers with an error",
            ]
        );
        assert_eq!(until(&waits, NOW), " until 2026-01-01T00:01:05Z, in 1m 5s");
        let paused = Waits { paused: true, rests: Vec::new(), ..waits };
        assert_eq!(
            (reasons(&paused, 0, NOW), until(&paused, NOW)),
            (vec!["it is paused".to_owned()], String::new())
        );
        assert_eq!(until(&Waits::default(), NOW), "");
    }
}
