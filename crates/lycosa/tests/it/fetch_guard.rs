//! Stories of the address guard where it stands: after DNS, at connect, for an idle connection, on every hop, for
//! every retry. What is refused is never connected to: the servers say so.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::error::{Error, ErrorKind, Phase, Result};
use lycosa::fetch::{AddressGuard, Client, ClientOptions};
use lycosa::model::{BoxFuture, ConnectPolicy, ConnectTarget, Exchange, Fetch as _, Resolve};
use lycosa::scope::ScopeMode;
use lycosa_testkit::{self as testkit, Response};
use tokio::net::UdpSocket;

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_dns::answer;
use crate::fetch_server::{Server, ok, with_headers};

/// Answers lookups from a list, one answer each; the last one stays.
#[derive(Debug)]
struct Script(Mutex<VecDeque<Vec<&'static str>>>);

impl Script {
    fn of(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect())))
    }
}

impl Resolve for Script {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        let answer = answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// A guard that lets one address through.
fn only_127_0_0_1() -> Arc<AddressGuard> {
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.1").unwrap();
    Arc::new(guard)
}

fn to(host: &str, server: &Server, policy: Arc<dyn ConnectPolicy>) -> Exchange {
    Exchange { policy, ..get(&format!("http://{host}:{}/", server.address.port())) }
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_however_they_are_spelled() {
    let server = Server::answering(ok("inside")).await;
    let names = [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "LocalHost.",
        "\u{24db}\u{24de}\u{24d2}\u{24d0}\u{24db}\u{24d7}\u{24de}\u{24e2}\u{24e3}",
        "loca\u{ad}lhost",
        "%6c%6f%63%61%6c%68%6f%73%74",
        "x.localhost",
        "127.0.0.1.nip.example",
        "user:secret@localhost",
        "metadata.google.internal",
        "metadata.google.internal.",
        "METADATA.google.internal",
        "metadata",
        "instance-data.ec2.internal.",
    ];
    let inside: [&[&str]; 12] = [
        &["127.0.0.1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["fd20:ce::254"],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["2606:4700::1111", "10.0.0.1"],
        &["8.8.8.8", "::ffff:192.168.0.1"],
        &["0.0.0.0"],
    ];
    for addresses in inside {
        let options = ClientOptions::new(Script::of(&[addresses]));
        let ledger = options.ledger.clone();
        let client = Client::new(options).unwrap();
        for name in names {
            let exchange = to(name, &server, Arc::new(AddressGuard::new()));
            let error = client.fetch(exchange).await.unwrap_err();
            let refused = (ErrorKind::AddressRefused, Some(Phase::Connect));
            assert_eq!((error.kind(), error.phase()), refused, "{name} {addresses:?}");
        }
        assert_nothing_open(&ledger);
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_moves_inside_between_two_lookups_is_refused() {
    let server = Server::answering(with_headers("Connection: close\r\n", "hello")).await;
    let client = Client::new(ClientOptions::new(Script::of(&[&["127.0.0.1"], &["127.0.0.2"]]))).unwrap();
    let first = client.fetch(to("rebind.example", &server, only_127_0_0_1())).await.unwrap();
    assert_eq!(first.facts.peer, Some(server.address), "connected to what was checked");
    text(first).await;
    let error = client.fetch(to("rebind.example", &server, only_127_0_0_1())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressRefused);
    assert_eq!(server.accepted(), 1);
}

/// Notes what it is asked and allows the first address alone.
#[derive(Debug, Default)]
struct First(Mutex<Vec<Vec<SocketAddr>>>);

impl ConnectPolicy for First {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        self.0.lock().unwrap().push(target.addresses.to_vec());
        Box::pin(std::future::ready(Ok(target.addresses[..1].to_vec())))
    }
}

#[tokio::test]
async fn the_address_connected_to_is_the_one_that_was_checked() {
    let server = Server::answering(ok("hello")).await;
    // The name leads elsewhere at every further lookup; there is none between check and connect.
    let answers = Script::of(&[&["127.0.0.1", "127.0.0.9"], &["127.0.0.9"]]);
    let client = Client::new(ClientOptions::new(answers)).unwrap();
    let policy = Arc::new(First::default());
    for turn in 1..=2 {
        let response = client.fetch(to("two.example", &server, policy.clone())).await.unwrap();
        assert_eq!(response.facts.peer, Some(server.address));
        assert_eq!(response.facts.request_on_connection, turn);
        text(response).await;
    }
    let other = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 9), server.address.port()));
    let asked = policy.0.lock().unwrap().clone();
    assert_eq!(asked, [vec![server.address, other], vec![server.address]], "all of them, then the peer");
}

#[tokio::test]
async fn an_idle_connection_is_judged_again_before_it_is_used() {
    let server = Server::answering(ok("hello")).await;
    let options = options();
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    assert_eq!(ledger.connections(), 1);
    let strict = Exchange { policy: Arc::new(AddressGuard::new()), ..get(&server.url("/")) };
    let error = client.fetch(strict).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressRefused);
    assert_eq!((server.accepted(), ledger.connections()), (1, 0), "it was given up");
}

