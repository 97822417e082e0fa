//! The history of a crawl by 64 workers as the *server* wrote it down, over real sockets and under virtual time:
//! spacing, concurrency, robots.txt, budgets.
//!
//! Over sockets an arrival can be late and never early, so nothing is concluded from two arrivals alone. With one
//! request at a time on a host, request `i` is sent after the answer to `i - 1` was (almost) written, and `i + 1` at
//! least a delay after `i`: so it arrives at least a delay after that answer. And the `n`-th arrives no sooner than
//! `n` delays after the crawl began. Neither can raise a false alarm, however busy the machine; under virtual time
//! every gap is exact.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::engine::{End, RobotsTags};
use lycosa::model::{Clock as _, Finish, Limits};
use lycosa::scope::ScopeMode;
use lycosa_testkit::web::{
    AccessLog, Ask, Coverage, Manners, NameServer, Numbering, Place, Rules, Settings, Shares, Web,
};
use lycosa_testkit::{Hit, Request, Response, Server, monotonic_micros};

use crate::arguments::Store;
use crate::by_engine::{ByEngine, TRAPS, pace};
use crate::clock::{BEGINNING, VirtualClock};
use crate::run::SEEDS;
use crate::store;
use crate::tests::limits;

const WORKERS: usize = 64;

fn settings(seed: u64) -> Settings {
    let shares = Shares { flaky: 20, ..Shares::default() };
    Settings { seed, hosts: 60, pages: 1_200, shares, trap_percent: 5, ..Settings::default() }
}

/// What is expected of a history.
struct Expected<'a> {
    web: &'a Web,
    delay: Duration,
    per_host: usize,
    /// When the crawl began, on the server's clock.
    began: u64,
}

/// Every violation in a history, described.
fn violations(expected: &Expected<'_>, hits: &[Hit]) -> Vec<String> {
    let mut hosts: BTreeMap<u32, Vec<&Hit>> = BTreeMap::new();
    let mut found = Vec::new();
    for hit in hits {
        match expected.web.host_of_authority(&hit.host) {
            Some(host) => hosts.entry(host).or_default().push(hit),
            None => found.push(format!("nobody is called {}", hit.host)),
        }
    }
    for (host, mut hits) in hosts {
        hits.sort_by_key(|hit| hit.at);
        of_host(expected, host, &hits, &mut found);
    }
    found
}

fn of_host(expected: &Expected<'_>, host: u32, hits: &[&Hit], found: &mut Vec<String>) {
    let name = expected.web.name(host);
    let (mut due, mut sent) = (expected.began, 0);
    for (number, hit) in hits.iter().enumerate() {
        if hit.in_flight > expected.per_host {
            found.push(format!("{} requests were open on {name}", hit.in_flight));
        }
        let place = expected.web.place(host, &hit.target);
        if place.is_none_or(|place| !expected.web.allows(place)) {
            found.push(format!("{name} denies or lacks {}", hit.target));
        }
        // What robots.txt asks for is known after it alone.
        let is_robots = matches!(place, Some(Place::Robots(_) | Place::MovedRobots(_)));
        let asked = if is_robots { Duration::ZERO } else { expected.web.crawl_delay(host) };
        let delay = u64::try_from(expected.delay.max(asked).as_micros()).unwrap();
        // Milliseconds are what a frontier counts in.
        if sent > 0 {
            due += delay.saturating_sub(1_000);
        }
        sent += 1;
        if hit.at < due {
            found.push(format!(
                "request {number} on {name} came {} µs too soon after the beginning",
                due - hit.at
            ));
        }
        let before = number.checked_sub(2).and_then(|before| hits[before].ended);
        if let Some(ended) = before.filter(|_| expected.per_host == 1)
            && hit.at + 1_000 < ended + delay
        {
            let early = ended + delay - hit.at;
            found.push(format!("request {number} on {name} came {early} µs too soon after the last but one"));
        }
    }
}

