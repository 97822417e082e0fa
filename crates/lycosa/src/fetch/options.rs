//! What a client is built with: time limits, TLS, the pool, the proxy.

use std::sync::Arc;
use std::time::Duration;

use super::Proxy;
use crate::ledger::Ledger;
use crate::model::Resolve;

/// Time limits, each enforced on its own; the error of one that was passed names its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution. Default 5 s.
    pub dns: Duration,
    /// The TCP connection, over all addresses of the host together. Default 10 s. A proxy's greeting has as long.
    pub connect: Duration,
    /// The TLS handshake. Default 10 s.
    pub tls: Duration,
    /// From sending the request to the response head. Default 30 s.
    pub first_byte: Duration,
    /// Waiting for the next piece of the body. Default 20 s.
    pub idle: Duration,
    /// From the call of `fetch` to the last byte of the body. Default 120 s.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(20),
            total: Duration::from_secs(120),
        }
    }
}

/// Whom TLS trusts.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Accept any certificate. Default false.
    pub insecure: bool,
    /// Certificates trusted beside the built-in Mozilla roots: PEM text, any number of certificates.
    pub extra_roots: Vec<u8>,
}

/// Which HTTP is spoken.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HttpVersion {
    /// HTTP/1.1; HTTP/2 is not offered. The default: a polite crawl has few requests at a time per host, where
    /// HTTP/1.1 costs less CPU, and a connection that dies takes one request with it.
    #[default]
    Http1,
    /// HTTP/2 is offered by ALPN; an answer without it is taken and recorded as a
    /// [`Downgrade`](crate::model::Downgrade).
    PreferH2,
    /// HTTP/2 is offered by ALPN; without it the exchange fails with [`ErrorKind::HttpVersion`]. Plain `http://`
    /// cannot negotiate and always fails.
    ///
    /// [`ErrorKind::HttpVersion`]: crate::error::ErrorKind::HttpVersion
    RequireH2,
    /// HTTP/2 without asking, over plain `http://` too (RFC 9113 §3.3); over TLS as `RequireH2`.
    H2PriorKnowledge,
}

impl HttpVersion {
    /// Every choice with its name in options.
    pub const ALL: [(&'static str, Self); 4] = [
        ("http1", Self::Http1),
        ("prefer-h2", Self::PreferH2),
        ("require-h2", Self::RequireH2),
        ("h2-prior-knowledge", Self::H2PriorKnowledge),
    ];

    /// The choice of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, version)| *version)
    }

    /// What ALPN offers, in order of preference.
    pub(super) fn offers(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::PreferH2 => "h2,http/1.1",
            Self::RequireH2 | Self::H2PriorKnowledge => "h2",
        }
    }
}

/// Bounds of the pool of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Idle connections kept per origin and session. Default 16.
    pub max_idle_per_origin: usize,
    /// Idle connections kept in all. Default 512.
    pub max_idle: usize,
    /// An idle connection is closed after this long, or earlier when the server's `Keep-Alive` says so. Default 30 s.
    pub idle_timeout: Duration,
    /// Connections open at once per origin, idle ones and those of every session included; whoever needs one more
    /// waits, within the time of the `connect` phase. 1 or more. Default 64.
    pub max_open_per_origin: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_idle_per_origin: 16,
            max_idle: 512,
            idle_timeout: Duration::from_secs(30),
            max_open_per_origin: 64,
        }
    }
}

/// Everything a [`Client`](super::Client) is built with.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Time limits.
    pub timeouts: Timeouts,
    /// Name resolution.
    pub resolver: Arc<dyn Resolve>,
    /// Whom TLS trusts.
    pub tls: TlsOptions,
    /// The proxy for every request that brings none of its own.
    pub proxy: Option<Proxy>,
    /// Bounds of the pool.
    pub pool: PoolOptions,
    /// Which HTTP is spoken. With HTTP/2 a connection still carries one request at a time.
    pub http_version: HttpVersion,
    /// Where open connections, bodies, lookups, handshakes and tasks are counted.
    pub ledger: Ledger,
}

impl ClientOptions {
    /// The defaults, with this resolver.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            timeouts: Timeouts::default(),
            resolver,
            tls: TlsOptions::default(),
            proxy: None,
            pool: PoolOptions::default(),
            http_version: HttpVersion::default(),
            ledger: Ledger::default(),
        }
    }
}
