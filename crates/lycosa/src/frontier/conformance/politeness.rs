//! Stories of politeness: the time between two starts, leases at once, blocked sites, shared networks.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::world::{Check, PLAIN, World, about, ended, failed, fetched, page, same, sent};
use super::{Make, Story, wait};
use crate::model::{
    Attempt, Commit, Control, Gate, HostUpdate, Lease, Leased, Limits, Pace, Retry, Timestamp,
};

pub(super) const STORIES: &[Story] = &[
    ("the delay is kept between starts, site by site", delay),
    ("the greatest delay holds", greatest_delay),
    ("a crawl-delay can be taken back", taken_back),
    ("a delay is never undercut in a long crawl", long_crawl),
    ("a request that was not sent costs no delay", not_sent),
    ("leases at once per origin", per_origin),
    ("a site rests when told to", told_to_rest),
    ("new rules are in force at once", new_rules),
    ("networks are shared by turns", shared_network),
    ("no site waits for ever at a shared network", fair_network),
];

const SLOW: Pace = Pace { delay: Duration::from_millis(500), ..PLAIN };

fn delay(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), SLOW);
    world.add_pages(&["http://x.a.test/1", "http://y.a.test/2", "http://b.test/1", "http://c.test/1"])?;
    let start = world.now();
    same("one of each site", &world.leases(9)?.len(), &3)?;
    let next = start.after(SLOW.delay);
    world.not_before(next)?;
    world.advance(499);
    world.not_before(next)?;
    world.advance(1);
    let lease = world.lease()?;
    same("its site", &*lease.site.0, "a.test")?;
    if world.reopen(Limits::default(), SLOW)? {
        world.not_before(world.now().after(SLOW.delay))?;
    }
    Ok(())
}

fn answered_in(lease: &Lease, milliseconds: u64) -> Commit {
    let duration = Duration::from_millis(milliseconds);
    Commit { attempts: vec![Attempt { duration, ..sent(200) }], ..fetched(lease) }
}

fn greatest_delay(make: &mut Make<'_>) -> Check {
    let pace = Pace { response_factor: 2.0, adaptive_max: Duration::from_secs(3), robots: true, ..SLOW };
    let world = World::new(make, Limits::default(), pace);
    let start = world.now();
    let until = start.after(Duration::from_secs(3_600));
    let allowed =
        |update: HostUpdate| HostUpdate { robots: Some(crate::model::Robots::AllowAll { until }), ..update };
    let (x, y) = (page("http://x.a.test/1"), page("http://y.a.test/2"));
    for found in [&x, &y] {
        world.update_host(allowed(HostUpdate {
            origin: found.origin.clone(),
            site: found.site.clone(),
            robots: None,
            crawl_delay: None,
            block_until: None,
        }))?;
    }
    world.add(vec![x, y, page("http://x.a.test/3")])?;
    let next = |world: &World| world.host("a.test").map(|host| host.next_allowed.0 - start.0);
    let lease = world.lease()?;
    same("the rule", &next(&world)?, &500)?;
    world.commit(answered_in(&lease, 400))?;
    same("twice the response time", &next(&world)?, &800)?;
    world.update_host(HostUpdate { crawl_delay: Some(Duration::from_secs(2)), ..about(&lease) })?;
    same("a crawl-delay of one origin", &next(&world)?, &2_000)?;
    world.not_before(Timestamp(start.0 + 2_000))?;
    world.advance(2_000);
    let lease = world.lease()?;
    world.commit(answered_in(&lease, 60_000))?;
    let cause = world.host("a.test")?.delay_cause;
    same("what made the delay", &cause, &crate::model::DelayCause::ResponseTime)?;
    same("the bound of the adaptive part", &(next(&world)? - 2_000), &3_000)?;
    same("the delay in force", &world.host("a.test")?.delay, &Duration::from_secs(3))
}

