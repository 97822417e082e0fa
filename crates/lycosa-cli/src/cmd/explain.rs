//! `lycosa explain`: the whole story of one URL. `next` is what it is and when it is visited next, `way` how it was found.

mod next;
mod way;

use std::fmt::Write as _;
use std::time::Duration;

use lycosa::Result;
use lycosa::crawler::stopped::{Explanation, FOR_EVER, LastmodLine, RobotsSay, UrlLine};
use lycosa::frontier::embedded::{Ended, Fact, Happened, Where};
use lycosa::model::{
    Attempt, BlockLayer, Exclusion, Outcome, ParkedShape, Parking, RequestKind, Timestamp, Verdict,
};
use lycosa::politeness::ASKED;
use serde_json::{Value, json};

use super::frontier::{moment, span};
use super::states::StateArg;
use crate::exit::Exit;
use crate::output;

/// Tell the whole story of one URL: how it was found, what the rules say, what happened, where it is now.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The URL
    url: String,
    #[command(flatten)]
    state: StateArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "Scope and robots.txt are judged by the rules of the last run. Of links that were refused a \
sample is kept by name, up to 10,000 of a reason in a run; their counts are exact. A crawl with --no-history keeps \
nothing to tell. Exit codes: 0 the crawl knows the URL, 1 it does not.";

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit> {
    let url = lycosa::seed::parse(&args.url)?;
    let mut crawl = super::states::open(&args.state.folder()?)?;
    let story = crawl.explain(&url)?;
    if let Some(damage) = &story.history_trouble {
        super::frontier::say_history_is_damaged(damage);
    }
    let now = crawl.now();
    let text = if args.json { format!("{}\n", as_json(&story)) } else { told(&story, now) };
    output::data(text.as_bytes())?;
    let is_known = story.is_open.is_some() || next::robots_txt(&story).is_some();
    Ok(if is_known { Exit::Done } else { Exit::Failed })
}

/// Where it is now, in a line.
fn present(story: &Explanation, now: Timestamp) -> String {
    let refused = story.facts.iter().find_map(|fact| match &fact.what {
        Happened::Refused { reason, parent, .. } => Some((reason.as_str(), parent)),
        _ => None,
    });
    match (story.is_open, &story.open, refused) {
        (Some(true), Some(open), _) => {
            let line = UrlLine::of_open(open);
            if let Where::Parked(why) = &open.place {
                return format!("parked: class {}, depth {}; {}", line.class, line.depth, parked(why));
            }
            if let Some(host) = story.host.as_ref().filter(|host| host.has_spent && line.state == "pending") {
                return format!(
                    "pending: class {}, depth {}; the page budget of {} is used up ({} written); a larger \
                     --max-pages-per-host lets it through",
                    line.class, line.depth, host.site, host.pages
                );
            }
            let at = story.not_before.filter(|at| *at > now);
            let at = at.map_or("now".to_owned(), |at| moment(at, now));
            format!("{}: class {}, depth {}; can be served {at}", line.state, line.class, line.depth)
        }
        (Some(true), None, _) => "waiting".to_owned(),
        (Some(false), ..) => match story.facts.iter().rev().find_map(ending) {
            Some(ended) if story.open.is_some() => format!("{}; its next visit is due", outcome_of(ended)),
            Some(ended) => outcome_of(ended),
            None if story.history_trouble.is_some() => {
                "done; what came of it may be in the part of the history that cannot be read".to_owned()
            }
            None => "done, in a run whose history was not kept".to_owned(),
        },
        (None, ..) if story.is_robots => match next::robots_txt(story) {
            Some(until) => format!("asked for as robots.txt; relied on until {}", moment(until, now)),
            None => "not asked for so far, or in vain".to_owned(),
        },
        (None, _, Some((reason, parent))) => format!("refused: {reason}, first seen from {parent}"),
        (None, ..) => match &story.scope {
            Some((Verdict::Refuse(reason), why)) => {
                format!("never accepted; the rules refuse it now: {} ({why})", reason.as_str())
            }
            Some((Verdict::Accept, _)) => "never met: no page that was read links to it".to_owned(),
            None => "never accepted".to_owned(),
        },
    }
}

