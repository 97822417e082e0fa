//! The web that is crawled: a few synthetic sites behind the `Fetch` trait, without a socket. It counts everything
//! that was asked of it, over all lives, because what a server has seen cannot be taken back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use lycosa::model::{
    Body, BodyStream, BoxFuture, ByteCredit, ConnectPolicy, ConnectTarget, Exchange, Facts, Fetch, Origin,
    Response,
};
use lycosa::{Error, ErrorKind, Result};
use lycosa_testkit::synthetic::{Kind, SyntheticSite};

use crate::plan::Plan;
use crate::switch::Switch;
use crate::verdict::{Verdict, locked};
use crate::wide::Wide;

/// Bytes of a body in one piece.
const PIECE: usize = 8 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Web {
    sites: Vec<SyntheticSite>,
    wide: Option<Wide>,
    verdict: Verdict,
    /// One page in so many is slow on its first visits.
    slow: Option<u64>,
    /// One page in so many breaks off in the middle of its first body.
    broken: Option<u64>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    visits: BTreeMap<String, u64>,
    requests: u64,
    bytes: u64,
}

/// The host of the site of this number.
pub(crate) fn host(site: usize) -> String {
    format!("site-{site}.test")
}

impl Web {
    pub(crate) fn new(plan: &Plan, verdict: Verdict) -> Self {
        let Plan { sites, wide, slow, broken, .. } = plan;
        Self {
            sites: sites.clone(),
            wide: *wide,
            verdict,
            slow: *slow,
            broken: *broken,
            seen: Mutex::default(),
        }
    }

    pub(crate) fn requests(&self) -> u64 {
        locked(&self.seen).requests
    }

    pub(crate) fn bytes(&self) -> u64 {
        locked(&self.seen).bytes
    }

    /// How often each URL was asked for.
    pub(crate) fn visits(&self) -> BTreeMap<String, u64> {
        locked(&self.seen).visits.clone()
    }

    /// Notes a request; tells how often it has come, this time included.
    fn note(&self, url: &str) -> u64 {
        let mut seen = locked(&self.seen);
        seen.requests += 1;
        let visits = seen.visits.entry(url.to_owned()).or_default();
        *visits += 1;
        *visits
    }

    fn site(&self, host: &str) -> Option<(usize, SyntheticSite)> {
        let found = self.sites.iter().enumerate().find(|(number, _)| self::host(*number) == host);
        found.map(|(number, site)| (number, *site))
    }

    /// The answer, and how long it takes.
    fn answer(&self, site: &SyntheticSite, host: &str, target: &str, visit: u64) -> (Told, Duration) {
        if target == "/robots.txt" {
            return (Told::text(site.robots()), Duration::from_millis(1));
        }
        let Some(page) = site.page_at(target) else { return (Told::status(404), Duration::ZERO) };
        let told = match site.kind(page) {
            Kind::Missing => Told::status(404),
            Kind::Redirect(status, to) => Told::redirect(status, &site.path(to)),
            Kind::Flaky if visit == 1 => Told::status(503),
            Kind::Denied => {
                self.verdict.violated(format!("robots.txt denies {target} on {host}, and it was asked for"));
                Told::status(403)
            }
            Kind::Page | Kind::Flaky => {
                let whole = Told::html(site.html(page, host));
                let breaks = visit == 1 && self.broken.is_some_and(|each| u64::from(page) % each == 3);
                if breaks { whole.broken() } else { whole }
            }
        };
        let is_slow = self.slow.is_some_and(|each| u64::from(page) % each == 1);
        let slowness = usize::try_from(visit - 1).ok().and_then(|before| Plan::SLOWNESS.get(before));
        // A tenth of a real server's latency is enough: the crawl's clock runs faster too.
        let latency = site.delay(page) / 10;
        (told, slowness.copied().filter(|_| is_slow).unwrap_or(latency))
    }
}

/// An answer before it is sent.
struct Told {
    status: u16,
    header: Option<(HeaderName, String)>,
    body: String,
    breaks: bool,
}

impl Told {
    fn status(status: u16) -> Self {
        Self { status, header: None, body: String::new(), breaks: false }
    }

    fn html(body: String) -> Self {
        let header = Some((CONTENT_TYPE, "text/html; charset=utf-8".to_owned()));
        Self { header, body, ..Self::status(200) }
    }

    fn text(body: String) -> Self {
        Self { header: Some((CONTENT_TYPE, "text/plain".to_owned())), body, ..Self::status(200) }
    }

    fn redirect(status: u16, to: &str) -> Self {
        Self { header: Some((LOCATION, to.to_owned())), ..Self::status(status) }
    }

