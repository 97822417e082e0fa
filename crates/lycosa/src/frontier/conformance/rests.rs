//! Stories of sites that are not well: breakers, rests that grow, and what is told of them. Rests that sites ask for are told
//! elsewhere (`asked`).

use std::time::Duration;

use super::world::{Check, PLAIN, World, ended, failed, next_visit, page, same, sent};
use super::{Make, Story, wait};
use crate::model::{
    Attempt, Breaker, Commit, Control, Gate, Lease, Leased, Limits, Pace, Patience, RestReason, Retry,
    SiteKey, Timestamp,
};

pub(super) const STORIES: &[Story] = &[
    ("a dead host costs few requests and keeps its URLs until it is given up", dead_host),
    ("after the rest one request decides", one_decides),
    ("a breaker outlives the process", outlives),
    ("pages that are missing open no breaker", missing_pages),
    ("a site that turns pages away in a row is overloaded and rests, over a restart too", overloaded),
    ("one page that is always turned away makes no site rest", one_turned_away),
    ("an overloaded site keeps its URLs until it is given up", overloaded_for_good),
    ("failures of other kinds are no overload", mixed),
    ("by rules without rests no site rests, and tries count again", without_rests),
    ("a site that was given up is asked again by the next run", given_up_is_asked_again),
    ("a site whose rest is ended by hand is asked as soon as its delay allows", unblocked),
    (
        "a site that was given up and whose URLs go back by hand is given its rests anew, over a restart too",
        forgiven,
    ),
];

pub(super) const PATIENCE: Patience =
    Patience { failures: 4, first: Duration::from_secs(60), most: Duration::from_secs(3_600), rests: 3 };

pub(super) const PATIENT: Pace = Pace { patience: PATIENCE, ..PLAIN };

fn unreachable(at: Timestamp) -> Attempt {
    Attempt { at, failure: Some("connect/connect".into()), ..Attempt::default() }
}

/// The URL of a lease fails for good, after a request unless its site was given up.
pub(super) fn fail(world: &World, lease: &Lease) -> Check {
    let attempts = if lease.given_up.is_some() { Vec::new() } else { vec![unreachable(world.now())] };
    world.commit(Commit { attempts, ..ended(lease, failed()) }).map(drop)
}

pub(super) fn many(world: &World, host: &str, count: u32) -> Check {
    world.add((0..count).map(|n| page(&format!("http://{host}/{n}"))).collect()).map(drop)
}

fn dead_host(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "dead.test", 1_000)?;
    many(&world, "well.test", 50)?;
    let start = world.now();
    let mut given_up = 0;
    for _ in 0..5_000 {
        match world.ask(2)? {
            Leased::Some(leases) => {
                for lease in &leases {
                    given_up += u32::from(lease.given_up.is_some());
                    if &*lease.site.0 == "well.test" {
                        world.fetch(lease)?;
                    } else if lease.given_up.is_none() && lease.request.attempt < 2 {
                        let retry = Retry { not_before: world.now(), block_site_until: None, counts: true };
                        world.nack(lease, Some(unreachable(world.now())), retry)?;
                    } else {
                        fail(&world, lease)?;
                    }
                }
            }
            Leased::NotBefore(at) => {
                let stats = world.stats();
                same("the well site is served meanwhile", &stats.fetched, &50)?;
                world.advance_to(at);
            }
            _ => break,
        }
    }
    world.finished(crate::model::Finish::Complete)?;
    let stats = world.stats();
    let requests = stats.requests - 50;
    if requests > 12 || stats.failed != 1_000 || given_up < 980 {
        return Err(format!("{requests} requests, {given_up} given up, {stats:?}"));
    }
    let minutes = world.now().since(start).as_secs_f64() / 60.0;
    // A rest of 1, 2 and 4 minutes, each a quarter more or less.
    if (5.0..9.0).contains(&minutes) { Ok(()) } else { Err(format!("it took {minutes} minutes")) }
}

