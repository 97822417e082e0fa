//! Stories about the dates of sitemaps: what they proved is kept per site, and visits whose date has moved come sooner.

use std::time::Duration;

use super::world::{Check, PLAIN, World, fetched, page, same};
use super::{Make, Story};
use crate::model::{
    Commit, DateProof, Dates, LastmodTrust, Lease, Leased, Limits, Pace, Revisit, SiteDates, Timestamp,
    UrlKey, Visit,
};

pub(super) const STORIES: &[Story] = &[
    ("what dates proved is kept with their site", proofs),
    ("a date that moved brings a visit forward", moved),
    ("a date that is no news leaves a visit where it is", no_news),
    ("of many visits those that were named come, each once, and a restart loses none", many),
];

const AGAIN: Pace = Pace { revisits: true, ..PLAIN };
const DAY: u64 = 86_400_000;

/// Some days after the beginning of time, so that dates can lie before.
fn begin(make: &mut Make<'_>) -> World {
    let world = World::new(make, Limits::default(), AGAIN);
    world.advance(100 * DAY);
    world
}

fn again(world: &World, lease: &Lease, after: u64, listed_at: Option<Timestamp>) -> Commit {
    let visit = Visit { at: world.now(), listed_at, etag: Some("\"a\"".into()), ..Visit::default() };
    Commit { revisit: Some(Revisit::new(Timestamp(world.now().0 + after), visit)), ..fetched(lease) }
}

/// The commit of a sitemap that gives these dates.
fn read(lease: &Lease, before: Option<Timestamp>, pages: Vec<(UrlKey, Timestamp)>) -> Commit {
    Commit { dates: Some(Dates::Read { before, pages }), ..fetched(lease) }
}

fn key(url: &str) -> UrlKey {
    page(url).key
}

fn proofs(make: &mut Make<'_>) -> Check {
    let mut world = begin(make);
    world.add_pages(&["http://a.test/x", "http://b.test/x", "http://a.test/map", "http://a.test/y"])?;
    let proofs = [DateProof::Moved(90), DateProof::Missed];
    let (mut proofs, start) = (proofs.into_iter(), world.now());
    for lease in world.exactly(4)? {
        let commit = match &*lease.request.url {
            "http://a.test/map" => read(&lease, None, Vec::new()),
            "http://b.test/x" => fetched(&lease),
            _ => Commit { dates: proofs.next().map(Dates::Proof), ..fetched(&lease) },
        };
        world.commit(commit)?;
    }
    let trust = LastmodTrust { moved: 1, confirmed: 90, missed: 1 };
    let wanted = SiteDates { trust, read_at: start, files: 1, news: 90, ..SiteDates::default() };
    for end in 0..3 {
        same("kept", &world.host("a.test")?.dates, &Some(wanted))?;
        same("of a site without dates", &world.host("b.test")?.dates, &None)?;
        if end == 1 {
            world.snapshot();
        }
        world.reopen(Limits::default(), AGAIN)?;
    }
    world.add_pages(&["http://a.test/z"])?;
    same("on the lease", &world.lease_of("http://a.test/z")?.dates, &Some(wanted))
}

fn moved(make: &mut Make<'_>) -> Check {
    let mut world = begin(make);
    world.add_pages(&["http://a.test/x", "http://a.test/other", "http://a.test/map"])?;
    let listed = Some(Timestamp(world.now().0 - 5 * DAY));
    for lease in world.exactly(3)? {
        let after = if lease.request.url.ends_with("map") { 3_600_000 } else { 30 * DAY };
        world.commit(again(&world, &lease, after, listed))?;
    }
    world.advance(3_600_000);
    let map = world.lease_of("http://a.test/map")?;
    let date = Timestamp(world.now().0 - 1_000);
    world.commit(read(&map, Some(Timestamp(date.0 - DAY)), vec![(key("http://a.test/x"), date)]))?;
    let told_at = world.now();
    world.reopen(Limits::default(), AGAIN)?;
    let lease = next(&world)?;
    same("which", &*lease.request.url, "http://a.test/x")?;
    let revisit = lease.request.revisit.as_deref().ok_or("a visit after the first")?;
    same("told", &revisit.told, &Some(date))?;
    if revisit.due < told_at || world.now().since(told_at) > Duration::from_secs(10) {
        return Err(format!("due {:?}, told at {told_at:?}, had at {:?}", revisit.due, world.now()));
    }
    same("what was known", &revisit.visit.etag.as_deref(), &Some("\"a\""))?;
    // The log tells that it was handed out, and of a search nothing.
    world.reopen(Limits::default(), AGAIN)?;
    let lease = next(&world)?;
    same("which", &*lease.request.url, "http://a.test/x")?;
    world.commit(again(&world, &lease, DAY, Some(date)))?;
    world.reopen(Limits::default(), AGAIN)?;
    same("waiting", &world.stats().revisits_waiting, &2)?;
    world.advance(DAY / 2);
    world.nothing()?;
    world.advance(DAY / 2);
    same("which", &*world.lease()?.request.url, "http://a.test/x")
}

