//! Fetching: one exchange, a bounded body, the facts of the connection.
//!
//! [`Fetch`] never follows a redirect. A browser can stand behind it as well as a socket.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

use super::{BoxFuture, Origin, Request, SessionId};
use crate::error::{Error, Result};

/// A request on its way out: what middlewares change and [`Fetch`] sends.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request as the frontier keeps it.
    pub request: Arc<Request>,
    /// The URL to send, parsed.
    pub url: Url,
    /// The headers to send, in order; the `Host` header is set by [`Fetch`].
    pub headers: HeaderMap,
    /// Asked after DNS and before connect.
    pub policy: Arc<dyn ConnectPolicy>,
    /// Bounds of the answer.
    pub limits: Limits,
    /// The proxy of this exchange, in place of the one [`Fetch`] was built with.
    pub proxy: Option<ProxyUrl>,
}

/// The URL of a proxy, such as `http://user:password@host:3128`. Shown by `{:?}` as what it is, not what it says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl(Arc<str>);

impl ProxyUrl {
    /// This URL, not looked at: [`Fetch`] says what is wrong with it.
    #[must_use]
    pub fn new(url: impl Into<Arc<str>>) -> Self {
        Self(url.into())
    }

    /// The URL with its credentials.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port alone: what people may see.
    #[must_use]
    pub fn shown(&self) -> String {
        let with_scheme =
            if self.0.contains("://") { self.0.to_string() } else { format!("http://{}", self.0) };
        let Ok(url) = Url::parse(&with_scheme) else { return "(not a URL)".to_owned() };
        let default = if url.scheme() == "http" { 80 } else { 1080 };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(default));
        format!("{}://{host}:{port}", url.scheme())
    }
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyUrl(…)")
    }
}

/// Bounds of one answer. All counts are bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Body bytes on the wire. Default 64 MiB.
    pub wire: u64,
    /// Body bytes after undoing content codings. Default 64 MiB.
    pub decoded: u64,
    /// Decoded over wire bytes, checked once 64 KiB were decoded. Default 200.
    pub ratio: u32,
    /// Bytes of the response head. Default 256 KiB.
    pub head: u32,
    /// Header fields of the response. Default 256.
    pub fields: u32,
    /// Where wire bytes are drawn from when the crawl has a byte budget.
    pub credit: Option<Arc<dyn ByteCredit>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wire: 64 << 20, decoded: 64 << 20, ratio: 200, head: 256 << 10, fields: 256, credit: None }
    }
}

/// A budget of wire bytes shared by the whole crawl.
pub trait ByteCredit: Send + Sync + std::fmt::Debug {
    /// Draws this many bytes; `false` when the budget has less left, and then nothing is drawn.
    fn draw(&self, bytes: u64) -> BoxFuture<'_, bool>;

    /// Gives back bytes that were drawn and then not received. Forgetting them is allowed, and the default.
    fn refund(&self, _bytes: u64) {}
}

/// Where a connection would go.
#[derive(Clone, Debug)]
pub struct ConnectTarget<'a> {
    /// The origin asked for.
    pub origin: &'a Origin,
    /// Its addresses after DNS: all of them, or the one peer of an open connection about to be reused. Empty when
    /// a proxy resolves the name.
    pub addresses: &'a [SocketAddr],
    /// Whether a proxy connects: then the addresses, if any, are the destination's as far as known.
    pub proxied: bool,
}

/// The address guard and the second gate: asked on every hop, after DNS and before connect.
pub trait ConnectPolicy: Send + Sync + std::fmt::Debug {
    /// The addresses that may be connected to, in order of preference (never empty).
    ///
    /// # Errors
    /// [`ErrorKind::AddressRefused`](crate::error::ErrorKind::AddressRefused) when none is allowed,
    /// [`ErrorKind::Deferred`](crate::error::ErrorKind::Deferred) when the gate says later.
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>>;
}

/// Name resolution.
pub trait Resolve: Send + Sync + std::fmt::Debug {
    /// The addresses of a host name (never called with a literal address), port 0.
    ///
    /// # Errors
    /// [`ErrorKind::Resolve`](crate::error::ErrorKind::Resolve) when there are none.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<SocketAddr>>>;
}

/// Time spent in each phase; `None` when the phase did not happen (a reused connection).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Timings {
    /// Name resolution.
    pub dns: Option<Duration>,
    /// TCP connection.
    pub connect: Option<Duration>,
    /// TLS handshake.
    pub tls: Option<Duration>,
    /// From sending to the response head.
    pub first_byte: Option<Duration>,
}

/// How HTTP/2, which was offered, was not had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    /// The peer chose HTTP/1.1.
    ChoseHttp1,
    /// The peer said nothing: it does not speak ALPN.
    NoAlpn,
}

impl Downgrade {
    /// In words, after "HTTP/2 was offered and".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChoseHttp1 => "the server chose HTTP/1.1",
            Self::NoAlpn => "the server did not answer the offer (no ALPN)",
        }
    }
}

/// `TCP_INFO`: what the kernel measured on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TcpFacts {
    /// The smoothed round-trip time.
    pub rtt: Duration,
    /// Segments sent again since the connection was opened.
    pub retransmits: u64,
}

/// What a cache had to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheUse {
    /// It came from the cache, without a request.
    Hit,
    /// It came from the cache after the server said that it is still right.
    Revalidated,
    /// It came from the server.
    Miss,
    /// It came from the cache, which was to answer alone.
    Offline,
}

