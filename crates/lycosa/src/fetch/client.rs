//! The client: an exchange from the pool or a new connection to the head of its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT as AGENT};
use http::{HeaderMap, HeaderValue, Request, Version};
use http_body_util::Full;
use url::{Position, Url};

use super::body::{Held, HttpBody};
use super::connect::{Dial, Opened, permit};
use super::connection::{About, Connection, Counted, Head, Http2Request, Tasks, Unanswered};
use super::deadline::{Due, Times};
use super::decode::Decoder;
use super::http1;
use super::keep_alive::KeepAlive;
use super::pool::{Key, Pool, Room, Slot};
use super::proxy::{Kind, Proxy};
use super::tls::Connectors;
use super::{ClientOptions, HttpVersion};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::Resource;
use crate::model::{
    Body, BoxFuture, Downgrade, Exchange, Facts, Fetch, FetchLimits, Origin, Response, Scheme, SessionId,
    Timings, USER_AGENT,
};

/// The HTTP client. Cheap to clone; clones share the pool.
///
/// Dropping the last clone closes the idle connections; [`Client::close`] also waits for those in use.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    connectors: Connectors,
    pool: Arc<Pool>,
    last_id: AtomicU64,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pool.close();
    }
}

impl Client {
    /// A client with these options.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the extra CA certificates cannot be read.
    pub fn new(options: ClientOptions) -> Result<Self> {
        let connectors = Connectors::new(&options.tls, options.http_version)?;
        let pool = Arc::new(Pool::new(options.pool, options.ledger.clone()));
        Ok(Self(Arc::new(Inner { options, connectors, pool, last_id: AtomicU64::new(0) })))
    }

    /// Closes the idle connections and waits until those in use are closed as well and every task has ended.
    ///
    /// Requests from now on fail with [`ErrorKind::Cancelled`]; those under way go on: drop them or their bodies
    /// to end them.
    pub async fn close(&self) {
        self.0.pool.close();
        self.0.pool.tracker.wait().await;
    }
}

impl Fetch for Client {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        let request = exchange.request.clone();
        let wanted = self.0.prepare(exchange);
        Box::pin(async move {
            let answer = match wanted {
                Ok(wanted) => self.0.exchange(wanted).await,
                Err(error) => Err(error),
            };
            answer.map_err(|error| error.at_url(&request.url))
        })
    }

    fn forget(&self, session: SessionId) {
        self.0.pool.forget(session);
        self.0.connectors.forget(session);
    }
}

/// What an exchange is answered with, besides the connection.
struct Wanted {
    request: Arc<crate::model::Request>,
    /// The fields to send; over HTTP/2 they are away while the request is.
    headers: HeaderMap,
    url: Url,
    policy: Arc<dyn crate::model::ConnectPolicy>,
    limits: FetchLimits,
    times: Times,
    proxy: Option<Proxy>,
    key: Key,
}

impl Wanted {
    /// The proxy, if it reads and answers the request itself instead of tunnelling it.
    fn speaker(&self) -> Option<&Proxy> {
        let plain = self.key.origin().scheme == Scheme::Http;
        self.proxy.as_ref().filter(|proxy| plain && proxy.kind == Kind::Http)
    }