/// Why it is held back, and what lets it through.
fn parked(why: &Parking) -> String {
    let Parking::Shape(shape) = why else {
        return "it is deeper than the depth limit; a larger --depth lets it through".to_owned();
    };
    let ParkedShape { shape: name, admitted, budget, parked, .. } = shape;
    let together = if shape.is_shared { " (one budget with other rare shapes)" } else { "" };
    let looks = if shape.reason == Exclusion::Trap { ", which looks like a trap's" } else { "" };
    let (of, closed) = if shape.is_closed {
        (String::new(), "; their pages repeat one another, so no more are let through")
    } else {
        (format!(" of a budget of {budget}"), "")
    };
    format!(
        "of the shape {name}{looks}{together}, {admitted} were let through{of}, {parked} are parked{closed}; a larger \
         --template-budget lets it through"
    )
}

fn ending(fact: &Fact) -> Option<&Ended> {
    match &fact.what {
        Happened::Ended(ended) => Some(ended),
        _ => None,
    }
}

/// What became of it, and of a page that gave no record for what it says, what it is like.
fn outcome_of(ended: &Ended) -> String {
    let like = ended.repeats.as_ref().map(|page| {
        format!(": it says {} {}", if page.nearly { "nearly the same as" } else { "the same as" }, page.url)
    });
    format!("{}{}", outcome(&ended.outcome), like.unwrap_or_default())
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Fetched { status } => format!("fetched: status {status}"),
        Outcome::Redirect { status, to, .. } => format!("redirected ({status}) to {}", to.request.url),
        Outcome::Alias { status, of } => format!("redirected ({status}) to {of}, which was known"),
        Outcome::Excluded { reason } => format!("excluded: {}", reason.as_str()),
        Outcome::Failed { error } => match error.block() {
            Some(block) => {
                let by = match block.layer {
                    BlockLayer::Unknown => String::new(),
                    layer => format!(" by the {}", layer.as_str()),
                };
                format!("blocked: {}{by}, told by: {}", block.kind.as_str(), block.evidence)
            }
            None => format!("failed: {error}"),
        },
    }
}

fn robots(says: &RobotsSay, now: Timestamp) -> String {
    match says {
        RobotsSay::Ignored => "not asked: robots = false".to_owned(),
        RobotsSay::Awaited { until } => {
            format!("waited for: its robots.txt failed and is asked for again {}", moment(*until, now))
        }
        RobotsSay::Unknown => "not known: its robots.txt was not read".to_owned(),
        RobotsSay::AllowsAll => "allowed: there is no robots.txt".to_owned(),
        RobotsSay::DeniesAll => "disallowed: its robots.txt cannot be had".to_owned(),
        RobotsSay::Rules { allowed, line, text, name } => {
            let verdict = if *allowed { "allowed" } else { "disallowed" };
            match (line, text) {
                (Some(line), Some(text)) => format!("{verdict} for {name} by line {line}: {text}"),
                _ => format!("{verdict} for {name}: no rule matches"),
            }
        }
    }
}

fn attempt(attempt: &Attempt) -> String {
    let mut text = match (attempt.status, &attempt.failure) {
        (Some(status), Some(failure)) if &**failure == ASKED => format!("status {status} with Retry-After"),
        // States of earlier versions repeat the status there.
        (Some(status), Some(failure)) if **failure != format!("status {status}") => {
            format!("status {status}, {failure}")
        }
        (Some(status), Some(_)) => format!("status {status}"),
        (Some(status), None) => format!("status {status}"),
        (None, Some(failure)) => failure.to_string(),
        (None, None) => "no answer".to_owned(),
    };
    let phases = attempt.timings;
    let phases = [
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("first byte", phases.first_byte),
    ];
    let taken: Vec<String> = phases
        .iter()
        .filter_map(|(name, took)| took.map(|took| format!("{name} {}", precise(took))))
        .collect();
    let taken = if taken.is_empty() { String::new() } else { format!(" ({})", taken.join(", ")) };
    let _infallible = write!(text, ", {}{taken}, {} bytes", precise(attempt.duration), attempt.wire_bytes);
    if let Some(peer) = attempt.peer {
        let _infallible = write!(text, ", {peer}");
    }
    text
}