fn taken_back(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), SLOW);
    world.control(Control::Pace(Pace { robots: true, ..SLOW }))?;
    let (x, y) = (page("http://x.a.test/"), page("http://y.a.test/"));
    for (found, seconds, wanted) in [(&x, 5, 5_000), (&y, 3, 5_000), (&x, 0, 3_000), (&y, 0, 500)] {
        world.update_host(HostUpdate {
            origin: found.origin.clone(),
            site: found.site.clone(),
            robots: None,
            crawl_delay: Some(Duration::from_secs(seconds)),
            block_until: None,
        })?;
        same("the delay in force", &world.host("a.test")?.delay, &Duration::from_millis(wanted))?;
    }
    Ok(())
}

/// Leases end in many ways, in any order; the distance of two starts of a site is never less than its delay.
fn long_crawl(make: &mut Make<'_>) -> Check {
    let pace = Pace { response_factor: 1.0, ..SLOW };
    let world = World::new(make, Limits::default(), pace);
    world.add((0..60).map(|n| page(&format!("http://{}.{}.test/{n}", n % 2, n % 5))).collect())?;
    let mut last: HashMap<_, Timestamp> = HashMap::new();
    let mut open: Vec<Lease> = Vec::new();
    for step in 0..2_000_u64 {
        let now = world.now();
        match world.ask(3)? {
            Leased::Some(leases) => {
                for lease in leases {
                    let delay = world.host(&lease.site.0)?.delay;
                    let earlier = last.insert(lease.site.clone(), now);
                    if earlier.is_some_and(|at| now < at.after(delay.min(SLOW.delay))) {
                        return Err(format!("{} started at {earlier:?} and {now:?}", lease.site));
                    }
                    open.push(lease);
                }
                continue;
            }
            Leased::Finished(_) => break,
            Leased::NotBefore(at) if step % 3 == 0 || open.is_empty() => {
                world.advance_to(at.min(now.after(Duration::from_millis(700))));
            }
            Leased::Idle if open.is_empty() => return Err("nothing ever comes".to_owned()),
            Leased::NotBefore(_) | Leased::Idle => {
                let at = usize::try_from(step).unwrap_or(0) % open.len();
                let lease = open.swap_remove(at);
                match step % 7 {
                    _ if lease.deadline <= world.now() => world.fenced(&lease)?,
                    1 => world.nack(&lease, Some(sent(503)), Retry::default())?,
                    3 => drop(world.commit(ended(&lease, failed()))?),
                    _ => drop(world.commit(answered_in(&lease, step % 900))?),
                }
            }
        }
    }
    same("URLs left", &(world.stats().pending + world.stats().leased), &0)
}

fn not_sent(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), SLOW);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://a.test/3"])?;
    let start = world.now();
    let first = world.lease()?;
    world.commit(Commit { attempts: Vec::new(), ..ended(&first, failed()) })?;
    let second = world.lease_of("http://a.test/2")?;
    world.nack(&second, None, Retry::default())?;
    let third = world.lease()?;
    world.fetch(&third)?;
    world.not_before(start.after(SLOW.delay))?;
    world.advance(500);
    let fourth = world.lease()?;
    world.nack(&fourth, None, Retry::default())?;
    // What was sent before still counts: this start is due at once, not earlier.
    same("the time of the next", &world.host("a.test")?.next_allowed, &start.after(SLOW.delay))
}

fn per_origin(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), Pace { per_origin: 2, ..PLAIN });
    let x: Vec<_> = (0..5).map(|n| page(&format!("http://x.a.test/{n}"))).collect();
    world.add(x)?;
    let leases = world.leases(9)?;
    same("leases at once", &leases.len(), &2)?;
    world.nothing()?;
    world.add_pages(&["http://y.a.test/1"])?;
    world.lease_of("http://y.a.test/1")?;
    world.fetch(&leases[0])?;
    world.lease_of("http://x.a.test/2")?;
    world.nothing()?;
    world.control(Control::Pace(Pace { per_origin: 3, ..PLAIN }))?;
    world.lease_of("http://x.a.test/3")?;
    world.nothing()?;
    world.control(Control::Pace(Pace { per_origin: 1, ..PLAIN }))?;
    world.fetch(&leases[1])?;
    world.nothing()?;
    same("leases open", &world.host("a.test")?.leased, &3)
}

