//! Sessions that take turns, as a configuration file asks for them, seen from the server: exact counts of uses,
//! retirement, and no cookie, connection, proxy or name of one with another.

use std::collections::{BTreeMap, BTreeSet};

use lycosa::config::{Layers, Occasion};
use lycosa::crawler::Crawler;
use lycosa::session::SessionStats;
use lycosa_testkit::{Hit, Request, Response, Server};

/// Crawls as this file says, and tells what became of the sessions.
async fn crawled(seed: &str, file: &str) -> SessionStats {
    let mut layers = Layers::new();
    layers.text("lycosa.toml", &format!("robots = false\nper_host = 3\ndelay = 0\n{file}"));
    let occasion = Occasion { typed: vec![seed.to_owned()], ..Occasion::default() };
    let options = layers.build().unwrap().into_crawl(occasion).unwrap();
    let pool = options.sessions.clone().unwrap();
    let report = Crawler::with_options(options).run().await.unwrap();
    assert_eq!(report.open, [], "nothing leaks");
    pool.stats()
}

/// A front page with as many links as it is told; a visitor without a cookie is given a new one by every page.
fn club(links: usize) -> impl Fn(&Request) -> Response + Send + Sync + 'static {
    let given = std::sync::atomic::AtomicUsize::new(0);
    move |request| {
        let list = (0..links).map(|page| format!("<a href=/page{page}>{page}</a>"));
        // A proxy is asked for whole URLs.
        let page = match request.path().trim_start_matches("http://a.test") {
            "/" => Response::html(list.collect::<String>()),
            _ => Response::html("a page"),
        };
        if request.header("cookie").is_some() {
            return page;
        }
        let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        page.header("Set-Cookie", format!("sid={number}; Path=/"))
    }
}

fn header<'h>(hit: &'h Hit, name: &str) -> Option<&'h str> {
    hit.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The requests of each connection, in order. A session that is one at a time has one connection.
