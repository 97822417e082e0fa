//! Stories of the client against real sockets: what is reused, what comes back, what is refused.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lycosa::clock::SystemClock;
use lycosa::error::{Error, ErrorKind, Result};
use lycosa::fetch::{AddressGuard, Client, ClientOptions, SystemResolver};
use lycosa::ledger::{Ledger, Resource};
use lycosa::model::{
    BoxFuture, ByteCredit, ConnectPolicy, ConnectTarget, Exchange, Fetch as _, FetchLimits, Request, Response,
};
use tokio::io::AsyncWriteExt as _;

use crate::fetch_server::{Server, ok, read_head, with_headers};

/// A guard that lets tests reach their servers.
pub(crate) fn loopback() -> Arc<AddressGuard> {
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.0/8").unwrap();
    guard.allow_cidr("::1").unwrap();
    Arc::new(guard)
}

/// Options with a ledger of their own.
pub(crate) fn options() -> ClientOptions {
    ClientOptions::new(Arc::new(SystemResolver::new(Arc::new(SystemClock::new()))))
}

/// A GET of this URL that may go to loopback.
pub(crate) fn get(url: &str) -> Exchange {
    Exchange {
        request: Arc::new(Request::get(url)),
        url: url.parse().unwrap(),
        headers: http::HeaderMap::new(),
        policy: loopback(),
        limits: FetchLimits::default(),
        proxy: None,
    }
}

