//! Stories of the budget of pages of each host: met exactly, whoever else is served, over restarts; and a host that has used
//! it up holds nobody else up.

use std::time::Duration;

use super::world::{
    Check, PLAIN, World, deep, discovered, ended, failed, fetched, learned, page, redirected, same, sent,
};
use super::{Make, Story};
use crate::model::{
    Attempt, Commit, Control, Discovered, Finish, Hop, Lease, Limits, Pace, Request, RequestKind, Retry,
    Revisit, Robots, Visit,
};

pub(super) const STORIES: &[Story] = &[
    ("pages of each host are met exactly", exactly),
    ("a page counts for the host that gave it", redirects),
    ("the budgets of hosts go on over restarts, and may be raised", over_restarts),
    ("a budget of hosts changes under way", changed),
    ("what waits for a host that has given all does not delay the end", no_delay),
    ("a host that has given all holds up no level", levels),
    ("nor when that is read again, or the limits change", levels_again),
    ("nor does it keep robots.txt from another host", errand),
    ("its own robots.txt is not asked for", own_robots),
    ("a visit after the first counts as well", visits),
    ("visits to come of a host that has given all are not waited for", visits_to_come),
    ("the budget of all counts beside those of hosts", beside),
];

fn each(pages: u64) -> Limits {
    Limits { max_pages_per_host: Some(pages), ..Limits::default() }
}

/// So many URLs of each of these hosts.
fn many(hosts: &[&str], count: u64) -> Vec<Discovered> {
    hosts.iter().flat_map(|host| (0..count).map(move |n| page(&format!("http://{host}/{n}")))).collect()
}

fn of<'l>(leases: &'l [Lease], site: &str) -> Vec<&'l Lease> {
    leases.iter().filter(|lease| &*lease.site.0 == site).collect()
}

fn fetch_all(world: &World, leases: &[Lease]) -> Check {
    leases.iter().try_for_each(|lease| world.fetch(lease).map(drop))
}

fn exactly(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, each(2), PLAIN);
    world.add(many(&["x.a.test", "y.a.test", "b.test"], 6))?;
    let leases = world.leases(64)?;
    same("leases of a site with two names", &of(&leases, "a.test").len(), &2)?;
    same("leases of another", &of(&leases, "b.test").len(), &2)?;
    world.nothing()?;
    let (a, b) = (of(&leases, "a.test"), of(&leases, "b.test"));
    world.commit(ended(a[0], failed()))?;
    world.nack(a[1], Some(sent(503)), Retry::default())?;
    world.fetch(b[0])?;
    let leases = world.leases(64)?;
    same(
        "two of the first again",
        &leases.iter().map(|lease| &*lease.site.0).collect::<Vec<_>>(),
        &vec!["a.test", "a.test"],
    )?;
    // An answer that is no page, and a lease that runs out: the other's, too.
    world.commit(Commit { is_page: false, ..fetched(&leases[0]) })?;
    world.advance(60_000);
    let leases = world.leases(64)?;
    same("leases once more", &(of(&leases, "a.test").len(), of(&leases, "b.test").len()), &(2, 1))?;
    fetch_all(&world, &leases)?;
    world.finished(Finish::HostPages)?;
    let stats = world.stats();
    same("pages and what waits", &(stats.pages, stats.pending), &(4, 12))?;
    let host = world.host("a.test")?;
    same("of the host", &(host.pages, host.has_spent, host.pending), &(2, true, 8))?;
    // Links that arrive for it wait as well.
    world.add_pages(&["http://z.a.test/"])?;
    world.finished(Finish::HostPages)?;
    if world.reopen(each(2), PLAIN)? {
        world.finished(Finish::HostPages)?;
        same("pending", &world.stats().pending, &13)?;
    }
    Ok(())
}

fn redirects(make: &mut Make<'_>) -> Check {
    let world = World::new(make, each(1), PLAIN);
    world.add(many(&["a.test"], 3))?;
    let lease = world.lease()?;
    world.nothing()?;
    world.commit(redirected(&lease, page("http://b.test/to"), Vec::new()))?;
    // The place of the one that leads elsewhere is free again.
    let leases = world.exactly(2)?;
    let (a, b) = (of(&leases, "a.test"), of(&leases, "b.test"));
    same("one of each", &(a.len(), b.len()), &(1, 1))?;
    world.fetch(b[0])?;
    same("pages of its target", &world.host("b.test")?.pages, &1)?;
    same("pages of where it began", &world.host("a.test")?.pages, &0)?;
    // A redirect to a host that has given all waits there.
    world.commit(redirected(a[0], page("http://b.test/too"), Vec::new()))?;
    let lease = world.lease()?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    same("what waits", &world.stats().pending, &1)
}