impl CacheUse {
    /// The name used in records and summaries, such as `hit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Revalidated => "revalidated",
            Self::Miss => "miss",
            Self::Offline => "offline",
        }
    }

    /// Whether no request was sent.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::Hit | Self::Offline)
    }
}

/// What is known of the connection an answer came over.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Facts {
    /// Number of the connection in this client, from 1.
    pub connection: u64,
    /// This was the n-th request on it, from 1.
    pub request_on_connection: u64,
    /// The peer's address.
    pub peer: Option<SocketAddr>,
    /// The proxy, without credentials.
    pub proxy: Option<String>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: &'static str,
    /// The protocols offered by ALPN, such as `h2,http/1.1`; none without TLS.
    pub alpn_offered: Option<&'static str>,
    /// The protocol chosen by ALPN.
    pub alpn: Option<&'static str>,
    /// HTTP/2 was offered and not had, and how that went.
    pub downgrade: Option<Downgrade>,
    /// The TLS version, such as `TLSv1.3`.
    pub tls: Option<&'static str>,
    /// Whether the TLS session was resumed from an earlier one.
    pub tls_resumed: Option<bool>,
    /// The kernel's view of the connection when its first answer or, later, every 16th began; Linux only.
    pub tcp: Option<TcpFacts>,
    /// Time of each phase.
    pub timings: Timings,
    /// Whether the address guard could not see the destination (`guard=delegated`).
    pub guard_delegated: bool,
    /// The session that the exchange went with, when sessions are kept; a redirect goes on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// What a cache had to do with the answer; `None` when none was asked.
    pub cache: Option<CacheUse>,
}

/// An answer: the head, a body still to be read, the facts.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, content codings undone.
    pub body: Body,
    /// The connection's facts.
    pub facts: Facts,
}

impl Response {
    /// The value of a header field as text ([`field_text`]); `None` when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(field_text)
    }
}

/// The value of a header field as text. Bytes that are not UTF-8 become U+FFFD: RFC 9110 §5.5 lets a value have any, and
/// one letter in Latin-1 must not keep the rest of it from being heard.
#[must_use]
pub fn field_text(value: &http::HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// A body as pieces.
pub trait BodyStream: Send {
    /// The next piece, decoded; `None` at the end.
    ///
    /// # Errors
    /// A timeout of the idle phase, a limit that was passed, a damaged coding, a broken connection. After an
    /// error the stream is over.
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>>;

    /// Bytes received on the wire so far.
    fn wire_bytes(&self) -> u64;
}

/// A response body: read it, or drop it to give the connection up.
pub struct Body(Box<dyn BodyStream>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("wire_bytes", &self.0.wire_bytes()).finish_non_exhaustive()
    }
}

/// What a body came to.
#[derive(Clone, Debug)]
pub struct BodyEnd {
    /// Bytes received on the wire.
    pub wire_bytes: u64,
    /// Bytes after undoing content codings.
    pub decoded_bytes: u64,
    /// Why it ended early; what came before is kept.
    pub error: Option<Error>,
}

impl Body {
    /// A body of these pieces.
    #[must_use]
    pub fn new(stream: impl BodyStream + 'static) -> Self {
        Self(Box::new(stream))
    }

    /// A body that is there already: what a cache or a test answers.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::new(FullBody(Some(bytes.into())))
    }

    /// The next piece.
    ///
    /// # Errors
    /// As [`BodyStream::chunk`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.0.chunk().await
    }

    /// Bytes received on the wire so far.
    #[must_use]
    pub fn wire_bytes(&self) -> u64 {
        self.0.wire_bytes()
    }

    /// Reads the body to its end. An error in the middle leaves the part before it, and says so.
    pub async fn read(mut self) -> (Bytes, BodyEnd) {
        let mut first = Bytes::new();
        let mut whole: Vec<u8> = Vec::new();
        let error = loop {
            match self.0.chunk().await {
                Ok(Some(piece)) if whole.is_empty() && first.is_empty() => first = piece,
                Ok(Some(piece)) => {
                    if whole.is_empty() {
                        whole.reserve(first.len() + piece.len());
                        whole.extend_from_slice(&first);
                    }
                    whole.extend_from_slice(&piece);
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let bytes = if whole.is_empty() { first } else { Bytes::from(whole) };
        let decoded_bytes = bytes.len() as u64;
        (bytes, BodyEnd { wire_bytes: self.0.wire_bytes(), decoded_bytes, error })
    }
}

struct FullBody(Option<Bytes>);

impl BodyStream for FullBody {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        let piece = self.0.take().filter(|bytes| !bytes.is_empty());
        Box::pin(std::future::ready(Ok(piece)))
    }

    fn wire_bytes(&self) -> u64 {
        0
    }
}

/// One exchange: a request out, an answer or a typed failure back.
///
/// An implementation never follows redirects, never retries a request that may have been received, enforces
/// every timeout by phase, asks the exchange's [`ConnectPolicy`] before any connection is opened or reused, and
/// stops all its work when the returned future or body is dropped.
pub trait Fetch: Send + Sync + std::fmt::Debug {
    /// Sends one request.
    ///
    /// # Errors
    /// A typed failure with its phase; never a made-up status.
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>>;

    /// Gives up what is kept for a session that is no more, such as idle connections. Nothing, by default.
    fn forget(&self, _session: SessionId) {}
}
