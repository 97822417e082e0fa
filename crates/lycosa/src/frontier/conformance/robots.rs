//! Stories of robots.txt: pages wait for it, and it is itself an ordinary leased request.

use std::time::Duration;

use super::world::{
    Check, PLAIN, World, about, discovered, ended, failed, fetched, learned, redirected, same, sent,
};
use super::{Make, Story};
use crate::model::{
    Commit, Control, Finish, Hop, HostUpdate, Lease, Limits, Pace, Request, RequestKind, Retry, Robots,
    Timestamp,
};

pub(super) const STORIES: &[Story] = &[
    ("pages wait for their origin's robots.txt", pages_wait),
    ("what it says goes with every lease", with_every_lease),
    ("it is asked for again when it has become too old", asked_again),
    ("it is tried again", tried_again),
    ("it may be redirected", redirect),
    ("it is asked for again after the process", reopened),
    ("it can be switched off and on", switched),
    ("one that a run may not ask for is asked for by the next", withheld),
];

const ROBOTS: Pace = Pace { robots: true, ..PLAIN };

/// The lease of this robots.txt, which must be the only thing to be had.
fn asked(world: &World, url: &str) -> Check<Lease> {
    let lease = world.lease_of(url)?;
    same("its kind", &lease.request.kind, &RequestKind::Robots)?;
    Ok(lease)
}

fn in_an_hour(world: &World) -> Check<Timestamp> {
    Ok(world.now().after(Duration::from_secs(3_600)))
}

fn pages_wait(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://x.a.test/1", "http://x.a.test/2"])?;
    let robots = asked(&world, "http://x.a.test/robots.txt")?;
    world.nothing()?;
    let stats = world.stats();
    same("known, pending, leased", &[stats.known, stats.pending, stats.leased], &[2, 2, 0])?;
    // Another origin of the same site has a file of its own.
    world.add_pages(&["http://y.a.test/3"])?;
    let other = asked(&world, "http://y.a.test/robots.txt")?;
    world.nothing()?;
    let until = in_an_hour(&world)?;
    world.commit(learned(&robots, Robots::AllowAll { until }))?;
    let pages = world.leases(9)?;
    same("pages of the first", &pages.len(), &2)?;
    world.commit(learned(&other, Robots::AllowAll { until }))?;
    let page = world.lease_of("http://y.a.test/3")?;
    for lease in pages.iter().chain([&page]) {
        world.fetch(lease)?;
    }
    world.finished(Finish::Complete)?;
    same("pages", &world.stats().pages, &3)?;
    same("requests", &world.stats().requests, &5)
}

fn with_every_lease(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), ROBOTS);
    let until = in_an_hour(&world)?;
    let rules = Robots::Rules { body: b"User-agent: *\nDisallow: /\n".as_slice().into(), until };
    let all = [rules, Robots::AllowAll { until }, Robots::DenyAll { until }];
    for (number, robots) in all.iter().enumerate() {
        world.add_pages(&[&format!("http://{number}.test/1"), &format!("http://{number}.test/2")])?;
        let lease = asked(&world, &format!("http://{number}.test/robots.txt"))?;
        world.commit(learned(&lease, robots.clone()))?;
        let lease = world.lease_of(&format!("http://{number}.test/1"))?;
        same("what the lease says", &lease.robots, robots)?;
        world.fetch(&lease)?;
        let lease = world.lease_of(&format!("http://{number}.test/2"))?;
        world.fetch(&lease)?;
    }
    if world.reopen(Limits::default(), ROBOTS)? {
        for (number, robots) in all.iter().enumerate() {
            let url = format!("http://{number}.test/3");
            world.add_pages(&[&url])?;
            same("after reopening", &world.lease_of(&url)?.robots, robots)?;
        }
    }
    Ok(())
}

