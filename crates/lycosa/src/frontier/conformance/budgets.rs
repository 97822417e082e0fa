//! Stories of budgets: met exactly, with any number of leases out, over restarts.

use std::time::Duration;

use super::world::{Check, PLAIN, World, ended, failed, fetched, page, same, sent};
use super::{Make, Story};
use crate::model::{Attempt, Commit, Control, Discovered, Finish, Lease, Leased, Limits, Retry, Want};

pub(super) const STORIES: &[Story] = &[
    ("pages are met exactly", pages),
    ("requests are met exactly", requests),
    ("bytes are reserved and never exceeded", bytes),
    ("an extension takes of the same bytes", extended_bytes),
    ("reserved bytes are the same when read again", bytes_read_again),
    ("what a lost lease may have cost is spent", lost_lease),
    ("no lease at the deadline or after", deadline),
    ("complete", complete),
    ("budgets go on over restarts", over_restarts),
    ("new limits are in force at once", new_limits),
];

fn many(count: u64) -> Vec<Discovered> {
    (0..count).map(|n| page(&format!("http://{}.test/{n}", n % 4))).collect()
}

fn pages(make: &mut Make<'_>) -> Check {
    let limits = Limits { max_pages: Some(3), ..Limits::default() };
    let mut world = World::new(make, limits, PLAIN);
    world.add(many(12))?;
    let leases = world.leases(12)?;
    same("leases for three pages", &leases.len(), &3)?;
    world.nothing()?;
    world.commit(ended(&leases[0], failed()))?;
    world.nack(&leases[1], Some(sent(503)), Retry::default())?;
    world.fetch(&leases[2])?;
    let leases = world.leases(12)?;
    same("two pages are left", &leases.len(), &2)?;
    // An answer that is no page, and a lease that runs out.
    world.commit(Commit { is_page: false, ..fetched(&leases[0]) })?;
    world.advance(60_000);
    let leases = world.leases(12)?;
    same("still two", &leases.len(), &2)?;
    world.fetch(&leases[0])?;
    world.nothing()?;
    world.fetch(&leases[1])?;
    world.finished(Finish::Pages)?;
    same("pages", &world.stats().pages, &3)?;
    if world.reopen(limits, PLAIN)? {
        world.finished(Finish::Pages)?;
    }
    Ok(())
}

fn requests(make: &mut Make<'_>) -> Check {
    let limits = Limits { max_requests: Some(4), ..Limits::default() };
    let world = World::new(make, limits, PLAIN);
    world.add(many(12))?;
    let leases = world.leases(12)?;
    same("leases for four requests", &leases.len(), &4)?;
    world.nothing()?;
    world.nack(&leases[0], None, Retry::default())?;
    world.nack(&leases[1], Some(sent(503)), Retry::default())?;
    world.commit(Commit { attempts: Vec::new(), ..ended(&leases[2], failed()) })?;
    world.fetch(&leases[3])?;
    let leases = world.leases(12)?;
    same("two were not sent", &leases.len(), &2)?;
    for lease in &leases {
        world.nothing()?;
        world.fetch(lease)?;
    }
    world.finished(Finish::Requests)?;
    same("requests", &world.stats().requests, &4)
}

fn byte_limit(bytes: u64) -> Limits {
    Limits { max_bytes: Some(bytes), ..Limits::default() }
}

fn leases(world: &World, max: usize, bytes: u64) -> Check<Vec<Lease>> {
    match world.ask_for(Want { max, bytes })? {
        Leased::Some(leases) => Ok(leases),
        _ => Ok(Vec::new()),
    }
}

fn one_lease(world: &World, bytes: u64) -> Check<Lease> {
    leases(world, 1, bytes)?.pop().ok_or_else(|| format!("a lease of {bytes} bytes was due"))
}

/// A page of so many bytes.
fn received(lease: &Lease, wire_bytes: u64) -> Commit {
    Commit { attempts: vec![Attempt { wire_bytes, ..sent(200) }], ..fetched(lease) }
}

fn bytes(make: &mut Make<'_>) -> Check {
    let world = World::new(make, byte_limit(1_000), PLAIN);
    world.add(many(12))?;
    let first = leases(&world, 12, 300)?;
    same("leases of 300 bytes", &first.iter().map(|lease| lease.bytes).collect::<Vec<_>>(), &vec![300; 3])?;
    same("another", &leases(&world, 1, 300)?.len(), &0)?;
    world.commit(received(&first[0], 100))?;
    world.nack(&first[1], Some(Attempt { wire_bytes: 50, ..sent(503) }), Retry::default())?;
    // 150 received, 300 reserved: 550 are left.
    let second = leases(&world, 12, 275)?;
    same("leases of 275 bytes", &second.len(), &2)?;
    same("one more byte", &leases(&world, 1, 1)?.len(), &0)?;
    world.commit(received(&first[2], 300))?;
    world.commit(received(&second[0], 275))?;
    world.commit(received(&second[1], 275))?;
    same("bytes", &world.stats().bytes, &1_000)?;
    match world.ask_for(Want { max: 1, bytes: 1 })? {
        Leased::Finished(Finish::Bytes) => {}
        other => return Err(format!("finished (bytes) was due, the answer is {other:?}")),
    }
    let free = World::plain(make);
    free.add(many(1))?;
    same("bytes without a budget", &free.lease()?.bytes, &u64::MAX)
}

