//! A crawl is stopped in every phase of a request: all of its work ends at once, and going on loses nothing.
//!
//! Each story holds a crawl in one phase, as its own ledger tells, stops it without a drain time, lets the server
//! go, and resumes. How long the end took is printed; the limit that is asserted is far above what is meant (100 ms).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::clock::SystemClock;
use lycosa::crawler::{Crawl, End, Report, Watch};
use lycosa::ledger::Resource;
use lycosa::model::{Clock as _, Finish};
use lycosa_testkit::{Gate, Response, Server};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UdpSocket;

use crate::fetch_dns::answer;
use crate::fetch_server::{self, read_head};
use crate::fetch_tunnels::acceptor;

/// No end of a stopped crawl takes longer.
const LIMIT: Duration = Duration::from_secs(5);

/// A gate that both this test and its server look at.
#[derive(Clone, Default)]
struct Held(Arc<AtomicBool>);

impl Held {
    fn is_free(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn free(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn page(links: &[&str]) -> Response {
    let links: String = links.iter().map(|link| format!("<a href=\"{link}\">x</a>")).collect();
    Response::html(format!("<title>t</title>{links}"))
}

/// A start page that links another one; the start page is answered by `held` until it is free.
fn site(free: &Held, held: impl Fn() -> Response + Send + Sync + 'static) -> Server {
    let free = free.clone();
    Server::start(move |request| match request.target.as_str() {
        "/" if !free.is_free() => held(),
        "/" => page(&["/one"]),
        "/one" => page(&[]),
        _ => Response::not_found(),
    })
}

fn crawler(url: &str, folder: &Path) -> Crawler {
    Crawler::new(url)
        .delay(Duration::ZERO)
        .state(folder.join("state"))
        .output(folder.join("pages.jsonl"))
        .options(|options| {
            options.drain = Duration::ZERO;
            options.robots = false;
            options.durability = lycosa::crawler::Durability::Process;
        })
}

fn is_open(watch: &Watch, resource: Resource) -> bool {
    watch.open().iter().any(|(what, _)| *what == resource)
}

/// Runs a crawl until it is where it shall be stopped, stops it, and checks that it ends at once with nothing open.
#[expect(clippy::print_stdout, reason = "how long the end took is a measurement, not an assertion")]
async fn stopped(what: &str, crawl: Crawl, is_there: impl Fn(&Watch) -> bool) -> Report {
    let (stop, watch) = (crawl.stop_token(), crawl.watch());
    let running = tokio::spawn(crawl.run());
    let arrival = async {
        while !is_there(&watch) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrival)
        .await
        .unwrap_or_else(|_| panic!("{what}: never came"));
    let clock = SystemClock::new();
    let since = clock.now();
    stop.cancel();
    let report =
        tokio::time::timeout(LIMIT, running).await.unwrap_or_else(|_| panic!("{what}: it does not end"));
    println!("stopped in {what}: {:?}", clock.now().since(since));
    let report = report.unwrap().unwrap();
    assert_eq!((report.end, &*report.open), (End::Interrupted, &[][..]), "{what}");
    report
}

/// The paths of the pages written, none of them twice.
fn written(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("pages.jsonl")).unwrap();
    let url = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["url"].as_str().unwrap().parse::<url::Url>().unwrap().path().to_owned()
    };
    let all: Vec<_> = text.lines().map(url).collect();
    let set: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(set.len(), all.len(), "written twice: {all:?}");
    set
}

async fn goes_on(again: Crawler, folder: &Path, expected: &[&str]) {
    let report = again.resume().run().await.unwrap();
    assert_eq!(report.end, End::Finished(Finish::Complete));
    assert_eq!(written(folder), expected.iter().map(|path| (*path).to_owned()).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_name_is_looked_up() {
    let (free, folder) = (Held::default(), tempfile::tempdir().unwrap());
    let server = site(&free, || page(&["/one"]));
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (dns, gate) = (socket.local_addr().unwrap(), free.clone());
    tokio::spawn(async move {
        let mut question = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            if gate.is_free() {
                let answer = answer(&question[..length], std::net::Ipv4Addr::LOCALHOST, 60);
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    let url = format!("http://shop.test.example:{}/", server.addr().port());
    let crawler =
        || crawler(&url, folder.path()).options(|options| options.dns_servers = vec![dns.to_string()]);
    let crawl = crawler().build().await.unwrap();
    stopped("dns", crawl, |watch| is_open(watch, Resource::Lookups)).await;
    free.free();
    goes_on(crawler(), folder.path(), &["/", "/one"]).await;
}

/// A socket whose queue of connections is full: the kernel leaves whoever comes next without an answer.
fn full_house() -> (std::net::TcpListener, Vec<std::net::TcpStream>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let guests = std::iter::from_fn(|| {
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok()
    });
    let guests = guests.take(100).collect();
    (listener, guests)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_connection_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, guests) = full_house();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let crawl = crawler(&url, folder.path()).build().await.unwrap();
    stopped("connect", crawl, |watch| is_open(watch, Resource::ConnectionsOpening)).await;
    drop(guests);
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let _server = fetch_server::Server::on(listener, |mut stream, _| async move {
        while read_head(&mut stream).await.is_some() {
            stream.write_all(&html("<title>here</title>")).await.unwrap();
        }
    });
    goes_on(crawler(&url, folder.path()), folder.path(), &["/"]).await;
}

fn html(text: &str) -> Vec<u8> {
    fetch_server::with_headers("Content-Type: text/html\r\n", text)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_tls_shakes_hands() {
    let (free, folder) = (Held::default(), tempfile::tempdir().unwrap());
    let (acceptor, gate) = (acceptor(&[]).0, free.clone());
    let server = fetch_server::Server::each(move |stream, _| {
        let (acceptor, free) = (acceptor.clone(), gate.is_free());
        async move {
            if !free {
                return std::future::pending().await;
            }
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while read_head(&mut stream).await.is_some() {
                stream.write_all(&html("<title>here</title>")).await.unwrap();
            }
        }
    })
    .await;
    let url = server.url("/").replace("http:", "https:");
    let crawler = || crawler(&url, folder.path()).options(|options| options.insecure = true);
    let crawl = crawler().build().await.unwrap();
    stopped("tls", crawl, |watch| is_open(watch, Resource::Handshakes)).await;
    free.free();
    goes_on(crawler(), folder.path(), &["/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_answer_or_its_rest_is_awaited() {
    for (what, phase) in [("first byte", Resource::ConnectionsInUse), ("body", Resource::Bodies)] {
        let (free, folder) = (Held::default(), tempfile::tempdir().unwrap());
        let server = site(&free, move || match phase {
            Resource::Bodies => page(&["/one"]).hang_at(5),
            _ => page(&[]).never_answer(),
        });
        let crawl = crawler(&server.url("/"), folder.path()).build().await.unwrap();
        let report = stopped(what, crawl, |watch| server.hits_on("/") > 0 && is_open(watch, phase)).await;
        assert_eq!(report.crawl.requests, 1, "what was sent counts");
        free.free();
        goes_on(crawler(&server.url("/"), folder.path()), folder.path(), &["/", "/one"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_retry_or_the_next_page_has_to_wait() {
    for (what, pages) in [("retry wait", 0), ("politeness wait", 1)] {
        let (free, folder) = (Held::default(), tempfile::tempdir().unwrap());
        let server = site(&free, move || match pages {
            0 => Response::new(503).header("retry-after", "2"),
            _ => page(&["/one"]),
        });
        let url = server.url("/");
        let crawler = || crawler(&url, folder.path()).delay(Duration::from_secs(2));
        let crawl = crawler().build().await.unwrap();
        let waits = |watch: &Watch| {
            let now = watch.counters();
            let waits = is_open(watch, Resource::Timers) && !is_open(watch, Resource::Leases);
            let refused = now.statuses.get(&503).copied().unwrap_or_default();
            waits && now.pages == pages && refused == 1 - pages
        };
        stopped(what, crawl, waits).await;
        free.free();
        goes_on(crawler(), folder.path(), &["/", "/one"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_pages_are_committed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page(&["/1", "/2", "/3", "/4", "/5", "/6"]),
        "/robots.txt" => Response::not_found(),
        _ => page(&[]),
    });
    let all = ["/", "/1", "/2", "/3", "/4", "/5", "/6"];
    for run in 0..10 {
        let token = Arc::new(OnceLock::<tokio_util::sync::CancellationToken>::new());
        let stop = token.clone();
        // The page is made, its commit comes next.
        let crawler = crawler(&server.url("/"), folder.path()).on_page(move |_| {
            stop.get().unwrap().cancel();
            Ok(())
        });
        let crawler = if run == 0 { crawler } else { crawler.resume() };
        let crawl = crawler.build().await.unwrap();
        token.set(crawl.stop_token()).unwrap();
        let report = tokio::time::timeout(LIMIT, crawl.run()).await.expect("it ends").unwrap();
        assert_eq!(report.open, []);
    }
    goes_on(crawler(&server.url("/"), folder.path()), folder.path(), &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_requests_end_until_its_time_is_up() {
    for (drain, ends) in [(Duration::from_secs(3600), true), (Duration::from_millis(50), false)] {
        let (gate, folder) = (Gate::closed(), tempfile::tempdir().unwrap());
        let held = gate.clone();
        let server = Server::start(move |_| page(&[]).behind(&held));
        let crawl = crawler(&server.url("/"), folder.path()).options(|options| options.drain = drain);
        let crawl = crawl.build().await.unwrap();
        let stop = crawl.stop_token();
        let running = tokio::spawn(crawl.run());
        server.hits_reach(1).await;
        stop.cancel();
        if ends {
            gate.open();
        }
        let report = tokio::time::timeout(LIMIT, running).await.expect("it ends").unwrap().unwrap();
        assert_eq!(
            (report.end, report.run.pages, &*report.open),
            (End::Interrupted, u64::from(ends), &[][..])
        );
    }
}