/// A crawl over every host, and what it says of the URLs that failed.
fn crawl(url: &str, dns: Option<SocketAddr>) -> (Crawler, Arc<Mutex<Vec<Error>>>) {
    let failures = Arc::new(Mutex::new(Vec::new()));
    let note = failures.clone();
    let crawler = Crawler::new(url)
        .delay(Duration::ZERO)
        .scope(ScopeMode::Any)
        .options(|options| {
            options.robots = false;
            options.dns_servers = dns.iter().map(SocketAddr::to_string).collect();
        })
        .on_error(move |_, error| note.lock().unwrap().push(error.clone()));
    (crawler, failures)
}

#[track_caller]
fn assert_refused(failures: &Mutex<Vec<Error>>, address: &str) {
    let failures = failures.lock().unwrap();
    let kinds: Vec<_> = failures.iter().map(Error::kind).collect();
    assert_eq!(kinds, [ErrorKind::AddressRefused], "{failures:?}");
    assert!(failures[0].message().contains(address), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_leads_inside_is_refused() {
    let secret = testkit::Server::start(|_| Response::html("<title>secret</title>"));
    let port = secret.addr().port();
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost leads to"),
        ("0x7f.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
        ("\u{2460}\u{2461}\u{2466}.1", "127.0.0.1"),
    ] {
        let target = format!("http://{host}:{port}/");
        let server = testkit::Server::start(move |_| Response::redirect(302, &target));
        let (crawler, failures) = crawl(&server.url("/"), None);
        assert_eq!(crawler.run().await.unwrap().open, []);
        assert_refused(&failures, address);
    }
    assert_eq!(secret.hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_judged_again() {
    // The name leads to loopback, which its seed allows, and when it is looked up again to the metadata service.
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let dns = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut question, mut asked) = ([0; 1500], 0);
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let address = if asked == 0 { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(169, 254, 169, 254) };
            let answer = answer(&question[..length], address, 0);
            asked += usize::from(answer[7]);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let server = testkit::Server::start(|_| Response::new(503).header("retry-after", "1").close());
    let url = format!("http://rebind.test.example:{}/", server.addr().port());
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (first, _) = crawl(&url, Some(dns));
    let first = first.state(&state).build().await.unwrap();
    let (stop, watch) = (first.stop_token(), first.watch());
    let running = tokio::spawn(first.run());
    while watch.counters().statuses.is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    drop(watch);
    // A crawl that goes on looks names up anew.
    let (again, failures) = crawl(&url, Some(dns));
    again.state(&state).resume().run().await.unwrap();
    assert_refused(&failures, "169.254.169.254");
    assert_eq!(server.hits(), 1);
}