fn extended_bytes(make: &mut Make<'_>) -> Check {
    let world = World::new(make, byte_limit(1_000), PLAIN);
    world.add(many(3))?;
    let lease = one_lease(&world, 400)?;
    let extend = |bytes| world.extend(&lease, Duration::from_secs(60), bytes).map(|granted| granted.bytes);
    same("300 of 600", &extend(300)?, &300)?;
    same("301 of 300", &extend(301)?, &0)?;
    same("300 of 300", &extend(300)?, &300)?;
    same("1 of 0", &extend(1)?, &0)?;
    same("another lease", &leases(&world, 1, 1)?.len(), &0)?;
    world.commit(received(&lease, 600))?;
    same("what is left", &leases(&world, 2, 400)?.len(), &1)
}

/// A lease that was open when the process ended has cost what was reserved for it, whatever the limits are now.
fn bytes_read_again(make: &mut Make<'_>) -> Check {
    for (first, second) in [(byte_limit(1_000), Limits::default()), (Limits::default(), byte_limit(1_000))] {
        let mut world = World::new(make, first, PLAIN);
        world.add(many(3))?;
        let lease = one_lease(&world, 400)?;
        world.extend(&lease, Duration::from_secs(60), 200)?;
        let mut wanted = world.stats().bytes;
        wanted += if first.max_bytes.is_some() { 600 } else { 0 };
        if !world.reopen(second, PLAIN)? {
            return Ok(());
        }
        same("bytes after reopening", &world.stats().bytes, &wanted)?;
    }
    Ok(())
}

fn lost_lease(make: &mut Make<'_>) -> Check {
    let limits = Limits { max_requests: Some(3), max_bytes: Some(1_000), ..Limits::default() };
    let mut world = World::new(make, limits, PLAIN);
    world.add(many(5))?;
    same("leases", &leases(&world, 1, 400)?.len(), &1)?;
    world.advance(60_000);
    let lease = one_lease(&world, 300)?;
    let spent = |world: &World| {
        let stats = world.stats();
        (stats.requests, stats.bytes)
    };
    same("after it ran out", &spent(&world), &(1, 400))?;
    if world.reopen(limits, PLAIN)? {
        same("after the process", &spent(&world), &(2, 700))?;
        world.fenced(&lease)?;
        same("the last", &leases(&world, 5, 300)?.len(), &1)?;
    }
    Ok(())
}

fn deadline(make: &mut Make<'_>) -> Check {
    let end = World::plain(make).now().after(Duration::from_secs(10));
    let limits = Limits { deadline: Some(end), ..Limits::default() };
    let pace = crate::model::Pace { delay: Duration::from_secs(60), ..PLAIN };
    let world = World::new(make, limits, pace);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let lease = world.lease()?;
    // Nothing is due before the end, and at the end the answer changes.
    world.not_before(end)?;
    world.advance(9_999);
    world.not_before(end)?;
    world.add_pages(&["http://b.test/"])?;
    let late = world.lease_of("http://b.test/")?;
    world.add_pages(&["http://c.test/"])?;
    world.advance(1);
    world.nothing()?;
    world.fetch(&lease)?;
    world.nothing()?;
    world.fetch(&late)?;
    world.finished(Finish::Time)
}

fn complete(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.finished(Finish::Complete)?;
    world.add(many(1))?;
    let lease = world.lease()?;
    world.nothing()?;
    world.nack(
        &lease,
        None,
        Retry { not_before: world.now().after(Duration::from_secs(1)), ..Retry::default() },
    )?;
    world.nothing()?;
    world.advance(1_000);
    let lease = world.lease()?;
    world.fetch(&lease)?;
    world.finished(Finish::Complete)?;
    // A budget that is met when nothing is left is no reason.
    let limits = Limits { max_pages: Some(1), max_requests: Some(1), ..Limits::default() };
    world.control(Control::Limits(limits))?;
    world.finished(Finish::Complete)
}

fn over_restarts(make: &mut Make<'_>) -> Check {
    let limits = Limits { max_pages: Some(4), ..Limits::default() };
    let mut world = World::new(make, limits, PLAIN);
    world.add(many(9))?;
    let leases = world.exactly(3)?;
    world.fetch(&leases[0])?;
    world.fetch(&leases[1])?;
    if !world.reopen(limits, PLAIN)? {
        return Ok(());
    }
    let leases = world.leases(9)?;
    same("pages left", &leases.len(), &2)?;
    leases.iter().try_for_each(|lease| world.fetch(lease).map(drop))?;
    world.finished(Finish::Pages)
}

fn new_limits(make: &mut Make<'_>) -> Check {
    let pages = |max| Control::Limits(Limits { max_pages: Some(max), ..Limits::default() });
    let world = World::new(make, Limits { max_pages: Some(1), ..Limits::default() }, PLAIN);
    world.add(many(9))?;
    let first = world.lease()?;
    world.nothing()?;
    world.control(pages(3))?;
    let more = world.leases(9)?;
    same("after raising", &more.len(), &2)?;
    world.control(pages(2))?;
    world.fetch(&first)?;
    world.nothing()?;
    world.commit(ended(&more[0], failed()))?;
    world.nothing()?;
    world.commit(ended(&more[1], failed()))?;
    same("after lowering", &world.leases(9)?.len(), &1)
}