    fn path(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// Writes the request as HTTP/1.1.
    fn write(&self, out: &mut http1::Outgoing) {
        // `host`, or `host:port` when the port is not the scheme's own.
        let host = &self.url[Position::BeforeHost..Position::AfterPort];
        match self.speaker() {
            None => out.line(&self.request.method, &[self.path()], host),
            Some(proxy) => {
                let origin = self.key.origin().to_string();
                out.line(&self.request.method, &[&origin, self.path()], host);
                if let Some(value) = proxy.authorization() {
                    out.field(PROXY_AUTHORIZATION.as_str(), &value);
                }
            }
        }
        out.fields(&self.headers);
        out.end(&self.request.body);
    }

    /// The request as HTTP/2 has it.
    fn http2(&mut self) -> Result<Http2Request> {
        let mut request = Request::new(Full::new(self.request.body.clone()));
        let uri = format!("{}{}", self.key.origin(), self.path());
        *request.uri_mut() = uri.parse().map_err(|cause: http::uri::InvalidUri| {
            Error::new(ErrorKind::Url, "the URL cannot be sent").with_source(cause)
        })?;
        *request.method_mut() = self.request.method.clone();
        *request.version_mut() = Version::HTTP_2;
        let mut fields = std::mem::take(&mut self.headers);
        // Not by `remove`, which would put the last field in the place of this one.
        if fields.contains_key(HOST) {
            fields = fields
                .iter()
                .filter(|(name, _)| *name != HOST)
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect();
        }
        *request.headers_mut() = fields;
        Ok(request)
    }

    /// Sends the request and waits for the head of its answer.
    async fn send(&mut self, connection: &mut Connection, due: Due) -> Result<Head, Unanswered> {
        if !connection.is_http2() {
            return connection.send_http1(due, |out| self.write(out)).await;
        }
        let request = self.http2().map_err(Unanswered::Failed)?;
        // Boxed, because it is large and most exchanges do not come here.
        Box::pin(connection.send_http2(due, request)).await.map_err(|(why, back)| {
            self.headers = back.map(|request| request.into_parts().0.headers).unwrap_or_default();
            why
        })
    }
}

impl Inner {
    /// What can be said of an exchange before anything is waited for. Boxed, because it goes from hand to hand.
    fn prepare(&self, exchange: Exchange) -> Result<Box<Wanted>> {
        let times = Times::start(self.options.timeouts);
        let origin = Origin::of(&exchange.url)
            .ok_or_else(|| Error::new(ErrorKind::Url, "only http and https URLs can be fetched"))?;
        let Exchange { request, url, mut headers, policy, limits, proxy } = exchange;
        // Whatever stood around this client: nobody is asked by a request without a name.
        if headers.get(AGENT).is_none_or(HeaderValue::is_empty) {
            headers.insert(AGENT, HeaderValue::from_static(USER_AGENT));
        }
        let through = match &proxy {
            Some(own) => Some(Proxy::parse(own.as_str())?),
            None => self.options.proxy.clone(),
        };
        let key = Key::new(origin, request.session, proxy, &limits);
        Ok(Box::new(Wanted { request, headers, url, policy, limits, times, proxy: through, key }))
    }

    async fn exchange(&self, mut wanted: Box<Wanted>) -> Result<Response> {
        loop {
            let (mut connection, mut timings) =
                match self.reuse(&wanted, self.pool.take(&wanted.key, wanted.times.started())).await? {
                    Some(idle) => (idle, Timings::default()),
                    // Boxed, because it is large and most exchanges do not come here.
                    None => Box::pin(self.another(&wanted)).await?,
                };
            let is_new = connection.served == 0;
            let due = wanted.times.due(Phase::FirstByte);
            match wanted.send(&mut connection, due).await {
                Ok(head) => {
                    timings.first_byte = Some(due.elapsed());
                    return self.answer(head, connection, *wanted, timings);
                }
                Err(Unanswered::Failed(error)) => return Err(error),
                Err(Unanswered::Unsent) if is_new => {
                    let closed = "the connection was closed as soon as it was open";
                    return Err(Error::new(ErrorKind::Disconnected, closed).in_phase(Phase::FirstByte));
                }
                // The peer closed the idle connection before anything was written: that is no attempt.
                Err(Unanswered::Unsent) => {}
            }
        }
    }

    /// An idle connection, if the policy lets this exchange use it.
    async fn reuse(&self, wanted: &Wanted, idle: Option<Box<Connection>>) -> Result<Option<Box<Connection>>> {
        if self.pool.is_closed() {
            return Err(Error::new(ErrorKind::Cancelled, "the client is closed"));
        }
        let Some(connection) = idle else { return Ok(None) };
        let about = &connection.about;
        let proxied = about.proxy.is_some();
        let at = if proxied { about.destination } else { Some(about.peer) };
        let asked = permit(&*wanted.policy, wanted.key.origin(), at.as_slice(), proxied).await;
        match asked {
            Ok(_) => Ok(Some(connection)),
            Err(error) => {
                if error.kind() == ErrorKind::Deferred {
                    self.pool.put(wanted.key.clone(), connection);
                }
                Err(error)
            }
        }
    }

    /// A new connection, once the origin has room for one more, or one that became idle meanwhile.
    async fn another(&self, wanted: &Wanted) -> Result<(Box<Connection>, Timings)> {
        loop {
            let room = async { Ok(self.pool.room(&wanted.key).await) };
            let (room, _) =
                wanted.times.phase(&self.options.ledger, Phase::Connect, room).await.map_err(|error| {
                    let most = self.options.pool.max_open_per_origin;
                    error.with_hint(format!("all {most} connections to {} are in use", wanted.key.origin()))
                })?;
            match room {
                Room::New(slot) => return self.open(wanted, slot).await,
                Room::Idle(connection) => {
                    if let Some(connection) = self.reuse(wanted, Some(connection)).await? {
                        return Ok((connection, Timings::default()));
                    }
                }
            }
        }
    }

