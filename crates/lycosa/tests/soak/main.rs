//! Nothing leaks: many requests, three in ten of them with a fault, and afterwards everything is as it was before.
//!
//! One story in a process of its own, because it counts the descriptors and the memory of the whole process. Every
//! choice comes from a seed; a quarter goes over HTTP/2, of the first 10,000 half. `LYCOSA_SOAK_REQUESTS` and `LYCOSA_SOAK_SEED` change the short run that is among the
//! tests; `cargo xtask soak` makes the long one. `plan` says what each request meets, `server` does it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod http2;
mod plan;
mod process;
mod server;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lycosa::clock::SystemClock;
use lycosa::error::{Error, ErrorKind, Phase, Result};
use lycosa::fetch::{AddressGuard, Client, ClientOptions, HttpVersion, PoolOptions, Timeouts, TlsOptions};
use lycosa::ledger::{Ledger, Resource};
use lycosa::model::{
    BoxFuture, Clock as _, ConnectPolicy, Exchange, Fetch as _, FetchLimits, Request, Resolve,
};
use tokio::task::JoinSet;

use crate::plan::{Dice, Meets, PAGE};
use crate::server::FaultServer;

/// Requests of the run among the tests.
const SHORT: usize = 5_000;
/// Requests after which memory is as warm as it gets.
const WARM: usize = 10_000;
/// Requests at a time.
const WORKERS: usize = 16;
/// What memory may grow by after that, as a part of it: one in twenty.
const GROWTH: u64 = 20;

/// Knows one address, and takes two turns to say so: a lookup can be cancelled.
#[derive(Debug)]
struct Slow;

impl Resolve for Slow {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
            Ok(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)])
        })
    }
}

/// A client of HTTP/1 and one of HTTP/2, and the ledger they share.
fn clients() -> ([Client; 2], Ledger) {
    let soon = Duration::from_millis(150);
    let ledger = Ledger::default();
    let options = |http_version| ClientOptions {
        http_version,
        ledger: ledger.clone(),
        timeouts: Timeouts { idle: soon, ..Timeouts::default() },
        tls: TlsOptions { insecure: true, ..TlsOptions::default() },
        pool: PoolOptions { idle_timeout: Duration::from_secs(2), ..PoolOptions::default() },
        ..ClientOptions::new(Arc::new(Slow))
    };
    let versions = [HttpVersion::Http1, HttpVersion::H2PriorKnowledge];
    (versions.map(|version| Client::new(options(version)).unwrap()), ledger)
}

/// What all workers share.
#[derive(Clone)]
struct World {
    clients: [Client; 2],
    server: Arc<FaultServer>,
    policy: Arc<dyn ConnectPolicy>,
    seed: u64,
}

impl World {
    fn exchange(&self, dice: &mut Dice, http2: bool, meets: Meets) -> Exchange {
        let url = self.server.url(dice.roll(8) == 0, http2, meets.path());
        Exchange {
            request: Arc::new(Request::get(url.as_str())),
            url,
            headers: http::HeaderMap::new(),
            policy: self.policy.clone(),
            limits: FetchLimits::default(),
            proxy: None,
        }
    }

    /// One request and what it came to.
    async fn request(&self, number: usize) -> (bool, Came) {
        let mut dice = Dice::new(self.seed, number);
        let meets = Meets::of(&mut dice);
        let http2 = dice.roll(100) < http2_share(number);
        let exchange = self.exchange(&mut dice, http2, meets);
        let work = async {
            let response = self.clients[usize::from(http2)].fetch(exchange).await?;
            let (body, end) = response.body.read().await;
            end.error.map_or(Ok(body), Err)
        };
        let came = match meets {
            Meets::Cancel => polled(work, 1 + dice.roll(4)).await,
            _ => Some(work.await),
        };
        (http2, judge(number, http2, meets, came))
    }
}

/// How many requests in a hundred go over HTTP/2: a quarter, and half of the first, so that both versions are warm when
/// memory is looked at.
fn http2_share(number: usize) -> u64 {
    if number < WARM { 50 } else { 25 }
}

/// What became of a request, for the table at the end.
type Came = &'static str;
/// How often, over HTTP/1 (`false`) and HTTP/2.
type Tally = BTreeMap<(bool, Came), usize>;

