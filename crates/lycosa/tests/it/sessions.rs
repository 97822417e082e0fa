//! Stories of sessions on real sockets: connections, TLS tickets and proxies stay in their session, and a crawl
//! keeps a session over redirects.

use std::sync::{Arc, Mutex};

use lycosa::Crawler;
use lycosa::crawler::single::{Single, SingleOptions};
use lycosa::error::ErrorKind;
use lycosa::fetch::{Client, Proxy};
use lycosa::model::{Exchange, Fetch as _, ProxyUrl, Request, SessionId};
use lycosa::session::{Rotation, SessionOptions, SessionPool};
use lycosa_testkit as testkit;
use tokio::io::AsyncWriteExt as _;

use crate::fetch_client::{get, options, text};
use crate::fetch_server::{Server, read_head};
use crate::fetch_tunnels::{acceptor, http_proxy, http2_server, https};

fn by(session: u32, url: &str) -> Exchange {
    let exchange = get(url);
    let request = Request { session: SessionId(session), ..(*exchange.request).clone() };
    Exchange { request: Arc::new(request), ..exchange }
}

#[tokio::test]
async fn tls_tickets_stay_in_their_session() {
    let acceptor = acceptor(&[]).0;
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = kinds.clone();
    let server = Server::each(move |stream, _| {
        let (acceptor, seen) = (acceptor.clone(), seen.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            read_head(&mut stream).await;
            let kind = stream.get_ref().1.handshake_kind();
            seen.lock().unwrap().push(kind == Some(rustls::HandshakeKind::Resumed));
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let mut options = options();
    options.tls.insecure = true;
    let client = Client::new(options).unwrap();
    for session in [1, 1, 2, 2, 1, 0, 0] {
        let response = client.fetch(by(session, &https(&server, "/"))).await.unwrap();
        assert_eq!(text(response).await, "ok");
    }
    assert_eq!(*kinds.lock().unwrap(), [false, true, false, true, true, false, true], "which were resumed");
}

#[tokio::test]
async fn http2_connections_stay_in_their_session() {
    let server = http2_server().await;
    let mut options = options();
    (options.http_version, options.tls.insecure) = (lycosa::fetch::HttpVersion::PreferH2, true);
    let client = Client::new(options).unwrap();
    let mut connections = Vec::new();
    for session in [1, 2, 1, 2, 0] {
        let response = client.fetch(by(session, &https(&server, "/"))).await.unwrap();
        connections.push(response.facts.connection);
        text(response).await;
    }
    assert_eq!(connections, [1, 2, 1, 2, 3]);
    client.close().await;
}

#[tokio::test]
async fn an_exchange_goes_through_its_own_proxy_before_the_clients() {
    let proxies = [http_proxy(None).await, http_proxy(None).await];
    let urls = proxies.each_ref().map(|(proxy, _told)| format!("http://{}", proxy.address));
    let mut options = options();
    options.proxy = Some(Proxy::parse(&urls[0]).unwrap());
    let client = Client::new(options).unwrap();
    for (own, expected, connection) in
        [(None, 0, 1), (Some(1), 1, 2), (None, 0, 1), (Some(0), 0, 3), (Some(1), 1, 2)]
    {
        let proxy = own.map(|own: usize| ProxyUrl::new(urls[own].as_str()));
        let response = client.fetch(Exchange { proxy, ..get("http://site.invalid/") }).await.unwrap();
        assert_eq!(response.facts.proxy.as_ref(), Some(&urls[expected]));
        assert_eq!(response.facts.connection, connection, "a connection belongs to one choice of proxy");
        assert_eq!(text(response).await, "by proxy");
    }
    let unreadable =
        Exchange { proxy: Some(ProxyUrl::new("ftp://u:hunter2@x")), ..get("http://site.invalid/") };
    let error = client.fetch(unreadable).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Usage && !format!("{error:?}").contains("hunter2"), "{error:?}");
}

/// `/` hands out a cookie and redirects to `/home`, which links to `/a` and `/b`.
fn club(request: &testkit::Request) -> testkit::Response {
    match request.path() {
        "/" => testkit::Response::redirect(302, "/home")
            .header("Set-Cookie", format!("sid={}; Path=/", request.connection)),
        "/home" => testkit::Response::html("<a href=/a>a</a> <a href=/b>b</a>"),
        _ => testkit::Response::html("a page"),
    }
}

/// What each path was asked with, after a crawl.
async fn crawled(change: impl FnOnce(Crawler) -> Crawler) -> Vec<(String, Option<String>)> {
    let server = testkit::Server::start(club);
    let crawler = Crawler::new(&server.url("/")).delay(std::time::Duration::ZERO).per_host(1);
    change(crawler.options(|options| options.robots = false)).run().await.unwrap();
    let mut asked: Vec<_> = server
        .log()
        .into_iter()
        .map(|hit| {
            (hit.path, hit.headers.into_iter().find(|(name, _)| name == "cookie").map(|(_, value)| value))
        })
        .collect();
    asked.sort();
    asked
}

fn expected(home: Option<&str>, links: Option<&str>) -> Vec<(String, Option<String>)> {
    let rows = [("/", None), ("/a", links), ("/b", links), ("/home", home)];
    rows.map(|(path, cookie)| (path.to_owned(), cookie.map(str::to_owned))).into()
}

#[tokio::test]
async fn a_crawl_keeps_cookies_unless_it_is_told_not_to() {
    let kept = crawled(|crawler| crawler).await;
    assert_eq!(kept, expected(Some("sid=1"), Some("sid=1")));
    let none = crawled(|crawler| crawler.options(|options| options.keep_cookies = false)).await;
    assert_eq!(none, expected(None, None));
}

#[tokio::test]
async fn a_session_chosen_by_a_hook_goes_on_over_redirects_and_to_links() {
    let pool = Arc::new(SessionPool::default());
    let kept = crawled(|crawler| {
        crawler.options(|options| options.sessions = Some(pool.clone())).on_request(|request| {
            if request.url.ends_with('/') {
                request.session = SessionId(7);
            }
            true
        })
    })
    .await;
    assert_eq!(kept, expected(Some("sid=1"), Some("sid=1")));
    assert_eq!((pool.stats().opened, pool.stats().uses), (1, 4));
    assert_eq!(pool.get(SessionId(7)).unwrap().jar().len(), 1);
}

#[tokio::test]
async fn a_retry_goes_with_the_session_of_its_request() {
    let server = testkit::Server::start(|request: &testkit::Request| match request.path() {
        "/home" if request.visit == 1 => testkit::Response::new(500).header("Set-Cookie", "failed=1; Path=/"),
        _ => club(request),
    });
    let pool = Arc::new(SessionPool::default());
    let crawler = Crawler::new(&server.url("/")).depth(0).delay(std::time::Duration::ZERO);
    let crawler = crawler.options(|options| {
        options.robots = false;
        options.sessions = Some(pool.clone());
    });
    let by_hook = |request: &mut Request| {
        if request.url.ends_with('/') {
            request.session = SessionId(7);
        }
        true
    };
    crawler.on_request(by_hook).run().await.unwrap();
    let cookies =
        |hit: testkit::Hit| hit.headers.into_iter().find(|(name, _)| name == "cookie").map(|field| field.1);
    let asked: Vec<_> = server.log().into_iter().map(cookies).collect();
    assert_eq!(asked, [None, Some("sid=1".to_owned()), Some("sid=1; failed=1".to_owned())]);
    assert_eq!((pool.stats().opened, pool.stats().uses), (1, 3));
}

#[tokio::test]
async fn a_rotating_session_lasts_over_a_redirect_and_not_for_links() {
    let options = SessionOptions { rotation: Rotation::RoundRobin, slots: 10, ..SessionOptions::default() };
    let pool = Arc::new(SessionPool::new(options));
    let kept = crawled(|crawler| crawler.options(|options| options.sessions = Some(pool.clone()))).await;
    assert_eq!(kept, expected(Some("sid=1"), None));
    assert_eq!((pool.stats().opened, pool.stats().uses), (3, 4));
}

#[tokio::test]
async fn a_single_fetch_keeps_cookies_over_redirects_and_in_a_file() {
    let server = testkit::Server::start(|request: &testkit::Request| match request.path() {
        "/" if request.header("cookie").is_none() => {
            testkit::Response::redirect(302, "/").header("Set-Cookie", "sid=hunter2; Max-Age=1000")
        }
        _ => testkit::Response::text(request.header("cookie").unwrap_or("no cookie")),
    });
    let folder = tempfile::tempdir().unwrap();
    for (name, begins) in [("cookies.txt", "# Netscape"), ("cookies.json", "{")] {
        let file = folder.path().join(name);
        let single = |read: bool| {
            let cookie_file = read.then(|| file.clone());
            Single::new(SingleOptions {
                cookie_file,
                cookie_jar: Some(file.clone()),
                ..SingleOptions::default()
            })
        };
        assert_eq!(single(true).unwrap_err().kind(), ErrorKind::Usage, "there is no file yet");
        let fetched = single(false).unwrap().fetch(&server.url("/")).await.unwrap();
        assert_eq!((fetched.chain.len(), fetched.text()), (1, "sid=hunter2"));
        assert!(std::fs::read_to_string(&file).unwrap().starts_with(begins));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "cookies are secrets");
        }
        let fetched = single(true).unwrap().fetch(&server.url("/")).await.unwrap();
        assert_eq!((fetched.chain.len(), fetched.text()), (0, "sid=hunter2"));
        std::fs::write(&file, "127.0.0.1\tFALSE\n").unwrap();
        let error = single(true).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains("line 1"), "{error}");
    }
}

#[tokio::test]
async fn a_page_that_redirects_to_itself_until_it_has_its_cookie_is_had() {
    let server = testkit::Server::start(|request: &testkit::Request| match request.path() {
        "/" if request.header("cookie").is_none() => {
            testkit::Response::redirect(302, "/").header("Set-Cookie", "sid=1")
        }
        "/" => testkit::Response::html("<title>Home</title><a href=/way>a way round</a>"),
        "/way" if !request.header("cookie").is_some_and(|cookie| cookie.contains("way=1")) => {
            testkit::Response::redirect(302, "/check")
        }
        "/check" => testkit::Response::redirect(302, "/way").header("Set-Cookie", "way=1"),
        _ => testkit::Response::html("<title>Way</title>"),
    });
    let (report, records) = crate::crawled::crawled(&server.url("/"), |_| {}).await;
    let mut titles: Vec<_> = records.iter().map(|record| record["title"].to_string()).collect();
    titles.sort();
    assert_eq!(titles, ["\"Home\"", "\"Way\""], "{report}");
    assert_eq!(server.hits(), 5, "twice /, /way, /check, /way");
}
