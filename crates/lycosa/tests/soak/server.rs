//! A server that breaks off, stalls and lies as its paths say, plain and over TLS, in a thread with a runtime of its
//! own: its tasks are not the client's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::http2;
use crate::plan::PAGE;

/// A running server; it ends with its value.
pub(crate) struct FaultServer {
    /// HTTP/1 plain and over TLS, HTTP/2 plain and over TLS.
    addresses: [SocketAddr; 4],
    stop: Option<DropGuard>,
    thread: Option<JoinHandle<()>>,
}

impl FaultServer {
    pub(crate) fn start() -> Self {
        let (tell, told) = mpsc::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut listeners = Vec::new();
                for _ in 0..4 {
                    listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
                }
                let listeners: [TcpListener; 4] = listeners.try_into().unwrap();
                tell.send(listeners.each_ref().map(|listener| listener.local_addr().unwrap())).unwrap();
                stopped.run_until_cancelled(serve(listeners)).await;
            });
        });
        let addresses = told.recv().unwrap();
        Self { addresses, stop: Some(stop.drop_guard()), thread: Some(thread) }
    }

    /// Where it does what this path says. By its name, so that there is a lookup.
    pub(crate) fn url(&self, tls: bool, http2: bool, path: &str) -> Url {
        let scheme = if tls { "https" } else { "http" };
        let port = self.addresses[usize::from(tls) + 2 * usize::from(http2)].port();
        format!("{scheme}://faults.test:{port}{path}").parse().unwrap()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.stop.take();
        let joined = self.thread.take().map(JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()) || std::thread::panicking(), "the server failed");
    }
}

async fn serve([plain, tls, h2_plain, h2_tls]: [TcpListener; 4]) {
    let (acceptor, h2_acceptor) = (acceptor(&[]), acceptor(&[b"h2"]));
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = plain.accept() => {
                running.spawn(connection(accepted.unwrap().0));
            }
            accepted = tls.accept() => {
                let acceptor = acceptor.clone();
                running.spawn(async move {
                    if let Ok(stream) = acceptor.accept(accepted.unwrap().0).await {
                        connection(stream).await;
                    }
                });
            }
            accepted = h2_plain.accept() => {
                running.spawn(http2::connection(prompt(accepted.unwrap().0)));
            }
            accepted = h2_tls.accept() => {
                let acceptor = h2_acceptor.clone();
                running.spawn(async move {
                    if let Ok(stream) = acceptor.accept(prompt(accepted.unwrap().0)).await {
                        http2::connection(stream).await;
                    }
                });
            }
            Some(_) = running.join_next() => {}
        }
    }
}

/// Without Nagle's pauses, which look like stalls.
fn prompt(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}

fn acceptor(alpn: &[&[u8]]) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["faults.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// What a connection runs over.
trait Line: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Line for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Line for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Answers requests as their paths say until one ends the connection or the client goes.
async fn connection(mut line: impl Line) {
    let _ = line.tcp().set_nodelay(true);
    while let Some(path) = path_asked(&mut line).await {
        if !matches!(answer(&mut line, &path).await, Ok(true)) {
            return;
        }
    }
}

async fn path_asked(line: &mut impl Line) -> Option<String> {
    let mut head = Vec::new();
    let mut piece = [0; 1_024];
    while !head.ends_with(b"\r\n\r\n") {
        let read = line.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&head).split(' ').nth(1).map(str::to_owned)
}

/// One answer; whether another one may follow.
async fn answer(line: &mut impl Line, path: &str) -> std::io::Result<bool> {
    let (half, length) = (&PAGE[..PAGE.len() / 2], PAGE.len());
    match path {
        "/whole" | "/goodbye" => {
            sized(line, length, PAGE).await?;
            return Ok(true);
        }
        "/pieces" => {
            sized(line, length, b"").await?;
            for piece in PAGE.chunks(PAGE.len() / 8) {
                tokio::task::yield_now().await;
                line.write_all(piece).await?;
                line.flush().await?;
            }
            return Ok(true);
        }
        "/reset" => {
            sized(line, length, half).await?;
            socket2::SockRef::from(line.tcp()).set_linger(Some(Duration::ZERO))?;
        }
        "/short" => {
            sized(line, length, half).await?;
            line.shutdown().await?;
        }
        "/long" => {
            sized(line, half.len(), PAGE).await?;
            return Ok(true);
        }
        _ => {
            line.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nthe beginning")
                .await?;
            line.flush().await?;
            // Until the client goes.
            line.read_to_end(&mut Vec::new()).await?;
        }
    }
    Ok(false)
}

/// A head that declares this length, and these bytes.
async fn sized(line: &mut impl Line, length: usize, bytes: &[u8]) -> std::io::Result<()> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.extend_from_slice(bytes);
    line.write_all(&answer).await?;
    line.flush().await
}
