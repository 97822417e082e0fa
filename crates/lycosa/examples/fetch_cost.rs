//! What a request costs: one side of the comparison that `cargo xtask bench fetch` makes, this client or hyper bare.
//!
//! `fetch_cost bare|client URL REQUESTS [CA.pem [h2]]` sends that many requests in turn over one
//! connection and prints this thread's CPU time per request in nanoseconds (Linux) and the most memory the process
//! ever held in KiB. `fetch_cost certificate FOLDER` writes `cert.pem` and `key.pem` for a server on 127.0.0.1.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lycosa::clock::SystemClock;
use lycosa::fetch::{AddressGuard, Client, ClientOptions, HttpVersion, SystemResolver, TlsOptions};
use lycosa::model::{self, ConnectPolicy, Exchange, Fetch as _, FetchLimits};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Requests before the clock starts: the connection is open and memory is warm.
const WARM: u32 = 200;

/// What is fetched, how often, over what.
struct Plan {
    url: Url,
    requests: u32,
    /// The certificate to trust, for `https`.
    authority: Option<Vec<u8>>,
    http2: bool,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "give `bare` or `client`, a URL and a number of requests, or `certificate` and a folder";
    let side = arguments.next().ok_or(usage)?;
    let target = arguments.next().ok_or(usage)?;
    if side == "certificate" {
        return certificate(Path::new(&target));
    }
    let plan = Plan {
        url: target.parse()?,
        requests: arguments.next().ok_or(usage)?.parse()?,
        authority: arguments.next().map(std::fs::read).transpose()?,
        http2: arguments.next().is_some_and(|word| word == "h2"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let spent = match side.as_str() {
        "bare" => runtime.block_on(bare(&plan))?,
        "client" => runtime.block_on(client(&plan))?,
        _ => return Err(usage.into()),
    };
    println!("{} {}", spent / u64::from(plan.requests.max(1)), peak_kibibytes()?);
    Ok(())
}

/// Nanoseconds this thread has been on a processor.
fn cpu_nanoseconds() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("no schedstat")?.parse()?)
}

fn peak_kibibytes() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn certificate(folder: &Path) -> Outcome<()> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    std::fs::write(folder.join("cert.pem"), made.cert.pem())?;
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(())
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert("user-agent", HeaderValue::from_static("bench"));
    headers.insert("accept", HeaderValue::from_static("text/html"));
    headers
}

/// A connection as hyper alone has it, with its task.
enum Sender {
    H1(http1::SendRequest<Empty<Bytes>>),
    H2(http2::SendRequest<Empty<Bytes>>),
}

impl Sender {
    async fn send(&mut self, url: &Url) -> Outcome<Response<Incoming>> {
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.headers_mut() = headers();
        match self {
            Self::H1(sender) => {
                *request.uri_mut() = url.path().parse()?;
                request.headers_mut().insert("host", HeaderValue::from_str(url.authority())?);
                sender.ready().await?;
                Ok(sender.send_request(request).await?)
            }
            Self::H2(sender) => {
                *request.uri_mut() = url.as_str().parse()?;
                sender.ready().await?;
                Ok(sender.send_request(request).await?)
            }
        }
    }
}

type Driving = JoinHandle<Result<(), hyper::Error>>;

async fn shake<S>(stream: S, http2: bool) -> Outcome<(Sender, Driving)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    if http2 {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        return Ok((Sender::H2(sender), tokio::spawn(connection)));
    }
    let (sender, connection) = http1::handshake(io).await?;
    Ok((Sender::H1(sender), tokio::spawn(connection)))
}

async fn connected(plan: &Plan) -> Outcome<(Sender, Driving)> {
    let address = plan.url.socket_addrs(|| None)?.first().copied().ok_or("no address")?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let Some(authority) = &plan.authority else { return shake(stream, plan.http2).await };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![if plan.http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::from(address.ip()), stream).await?;
    shake(stream, plan.http2).await
}

/// What hyper alone needs, with a task per connection and the same headers.
async fn bare(plan: &Plan) -> Outcome<u64> {
    let (mut sender, driving) = connected(plan).await?;
    let mut before = cpu_nanoseconds()?;
    for number in 0..WARM + plan.requests {
        if number == WARM {
            before = cpu_nanoseconds()?;
        }
        let body = sender.send(&plan.url).await?.into_body().collect().await?.to_bytes();
        if body.is_empty() {
            return Err("an empty body".into());
        }
    }
    let spent = cpu_nanoseconds()?.saturating_sub(before);
    drop(sender);
    driving.await??;
    Ok(spent)
}

/// The client as a crawl uses it: guard, ledger, limits and facts.
async fn client(plan: &Plan) -> Outcome<u64> {
    let resolver = Arc::new(SystemResolver::new(Arc::new(SystemClock::new())));
    let client = Client::new(ClientOptions {
        tls: TlsOptions { extra_roots: plan.authority.clone().unwrap_or_default(), ..TlsOptions::default() },
        http_version: if plan.http2 { HttpVersion::RequireH2 } else { HttpVersion::Http1 },
        ..ClientOptions::new(resolver)
    })?;
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.0/8")?;
    let policy: Arc<dyn ConnectPolicy> = Arc::new(guard);
    let request = Arc::new(model::Request::get(plan.url.as_str()));
    let mut before = cpu_nanoseconds()?;
    for number in 0..WARM + plan.requests {
        if number == WARM {
            before = cpu_nanoseconds()?;
        }
        let exchange = Exchange {
            request: request.clone(),
            url: plan.url.clone(),
            headers: headers(),
            policy: policy.clone(),
            limits: FetchLimits::default(),
            proxy: None,
        };
        let (body, end) = client.fetch(exchange).await?.body.read().await;
        if body.is_empty() || end.error.is_some() {
            return Err("a bad body".into());
        }
    }
    let spent = cpu_nanoseconds()?.saturating_sub(before);
    client.close().await;
    Ok(spent)
}