/// A crawl over real sockets, of so many pages of each site; what the server saw, and when it began.
async fn crawled(
    settings: Settings,
    delay: Duration,
    per_host: u32,
    most: Option<u64>,
) -> (Web, u64, Vec<Hit>, End) {
    let known: Arc<OnceLock<Web>> = Arc::default();
    let web_of_site = known.clone();
    let site = move |request: &Request| answer(web_of_site.get(), request);
    let server = Server::start_on((Ipv4Addr::UNSPECIFIED, 0).into(), site).unwrap();
    let web = Web::new(settings).on_port(server.addr().port());
    known.set(web).unwrap();
    let names = NameServer::start(web);
    let began = monotonic_micros();
    let report = Crawler::new(&web.url(Place::Page(web.home(0))))
        .scope(ScopeMode::Any)
        .concurrency(WORKERS)
        .delay(delay)
        .options(|options| {
            options.per_host = per_host;
            options.robots_patience = Duration::ZERO;
            options.max_pages_per_host = most;
            if most.is_some() {
                // A page that asks not to be kept is none: here every one that is given is.
                options.robots_tags = RobotsTags::Ignore;
            }
            options.dns_servers = vec![names.addr().to_string()];
            options.allow_address = vec!["127.0.0.0/8".to_owned()];
            options.exclude = vec![TRAPS.to_owned()];
            options.retry.first = Duration::from_millis(20);
            options.retry.budget_floor = 10_000;
        })
        .run()
        .await
        .unwrap();
    assert_eq!(report.open, []);
    (web, began, server.log(), report.end)
}

fn answer(web: Option<&Web>, request: &Request) -> Response {
    let is_near = request.local.is_none_or(|local| local.ip().is_loopback());
    let Some((web, host)) = web.and_then(|web| Some((web, web.host_of_authority(request.host())?))) else {
        return Response::new(421);
    };
    if !is_near {
        return Response::new(421);
    }
    let answer = web.answer(&Ask {
        host,
        target: &request.target,
        now_ms: 1_700_000_000_000,
        first: request.visit == 1,
        if_none_match: None,
        if_modified_since: None,
    });
    let mut response = Response::new(answer.status).body(answer.body).delay_first_byte(answer.latency);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response
}

