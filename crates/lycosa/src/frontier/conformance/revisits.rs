//! Stories about URLs that come again.

use std::time::Duration;

use super::world::{Check, PLAIN, World, deep, ended, failed, fetched, page, same};
use super::{Make, Story};
use crate::model::{
    AddStatus, Commit, Finish, Lease, Leased, Limits, Pace, Retry, Revisit, Timestamp, Visit,
};

pub(super) const STORIES: &[Story] = &[
    ("a page comes again when it is due, with what was known of it", comes_again),
    ("visits to come are kept when none are made", kept),
    ("a link to a page that comes again is known", known),
    ("a visit that fails may be asked for again", fails),
    ("a page that comes again holds up no level", levels),
    ("visits due come in order, and each once", in_order),
];

const AGAIN: Pace = Pace { revisits: true, ..PLAIN };

fn visit(at: Timestamp) -> Visit {
    Visit {
        at,
        changed_at: Some(Timestamp(at.0 / 2)),
        changes: 3,
        exposure: Duration::from_secs(5_000),
        gap: Duration::from_millis(7),
        content: u64::MAX,
        etag: Some("\"a\"".into()),
        lied: true,
        ..Visit::default()
    }
}

fn until(world: &World, lease: &Lease, after: u64) -> Commit {
    let due = Timestamp(world.now().0 + after);
    Commit { revisit: Some(Revisit::new(due, visit(world.now()))), ..fetched(lease) }
}

fn comes_again(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), AGAIN);
    world.add_pages(&["http://a.test/x"])?;
    for (generation, after) in (0..).zip([1_000, 400_000, 90 * 86_400_000]) {
        let lease = world.lease_of("http://a.test/x")?;
        same("generation", &lease.request.generation, &generation)?;
        let (now, due) = (world.now(), Timestamp(world.now().0 + after));
        world.commit(until(&world, &lease, after))?;
        let stats = world.stats();
        same("done, waiting", &(stats.done, stats.revisits_waiting), &(1, 1))?;
        if generation != 1 {
            world.reopen(Limits::default(), AGAIN)?;
        }
        world.nothing()?;
        world.advance(after - 1);
        world.nothing()?;
        world.advance_to(due);
        let lease = world.lease()?;
        let revisit = lease.request.revisit.as_deref();
        same("what was known", &revisit, &Some(&Revisit::new(due, visit(now))))?;
        same("waiting", &world.stats().revisits_waiting, &0)?;
        world.nack(&lease, None, Retry::default())?;
    }
    same("revisited", &world.stats().revisited, &2)
}

fn kept(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/x"])?;
    let lease = world.lease()?;
    world.commit(until(&world, &lease, 10))?;
    world.advance(100);
    world.finished(Finish::Complete)?;
    world.reopen(Limits::default(), PLAIN)?;
    world.finished(Finish::Complete)?;
    if world.reopen(Limits::default(), AGAIN)? {
        world.lease_of("http://a.test/x").map(drop)?;
    }
    Ok(())
}

fn known(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), AGAIN);
    world.add_pages(&["http://a.test/x"])?;
    let lease = world.lease()?;
    world.commit(until(&world, &lease, 10))?;
    same("again", &world.add(vec![page("http://a.test/x")])?, &vec![AddStatus::Known])?;
    world.advance(10);
    let lease = world.lease()?;
    let links = vec![page("http://a.test/x"), page("http://a.test/new")];
    world.commit(Commit { outlinks: links, ..until(&world, &lease, 1_000_000) })?;
    world.lease_of("http://a.test/new")?;
    same("known", &world.stats().known, &2)
}

fn fails(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), AGAIN);
    world.add_pages(&["http://a.test/x"])?;
    let lease = world.lease()?;
    world.commit(until(&world, &lease, 10))?;
    world.advance(10);
    let lease = world.lease()?;
    let revisit = until(&world, &lease, 10).revisit;
    world.commit(Commit { revisit, ..ended(&lease, failed()) })?;
    let stats = world.stats();
    same("fetched, failed, revisited", &(stats.fetched, stats.failed, stats.revisited), &(0, 1, 1))?;
    world.advance(10);
    let lease = world.lease()?;
    world.fetch(&lease)?;
    same("fetched, failed", &(world.stats().fetched, world.stats().failed), &(1, 0))?;
    world.finished(Finish::Complete)
}

fn levels(make: &mut Make<'_>) -> Check {
    let limits = Limits { max_depth: Some(3), ..Limits::default() };
    let mut world = World::new(make, limits, AGAIN);
    world.add_pages(&["http://a.test/0"])?;
    let lease = world.lease()?;
    let outlinks = vec![deep("http://a.test/1", 1), deep("http://b.test/1", 1)];
    world.commit(Commit { outlinks, ..until(&world, &lease, 10) })?;
    world.advance(10);
    let first = world.exactly(3)?;
    for lease in first.iter().filter(|lease| lease.request.depth == 1) {
        let outlinks = vec![deep("http://c.test/2", 2)];
        world.commit(Commit { outlinks, ..fetched(lease) })?;
    }
    // The page of level 0 is still open.
    world.lease_of("http://c.test/2")?;
    world.reopen(limits, AGAIN)?;
    Ok(())
}

fn in_order(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), AGAIN);
    let urls: Vec<String> = (0..40).map(|number| format!("http://a.test/{number}")).collect();
    world.add(urls.iter().map(|url| page(url)).collect())?;
    for (number, lease) in (0_u64..).zip(world.exactly(40)?) {
        world.commit(until(&world, &lease, 1 + number * 37 % 40 * 100_000))?;
    }
    world.reopen(Limits::default(), AGAIN)?;
    let mut last = Timestamp(0);
    for _ in 0..40 {
        let lease = loop {
            match world.ask(1)? {
                Leased::NotBefore(at) => world.advance_to(at),
                Leased::Some(mut leases) => break leases.remove(0),
                other => return Err(format!("a visit is due some time, got {other:?}")),
            }
        };
        let due = lease.request.revisit.as_deref().map(|revisit| revisit.due).unwrap_or_default();
        if due < last || due > world.now() {
            return Err(format!("due {due:?} after {last:?}, at {:?}", world.now()));
        }
        last = due;
        world.fetch(&lease)?;
    }
    world.finished(Finish::Complete)
}
