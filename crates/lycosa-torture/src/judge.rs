//! The judgement: what the output holds and what the web has seen, against the oracle. Nothing here asks the
//! library what a URL or a record means.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lycosa::model::{Committed, Finish, Outcome};
use lycosa::{Error, Result};
use lycosa_testkit::synthetic::{Kind, Oracle, Visit};
use serde_json::Value;

use crate::counts::Counts;
use crate::crawl::World;
use crate::observer::few;
use crate::output::Output;
use crate::plan::Budget;
use crate::web::host;
use crate::wide::{Whole, Wide};

/// What was read out of an output.
#[derive(Debug, Default)]
struct Found {
    /// Pages by the URL that answered, with their depth and title.
    pages: BTreeMap<String, (u64, String)>,
    /// Items by page and own name.
    items: BTreeMap<String, (String, String)>,
    /// Outcomes by URL.
    outcomes: BTreeMap<String, Value>,
    /// Outcomes by the last URL of a chain of redirects, where that gave no page.
    ends: BTreeMap<String, Value>,
    /// Statuses of pages by URL.
    statuses: BTreeMap<String, u64>,
    /// URLs that pages were reached from by redirects.
    hops: BTreeSet<String>,
}

/// Judges the moment at which a run has ended by itself.
pub(crate) fn budget(world: &World, finish: Finish, lifted: bool) -> Result<()> {
    let (sent, bytes) = (world.web.requests(), world.web.bytes());
    let lost = world.observer.totals();
    let complain = |what: String| world.verdict.violated(what);
    match world.plan.budget {
        _ if lifted => {}
        Budget::Pages(most) => {
            let written = read(world)?.pages.len() as u64;
            if written > most || finish == Finish::Pages && written != most {
                complain(format!("{written} pages were written with a budget of {most}"));
            }
        }
        Budget::HostPages(most) => host_pages(world, &read(world)?, most),
        Budget::Requests(most) | Budget::Visits(most) => {
            // A lease that was open at the end of a life counts as sent; whether it was, only the server knows.
            if sent > most || finish == Finish::Requests && sent + lost.reopened + lost.fenced < most {
                complain(format!("{sent} requests were sent with a budget of {most}"));
            }
        }
        Budget::Bytes(most) if bytes > most => {
            complain(format!("{bytes} bytes were received with a budget of {most}"));
        }
        Budget::Bytes(_) | Budget::Depth(_) | Budget::None => {}
    }
    Ok(())
}

/// Of each host as many pages were written as its budget allows, or as there are.
fn host_pages(world: &World, found: &Found, most: u64) {
    for (number, site) in world.plan.sites.iter().enumerate() {
        let origin = format!("http://{}/", host(number));
        let written = found.pages.keys().filter(|url| url.starts_with(&origin)).count() as u64;
        let is_page = |visit: &Visit| matches!(visit.kind, Kind::Page | Kind::Flaky);
        let there = site.oracle(None).visits.values().filter(|visit| is_page(visit)).count() as u64;
        if written != most.min(there) {
            let what = format!(
                "{written} of {there} pages of {origin} were written with a budget of {most} of each host"
            );
            world.verdict.violated(what);
        }
    }
}

/// Judges a crawl that is complete.
pub(crate) fn whole(world: &World, counts: &mut Counts) -> Result<()> {
    let found = read(world)?;
    let depth = match world.plan.budget {
        Budget::Depth(depth) => Some(depth),
        _ => None,
    };
    let mut expected = Found::default();
    for (number, site) in world.plan.sites.iter().enumerate() {
        compare_site(world, number, &site.oracle(depth), &found, &mut expected);
    }
    if let Some(wide) = &world.plan.wide {
        compare_wide(world, wide, &found, &mut expected);
    }
    exactly(world, "page", found.pages.keys(), expected.pages.keys());
    exactly(world, "item", found.items.keys(), expected.items.keys());
    for (item, fields) in &expected.items {
        if found.items.get(item).is_some_and(|other| other != fields) {
            world.verdict.violated(format!("the item {item} has other fields than the site"));
        }
    }
    requests(world);
    undisturbed(world)?;
    counts.crawls += 1;
    counts.pages += found.pages.len() as u64;
    counts.items += found.items.len() as u64;
    counts.fenced += world.observer.totals().fenced;
    counts.budgets += u64::from(world.plan.budget != Budget::None);
    Ok(())
}