fn told_to_rest(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let lease = world.lease()?;
    let until = world.now().after(Duration::from_secs(20));
    let rest = HostUpdate { block_until: Some(until), ..about(&lease) };
    world.commit(Commit { host_update: Some(rest.clone()), ..fetched(&lease) })?;
    world.not_before(until)?;
    // A shorter rest does not shorten it.
    let short = world.now().after(Duration::from_secs(1));
    world.update_host(HostUpdate { block_until: Some(short), ..rest })?;
    world.not_before(until)?;
    world.advance_to(until);
    world.lease().map(drop)
}

fn new_rules(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), SLOW);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://a.test/3"])?;
    let start = world.now();
    world.lease()?;
    let rule = |seconds| Control::Pace(Pace { delay: Duration::from_secs(seconds), ..SLOW });
    world.control(rule(9))?;
    world.not_before(start.after(Duration::from_secs(9)))?;
    world.control(rule(0))?;
    world.lease_of("http://a.test/2")?;
    world.control(Control::Pace(Pace { lease: Duration::from_secs(7), ..PLAIN }))?;
    let lease = world.lease()?;
    same("how long a lease lasts", &lease.deadline, &start.after(Duration::from_secs(7)))
}

fn ask_gate(world: &World, lease: &Lease, address: IpAddr) -> Check<Gate> {
    wait(world.frontier().gate(lease.token, address)).map_err(|error| error.to_string())
}

fn shared_network(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), SLOW);
    world.add_pages(&["http://a.test/", "http://b.test/"])?;
    let (a, b) = (world.lease()?, world.lease()?);
    let networks: [[IpAddr; 3]; 2] = [
        [[192, 0, 2, 1].into(), [192, 0, 2, 250].into(), [192, 0, 3, 1].into()],
        [
            [0x2001, 0xdb8, 1, 2, 3, 4, 5, 6].into(),
            [0x2001, 0xdb8, 1, 9, 9, 9, 9, 9].into(),
            [0x2001, 0xdb8, 2, 2, 3, 4, 5, 6].into(),
        ],
    ];
    let later = world.now().after(SLOW.delay);
    for [one, near, far] in networks {
        same("the first", &ask_gate(&world, &a, one)?, &Gate::Go)?;
        same("the same site again", &ask_gate(&world, &a, near)?, &Gate::Go)?;
        same("a neighbour", &ask_gate(&world, &b, near)?, &Gate::Defer(later))?;
        same("another network", &ask_gate(&world, &b, far)?, &Gate::Go)?;
    }
    world.advance(499);
    same("a little early", &ask_gate(&world, &b, networks[0][0])?, &Gate::Defer(later))?;
    world.advance(1);
    same("its turn", &ask_gate(&world, &b, networks[0][0])?, &Gate::Go)?;
    let next = later.after(SLOW.delay);
    same("and the other waits", &ask_gate(&world, &a, networks[0][0])?, &Gate::Defer(next))
}

/// Two sites of one network, each with much to fetch: neither goes twice while the other waits.
fn fair_network(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), SLOW);
    world.add((0..80).map(|n| page(&format!("http://{}.test/{n}", n % 2))).collect())?;
    let mut gone = HashMap::new();
    for _ in 0..24 {
        for lease in world.leases(2)? {
            match ask_gate(&world, &lease, [192, 0, 2, 1].into())? {
                Gate::Go => {
                    *gone.entry(lease.site.clone()).or_insert(0) += 1;
                    world.fetch(&lease)?;
                }
                Gate::Defer(not_before) => {
                    world.nack(&lease, None, Retry { not_before, ..Retry::default() })?;
                }
            }
        }
        world.advance(500);
    }
    let least = gone.values().min().copied().unwrap_or(0);
    if gone.len() == 2 && least >= 6 { Ok(()) } else { Err(format!("who was let through: {gone:?}")) }
}