/// Polls a future this many times at most; `None` when it was dropped before its end.
async fn polled<T>(work: impl Future<Output = T>, mut left: u64) -> Option<T> {
    let mut work = Box::pin(work);
    std::future::poll_fn(|cx| {
        left -= 1;
        match work.as_mut().poll(cx) {
            std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
            std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await
}

fn judge(
    number: usize,
    http2: bool,
    meets: Meets,
    came: Option<std::result::Result<bytes::Bytes, Error>>,
) -> Came {
    // A length that lies is a broken stream in HTTP/2 (RFC 9113 §8.1.1).
    let broke = |error: &Error| matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Protocol);
    let phases = |error: &Error| (error.kind(), error.phase());
    match (meets, came) {
        (Meets::Cancel, None) => "cancelled",
        (Meets::Cancel | Meets::Whole | Meets::Goodbye, Some(Ok(body))) if *body == *PAGE => "whole",
        (Meets::Long, Some(Ok(body))) if *body == PAGE[..PAGE.len() / 2] => "longer than declared",
        (Meets::Long, Some(Err(error))) if http2 && broke(&error) => "longer than declared",
        (Meets::Short, Some(Err(error))) if http2 && broke(&error) => "shorter than declared",
        (Meets::Reset, Some(Err(error))) if error.kind() == ErrorKind::Disconnected => "reset",
        (Meets::Short, Some(Err(error))) if error.kind() == ErrorKind::Disconnected => {
            "shorter than declared"
        }
        (Meets::Stall, Some(Err(error))) if phases(&error) == (ErrorKind::Timeout, Some(Phase::Idle)) => {
            "stalled"
        }
        // Whoever sends while the server says goodbye cannot know whether it was read.
        (_, Some(Err(error))) if http2 && error.kind() == ErrorKind::Disconnected => "met a goodbye",
        (meets, came) => panic!("request {number} (HTTP/2: {http2}) met {meets:?} and came to {came:?}"),
    }
}

/// Sends these requests, 16 at a time.
async fn send(world: &World, requests: std::ops::Range<usize>, tally: &mut Tally) {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (world, own) = (world.clone(), requests.clone().skip(worker).step_by(WORKERS));
        workers.spawn(async move {
            let mut tally = Tally::new();
            for number in own {
                *tally.entry(world.request(number).await).or_insert(0) += 1;
            }
            tally
        });
    }
    while let Some(done) = workers.join_next().await {
        for (came, count) in done.unwrap() {
            *tally.entry(came).or_insert(0) += count;
        }
    }
}

fn number_from(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn policy() -> Arc<dyn ConnectPolicy> {
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.1").unwrap();
    Arc::new(guard)
}

/// Both versions met every fault, as often as planned.
fn judge_shares(tally: &Tally, requests: usize) {
    for http2 in [false, true] {
        let of = tally.iter().filter(|((version, _), _)| *version == http2);
        let all: usize = of.clone().map(|(_, count)| count).sum();
        let whole = tally[&(http2, "whole")] * 100 / all;
        assert!(of.count() >= 6 && (65..80).contains(&whole), "three in ten meet a fault: {tally:?}");
    }
    let goodbyes = tally.get(&(true, "met a goodbye")).copied().unwrap_or(0);
    assert!(goodbyes * 50 < requests, "a goodbye is noticed before the next request: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_with_faults_leave_nothing_open() {
    let requests = number_from("LYCOSA_SOAK_REQUESTS", SHORT);
    let seed = number_from("LYCOSA_SOAK_SEED", 1) as u64;
    let warm = WARM.min(requests / 2);
    let server = Arc::new(FaultServer::start());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = (process::descriptors(), tasks());
    let since = SystemClock::new().now();
    let (clients, ledger) = clients();
    let mut tally = Tally::new();
    let world = World { clients: clients.clone(), server, policy: policy(), seed };
    send(&world, 0..warm, &mut tally).await;
    let memory = process::resident_bytes();
    send(&world, warm..requests, &mut tally).await;
    let memory_after = process::resident_bytes();
    println!(
        "{requests} requests of seed {seed} in {:.1} s: {tally:?}",
        SystemClock::new().now().since(since).as_secs_f64()
    );
    println!("resident: {memory} bytes after {warm} requests, {memory_after} at the end");
    let open = ledger.snapshot();
    println!("open before the client is closed: {open:?}");
    let kept = [Resource::ConnectionsIdle, Resource::Timers, Resource::Tasks];
    assert!(open.iter().all(|(what, _)| kept.contains(what)), "only what is kept idle: {open:?}");
    for client in &clients {
        client.close().await;
    }
    assert_eq!(ledger.snapshot(), []);
    drop((clients, world.clients));
    // The server's ends close when it notices ours.
    let after = process::comes_to(before, || (process::descriptors(), tasks())).await;
    println!("descriptors and tasks: {before:?} before, {after:?} after");
    assert_eq!(after, before);
    assert!(memory_after <= memory + memory / GROWTH, "memory grew: {memory} to {memory_after} bytes");
    judge_shares(&tally, requests);
}
