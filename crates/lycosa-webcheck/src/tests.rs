//! Both crawlers on small webs against the oracle; and the real crawler over real sockets, on many addresses.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use lycosa::Crawler;
use lycosa::model::{CrawlId, Limits};
use lycosa::scope::{Identity, ScopeMode};
use lycosa_testkit::web::{
    AccessLog, Counts, Coverage, Manners, Numbering, Rules, Settings, Shares, Web, WebServer,
};

use crate::arguments::{Arguments, Store};
use crate::by_engine::{ByEngine, TRAPS, pace};
use crate::by_frontier::ByFrontier;
use crate::clock::VirtualClock;
use crate::run::{SEEDS, crawl};
use crate::store;

const DELAY: Duration = Duration::from_millis(500);

pub(crate) fn limits(rules: Rules) -> Limits {
    Limits { max_depth: rules.max_depth, ..Limits::default() }
}

fn settings(seed: u64) -> Settings {
    let shares = Shares { flaky: 20, ..Shares::default() };
    Settings { seed, hosts: 60, pages: 1_500, shares, trap_percent: 5, ..Settings::default() }
}

/// A crawl by the engine under virtual time: what the servers saw.
fn by_engine(web: Web, rules: Rules, concurrency: usize) -> Arc<AccessLog> {
    by_engine_on((Store::Memory, usize::MAX), web, rules, concurrency)
}

fn by_engine_on(store: (Store, usize), web: Web, rules: Rules, concurrency: usize) -> Arc<AccessLog> {
    let clock = VirtualClock::new();
    let manners = Manners { delay: DELAY, robots: rules.robots, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, Numbering::new(&web), manners));
    let folder = tempfile::tempdir().unwrap();
    let opened = store::open(store, limits(rules), pace(rules, DELAY), &clock, folder.path()).unwrap();
    let crawl =
        ByEngine { web, rules, seeds: SEEDS.to_vec(), log: log.clone(), clock, concurrency, again: None };
    let report = crawl.crawl(&opened).unwrap();
    assert_eq!(report.open, [], "nothing is left open");
    assert!(report.elapsed > DELAY, "the clock went on");
    log
}

#[track_caller]
fn assert_polite(counts: &Counts) {
    let Counts { too_soon, too_many, denied, unknown, .. } = counts;
    assert_eq!((too_soon, too_many, denied, unknown), (&0, &0, &0, &0), "{:#?}", counts.violations);
}

#[track_caller]
fn assert_same(expected: &Coverage, found: &Coverage) {
    if let Err(mismatch) = expected.compare(found) {
        panic!("{mismatch}");
    }
}

#[test]
fn the_engine_fetches_what_the_oracle_says_and_keeps_its_manners() {
    for seed in 0..2 {
        let web = Web::new(settings(seed));
        let log = by_engine(web, Rules::default(), 64);
        assert_same(&web.coverage(Rules::default(), &SEEDS), &log.coverage());
        let counts = log.counts();
        assert_polite(&counts);
        assert!(counts.robots > 40 && counts.repeated > 5 && counts.most_open_in_all <= 64, "{counts:?}");
    }
}

#[test]
fn every_rule_of_the_engine_is_the_oracles() {
    let web = Web::new(Settings { nofollow: 300, ..settings(7) });
    let depth = |max_depth| Rules { max_depth: Some(max_depth), ..Rules::default() };
    for rules in [
        Rules { robots: false, ..Rules::default() },
        Rules { respect_nofollow: true, ..Rules::default() },
        Rules { respect_meta: true, ..Rules::default() },
        Rules { sitemaps: true, ..Rules::default() },
        depth(0),
        depth(1),
        depth(3),
        Rules { traps: true, ..depth(4) },
    ] {
        let log = by_engine(web, rules, 64);
        assert_same(&web.coverage(rules, &SEEDS), &log.coverage());
        let counts = log.counts();
        assert_polite(&counts);
        assert_eq!(counts.sitemaps > 0, rules.sitemaps, "{rules:?}");
        assert_eq!(counts.traps > 0, rules.traps, "{rules:?}");
    }
}

#[test]
fn the_engine_fetches_the_same_when_most_of_what_is_known_is_on_disk() {
    let web = Web::new(settings(8));
    let depth = |max_depth| Rules { max_depth: Some(max_depth), ..Rules::default() };
    for rules in [Rules::default(), Rules { sitemaps: true, ..Rules::default() }, depth(3)] {
        let log = by_engine_on((Store::Embedded, 30_000), web, rules, 64);
        assert_same(&web.coverage(rules, &SEEDS), &log.coverage());
        assert_polite(&log.counts());
    }
}

