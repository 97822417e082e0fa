//! `lycosa explain`: the whole story of one URL.

use std::fmt::Write as _;
use std::time::Duration;

use lycosa::Result;
use lycosa::crawler::stopped::{Explanation, FOR_EVER, LastmodLine, RobotsSay, Stopped, UrlLine};
use lycosa::frontier::embedded::{Ended, Fact, Happened, Where};
use lycosa::model::{Attempt, Exclusion, Outcome, ParkedShape, Parking, Timestamp, Verdict};
use serde_json::{Value, json};

use super::frontier::{lastmod, moment, span};
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
    let mut crawl = Stopped::open(&args.state.folder()?)?;
    let story = crawl.explain(&url)?;
    let now = crawl.now();
    let text = if args.json { format!("{}\n", as_json(&story)) } else { told(&story, now) };
    output::data(text.as_bytes())?;
    Ok(if story.is_open.is_some() { Exit::Done } else { Exit::Failed })
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
                    "pending: class {}, depth {}; the budget of pages of {} is used up ({} written); a larger \
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
            Some(ended) => outcome(&ended.outcome),
            None => "done, in a run whose history was not kept".to_owned(),
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
    let closed =
        if shape.is_closed { "; their pages repeat one another, so no more are let through" } else { "" };
    format!(
        "of the shape {name}{looks}{together}, {admitted} were let through of a budget of {budget}, {parked} are \
         parked{closed}; a larger --template-budget lets it through"
    )
}

fn ending(fact: &Fact) -> Option<&Ended> {
    match &fact.what {
        Happened::Ended(ended) => Some(ended),
        _ => None,
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Fetched { status } => format!("fetched: status {status}"),
        Outcome::Redirect { status, to, .. } => format!("redirected ({status}) to {}", to.request.url),
        Outcome::Alias { status, of } => format!("redirected ({status}) to {of}, which was known"),
        Outcome::Excluded { reason } => format!("excluded: {}", reason.as_str()),
        Outcome::Failed { error } => match error.block() {
            Some(block) => format!(
                "blocked: {} by the {}, told by: {}",
                block.kind.as_str(),
                block.layer.as_str(),
                block.evidence
            ),
            None => format!("failed: {error}"),
        },
    }
}

fn robots(says: &RobotsSay) -> String {
    match says {
        RobotsSay::Ignored => "not asked: robots = false".to_owned(),
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
        (Some(status), Some(failure)) => format!("status {status}, {failure}"),
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

fn happened(fact: &Fact) -> Vec<String> {
    match &fact.what {
        Happened::Ended(ended) => {
            let mut lines: Vec<String> = ended.attempts.iter().map(attempt).collect();
            let visit = ended.found.request.generation;
            let visit = if visit > 0 { format!(" (visit {})", visit + 1) } else { String::new() };
            lines.push(format!("{}{visit}", outcome(&ended.outcome)));
            lines.extend(ended.is_page.then(|| {
                let refused: u32 = ended.refused.iter().map(|(_, count)| count).sum();
                format!(
                    "gave {} records ({} items), {} links: {} new, {refused} refused",
                    ended.records, ended.items, ended.links, ended.new_links
                )
            }));
            lines
        }
        Happened::Tried { attempt: sent, not_before, block_site_until } => {
            let sent = sent.as_ref().map_or("given back".to_owned(), attempt);
            let rest = block_site_until.map(|_| "; the site rests").unwrap_or_default();
            vec![format!("{sent}; again not before {}{rest}", stamp(*not_before))]
        }
        Happened::Again { generation } => vec![format!("waits again, by hand, as visit {}", generation + 1)],
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

fn stamp(at: Timestamp) -> String {
    humantime::format_rfc3339_millis(at.to_system_time()).to_string()
}

/// When it is visited next, and what the dates of sitemaps have to do with that.
fn dates(story: &Explanation, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(next) = &story.next_visit {
        rows.push((
            "next visit",
            match next.due > now {
                true => moment(next.due, now),
                false => "as soon as a crawl visits pages again".to_owned(),
            },
        ));
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

fn told(story: &Explanation, now: Timestamp) -> String {
    let mut rows: Vec<(&str, String)> = vec![
        ("url", story.url.clone()),
        ("canonical", story.canonical.clone()),
        ("key", format!("{:016x} at site {}", story.key.0, story.site)),
        ("now", present(story, now)),
    ];
    rows.extend(dates(story, now));
    if story.way.is_empty() && story.from_seed {
        rows.push(("found", "it is a seed".to_owned()));
    }
    for (place, step) in story.way.iter().enumerate() {
        let depth = step.depth.map(|depth| format!(" (depth {depth})")).unwrap_or_default();
        rows.push((if place == 0 { "found on" } else { "" }, format!("{}{depth}", step.url)));
    }
    if !story.from_seed && story.is_open.is_some() {
        rows.push(("", "… the way to its seed is not in the history".to_owned()));
    }
    if let Some((verdict, why)) = &story.scope {
        let verdict = match verdict {
            Verdict::Accept => "belongs".to_owned(),
            Verdict::Refuse(reason) => format!("refused ({})", reason.as_str()),
        };
        rows.push(("scope", format!("{verdict}: {why}")));
    }
    rows.push(("robots", robots(&story.robots)));
    if let Some(why) = &story.rests_for {
        let until = story.host.as_ref().map(|host| host.blocked_until).unwrap_or_default();
        rows.push(("site", format!("rests until {}: {why}", moment(until, now))));
    }
    for fact in &story.facts {
        for (place, line) in happened(fact).into_iter().enumerate() {
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
        "from_seed": story.from_seed,
        "scope": scope,
        "robots": story.robots,
        "next_visit": story.next_visit.as_ref().map(|next| next.due),
        "sitemap_lastmod": story.next_visit.as_ref().and_then(|next| next.told.or(next.visit.listed_at)),
        "site_lastmod": story.host.as_ref().and_then(|host| host.dates).map(LastmodLine::from),
        "site_rests_for": story.rests_for,
        "history": story.facts.iter().map(fact_json).collect::<Vec<_>>(),
    })
}
