//! Stories of sites that ask for a rest: they get it, longer when they kept the crawler out again, and are given up when no
//! rest helps.

use std::collections::HashSet;
use std::time::Duration;

use super::rests::{PATIENCE, PATIENT, fail, many};
use super::world::{Check, World, fetched, sent};
use super::world::{next_visit, page, same};
use super::{Make, Story};
use crate::model::{
    Attempt, Breaker, Commit, Control, Finish, Lease, Leased, Limits, RestReason, Retry, SiteKey, Timestamp,
};
use crate::politeness::asked_for;

pub(super) const STORIES: &[Story] = &[
    ("refusals in a row make the rest longer, over a restart too", refusals),
    ("a site that asks for a rest gets it, and is well when a page is had after it", asks),
    ("a site that asks again after each rest it asked for is given up, over restarts too", asks_in_vain),
    (
        "a site that was given up is not asked before the rest it asked for is over, unless by hand",
        asks_at_last,
    ),
    ("one page that always asks for a rest makes no site ill", one_asks),
    ("a site that invites to come again at once is never given up for it", invites),
    ("a site that has each page at its second visit only loses none", second_visits),
];

fn refusals(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 9)?;
    let refuse = |world: &World, status: u16| -> Check<u64> {
        let (lease, now) = (world.lease()?, world.now());
        let until = now.after(Duration::from_secs(5));
        let retry = Retry { not_before: now, block_site_until: Some(until), counts: false };
        world.nack(&lease, Some(Attempt { at: now, ..sent(status) }), retry)?;
        let until = world.host("a.test")?.health.rests_until;
        world.not_before(until)?;
        world.advance_to(until);
        Ok(until.since(now).as_secs())
    };
    same("the first", &refuse(&world, 429)?, &5)?;
    same("the second", &refuse(&world, 429)?, &10)?;
    let reason = world.host("a.test")?.health.reason;
    same("why it rests", &reason, &Some(RestReason::Refused))?;
    world.reopen(Limits::default(), PATIENT)?;
    same("the third", &refuse(&world, 429)?, &20)?;
    let lease = world.lease()?;
    let attempts = vec![Attempt { at: world.now(), ..sent(200) }];
    world.commit(Commit { attempts, ..super::world::fetched(&lease) })?;
    same("the first after an answer", &refuse(&world, 429)?, &5)?;
    // A 503 may be anybody's: its rest does not grow, and two of them are no overload.
    let lease = world.lease()?;
    let attempts = vec![Attempt { at: world.now(), ..sent(200) }];
    world.commit(Commit { attempts, ..super::world::fetched(&lease) })?;
    same("overload", &[refuse(&world, 503)?, refuse(&world, 503)?], &[5, 5])?;
    same("the reason", &world.host("a.test")?.health.reason, &Some(RestReason::Asked))
}

/// The request was turned away with a rest of so many seconds asked for; until when.
pub(super) fn ask_for_rest(world: &World, lease: &Lease, seconds: u64) -> Check<Timestamp> {
    let (now, rest) = (world.now(), Duration::from_secs(seconds));
    let until = now.after(rest);
    let retry = Retry { not_before: until, block_site_until: Some(until), counts: true };
    let failure = Some(asked_for(rest).into());
    world.nack(lease, Some(Attempt { at: now, failure, ..sent(503) }), retry)?;
    Ok(until)
}

fn fetch(world: &World, lease: &Lease) -> Check {
    let attempts = vec![Attempt { at: world.now(), ..sent(200) }];
    world.commit(Commit { attempts, ..fetched(lease) }).map(drop)
}

fn asks(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 30)?;
    for _ in 0..10 {
        let until = ask_for_rest(&world, &world.lease()?, 7)?;
        let health = world.host("a.test")?.health;
        same("its breaker", &(health.breaker, health.reason), &(Breaker::Closed, Some(RestReason::Asked)))?;
        same("rests", &health.rests_until, &until)?;
        world.not_before(until)?;
        world.advance_to(until);
        fetch(&world, &world.lease()?)?;
    }
    // What began before the rest says nothing about whether it was long enough.
    let [first, second] = &world.exactly(20)?[..2] else { return Ok(()) };
    ask_for_rest(&world, first, 7)?;
    ask_for_rest(&world, second, 7)?;
    same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::Closed)
}

