//! Tests of the loop's edges: what was sent counts, however its journey ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

use super::{End, Engine, NoHooks, Parts, Settings};
use crate::clock::SystemClock;
use crate::error::Result;
use crate::frontier::Memory;
use crate::ledger::Ledger;
use crate::model::{
    BoxFuture, ConnectPolicy, ConnectTarget, CrawlId, Exchange, Fetch, Frontier, Limits, Pace, Response,
};
use crate::scope::{Identity, ScopeOptions, ScopeRules};
use crate::telemetry::Telemetry;

/// A server that takes every request and never answers, or a worker that panics when the request is out.
#[derive(Debug)]
struct Silent {
    asked: Arc<Semaphore>,
    panics: bool,
}

impl Fetch for Silent {
    fn fetch(&self, _exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        self.asked.add_permits(1);
        assert!(!self.panics, "as user code may");
        Box::pin(std::future::pending())
    }
}

#[derive(Debug)]
pub(super) struct OpenDoor;

impl ConnectPolicy for OpenDoor {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(target.addresses.to_vec())))
    }
}

/// A crawl of one page on a silent server; the semaphore counts what the server was asked.
fn crawl(limits: Limits, panics: bool) -> (Engine, Arc<Memory>, Arc<Semaphore>, Url) {
    let clock = Arc::new(SystemClock::new());
    let pace = Pace { robots: false, delay: Duration::from_secs(3600), ..Pace::default() };
    let memory = Arc::new(Memory::new(limits, pace, clock.clone()));
    let asked = Arc::new(Semaphore::new(0));
    let seed = Url::parse("http://a.test/").unwrap();
    let scope = ScopeRules::new(ScopeOptions { seeds: vec![seed.clone()], ..ScopeOptions::default() });
    let engine = Engine::new(Parts {
        frontier: memory.clone(),
        outbox: memory.clone(),
        fetch: Arc::new(Silent { asked: asked.clone(), panics }),
        middlewares: Arc::new([]),
        guard: Arc::new(OpenDoor),
        scope: Arc::new(scope.unwrap()),
        extractors: Arc::new([]),
        hooks: Arc::new(NoHooks),
        feed: None,
        contents: crate::engine::ContentMemory::default(),
        identity: Arc::new(Identity::new(CrawlId(1), [1; 16])),
        clock,
        retry: Arc::default(),
        telemetry: Telemetry::default(),
        ledger: Ledger::default(),
        settings: Settings { drain: Duration::ZERO, ..Settings::default() },
    });
    (engine, memory, asked, seed)
}

#[tokio::test]
async fn a_request_cut_off_by_a_stop_counts_against_every_budget_and_the_pace() {
    let limits = Limits { max_requests: Some(5), max_bytes: Some(1 << 20), ..Limits::default() };
    let (engine, memory, asked, seed) = crawl(limits, false);
    let seeds = [seed];
    let stop = engine.stop_token();
    let stopping = async {
        drop(asked.acquire().await.unwrap());
        stop.cancel();
    };
    let (report, ()) = tokio::join!(engine.run(&seeds, Vec::new()), stopping);
    let report = report.unwrap();
    assert_eq!(report.end, End::Interrupted);
    let stats = memory.stats();
    assert_eq!((stats.pending, stats.leased, stats.requests), (1, 0, 1), "{stats:?}");
    assert_eq!(stats.bytes, 64 << 10, "what may have come in counts as received");
    let site = crate::model::SiteKey("a.test".into());
    let host = memory.host(vec![site]).await.unwrap().remove(0).unwrap();
    assert!(host.next_allowed > crate::model::Timestamp(0), "the site was asked, and rests: {host:?}");
}

#[tokio::test]
async fn a_request_whose_worker_panicked_counts() {
    let (engine, memory, _asked, seed) = crawl(Limits::default(), true);
    engine.run(&[seed], Vec::new()).await.unwrap();
    let stats = memory.stats();
    assert_eq!((stats.failed, stats.requests), (1, 1), "{stats:?}");
}