fn over_restarts(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, each(3), PLAIN);
    world.add(many(&["a.test", "b.test"], 6))?;
    let leases = world.exactly(6)?;
    let (a, b) = (of(&leases, "a.test"), of(&leases, "b.test"));
    world.fetch(a[0])?;
    world.fetch(a[1])?;
    world.snapshot();
    world.fetch(b[0])?;
    if !world.reopen(each(3), PLAIN)? {
        return Ok(());
    }
    let leases = world.leases(64)?;
    same("what is left", &(of(&leases, "a.test").len(), of(&leases, "b.test").len()), &(1, 2))?;
    fetch_all(&world, &leases)?;
    world.finished(Finish::HostPages)?;
    world.reopen(each(5), PLAIN)?;
    let leases = world.exactly(4)?;
    fetch_all(&world, &leases)?;
    world.finished(Finish::HostPages)?;
    world.reopen(Limits::default(), PLAIN)?;
    let leases = world.exactly(2)?;
    fetch_all(&world, &leases)?;
    world.finished(Finish::Complete)?;
    // It was counted while there was no budget.
    world.reopen(each(6), PLAIN)?;
    world.add(many(&["a.test", "b.test", "c.test"], 7))?;
    let leases = world.exactly(6)?;
    same("of the new one alone", &of(&leases, "c.test").len(), &6)
}

fn changed(make: &mut Make<'_>) -> Check {
    let world = World::new(make, each(1), PLAIN);
    world.add(many(&["a.test"], 9))?;
    let first = world.lease()?;
    world.nothing()?;
    world.control(Control::Limits(each(3)))?;
    let more = world.exactly(2)?;
    world.nothing()?;
    world.control(Control::Limits(each(2)))?;
    world.fetch(&first)?;
    world.nothing()?;
    world.commit(ended(&more[0], failed()))?;
    world.nothing()?;
    world.commit(ended(&more[1], failed()))?;
    let last = world.exactly(1)?;
    fetch_all(&world, &last)?;
    world.finished(Finish::HostPages)?;
    world.control(Control::Limits(Limits::default()))?;
    same("without a budget", &world.leases(64)?.len(), &5)
}

fn no_delay(make: &mut Make<'_>) -> Check {
    let deadline = World::plain(make).now().after(Duration::from_secs(3_600));
    let world = World::new(make, Limits { deadline: Some(deadline), ..each(1) }, PLAIN);
    world.add(many(&["a.test"], 4))?;
    let retry = Retry { not_before: world.now().after(Duration::from_secs(600)), ..Retry::default() };
    let first = world.lease()?;
    world.nack(&first, Some(sent(503)), retry)?;
    let second = world.lease()?;
    world.fetch(&second)?;
    // Neither its retry nor the end of all is waited for.
    world.finished(Finish::HostPages)?;
    world.control(Control::Limits(each(2)))?;
    let third = world.lease()?;
    world.commit(ended(&third, failed()))?;
    let fourth = world.lease()?;
    world.commit(ended(&fourth, failed()))?;
    world.not_before(retry.not_before)?;
    world.advance(600_000);
    let first = world.lease_of(&first.request.url)?;
    world.fetch(&first)?;
    world.finished(Finish::Complete)
}

