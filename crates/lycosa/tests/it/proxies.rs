//! Stories of proxies that others wrote: tinyproxy (HTTP, CONNECT) and microsocks (SOCKS5), alone and in rotation.
//!
//! Each proxy connects from an address of its own, so that the site sees which one asked.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::error::{Error, ErrorKind, Phase};
use lycosa::fetch::{Client, ClientOptions, Proxy};
use lycosa::ledger::Ledger;
use lycosa::middleware::{Proxies, Retry, Sessions};
use lycosa::model::{
    Answer, Exchange, Fetch as _, ManualClock, Middleware, Next, ProxyUrl, Request, Response, SessionId,
};
use lycosa::politeness::{RetryOptions, RetryPolicy};
use lycosa::proxies::{NoProxy, ProxyOptions, ProxyPolicy, ProxyPool, ProxyRoutes};
use lycosa::session::{Jar, Profile, Session, SessionPool};
use lycosa::telemetry::Telemetry;
use lycosa_testkit as testkit;
use lycosa_testkit::daemon::{self, Daemon};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_server::{Server, ok, read_head};
use crate::fetch_tunnels::{https, tls_server};

/// The path of each request and from where it came.
type Seen = Arc<Mutex<Vec<(String, SocketAddr)>>>;

/// A site that keeps its connections open.
async fn site() -> (Server, Seen) {
    let seen = Seen::default();
    let notes = seen.clone();
    let server = Server::each(move |mut stream, _| {
        let notes = notes.clone();
        async move {
            let peer = stream.peer_addr().unwrap();
            while let Some(head) = read_head(&mut stream).await {
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                notes.lock().unwrap().push((path, peer));
                if stream.write_all(&ok("the site")).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (server, seen)
}

fn requests_by_address(seen: &Seen) -> BTreeMap<IpAddr, usize> {
    let mut counts = BTreeMap::new();
    for (_, peer) in seen.lock().unwrap().iter() {
        *counts.entry(peer.ip()).or_default() += 1;
    }
    counts
}

/// SOCKS proxies that connect from 127.0.0.2, 127.0.0.3 and so on.
fn socks(count: u8) -> Option<Vec<Daemon>> {
    (0..count).map(|at| daemon::microsocks(&["-b", &format!("127.0.0.{}", at + 2)])).collect()
}

/// HTTP proxies that connect from 127.0.0.2, 127.0.0.3 and so on.
fn http(count: u8, folder: &Path) -> Option<Vec<Daemon>> {
    (0..count).map(|at| daemon::tinyproxy(folder, &format!("Bind 127.0.0.{}", at + 2))).collect()
}

fn urls(scheme: &str, proxies: &[Daemon]) -> Vec<String> {
    proxies.iter().map(|proxy| format!("{scheme}://{}", proxy.address)).collect()
}

/// A client behind retries and a pool of proxies, whose time stands still.
struct Setting {
    client: Client,
    ledger: Ledger,
    pool: Arc<ProxyPool>,
    clock: Arc<ManualClock>,
    stack: Vec<Arc<dyn Middleware>>,
}

fn setting(proxies: Vec<String>) -> Setting {
    setting_with(options(), proxies)
}

/// One that keeps no connection: whether an idle one is found dead before it is used is a matter of luck.
fn without_keep_alive(proxies: Vec<String>) -> Setting {
    let mut options = options();
    options.pool.max_idle_per_origin = 0;
    setting_with(options, proxies)
}

fn setting_with(options: ClientOptions, proxies: Vec<String>) -> Setting {
    let clock = Arc::new(ManualClock::default());
    let ledger = options.ledger.clone();
    let pool = Arc::new(ProxyPool::new(proxies, ProxyOptions::default()));
    let routes = ProxyRoutes::new(pool.clone(), NoProxy::default());
    let stack: Vec<Arc<dyn Middleware>> = vec![
        Arc::new(Retry::new(
            Arc::new(RetryPolicy::new(
                RetryOptions { budget_floor: 1_000_000, ..RetryOptions::default() },
                Telemetry::default(),
            )),
            clock.clone(),
            Ledger::default(),
        )),
        Arc::new(Proxies::new(routes, clock.clone())),
    ];
    Setting { client: Client::new(options).unwrap(), ledger, pool, clock, stack }
}

impl Setting {
    /// Asks until there is an answer, at most as often as the retries allow; gives the attempts it took.
    async fn ask(&self, url: &str) -> u32 {
        for attempt in 0.. {
            let exchange = get(url);
            let request = Arc::new(Request { attempt, ..(*exchange.request).clone() });
            let exchange = Exchange { request, ..exchange };
            match Next::new(&self.stack, &self.client).run(exchange).await.unwrap() {
                Answer::Response(response) => {
                    assert_eq!(text(*response).await, "the site");
                    return attempt + 1;
                }
                Answer::Retry { reason, .. } => assert_eq!(reason, "proxy/connect"),
            }
        }
        unreachable!("the retries come to an end")
    }

    /// How often each was used, failed and was ejected.
    fn counts(&self) -> Vec<(u64, u64, u64)> {
        self.pool.stats().iter().map(|proxy| (proxy.used, proxy.failed, proxy.ejected)).collect()
    }
}

async fn through(proxy: &str, change: impl FnOnce(&mut ClientOptions), url: &str) -> Result<Response, Error> {
    let mut options = ClientOptions { proxy: Some(Proxy::parse(proxy).unwrap()), ..options() };
    change(&mut options);
    let ledger = options.ledger.clone();
    let answer = Client::new(options).unwrap().fetch(get(url)).await;
    if answer.is_err() {
        assert_nothing_open(&ledger);
    }
    answer
}

fn assert_login_is_refused(error: &Error, message: &str) {
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Proxy, Some(Phase::Proxy)), "{error}");
    assert!(error.to_string().contains(message) && error.hint().is_some(), "{error}");
    assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn keep_alive_does_not_defeat_a_rotation() {
    let Some(proxies) = socks(3) else { return };
    let (site, seen) = site().await;
    let setting = setting(urls("socks5", &proxies));
    for _ in 0..30 {
        setting.ask(&site.url("/")).await;
    }
    let each = |times: usize| BTreeMap::from([2, 3, 4].map(|at| (IpAddr::from([127, 0, 0, at]), times)));
    assert_eq!(requests_by_address(&seen), each(10), "what the site saw");
    assert_eq!(site.accepted(), 3, "one connection by each proxy, kept alive");
    assert_eq!(setting.counts(), [(10, 0, 0); 3]);
    let asking = async |setting: Arc<Setting>, url: String| setting.ask(&url).await;
    let (setting, mut running) = (Arc::new(setting), JoinSet::new());
    for _ in 0..30 {
        running.spawn(asking(setting.clone(), site.url("/")));
    }
    running.join_all().await;
    assert_eq!(requests_by_address(&seen), each(20), "at once as well");
    setting.client.close().await;
    assert_nothing_open(&setting.ledger);
}

#[tokio::test]
async fn two_sessions_with_two_proxies_never_cross() {
    let Some(proxies) = socks(3) else { return };
    let (site, seen) = site().await;
    let urls = urls("socks5h", &proxies);
    let sessions = SessionPool::default();
    for (id, url) in (1..).zip(&urls[..2]) {
        let profile = Profile { proxy: Some(ProxyUrl::new(url.as_str())), ..Profile::default() };
        sessions.put(Session::new(SessionId(id), profile, Jar::default())).unwrap();
    }
    let mut setting = setting(urls[2..].to_vec());
    setting.stack.insert(1, Arc::new(Sessions::new(Arc::new(sessions), setting.clock.clone())));
    let (setting, mut running) = (Arc::new(setting), JoinSet::new());
    for turn in 0..30 {
        let (setting, exchange) = (setting.clone(), get(&site.url(&format!("/{}", turn % 3))));
        let request = Request { session: SessionId(turn % 3), ..(*exchange.request).clone() };
        running.spawn(async move {
            let exchange = Exchange { request: Arc::new(request), ..exchange };
            match Next::new(&setting.stack, &setting.client).run(exchange).await.unwrap() {
                Answer::Response(response) => text(*response).await,
                Answer::Retry { reason, .. } => panic!("{reason}"),
            }
        });
    }
    running.join_all().await;
    let expected = |path: &str| match path {
        "/1" => IpAddr::from([127, 0, 0, 2]),
        "/2" => IpAddr::from([127, 0, 0, 3]),
        _ => IpAddr::from([127, 0, 0, 4]),
    };
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 30);
    assert!(seen.iter().all(|(path, peer)| peer.ip() == expected(path)), "{seen:?}");
    assert_eq!(setting.counts(), [(10, 0, 0)], "the pool served the session without a proxy alone");
}

#[tokio::test]
async fn socks_with_a_login_is_spoken_and_a_wrong_one_named() {
    let Some(open) = daemon::microsocks(&[]) else { return };
    let Some(closed) = daemon::microsocks(&["-u", "me", "-P", "p@ss:w/rd"]) else { return };
    let (site, _) = site().await;
    let url = site.url("/");
    for scheme in ["socks5", "socks5h"] {
        let login = format!("{scheme}://me:p%40ss%3Aw%2Frd@{}", closed.address);
        for proxy in [format!("{scheme}://{}", open.address), login] {
            let response = through(&proxy, |_| {}, &url).await.unwrap();
            assert!(response.facts.proxy.as_ref().is_some_and(|shown| shown.starts_with(scheme)));
            assert_eq!(text(response).await, "the site");
        }
        let wrong = format!("{scheme}://me:hunter2@{}", closed.address);
        let error = through(&wrong, |_| {}, &url).await.unwrap_err();
        assert_login_is_refused(&error, "refused the user name and password");
        let error = through(&format!("{scheme}://{}", closed.address), |_| {}, &url).await.unwrap_err();
        assert_login_is_refused(&error, "asks for a user name and password");
        let wrong = format!("http://me:hunter2@{}", closed.address);
        let error = through(&wrong, |_| {}, &url.replace("http:", "https:")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Proxy, "no HTTP proxy at all: {error}");
    }
}

#[tokio::test]
async fn socks5h_leaves_names_to_the_proxy_which_is_recorded() {
    let Some(proxy) = daemon::microsocks(&[]) else { return };
    let (site, _) = site().await;
    let url = site.url("/").replace("127.0.0.1", "localhost");
    for (scheme, delegated) in [("socks5h", true), ("socks5", false)] {
        let response = through(&format!("{scheme}://{}", proxy.address), |_| {}, &url).await.unwrap();
        assert_eq!(response.facts.guard_delegated, delegated, "{scheme}");
        assert_eq!(response.facts.timings.dns.is_none(), delegated, "{scheme}");
    }
}

#[tokio::test]
async fn an_http_proxy_with_a_login_is_spoken_and_a_wrong_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let Some(proxy) = daemon::tinyproxy(folder.path(), "BasicAuth me secret") else { return };
    let (site, _) = site().await;
    let (tls, certificate) = tls_server(&[]).await;
    for (url, body) in [(site.url("/"), "the site"), (https(&tls, "/"), "over TLS")] {
        let trusting = |options: &mut ClientOptions| options.tls.extra_roots = certificate.clone();
        let ask =
            async |login: &str| through(&format!("http://{login}{}", proxy.address), trusting, &url).await;
        let response = ask("me:secret@").await.unwrap();
        assert_eq!(response.facts.proxy, Some(format!("http://{}", proxy.address)));
        assert_eq!(text(response).await, body);
        assert_login_is_refused(&ask("me:hunter2@").await.unwrap_err(), "refused the user name and password");
        assert_login_is_refused(&ask("").await.unwrap_err(), "asks for a user name and password");
    }
}

#[tokio::test]
async fn a_host_that_a_proxy_cannot_reach_is_not_the_proxys_failure() {
    let folder = tempfile::tempdir().unwrap();
    let Some(http) = daemon::tinyproxy(folder.path(), "") else { return };
    let Some(socks) = daemon::microsocks(&[]) else { return };
    for (proxy, url) in [
        (format!("http://{}", http.address), "https://127.0.0.1:1/"),
        (format!("socks5://{}", socks.address), "http://127.0.0.1:1/"),
    ] {
        let setting = setting(vec![proxy]);
        let error =
            setting.client.fetch(Exchange { proxy: setting.pool.proxies().first().cloned(), ..get(url) });
        let error = error.await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Tunnel, Some(Phase::Proxy)), "{error}");
        assert!(error.is_transient() && error.hint().is_some());
        let answer = Next::new(&setting.stack, &setting.client).run(get(url)).await.unwrap();
        assert!(matches!(answer, Answer::Retry { .. }), "{answer:?}");
        let stats = setting.pool.stats();
        assert_eq!((stats[0].failed, stats[0].refused, stats[0].ejected), (0, 1, 0));
    }
}

