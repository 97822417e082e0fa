//! Stories of URLs: accepted once, leased to one, ended once; their order within a site; redirects.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::world::{
    Check, PLAIN, World, discovered, ended, excluded, failed, fetched, page, record, redirected, same,
};
use super::{Make, Story};
use crate::model::{
    AddStatus, Commit, Finish, Hop, Limits, Lsn, Outcome, Payload, Request, RequestKind, SessionId,
};

pub(super) const STORIES: &[Story] = &[
    ("a URL is new once", new_once),
    ("a URL is leased to one worker and never after its outcome", one_worker),
    ("a request comes out as it went in", unchanged),
    ("classes share turns", classes),
    ("first in, first out", in_order),
    ("a redirect goes on", redirect_goes_on),
    ("a redirect to a known URL is an alias", alias),
];

fn new_once(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let (a, b) = (page("http://a.test/"), page("http://b.test/"));
    use AddStatus::{Known, New};
    same("statuses", &world.add(vec![a.clone(), b.clone(), a.clone()])?, &vec![New, New, Known])?;
    same("statuses", &world.add(vec![b.clone(), a.clone()])?, &vec![Known, Known])?;
    same("no URLs", &world.add(Vec::new())?, &Vec::new())?;
    same("URLs known", &world.stats().known, &2)?;
    let lease = world.lease()?;
    same("while leased", &world.add(vec![a.clone(), b.clone()])?, &vec![Known, Known])?;
    world.fetch(&lease)?;
    same("after the outcome", &world.add(vec![a, b])?, &vec![Known, Known])
}

fn one_worker(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    let urls: Vec<String> = (0..20).map(|n| format!("http://{}.test/{n}", n % 3)).collect();
    world.add(urls.iter().map(|url| page(url)).collect())?;
    let leases = world.leases(100)?;
    let tokens: HashSet<_> = leases.iter().map(|lease| lease.token.0).collect();
    let keys: HashSet<_> = leases.iter().map(|lease| lease.key).collect();
    same("leases, tokens, URLs", &(leases.len(), tokens.len(), keys.len()), &(20, 20, 20))?;
    world.nothing()?;
    let alias = || Outcome::Alias { status: 301, of: "http://a.test/".into() };
    let outcomes =
        [&|| Outcome::Fetched { status: 404 } as Outcome, &excluded as &dyn Fn() -> _, &failed, &alias];
    for (lease, outcome) in leases.iter().zip(outcomes.iter().cycle()) {
        world.commit(ended(lease, outcome()))?;
        world.fenced(lease)?;
    }
    world.finished(Finish::Complete)?;
    world.advance(10 * 60_000);
    world.finished(Finish::Complete)?;
    let stats = world.stats();
    same("outcomes", &[stats.fetched, stats.excluded, stats.failed, stats.redirected], &[5, 5, 5, 5])?;
    if world.reopen(Limits::default(), PLAIN)? {
        world.finished(Finish::Complete)?;
        let statuses = world.add(urls.iter().map(|url| page(url)).collect())?;
        same("after reopening", &statuses, &vec![AddStatus::Known; 20])?;
    }
    Ok(())
}

fn special() -> Request {
    Request {
        kind: RequestKind::Render,
        method: http::Method::POST,
        headers: vec![("X-One".into(), "1".into()), ("X-One".into(), "2".into())],
        body: bytes::Bytes::from_static(b"\0body"),
        label: Some("detail".into()),
        meta: BTreeMap::from([("k".into(), "v".into())]),
        session: SessionId(7),
        class: 2,
        depth: 3,
        parent: Some("http://a.test/parent".into()),
        attempt: 4,
        generation: 5,
        chain: vec![Hop { url: "http://a.test/hop".into(), status: 301 }],
        ..Request::get("http://a.test/special?x=%20#")
    }
}

fn unchanged(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    let plain =
        Request { parent: Some("http://a.test/".into()), depth: 1, ..Request::get("http://a.test/p?q") };
    let all = [discovered(plain), discovered(special())];
    world.add(all.to_vec())?;
    for round in 0..2 {
        if round == 1 && !world.reopen(Limits::default(), PLAIN)? {
            break;
        }
        let leases = world.leases(2)?;
        for found in &all {
            let lease = leases.iter().find(|lease| lease.key == found.key);
            let lease = lease.ok_or_else(|| format!("{} was not leased", found.request.url))?;
            same("the request", &lease.request, &found.request)?;
            same("its place", &(&lease.site, &lease.origin), &(&found.site, &found.origin))?;
        }
    }
    Ok(())
}