fn levels(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits { max_depth: Some(5), ..each(1) }, PLAIN);
    world.add(vec![deep("http://a.test/0", 0), deep("http://a.test/1", 1), deep("http://b.test/1", 1)])?;
    let lease = world.lease_of("http://a.test/0")?;
    world.nothing()?;
    // Its own are known before it has given all, and come after.
    let links = vec![deep("http://a.test/1b", 1), deep("http://c.test/2", 2)];
    world.commit(Commit { outlinks: links, ..fetched(&lease) })?;
    if world.reopen(Limits { max_depth: Some(5), ..each(1) }, PLAIN)? {
        world.snapshot();
    }
    let lease = world.lease_of("http://b.test/1")?;
    world.nothing()?;
    world.commit(Commit { outlinks: vec![deep("http://a.test/2", 2)], ..fetched(&lease) })?;
    let lease = world.lease_of("http://c.test/2")?;
    world.commit(redirected(&lease, deep("http://a.test/1b", 2), Vec::new()))?;
    world.add(vec![deep("http://d.test/4", 4), deep("http://a.test/3", 3)])?;
    let lease = world.lease_of("http://d.test/4")?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    same("what waits", &world.stats().pending, &4)?;
    // With more to give, it holds up levels again.
    world.add(vec![deep("http://e.test/5", 5)])?;
    world.control(Control::Limits(Limits { max_depth: Some(5), ..each(9) }))?;
    let leases = world.exactly(2)?;
    same("their depths", &leases.iter().map(|lease| lease.request.depth).collect::<Vec<_>>(), &vec![1, 1])?;
    world.nothing()?;
    fetch_all(&world, &leases)?;
    for url in ["http://a.test/2", "http://a.test/3", "http://e.test/5"] {
        let lease = world.lease_of(url)?;
        world.fetch(&lease)?;
    }
    world.finished(Finish::Complete)
}

fn levels_again(make: &mut Make<'_>) -> Check {
    let deep_and_few =
        |depth, pages| Limits { max_depth: Some(depth), max_pages_per_host: pages, ..Limits::default() };
    let mut world = World::new(make, deep_and_few(9, Some(2)), PLAIN);
    world.add(vec![deep("http://a.test/0", 0), deep("http://a.test/1", 0), deep("http://b.test/7", 7)])?;
    let leases = world.exactly(2)?;
    world.add(vec![deep("http://a.test/2", 2), deep("http://a.test/3", 3), deep("http://a.test/8", 8)])?;
    fetch_all(&world, &leases)?;
    // Out, while the budget is lowered: it comes back to a host that has given more than all.
    let lease = world.lease_of("http://b.test/7")?;
    world.control(Control::Limits(deep_and_few(9, Some(1))))?;
    world.add(vec![deep("http://c.test/8", 8)])?;
    world.nothing()?;
    world.nack(&lease, None, Retry::default())?;
    world.reopen(deep_and_few(7, Some(1)), PLAIN)?;
    world.control(Control::Limits(deep_and_few(7, Some(1))))?;
    same("deeper than the limit", &world.stats().parked, &2)?;
    let lease = world.lease_of("http://b.test/7")?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    world.control(Control::Limits(deep_and_few(9, Some(1))))?;
    let lease = world.lease_of("http://c.test/8")?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    world.control(Control::Limits(deep_and_few(9, None)))?;
    for url in ["http://a.test/2", "http://a.test/3", "http://a.test/8"] {
        let lease = world.lease_of(url)?;
        world.fetch(&lease)?;
    }
    world.finished(Finish::Complete)
}

const ROBOTS: Pace = Pace { robots: true, ..PLAIN };

fn allow(world: &World) -> Robots {
    Robots::AllowAll { until: world.now().after(Duration::from_secs(360_000)) }
}

/// The robots.txt of a host is elsewhere, where nothing else may be asked for any more.
fn errand(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, each(1), ROBOTS);
    world.add(many(&["b.test"], 3))?;
    let robots = world.lease_of("http://b.test/robots.txt")?;
    world.commit(learned(&robots, allow(&world)))?;
    let lease = world.lease()?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    world.add(many(&["a.test"], 1))?;
    let robots = world.lease_of("http://a.test/robots.txt")?;
    let hop = Hop { url: robots.request.url.clone(), status: 301 };
    let to = Request {
        kind: RequestKind::Robots,
        class: 0,
        chain: vec![hop],
        ..Request::get("http://b.test/shared/robots.txt")
    };
    world.commit(redirected(&robots, discovered(to), Vec::new()))?;
    if world.reopen(each(1), ROBOTS)? {
        world.snapshot();
    }
    let there = world.lease_of("http://b.test/shared/robots.txt")?;
    let retry = Retry { not_before: world.now().after(Duration::from_secs(5)), ..Retry::default() };
    world.nack(&there, Some(sent(503)), retry)?;
    world.not_before(retry.not_before)?;
    if world.reopen(each(1), ROBOTS)? {
        world.not_before(retry.not_before)?;
    }
    world.advance(5_000);
    let there = world.lease_of("http://b.test/shared/robots.txt")?;
    let mut answer = learned(&there, allow(&world));
    if let Some(update) = &mut answer.host_update {
        (update.site, update.origin) = (robots.site.clone(), robots.origin.clone());
    }
    world.commit(answer)?;
    let lease = world.lease_of("http://a.test/0")?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    same("what waits", &world.stats().pending, &2)
}