#[test]
fn the_engine_stays_within_its_concurrency() {
    let web = Web::new(Settings { latency_ms: (5_000, 60_000), ..settings(4) });
    let counts = by_engine(web, Rules { max_depth: Some(2), ..Rules::default() }, 5).counts();
    assert_polite(&counts);
    assert_eq!((counts.most_open_in_all, counts.most_open), (5, 2), "both limits are used, and kept");
}

/// A crawl by the loop, as the command makes it.
fn by_frontier(words: &[&str]) -> (Web, Arguments, Arc<AccessLog>) {
    let arguments = Arguments::try_parse_from([&["lycosa-webcheck"], words].concat()).unwrap();
    let web = Web::new(arguments.settings());
    let crawled = crawl(&arguments, web, &Numbering::new(&web)).unwrap();
    (web, arguments, crawled.log)
}

#[test]
fn every_frontier_is_led_through_the_whole_web() {
    for words in [
        ["--pages", "10000", "--store", "memory", "--tick-ms", "0"],
        ["--pages", "10000", "--store", "memory", "--tick-ms", "10000"],
        ["--pages", "2000", "--store", "embedded", "--tick-ms", "10000"],
        ["--pages", "5000", "--store", "memory", "--depth", "3"],
        ["--pages", "2000", "--store", "embedded", "--seen-memory", "30000"],
    ] {
        let (web, arguments, log) = by_frontier(&words);
        assert_same(&web.coverage(arguments.rules(), &SEEDS), &log.coverage());
        assert_polite(&log.counts());
    }
}

/// One crawl into traps: the part of its requests that was lost there. All real pages are fetched all the same.
fn loss_in_traps(words: &[&str]) -> f64 {
    let (web, arguments, log) = by_frontier(&[words, &["--traps"]].concat());
    let (found, counts) = (log.coverage(), log.counts());
    assert_polite(&counts);
    assert!(counts.traps > 10, "it went into a trap: {counts:?}");
    assert_same(&web.coverage(arguments.rules(), &SEEDS), &found.without_traps());
    println!("{words:?}: {:.2} % of {} requests in traps", counts.trap_loss() * 100.0, counts.requests);
    counts.trap_loss()
}

#[test]
fn traps_cost_a_crawl_little_and_no_page() {
    for seed in ["1", "2", "3"] {
        let loss =
            loss_in_traps(&["--pages", "30000", "--hosts", "200", "--trap-percent", "2", "--seed", seed]);
        assert!(loss <= 0.05, "seed {seed}: {:.1} % lost", loss * 100.0);
    }
    let embedded = ["--pages", "5000", "--hosts", "40", "--trap-percent", "5", "--store", "embedded"];
    assert!(loss_in_traps(&embedded) < 0.2);
}

#[test]
fn the_engine_sees_that_pages_of_traps_say_nothing_new() {
    let words = ["--pages", "4000", "--hosts", "40", "--trap-percent", "10", "--by", "engine", "--traps"];
    let arguments = Arguments::try_parse_from([&["lycosa-webcheck"], &words[..]].concat()).unwrap();
    let web = Web::new(Settings { shares: Shares::NONE, page_bytes: 1_500, ..arguments.settings() });
    let log = crawl(&arguments, web, &Numbering::new(&web)).unwrap().log;
    let (found, counts) = (log.coverage(), log.counts());
    println!("by the engine: {} pages, {} of traps", counts.pages, counts.traps);
    for host in (0..web.hosts()).filter(|host| web.trap_family(*host).is_some()) {
        let fetched = found.traps().filter(|trap| trap.host == host).count();
        println!("{:?} of {}: {fetched}", web.trap_family(host), web.authority(host));
        // A budget, what was let through to decide, and a second time for what looks like a trap.
        assert!(fetched < 200, "{fetched} pages of {:?}", web.trap_family(host));
    }
    assert!(counts.traps > 50);
    assert_same(&web.coverage(arguments.rules(), &SEEDS), &found.without_traps());
}

/// The best first: the same pages, those that much leads to sooner.
#[test]
fn the_best_first_fetches_sooner_what_much_leads_to() {
    let mass = |order: &str, store: &str| {
        let words = ["--pages", "20000", "--hosts", "40", "--order", order, "--store", store];
        let arguments = Arguments::try_parse_from([&["lycosa-webcheck"], &words[..]].concat()).unwrap();
        let web = Web::new(arguments.settings());
        let crawled = crawl(&arguments, web, &Numbering::new(&web)).unwrap();
        assert_same(&web.coverage(arguments.rules(), &SEEDS), &crawled.log.coverage());
        assert_polite(&crawled.log.counts());
        crawled.mass.unwrap()
    };
    let [breadth, depth, best] = ["breadth", "depth", "best"].map(|order| mass(order, "memory"));
    let durable = mass("best", "embedded");
    println!(
        "in-links of the first tenth: breadth {breadth:.3}, depth {depth:.3}, best {best:.3}, {durable:.3}"
    );
    assert!(best > breadth + 0.02 && durable > breadth + 0.02, "{breadth} {best} {durable}");
}

