//! The web behind the `Fetch` trait, without a socket: an answer is there after its latency on the virtual clock. The
//! log is the server's: it is written when the request would arrive, and a request is open until its answer is sent.
//! Bodies come whole, and no byte budget is drawn from.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use lycosa::model::{
    Body, BoxFuture, Clock as _, ConnectPolicy, ConnectTarget, Exchange, Facts, Fetch, Origin, Response,
};
use lycosa::{Error, ErrorKind, Result};
use lycosa_testkit::web::{AccessLog, Answer, Ask, FreshTime, Place, Web};
use url::Position;

use crate::clock::VirtualClock;

/// See the module.
#[derive(Debug)]
pub(crate) struct VirtualWire {
    pub(crate) web: Web,
    pub(crate) log: Arc<AccessLog>,
    pub(crate) clock: VirtualClock,
    /// Where visits to pages are noted, if they are.
    pub(crate) freshness: Option<Arc<Mutex<FreshTime>>>,
}

impl Fetch for VirtualWire {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(exchange))
    }
}

impl VirtualWire {
    async fn exchange(&self, exchange: Exchange) -> Result<Response> {
        let origin = Origin::of(&exchange.url)
            .ok_or_else(|| Error::new(ErrorKind::Url, "a request without an origin"))?;
        let host = self
            .web
            .host_of_authority(&origin.authority())
            .ok_or_else(|| Error::new(ErrorKind::Resolve, format!("no host is called {}", origin.host)))?;
        let addresses = [SocketAddr::from((self.web.address(host), origin.port))];
        let target = ConnectTarget { origin: &origin, addresses: &addresses, proxied: false };
        exchange.policy.permit(target).await?;
        let now = self.clock.now();
        let path = &exchange.url[Position::BeforePath..Position::AfterQuery];
        let arrival = self.log.arrive(host, path, now.0);
        let _open = Open { log: &self.log, host };
        let field = |name| exchange.headers.get(name).and_then(|value| value.to_str().ok());
        let answer = self.web.answer(&Ask {
            host,
            target: path,
            now_ms: now.0,
            first: arrival.first,
            if_none_match: field(IF_NONE_MATCH),
            if_modified_since: field(IF_MODIFIED_SINCE),
        });
        if let (Some(freshness), Some(Place::Page(page)), 200 | 304) =
            (&self.freshness, self.web.place(host, path), answer.status)
        {
            freshness.lock().unwrap_or_else(PoisonError::into_inner).visit(page, now.0);
        }
        self.clock.sleep_until(now.after(answer.latency)).await;
        response(answer, addresses[0])
    }
}

/// Ends a request, also one that was given up.
struct Open<'a> {
    log: &'a AccessLog,
    host: u32,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.log.leave(self.host);
    }
}

fn response(answer: Answer, peer: SocketAddr) -> Result<Response> {
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        let bad = |cause| Error::new(ErrorKind::Protocol, "a bad header").with_source(cause);
        let value = HeaderValue::from_str(value).map_err(bad)?;
        headers.append(
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|cause| Error::new(ErrorKind::Protocol, "a bad header").with_source(cause))?,
            value,
        );
    }
    let facts = Facts { peer: Some(peer), version: "HTTP/1.1", ..Facts::default() };
    Ok(Response { status: answer.status, headers, body: Body::full(answer.body), facts })
}

/// Lets every address through: the guard has tests of its own.
#[derive(Debug)]
pub(crate) struct OpenDoor;

impl ConnectPolicy for OpenDoor {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(target.addresses.to_vec())))
    }
}
