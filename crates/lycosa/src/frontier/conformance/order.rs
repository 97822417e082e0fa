//! Stories of the order in which a site's URLs are served.

use super::world::{Check, PLAIN, World, deep, fetched, page, same};
use super::{Make, Story};
use crate::model::{Commit, Control, Discovered, Finish, Limits, Order, Pace, Request, Retry};

pub(super) const STORIES: &[Story] = &[
    ("depth first follows a page's links before its siblings", depth_first),
    ("a depth limit serves by level in any order", by_level),
    ("what many links lead to comes before what few do, and once", many_links),
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
