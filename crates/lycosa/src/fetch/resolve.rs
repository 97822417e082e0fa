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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ManualClock;

    fn resolver() -> (Arc<ManualClock>, SystemResolver) {
        let clock = Arc::new(ManualClock::default());
        (clock.clone(), SystemResolver::new(clock))
    }

    #[tokio::test]
    async fn localhost_resolves_as_the_system_says() {
        let (_, resolver) = resolver();
        let found = resolver.resolve("localhost").await.unwrap();
        assert!(
            !found.is_empty()
                && found.iter().all(|address| address.ip().is_loopback() && address.port() == 0)
        );
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_a_typed_failure_and_not_kept() {
        let (_, resolver) = resolver();
        let error = resolver.resolve("no-such-host.invalid").await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Resolve, Some(Phase::Dns)));
        assert!(error.message().contains("no-such-host.invalid"));
        let names = resolver.lock();
        assert!(names.known.is_empty() && names.asked.is_empty());
    }

    #[tokio::test]
    async fn answers_are_kept_for_a_minute() {
        let (clock, resolver) = resolver();
        let planted: Arc<[SocketAddr]> = [SocketAddr::from(([192, 0, 2, 7], 0))].into();
        resolver.keep("localhost", &planted);
        clock.advance(Duration::from_secs(59));
        assert_eq!(resolver.resolve("localhost").await.unwrap(), *planted);
        clock.advance(Duration::from_secs(1));
        assert_ne!(resolver.resolve("localhost").await.unwrap(), *planted);
    }

    #[tokio::test]
    async fn the_names_kept_are_bounded() {
        let (_, resolver) = resolver();
        let address: Arc<[SocketAddr]> = [SocketAddr::from(([192, 0, 2, 7], 0))].into();
        for number in 0..MOST_NAMES + 10 {
            resolver.keep(&format!("{number}.example"), &address);
        }
        assert!(resolver.lock().known.len() <= MOST_NAMES);
    }

    #[tokio::test]
    async fn whoever_waits_shares_one_question_and_takes_it_over_when_the_asker_leaves() {
        let (_, resolver) = resolver();
        // No thread is free: whoever asks waits.
        let busy = resolver.lookups.clone().acquire_many_owned(64).await.unwrap();
        let mut first = Box::pin(resolver.resolve("localhost"));
        let mut second = Box::pin(resolver.resolve("localhost"));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending());
        assert_eq!(resolver.lock().asked.len(), 1);
        drop(first);
        assert_eq!(resolver.lock().asked.len(), 1, "the second still waits");
        drop(busy);
        assert!(!second.await.unwrap().is_empty());
        assert!(resolver.lock().asked.is_empty());
    }
}
