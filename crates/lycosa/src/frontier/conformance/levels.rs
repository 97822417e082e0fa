//! Stories of depth: level by level over all sites, so that what a limit covers does not hang on who was faster.

use super::world::{Check, PLAIN, World, deep, excluded, fetched, redirected, same};
use super::{Make, Story};
use crate::model::{AddStatus, Commit, Control, Exclusion, Finish, Limits, Retry, Timestamp};

pub(super) const STORIES: &[Story] = &[
    ("no level before the one above has ended", level_by_level),
    ("deeper than the limit is refused and not remembered", refused),
    ("a higher level that comes late is not forgotten", late_higher_level),
    ("a redirect lifts its target", lifted),
    ("a full origin on this level waits without asking in circles", full_origin),
    ("a limit set under way orders what waits", set_under_way),
    ("a redirect costs no depth", redirect_at_the_limit),
];

fn deep_limit(depth: u32) -> Limits {
    Limits { max_depth: Some(depth), ..Limits::default() }
}

fn level_by_level(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, deep_limit(5), PLAIN);
    world.add(vec![deep("http://c.test/2", 2), deep("http://b.test/1", 1), deep("http://a.test/0", 0)])?;
    let lease = world.lease_of("http://a.test/0")?;
    world.nothing()?;
    let later = Timestamp(world.now().0 + 1_000);
    world.nack(&lease, None, Retry { not_before: later, ..Retry::default() })?;
    world.not_before(later)?;
    if world.reopen(deep_limit(5), PLAIN)? {
        world.not_before(later)?;
    }
    world.advance(1_000);
    let lease = world.lease_of("http://a.test/0")?;
    world.commit(Commit { outlinks: vec![deep("http://d.test/1", 1)], ..fetched(&lease) })?;
    let ones = world.leases(10)?;
    same("leases of level 1", &ones.len(), &2)?;
    same("their depths", &ones.iter().map(|one| one.request.depth).max(), &Some(1))?;
    world.fetch(&ones[0])?;
    world.nothing()?;
    world.commit(super::world::ended(&ones[1], excluded()))?;
    let lease = world.lease_of("http://c.test/2")?;
    world.fetch(&lease)?;
    world.finished(Finish::Complete)
}

fn refused(make: &mut Make<'_>) -> Check {
    let world = World::new(make, deep_limit(1), PLAIN);
    let refused = AddStatus::Refused(Exclusion::Depth);
    same("depth 2", &world.add(vec![deep("http://a.test/x", 2)])?, &vec![refused])?;
    same("URLs known", &world.stats().known, &0)?;
    let found = vec![deep("http://a.test/x", 1), deep("http://a.test/y", 0)];
    same("depth 1, 0", &world.add(found)?, &vec![AddStatus::New; 2])?;
    let lease = world.lease_of("http://a.test/y")?;
    world.commit(Commit { outlinks: vec![deep("http://a.test/z", 2)], ..fetched(&lease) })?;
    same("URLs known", &world.stats().known, &2)
}

/// A site that waits for level 3 gets something for level 2.
fn late_higher_level(make: &mut Make<'_>) -> Check {
    let world = World::new(make, deep_limit(5), PLAIN);
    world.add(vec![deep("http://a.test/1", 1), deep("http://b.test/3", 3)])?;
    let lease = world.lease_of("http://a.test/1")?;
    world.nothing()?;
    world.add(vec![deep("http://b.test/2", 2)])?;
    world.fetch(&lease)?;
    for url in ["http://b.test/2", "http://b.test/3"] {
        let lease = world.lease_of(url)?;
        world.fetch(&lease)?;
    }
    world.finished(Finish::Complete)
}

fn lifted(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, deep_limit(9), PLAIN);
    let all = [("http://a.test/1", 1), ("http://a.test/6", 6), ("http://b.test/4", 4)];
    world.add(all.iter().map(|(url, depth)| deep(url, *depth)).collect())?;
    let lease = world.lease_of("http://a.test/1")?;
    world.commit(redirected(&lease, deep("http://a.test/6", 1), Vec::new()))?;
    let lease = world.lease_of("http://a.test/6")?;
    same("its depth", &lease.request.depth, &1)?;
    world.nothing()?;
    world.fetch(&lease)?;
    let lease = world.lease_of("http://b.test/4")?;
    world.fetch(&lease)?;
    world.finished(Finish::Complete)?;
    world.reopen(deep_limit(9), PLAIN).map(drop)
}

/// Of a site, level 1 waits for an origin that is full, and another origin has only deeper URLs.
fn full_origin(make: &mut Make<'_>) -> Check {
    let pace = crate::model::Pace { per_origin: 1, ..PLAIN };
    let world = World::new(make, deep_limit(5), pace);
    world.add(vec![
        deep("http://x.a.test/1", 1),
        deep("http://x.a.test/2", 1),
        deep("http://y.a.test/3", 2),
    ])?;
    let lease = world.lease_of("http://x.a.test/1")?;
    world.nothing()?;
    world.fetch(&lease)?;
    let lease = world.lease_of("http://x.a.test/2")?;
    world.nothing()?;
    world.fetch(&lease)?;
    world.lease_of("http://y.a.test/3").map(drop)
}

fn set_under_way(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add(vec![deep("http://a.test/2", 2), deep("http://a.test/1", 1), deep("http://b.test/0", 0)])?;
    world.control(Control::Limits(deep_limit(4)))?;
    for url in ["http://b.test/0", "http://a.test/1", "http://a.test/2"] {
        let lease = world.lease_of(url)?;
        world.nothing().or_else(|what| if url.ends_with('2') { Ok(()) } else { Err(what) })?;
        world.fetch(&lease)?;
    }
    world.add(vec![deep("http://a.test/4", 4), deep("http://a.test/3", 3)])?;
    world.control(Control::Limits(Limits::default()))?;
    same("without a limit", &world.leases(5)?.len(), &2)
}

/// The limit was lowered while the page that redirects was out.
fn redirect_at_the_limit(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add(vec![deep("http://a.test/2", 2)])?;
    let lease = world.lease()?;
    world.control(Control::Limits(deep_limit(1)))?;
    world.commit(redirected(&lease, deep("http://a.test/to", 2), Vec::new()))?;
    let known = world.stats().known;
    same("the journey goes on", &known, &2)?;
    if world.reopen(deep_limit(1), PLAIN)? {
        same("and is the same when read again", &world.stats().known, &known)?;
    }
    Ok(())
}