/// The next lease, once enough moments have passed.
fn next(world: &World) -> Check<Lease> {
    for _ in 0..100 {
        match world.ask(1)? {
            Leased::Some(mut leases) => return Ok(leases.remove(0)),
            Leased::NotBefore(at) => world.advance_to(at),
            other => return Err(format!("a visit is due, got {other:?}")),
        }
    }
    Err("a hundred times nothing".to_owned())
}

fn no_news(make: &mut Make<'_>) -> Check {
    let mut world = begin(make);
    let urls = ["http://a.test/known", "http://a.test/seen", "http://a.test/day"];
    world.add_pages(&urls)?;
    world.add_pages(&["http://a.test/map"])?;
    let start = world.now();
    let listed = Timestamp(start.0 - 50);
    for lease in world.exactly(4)? {
        let listed = lease.request.url.ends_with("known").then_some(listed);
        world.commit(again(&world, &lease, 30 * DAY, listed))?;
    }
    // Of the same time as before, of before the visit, and of all of a day that was over then.
    let yesterday = Timestamp(start.0 / DAY * DAY - DAY);
    let dates = [listed, Timestamp(start.0 - 5_000), yesterday];
    let pages = urls.iter().map(|url| key(url)).zip(dates).collect();
    world.add_pages(&["http://a.test/again"])?;
    let lease = world.lease()?;
    world.commit(read(&lease, None, pages))?;
    world.advance(60_000);
    for _ in 0..3 {
        match world.ask(1)? {
            Leased::NotBefore(at) => world.advance_to(Timestamp(at.0.min(start.0 + DAY))),
            other => return Err(format!("nothing is due, got {other:?}")),
        }
    }
    world.reopen(Limits::default(), AGAIN)?;
    world.nothing()?;
    world.advance_to(Timestamp(start.0 + 30 * DAY));
    for lease in world.exactly(4)? {
        let revisit = lease.request.revisit.as_deref().ok_or("a visit after the first")?;
        same("told", &revisit.told, &None)?;
        let wanted = match &*lease.request.url {
            "http://a.test/known" => Some(listed),
            "http://a.test/seen" => Some(Timestamp(start.0 - 5_000)),
            "http://a.test/day" => Some(yesterday),
            _ => None,
        };
        same(&lease.request.url, &revisit.visit.listed_at, &wanted)?;
    }
    Ok(())
}

fn many(make: &mut Make<'_>) -> Check {
    let mut world = begin(make);
    let url = |number: u64| format!("http://a.test/{number}");
    world.add((0..400).map(|number| page(&url(number))).collect())?;
    for number in 0..400 {
        // Over two hours to a hundred days.
        let lease = world.lease()?;
        world.commit(again(&world, &lease, 7_200_000 + number * DAY / 4, None))?;
    }
    world.advance(3_600_000);
    let date = world.now();
    world.add_pages(&["http://a.test/map"])?;
    let lease = world.lease()?;
    let named = (0..400).step_by(3).map(|number| (key(&url(number)), date)).collect();
    world.commit(read(&lease, None, named))?;
    let mut came = std::collections::BTreeSet::new();
    for round in 0..134 {
        if round % 50 == 10 {
            world.snapshot();
        }
        if round % 50 == 20 {
            world.reopen(Limits::default(), AGAIN)?;
        }
        let lease = next(&world)?;
        if !came.insert(lease.request.url.clone()) {
            return Err(format!("{} came twice", lease.request.url));
        }
        same("told", &lease.request.revisit.as_ref().and_then(|revisit| revisit.told), &Some(date))?;
        world.commit(again(&world, &lease, 200 * DAY, Some(date)))?;
    }
    let wanted = (0..400).step_by(3).map(|number| url(number).into());
    same("came", &came, &wanted.collect())?;
    if world.now().since(date) > Duration::from_secs(60) {
        return Err(format!("the last came {:?} after they were told", world.now().since(date)));
    }
    same("waiting", &world.stats().revisits_waiting, &400)
}