fn own_robots(make: &mut Make<'_>) -> Check {
    let world = World::new(make, each(1), ROBOTS);
    world.add(many(&["x.a.test"], 2))?;
    let robots = world.lease_of("http://x.a.test/robots.txt")?;
    world.commit(learned(&robots, allow(&world)))?;
    let lease = world.lease()?;
    world.add(many(&["y.a.test"], 2))?;
    world.nothing()?;
    world.fetch(&lease)?;
    world.finished(Finish::HostPages)?;
    world.control(Control::Limits(each(3)))?;
    let leases = world.exactly(2)?;
    let robots = leases.iter().find(|lease| lease.request.kind == RequestKind::Robots);
    let robots = robots.ok_or("the robots.txt of the second name was due")?;
    world.commit(learned(robots, allow(&world)))?;
    same("two pages are left, one is out", &world.leases(9)?.len(), &1)
}

fn visits(make: &mut Make<'_>) -> Check {
    let pace = Pace { revisits: true, ..PLAIN };
    let world = World::new(make, each(2), pace);
    world.add(many(&["a.test"], 1))?;
    fetch_again(&world, &world.lease()?, Duration::from_secs(60))?;
    world.nothing()?;
    world.advance(60_000);
    fetch_again(&world, &world.lease()?, Duration::from_secs(60))?;
    world.finished(Finish::HostPages)?;
    world.advance(60_000);
    world.finished(Finish::HostPages)?;
    same("pages and what waits", &(world.stats().pages, world.stats().pending), &(2, 1))?;
    world.control(Control::Limits(each(3)))?;
    world.lease().map(drop)
}

/// Fetches a page that is to be visited again after so long.
fn fetch_again(world: &World, lease: &Lease, after: Duration) -> Check {
    let revisit = Some(Revisit::new(world.now().after(after), Visit { at: world.now(), ..Visit::default() }));
    let attempts = vec![Attempt { wire_bytes: 1, ..sent(200) }];
    world.commit(Commit { revisit, attempts, ..fetched(lease) }).map(drop)
}

fn visits_to_come(make: &mut Make<'_>) -> Check {
    let pace = Pace { revisits: true, ..PLAIN };
    let (day, later) = (Duration::from_secs(86_400), Duration::from_secs(9 * 86_400));
    let mut world = World::new(make, each(2), pace);
    world.add(many(&["a.test"], 2))?;
    world.add(many(&["b.test"], 1))?;
    for lease in world.exactly(3)? {
        fetch_again(&world, &lease, if &*lease.site.0 == "a.test" { later } else { day })?;
    }
    // That of the other is waited for.
    world.nothing()?;
    world.advance_to(world.now().after(day));
    let lease = world.lease()?;
    fetch_again(&world, &lease, later)?;
    world.finished(Finish::HostPages)?;
    same("what waits", &world.stats().revisits_waiting, &3)?;
    for limits in [each(2), each(3), each(2)] {
        world.control(Control::Limits(limits))?;
        world.reopen(limits, pace)?;
        if limits == each(2) { world.finished(Finish::HostPages)? } else { world.nothing()? }
    }
    world.snapshot();
    world.reopen(each(2), pace)?;
    world.finished(Finish::HostPages)
}

fn beside(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits { max_pages: Some(3), ..each(2) }, PLAIN);
    world.add(many(&["a.test", "b.test"], 4))?;
    let leases = world.exactly(3)?;
    world.nothing()?;
    fetch_all(&world, &leases)?;
    world.finished(Finish::Pages)?;
    world.control(Control::Limits(each(2)))?;
    let last = world.exactly(1)?;
    fetch_all(&world, &last)?;
    world.finished(Finish::HostPages)
}