/// One site's part of what must be there.
fn compare_site(world: &World, number: usize, oracle: &Oracle, found: &Found, expected: &mut Found) {
    let site = &world.plan.sites[number];
    for (path, visit) in &oracle.visits {
        let url = format!("http://{}{path}", host(number));
        let outcome = |name: &str| found.outcomes.get(&url).map(|outcome| outcome[name].clone());
        match visit.kind {
            Kind::Page | Kind::Flaky => {
                let title = site.title(visit.page);
                for item in site.items(visit.page) {
                    expected.items.insert(format!("{url} {}", item.id), (item.name, item.price));
                }
                if let Some((depth, found)) = found.pages.get(&url) {
                    let exact = matches!(world.plan.budget, Budget::Depth(_));
                    if *found != title || exact && *depth != u64::from(visit.depth) {
                        world
                            .verdict
                            .violated(format!("{url} has the wrong title or depth: {found}, {depth}"));
                    }
                }
                expected.pages.insert(url, (0, title));
            }
            Kind::Missing if outcome("status") != Some(404.into()) => {
                world.verdict.violated(format!("the missing page {url} has no outcome"));
            }
            Kind::Denied if outcome("reason") != Some("robots".into()) => {
                world.verdict.violated(format!("the denied page {url} has no outcome"));
            }
            Kind::Redirect(..) if outcome("outcome").is_none() && !found.hops.contains(&url) => {
                world.verdict.violated(format!("the redirect {url} has no outcome"));
            }
            Kind::Missing | Kind::Denied | Kind::Redirect(..) => {}
        }
    }
}

/// What a web of many hosts must leave.
fn compare_wide(world: &World, wide: &Wide, found: &Found, expected: &mut Found) {
    let Whole { pages, items, outcomes } = wide.whole();
    // An outcome is that of a whole chain of redirects, by its first URL.
    let led_to: BTreeSet<String> = found.outcomes.keys().flat_map(|url| wide.chain(url)).collect();
    for (url, status) in outcomes {
        let outcome = found.outcomes.get(&url).or_else(|| found.ends.get(&url));
        let told = outcome.and_then(|outcome| outcome["status"].as_u64());
        let fits = match status {
            // A redirect ends with its target, or by itself where that is known, denied, or the way without end.
            None => outcome.is_some() || found.hops.contains(&url) || led_to.contains(&url),
            Some(status) => told == Some(status.into()),
        };
        if !fits {
            world
                .verdict
                .violated(format!("{url} has not the outcome it must have: {outcome:?}, not {status:?}"));
        }
    }
    for (url, title) in pages {
        if found.pages.get(&url).is_some_and(|(_, found)| *found != title) {
            world.verdict.violated(format!("{url} has not the title {title}"));
        }
        if found.statuses.get(&url).is_some_and(|status| *status != 200) {
            world.verdict.violated(format!("{url} has not the status 200"));
        }
        expected.pages.insert(url, (0, title));
    }
    expected.items.extend(items);
}

fn exactly<'a>(
    world: &World,
    what: &str,
    found: impl Iterator<Item = &'a String>,
    expected: impl Iterator<Item = &'a String>,
) {
    let (found, expected): (BTreeSet<_>, BTreeSet<_>) = (found.collect(), expected.collect());
    let missing = few(expected.difference(&found).copied());
    let foreign = few(found.difference(&expected).copied());
    if !missing.is_empty() {
        world.verdict.violated(format!("lost: the {what} {missing}"));
    }
    if !foreign.is_empty() {
        world.verdict.violated(format!("never there: the {what} {foreign}"));
    }
}

/// No URL was asked for more often than it was leased, and only kills, pauses and expiries lease one again.
fn requests(world: &World) {
    let leases = world.observer.leases();
    let mut repeated = 0;
    for (url, asked) in world.web.visits() {
        let leased = leases.get(&url).copied().unwrap_or(0);
        if asked > leased {
            world.verdict.violated(format!("{url} was asked for {asked} times and leased {leased} times"));
        }
        // Robots files are asked for again when they have become too old.
        repeated += if url.ends_with("/robots.txt") { 0 } else { asked - 1 };
    }
    let totals = world.observer.totals();
    if repeated > totals.killed + totals.nacked + totals.fenced + totals.visits {
        world.verdict.violated(format!("{repeated} requests were repeated, more than {totals:?} explain"));
    }
}

