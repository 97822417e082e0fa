//! The cache before a scripted origin: the table of RFC 9111, and stories of the disk.

mod disk;
mod stories;
mod table;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::*;
use crate::middleware::script;
use crate::model::{BodyStream, Fetch, ManualClock, Request, SessionId};

/// Sun, 01 Mar 2026 12:00:00 GMT.
pub(super) const NOON: u64 = 1_772_366_400_000;

type Script = dyn Fn(usize, &Exchange) -> Result<Response> + Send + Sync;

/// An origin that answers as told, by the number of the request from 0, and remembers what it was sent.
pub(super) struct Origin {
    script: Box<Script>,
    sent: Mutex<Vec<Exchange>>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin")
    }
}

impl Origin {
    pub(super) fn new(script: impl Fn(usize, &Exchange) -> Result<Response> + Send + Sync + 'static) -> Self {
        Self { script: Box::new(script), sent: Mutex::default() }
    }

    pub(super) fn hits(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(super) fn last(&self) -> Exchange {
        self.sent.lock().unwrap().last().unwrap().clone()
    }
}

impl Fetch for Origin {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        let number = self.hits();
        let answer = (self.script)(number, &exchange);
        self.sent.lock().unwrap().push(exchange);
        Box::pin(std::future::ready(answer))
    }
}

/// Header fields from `name: value` lines.
pub(super) fn fields(lines: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.trim().parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).unwrap());
    }
    headers
}

pub(super) fn response(status: u16, head: &str, body: impl Into<Bytes>) -> Response {
    Response { status, headers: fields(head), body: Body::full(body), facts: Facts::default() }
}

/// A cache in a folder of its own, and the clock that both live by.
pub(super) struct Kit {
    pub(super) folder: tempfile::TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) cache: Cache,
}

pub(super) const SIZE: u64 = 1 << 20;

impl Kit {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(NOON)));
        let cache = Cache::open(folder.path(), SIZE, false, clock.clone(), Telemetry::default()).unwrap();
        Self { folder, clock, cache }
    }

    /// The same folder, opened anew.
    pub(super) fn again(&self, size: u64, offline: bool) -> Cache {
        Cache::open(self.folder.path(), size, offline, self.clock.clone(), Telemetry::default()).unwrap()
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub(super) fn get(url: &str, head: &str) -> Exchange {
    Exchange { headers: fields(head), ..script::exchange(url) }
}

pub(super) fn of(exchange: Exchange, change: impl FnOnce(&mut Request)) -> Exchange {
    let mut request = (*exchange.request).clone();
    change(&mut request);
    Exchange { request: Arc::new(request), ..exchange }
}

pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) how: Option<CacheUse>,
}

/// Sends a request through the cache and reads the answer to its end.
pub(super) async fn ask(cache: &Cache, origin: &Origin, exchange: Exchange) -> Result<Got> {
    let stack: [Arc<dyn Middleware>; 1] = [Arc::new(cache.clone())];
    let Answer::Response(response) = Next::new(&stack, origin).run(exchange).await? else {
        panic!("a cache does not retry")
    };
    let how = response.facts.cache;
    let Response { status, headers, body, .. } = *response;
    let (body, end) = body.read().await;
    end.error.map_or(Ok(Got { status, headers, body, how }), Err)
}

/// A body in pieces, which may break off.
pub(super) struct Pieces(pub(super) Vec<Result<Bytes>>);

impl BodyStream for Pieces {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        let next = if self.0.is_empty() { Ok(None) } else { self.0.remove(0).map(Some) };
        Box::pin(std::future::ready(next))
    }

    fn wire_bytes(&self) -> u64 {
        0
    }
}

pub(super) const URL: &str = "http://a.example/page";

pub(super) fn post(url: &str) -> Exchange {
    of(get(url, ""), |request| request.method = Method::POST)
}

pub(super) fn in_session(exchange: Exchange, session: u32) -> Exchange {
    of(exchange, |request| request.session = SessionId(session))
}