    fn broken(self) -> Self {
        Self { breaks: true, ..self }
    }
}

/// The web as one life reaches it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) web: Arc<Web>,
    pub(crate) switch: Arc<Switch>,
}

impl Fetch for Wire {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = self.switch.killed() => Err(Error::new(ErrorKind::Cancelled, "the process is dead")),
                response = self.answer(exchange) => response,
            }
        })
    }
}

impl Wire {
    async fn answer(&self, exchange: Exchange) -> Result<Response> {
        let origin = Origin::of(&exchange.url)
            .ok_or_else(|| Error::new(ErrorKind::Url, "a request without an origin"))?;
        if let Some(wide) = &self.web.wide {
            return self.answer_of_many(wide, &origin, exchange).await;
        }
        let (number, site) = self
            .web
            .site(&origin.host)
            .ok_or_else(|| Error::new(ErrorKind::Resolve, format!("no host is called {}", origin.host)))?;
        let last = u8::try_from(number + 1).unwrap_or(u8::MAX);
        let addresses = [SocketAddr::from(([10, 0, last, 1], origin.port))];
        let target = ConnectTarget { origin: &origin, addresses: &addresses, proxied: false };
        exchange.policy.permit(target).await?;
        let visit = self.web.note(exchange.url.as_str());
        let path = &exchange.url[url::Position::BeforePath..url::Position::AfterQuery];
        let (told, wait) = self.web.answer(&site, &origin.host, path, visit);
        tokio::time::sleep(wait).await;
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = told.header {
            let value = HeaderValue::from_str(&value)
                .map_err(|cause| Error::new(ErrorKind::Protocol, "a bad header").with_source(cause))?;
            headers.insert(name, value);
        }
        let body = Pieces {
            web: self.web.clone(),
            left: told.body.into(),
            breaks: told.breaks,
            credit: exchange.limits.credit,
            sent: 0,
        };
        Ok(Response { status: told.status, headers, body: Body::new(body), facts: Facts::default() })
    }
}

impl Wire {
    async fn answer_of_many(&self, wide: &Wide, origin: &Origin, exchange: Exchange) -> Result<Response> {
        let authority = origin.authority();
        let unknown = || Error::new(ErrorKind::Resolve, format!("no host is called {authority}"));
        let addresses = [wide.address(&authority, origin.port).ok_or_else(unknown)?];
        let target = ConnectTarget { origin, addresses: &addresses, proxied: false };
        exchange.policy.permit(target).await?;
        let visit = self.web.note(exchange.url.as_str());
        let path = &exchange.url[url::Position::BeforePath..url::Position::AfterQuery];
        let answer = wide.answer(&authority, path, visit).ok_or_else(unknown)?;
        if let Some(wrong) = answer.wrong {
            self.web.verdict.violated(wrong);
        }
        tokio::time::sleep(answer.latency).await;
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            let bad = |cause| Error::new(ErrorKind::Protocol, "a bad header").with_source(cause);
            let value = HeaderValue::from_str(&value).map_err(bad)?;
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|cause| Error::new(ErrorKind::Protocol, "a bad header").with_source(cause))?;
            headers.append(name, value);
        }
        let (web, left, credit) = (self.web.clone(), answer.body.into(), exchange.limits.credit);
        let body = Body::new(Pieces { web, left, breaks: false, credit, sent: 0 });
        Ok(Response { status: answer.status, headers, body, facts: Facts::default() })
    }
}

/// A body on its way, drawn from the crawl's byte budget piece by piece.
struct Pieces {
    web: Arc<Web>,
    left: Bytes,
    breaks: bool,
    credit: Option<Arc<dyn ByteCredit>>,
    sent: u64,
}

impl BodyStream for Pieces {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        Box::pin(async move {
            if self.left.is_empty() {
                return Ok(None);
            }
            let piece = self.left.split_to(self.left.len().min(PIECE));
            let length = piece.len() as u64;
            if let Some(credit) = &self.credit
                && !credit.draw(length).await
            {
                return Err(Error::new(ErrorKind::Budget, "the byte budget is used up"));
            }
            locked(&self.web.seen).bytes += length;
            self.sent += length;
            if self.breaks {
                return Err(Error::new(ErrorKind::Disconnected, "the body broke off"));
            }
            Ok(Some(piece))
        })
    }

    fn wire_bytes(&self) -> u64 {
        self.sent
    }
}

/// Lets every address through: the guard has tests of its own.
#[derive(Debug)]
pub(crate) struct OpenDoor;

impl ConnectPolicy for OpenDoor {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(target.addresses.to_vec())))
    }
}