fn precise(took: Duration) -> String {
    if took.is_zero() {
        return "<1ms".to_owned();
    }
    if took < Duration::from_millis(10) {
        format!("{:.1}ms", took.as_secs_f64() * 1000.0)
    } else {
        span(took)
    }
}

/// The number of each visit, by the visits before it; a visit to come may have taken a number that was never used.
fn visits(facts: &[Fact]) -> Vec<u32> {
    let mut ended = 0;
    let numbers = facts.iter().map(|fact| {
        let (generation, is_end) = match &fact.what {
            Happened::Ended(ended) => (ended.found.request.generation, true),
            Happened::Again { generation } => (*generation, false),
            _ => (0, false),
        };
        // Where the history begins later, earlier visits are not in it.
        let number = if ended == 0 { generation + 1 } else { ended + 1 };
        if is_end {
            ended = number;
        }
        number
    });
    numbers.collect()
}

fn happened(fact: &Fact, visit: u32) -> Vec<String> {
    match &fact.what {
        Happened::Ended(ended) => {
            let mut lines: Vec<String> = ended.attempts.iter().map(attempt).collect();
            let visit = if visit > 1 { format!(" (visit {visit})") } else { String::new() };
            lines.push(format!("{}{visit}", outcome_of(ended)));
            let refused: u32 = ended.refused.iter().map(|(_, count)| count).sum();
            let (links, new) = (ended.links, ended.new_links);
            if ended.is_page {
                lines.push(format!(
                    "gave {} records ({} items), {links} links: {new} new, {refused} refused",
                    ended.records, ended.items
                ));
            } else if ended.found.request.kind == RequestKind::Sitemap && links > 0 {
                lines.push(format!("names {links} URLs: {new} new, {refused} refused"));
            } else if is_empty_list(ended) {
                lines.push("names no URL".to_owned());
            }
            lines
        }
        Happened::Tried { attempt: sent, not_before, block_site_until } => {
            let sent = sent.as_ref().map_or("given back".to_owned(), attempt);
            let rest = block_site_until.map(|_| "; the site rests").unwrap_or_default();
            vec![format!("{sent}; again not before {}{rest}", stamp(*not_before))]
        }
        Happened::Again { .. } => vec![format!("waits again, by hand, as visit {visit}")],
        Happened::Refused { reason, parent, .. } => {
            vec![format!("a link was refused: {}, on {parent}", reason.as_str())]
        }
        Happened::Rests { until, why } => vec![match *until {
            Timestamp(0) => format!("rests no longer: {why}"),
            FOR_EVER => format!("rests until it is unblocked: {why}"),
            until => format!("rests until {}: {why}", stamp(until)),
        }],
    }
}

/// Whether it was asked for as a sitemap and came, and is none or an empty one.
fn is_empty_list(ended: &Ended) -> bool {
    let came = matches!(ended.outcome, Outcome::Fetched { status: 200..300 });
    came && ended.found.request.kind == RequestKind::Sitemap && ended.links == 0 && !ended.attempts.is_empty()
}

fn stamp(at: Timestamp) -> String {
    humantime::format_rfc3339_millis(at.to_system_time()).to_string()
}

fn told(story: &Explanation, now: Timestamp) -> String {
    let mut rows: Vec<(&str, String)> = vec![
        ("url", story.url.clone()),
        ("canonical", story.canonical.clone()),
        ("key", format!("{:016x} at site {}", story.key.0, story.site)),
    ];
    rows.extend(next::kind(story).map(|kind| ("kind", kind.to_owned())));
    rows.push(("now", present(story, now)));
    rows.extend(next::rows(story, now));
    rows.extend(way::rows(story));
    if let Some((verdict, why)) = &story.scope {
        let verdict = match verdict {
            Verdict::Accept => "belongs".to_owned(),
            Verdict::Refuse(reason) => format!("refused ({})", reason.as_str()),
        };
        rows.push(("scope", format!("{verdict}: {why}")));
    }
    rows.push(("robots", robots(&story.robots, now)));
    if let Some(why) = &story.rests_for {
        let until = story.host.as_ref().map(|host| host.blocked_until).unwrap_or_default();
        rows.push(("site", format!("rests until {}: {why}", moment(until, now))));
    }
    for (fact, visit) in story.facts.iter().zip(visits(&story.facts)) {
        for (place, line) in happened(fact, visit).into_iter().enumerate() {
            let at = if place == 0 { stamp(fact.at) } else { " ".repeat(24) };
            rows.push((
                if std::ptr::eq(fact, &story.facts[0]) && place == 0 { "history" } else { "" },
                format!("{at}  {line}"),
            ));
        }
    }
    rows.iter().map(|(name, value)| format!("{name:<10} {}\n", output::printable(value))).collect()
}

