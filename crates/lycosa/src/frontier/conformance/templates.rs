//! Stories of budgets for shapes of URLs: traps are parked, catalogues are not lost.

use super::world::{Check, PLAIN, World, ended, fetched, page, redirected, same, sent};
use super::{Make, Story};
use crate::model::{
    AddStatus, Attempt, Commit, Content, Control, Discovered, Exclusion, Finish, Hop, Lease, Limits, Outcome,
    RequestKind, TemplateBudget,
};

pub(super) const STORIES: &[Story] = &[
    ("URLs of a trap are parked, and the crawl ends", trap),
    ("a trap that leads on link by link is parked too", chain),
    ("a catalogue is fetched whole", catalogue),
    ("what looks like a trap gets less", suspects),
    ("a budget that is raised lets them through, over a restart too", raised),
    ("seeds and redirects are not parked, and without a budget nothing is", wanted),
    ("shapes without number share their budgets", many_shapes),
    ("shapes that are made up end soon, those that are worth it are all fetched", made_up),
    ("links that are dead or lead to what is known close no shape", dead_links),
    ("a trap behind redirects is parked too", behind_redirects),
    ("a depth limit is budget enough", with_depth),
];

fn limits(urls: u32) -> Limits {
    let templates = Some(TemplateBudget { urls, trap_signs: true });
    Limits { templates, ..Limits::default() }
}

/// A URL that was found on a page.
fn found(path: &str) -> Discovered {
    let mut found = page(&format!("http://a.test{path}"));
    found.request.parent = Some("http://a.test/".into());
    found.request.depth = 1;
    found
}

/// As many URLs of other shapes as are free on a site.
fn begin(world: &World) -> Check {
    world.add((0..25).map(|n| found(&format!("/{}", ["a", "b", "c"][n % 3].repeat(n + 1)))).collect())?;
    for lease in world.exactly(25)? {
        world.fetch(&lease)?;
    }
    Ok(())
}

fn says(lease: &Lease, content: Content, outlinks: Vec<Discovered>) -> Commit {
    let attempts = vec![Attempt { content: Some(content), ..sent(200) }];
    Commit { attempts, outlinks, ..fetched(lease) }
}

/// Fetches until nothing can be had; how many were.
fn fetch_all(world: &World, content: impl Fn(&str) -> (Content, Vec<Discovered>)) -> Check<u32> {
    let mut count = 0;
    while let [lease] = &world.leases(1)?[..] {
        let (content, outlinks) = content(&lease.request.url);
        world.commit(says(lease, content, outlinks))?;
        count += 1;
        if count > 20_000 {
            return Err("it does not end".to_owned());
        }
    }
    Ok(count)
}

fn trap(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(40), PLAIN);
    begin(&world)?;
    world.add(vec![found("/s/0")])?;
    let next = |url: &str| {
        let number: u64 = url.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let links = (1..4).map(|k| found(&format!("/s/{}", number * 3 + k))).collect();
        (Content::Repeats, links)
    };
    let fetched = fetch_all(&world, next)?;
    world.finished(Finish::Complete)?;
    let stats = world.stats();
    // The budget, and what was let through to decide.
    if fetched > 40 + 2 * 16 || stats.parked_templates < 40 || stats.parked_templates != stats.parked {
        return Err(format!("{fetched} fetched, {stats:?}"));
    }
    let status = world.add(vec![found("/s/999999")])?;
    same("one more", &status, &vec![AddStatus::Parked(Exclusion::Template)])?;
    same("the same again", &world.add(vec![found("/s/999999")])?, &vec![AddStatus::Known])?;
    world.finished(Finish::Complete)
}

/// A calendar, each month of which links the next alone: whenever one is parked, its site has nothing else to do.
fn chain(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(40), PLAIN);
    begin(&world)?;
    world.add(vec![found("/s/0")])?;
    let (mut watched, mut count) = (0, 0);
    while let [lease] = &world.leases(1)?[..] {
        watched += u32::from(lease.watched);
        count += 1;
        let content = if lease.watched { Content::Repeats } else { Content::New };
        world.commit(says(lease, content, vec![found(&format!("/s/{count}"))]))?;
        if count > 1_000 {
            return Err("it does not end".to_owned());
        }
    }
    world.finished(Finish::Complete)?;
    // A link that is looked for on disk is accepted after its page has told what it is like, not before.
    if !(15..=16).contains(&watched) {
        return Err(format!("{watched} of them watched"));
    }
    same("fetched without being watched, parked", &(count - watched, world.stats().parked), &(39, 1))
}