fn one_decides(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 30)?;
    for lease in world.exactly(3)? {
        fail(&world, &lease)?;
    }
    let health = world.host("a.test")?.health;
    same("before it opens", &(health.breaker, health.failures), &(Breaker::Closed, 3))?;
    let [last, late] = &world.exactly(2)?[..] else { return Ok(()) };
    fail(&world, last)?;
    let health = world.host("a.test")?.health;
    same("open", &(health.breaker, health.reason), &(Breaker::Open, Some(RestReason::Failing)))?;
    fail(&world, late)?;
    let now = world.host("a.test")?.health;
    same("what was under way changes nothing", &(now.rests_until, now.rests), &(health.rests_until, 1))?;
    world.not_before(health.rests_until)?;
    same("said of the host", &world.host("a.test")?.next_allowed, &health.rests_until)?;
    world.advance_to(health.rests_until);
    let probe = world.exactly(1)?.remove(0);
    world.nothing()?;
    same("half open", &world.host("a.test")?.health.breaker, &Breaker::HalfOpen)?;
    let opened_at = world.now();
    fail(&world, &probe)?;
    let second = world.host("a.test")?.health;
    let rest = second.rests_until.since(opened_at).as_secs();
    if !(90..=150).contains(&rest) {
        return Err(format!("the second rest lasts {rest} s"));
    }
    world.advance_to(second.rests_until);
    let probe = world.exactly(1)?.remove(0);
    // A probe that was not sent decides nothing, and the next one may be.
    world.nack(&probe, None, Retry::default())?;
    let probe = world.exactly(1)?.remove(0);
    world.nothing()?;
    world.fetch(&probe)?;
    let health = world.host("a.test")?.health;
    same("closed", &(health.breaker, health.failures, health.rests), &(Breaker::Closed, 0, 0))?;
    world.exactly(9).map(drop)
}

fn outlives(make: &mut Make<'_>) -> Check {
    for snapshot in [false, true] {
        let mut world = World::new(make, Limits::default(), PATIENT);
        many(&world, "a.test", 30)?;
        for lease in world.exactly(4)? {
            fail(&world, &lease)?;
        }
        let before = world.host("a.test")?.health;
        if snapshot {
            world.snapshot();
        }
        if !world.reopen(Limits::default(), PATIENT)? {
            return Ok(());
        }
        same("the health of the host", &world.host("a.test")?.health, &before)?;
        world.not_before(before.rests_until)?;
        world.advance_to(before.rests_until);
        let probe = world.exactly(1)?.remove(0);
        world.nothing()?;
        fail(&world, &probe)?;
        same("rests in a row", &world.host("a.test")?.health.rests, &2)?;
    }
    Ok(())
}

fn missing_pages(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 60)?;
    for round in 0..40_u16 {
        let lease = world.lease()?;
        let attempt = match round % 4 {
            0 => sent(404),
            1 => sent(410),
            2 => Attempt { failure: Some("cancelled".into()), ..Attempt::default() },
            _ => Attempt { failure: Some("too_large/body".into()), ..Attempt::default() },
        };
        world.commit(Commit { attempts: vec![attempt], ..ended(&lease, failed()) })?;
    }
    // One broken page that is tried again and again is one failure.
    let mut lease = world.lease()?;
    for _ in 0..10 {
        let (url, retry) = (lease.request.url.clone(), Retry { counts: true, ..Retry::default() });
        world.nack(&lease, Some(sent(500)), retry)?;
        lease = loop {
            let next = world.lease()?;
            if next.request.url == url {
                break next;
            }
            world.nack(&next, None, Retry::default())?;
        };
    }
    let health = world.host("a.test")?.health;
    same("its breaker", &(health.breaker, health.failures), &(Breaker::Closed, 1))
}

/// A request that was turned away, to be tried again.
fn turned_away(world: &World, lease: &Lease) -> Check {
    let retry = Retry { not_before: world.now(), block_site_until: None, counts: true };
    world.nack(lease, Some(Attempt { at: world.now(), ..sent(503) }), retry)
}

fn overloaded(make: &mut Make<'_>) -> Check {
    let pace = Pace { patience: Patience { failures: 8, ..PATIENCE }, ..PATIENT };
    for snapshot in [false, true] {
        let mut world = World::new(make, Limits::default(), pace);
        many(&world, "a.test", 8)?;
        let late = world.exactly(6)?;
        for lease in &late[..4] {
            turned_away(&world, lease)?;
        }
        let health = world.host("a.test")?.health;
        same("after four", &(health.breaker, health.failures), &(Breaker::Closed, 4))?;
        turned_away(&world, &late[4])?;
        let health = world.host("a.test")?.health;
        same("after five", &(health.breaker, health.reason), &(Breaker::Open, Some(RestReason::Overloaded)))?;
        let rest = health.rests_until.since(world.now()).as_secs_f64();
        if !(3.7..=6.3).contains(&rest) {
            return Err(format!("the first rest lasts {rest} s"));
        }
        // What was under way neither makes the rest longer nor uses up a try.
        turned_away(&world, &late[5])?;
        same("then", &world.host("a.test")?.health.rests_until, &health.rests_until)?;
        if snapshot {
            world.snapshot();
        }
        let reopens = world.reopen(Limits::default(), pace)?;
        if reopens {
            same("the health after a restart", &world.host("a.test")?.health.reason, &health.reason)?;
        }
        world.not_before(health.rests_until)?;
        world.advance_to(health.rests_until);
        let trial = world.exactly(1)?.remove(0);
        if late.iter().any(|lease| lease.request.url == trial.request.url) {
            return Err(format!("the trial is {}, which was turned away", trial.request.url));
        }
        world.nothing()?;
        let now = world.now();
        turned_away(&world, &trial)?;
        let until = world.host("a.test")?.health.rests_until;
        let rest = until.since(now).as_secs_f64();
        if !(7.4..=12.6).contains(&rest) {
            return Err(format!("the second rest lasts {rest} s"));
        }
        world.advance_to(until);
        let trial = world.exactly(1)?.remove(0);
        world.fetch(&trial)?;
        let health = world.host("a.test")?.health;
        same("well", &(health.breaker, health.failures, health.rests), &(Breaker::Closed, 0, 0))?;
        let mut tries: Vec<_> = world.exactly(7)?.iter().map(|lease| lease.request.attempt).collect();
        tries.sort_unstable();
        same("tries that were used up", &tries[..], &[0, 0, 1, 1, 1, 1, 1])?;
    }
    Ok(())
}