fn asked_again(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://a.test/3"])?;
    for round in 1..=3 {
        let robots = asked(&world, "http://a.test/robots.txt")?;
        world.nothing()?;
        let until = world.now().after(Duration::from_secs(10));
        world.commit(learned(&robots, Robots::DenyAll { until }))?;
        world.advance(9_999);
        let page = world.lease_of(&format!("http://a.test/{round}"))?;
        world.fetch(&page)?;
        world.advance(1);
        if round == 2 && !world.reopen(Limits::default(), ROBOTS)? {
            continue;
        }
    }
    world.finished(Finish::Complete)
}

fn tried_again(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1"])?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    let later = world.now().after(Duration::from_secs(1));
    world.nack(&robots, Some(sent(503)), Retry { not_before: later, counts: true, ..Retry::default() })?;
    world.not_before(later)?;
    world.advance(1_000);
    let robots = asked(&world, "http://a.test/robots.txt")?;
    same("attempts", &robots.request.attempt, &1)?;
    world.advance_to(robots.deadline);
    world.fenced(&robots)?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    let until = in_an_hour(&world)?;
    let update = HostUpdate { robots: Some(Robots::DenyAll { until }), ..about(&robots) };
    world.commit(Commit { host_update: Some(update), ..ended(&robots, failed()) })?;
    world.lease_of("http://a.test/1").map(drop)
}

fn redirect(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1"])?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    let chain = vec![Hop { url: robots.request.url.clone(), status: 302 }];
    let hop = Request { kind: RequestKind::Robots, class: 0, chain, ..Request::get("http://b.test/r.txt") };
    world.commit(redirected(&robots, discovered(hop.clone()), Vec::new()))?;
    if world.reopen(Limits::default(), ROBOTS)? {
        same("a robots.txt on its way is no URL of the crawl", &world.stats().known, &1)?;
    }
    let lease = asked(&world, "http://b.test/r.txt")?;
    same("the hop", &lease.request, &hop)?;
    world.nothing()?;
    let until = in_an_hour(&world)?;
    let update = HostUpdate { robots: Some(Robots::AllowAll { until }), ..about(&robots) };
    world.commit(Commit { host_update: Some(update), ..fetched(&lease) })?;
    let page = world.lease_of("http://a.test/1")?;
    same("what the lease says", &page.robots, &Robots::AllowAll { until })?;
    world.fetch(&page)?;
    world.finished(Finish::Complete)
}

fn reopened(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1"])?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    if !world.reopen(Limits::default(), ROBOTS)? {
        return Ok(());
    }
    world.fenced(&robots)?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    world.nothing()?;
    let until = in_an_hour(&world)?;
    world.commit(learned(&robots, Robots::AllowAll { until }))?;
    world.lease_of("http://a.test/1").map(drop)
}

fn switched(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    world.nothing()?;
    world.control(Control::Pace(PLAIN))?;
    let page = world.lease_of("http://a.test/1")?;
    world.control(Control::Pace(ROBOTS))?;
    world.nothing()?;
    let until = in_an_hour(&world)?;
    world.commit(learned(&robots, Robots::AllowAll { until }))?;
    world.fetch(&page)?;
    world.lease_of("http://a.test/2").map(drop)
}

fn withheld(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), ROBOTS);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let robots = asked(&world, "http://a.test/robots.txt")?;
    let until = in_an_hour(&world)?;
    world.commit(learned(&robots, Robots::Withheld { until }))?;
    let page = world.lease_of("http://a.test/1")?;
    same("what the lease says", &page.robots, &Robots::Withheld { until })?;
    world.commit(ended(&page, failed()))?;
    if !world.reopen(Limits::default(), ROBOTS)? {
        return Ok(());
    }
    let robots = asked(&world, "http://a.test/robots.txt")?;
    let rules = Robots::AllowAll { until: in_an_hour(&world)? };
    world.commit(learned(&robots, rules.clone()))?;
    let page = world.lease_of("http://a.test/2")?;
    same("what it says now", &page.robots, &rules)
}