fn classes(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let mut all = Vec::new();
    for class in (0..4).rev() {
        let request = |n| Request { class, ..Request::get(format!("http://a.test/{class}/{n}")) };
        all.extend((0..30).map(|n| discovered(request(n))));
    }
    world.add(all)?;
    let mut given = Vec::new();
    for _ in 0..30 + 28 {
        given.push(world.lease()?.request.class);
    }
    same("class 0 goes first", &given[..30], &[0; 30])?;
    for (number, round) in given[30..].chunks(14).enumerate() {
        let turns = [1, 2, 3].map(|class| round.iter().filter(|given| **given == class).count());
        same(&format!("turns of classes 1, 2, 3 in round {number}"), &turns, &[8, 4, 2])?;
    }
    Ok(())
}

fn in_order(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    let urls: Vec<String> = (0..50).map(|n| format!("http://{}.a.test/{n:02}", n % 3)).collect();
    world.add(urls.iter().map(|url| page(url)).collect())?;
    let leases = world.leases(50)?;
    for origin in 0..3 {
        let of = format!("http://{origin}.");
        let given: Vec<_> =
            leases.iter().map(|lease| &*lease.request.url).filter(|url| url.starts_with(&of)).collect();
        let wanted: Vec<_> = urls.iter().map(String::as_str).filter(|url| url.starts_with(&of)).collect();
        same("the order within an origin", &given, &wanted)?;
    }
    Ok(())
}

fn redirect_goes_on(make: &mut Make<'_>) -> Check {
    let world = World::plain(make);
    world.add_pages(&["http://a.test/from", "http://a.test/other"])?;
    let lease = world.lease_of("http://a.test/from")?;
    let chain = vec![Hop { url: lease.request.url.clone(), status: 302 }];
    let next = Request { kind: RequestKind::Redirect, class: 0, chain, ..Request::get("http://a.test/to") };
    world.commit(redirected(&lease, discovered(next.clone()), vec![record(1)]))?;
    let committed = world.read(Lsn(0), 10)?;
    same("records of a hop", &committed.iter().map(|c| c.records.len()).sum::<usize>(), &0)?;
    let stats = world.stats();
    same("known, redirected, pending", &(stats.known, stats.redirected, stats.pending), &(3, 1, 2))?;
    // Class 0: before the page that waited longer.
    let lease = world.lease_of("http://a.test/to")?;
    same("the continuation", &lease.request, &next)?;
    world.commit(Commit { payload: Payload::Inline(vec![record(2)]), ..fetched(&lease) })?;
    let lease = world.lease_of("http://a.test/other")?;
    world.fetch(&lease)?;
    world.finished(Finish::Complete)
}

fn alias(make: &mut Make<'_>) -> Check {
    let mut world = World::plain(make);
    world.add_pages(&["http://a.test/1", "http://a.test/2", "http://a.test/3"])?;
    let leases = world.exactly(3)?;
    world.fetch(&leases[2])?;
    // Towards a URL that is leased, one that is done, and itself.
    for (from, to) in [(0, "http://a.test/2"), (1, "http://a.test/2")] {
        let lsn = world.commit(redirected(&leases[from], page(to), vec![record(7)]))?;
        let committed = world.read(Lsn(lsn.0 - 1), 1)?;
        let shown = committed.first().map(|c| (c.lsn, c.outcome.as_str(), c.records.clone()));
        same("the alias", &shown, &Some((lsn, "alias", vec![record(7)])))?;
    }
    let stats = world.stats();
    same("known, redirected, records", &(stats.known, stats.redirected, stats.records), &(3, 2, 2))?;
    world.finished(Finish::Complete)?;
    if world.reopen(Limits::default(), super::world::PLAIN)? {
        world.advance(Duration::from_secs(1).as_secs());
        world.finished(Finish::Complete)?;
        let shown: Vec<_> = world.read(Lsn(0), 10)?.iter().map(|c| c.outcome.as_str()).collect();
        same("outcomes after reopening", &shown, &vec!["fetched", "alias", "alias"])?;
    }
    Ok(())
}