#[tokio::test]
async fn a_proxy_that_dies_is_ejected_and_comes_back_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut proxies) = http(2, folder.path()) else { return };
    let (site, seen) = site().await;
    let (url, setting) = (site.url("/"), without_keep_alive(urls("http", &proxies)));
    for _ in 0..6 {
        assert_eq!(setting.ask(&url).await, 1);
    }
    assert_eq!(setting.counts(), [(3, 0, 0), (3, 0, 0)]);
    proxies[0].stop();
    assert_eq!(setting.ask(&url).await, 2, "the attempt after the failure goes through the other");
    for _ in 0..5 {
        assert_eq!(setting.ask(&url).await, 1, "the dead one is not asked");
    }
    assert_eq!(setting.counts(), [(4, 1, 1), (9, 0, 0)]);
    setting.clock.advance(Duration::from_secs(30));
    assert_eq!(setting.ask(&url).await, 2, "the probe found it dead");
    proxies[0].start_again();
    setting.clock.advance(Duration::from_secs(59));
    assert_eq!(setting.ask(&url).await, 1);
    assert_eq!(setting.counts(), [(5, 2, 2), (11, 0, 0)], "its second rest is twice as long");
    setting.clock.advance(Duration::from_secs(1));
    for _ in 0..6 {
        assert_eq!(setting.ask(&url).await, 1);
    }
    assert_eq!(setting.counts(), [(8, 2, 2), (14, 0, 0)], "they take turns again");
    let counts = requests_by_address(&seen);
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [6, 14], "every request arrived once");
}