fn mixed(make: &mut Make<'_>) -> Check {
    let pace = Pace { patience: Patience { failures: 8, ..PATIENCE }, ..PATIENT };
    let world = World::new(make, Limits::default(), pace);
    many(&world, "a.test", 20)?;
    let leases = world.exactly(8)?;
    let (down, others) = leases.split_at(4);
    for lease in down {
        world.nack(lease, Some(unreachable(world.now())), Retry { counts: true, ..Retry::default() })?;
    }
    for lease in &others[..3] {
        turned_away(&world, lease)?;
    }
    same("after seven", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    turned_away(&world, &others[3])?;
    let health = world.host("a.test")?.health;
    same("after eight", &(health.breaker, health.reason), &(Breaker::Open, Some(RestReason::Failing)))
}

fn without_rests(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 6)?;
    for lease in &world.exactly(4)? {
        world.nack(lease, Some(unreachable(world.now())), Retry { counts: true, ..Retry::default() })?;
    }
    same("at first", &world.host("a.test")?.health.breaker, &Breaker::Open)?;
    let pace = Pace { patience: Patience::ENDLESS, ..PATIENT };
    if !world.reopen(Limits::default(), pace)? {
        world.control(Control::Pace(pace))?;
    }
    same("then", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    world.advance(1_000);
    let lease = world.exactly(6)?.remove(0);
    let before = lease.request.attempt;
    world.nack(&lease, Some(unreachable(world.now())), Retry { counts: true, ..Retry::default() })?;
    let again = world.exactly(1)?.remove(0);
    same("the try", &(again.request.url, again.request.attempt), &(lease.request.url, before + 1))
}

fn one_turned_away(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 40)?;
    for round in 0..30 {
        let lease = world.lease()?;
        if round == 0 || lease.request.attempt > 0 {
            turned_away(&world, &lease)?;
        } else {
            world.fetch(&lease)?;
        }
    }
    // It is the last one left.
    while world.stats().pending > 1 {
        world.fetch(&world.lease()?)?;
    }
    for _ in 0..20 {
        turned_away(&world, &world.lease()?)?;
    }
    same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::Closed)
}

fn overloaded_for_good(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), PATIENT);
    many(&world, "a.test", 100)?;
    let start = world.now();
    for _ in 0..1_000 {
        match world.ask(2)? {
            Leased::Some(leases) => {
                for lease in &leases {
                    match lease.given_up {
                        Some(_) => fail(&world, lease)?,
                        None => turned_away(&world, lease)?,
                    }
                }
            }
            Leased::NotBefore(at) => {
                same("failed while it is waited for", &world.stats().failed, &0)?;
                world.advance_to(at);
            }
            _ => break,
        }
    }
    world.finished(crate::model::Finish::Complete)?;
    let (stats, minutes) = (world.stats(), world.now().since(start).as_secs_f64() / 60.0);
    if stats.requests > 10 || stats.failed != 100 || !(0.4..0.8).contains(&minutes) {
        return Err(format!("{minutes} minutes, {stats:?}"));
    }
    Ok(())
}