fn catalogue(make: &mut Make<'_>) -> Check {
    for snapshots in [false, true] {
        let mut world = World::new(make, limits(20), PLAIN);
        begin(&world)?;
        let products = (0..4_000).map(|n| found(&format!("/product/{n}")));
        let statuses = world.add(products.collect())?;
        same("let through at first", &statuses.iter().filter(|one| **one == AddStatus::New).count(), &20)?;
        for round in 0..4_u32 {
            let (stay, mut left) = (if round < 3 { 300 } else { u32::MAX }, u32::MAX);
            for _ in 0..stay {
                let [lease] = &world.leases(1)?[..] else { break };
                // Every third repeats another: a shop has its empty pages.
                left = left.wrapping_sub(1);
                let content = if left % 3 == 0 { Content::Repeats } else { Content::New };
                world.commit(says(lease, content, Vec::new()))?;
            }
            if snapshots {
                world.snapshot();
            }
            if round < 3 {
                world.reopen(limits(20), PLAIN)?;
            }
        }
        world.finished(Finish::Complete)?;
        let stats = world.stats();
        same("fetched, parked", &(stats.fetched, stats.parked), &(4_025, 0))?;
    }
    Ok(())
}

fn suspects(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(80), PLAIN);
    begin(&world)?;
    let months = (0..400).map(|n| found(&format!("/calendar/{}/{:02}", 2_000 + n / 12, n % 12 + 1)));
    let statuses = world.add(months.collect())?;
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    let parked = [AddStatus::Parked(Exclusion::Template), AddStatus::Parked(Exclusion::Trap)].map(count);
    let stats = world.stats();
    same(
        "in the counts",
        &(stats.parked_templates, stats.parked_traps),
        &(parked[0] as u64, parked[1] as u64),
    )?;
    // The clock of the stand shows another year than now: which months are far ones, it decides.
    let new = count(AddStatus::New);
    if parked[1] > 200 && new <= 90 { Ok(()) } else { Err(format!("{new} new, {parked:?} parked")) }
}

fn raised(make: &mut Make<'_>) -> Check {
    for snapshots in [false, true] {
        let mut world = World::new(make, limits(30), PLAIN);
        begin(&world)?;
        world.add((0..500).map(|n| found(&format!("/s/{n}"))).collect())?;
        let fetched = fetch_all(&world, |_| (Content::Repeats, Vec::new()))?;
        same("fetched of the trap", &(fetched < 100), &true)?;
        world.finished(Finish::Complete)?;
        if snapshots {
            world.snapshot();
        }
        let parked = world.stats().parked;
        if world.reopen(limits(30), PLAIN)? {
            world.finished(Finish::Complete)?;
            same("parked", &world.stats().parked, &parked)?;
            world.reopen(limits(200), PLAIN)?;
        } else {
            world.control(Control::Limits(limits(200)))?;
        }
        let more = fetch_all(&world, |_| (Content::Repeats, Vec::new()))?;
        if fetched + more < 200 || fetched + more > 240 {
            return Err(format!("{fetched} and then {more} fetched with a budget of 200"));
        }
        world.control(Control::Limits(Limits::default()))?;
        fetch_all(&world, |_| (Content::Repeats, Vec::new()))?;
        same("fetched, parked", &(world.stats().fetched, world.stats().parked), &(525, 0))?;
    }
    Ok(())
}

fn wanted(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(10), PLAIN);
    begin(&world)?;
    let seeds = (0..300).map(|n| page(&format!("http://a.test/s/{n}")));
    let statuses = world.add(seeds.collect())?;
    same("seeds let through", &statuses.iter().all(|status| *status == AddStatus::New), &true)?;
    let world = World::new(make, Limits::default(), PLAIN);
    begin(&world)?;
    world.add((0..1_000).map(|n| found(&format!("/s/{n}"))).collect())?;
    same("without a budget", &world.stats().parked, &0)?;
    for lease in world.exactly(100)? {
        let reason = Exclusion::Duplicate;
        world.commit(ended(&lease, Outcome::Excluded { reason }))?;
    }
    same("still", &world.stats().parked, &0)
}

