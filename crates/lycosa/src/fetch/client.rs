//! The client: an exchange from the pool or a new connection to the head of its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use super::body::{Held, HttpBody};
use super::connect::{Dial, Opened, permit};
use super::connection::{About, Connection, Counted, Tasks, Unanswered};
use super::deadline::Times;
use super::decode::Decoder;
use super::pool::{Key, Pool};
use super::proxy::Kind;
use super::{ClientOptions, tls};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::Resource;
use crate::model::{Body, BoxFuture, Exchange, Facts, Fetch, FetchLimits, Origin, Response, Scheme, Timings};

type Outgoing = Request<Full<Bytes>>;

/// The HTTP client. Cheap to clone; clones share the pool.
///
/// Dropping the last clone closes the idle connections; [`Client::close`] also waits for those in use.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    connector: TlsConnector,
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
        let connector = tls::connector(&options.tls, options.http2)?;
        let pool = Arc::new(Pool::new(options.pool, options.ledger.clone()));
        Ok(Self(Arc::new(Inner { options, connector, pool, last_id: AtomicU64::new(0) })))
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
        Box::pin(async move {
            let request = exchange.request.clone();
            self.0.exchange(exchange).await.map_err(|error| error.at_url(&request.url))
        })
    }
}

/// What an exchange is answered with, besides the connection.
struct Wanted {
    url: Url,
    policy: Arc<dyn crate::model::ConnectPolicy>,
    limits: FetchLimits,
    times: Times,
    key: Key,
}

impl Inner {
    async fn exchange(&self, exchange: Exchange) -> Result<Response> {
        let times = Times::start(self.options.timeouts);
        let origin = Origin::of(&exchange.url)
            .ok_or_else(|| Error::new(ErrorKind::Url, "only http and https URLs can be fetched"))?;
        let Exchange { request, url, headers, policy, limits } = exchange;
        let mut outgoing = self.outgoing(&request, &url, &origin, headers)?;
        let key = Key::new(origin, request.session, &limits);
        let wanted = Wanted { url, policy, limits, times, key };
        if let Some(mut connection) = self.reuse(&wanted).await? {
            self.suit(&mut outgoing, &connection, &wanted)?;
            let due = times.due(Phase::FirstByte);
            match connection.send(outgoing, due).await {
                Ok(head) => {
                    let timings = Timings { first_byte: Some(due.elapsed()), ..Timings::default() };
                    return self.answer(head, connection, wanted, timings);
                }
                Err(Unanswered::Failed(error)) => return Err(error),
                // The peer closed the idle connection before anything was written: that is no attempt.
                Err(Unanswered::Unsent(back)) => outgoing = *back,
            }
        }
        // Boxed, because it is large and most exchanges do not come here.
        let (mut connection, mut timings) = Box::pin(self.open(&wanted)).await?;
        self.suit(&mut outgoing, &connection, &wanted)?;
        let due = times.due(Phase::FirstByte);
        match connection.send(outgoing, due).await {
            Ok(head) => {
                timings.first_byte = Some(due.elapsed());
                self.answer(head, connection, wanted, timings)
            }
            Err(Unanswered::Failed(error)) => Err(error),
            Err(Unanswered::Unsent(_)) => {
                Err(Error::new(ErrorKind::Disconnected, "the connection was closed as soon as it was open")
                    .in_phase(Phase::FirstByte))
            }
        }
    }

    fn outgoing(
        &self,
        request: &crate::model::Request,
        url: &Url,
        origin: &Origin,
        mut fields: HeaderMap,
    ) -> Result<Outgoing> {
        let host = match HeaderValue::from_str(&origin.authority()) {
            Ok(host) => host,
            Err(cause) => return Err(bad_url(cause)),
        };
        fields.remove(HOST);
        let mut headers = HeaderMap::with_capacity(fields.len() + 2);
        headers.insert(HOST, host);
        headers.extend(fields);
        if let Some(proxy) = &self.options.proxy
            && proxy.kind == Kind::Http
            && origin.scheme == Scheme::Http
            && let Some(value) = proxy.authorization()
        {
            headers.insert(PROXY_AUTHORIZATION, value);
        }
        let mut outgoing = Request::new(Full::new(request.body.clone()));
        *outgoing.method_mut() = request.method.clone();
        *outgoing.headers_mut() = headers;
        *outgoing.uri_mut() = self.target(url, origin)?;
        Ok(outgoing)
    }