fn given_up_is_asked_again(make: &mut Make<'_>) -> Check {
    let patience = Patience { rests: 0, ..PATIENCE };
    let mut world = World::new(make, Limits::default(), Pace { patience, ..PLAIN });
    many(&world, "a.test", 30)?;
    for lease in world.exactly(4)? {
        fail(&world, &lease)?;
    }
    let lease = world.lease()?;
    same("given up after", &lease.given_up, &Some(4))?;
    same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::GivenUp)?;
    fail(&world, &lease)?;
    if !world.reopen(Limits::default(), Pace { patience, ..PLAIN })? {
        return Ok(());
    }
    let probe = world.exactly(1)?.remove(0);
    same("given up", &probe.given_up, &None)?;
    world.nothing()?;
    world.fetch(&probe)?;
    same("its breaker", &world.host("a.test")?.health.breaker, &Breaker::Closed)
}

fn unblocked(make: &mut Make<'_>) -> Check {
    let pace = Pace { delay: Duration::from_millis(100), ..PATIENT };
    let world = World::new(make, Limits::default(), pace);
    let ask = |host: &str| -> Check<Lease> {
        let site = SiteKey(host.into());
        world.control(Control::Bar(site.clone(), Timestamp(world.now().0 + 1_000_000)))?;
        world.nothing()?;
        world.control(Control::Bar(site, Timestamp(0)))?;
        world.advance(100);
        let lease = world.lease()?;
        same("asked", &*lease.site.0, host)?;
        same("given up", &lease.given_up, &None)?;
        Ok(lease)
    };
    many(&world, "a.test", 60)?;
    // Its breaker opens, again and again.
    for _ in 0..=PATIENCE.rests {
        let mut lease = ask("a.test")?;
        loop {
            fail(&world, &lease)?;
            if world.host("a.test")?.health.breaker != Breaker::Closed {
                break;
            }
            world.advance(100);
            lease = world.lease()?;
        }
        let health = world.host("a.test")?.health;
        // Whoever ended the last rest knows better: it is the first one again.
        same("after another failure", &(health.breaker, health.rests), &(Breaker::Open, 1))?;
        let rest = health.rests_until.since(world.now()).as_secs();
        if !(45..=75).contains(&rest) {
            return Err(format!("it rests for {rest} s"));
        }
    }
    let probe = ask("a.test")?;
    world.fetch(&probe)?;
    same("well", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
    // Another site of its network had its turn: that is politeness and stays, but is asked about.
    world.control(Control::Bar(SiteKey("a.test".into()), Timestamp(u64::MAX / 2)))?;
    many(&world, "b.test", 2)?;
    many(&world, "c.test", 2)?;
    let leases = world.exactly(2)?;
    let network = std::net::IpAddr::from([192, 0, 2, 1]);
    let gate = |lease: &Lease| wait(world.frontier().gate(lease.token, network));
    same("first", &gate(&leases[0]).ok(), &Some(Gate::Go))?;
    let Ok(Gate::Defer(at)) = gate(&leases[1]) else { return Err("two at once".to_owned()) };
    world.nack(&leases[1], None, Retry::default())?;
    world.nothing()?;
    world.control(Control::Bar(leases[1].site.clone(), Timestamp(0)))?;
    let lease = world.lease()?;
    same("whose", &lease.site, &leases[1].site)?;
    same("still", &gate(&lease).ok(), &Some(Gate::Defer(at)))
}

fn forgiven(make: &mut Make<'_>) -> Check {
    for restart in [false, true] {
        let patience = Patience { failures: 2, rests: 1, ..PATIENCE };
        let mut world = World::new(make, Limits::default(), Pace { patience, ..PLAIN });
        let urls = ["http://a.test/0", "http://a.test/1", "http://a.test/2", "http://a.test/3"];
        world.add_pages(&urls)?;
        for lease in world.exactly(2)? {
            fail(&world, &lease)?;
        }
        world.advance_to(world.host("a.test")?.health.rests_until);
        fail(&world, &world.exactly(1)?.remove(0))?;
        let given_up = world.exactly(1)?.remove(0);
        same("given up after", &given_up.given_up, &Some(3))?;
        fail(&world, &given_up)?;
        let back = urls.map(|url| next_visit(page(url)));
        match world.again(back.to_vec())? {
            None => return Ok(()),
            Some(count) => same("URLs that went back", &count, &4)?,
        }
        if restart {
            world.reopen(Limits::default(), Pace { patience, ..PLAIN })?;
        }
        let probe = world.exactly(1)?.remove(0);
        same("given up", &probe.given_up, &None)?;
        world.nothing()?;
        fail(&world, &probe)?;
        let health = world.host("a.test")?.health;
        same("after one failure", &(health.breaker, health.rests), &(Breaker::Open, 1))?;
        world.advance_to(health.rests_until);
        world.fetch(&world.exactly(1)?.remove(0))?;
        same("well", &world.host("a.test")?.health.breaker, &Breaker::Closed)?;
        world.exactly(2)?;
    }
    Ok(())
}