/// Each page has one visit to come, when none is under way: none is lost, and none is there twice. That each was made
/// once, the observer sees.
pub(crate) fn visits(world: &World, waiting: u64) {
    let exported = world.observer.exported();
    let is_page = |commit: &&Committed| matches!(commit.outcome, Outcome::Fetched { status: 200 });
    // robots.txt has no key of its own.
    let pages = exported.iter().filter(is_page).map(|commit| commit.key).filter(|key| key.0 != 0);
    let pages = pages.collect::<HashSet<_>>().len() as u64;
    if waiting != pages {
        world.verdict.violated(format!("{waiting} visits are to come, of {pages} pages"));
    }
}

/// Every output is what one run without interruption would have made of the same commits.
fn undisturbed(world: &World) -> Result<()> {
    let folder = tempfile::TempDir::new().map_err(|cause| Error::io("making a folder", cause))?;
    let read = |output: &Output| output.shown().map_err(|cause| Error::io("reading an output", cause));
    for output in &world.outputs {
        let other = output.anew(folder.path());
        let mut sink = other.plain_sink()?;
        sink.open(None)?;
        for commit in world.observer.exported() {
            sink.write(&commit)?;
        }
        sink.close()?;
        if read(&other)? != read(output)? {
            world.verdict.violated("an output differs from an undisturbed export of the same commits");
        }
    }
    Ok(())
}

/// Reads the output; what occurs twice is a violation.
fn read(world: &World) -> Result<Found> {
    let shown = world.outputs.first().map_or_else(|| Ok(String::new()), Output::shown);
    let text = match shown {
        Ok(text) => text,
        Err(cause) => {
            world.verdict.violated(format!("the output cannot be read: {cause}"));
            return Ok(Found::default());
        }
    };
    let mut found = Found::default();
    let mut ids = HashSet::new();
    let mut last_seq = None;
    for line in text.lines() {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            world.verdict.violated(format!("a line of the output is no JSON: {line}"));
            continue;
        };
        let seq = record["seq"].as_u64();
        if seq.is_none() || seq <= last_seq {
            world.verdict.violated(format!("seq {seq:?} after {last_seq:?}"));
        }
        last_seq = seq;
        if !ids.insert(record["id"].to_string()) {
            world.verdict.violated(format!("twice in the output: {line}"));
        }
        if let Some(twice) = take_in(&mut found, world, &record) {
            world.verdict.violated(format!("twice in the output: {twice}"));
        }
    }
    Ok(found)
}

/// Sorts a record in; answers its name when it was there before.
fn take_in(found: &mut Found, world: &World, record: &Value) -> Option<String> {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    if record.get("type").is_some() {
        let name = format!("{} {}", canonical(world, text("page")), text("item"));
        let fields = (text("name").to_owned(), text("price").to_owned());
        return found.items.insert(name.clone(), fields).map(|_| name);
    }
    if record.get("outcome").is_some() {
        let url = canonical(world, text("url"));
        if let Some(end) = record["final_url"].as_str() {
            found.ends.insert(canonical(world, end), record.clone());
        }
        return found.outcomes.insert(url.clone(), record.clone()).map(|_| url);
    }
    for hop in record["redirects"].as_array().into_iter().flatten() {
        found.hops.insert(canonical(world, hop["url"].as_str().unwrap_or_default()));
    }
    let url = canonical(world, text("final_url"));
    found.statuses.insert(url.clone(), record["status"].as_u64().unwrap_or(0));
    let page = (record["depth"].as_u64().unwrap_or(u64::MAX), text("title").to_owned());
    found.pages.insert(url.clone(), page).map(|_| url)
}

/// The one spelling that the oracle uses, by the page's number.
fn canonical(world: &World, url: &str) -> String {
    if let Some(url) = world.plan.wide.as_ref().and_then(|wide| wide.canonical(url)) {
        return url;
    }
    for (number, site) in world.plan.sites.iter().enumerate() {
        let origin = format!("http://{}", host(number));
        let target = url.strip_prefix(&origin).filter(|target| target.starts_with('/'));
        if let Some(page) = target.and_then(|target| site.page_at(target)) {
            return format!("{origin}{}", site.path(page));
        }
    }
    url.to_owned()
}
