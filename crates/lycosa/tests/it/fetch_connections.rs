//! Stories of connections: how many there are, how long they are kept, and what they tell of themselves.

use std::sync::Arc;
use std::time::Duration;

use lycosa::error::{ErrorKind, Phase};
use lycosa::fetch::{Client, ClientOptions, HttpVersion};
use lycosa::ledger::Resource;
use lycosa::model::{Downgrade, Exchange, Fetch as _, SessionId};

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_server::{Server, ok, with_headers};
use crate::fetch_tunnels::{facts_of, https, tls_server};

fn in_session(url: &str, session: u32) -> Exchange {
    let mut exchange = get(url);
    let mut request = (*exchange.request).clone();
    request.session = SessionId(session);
    exchange.request = Arc::new(request);
    exchange
}

fn at_most(connections: usize) -> ClientOptions {
    let mut options = options();
    options.pool.max_open_per_origin = connections;
    options
}

#[tokio::test]
async fn a_thousand_requests_of_forty_workers_never_open_more_than_four_connections() {
    let server = Server::answering(ok("hello")).await;
    let options = at_most(4);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (client, url) = (client.clone(), server.url("/"));
        workers.spawn(async move {
            for _ in 0..25 {
                assert_eq!(text(client.fetch(get(&url)).await.unwrap()).await, "hello");
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    assert!(server.accepted() <= 4, "{}", server.accepted());
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn whoever_finds_every_connection_in_use_waits_no_longer_than_the_connect_phase() {
    let server = Server::answering(ok("x".repeat(1 << 20))).await;
    let mut options = at_most(1);
    options.timeouts.connect = Duration::from_millis(50);
    let client = Client::new(options).unwrap();
    let unread = client.fetch(get(&server.url("/"))).await.unwrap();
    let error = client.fetch(get(&server.url("/"))).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Connect)));
    assert!(error.hint().is_some_and(|hint| hint.contains("all 1 connections")), "{error:?}");
    text(unread).await;
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn an_idle_connection_of_another_session_makes_room_and_is_never_shared() {
    let server = Server::answering(ok("hello")).await;
    let options = at_most(1);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    for (turn, session) in [1, 2, 1].into_iter().enumerate() {
        let response = client.fetch(in_session(&server.url("/"), session)).await.unwrap();
        let facts = response.facts.clone();
        assert_eq!((facts.connection, facts.request_on_connection), (turn as u64 + 1, 1));
        text(response).await;
        assert_eq!(ledger.count(Resource::ConnectionsIdle), 1);
    }
}

#[tokio::test]
async fn what_the_server_says_of_keeping_alive_is_honoured() {
    for (said, connections) in [("timeout=1", 3), ("max=0", 3), ("timeout=60, max=100", 1), ("nonsense", 1)] {
        let answer = with_headers(&format!("Keep-Alive: {said}\r\n"), "hello");
        let server = Server::answering(answer).await;
        let client = Client::new(options()).unwrap();
        for _ in 0..3 {
            text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
        }
        assert_eq!(server.accepted(), connections, "{said}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_is_asked_for_round_trip_time_and_retransmits() {
    let server = Server::answering(ok("hello")).await;
    let facts = facts_of(options(), &server.url("/")).await;
    let tcp = facts.tcp.expect("Linux tells");
    assert!(tcp.rtt > Duration::ZERO && tcp.rtt < Duration::from_secs(5), "{tcp:?}");
    assert_eq!(tcp.retransmits, 0);
}

fn asking_for(http_version: HttpVersion) -> ClientOptions {
    let mut options = options();
    (options.http_version, options.tls.insecure) = (http_version, true);
    options
}

#[tokio::test]
async fn a_silent_downgrade_is_told_apart_from_a_chosen_one() {
    for (alpn, downgrade) in
        [(&[b"http/1.1".as_slice()][..], Downgrade::ChoseHttp1), (&[][..], Downgrade::NoAlpn)]
    {
        let (server, _) = tls_server(alpn).await;
        let url = https(&server, "/");
        let facts = facts_of(asking_for(HttpVersion::PreferH2), &url).await;
        assert_eq!((facts.version, facts.downgrade), ("HTTP/1.1", Some(downgrade)));
        let facts = facts_of(asking_for(HttpVersion::Http1), &url).await;
        assert_eq!(facts.downgrade, None, "HTTP/2 was not offered");
    }
}

#[tokio::test]
async fn a_required_http2_that_cannot_be_had_is_a_typed_failure() {
    let (server, _) = tls_server(&[]).await;
    let options = asking_for(HttpVersion::RequireH2);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let error = client.fetch(get(&https(&server, "/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpVersion, "{error}");
    let error = client.fetch(get("http://127.0.0.1:9/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpVersion, "plain HTTP cannot negotiate: {error}");
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_second_connection_resumes_the_tls_session_of_the_first() {
    let (server, _) = tls_server(&[]).await;
    let mut options = asking_for(HttpVersion::Http1);
    options.pool.max_idle_per_origin = 0;
    let client = Client::new(options).unwrap();
    let mut resumed = Vec::new();
    for _ in 0..2 {
        let response = client.fetch(get(&https(&server, "/"))).await.unwrap();
        resumed.push(response.facts.tls_resumed);
        text(response).await;
    }
    assert_eq!(resumed, [Some(false), Some(true)]);
}
