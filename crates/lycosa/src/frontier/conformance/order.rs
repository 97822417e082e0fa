//! Stories of the order in which a site's URLs are served.

use super::world::{Check, PLAIN, World, deep, fetched, page, same};
use super::{Make, Story};
use crate::model::{
    Commit, Control, Discovered, Finish, HostUpdate, Limits, Order, Pace, Request, Retry, Revisit,
    TemplateBudget, Timestamp, Visit,
};

pub(super) const STORIES: &[Story] = &[
    ("depth first follows a page's links before its siblings", depth_first),
    ("a depth limit serves by level in any order", by_level),
    ("what many links lead to comes before what few do, and once", many_links),
    ("links never make a URL come later", never_later),
    ("a page that many links lead to comes again as any other", comes_again),
    ("a depth limit counts what many links lead to once", limited_later),
    ("what waits twice keeps nobody from what is parked", parked_behind),
    ("another order is in force at once", another_order),
];

fn in_order(order: Order) -> Pace {
    Pace { order, ..PLAIN }
}

/// Fetches one after another, each page leading to two below it, down to this depth.
fn walk(world: &World, most: u32) -> Check<Vec<String>> {
    let mut walked = Vec::new();
    while let [lease] = &world.leases(1)?[..] {
        let (url, depth) = (lease.request.url.to_string(), lease.request.depth);
        let below = |n| deep(&format!("{url}{n}"), depth + 1);
        let outlinks = if depth < most { (1..=2).map(below).collect() } else { Vec::new() };
        world.commit(Commit { outlinks, ..fetched(lease) })?;
        walked.push(url.rsplit('/').next().unwrap_or_default().to_owned());
    }
    Ok(walked)
}

fn depth_first(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), in_order(Order::Depth));
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let wanted = ["1", "11", "111", "112", "12", "121", "122", "2", "21", "211", "212", "22", "221", "222"];
    same("depth first", &walk(&world, 2)?, &wanted.map(str::to_owned).to_vec())?;
    let world = World::new(make, Limits::default(), PLAIN);
    world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
    let wanted = ["1", "2", "11", "12", "21", "22"];
    same("breadth first", &walk(&world, 1)?, &wanted.map(str::to_owned).to_vec())
}

fn by_level(make: &mut Make<'_>) -> Check {
    for order in [Order::Depth, Order::Best] {
        let limits = Limits { max_depth: Some(2), ..Limits::default() };
        let world = World::new(make, limits, in_order(order));
        world.add_pages(&["http://a.test/1", "http://a.test/2"])?;
        let walked = walk(&world, 2)?;
        same("by level", &walked.is_sorted_by_key(String::len), &true)?;
        same("all of them", &walked.len(), &14)?;
    }
    Ok(())
}

fn of_class(url: &str, class: u8) -> Discovered {
    let mut found = page(url);
    found.request.class = class;
    found
}

fn many_links(make: &mut Make<'_>) -> Check {
    for reopens in [false, true] {
        let mut world = World::new(make, Limits::default(), in_order(Order::Best));
        let url = |n: u32| format!("http://a.test/{n}");
        world.add((0..60).map(|n| of_class(&url(n), 2)).collect())?;
        world.add(vec![page("http://b.test/")])?;
        // Pages elsewhere lead to number 50 again and again.
        let all = world.leases(2)?;
        let Some(lease) = all.iter().find(|lease| &*lease.site.0 == "b.test") else {
            return Err("no lease of b.test".to_owned());
        };
        let other: Vec<_> = all.iter().filter(|other| other.token != lease.token).collect();
        let links = (0..12).map(|_| of_class(&url(50), 2)).collect();
        world.commit(Commit { outlinks: links, ..fetched(lease) })?;
        same("URLs of the host", &world.host("a.test")?.pending, &59)?;
        for lease in other {
            world.nack(lease, None, Retry::default())?;
        }
        if reopens {
            world.snapshot();
            world.reopen(Limits::default(), in_order(Order::Best))?;
        }
        let mut served = Vec::new();
        while let [lease] = &world.leases(1)?[..] {
            served.push(lease.request.url.to_string());
            world.fetch(lease)?;
        }
        world.finished(Finish::Complete)?;
        let place = served.iter().position(|served| *served == url(50));
        same("the place of the popular one", &place, &Some(0))?;
        served.sort_unstable();
        served.dedup();
        same("served once each", &(served.len(), world.stats().fetched), &(60, 61))?;
        same("left", &world.host("a.test")?.pending, &0)?;
    }
    Ok(())
}

