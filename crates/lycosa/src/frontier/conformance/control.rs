//! Stories of the whole frontier: pausing, waking those who wait, what is told of hosts, flushing.

use std::time::Duration;

use super::asked::ask_for_rest;
use super::rests::{PATIENT, many};
use super::world::{Check, PLAIN, World, about, ended, failed, fetched, in_full, page, same, sent};
use super::{Make, Story, wait};
use crate::model::{
    Attempt, Commit, Control, Finish, HostUpdate, Lease, Leased, Limits, RestReason, Retry, SiteKey,
    SiteRests, Waits,
};

pub(super) const STORIES: &[Story] = &[
    ("a pause ends nothing and begins nothing", pause),
    ("a pause does not outlast the time for all", pause_ends),
    ("no wake is lost", wakes),
    ("what is told of a host", hosts),
    ("the slowest sites", slowest),
    ("what is waited for: which sites rest, why and until when", waits),
    ("a flush makes everything durable", flush),
];

fn pause(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let lease = world.lease()?;
    world.control(Control::Pause)?;
    same("while paused", &matches!(world.ask(1)?, Leased::Idle), &true)?;
    world.add_pages(&["http://b.test/3"])?;
    world.fetch(&lease)?;
    same("still paused", &matches!(world.ask(1)?, Leased::Idle), &true)?;
    world.control(Control::Resume)?;
    same("leases after the pause", &world.leases(9)?.len(), &2)
}

fn pause_ends(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let deadline = world.now().after(Duration::from_secs(9));
    world.control(Control::Limits(Limits { deadline: Some(deadline), ..Limits::default() }))?;
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let lease = world.lease()?;
    world.control(Control::Pause)?;
    world.not_before(deadline)?;
    world.advance_to(deadline);
    same("with a lease", &matches!(world.ask(1)?, Leased::Finished(_)), &false)?;
    world.fetch(&lease)?;
    world.finished(Finish::Time)
}

/// Every change that could bring a lease resolves a future that was made before it.
fn wakes(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let woken = |change: &dyn Fn(&World) -> Check| -> Check {
        let (polled, fresh) = (world.frontier().changed(), world.frontier().changed());
        let mut polled = polled;
        super::wait::is_ready(&mut polled);
        change(&world)?;
        // Would hang if a wake were lost.
        wait(polled);
        wait(fresh);
        Ok(())
    };
    woken(&|world| world.add_pages(&["http://a.test/1", "http://a.test/2"]))?;
    woken(&|world| {
        let lease = world.lease()?;
        world.commit(Commit { outlinks: vec![page("http://a.test/3")], ..fetched(&lease) }).map(drop)
    })?;
    woken(&|world| {
        let lease = world.lease()?;
        world.nack(&lease, None, Retry::default())
    })?;
    woken(&|world| {
        let lease = world.lease()?;
        world.update_host(HostUpdate { crawl_delay: Some(Duration::ZERO), ..about(&lease) })
    })?;
    for control in [Control::Pause, Control::Resume, Control::Limits(Limits::default()), Control::Pace(PLAIN)]
    {
        woken(&|world| world.control(control.clone()))?;
    }
    Ok(())
}

fn hosts(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://x.a.test/1", "http://y.a.test/2", "http://x.a.test/3", "http://x.a.test/4"])?;
    let leases = world.exactly(3)?;
    let attempt = Attempt { duration: Duration::from_millis(80), ..sent(200) };
    world.commit(Commit { attempts: vec![attempt], ..fetched(&leases[0]) })?;
    world.commit(Commit { attempts: Vec::new(), ..ended(&leases[1], failed()) })?;
    for round in 0..2 {
        if round == 1 && !world.reopen(Limits::default(), PLAIN)? {
            break;
        }
        let host = world.host("a.test")?;
        let origins: Vec<_> = host.origins.iter().map(|origin| origin.origin.host.to_string()).collect();
        same("origins", &origins, &vec!["x.a.test".to_owned(), "y.a.test".to_owned()])?;
        same("done, failed", &(host.done, host.failed), &(2, 1))?;
        same("waiting or leased", &(host.pending + u64::from(host.leased)), &2)?;
        same("response time", &host.response_time, &Duration::from_millis(80))?;
    }
    Ok(())
}

fn slowest(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    for (site, milliseconds) in [("a", 20), ("b", 90), ("c", 50)] {
        world.add_pages(&[&format!("http://{site}.test/")])?;
        let lease = world.lease()?;
        let attempt = Attempt { duration: Duration::from_millis(milliseconds), ..sent(200) };
        world.commit(Commit { attempts: vec![attempt], ..fetched(&lease) })?;
    }
    let sites = |limit| -> Check<Vec<String>> {
        Ok(world.frontier().slowest(limit).into_iter().map(|host| host.site.to_string()).collect())
    };
    same("two", &sites(2)?, &vec!["b.test".to_owned(), "c.test".to_owned()])?;
    same("all", &sites(9)?.len(), &3)
}

fn waits(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), PATIENT);
    same("at first", &world.frontier().waits(), &Waits::default())?;
    for host in ["fails.test", "asks.test", "barred.test", "done.test"] {
        many(&world, host, 6)?;
    }
    for lease in world.exactly(24)? {
        match &*lease.site.0 {
            "fails.test" => fail_for_now(&world, &lease)?,
            "asks.test" => drop(ask_for_rest(&world, &lease, 600)?),
            "barred.test" => world.nack(&lease, None, Retry::default())?,
            _ => drop(world.fetch(&lease)?),
        }
    }
    let hour = world.now().after(Duration::from_secs(3_600));
    world.control(Control::Bar(SiteKey("barred.test".into()), hour))?;
    // Nothing waits there, so nobody waits for it.
    world.control(Control::Bar(SiteKey("done.test".into()), hour))?;
    for snapshot in [false, true] {
        if snapshot {
            world.snapshot();
            world.reopen(Limits::default(), PATIENT)?;
        }
        let failing = world.host("fails.test")?.health.rests_until;
        let asked = world.host("asks.test")?.health.rests_until;
        let told = world.frontier().waits();
        same("until when, paused", &(told.until, told.paused), &(Some(failing), false))?;
        let rests = [(RestReason::Asked, 2, asked), (RestReason::Failing, 1, failing)];
        let rests = rests.map(|(reason, sites, until)| SiteRests { reason, sites, until });
        same("who rests", &told.rests[..], &rests[..])?;
        let hosts = world.frontier().resting(2);
        let hosts: Vec<&str> = hosts.iter().map(|host| &*host.site.0).collect();
        same("which rest longest", &hosts[..], &["barred.test", "asks.test"][..])?;
    }
    world.advance_to(hour);
    world.control(Control::Pause)?;
    let told = world.frontier().waits();
    same("paused, nobody rests", &(told.paused, told.rests.len()), &(true, 0))
}

fn fail_for_now(world: &World, lease: &Lease) -> Check {
    let attempt = Attempt { at: world.now(), failure: Some("connect/connect".into()), ..Attempt::default() };
    world.nack(lease, Some(attempt), Retry::default())
}

fn flush(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add((0..50).map(|n| page(&format!("http://a.test/{n}"))).collect())?;
    world.leases(20)?;
    let last = world.stats().last_lsn;
    let flushed = wait(world.frontier().flush()).map_err(in_full)?;
    let stats = world.stats();
    same("what was flushed", &(flushed >= last && stats.durable_lsn >= flushed), &true)
}
