//! Both crawlers on small webs against the oracle; and the real crawler over real sockets, on many addresses.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use lycosa::Crawler;
use lycosa::model::CrawlId;
use lycosa::scope::{Identity, ScopeMode};
use lycosa_testkit::web::{
    AccessLog, Counts, Coverage, Manners, Numbering, Rules, Settings, Shares, Web, WebServer,
};

use crate::arguments::{Arguments, Store};
use crate::by_engine::{ByEngine, TRAPS, limits, pace};
use crate::by_frontier::ByFrontier;
use crate::clock::VirtualClock;
use crate::run::{SEEDS, crawl};
use crate::store;

const DELAY: Duration = Duration::from_millis(500);

fn settings(seed: u64) -> Settings {
    let shares = Shares { flaky: 20, ..Shares::default() };
    Settings { seed, hosts: 60, pages: 1_500, shares, trap_percent: 5, ..Settings::default() }
}

/// A crawl by the engine under virtual time: what the servers saw.
fn by_engine(web: Web, rules: Rules, concurrency: usize) -> Arc<AccessLog> {
    let clock = VirtualClock::new();
    let manners = Manners { delay: DELAY, robots: rules.robots, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, Numbering::new(&web), manners));
    let folder = tempfile::tempdir().unwrap();
    let opened =
        store::open(Store::Memory, limits(rules), pace(rules, DELAY), &clock, folder.path()).unwrap();
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
    ] {
        let (web, arguments, log) = by_frontier(&words);
        assert_same(&web.coverage(arguments.rules(), &SEEDS), &log.coverage());
        assert_polite(&log.counts());
    }
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
    let opened = store::open(Store::Memory, limits(rules), hasty, &clock, folder.path()).unwrap();
    let (seeds, tick) = (SEEDS.to_vec(), Duration::ZERO);
    let crawl = ByFrontier { web, rules, seeds, log: log.clone(), clock, concurrency: 100, tick };
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
