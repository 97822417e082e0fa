//! Stories of robots.txt under a clock that is turned by hand: what it forbids beside pages, and what becomes of a site
//! whose robots.txt fails, or that is down altogether.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::tests::OpenDoor;
use super::{Engine, NoHooks, Parts, Report, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{LinkExtractor, LinkOptions};
use crate::frontier::Memory;
use crate::ledger::Ledger;
use crate::model::{
    Body, BoxFuture, Clock, CrawlId, Exchange, Exclusion, Facts, Fetch, Limits, ManualClock, Pace, Response,
    Timestamp,
};
use crate::scope::{Identity, ScopeMode, ScopeOptions, ScopeRules};
use crate::telemetry::Telemetry;

/// What a site answers to the so-manieth request for a URL: status, header fields and body; status 0 is no answer, 1 none of a proxy.
type Answered = (u16, Vec<(&'static str, &'static str)>, String);
type Site = fn(&str, usize) -> Answered;

fn page(links: &str) -> Answered {
    let links: String = links.split_whitespace().map(|link| format!("<a href=\"{link}\">x</a>")).collect();
    (200, vec![("content-type", "text/html")], format!("<title>t</title>{links}"))
}

fn text(text: &str) -> Answered {
    (200, vec![("content-type", "text/plain")], text.to_owned())
}

fn list(root: &str, urls: &[&str]) -> Answered {
    let entry = if root == "urlset" { "url" } else { "sitemap" };
    let entries: String = urls.iter().map(|url| format!("<{entry}><loc>{url}</loc></{entry}>")).collect();
    (200, vec![("content-type", "application/xml")], format!("<{root}>{entries}</{root}>"))
}

fn status(status: u16) -> Answered {
    (status, Vec::new(), String::new())
}

fn leads_to(to: &'static str) -> Answered {
    (302, vec![("location", to)], String::new())
}

/// The web by one function, and what was asked when.
#[derive(Debug)]
struct Script {
    site: Site,
    clock: Arc<ManualClock>,
    asked: Mutex<Vec<(String, Timestamp)>>,
}

impl Fetch for Script {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        let url = exchange.url.as_str().to_owned();
        let mut asked = self.asked.lock().unwrap();
        asked.push((url.clone(), self.clock.now()));
        let visit = asked.iter().filter(|(known, _)| *known == url).count();
        let (status, fields, body) = (self.site)(&url, visit);
        if status < 2 {
            let kind = if status == 0 { ErrorKind::Connect } else { ErrorKind::Proxy };
            let error = Error::new(kind, "nobody is there");
            return Box::pin(std::future::ready(Err(error)));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let response = Response { status, headers, body: Body::full(body), facts: Facts::default() };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// A crawl that is over: its report, and the requests in order, in seconds since its beginning.
struct Over {
    report: Report,
    asked: Vec<(String, u64)>,
}

impl Over {
    /// How often a URL was asked for.
    fn count(&self, url: &str) -> usize {
        self.asked.iter().filter(|(asked, _)| asked == url).count()
    }

    /// When a URL was asked for.
    fn times(&self, url: &str) -> Vec<u64> {
        self.asked.iter().filter(|(asked, _)| asked == url).map(|(_, at)| *at).collect()
    }

    fn skipped(&self, reason: Exclusion) -> u64 {
        self.report.run.skipped.get(&reason).copied().unwrap_or_default()
    }

    fn tells(&self, what: &str) -> bool {
        self.report.run.problems.keys().any(|told| told.contains(what))
    }
}

/// Crawls from these seeds; the clock makes steps of so many seconds.
async fn crawled(
    site: Site,
    seeds: &[&str],
    step: u64,
    change: impl FnOnce(&mut Settings, &mut Pace),
) -> Over {
    let start = Timestamp(1_700_000_000_000);
    let clock = Arc::new(ManualClock::new(start));
    let mut settings = Settings {
        accept_types: vec!["text/html".to_owned()],
        robots_patience: Duration::from_secs(300),
        ..Settings::default()
    };
    let lease = Duration::from_secs(1 << 30);
    let mut pace = Pace { delay: Duration::ZERO, response_factor: 0.0, lease, ..Pace::default() };
    change(&mut settings, &mut pace);
    pace.robots = settings.robots;
    let memory = Arc::new(Memory::new(Limits::default(), pace, clock.clone()));
    let script = Arc::new(Script { site, clock: clock.clone(), asked: Mutex::default() });
    let seeds: Vec<Url> = seeds.iter().map(|seed| Url::parse(seed).unwrap()).collect();
    let scope = ScopeOptions { seeds: seeds.clone(), mode: ScopeMode::Any, ..ScopeOptions::default() };
    let engine = Engine::new(Parts {
        frontier: memory.clone(),
        outbox: memory,
        fetch: script.clone(),
        middlewares: Arc::new([]),
        guard: Arc::new(OpenDoor),
        scope: Arc::new(ScopeRules::new(scope).unwrap()),
        extractors: Arc::new([Arc::new(LinkExtractor::new(LinkOptions::default()))]),
        hooks: Arc::new(NoHooks),
        feed: None,
        identity: Arc::new(Identity::new(CrawlId(1), [1; 16])),
        clock: clock.clone(),
        retry: Arc::default(),
        contents: super::ContentMemory::default(),
        telemetry: Telemetry::default(),
        ledger: Ledger::default(),
        settings,
    });
    let turning = async {
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            clock.advance(Duration::from_secs(step));
        }
    };
    let report = tokio::select! {
        report = engine.run(&seeds, Vec::new()) => report.unwrap(),
        () = turning => unreachable!("it has no end"),
    };
    let asked = std::mem::take(&mut *script.asked.lock().unwrap()).into_iter();
    let asked = asked.map(|(url, at)| (url, at.since(start).as_secs())).collect();
    Over { report, asked }
}

fn with_sitemaps(settings: &mut Settings, _: &mut Pace) {
    settings.sitemaps = true;
}

/// An index at the usual place, one of whose sitemaps is denied, and one that leads to a denied one.
fn mapped(url: &str, _: usize) -> Answered {
    match url {
        "http://a.test/robots.txt" => text("User-agent: *\nDisallow: /private/"),
        "http://a.test/sitemap.xml" => list(
            "sitemapindex",
            &["http://a.test/private/1.xml", "http://a.test/open.xml", "http://a.test/leads.xml"],
        ),
        "http://a.test/private/1.xml" => list("urlset", &["http://a.test/of/1"]),
        "http://a.test/open.xml" => list("urlset", &["http://a.test/of/open"]),
        "http://a.test/leads.xml" => leads_to("/private/2.xml"),
        "http://a.test/private/2.xml" => list("urlset", &["http://a.test/of/2"]),
        _ => page(""),
    }
}

#[tokio::test]
async fn a_sitemap_that_an_index_or_a_redirect_leads_to_is_not_read_against_robots_txt() {
    let over = crawled(mapped, &["http://a.test/"], 1, with_sitemaps).await;
    assert_eq!(
        (over.count("http://a.test/private/1.xml"), over.count("http://a.test/private/2.xml")),
        (0, 0)
    );
    assert_eq!((over.count("http://a.test/open.xml"), over.count("http://a.test/of/open")), (1, 1));
    assert_eq!(over.skipped(Exclusion::Robots), 2);
    let line = "the robots.txt of its site forbids it (line 2: `Disallow: /private/`)";
    assert!(over.tells(&format!("the sitemap http://a.test/private/1.xml gave no entries: {line}")));
    let hop = format!("leads.xml gave no entries: it leads to http://a.test/private/2.xml, and {line}");
    assert!(over.tells(&hop), "{:?}", over.report.run.problems);
}

#[tokio::test]
async fn without_robots_txt_every_sitemap_is_read() {
    let over = crawled(mapped, &["http://a.test/"], 1, |settings, _| {
        (settings.sitemaps, settings.robots) = (true, false);
    })
    .await;
    for of in ["1", "2", "open"] {
        assert_eq!(over.count(&format!("http://a.test/of/{of}")), 1, "{of}");
    }
}

#[tokio::test]
async fn a_sitemap_that_is_guessed_or_typed_is_not_read_against_robots_txt() {
    let closed: Site = |url, _| match url {
        "http://a.test/robots.txt" => text("User-agent: *\nDisallow: /"),
        "http://b.test/robots.txt" => text("User-agent: lycosa\nDisallow: /maps/*.xml$"),
        _ => page(""),
    };
    let over = crawled(closed, &["http://a.test/"], 1, |settings, _| {
        settings.sitemaps = true;
        settings.sitemap_urls = vec!["http://b.test/maps/x.xml".parse().unwrap()];
    })
    .await;
    let mut asked: Vec<_> = over.asked.iter().map(|(url, _)| url.as_str()).collect();
    asked.sort_unstable();
    // What stands at the usual place of the host of a sitemap that was typed is allowed.
    assert_eq!(asked, ["http://a.test/robots.txt", "http://b.test/robots.txt", "http://b.test/sitemap.xml"]);
    assert!(over.tells("the sitemap http://a.test/sitemap.xml gave no entries"));
    assert!(over.tells(
        "x.xml gave no entries: the robots.txt of its site forbids it (line 2: `Disallow: /maps/*.xml$`)"
    ));
}

#[tokio::test]
async fn a_sitemap_waits_for_a_robots_txt_that_fails_and_is_left_out_with_it() {
    let failing: Site = |url, _| if url.ends_with("/robots.txt") { status(500) } else { page("") };
    let over = crawled(failing, &["http://a.test/"], 1, |settings, _| {
        settings.robots_patience = Duration::ZERO;
        settings.sitemap_urls = vec!["http://a.test/map.xml".parse().unwrap()];
    })
    .await;
    assert_eq!(over.asked.len(), 1, "robots.txt alone: {:?}", over.asked);
    assert_eq!(over.skipped(Exclusion::RobotsUnreachable), 2);
    assert!(
        over.tells("the sitemap http://a.test/map.xml gave no entries: the robots.txt of its site cannot")
    );
}

#[tokio::test]
async fn sitemaps_that_are_gone_are_told_each_once_up_to_a_bound() {
    let site: Site = |url, _| match url {
        "http://a.test/robots.txt" => {
            text(&(0..40).map(|n| format!("Sitemap: /{n}.xml\n")).collect::<String>())
        }
        "http://a.test/" => page(""),
        _ => status(404),
    };
    let over = crawled(site, &["http://a.test/"], 1, with_sitemaps).await;
    let told = &over.report.run.problems;
    let by_name = told.keys().filter(|told| told.contains(".xml gave no entries: status 404"));
    assert_eq!((by_name.count(), told.len()), (16, 17), "{told:?}");
    let rest = told.iter().find(|(told, _)| told.starts_with("further sitemaps gave no entries"));
    assert_eq!(rest.map(|(_, count)| *count), Some(24), "{told:?}");
}

const ROBOTS: &str = "http://a.test/robots.txt";

#[tokio::test]
async fn what_waits_for_a_robots_txt_that_fails_for_a_while_is_held_and_other_sites_go_on() {
    let site: Site = |url, visit| match (url, visit) {
        (ROBOTS, ..5) => status(503),
        (ROBOTS, 5) => status(0),
        (ROBOTS, _) => text("User-agent: *\nDisallow: /private"),
        ("http://a.test/", _) => page("/private /open"),
        _ => page(""),
    };
    let over = crawled(site, &["http://a.test/", "http://b.test/"], 1, |_, _| {}).await;
    assert_eq!(over.count("http://a.test/open"), 1);
    assert_eq!((over.skipped(Exclusion::RobotsUnreachable), over.skipped(Exclusion::Robots)), (0, 1));
    let times = over.times(ROBOTS);
    assert_eq!(times.len(), 6, "{times:?}");
    for (number, pause) in [1, 2, 4, 8, 16].into_iter().enumerate() {
        assert!(times[number + 1] - times[number] >= pause, "{times:?}");
    }
    let first = over.times("http://b.test/")[0];
    assert!(first < times[5], "{first}: nobody else waits");
    assert!(over.tells("robots.txt of http://a.test answered 503: its URLs wait until it can be read"));
    assert!(!over.tells("left out"), "{:?}", over.report.run.problems);
    assert_eq!(over.report.run.robots_awaited, 0, "nobody waits any more");
    assert_eq!(over.report.run.retries, 0, "a robots.txt is no URL of the crawl");
}

#[tokio::test]
async fn a_proxy_that_is_dead_says_nothing_of_a_site_that_is_down_and_its_urls_end() {
    let site: Site = |url, visit| match url.rsplit('/').next().unwrap_or_default().parse::<u32>() {
        Ok(1..=8) => status(0),
        Ok(_) => status(u16::from(visit > 1)),
        Err(_) if url.ends_with(".txt") => text(""),
        Err(_) => page("/1 /2 /3 /4 /5 /6 /7 /8 /9 /10"),
    };
    let over = crawled(site, &["http://a.test/"], 60, |_, pace| pace.per_origin = 1).await;
    assert_eq!((over.count("http://a.test/9"), over.count("http://a.test/10")), (2, 2));
    assert_eq!(over.report.run.failures.values().sum::<u64>(), 10);
}

#[tokio::test]
async fn patience_has_an_end() {
    let site: Site = |url, _| if url == ROBOTS { status(500) } else { page("") };
    let over = crawled(site, &["http://a.test/", "http://a.test/2"], 1, |settings, _| {
        settings.robots_patience = Duration::from_secs(100);
    })
    .await;
    assert_eq!((over.skipped(Exclusion::RobotsUnreachable), over.count("http://a.test/")), (2, 0));
    let times = over.times(ROBOTS);
    // After 1, 2, 4, 8, 16 and 32 s, and once more at the end.
    assert_eq!(times.len(), 8, "{times:?}");
    assert!(times[7] - times[0] >= 100, "{times:?}");
    assert!(over.tells("answered 500, its pages are left out"));
    let at_once = crawled(site, &["http://a.test/"], 1, |settings, _| {
        settings.robots_patience = Duration::ZERO;
    })
    .await;
    assert_eq!((at_once.count(ROBOTS), at_once.skipped(Exclusion::RobotsUnreachable)), (1, 1));
}

#[tokio::test]
async fn a_server_that_names_its_moment_is_not_asked_before() {
    let site: Site = |url, visit| match (url, visit) {
        (ROBOTS, 1) => (429, vec![("retry-after", "40")], String::new()),
        (ROBOTS, _) => status(404),
        _ => page(""),
    };
    let over = crawled(site, &["http://a.test/"], 1, |_, _| {}).await;
    let times = over.times(ROBOTS);
    assert!(times.len() == 2 && times[1] - times[0] >= 40, "{times:?}");
    assert_eq!(over.count("http://a.test/"), 1);
    let long: Site = |url, _| match url {
        ROBOTS => (503, vec![("retry-after", "3600")], String::new()),
        _ => page(""),
    };
    let over = crawled(long, &["http://a.test/"], 1, |_, _| {}).await;
    assert_eq!((over.count(ROBOTS), over.skipped(Exclusion::RobotsUnreachable)), (1, 1), "beyond patience");
}

#[tokio::test]
async fn without_any_answer_nothing_is_waited_for() {
    let site: Site = |url, _| if url == ROBOTS { status(0) } else { page("") };
    let over = crawled(site, &["http://a.test/"], 1, |_, _| {}).await;
    assert_eq!((over.count(ROBOTS), over.skipped(Exclusion::RobotsUnreachable)), (1, 1));
}

/// A chain of pages, one an hour, each beside a private one: robots.txt is renewed on the way.
async fn for_three_days(site: Site) -> Over {
    crawled(site, &["http://a.test/0"], 1_800, |_, pace| pace.delay = Duration::from_secs(3_600)).await
}

fn chain(url: &str) -> Answered {
    let number: u32 = url.rsplit('/').next().unwrap().parse().unwrap_or(99);
    if number < 60 { page(&format!("/{} /private/{number}", number + 1)) } else { page("") }
}

#[tokio::test]
async fn rules_that_are_known_outlive_a_server_that_is_down() {
    let over = for_three_days(|url, visit| match (url, visit) {
        (ROBOTS, 1) => text("User-agent: *\nDisallow: /private"),
        (ROBOTS, _) => status([500, 429, 0, 503][visit % 4]),
        _ => chain(url),
    })
    .await;
    assert_eq!((over.count("http://a.test/60"), over.skipped(Exclusion::RobotsUnreachable)), (1, 0));
    assert_eq!(over.skipped(Exclusion::Robots), 60);
    let times = over.times(ROBOTS);
    assert!((4..20).contains(&times.len()), "pauses grow: {times:?}");
    assert!(over.tells("what was known of it goes on"));
}

#[tokio::test]
async fn that_there_is_no_robots_txt_outlives_a_server_that_is_down() {
    let over = for_three_days(|url, visit| match (url, visit) {
        (ROBOTS, 1) => status(404),
        (ROBOTS, _) => status(503),
        _ => chain(url),
    })
    .await;
    assert_eq!((over.count("http://a.test/60"), over.count("http://a.test/private/59")), (1, 1));
    assert_eq!(over.skipped(Exclusion::RobotsUnreachable), 0);
}

#[tokio::test]
async fn rules_behind_a_redirect_outlive_a_server_that_is_down() {
    let over = for_three_days(|url, visit| match (url, visit) {
        (ROBOTS, _) => leads_to("http://b.test/r.txt"),
        ("http://b.test/r.txt", 1) => text("User-agent: *\nDisallow: /private"),
        ("http://b.test/r.txt", _) => status(503),
        _ => chain(url),
    })
    .await;
    assert!(over.count("http://b.test/r.txt") > 2, "it was asked for again");
    assert_eq!((over.count("http://a.test/60"), over.skipped(Exclusion::RobotsUnreachable)), (1, 0));
    assert_eq!(over.skipped(Exclusion::Robots), 60);
}