fn attempt_json(attempt: &Attempt) -> Value {
    let millis = |took: Option<Duration>| took.map(|took| took.as_secs_f64() * 1000.0);
    json!({
        "at": attempt.at,
        "duration_ms": millis(Some(attempt.duration)),
        "status": attempt.status,
        "failure": attempt.failure,
        "peer": attempt.peer.map(|peer| peer.to_string()),
        "wire_bytes": attempt.wire_bytes,
        "dns_ms": millis(attempt.timings.dns),
        "connect_ms": millis(attempt.timings.connect),
        "tls_ms": millis(attempt.timings.tls),
        "first_byte_ms": millis(attempt.timings.first_byte),
    })
}

fn fact_json(fact: &Fact) -> Value {
    let what = match &fact.what {
        Happened::Ended(ended) => json!({
            "what": "ended",
            "url": UrlLine::of_ended(fact.at, ended),
            "attempts": ended.attempts.iter().map(attempt_json).collect::<Vec<_>>(),
            "records": ended.records,
            "items": ended.items,
            "links": ended.links,
            "new_links": ended.new_links,
            "refused": ended.refused.iter().map(|(reason, count)| json!([reason, count])).collect::<Vec<_>>(),
            "is_page": ended.is_page,
            "repeats": ended.repeats.as_ref().map(|page| json!({ "url": page.url, "nearly": page.nearly })),
        }),
        Happened::Tried { attempt, not_before, block_site_until } => json!({
            "what": "tried",
            "attempt": attempt.as_ref().map(attempt_json),
            "not_before": not_before,
            "block_site_until": block_site_until,
        }),
        Happened::Again { generation } => json!({ "what": "again", "generation": generation }),
        Happened::Refused { url, reason, parent } => {
            json!({ "what": "refused", "url": url, "reason": reason, "parent": parent })
        }
        Happened::Rests { until, why } => json!({ "what": "rests", "until": until, "why": why }),
    };
    json!({ "lsn": fact.lsn, "at": fact.at, "fact": what })
}

fn as_json(story: &Explanation) -> Value {
    let scope = story.scope.as_ref().map(|(verdict, why)| {
        let reason = match verdict {
            Verdict::Accept => None,
            Verdict::Refuse(reason) => Some(reason),
        };
        json!({ "accepts": reason.is_none(), "reason": reason, "rule": why })
    });
    json!({
        "url": story.url,
        "canonical": story.canonical,
        "key": format!("{:016x}", story.key.0),
        "site": story.site,
        "known": story.is_open.is_some(),
        "open": story.open.as_ref().map(UrlLine::of_open),
        "not_before": story.not_before,
        "host_has_spent": story.host.as_ref().is_some_and(|host| host.has_spent),
        "found_on": story.way,
        "begins_with": story.beginning,
        "scope": scope,
        "robots": story.robots,
        "kind": next::kind(story).map(|_| story.kind.unwrap_or(RequestKind::Robots)),
        "next_visit": story.next_visit.as_ref().map(|next| next.due),
        "is_visited_again": story.revisits,
        "history_trouble": story.history_trouble.as_ref().map(ToString::to_string),
        "next_visit_why": story.next_visit.as_ref().map(|next| next::as_json(story, next)),
        "sitemap_lastmod": story.next_visit.as_ref().and_then(|next| next.told.or(next.visit.listed_at)),
        "site_lastmod": story.host.as_ref().and_then(|host| host.dates).map(LastmodLine::from),
        "site_rests_for": story.rests_for,
        "history": story.facts.iter().map(fact_json).collect::<Vec<_>>(),
    })
}