    /// The request target: absolute for a plain request through an HTTP proxy, else path and query.
    fn target(&self, url: &Url, origin: &Origin) -> Result<Uri> {
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let text = match &self.options.proxy {
            Some(proxy) if proxy.kind == Kind::Http && origin.scheme == Scheme::Http => {
                Bytes::from(format!("{origin}{path}"))
            }
            _ => Bytes::copy_from_slice(path.as_bytes()),
        };
        Uri::from_maybe_shared(text).map_err(bad_url)
    }

    /// Turns a request into the form the connection speaks.
    fn suit(&self, outgoing: &mut Outgoing, connection: &Connection, wanted: &Wanted) -> Result<()> {
        if connection.is_http2() {
            let origin = wanted.key.origin();
            let path = &wanted.url[Position::BeforePath..Position::AfterQuery];
            *outgoing.uri_mut() = format!("{origin}{path}").parse().map_err(bad_url)?;
            *outgoing.version_mut() = Version::HTTP_2;
            outgoing.headers_mut().remove(HOST);
        } else if outgoing.version() == Version::HTTP_2 {
            let fields = std::mem::take(outgoing.headers_mut());
            let host = HeaderValue::from_str(&wanted.key.origin().authority()).map_err(bad_url)?;
            outgoing.headers_mut().insert(HOST, host);
            outgoing.headers_mut().extend(fields);
            *outgoing.uri_mut() = self.target(&wanted.url, wanted.key.origin())?;
            *outgoing.version_mut() = Version::HTTP_11;
        }
        Ok(())
    }

    /// An idle connection that the policy lets this exchange use.
    async fn reuse(&self, wanted: &Wanted) -> Result<Option<Box<Connection>>> {
        if self.pool.is_closed() {
            return Err(Error::new(ErrorKind::Cancelled, "the client is closed"));
        }
        let Some(connection) = self.pool.take(&wanted.key) else { return Ok(None) };
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

    async fn open(&self, wanted: &Wanted) -> Result<(Box<Connection>, Timings)> {
        let counted = Counted::new(&self.options.ledger, &self.pool.tracker);
        let host = wanted.url.host().ok_or_else(|| Error::new(ErrorKind::Url, "the URL has no host"))?;
        let dial = Dial {
            options: &self.options,
            connector: &self.connector,
            origin: wanted.key.origin(),
            host: &host,
            policy: &*wanted.policy,
            times: &wanted.times,
        };
        let opened = dial.open().await?;
        let Opened { stream, peer, destination, delegated, alpn, tls, timings } = opened;
        let about = About {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            peer,
            destination,
            proxy: self.options.proxy.as_ref().map(|proxy| proxy.shown.clone()),
            alpn,
            tls,
            delegated,
        };
        let connection = if alpn == Some("h2") {
            let tasks = Tasks::new(&self.pool.tracker, &self.options.ledger);
            Connection::http2(stream, &wanted.limits, about, counted, tasks).await
        } else {
            Connection::http1(stream, &wanted.limits, about, counted).await
        };
        let connection = connection.map_err(|cause| {
            Error::new(ErrorKind::Disconnected, "the connection broke before a request was sent")
                .in_phase(Phase::FirstByte)
                .with_source(cause)
        })?;
        Ok((connection, timings))
    }

    fn answer(
        &self,
        head: http::Response<Incoming>,
        connection: Box<Connection>,
        wanted: Wanted,
        timings: Timings,
    ) -> Result<Response> {
        let (parts, incoming) = head.into_parts();
        if parts.status.as_u16() == 101 {
            return Err(Error::new(ErrorKind::Protocol, "the server switched protocols without being asked"));
        }
        let Wanted { url, limits, times, key, .. } = wanted;
        let about = &connection.about;
        let facts = Facts {
            connection: about.id,
            request_on_connection: connection.served,
            peer: Some(about.peer),
            proxy: about.proxy.as_deref().map(str::to_owned),
            version: version_name(parts.version),
            alpn: about.alpn.map(str::to_owned),
            tls: about.tls,
            timings,
            guard_delegated: about.delegated,
            cache: None,
        };
        let held = Held {
            connection,
            pool: self.pool.clone(),
            key,
            _open: self.options.ledger.open(Resource::Bodies),
        };
        let body = if incoming.is_end_stream() {
            held.give_back();
            Body::full(Bytes::new())
        } else {
            // What cannot be decoded is still an answer: its head stands, its body fails.
            let (decoder, failure) = match Decoder::of(&parts.headers) {
                Ok(decoder) => (decoder, None),
                Err(error) => (None, Some(error)),
            };
            Body::new(HttpBody {
                incoming,
                held: Some(held),
                decoder,
                limits,
                times,
                url,
                wire: 0,
                drawn: 0,
                failure,
            })
        };
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body, facts })
    }
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn bad_url(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Url, "the URL cannot be sent").with_source(cause)
}
