//! Names by the system's resolver: lookups shared, answers kept for a minute.
//!
//! `getaddrinfo` tells no time to live and cannot be cancelled. So answers are kept for a fixed short time, and a
//! bounded number of threads waits for the system: one that hangs holds its place until the system gives up.
//! Limits of time are the client's.

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{BoxFuture, Clock, Resolve, Timestamp};

/// An answer is good for this long.
const KEPT: Duration = Duration::from_secs(60);
/// Names kept at most.
const MOST_NAMES: usize = 10_000;
/// Lookups the system works on at a time.
const MOST_LOOKUPS: usize = 64;

type Found = Result<Arc<[SocketAddr]>>;
type Shared = Arc<OnceCell<Found>>;

/// Asks the system, as every other program does: hosts file, `localhost` and search domains included.
///
/// Successes are kept for 60 s, at most 10,000 names; failures are not kept. Lookups of one name at the same time
/// share one question. Needs a tokio runtime.
#[derive(Debug)]
pub struct SystemResolver {
    clock: Arc<dyn Clock>,
    names: Mutex<Names>,
    lookups: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Names {
    known: HashMap<Box<str>, (Timestamp, Arc<[SocketAddr]>)>,
    asked: HashMap<Box<str>, Shared>,
}

impl SystemResolver {
    /// A resolver that tells the age of its answers by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, names: Mutex::default(), lookups: Arc::new(Semaphore::new(MOST_LOOKUPS)) }
    }

    async fn lookup(&self, host: &str) -> Result<Vec<SocketAddr>> {
        let asked = {
            let mut names = self.lock();
            if let Some((at, addresses)) = names.known.get(host)
                && self.clock.now().since(*at) < KEPT
            {
                return Ok(addresses.to_vec());
            }
            let cell = names.asked.entry(host.into()).or_default().clone();
            Asked { resolver: self, host, cell }
        };
        // Whoever comes first asks; when that one is dropped the next one asks anew.
        let found = asked.cell.get_or_init(|| self.ask(host)).await.clone();
        if let Ok(addresses) = &found {
            self.keep(host, addresses);
        }
        found.map(|addresses| addresses.to_vec())
    }

    async fn ask(&self, host: &str) -> Found {
        let internal = |what: &str| Error::new(ErrorKind::Internal, what).in_phase(Phase::Dns);
        let permit = self.lookups.clone().acquire_owned().await;
        let permit = permit.map_err(|_| internal("the name lookups are shut"))?;
        let name = host.to_owned();
        let answer = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            (name.as_str(), 0).to_socket_addrs().map(Vec::from_iter)
        });
        let failed = || {
            Error::new(ErrorKind::Resolve, format!("the host name {host} does not resolve"))
                .in_phase(Phase::Dns)
        };
        match answer.await {
            Ok(Ok(mut addresses)) => {
                let mut seen = std::collections::HashSet::new();
                addresses.retain(|address| seen.insert(*address));
                if addresses.is_empty() { Err(failed()) } else { Ok(addresses.into()) }
            }
            Ok(Err(cause)) => Err(failed().with_source(cause)),
            Err(cause) => Err(internal("the name lookup was cut off").with_source(cause)),
        }
    }

    fn keep(&self, host: &str, addresses: &Arc<[SocketAddr]>) {
        let now = self.clock.now();
        let mut names = self.lock();
        if names.known.len() >= MOST_NAMES && !names.known.contains_key(host) {
            names.known.retain(|_, (at, _)| now.since(*at) < KEPT);
            if names.known.len() >= MOST_NAMES {
                // All of them are fresh: asking again is cheaper than an order among ten thousand names.
                names.known.clear();
            }
        }
        names.known.insert(host.into(), (now, addresses.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(self.lookup(host))
    }
}

/// One of those who wait for a name; the last one to leave takes the question off the table.
struct Asked<'a> {
    resolver: &'a SystemResolver,
    host: &'a str,
    cell: Shared,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut names = self.resolver.lock();
        // An answered question is old news at once; an unanswered one stays while others wait (the table and
        // this one hold it twice).
        let gone = self.cell.initialized() || Arc::strong_count(&self.cell) <= 2;
        if gone && names.asked.get(self.host).is_some_and(|cell| Arc::ptr_eq(cell, &self.cell)) {
            names.asked.remove(self.host);
        }
    }
}