    async fn open(&self, wanted: &Wanted, slot: Slot) -> Result<(Box<Connection>, Timings)> {
        self.refuse_what_cannot_be_negotiated(wanted)?;
        let counted = Counted::new(&self.options.ledger, &self.pool.tracker, slot);
        let host = wanted.url.host().ok_or_else(|| Error::new(ErrorKind::Url, "the URL has no host"))?;
        let dial = Dial {
            options: &self.options,
            connector: &self.connectors.of(wanted.key.session()),
            proxy: wanted.proxy.as_ref(),
            origin: wanted.key.origin(),
            host: &host,
            policy: &*wanted.policy,
            times: &wanted.times,
            agent: wanted.headers.get(AGENT),
        };
        let opened = dial.open().await?;
        let Opened { stream, peer, destination, delegated, tls, timings } = opened;
        let alpn = tls.and_then(|tls| tls.alpn);
        let http2 = match (self.options.http_version, tls) {
            (HttpVersion::H2PriorKnowledge, None) => true,
            (HttpVersion::H2PriorKnowledge | HttpVersion::RequireH2, Some(_)) if alpn != Some("h2") => {
                return Err(Error::new(
                    ErrorKind::HttpVersion,
                    "the server does not speak HTTP/2, which is required",
                )
                .in_phase(Phase::Tls)
                .with_hint("take HTTP/1.1 too with http_version = \"prefer-h2\""));
            }
            _ => alpn == Some("h2"),
        };
        let about = About {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            peer,
            destination,
            proxy: wanted.proxy.as_ref().map(|proxy| proxy.shown.clone()),
            tls,
            delegated,
        };
        let connection = if http2 {
            let tasks = Tasks::new(&self.pool.tracker, &self.options.ledger);
            Connection::http2(stream, &wanted.limits, about, counted, tasks).await.map_err(|cause| {
                Error::new(ErrorKind::Disconnected, "the connection broke before a request was sent")
                    .in_phase(Phase::FirstByte)
                    .with_source(cause)
            })?
        } else {
            Connection::http1(stream, &wanted.limits, about, counted)
        };
        Ok((connection, timings))
    }

    /// Plain `http://` has no ALPN.
    fn refuse_what_cannot_be_negotiated(&self, wanted: &Wanted) -> Result<()> {
        let plain = wanted.key.origin().scheme == Scheme::Http;
        if !plain || self.options.http_version != HttpVersion::RequireH2 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::HttpVersion, "HTTP/2 is required, and plain HTTP cannot negotiate it")
            .with_hint("http_version = \"h2-prior-knowledge\" speaks it without asking"))
    }

    fn facts(&self, connection: &Connection, version: Version, timings: Timings) -> Facts {
        let About { tls, .. } = connection.about;
        let offered = self.options.http_version.offers();
        let asked = tls.is_some() && offered.starts_with("h2");
        let downgrade = match tls.and_then(|tls| tls.alpn) {
            Some("h2") => None,
            Some(_) if asked => Some(Downgrade::ChoseHttp1),
            None if asked => Some(Downgrade::NoAlpn),
            _ => None,
        };
        let about = &connection.about;
        Facts {
            connection: about.id,
            request_on_connection: connection.served,
            peer: Some(about.peer),
            proxy: about.proxy.as_deref().map(str::to_owned),
            version: version_name(version),
            alpn_offered: tls.map(|_| offered),
            alpn: tls.and_then(|tls| tls.alpn),
            downgrade,
            tls: tls.and_then(|tls| tls.version),
            tls_resumed: tls.map(|tls| tls.resumed),
            tcp: connection.tcp(),
            timings,
            guard_delegated: about.delegated,
            session: None,
            cache: None,
        }
    }

    fn answer(
        &self,
        head: Head,
        mut connection: Box<Connection>,
        wanted: Wanted,
        timings: Timings,
    ) -> Result<Response> {
        let Head { status, version, headers } = head;
        if status.as_u16() == 101 {
            return Err(Error::new(ErrorKind::Protocol, "the server switched protocols without being asked"));
        }
        if let Some(proxy) = wanted.speaker().filter(|proxy| proxy.refuses_login(status.as_u16(), &headers)) {
            return Err(proxy.login_refused());
        }
        let Wanted { url, limits, times, key, .. } = wanted;
        connection.keep_alive = KeepAlive::of(&headers);
        let facts = self.facts(&connection, version, timings);
        let is_over = connection.is_body_over();
        let held = Held {
            connection,
            pool: self.pool.clone(),
            key,
            _open: self.options.ledger.open(Resource::Bodies),
        };
        let body = if is_over {
            held.give_back();
            Body::full(Bytes::new())
        } else {
            // What cannot be decoded is still an answer: its head stands, its body fails.
            let (decoder, failure) = match Decoder::of(&headers) {
                Ok(decoder) => (decoder, None),
                Err(error) => (None, Some(error)),
            };
            Body::new(HttpBody { held: Some(held), decoder, limits, times, url, wire: 0, drawn: 0, failure })
        };
        Ok(Response { status: status.as_u16(), headers, body, facts })
    }
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}