#[tokio::test]
async fn all_proxies_dead_is_told_and_the_longest_ejected_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut proxies) = http(2, folder.path()) else { return };
    let (site, _) = site().await;
    let setting = without_keep_alive(urls("http", &proxies));
    proxies.iter_mut().for_each(Daemon::stop);
    let exchange = || {
        let exchange = get(&site.url("/"));
        let request = Arc::new(Request { attempt: 9, ..(*exchange.request).clone() });
        Exchange { request, ..exchange }
    };
    for _ in 0..2 {
        let error = Next::new(&setting.stack, &setting.client).run(exchange()).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Proxy, Some(Phase::Connect)), "{error}");
        assert!(error.to_string().contains("cannot be reached") && error.hint().is_some(), "{error}");
        let site_is_blamed = error.to_string().contains(&format!("no connection to {}", site.url("")));
        assert!(!site_is_blamed, "{error}");
    }
    proxies[0].start_again();
    assert_eq!(setting.ask(&site.url("/")).await, 1, "long before its time");
    assert_eq!(setting.counts(), [(2, 1, 1), (1, 1, 1)]);
}

/// Crawls forty pages through two HTTP proxies, of which the first is killed after ten.
#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_loses_nothing_when_a_proxy_dies() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut proxies) = http(2, folder.path()) else { return };
    let site = testkit::Server::start(|request: &testkit::Request| match request.path() {
        "/" => testkit::Response::html((1..40).map(|at| format!("<a href=/{at}>x</a>")).collect::<String>()),
        _ => testkit::Response::html("a page"),
    });
    let pool = Arc::new(ProxyPool::new(urls("http", &proxies), ProxyOptions::default()));
    let shown: Vec<_> = pool.stats().into_iter().map(|proxy| proxy.proxy).collect();
    let victim = Mutex::new(proxies.remove(0));
    let pages = Arc::new(Mutex::new(Vec::new()));
    let noted = pages.clone();
    let output = folder.path().join("pages.jsonl");
    let crawler = Crawler::new(&site.url("/")).delay(Duration::ZERO).per_host(4).output(&output);
    let crawler = crawler.options(|options| {
        options.proxies = Some(pool.clone());
        options.robots = false;
    });
    let crawler = crawler.on_page(move |page| {
        let mut pages = noted.lock().unwrap();
        pages.push(page.url().to_string());
        if pages.len() == 10 {
            victim.lock().unwrap().stop();
        }
        Ok(())
    });
    let report = crawler.run().await.unwrap();
    let mut pages = pages.lock().unwrap().clone();
    pages.sort();
    pages.dedup();
    assert_eq!((report.run.pages, pages.len(), report.open.len()), (40, 40, 0));
    let stats = pool.stats();
    assert!(stats[0].ejected >= 1 && stats[0].used > stats[0].failed, "{stats:?}");
    assert_eq!((stats[1].failed, stats[1].ejected), (0, 0));
    let records = std::fs::read_to_string(output).unwrap();
    let by: Vec<_> = records
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["proxy"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(by.len() == 40 && shown.iter().all(|proxy| by.contains(proxy)), "each record names its proxy");
}

#[tokio::test]
async fn a_site_sticks_to_one_proxy() {
    let Some(proxies) = socks(3) else { return };
    let (site, seen) = site().await;
    let pool = ProxyPool::new(
        urls("socks5", &proxies),
        ProxyOptions { policy: ProxyPolicy::Sticky, ..ProxyOptions::default() },
    );
    let crawler = Crawler::new(&site.url("/")).options(|options| options.proxies = Some(Arc::new(pool)));
    crawler.run().await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2, "robots.txt and the page");
    assert_eq!(requests_by_address(&seen).len(), 1);
}