fn coverage(web: &Web, hits: &[Hit]) -> Coverage {
    let mut found = Coverage::new(*web, Numbering::new(web));
    for hit in hits {
        let host = web.host_of_authority(&hit.host).unwrap();
        if let Some(place @ Place::Page(_)) = web.place(host, &hit.target) {
            found.insert(place);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_workers_keep_every_delay_limit_and_ban_over_real_sockets() {
    let delay = Duration::from_millis(10);
    for (seed, per_host) in [(11, 1), (12, 3)] {
        let settings = Settings {
            latency_ms: (0, 8),
            page_bytes: 1_500,
            crawl_delay_ms: (15, 40),
            crawl_delay_percent: 30,
            ..settings(seed)
        };
        let (web, began, hits, _) = crawled(settings, delay, per_host, None).await;
        let expected = Expected { web: &web, delay, per_host: per_host as usize, began };
        let found = violations(&expected, &hits);
        assert_eq!(found, [""; 0], "{} of {} requests", found.len(), hits.len());
        let rules = Rules { respect_meta: true, ..Rules::default() };
        if let Err(mismatch) = web.coverage(rules, &SEEDS).compare(&coverage(&web, &hits)) {
            panic!("{mismatch}");
        }
        println!("{} requests on {} hosts, {per_host} at a time: no violation", hits.len(), web.hosts());
        assert!(hits.len() > 600);
    }
}

/// What becomes of a request.
type Change<'a> = &'a dyn Fn(&mut Hit);

/// What the rules are worth: each is broken once, by one request of a history.
#[test]
fn a_history_with_one_bad_request_is_found_out() {
    let web = Web::new(settings(11)).on_port(8_080);
    let delay = Duration::from_millis(10);
    let expected = Expected { web: &web, delay, per_host: 1, began: 1_000_000 };
    let hit = |number: u64, target: &str| Hit {
        at: 1_000_000 + number * 10_500,
        ended: Some(1_000_000 + number * 10_500 + 9_000),
        host: web.authority(0),
        path: target.to_owned(),
        target: target.to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        connection: 1,
        in_flight: 1,
    };
    let home = web.path(Place::Page(web.home(0)));
    let sound: Vec<Hit> =
        std::iter::once(hit(0, "/robots.txt")).chain((1..8).map(|at| hit(at, &home))).collect();
    assert_eq!(violations(&expected, &sound), [""; 0]);
    let broken = |change: Change<'_>| {
        let mut history = sound.clone();
        change(&mut history[5]);
        violations(&expected, &history)
    };
    let changes: [(Change<'_>, &str); 5] = [
        (&|hit| hit.at -= 10_000, "too soon after the last but one"),
        (&|hit| hit.at = 1_004_000, "too soon after the beginning"),
        (&|hit| hit.in_flight = 2, "were open"),
        (&|hit| hit.target = "/private/x".to_owned(), "denies or lacks"),
        (&|hit| hit.host = "elsewhere".to_owned(), "nobody is called"),
    ];
    for (change, words) in changes {
        let found = broken(change);
        assert!(found.iter().any(|what| what.contains(words)), "{words}: {found:?}");
    }
}

/// A crawl under virtual time within these limits; the server's log, how it ended, and the pages it counts.
fn within(limits: Limits, rules: Rules) -> (Arc<AccessLog>, End, u64) {
    within_web(Web::new(settings(13)), limits, rules)
}

fn within_web(web: Web, limits: Limits, rules: Rules) -> (Arc<AccessLog>, End, u64) {
    let clock = VirtualClock::new();
    let delay = Duration::from_millis(100);
    let manners = Manners { delay, robots: rules.robots, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, Numbering::new(&web), manners));
    let folder = tempfile::tempdir().unwrap();
    // Whoever waits for a real disk would see the virtual clock jump meanwhile.
    let opened =
        store::open((Store::Memory, usize::MAX), limits, pace(rules, delay), &clock, folder.path()).unwrap();
    let crawl = ByEngine {
        web,
        rules,
        seeds: SEEDS.to_vec(),
        log: log.clone(),
        clock,
        concurrency: WORKERS,
        again: None,
    };
    let report = crawl.crawl(&opened).unwrap();
    let counts = log.counts();
    assert_eq!((counts.too_soon, counts.too_many, counts.denied), (0, 0, 0), "{:?}", counts.violations);
    (log, report.end, report.crawl.pages)
}

#[test]
fn sixty_four_workers_exhaust_every_budget_to_the_unit() {
    let rules = Rules::default();
    for most in [1, 17, 200] {
        let (log, end, pages) = within(Limits { max_pages: Some(most), ..limits(rules) }, rules);
        assert_eq!((end, pages), (End::Finished(Finish::Pages), most));
        // Each page was answered: by the server's own count there are at least as many requests.
        assert!(log.counts().pages >= most);
        let (log, end, _) = within(Limits { max_requests: Some(most), ..limits(rules) }, rules);
        assert_eq!((end, log.counts().requests), (End::Finished(Finish::Requests), most));
    }
}

/// A web where every page that is asked for is given at once: the server's log alone says how many each site gave.
fn sound(seed: u64) -> Settings {
    Settings { shares: Shares::NONE, ..settings(seed) }
}

/// How many pages each site gave, where each was to give so many or all that pages link to; and what is wrong with that.
fn shares_of_sites(web: &Web, taken: &Coverage, most: u64) -> (BTreeMap<u32, u64>, Vec<String>) {
    let mut sites: BTreeMap<u32, u64> = BTreeMap::new();
    for page in taken.pages(0..web.hosts()) {
        *sites.entry(web.site(page.host)).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for (site, count) in sites.iter().filter(|(_, count)| **count > most) {
        wrong.push(format!("{} gave {count} pages of {most}", web.name(*site)));
    }
    for page in taken.pages(0..web.hosts()) {
        web.links(page, |link| {
            let given = sites.get(&web.site(link.to.host())).copied().unwrap_or_default();
            let is_page = matches!(link.to, Place::Page(_)) && web.allows(link.to);
            if is_page && given < most && !taken.has(link.to) {
                wrong.push(format!("{} was left out, its site gave {given} of {most}", web.url(link.to)));
            }
        });
    }
    (sites, wrong)
}

#[test]
fn sixty_four_workers_take_exactly_so_many_pages_of_each_site() {
    let rules = Rules::default();
    let web = Web::new(sound(17));
    for (most, depth) in [(1, None), (3, None), (20, None), (3, Some(3)), (10, Some(2))] {
        let limits = Limits { max_pages_per_host: Some(most), max_depth: depth, ..limits(rules) };
        let (log, end, pages) = within_web(web, limits, rules);
        let (sites, wrong) = shares_of_sites(&web, &log.coverage(), most);
        // Beyond a depth limit there are links that nobody was to follow.
        let wrong = if depth.is_some() { Vec::new() } else { wrong };
        assert_eq!(wrong, [""; 0], "{most} of each");
        assert!(sites.values().all(|count| *count <= most), "{sites:?}");
        assert_eq!(pages, sites.values().sum::<u64>(), "what the server gave is what was written");
        assert_eq!(log.counts().pages, pages, "and it was asked for nothing in vain");
        let full = sites.values().filter(|count| **count == most).count();
        println!("{most} of each: {pages} pages of {} sites, {full} of which gave all they may", sites.len());
        assert_eq!(end, End::Finished(Finish::HostPages));
        assert!(full > 0 && (most < 10 || full < sites.len()), "{sites:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_workers_take_exactly_so_many_pages_of_each_site_over_real_sockets() {
    for (seed, most) in [(18, 1), (19, 7)] {
        let settings =
            Settings { latency_ms: (0, 8), page_bytes: 1_500, crawl_delay_percent: 0, ..sound(seed) };
        let (web, _, hits, end) = crawled(settings, Duration::ZERO, 64, Some(most)).await;
        let (sites, wrong) = shares_of_sites(&web, &coverage(&web, &hits), most);
        assert_eq!(wrong, [""; 0], "{most} of each");
        let is_page = |hit: &&Hit| {
            let host = web.host_of_authority(&hit.host).unwrap();
            matches!(web.place(host, &hit.target), Some(Place::Page(_)))
        };
        assert_eq!(hits.iter().filter(is_page).count() as u64, sites.values().sum::<u64>(), "each once");
        assert_eq!(end, End::Finished(Finish::HostPages));
        println!("{most} of each: {} requests of {} sites", hits.len(), sites.len());
        assert!(sites.len() > 8, "{sites:?}");
    }
}

/// What that rule is worth: a page too many, and one too few.
#[test]
fn a_site_that_gave_a_page_too_many_or_too_few_is_found_out() {
    let web = Web::new(sound(17));
    let mut taken = Coverage::new(web, Numbering::new(&web));
    let full = web.coverage(Rules::default(), &SEEDS);
    assert_eq!(shares_of_sites(&web, &full, u64::MAX).1, [""; 0]);
    full.pages(0..web.hosts()).skip(1).for_each(|page| {
        taken.insert(Place::Page(page));
    });
    assert!(shares_of_sites(&web, &taken, u64::MAX).1.iter().any(|what| what.contains("left out")));
    assert!(shares_of_sites(&web, &full, 3).1.iter().any(|what| what.contains("pages of 3")));
}

#[test]
fn sixty_four_workers_start_nothing_after_the_time_is_over() {
    let rules = Rules::default();
    for seconds in [1, 10, 60] {
        let deadline = BEGINNING.after(Duration::from_secs(seconds));
        let (log, end, _) = within(Limits { deadline: Some(deadline), ..limits(rules) }, rules);
        assert_eq!(end, End::Finished(Finish::Time), "{seconds} s");
        assert!(log.last_ms() < deadline.0, "{} ms after the end", log.last_ms() - deadline.0);
        // It was in use to the end: half a second is a page's longest wait on any host that asks for none.
        assert!(log.last_ms() + 2_000 > deadline.0, "{} ms before", deadline.0 - log.last_ms());
    }
    assert_eq!(VirtualClock::new().now(), BEGINNING);
}

#[test]
fn sixty_four_workers_reach_what_lies_within_a_depth_and_nothing_else() {
    let web = Web::new(settings(13));
    for depth in [0, 1, 2, 4] {
        let rules = Rules { max_depth: Some(depth), ..Rules::default() };
        let (log, ..) = within(limits(rules), rules);
        if let Err(mismatch) = web.coverage(rules, &SEEDS).compare(&log.coverage()) {
            panic!("depth {depth}: {mismatch}");
        }
    }
}