/// Sites of a crowded network wait for their turns, and are not asked about again and again meanwhile.
#[test]
fn a_shared_network_costs_few_questions() {
    let words = ["--pages", "10000", "--hosts", "2000", "--tick-ms", "100"];
    let arguments = Arguments::try_parse_from([&["lycosa-webcheck"], &words[..]].concat()).unwrap();
    let web = Web::new(Settings { shared_address_percent: 100, ..arguments.settings() });
    let crawled = crawl(&arguments, web, &Numbering::new(&web)).unwrap();
    assert_polite(&crawled.log.counts());
    println!("{}", crawled.said);
    let gated: u64 =
        crawled.said.split(" by the gate").next().unwrap().rsplit('(').next().unwrap().parse().unwrap();
    assert!(gated < crawled.log.counts().requests / 2, "{}", crawled.said);
}

#[test]
fn a_frontier_that_forgets_a_page_is_found_out() {
    let web = Web::new(settings(2));
    let expected = web.coverage(Rules::default(), &SEEDS);
    let shallow = Rules { max_depth: Some(5), ..Rules::default() };
    let found = by_engine(web, shallow, 64).coverage();
    let mismatch = expected.compare(&found).unwrap_err();
    assert!(!mismatch.missing.is_empty() && mismatch.extra.is_empty(), "{mismatch}");
}

#[test]
fn a_frontier_without_delays_is_found_out() {
    let web = Web::new(settings(2));
    let clock = VirtualClock::new();
    let manners = Manners { delay: DELAY, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, Numbering::new(&web), manners));
    let rules = Rules { max_depth: Some(2), ..Rules::default() };
    let folder = tempfile::tempdir().unwrap();
    let hasty = pace(rules, DELAY / 2);
    let opened =
        store::open((Store::Memory, usize::MAX), limits(rules), hasty, &clock, folder.path()).unwrap();
    let (seeds, tick) = (SEEDS.to_vec(), Duration::ZERO);
    let (log_too, class, fetched) = (log.clone(), 1, None);
    let concurrency = 100;
    let crawl = ByFrontier { web, rules, seeds, log: log_too, clock, concurrency, tick, class, fetched };
    crawl.crawl(&opened, |_| {}).unwrap();
    assert!(log.counts().too_soon > 10, "{:?}", log.counts());
}

#[test]
fn the_library_sees_the_sites_that_the_web_has() {
    let web = Web::new(Settings { hosts: 2_000, pages: 2_000, ..Settings::default() });
    let identity = Identity::new(CrawlId(1), [1; 16]);
    for host in 0..web.hosts() {
        assert_eq!(identity.site(&web.name(host)).to_string(), web.domain(host));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_over_many_addresses_fetches_what_the_oracle_says() {
    let delay = Duration::from_millis(10);
    let settings = Settings {
        hosts: 40,
        pages: 600,
        trap_percent: 5,
        latency_ms: (0, 5),
        page_bytes: 2_000,
        crawl_delay_ms: (20, 40),
        ..settings(3)
    };
    // What arrives early because its forerunner was held up is left to the crawls under virtual time.
    let manners = Manners { delay, slack: Duration::from_secs(3_600), ..Manners::default() };
    let server = WebServer::start(settings, manners);
    let web = server.web();
    let home = web.url(lycosa_testkit::web::Place::Page(web.home(0)));
    let report = Crawler::new(&home)
        .scope(ScopeMode::Any)
        .concurrency(16)
        .delay(delay)
        .options(|options| {
            // Real time goes by.
            options.robots_patience = Duration::ZERO;
            options.dns_servers = vec![server.name_server().to_string()];
            options.allow_address = vec!["127.0.0.0/8".to_owned()];
            options.exclude = vec![TRAPS.to_owned()];
            options.retry.first = Duration::from_millis(20);
            options.retry.budget_floor = 10_000;
        })
        .run()
        .await
        .unwrap();
    assert_eq!(report.open, []);
    let rules = Rules { respect_meta: true, ..Rules::default() };
    assert_same(&web.coverage(rules, &SEEDS), &server.log().coverage());
    let counts = server.log().counts();
    assert_polite(&counts);
    assert!(counts.most_open_in_all <= 16, "{counts:?}");
    let (requests, span) = server.log().span(0);
    assert!(requests > 50 && span >= delay * requests / 2, "{requests} requests in {span:?}");
}
