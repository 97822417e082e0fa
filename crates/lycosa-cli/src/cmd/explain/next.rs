//! What a URL is asked for as, when it is visited next, and why then.

use std::time::Duration;

use lycosa::crawler::stopped::{Explanation, LastmodLine};
use lycosa::frontier::embedded::Where;
use lycosa::model::{Outcome, RequestKind, Revisit, Robots, Timestamp, Visit};
use lycosa::revisit::lifetime;
use serde_json::{Value, json};

use super::{moment, span, stamp};
use crate::cmd::frontier::lastmod;

/// What it is asked for as; nothing of what was never accepted.
pub(super) fn kind(story: &Explanation) -> Option<&'static str> {
    match story.kind {
        Some(RequestKind::Sitemap) => Some("a sitemap or feed, read for the URLs it names; it gives no page"),
        Some(RequestKind::Robots) => Some("a robots.txt"),
        Some(RequestKind::Page | RequestKind::Redirect | RequestKind::Render) => Some("a page"),
        None if story.is_robots => {
            Some("a robots.txt, which is no URL of the crawl: it is asked for when needed")
        }
        None => None,
    }
}

/// Until when the rules of a robots.txt are relied on, if this is one that was asked for.
pub(super) fn robots_txt(story: &Explanation) -> Option<Timestamp> {
    // What has no canonical form as a URL is no robots.txt either.
    let origin = lycosa::url::Url::parse(&story.canonical).ok();
    let origin = origin.filter(|_| story.is_robots).and_then(|url| lycosa::model::Origin::of(&url))?;
    let known = story.host.as_ref()?.origins.iter().find(|known| known.origin == origin)?;
    match known.robots {
        Robots::Unknown | Robots::Withheld { .. } => None,
        Robots::Rules { until, .. } | Robots::AllowAll { until } | Robots::DenyAll { until } => Some(until),
    }
}

/// When it is visited next, why then, and what the dates of sitemaps have to do with that.
pub(super) fn rows(story: &Explanation, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(next) = &story.next_visit {
        rows.push(("next visit", when(story, next, now)));
        rows.push(("because", why(story, next)));
        let listed = next.told.or(next.visit.listed_at).map(|date| match next.told {
            Some(_) => format!("changed at {} says its sitemap, which no visit has seen yet", stamp(date)),
            None => format!("changed at {} says its sitemap", stamp(date)),
        });
        rows.extend(listed.map(|listed| ("listed", listed)));
    }
    let site = story.host.as_ref().and_then(|host| host.dates).map(LastmodLine::from);
    rows.extend(site.map(|site| ("site", lastmod(&site))));
    rows
}

fn when(story: &Explanation, next: &Revisit, now: Timestamp) -> String {
    let since = moment(next.due, now);
    match story.open.as_ref().map(|open| &open.place) {
        Some(Where::Leased) => "now: it was under way when the process ended".to_owned(),
        Some(Where::Parked(_)) => format!("held back by a limit; it was due {since}"),
        Some(Where::Waiting(_)) => match story.not_before.filter(|at| *at > now) {
            Some(at) => format!("due {since}; its turn comes not before {}", moment(at, now)),
            None => format!("now: it is due and waits for its turn (since {since})"),
        },
        None if next.due > now && !story.revisits => {
            format!("none without --recrawl; it is planned for {since}")
        }
        None if next.due > now => since,
        None => format!("due now (since {since}): as soon as a crawl visits pages again, with --recrawl"),
    }
}

/// Why it is due then, as far as that is kept: what it showed while it was a page says when it may be one again.
fn why(story: &Explanation, next: &Revisit) -> String {
    let changes = changes(next);
    match story.facts.iter().rev().find_map(super::ending).map(|ended| &ended.outcome) {
        Some(Outcome::Fetched { status: status @ 400.. }) => {
            format!("it was no page when it was last asked for (status {status}); before that, {changes}")
        }
        _ => changes,
    }
}

/// What is known of its changes.
fn changes(next: &Revisit) -> String {
    if next.told.is_some() {
        return "its sitemap says that it has changed since the last visit".to_owned();
    }
    let Visit { changes, exposure, gap, hits, misses, .. } = &next.visit;
    let life = expected(&next.visit).map(span).unwrap_or_default();
    let watched = span(*exposure);
    let counted = match changes {
        0 if exposure.is_zero() => {
            return "it was seen once and has no date: it may change within a day".to_owned();
        }
        0 => return format!("no change was seen in {watched}; it is expected to change within {life}"),
        1 => format!("1 change in {watched}, by its dates and what visits saw"),
        count => format!("{count} changes in {watched}, by its dates and what visits saw"),
    };
    let regular = if hits > misses && !gap.is_zero() {
        format!(", {hits} of them at multiples of {}", span(*gap))
    } else {
        String::new()
    };
    format!("it is expected to change every {life} or so: {counted}{regular}")
}

/// For how long the page is expected to stay as it is after a change.
fn expected(visit: &Visit) -> Option<Duration> {
    Duration::try_from_secs_f64(lifetime(visit)).ok()
}

/// The same in numbers.
pub(super) fn as_json(story: &Explanation, next: &Revisit) -> Value {
    json!({
        "due": next.due,
        "why": why(story, next),
        "changes": next.visit.changes,
        "watched_ms": u64::try_from(next.visit.exposure.as_millis()).unwrap_or(u64::MAX),
        "expected_lifetime_ms": expected(&next.visit).map(|life| u64::try_from(life.as_millis()).unwrap_or(u64::MAX)),
        "told_by_sitemap": next.told,
    })
}
