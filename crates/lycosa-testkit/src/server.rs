//! One site on one loopback port. The server has a thread and a runtime of its own, so it works the same from an
//! async test (whose clock may be paused), from a plain thread, and beside a child process that is being killed.
//! Dropping it closes every connection, joins the thread and re-raises a panic of the site's function.

use crate::answer::{self, After};
use crate::log::{Hit, Log};
use crate::{Request, Response, request};
use std::any::Any;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};

/// Connections served at once; further ones wait in the accept queue.
const CONNECTIONS: usize = 4096;

/// A site: a function from a request to an answer.
pub type Site = dyn Fn(&Request) -> Response + Send + Sync;

struct Shared {
    site: Box<Site>,
    /// Whether connections from other machines are turned away.
    is_private: bool,
    log: Arc<Log>,
    accepted: AtomicU64,
    open: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// A running site. Stops when dropped.
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts a site on a free port of 127.0.0.1. The port accepts connections when this returns. May be called
    /// inside or outside a runtime; there is nothing to await.
    pub fn start(site: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), site).expect("a free port on 127.0.0.1")
    }

    /// Starts a site on this address, for a second loopback address (127.0.0.2) or to come back on the same port.
    pub fn start_on(
        addr: SocketAddr,
        site: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> io::Result<Self> {
        start(std::net::TcpListener::bind(addr)?, Log::default(), Box::new(site))
    }

    /// Takes a free port, on one address or (`0.0.0.0`) on all of them, for a site that must know it beforehand.
    pub fn reserve(addr: Ipv4Addr) -> io::Result<Reserved> {
        let listener = std::net::TcpListener::bind((addr, 0))?;
        Ok(Reserved { port: listener.local_addr()?.port(), listener })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path on this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{}", self.addr, path.strip_prefix('/').unwrap_or(path))
    }

    /// Every request that arrived so far, in order of arrival (the first million).
    pub fn log(&self) -> Vec<Hit> {
        self.shared.log.hits()
    }

    /// The number of requests that arrived so far.
    pub fn hits(&self) -> usize {
        self.shared.log.total()
    }

    /// How often this path was asked, whatever the query and method.
    pub fn hits_on(&self, path: &str) -> usize {
        self.log().iter().filter(|hit| hit.path == path).count()
    }

    /// The most requests of one host that were open at once.
    pub fn most_in_flight(&self, host: &str) -> usize {
        self.log().iter().filter(|hit| hit.host == host).map(|hit| hit.in_flight).max().unwrap_or(0)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Connections open now, as far as the server has noticed.
    pub fn open_connections(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Requests that have arrived and are not answered yet.
    pub fn open_requests(&self) -> usize {
        self.shared.log.open()
    }

    /// Blocks the thread until so many requests have arrived in all; `false` when `patience` ran out first.
    pub fn wait_for_hits(&self, count: usize, patience: Duration) -> bool {
        self.shared.log.wait(count, patience)
    }

    /// Waits until so many requests have arrived in all; for async tests.
    pub async fn hits_reach(&self, count: usize) {
        self.shared.log.reached(count).await;
    }
}

/// A port that is taken and not served yet.
#[derive(Debug)]
pub struct Reserved {
    port: u16,
    listener: std::net::TcpListener,
}

impl Reserved {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts a site there that keeps a log of its own: the server's keeps no hits, and no request knows its visit. On
    /// all addresses it serves this machine alone.
    pub fn start(self, site: impl Fn(&Request) -> Response + Send + Sync + 'static) -> io::Result<Server> {
        start(self.listener, Log::forgetful(), Box::new(site))
    }
}

fn start(listener: std::net::TcpListener, log: Log, site: Box<Site>) -> io::Result<Server> {
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let shared = Arc::new(Shared {
        site,
        is_private: addr.ip().is_unspecified() && log.forgets(),
        log: Arc::new(log),
        accepted: AtomicU64::new(0),
        open: AtomicUsize::new(0),
        panic: Mutex::new(None),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel();
    let state = shared.clone();
    let thread = std::thread::Builder::new().name(format!("site {addr}")).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                () = accept(listener, state) => {}
                _ = stopped => {}
            }
        });
    })?;
    Ok(Server { addr, shared, stop: Some(stop), thread: Some(thread) })
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let joined = self.thread.take().map_or(Ok(()), JoinHandle::join);
        let in_site = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(cause) = in_site.or(joined.err())
            && !std::thread::panicking()
        {
            resume_unwind(cause);
        }
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("a runtime with I/O");
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = places.clone().acquire_owned().await {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, most likely: give the connections that are ending a moment.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        if shared.is_private && !peer.ip().is_loopback() {
            continue;
        }
        let number = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        shared.open.fetch_add(1, Ordering::Relaxed);
        let connection = OpenConnection(shared.clone());
        tokio::spawn(async move {
            // An error here is a client that went away, which is its right.
            let _ = serve(stream, number, &connection.0).await;
            drop((connection, place));
        });
    }
}

struct OpenConnection(Arc<Shared>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(mut stream: TcpStream, number: u64, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let mut held = Vec::new();
    let mut nth = 0;
    while let Some(mut request) = request::read(&mut stream, &mut held).await? {
        nth += 1;
        request.connection = number;
        request.nth_on_connection = nth;
        request.local = Some(local);
        let mut open = shared.log.arrive(&mut request);
        let mut response = match catch_unwind(AssertUnwindSafe(|| (shared.site)(&request))) {
            Ok(response) => response,
            Err(cause) => {
                shared.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
                return Ok(());
            }
        };
        open.held = response.held.take();
        match answer::write(&mut stream, &request, response, open).await? {
            After::KeepAlive => {}
            After::Close => return stream.shutdown().await,
            After::Reset => return Ok(()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
