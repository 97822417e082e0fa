//! Stories of the outbox: a commit is seen whole, once, in order, and as long as somebody may want it.

use super::wait::is_ready;
use super::world::{Check, PLAIN, World, fetched, in_full, page, record, same};
use super::{Make, Story, wait};
use crate::model::{AddStatus, Commit, Cursor, Limits, Lsn, Payload};

pub(super) const STORIES: &[Story] = &[
    ("a commit is seen whole", whole),
    ("commits are read in order, from anywhere, so many", in_order),
    ("what nobody will read again may go, and no more", trim),
    ("a cursor is kept for each sink", cursors),
    ("a reader is woken", readable),
];

fn whole(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/"])?;
    let lease = world.lease()?;
    same("commits before", &world.read(Lsn(0), 9)?.len(), &0)?;
    let records = vec![record(1), record(2)];
    let outlinks = vec![page("http://a.test/1"), page("http://a.test/"), page("http://b.test/2")];
    let payload = Payload::Inline(records.clone());
    let commit = Commit { payload, outlinks: outlinks.clone(), ..fetched(&lease) };
    let (lsn, at) = (world.commit(commit.clone())?, world.now());
    let shown = |world: &World| -> Check {
        let committed = world.read(Lsn(0), 9)?;
        let found: Vec<_> =
            committed.iter().map(|c| (c.lsn, c.key, c.at, c.outcome.as_str(), &c.records)).collect();
        same("the commit", &found, &vec![(lsn, lease.key, at, "fetched", &records)])?;
        let stats = world.stats();
        let counts = [stats.known, stats.done, stats.pending, stats.leased, stats.records, stats.pages];
        same("known, done, pending, leased, records, pages", &counts, &[3, 1, 2, 0, 2, 1])?;
        same("outlinks", &world.add(outlinks.clone())?, &vec![AddStatus::Known; 3])
    };
    shown(&world)?;
    same("it is durable", &(world.stats().durable_lsn >= lsn), &true)?;
    // The same again is fenced and adds nothing.
    same("again", &world.commits(vec![commit])?[0].is_err(), &true)?;
    shown(&world)?;
    if world.reopen(Limits::default(), PLAIN)? { shown(&world) } else { Ok(()) }
}

/// Commits this many pages, the n-th with n records.
fn commit_pages(world: &World, site: &str, count: u64) -> Check<Vec<Lsn>> {
    world.add((0..count).map(|n| page(&format!("http://{site}/{n}"))).collect())?;
    (0..count)
        .map(|n| {
            let lease = world.lease()?;
            world.commit(Commit { payload: Payload::Inline((0..n).map(record).collect()), ..fetched(&lease) })
        })
        .collect()
}

fn in_order(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    let all = commit_pages(&world, "a.test", 7)?;
    let lsns =
        |from, limit| -> Check<Vec<Lsn>> { Ok(world.read(from, limit)?.iter().map(|c| c.lsn).collect()) };
    same("all", &lsns(Lsn(0), 99)?, &all)?;
    same("the first three", &lsns(Lsn(0), 3)?.as_slice(), &&all[..3])?;
    same("after the third", &lsns(all[2], 2)?.as_slice(), &&all[3..5])?;
    same("after the last", &lsns(all[6], 9)?, &Vec::new())?;
    same("none", &lsns(Lsn(0), 0)?, &Vec::new())?;
    let mut next = None;
    for commit in world.read(Lsn(0), 99)? {
        same("numbers without gaps", &commit.first_seq, &next.unwrap_or(commit.first_seq))?;
        next = Some(commit.first_seq + commit.records.len() as u64);
    }
    if world.reopen(Limits::default(), PLAIN)? {
        let more = commit_pages(&world, "b.test", 1)?;
        let committed = world.read(Lsn(0), 99)?;
        let lsns: Vec<_> = committed.iter().map(|c| c.lsn).collect();
        same("all after reopening", &lsns, &[all, more].concat())?;
        same("the number goes on", &committed.last().map(|c| c.first_seq), &next)?;
    }
    Ok(())
}

fn trim(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    let all = commit_pages(&world, "a.test", 6)?;
    let count = |world: &World| -> Check<usize> { Ok(world.read(Lsn(0), 99)?.len()) };
    let trim = |world: &World, to| wait(world.outbox().trim(to)).map_err(in_full);
    for (sink, lsn) in [("slow", all[1]), ("fast", all[4])] {
        wait(world.outbox().set_cursor(sink, Cursor { lsn, position: String::new() })).map_err(in_full)?;
    }
    trim(&world, all[0])?;
    let least = |world: &World| -> Check<Option<Lsn>> { Ok(world.read(Lsn(0), 1)?.first().map(|c| c.lsn)) };
    same("the least that must be left", &(least(&world)? <= Some(all[1])), &true)?;
    trim(&world, all[5])?;
    same("what the slow sink needs", &(count(&world)? >= 4), &true)?;
    if world.reopen(Limits::default(), PLAIN)? {
        same("what the slow sink needs after reopening", &(count(&world)? >= 4), &true)?;
    }
    wait(world.outbox().set_cursor("slow", Cursor { lsn: all[5], position: String::new() }))
        .map_err(in_full)?;
    trim(&world, all[5])?;
    same("what the fast sink needs", &(world.read(all[4], 9)?.len()), &1)
}

fn cursors(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    let all = commit_pages(&world, "a.test", 2)?;
    let cursor = |lsn, position: &str| Cursor { lsn, position: position.to_owned() };
    same("no cursor", &world.outbox().cursor("one"), &None)?;
    for (sink, lsn, position) in [("one", all[0], "1"), ("two", all[0], "é\n"), ("one", all[1], "3")] {
        wait(world.outbox().set_cursor(sink, cursor(lsn, position))).map_err(in_full)?;
    }
    same("the sinks", &world.outbox().sinks(), &vec!["one".to_owned(), "two".to_owned()])?;
    for round in 0..2 {
        if round == 1 && !world.reopen(Limits::default(), PLAIN)? {
            break;
        }
        same("the last of one", &world.outbox().cursor("one"), &Some(cursor(all[1], "3")))?;
        same("the last of two", &world.outbox().cursor("two"), &Some(cursor(all[0], "é\n")))?;
        same("of another", &world.outbox().cursor("three"), &None)?;
    }
    Ok(())
}

fn readable(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let first = commit_pages(&world, "a.test", 1)?;
    wait(world.outbox().readable(Lsn(0)));
    let mut next = world.outbox().readable(first[0]);
    same("readable before there is something", &is_ready(&mut next), &false)?;
    commit_pages(&world, "b.test", 1)?;
    wait(next);
    Ok(())
}