/// Pages elsewhere lead to this URL again and again.
fn make_popular(world: &World, found: &Discovered) -> Check {
    world.add_pages(&["http://b.test/"])?;
    let all = world.leases(100)?;
    for lease in &all {
        if &*lease.site.0 == "b.test" {
            world.commit(Commit { outlinks: vec![found.clone(); 12], ..fetched(lease) })?;
        } else {
            world.nack(lease, None, Retry::default())?;
        }
    }
    Ok(())
}

/// Fetches until nothing can be had now; the URLs in order.
fn fetch_all(world: &World) -> Check<Vec<String>> {
    let mut served = Vec::new();
    while let [lease] = &world.leases(1)?[..] {
        served.push(lease.request.url.to_string());
        world.fetch(lease)?;
        if served.len() > 1_000 {
            return Err("it does not end".to_owned());
        }
    }
    Ok(served)
}

fn never_later(make: &mut Make<'_>) -> Check {
    let world = World::new(make, Limits::default(), in_order(Order::Best));
    let url = |n: u32| format!("http://a.test/{n}");
    world.update_host(resting("a.test", Timestamp(world.now().0 + 10)))?;
    world.add((0..8).map(|n| of_class(&url(n), 1)).collect())?;
    world.add((8..40).map(|n| of_class(&url(n), 2)).collect())?;
    make_popular(&world, &of_class(&url(5), 3))?;
    world.advance(10);
    let served = fetch_all(&world)?;
    let place = served.iter().position(|served| *served == url(5));
    same("the place of the popular one", &place, &Some(5))?;
    same("served once each", &served.len(), &40)?;
    world.finished(Finish::Complete)
}

fn comes_again(make: &mut Make<'_>) -> Check {
    let pace = Pace { revisits: true, ..in_order(Order::Best) };
    let world = World::new(make, Limits::default(), pace);
    // One that waits twice until the end.
    world.update_host(resting("c.test", Timestamp(world.now().0 + 1_000)))?;
    world.add(vec![of_class("http://c.test/", 3)])?;
    make_popular(&world, &of_class("http://c.test/", 3))?;
    let x = of_class("http://a.test/x", 2);
    world.update_host(resting("a.test", Timestamp(world.now().0 + 1)))?;
    world.add(vec![x.clone()])?;
    world.add_pages(&["http://b.test/2"])?;
    let lease = world.lease_of("http://b.test/2")?;
    world.commit(Commit { outlinks: vec![x; 12], ..fetched(&lease) })?;
    world.advance(1);
    for generation in 0..3 {
        let lease = world.lease_of("http://a.test/x")?;
        same("generation", &lease.request.generation, &generation)?;
        let revisit = Revisit::new(Timestamp(world.now().0 + 10), Visit::default());
        world.commit(Commit { revisit: (generation < 2).then_some(revisit), ..fetched(&lease) })?;
        world.nothing()?;
        world.advance(10);
    }
    world.advance(1_000);
    same("the rest", &fetch_all(&world)?, &vec!["http://c.test/".to_owned()])?;
    world.finished(Finish::Complete)
}