fn asks_in_vain(make: &mut Make<'_>) -> Check {
    // Without asking it would rest for 5, 10 and 20 seconds.
    let day = 24.0 * 3_600.0;
    for (seconds, requests, within) in
        [(1, 30..=40, 35.0..40.0), (12, 5..=5, 48.0..49.0), (86_400, 4..=4, 3.0 * day..3.1 * day)]
    {
        let mut world = World::new(make, Limits::default(), PATIENT);
        many(&world, "a.test", 30)?;
        let start = world.now();
        for round in 0..1_000 {
            match world.ask(1)? {
                Leased::Some(leases) if leases[0].given_up.is_some() => fail(&world, &leases[0])?,
                Leased::Some(leases) => drop(ask_for_rest(&world, &leases[0], seconds)?),
                Leased::NotBefore(at) => {
                    same("failed while it is waited for", &world.stats().failed, &0)?;
                    same("it gets what it asks for", &at.since(world.now()).as_secs(), &seconds)?;
                    if round % 4 == 1 {
                        world.snapshot();
                        world.reopen(Limits::default(), PATIENT)?;
                        world.not_before(at)?;
                    }
                    world.advance_to(at);
                }
                _ => break,
            }
        }
        world.finished(Finish::Complete)?;
        let (stats, took) = (world.stats(), world.now().since(start).as_secs_f64());
        if !requests.contains(&stats.requests) || stats.failed != 30 || !within.contains(&took) {
            return Err(format!("{seconds} s: {took} s, {stats:?}"));
        }
    }
    Ok(())
}

fn asks_at_last(make: &mut Make<'_>) -> Check {
    for unblock in [false, true] {
        let pace = PATIENT;
        let mut world = World::new(make, Limits::default(), pace);
        many(&world, "a.test", 2)?;
        let mut until = world.now();
        for _ in 0..=PATIENCE.rests {
            world.advance_to(until);
            until = ask_for_rest(&world, &world.lease()?, 86_400)?;
        }
        let health = world.host("a.test")?.health;
        let told = (health.breaker, health.rests_until, health.reason);
        same("in the end", &told, &(Breaker::GivenUp, until, Some(RestReason::Asked)))?;
        for lease in world.exactly(2)? {
            same("given up", &lease.given_up, &Some(PATIENCE.rests))?;
            fail(&world, &lease)?;
        }
        // Longer than the rest after which a site that was given up is asked once more.
        world.advance(7_200_000);
        world.add_pages(&["http://a.test/new"])?;
        if !unblock && !world.reopen(Limits::default(), pace)? {
            fail(&world, &world.exactly(1)?.remove(0))?;
            continue;
        }
        if unblock {
            world.control(Control::Bar(SiteKey("a.test".into()), Timestamp(0)))?;
        } else {
            // Nor when its URLs go back by hand.
            world.again(vec![next_visit(page("http://a.test/0"))])?;
            world.not_before(until)?;
            world.advance_to(until);
        }
        let probe = world.exactly(1)?.remove(0);
        same("given up", &probe.given_up, &None)?;
        fetch(&world, &probe)?;
        same("well", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    }
    Ok(())
}

fn one_asks(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 20)?;
    for _ in 0..30 {
        let lease = world.lease()?;
        if lease.request.attempt > 0 || &*lease.request.url == "http://a.test/0" {
            world.advance_to(ask_for_rest(&world, &lease, 7)?);
        } else {
            fetch(&world, &lease)?;
        }
        same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    }
    // Each time was one of its tries.
    let tries = world.lease()?.request.attempt;
    if tries > 5 { Ok(()) } else { Err(format!("{tries} tries")) }
}

fn invites(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 30)?;
    for _ in 0..30 {
        let until = ask_for_rest(&world, &world.lease()?, 0)?;
        world.advance_to(until.after(Duration::from_secs(1)));
        same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    }
    Ok(())
}

fn second_visits(make: &mut Make<'_>) -> Check {
    for seconds in [1, 10, 3_600] {
        let mut world = World::new(make, Limits::default(), PATIENT);
        many(&world, "a.test", 60)?;
        let mut visited = HashSet::new();
        for round in 0..1_000 {
            match world.ask(1)? {
                Leased::Some(leases) if visited.insert(leases[0].key) => {
                    ask_for_rest(&world, &leases[0], seconds)?;
                }
                Leased::Some(leases) => fetch(&world, &leases[0])?,
                Leased::NotBefore(at) => {
                    world.advance_to(at);
                    if round % 50 == 0 {
                        world.reopen(Limits::default(), PATIENT)?;
                    }
                }
                _ => break,
            }
        }
        world.finished(Finish::Complete)?;
        let stats = world.stats();
        same("fetched, failed", &(stats.fetched, stats.failed), &(60, 0))?;
    }
    Ok(())
}
