//! Stories of leases: how they end, and that an ended one is worth nothing.

use std::collections::HashSet;
use std::time::Duration;

use super::world::{Check, PLAIN, World, fetched, same, sent};
use super::{Make, Story};
use crate::model::{CommitError, Gate, Limits, Retry, Timestamp};

pub(super) const STORIES: &[Story] = &[
    ("a lease ends at its deadline, not before", deadline),
    ("a token is worth nothing after a commit or a nack", ended_once),
    ("a token is worth nothing after the process", reopened),
    ("tokens never repeat", tokens),
    ("an extension moves the deadline", extension),
    ("an answer for each of a batch", batch),
    ("a URL given back comes again at its time", nack),
    ("an attempt counts only if it is said to", attempts),
    ("a site that was blocked rests, others go on", blocked),
];

fn deadline(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/"])?;
    let lease = world.lease()?;
    same("the deadline", &lease.deadline, &world.now().after(PLAIN.lease))?;
    world.not_before(lease.deadline)?;
    world.advance(59_999);
    let gate = crate::frontier::conformance::wait(world.frontier().gate(lease.token, [192, 0, 2, 1].into()));
    same("the gate before the deadline", &gate.map_err(|error| error.to_string()), &Ok(Gate::Go))?;
    world.not_before(lease.deadline)?;
    world.advance(1);
    // Nobody has asked for a lease since: the deadline alone ends it.
    world.fenced(&lease)?;
    let again = world.lease_of("http://a.test/")?;
    same("another token", &(again.token > lease.token), &true)?;
    world.fenced(&lease)?;
    world.fetch(&again).map(drop)
}

fn ended_once(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let (first, second) = (world.lease()?, world.lease()?);
    world.fetch(&first)?;
    world.fenced(&first)?;
    world.nack(&second, None, Retry::default())?;
    world.fenced(&second)?;
    let again = world.lease_of("http://a.test/2")?;
    world.fenced(&second)?;
    world.fetch(&again).map(drop)
}

fn reopened(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://a.test/3"])?;
    let leases = world.exactly(2)?;
    world.fetch(&leases[0])?;
    if !world.reopen(Limits::default(), PLAIN)? {
        return Ok(());
    }
    for lease in &leases {
        world.fenced(lease)?;
    }
    let stats = world.stats();
    same(
        "known, done, pending, leased",
        &[stats.known, stats.done, stats.pending, stats.leased],
        &[3, 1, 2, 0],
    )?;
    let mut urls: Vec<_> = world.leases(9)?.iter().map(|lease| lease.request.url.to_string()).collect();
    urls.sort_unstable();
    same("leased again", &urls, &vec!["http://a.test/2".to_owned(), "http://a.test/3".to_owned()])
}

fn tokens(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://b.test/1"])?;
    let mut seen = HashSet::new();
    for round in 0..12_u64 {
        let leases = world.leases(3)?;
        same("leases", &leases.len(), &3)?;
        for lease in &leases {
            same(
                &format!("token {:?} is new in round {round}", lease.token),
                &seen.insert(lease.token),
                &true,
            )?;
        }
        match round % 3 {
            0 => world.advance(60_000),
            1 => leases.iter().try_for_each(|lease| world.nack(lease, None, Retry::default()))?,
            _ if world.reopen(Limits::default(), PLAIN)? => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}

fn extension(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/"])?;
    let lease = world.lease()?;
    world.advance(50_000);
    let granted = world.extend(&lease, Duration::from_secs(100), 5)?;
    let wanted = Timestamp(world.now().0 + 100_000);
    same("the new deadline", &granted.deadline, &wanted)?;
    same("bytes without a budget", &granted.bytes, &5)?;
    world.advance(50_000);
    world.not_before(wanted)?;
    world.advance(50_000);
    world.fenced(&lease)?;
    let lease = world.lease()?;
    world.extend(&lease, Duration::from_secs(100), 0)?;
    world.advance(99_999);
    world.fetch(&lease)?;
    if world.reopen(Limits::default(), PLAIN)? {
        same("done", &world.stats().done, &1)?;
    }
    Ok(())
}

fn batch(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let (first, second) = (world.lease()?, world.lease()?);
    let answers = world.commits(vec![fetched(&first), fetched(&first), fetched(&second)])?;
    match answers.as_slice() {
        [Ok(first), Err(CommitError::Fenced), Ok(second)] if first < second => Ok(()),
        other => Err(format!("good, the same again, good: {other:?}")),
    }?;
    same("done", &world.stats().done, &2)
}

fn nack(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let lease = world.lease()?;
    let later = world.now().after(Duration::from_secs(5));
    world.nack(&lease, Some(sent(503)), Retry { not_before: later, ..Retry::default() })?;
    let other = world.lease_of("http://a.test/2")?;
    world.fetch(&other)?;
    world.not_before(later)?;
    world.advance(4_999);
    if world.reopen(Limits::default(), PLAIN)? {
        world.not_before(later)?;
    }
    world.nothing()?;
    world.advance(1);
    let again = world.lease_of("http://a.test/1")?;
    // Given back without a time: at once.
    world.nack(&again, None, Retry::default())?;
    world.lease_of("http://a.test/1").map(drop)
}

fn attempts(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/"])?;
    let mut wanted = 0;
    for counts in [true, false, true] {
        let lease = world.lease()?;
        same("attempts before", &lease.request.attempt, &wanted)?;
        world.nack(&lease, Some(sent(500)), Retry { counts, ..Retry::default() })?;
        wanted += u32::from(counts);
    }
    same("requests sent", &world.stats().requests, &3)?;
    world.reopen(Limits::default(), PLAIN).and_then(|survives| {
        if survives { same("attempts after reopening", &world.lease()?.request.attempt, &2) } else { Ok(()) }
    })
}

fn blocked(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://x.a.test/1", "http://y.a.test/2", "http://b.test/3"])?;
    let lease = world.leases(9)?.into_iter().find(|lease| lease.site.0.as_ref() == "a.test");
    let lease = lease.ok_or("a.test was not leased")?;
    let until = world.now().after(Duration::from_secs(30));
    let retry = Retry { block_site_until: Some(until), ..Retry::default() };
    world.add_pages(&["http://z.a.test/4", "http://b.test/5"])?;
    world.nack(&lease, Some(sent(429)), retry)?;
    same("until when the site rests", &world.host("a.test")?.next_allowed, &until)?;
    let other = world.lease_of("http://b.test/5")?;
    world.fetch(&other)?;
    world.not_before(until)?;
    if world.reopen(Limits::default(), PLAIN)? {
        same("the only other site", &world.lease()?.site.0.as_ref(), &"b.test")?;
        world.not_before(until)?;
    }
    world.advance_to(until);
    world.lease().map(drop)
}