pub(crate) async fn text(response: Response) -> String {
    let (bytes, end) = response.body.read().await;
    assert!(end.error.is_none(), "{:?}", end.error);
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn assert_nothing_open(ledger: &Ledger) {
    assert_eq!(ledger.snapshot(), []);
}

#[tokio::test]
async fn a_thousand_requests_in_turn_use_one_connection() {
    let server = Server::answering(ok("hello")).await;
    let options = options();
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    for turn in 1..=1_000 {
        let response = client.fetch(get(&server.url("/"))).await.unwrap();
        assert_eq!((response.facts.connection, response.facts.request_on_connection), (1, turn));
        assert_eq!(text(response).await, "hello");
    }
    assert_eq!(server.accepted(), 1);
    assert_eq!(ledger.count(Resource::ConnectionsIdle), 1, "it is idle, not lost");
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn sixteen_at_a_time_use_sixteen_connections() {
    let server = Server::answering(ok("hello")).await;
    let options = options();
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (client, url) = (client.clone(), server.url("/"));
        workers.spawn(async move {
            for _ in 0..70 {
                text(client.fetch(get(&url)).await.unwrap()).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    assert!(server.accepted() <= 16, "{}", server.accepted());
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn old_and_odd_ways_to_end_a_body_are_understood() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"),
        ("HTTP/1.0 200 OK\r\n\r\nold", "old"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", "old"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3;x=y\r\ntwo\r\n0\r\nTrailer: x\r\n\r\n",
            "onetwo",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "ok",
        ),
        ("HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nBad Header: x\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", ""),
    ] {
        let server = Server::closing_after(answer).await;
        let client = Client::new(options()).unwrap();
        let response =
            client.fetch(get(&server.url("/"))).await.unwrap_or_else(|error| panic!("{answer:?}: {error}"));
        assert_eq!(text(response).await, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_whatever_is_declared() {
    let server =
        Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Encoding: gzip\r\n\r\n").await;
    let client = Client::new(options()).unwrap();
    for turn in 1..=3 {
        let mut exchange = get(&server.url("/"));
        let mut request = (*exchange.request).clone();
        request.method = http::Method::HEAD;
        exchange.request = Arc::new(request);
        let response = client.fetch(exchange).await.unwrap();
        assert_eq!(
            (response.header("content-length"), response.facts.request_on_connection),
            (Some("5000".into()), turn)
        );
        assert_eq!(text(response).await, "");
    }
}

#[tokio::test]
async fn the_request_goes_out_as_it_was_asked_for() {
    let (tell, mut told) = tokio::sync::mpsc::channel(4);
    let server = Server::each(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            while let Some(head) = read_head(&mut stream).await {
                tell.send(head).await.unwrap();
                stream.write_all(&ok("")).await.unwrap();
            }
        }
    })
    .await;
    let client = Client::new(options()).unwrap();
    let mut exchange = get(&server.url("/a%20b/../c|d?q=1&r={x}&s=%E4#part"));
    exchange.headers.insert("x-first", http::HeaderValue::from_static("1"));
    exchange.headers.insert("host", http::HeaderValue::from_static("evil.example"));
    text(client.fetch(exchange).await.unwrap()).await;
    let head = told.recv().await.unwrap();
    let lines: Vec<_> = head.lines().collect();
    assert_eq!(lines[0], "GET /c|d?q=1&r={x}&s=%E4 HTTP/1.1");
    assert_eq!(lines[1], format!("host: {}", server.address));
    assert_eq!(lines[2], "x-first: 1");
    assert!(!head.contains("evil") && !head.contains("content-length"), "{head}");
}

#[tokio::test]
async fn codings_are_undone_on_the_way() {
    let page = "a page that says the same thing over and over. ".repeat(2_000);
    let zstd = zstd::encode_all(page.as_bytes(), 3).unwrap();
    let server = Server::answering(with_headers("Content-Encoding: zstd\r\n", &zstd)).await;
    let client = Client::new(options()).unwrap();
    let mut exchange = get(&server.url("/"));
    exchange.limits.ratio = 10_000;
    let (bytes, end) = client.fetch(exchange).await.unwrap().body.read().await;
    assert!(end.error.is_none() && bytes == page.as_bytes(), "{:?}", end.error);
    assert_eq!(end.wire_bytes, zstd.len() as u64);
}

#[tokio::test]
async fn internal_addresses_are_refused_before_anything_is_sent() {
    let server = Server::answering(ok("secret")).await;
    let client = Client::new(options()).unwrap();
    for host in ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let mut exchange = get(&format!("http://{host}:{}/", server.address.port()));
        exchange.policy = Arc::new(AddressGuard::new());
        let error = client.fetch(exchange).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressRefused, "{error}");
    }
    // A connection that is open already is judged anew for every exchange.
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    let mut exchange = get(&server.url("/"));
    exchange.policy = Arc::new(AddressGuard::new());
    assert_eq!(client.fetch(exchange).await.unwrap_err().kind(), ErrorKind::AddressRefused);
    assert_eq!(server.accepted(), 1);
}

/// A gate that always says later.
#[derive(Debug)]
struct Later;

impl ConnectPolicy for Later {
    fn permit<'a>(&'a self, _: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async { Err(Error::new(ErrorKind::Deferred, "the address is busy")) })
    }
}

#[tokio::test]
async fn a_deferred_exchange_leaves_the_idle_connection_where_it_was() {
    let server = Server::answering(ok("x")).await;
    let client = Client::new(options()).unwrap();
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    let mut exchange = get(&server.url("/"));
    exchange.policy = Arc::new(Later);
    assert_eq!(client.fetch(exchange).await.unwrap_err().kind(), ErrorKind::Deferred);
    let response = client.fetch(get(&server.url("/"))).await.unwrap();
    assert_eq!(response.facts.request_on_connection, 2);
}

/// A budget of so many bytes.
#[derive(Debug)]
struct Purse(AtomicU64);

impl ByteCredit for Purse {
    fn draw(&self, bytes: u64) -> BoxFuture<'_, bool> {
        let drawn = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(bytes));
        Box::pin(std::future::ready(drawn.is_ok()))
    }

    fn refund(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn the_byte_budget_pays_for_what_is_received_and_stops_the_rest() {
    let declared = Server::answering(ok("x".repeat(200_000))).await;
    let endless = Server::closing_after([&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 100_000]].concat()).await;
    let client = Client::new(options()).unwrap();
    for (server, budget, left, fails) in [
        (&declared, 200_000, 0, false),
        (&declared, 250_000, 50_000, false),
        (&endless, 400_000, 300_000, false),
        (&declared, 100_000, 100_000 - (64 << 10), true),
        (&endless, 10, 10, true),
    ] {
        let purse = Arc::new(Purse(AtomicU64::new(budget)));
        let mut exchange = get(&server.url("/"));
        exchange.limits.credit = Some(purse.clone());
        let (bytes, end) = client.fetch(exchange).await.unwrap().body.read().await;
        assert_eq!(end.error.map(|error| error.kind()), fails.then_some(ErrorKind::Budget));
        assert!(bytes.len() as u64 <= budget);
        let spent = budget - purse.0.load(Ordering::SeqCst);
        assert!(end.wire_bytes <= spent, "{} received, {spent} paid", end.wire_bytes);
        assert_eq!(purse.0.load(Ordering::SeqCst), left, "of {budget}");
    }
}

#[tokio::test]
async fn a_closed_client_sends_nothing_more() {
    let server = Server::answering(ok("x")).await;
    let client = Client::new(options()).unwrap();
    client.close().await;
    assert_eq!(client.fetch(get(&server.url("/"))).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn idle_connections_are_closed_after_their_time() {
    let (closed, mut was_closed) = tokio::sync::mpsc::channel(1);
    let server = Server::each(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(&ok("x")).await.unwrap();
            assert!(read_head(&mut stream).await.is_none());
            closed.send(()).await.unwrap();
        }
    })
    .await;
    let mut options = options();
    options.pool.idle_timeout = Duration::from_millis(20);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    was_closed.recv().await.unwrap();
    while !ledger.snapshot().is_empty() {
        tokio::task::yield_now().await;
    }
}