fn limited_later(make: &mut Make<'_>) -> Check {
    for reopens in [false, true] {
        let mut world = World::new(make, Limits::default(), in_order(Order::Best));
        world.update_host(resting("a.test", Timestamp(world.now().0 + 10)))?;
        let x = |depth| Discovered {
            request: Request { class: 2, depth, ..Request::get("http://a.test/x") },
            ..page("http://a.test/x")
        };
        world.add(vec![x(3), deep("http://a.test/y", 4), deep("http://a.test/z", 9)])?;
        make_popular(&world, &x(7))?;
        let limited = |depth| Limits { max_depth: Some(depth), ..Limits::default() };
        world.control(Control::Limits(limited(2)))?;
        same("parked, pending", &(world.stats().parked, world.stats().pending), &(3, 0))?;
        world.control(Control::Limits(limited(5)))?;
        same("parked, pending", &(world.stats().parked, world.stats().pending), &(1, 2))?;
        if reopens {
            world.snapshot();
            world.reopen(limited(9), in_order(Order::Best))?;
        }
        world.control(Control::Limits(limited(9)))?;
        world.advance(10);
        let wanted = ["http://a.test/x", "http://a.test/y", "http://a.test/z"].map(str::to_owned);
        same("by level", &fetch_all(&world)?, &wanted.to_vec())?;
        world.finished(Finish::Complete)?;
        // Once more with nothing limited: what is done stays done.
        world.control(Control::Limits(Limits::default()))?;
        world.finished(Finish::Complete)?;
    }
    Ok(())
}

fn parked_behind(make: &mut Make<'_>) -> Check {
    let templates = Some(TemplateBudget { urls: 4, trap_signs: false });
    let pace = Pace { revisits: true, ..in_order(Order::Best) };
    let world = World::new(make, Limits { templates, ..Limits::default() }, pace);
    let found = |path: &str| {
        let mut found = page(&format!("http://a.test{path}"));
        found.request.parent = Some("http://a.test/".into());
        found
    };
    // As many as are not counted.
    world.add((0..25).map(|n| found(&format!("/{}", "a".repeat(n + 1)))).collect())?;
    fetch_all(&world)?;
    let x = of_class("http://a.test/x", 3);
    world.add(vec![x.clone()])?;
    make_popular(&world, &x)?;
    // It is served as the popular one; the other entry of it stays behind.
    let lease = world.lease_of("http://a.test/x")?;
    world.add((0..8).map(|n| found(&format!("/s/{n}"))).collect())?;
    world.fetch(&lease)?;
    let mut last = None;
    for lease in world.exactly(4)? {
        let revisit = Revisit::new(Timestamp(world.now().0 + 10), Visit::default());
        let revisit = last.is_none().then_some(revisit);
        world.commit(Commit { revisit, ..fetched(&lease) })?;
        last = Some(lease);
    }
    // The parked ones, and then they wait for a visit that is given back.
    let rest = world.exactly(4)?;
    world.add((8..12).map(|n| found(&format!("/s/{n}"))).collect())?;
    world.advance(10);
    let visit = world.lease_of("http://a.test/s/0")?;
    for lease in rest {
        world.fetch(&lease)?;
    }
    world.nothing()?;
    let not_before = Timestamp(world.now().0 + 1_000_000);
    world.nack(&visit, None, Retry { not_before, block_site_until: None, counts: false })?;
    same("what was parked", &fetch_all(&world)?.len(), &4)?;
    same("parked", &world.stats().parked, &0)
}

fn resting(site: &str, until: Timestamp) -> HostUpdate {
    let found = page(&format!("http://{site}/"));
    HostUpdate {
        origin: found.origin,
        site: found.site,
        robots: None,
        crawl_delay: None,
        block_until: Some(until),
    }
}

fn another_order(make: &mut Make<'_>) -> Check {
    let mut world = World::new(make, Limits::default(), PLAIN);
    world.add(vec![deep("http://a.test/1", 1), deep("http://a.test/5", 5), deep("http://a.test/3", 3)])?;
    world.control(Control::Pace(in_order(Order::Depth)))?;
    world.lease_of("http://a.test/5").and_then(|lease| world.fetch(&lease).map(drop))?;
    world.snapshot();
    if world.reopen(Limits::default(), in_order(Order::Depth))? {
        world.lease_of("http://a.test/3").and_then(|lease| world.fetch(&lease).map(drop))?;
        world.reopen(Limits::default(), in_order(Order::Breadth))?;
        world.add(vec![Discovered {
            request: Request { depth: 9, ..Request::get("http://a.test/9") },
            ..page("http://a.test/9")
        }])?;
        world.lease_of("http://a.test/1")?;
    }
    Ok(())
}
