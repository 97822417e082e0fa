//! Opening a connection: names, the policy's word, TCP over several addresses, the proxy, TLS.
//!
//! The policy is asked after the names are resolved and before any socket exists, and what is connected to is
//! what it answered.

use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsConnector;
use url::Host;

use super::deadline::Times;
use super::proxy::{Kind, Proxy};
use super::stream::{Line, Stream};
use super::tls::Handshake;
use super::{ClientOptions, tls};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::{Ledger, Open, Resource};
use crate::model::{BoxFuture, ConnectPolicy, ConnectTarget, Origin, Scheme, Timings};

/// The next address is tried this long after the one before it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses tried for one connection.
const MOST_ADDRESSES: usize = 16;

/// A stream ready for HTTP.
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) peer: SocketAddr,
    pub(super) destination: Option<SocketAddr>,
    pub(super) delegated: bool,
    pub(super) tls: Option<Handshake>,
    pub(super) timings: Timings,
}

/// What is opened, for whom, until when.
pub(super) struct Dial<'a> {
    pub(super) options: &'a ClientOptions,
    pub(super) connector: &'a TlsConnector,
    pub(super) proxy: Option<&'a Proxy>,
    pub(super) origin: &'a Origin,
    pub(super) host: &'a Host<&'a str>,
    pub(super) policy: &'a dyn ConnectPolicy,
    pub(super) times: &'a Times,
    /// The `User-Agent` of the request, which a proxy that is asked for a tunnel is told too.
    pub(super) agent: Option<&'a HeaderValue>,
}

impl Dial<'_> {
    pub(super) async fn open(&self) -> Result<Opened> {
        let mut timings = Timings::default();
        let (mut tcp, peer, destination, delegated) = match self.proxy {
            None => {
                let addresses = self.resolve(self.host, self.origin.port, &mut timings).await?;
                let allowed = permit(self.policy, self.origin, &addresses, false).await?;
                let (tcp, peer) = self.tcp(&allowed, &self.origin.to_string(), &mut timings).await?;
                (tcp, peer, None, false)
            }
            Some(proxy) => self.by_proxy(proxy, &mut timings).await?,
        };
        tcp.set_nodelay(true).map_err(|cause| refused(&self.origin.to_string(), cause))?;
        if let Some(proxy) = self.proxy
            && (self.origin.scheme == Scheme::Https || proxy.kind != Kind::Http)
        {
            let greeting = proxy.tunnel(&mut tcp, self.origin, destination, self.agent);
            self.phase(Phase::Proxy, greeting).await?;
        }
        let (line, tls) = if self.origin.scheme == Scheme::Https {
            let _open = self.options.ledger.open(Resource::Handshakes);
            let shake = tls::handshake(self.connector, &self.origin.host, tcp);
            let (stream, took) = self.phase(Phase::Tls, shake).await?;
            timings.tls = Some(took);
            let handshake = Handshake::of(&stream);
            (Line::Tls(Box::new(stream)), Some(handshake))
        } else {
            (Line::Plain(tcp), None)
        };
        Ok(Opened { stream: Stream::new(line), peer, destination, delegated, tls, timings })
    }

    /// Connects to the proxy. Its own address is allowed by being configured; the destination is what the policy
    /// judges, as far as it can be seen from here.
    async fn by_proxy(
        &self,
        proxy: &Proxy,
        timings: &mut Timings,
    ) -> Result<(TcpStream, SocketAddr, Option<SocketAddr>, bool)> {
        let here = matches!(self.host, Host::Ipv4(_) | Host::Ipv6(_));
        let known = if here || proxy.kind == (Kind::Socks5 { remote_dns: false }) {
            self.resolve(self.host, self.origin.port, timings).await?
        } else {
            Vec::new()
        };
        let allowed = permit(self.policy, self.origin, &known, true).await?;
        let host = match &proxy.host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(v4) => Host::Ipv4(*v4),
            Host::Ipv6(v6) => Host::Ipv6(*v6),
        };
        // Whatever stands between here and the proxy is the proxy's failure, a timeout too.
        let unreachable = |error: Error| {
            let phase = error.phase().unwrap_or(Phase::Connect);
            let unreached =
                Error::new(ErrorKind::Proxy, format!("the proxy {} cannot be reached", proxy.shown))
                    .in_phase(phase)
                    .with_hint("check that it runs and that its host and port are right");
            if error.kind() == ErrorKind::Connect {
                return unreached.with_cause_of(&error);
            }
            unreached.with_source(error)
        };
        let addresses = self.resolve(&host, proxy.port, timings).await.map_err(unreachable)?;
        let (tcp, peer) = self.tcp(&addresses, &proxy.shown, timings).await.map_err(unreachable)?;
        let destination = if known.is_empty() { None } else { allowed.first().copied() };
        Ok((tcp, peer, destination, known.is_empty()))
    }

    async fn resolve(&self, host: &Host<&str>, port: u16, timings: &mut Timings) -> Result<Vec<SocketAddr>> {
        let name = match host {
            Host::Ipv4(v4) => return Ok(vec![SocketAddr::from((*v4, port))]),
            Host::Ipv6(v6) => return Ok(vec![SocketAddr::from((*v6, port))]),
            Host::Domain(name) => *name,
        };
        let _open = self.options.ledger.open(Resource::Lookups);
        let lookup = self.options.resolver.resolve(name);
        let (mut addresses, took) = self.phase(Phase::Dns, lookup).await?;
        timings.dns = Some(took);
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::Resolve, format!("the host name {name} has no address"))
                .in_phase(Phase::Dns));
        }
        addresses.iter_mut().for_each(|address| address.set_port(port));
        Ok(addresses)
    }

    async fn phase<T>(&self, phase: Phase, work: impl Future<Output = Result<T>>) -> Result<(T, Duration)> {
        self.times.phase(&self.options.ledger, phase, work).await
    }

    async fn tcp(
        &self,
        addresses: &[SocketAddr],
        whom: &str,
        timings: &mut Timings,
    ) -> Result<(TcpStream, SocketAddr)> {
        let race = Race::new(addresses, &self.options.ledger);
        let race = async { race.await.map_err(|cause| refused(whom, cause)) };
        let (connected, took) = self.phase(Phase::Connect, race).await?;
        timings.connect = Some(took);
        Ok(connected)
    }
}

