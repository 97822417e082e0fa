//! What a request costs: CPU and wall time of the client beside a bare hyper loop, against a server you name.
//!
//! `cargo run --release -p lycosa --example fetch_cost -- http://127.0.0.1:8080/2k.html 20000 5`
//!
//! Both loops run on one thread, one request at a time over one connection, in turn, as many rounds as asked; the
//! figures are this thread's CPU time (Linux) per request, so the server's share is not in them.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use lycosa::clock::SystemClock;
use lycosa::fetch::{AddressGuard, Client, ClientOptions, SystemResolver};
use lycosa::model::{ConnectPolicy, Exchange, Fetch as _, FetchLimits, Request};
use url::Url;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let url: Url =
        arguments.next().ok_or("give a URL, a number of requests and a number of rounds")?.parse()?;
    let requests: u32 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let rounds: u32 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for round in 1..=rounds {
        let bare = runtime.block_on(timed(requests, bare(&url, requests)))?;
        let client = runtime.block_on(timed(requests, client(&url, requests)))?;
        println!(
            "round {round}: bare hyper {bare:.2} µs, client {client:.2} µs of CPU per request: {:.3} ×",
            client / bare
        );
    }
    Ok(())
}

/// Microseconds of this thread's CPU per request.
async fn timed(requests: u32, work: impl Future<Output = Outcome<()>>) -> Outcome<f64> {
    let before = cpu_nanoseconds()?;
    work.await?;
    let spent = cpu_nanoseconds()?.saturating_sub(before);
    Ok(f64::from(u32::try_from(spent / u64::from(requests))?) / 1_000.0)
}

fn cpu_nanoseconds() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("no schedstat")?.parse()?)
}

/// What hyper alone needs, with a task per connection and the same headers.
async fn bare(url: &Url, requests: u32) -> Outcome<()> {
    let address = url.socket_addrs(|| None)?.first().copied().ok_or("no address")?;
    let stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let task = tokio::spawn(connection);
    for _ in 0..requests {
        let mut request = http::Request::get(url.path()).body(Empty::<Bytes>::new())?;
        request.headers_mut().insert("host", http::HeaderValue::from_str(url.authority())?);
        request.headers_mut().insert("user-agent", http::HeaderValue::from_static("bench"));
        request.headers_mut().insert("accept", http::HeaderValue::from_static("text/html"));
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        if body.is_empty() {
            return Err("an empty body".into());
        }
    }
    drop(sender);
    task.await??;
    Ok(())
}

/// The client as a crawl uses it: guard, ledger, limits and facts.
async fn client(url: &Url, requests: u32) -> Outcome<()> {
    let options = ClientOptions::new(Arc::new(SystemResolver::new(Arc::new(SystemClock::new()))));
    let client = Client::new(options)?;
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.0/8")?;
    let policy: Arc<dyn ConnectPolicy> = Arc::new(guard);
    let request = Arc::new(Request::get(url.as_str()));
    for _ in 0..requests {
        let mut headers = http::HeaderMap::with_capacity(4);
        headers.insert("user-agent", http::HeaderValue::from_static("bench"));
        headers.insert("accept", http::HeaderValue::from_static("text/html"));
        let exchange = Exchange {
            request: request.clone(),
            url: url.clone(),
            headers,
            policy: policy.clone(),
            limits: FetchLimits::default(),
            proxy: None,
        };
        let (body, end) = client.fetch(exchange).await?.body.read().await;
        if body.is_empty() || end.error.is_some() {
            return Err("a bad body".into());
        }
    }
    client.close().await;
    Ok(())
}