/// A word for a number: nothing of it is left out of a shape.
fn word(number: u32) -> String {
    format!("{number:05}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Each page of a site leads to three more, all of shapes of their own.
fn made_up(make: &mut Make<'_>) -> Check {
    for (content, least, most) in [(Content::Repeats, 200, 800), (Content::New, 3_000, 3_000)] {
        let mut world = World::new(make, limits(100), PLAIN);
        begin(&world)?;
        let links = (1..4).map(|number| found(&format!("/{}", word(number))));
        world.add(links.collect())?;
        let (mut next, mut count) = (4, 0);
        while let [lease] = &world.leases(1)?[..] {
            let links = (next..(next + 3).min(3_001)).map(|number| found(&format!("/{}", word(number))));
            let links: Vec<_> = links.collect();
            next += u32::try_from(links.len()).unwrap_or_default();
            world.commit(says(lease, content, links))?;
            count += 1;
            if count % 400 == 0 {
                world.snapshot();
                world.reopen(limits(100), PLAIN)?;
            }
        }
        world.finished(Finish::Complete)?;
        if !(least..=most).contains(&count) || (content == Content::New && world.stats().parked > 0) {
            return Err(format!("{count} fetched, {:?}", world.stats()));
        }
    }
    Ok(())
}

/// A list of a thousand topics, the first and the last hundreds of which are gone or lead to a page that is known.
fn dead_links(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(40), PLAIN);
    begin(&world)?;
    world.add((0..1_000).map(|n| found(&format!("/topic/{n}"))).collect())?;
    let mut count = 0;
    while let [lease] = &world.leases(1)?[..] {
        let number: u32 =
            lease.request.url.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        world.commit(match number {
            0..100 | 700..800 => ended(lease, Outcome::Fetched { status: 404 }),
            100..200 => redirected(lease, page("http://a.test/a"), Vec::new()),
            _ => says(lease, Content::New, Vec::new()),
        })?;
        count += 1;
    }
    same("asked for, parked", &(count, world.stats().parked), &(1_000, 0))
}

/// Each page of a calendar is behind a redirect and links to the next three.
fn behind_redirects(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(40), PLAIN);
    begin(&world)?;
    world.add(vec![found("/go/1")])?;
    let mut count = 0;
    while let [lease] = &world.leases(1)?[..] {
        let number: u32 =
            lease.request.url.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        if lease.request.url.contains("/go/") {
            let mut to = found(&format!("/land/{number}"));
            to.request.kind = RequestKind::Redirect;
            to.request.class = 0;
            to.request.chain = vec![Hop { url: lease.request.url.clone(), status: 302 }];
            world.commit(redirected(lease, to, Vec::new()))?;
        } else {
            let links = (0..3).map(|k| found(&format!("/go/{}", number * 3 + k)));
            world.commit(says(lease, Content::Repeats, links.collect()))?;
        }
        count += 1;
        if count > 1_000 {
            return Err("it does not end".to_owned());
        }
    }
    world.finished(Finish::Complete)?;
    // Two requests each: the budget, and what was let through to decide.
    if count <= 2 * (40 + 2 * 16) { Ok(()) } else { Err(format!("{count} requests")) }
}

fn many_shapes(make: &mut Make<'_>) -> Check {
    let world = World::new(make, limits(5), PLAIN);
    begin(&world)?;
    for part in 0..10 {
        let urls = (0..1_000).map(|n| {
            let number = part * 1_000 + n;
            found(&format!("/{}/{}/x", word(number / 100), word(number)))
        });
        world.add(urls.collect())?;
    }
    let stats = world.stats();
    if stats.pending > 1_024 * 5 + 32 * 5 || stats.parked == 0 {
        return Err(format!("{stats:?}"));
    }
    // None of them is lost.
    world.control(Control::Limits(Limits::default()))?;
    let pending = world.stats().pending;
    same("all wait", &pending, &(world.stats().known - 25))
}

fn with_depth(make: &mut Make<'_>) -> Check {
    let shallow = Limits { max_depth: Some(3), ..limits(5) };
    let world = World::new(make, shallow, PLAIN);
    begin(&world)?;
    world.add((0..200).map(|n| found(&format!("/s/{n}"))).collect())?;
    same("parked", &world.stats().parked, &0)?;
    world.control(Control::Limits(limits(5)))?;
    let more = world.add((200..260).map(|n| found(&format!("/s/{n}"))).collect())?;
    let parked = more.iter().filter(|status| matches!(status, AddStatus::Parked(_))).count();
    // The first of a site are free, then it has five.
    same("without it", &parked, &30)
}