/// Asks the policy, which must name at least one address unless a proxy hides them.
pub(super) async fn permit(
    policy: &dyn ConnectPolicy,
    origin: &Origin,
    addresses: &[SocketAddr],
    proxied: bool,
) -> Result<Vec<SocketAddr>> {
    let allowed = policy.permit(ConnectTarget { origin, addresses, proxied }).await?;
    if allowed.is_empty() && !addresses.is_empty() {
        return Err(Error::new(
            ErrorKind::AddressRefused,
            format!("no address of {} is allowed", origin.host),
        ));
    }
    Ok(allowed)
}

fn refused(whom: &str, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Connect, format!("no connection to {whom} could be made"))
        .in_phase(Phase::Connect)
        .with_source(cause)
}

type Attempt = BoxFuture<'static, std::io::Result<(TcpStream, SocketAddr)>>;

/// Tries addresses in order, the next one when the one before fails or stays silent; the first to answer wins and
/// the others are dropped.
struct Race {
    waiting: std::vec::IntoIter<SocketAddr>,
    running: Vec<Attempt>,
    stagger: std::pin::Pin<Box<Sleep>>,
    _timer: Open,
    failure: Option<std::io::Error>,
}

impl Race {
    fn new(addresses: &[SocketAddr], ledger: &Ledger) -> Self {
        let waiting: Vec<_> = addresses.iter().copied().take(MOST_ADDRESSES).collect();
        let stagger = Box::pin(tokio::time::sleep(Duration::ZERO));
        let _timer = ledger.open(Resource::Timers);
        Self { waiting: waiting.into_iter(), running: Vec::new(), stagger, _timer, failure: None }
    }

    fn start_next(&mut self) -> bool {
        let Some(address) = self.waiting.next() else { return false };
        self.running.push(Box::pin(async move { Ok((TcpStream::connect(address).await?, address)) }));
        self.stagger.as_mut().reset(Instant::now() + STAGGER);
        true
    }
}

impl Future for Race {
    type Output = std::io::Result<(TcpStream, SocketAddr)>;

    fn poll(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        use std::task::Poll;
        let this = self.get_mut();
        loop {
            let mut at = 0;
            while at < this.running.len() {
                match this.running[at].as_mut().poll(cx) {
                    Poll::Ready(Ok(connected)) => return Poll::Ready(Ok(connected)),
                    Poll::Ready(Err(failure)) => {
                        drop(this.running.remove(at));
                        this.failure = Some(failure);
                        this.start_next();
                    }
                    Poll::Pending => at += 1,
                }
            }
            let due = this.running.is_empty() || this.stagger.as_mut().poll(cx).is_ready();
            if due && this.start_next() {
                continue;
            }
            if this.running.is_empty() {
                let failure = this.failure.take();
                return Poll::Ready(Err(
                    failure.unwrap_or_else(|| std::io::Error::other("no address to try"))
                ));
            }
            return Poll::Pending;
        }
    }
}