fn by_connection(log: &[Hit]) -> BTreeMap<u64, Vec<Option<&str>>> {
    let mut connections: BTreeMap<u64, Vec<Option<&str>>> = BTreeMap::new();
    log.iter().for_each(|hit| connections.entry(hit.connection).or_default().push(header(hit, "cookie")));
    connections
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_used_exactly_as_often_as_allowed_and_shares_nothing_with_the_next() {
    let server = Server::start(club(20));
    let stats = crawled(&server.url("/"), "[sessions]\ncount = 2\nmax_uses = 3").await;
    let log = server.log();
    assert_eq!((log.len(), stats.uses, stats.opened), (21, 21, 6 + stats.live), "{stats}");
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut owners: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for hit in &log {
        if let Some(cookie) = header(hit, "cookie") {
            assert_eq!(cookie.matches("sid=").count(), 1, "one identity");
            *uses.entry(cookie).or_default() += 1;
            owners.entry(cookie).or_default().insert(hit.connection);
        }
    }
    assert!(
        uses.values().all(|count| *count < 3),
        "with the one that got the cookie at most three: {uses:?}"
    );
    for (cookie, connections) in &owners {
        for (other, theirs) in owners.iter().filter(|(other, _)| *other != cookie) {
            assert!(connections.is_disjoint(theirs), "{cookie} and {other} shared a connection");
        }
    }
    assert!(stats.used_up >= 6, "{stats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_at_a_time_is_counted_to_the_request() {
    let server = Server::start(club(9));
    let stats = crawled(&server.url("/"), "concurrency = 1\n[sessions]\ncount = 1\nmax_uses = 4").await;
    let log = server.log();
    let connections = by_connection(&log);
    let first = [None, Some("sid=0"), Some("sid=0"), Some("sid=0")];
    let second = [None, Some("sid=1"), Some("sid=1"), Some("sid=1")];
    let third = [None, Some("sid=2")];
    assert_eq!(connections.into_values().collect::<Vec<_>>(), [&first[..], &second, &third]);
    assert_eq!((stats.opened, stats.used_up, stats.live), (3, 2, 1), "{stats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_session_is_never_seen_again_unless_it_is_to_stay() {
    for (retire, opened) in [(true, 2), (false, 1)] {
        let server = Server::start(|request: &Request| match request.path() {
            "/" => Response::html("<a href=/blocked>1</a>").header("Set-Cookie", "sid=marked; Path=/"),
            "/blocked" => Response::html("<a href=/after>2</a>").status(403),
            _ => Response::html("a page"),
        });
        let seeds = format!(
            "[\"{}\", \"{}\", \"{}\"]",
            server.url("/"),
            server.url("/blocked"),
            server.url("/after")
        );
        let file = format!(
            "concurrency = 1\nallow_address = ['127.0.0.1']\ndetect_blocks = false\nseeds = {seeds}\n[sessions]\ncount = 1\nretire_on_block = {retire}"
        );
        let mut layers = Layers::new();
        layers.text("lycosa.toml", &format!("robots = false\ndelay = 0\n{file}"));
        let options = layers.build().unwrap().into_crawl(Occasion::default()).unwrap();
        let pool = options.sessions.clone().unwrap();
        Crawler::with_options(options).run().await.unwrap();
        let log = server.log();
        let asked: Vec<_> = log.iter().map(|hit| (hit.path.as_str(), header(hit, "cookie"))).collect();
        let after = if retire { None } else { Some("sid=marked") };
        assert_eq!(asked, [("/", None), ("/blocked", Some("sid=marked")), ("/after", after)]);
        let stats = pool.stats();
        assert_eq!((stats.opened, stats.blocked), (opened, opened - 1), "{stats}");
        assert_eq!(log[1].connection == log[2].connection, !retire, "nor is its connection");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_says_200_retires_its_session_too() {
    let server = Server::start(|request: &Request| {
        match request.path() {
        "/" => Response::html("<a href=/wall>1</a>").header("Set-Cookie", "sid=marked; Path=/"),
        _ => Response::html(
            "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/h/b/orchestrate/x></script>",
        )
        .header("cf-mitigated", "challenge"),
    }
    });
    let stats = crawled(&server.url("/"), "concurrency = 1\n[sessions]\ncount = 1").await;
    assert_eq!((stats.blocked, stats.opened, stats.live), (1, 1, 0), "{stats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_session_has_its_own_proxy_and_profile() {
    let site = || Server::start(club(12));
    let (one, two) = (site(), site());
    let file = format!(
        "[[profiles]]\nname = 'phone'\nuser_agent = 'phone/1'\n[[profiles]]\nname = 'desk'\nuser_agent = 'desk/1'\n\
         [sessions]\ncount = 2\nproxies = ['{}', '{}']\nprofiles = ['phone', 'desk']",
        one.url(""),
        two.url("")
    );
    crawled("http://a.test/", &file).await;
    let seen = [&one, &two].map(Server::log);
    assert_eq!(seen[0].len() + seen[1].len(), 13);
    for (log, agent) in seen.iter().zip(["phone/1", "desk/1"]) {
        assert!(log.len() >= 6, "they take turns");
        assert!(log.iter().all(|hit| header(hit, "user-agent") == Some(agent)), "{log:?}");
        let first = log.iter().position(|hit| header(hit, "cookie").is_some()).unwrap();
        assert!(log[..first].iter().all(|hit| header(hit, "cookie").is_none()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sticky_site_stays_with_its_session() {
    let proxy = Server::start(|request: &Request| match request.target.as_str() {
        "http://a.test/" => Response::html("<a href=http://b.test/>b</a><a href=/1>1</a><a href=/2>2</a>"),
        "http://b.test/" => Response::html("<a href=/1>1</a><a href=/2>2</a>"),
        _ => Response::html("a page"),
    });
    let file =
        format!("scope = 'any'\nproxy = '{}'\n[sessions]\ncount = 8\nrotate = 'sticky'", proxy.url(""));
    let stats = crawled("http://a.test/", &file).await;
    let mut sites: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for hit in proxy.log() {
        sites.entry(hit.host).or_default().insert(hit.connection);
    }
    assert_eq!(sites.len(), 2);
    assert!(stats.opened <= 2 && stats.uses == 6, "{stats}");
}
