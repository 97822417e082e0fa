//! The record of what arrived: order, time, host, connection, and how many requests of that host were open. A
//! request counts as open from the end of its head until *just before* the last bytes of its answer are written,
//! so a client that starts the next request on seeing the end is never counted twice.

use crate::Request;
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Hits beyond this number are counted but not kept.
const KEPT: usize = 1_000_000;

/// Microseconds since the first use in this process; one scale for all servers of a test.
pub fn monotonic_micros() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Hit {
    /// When its head had been read, on the scale of [`monotonic_micros`].
    pub at: u64,
    /// When its answer was (almost) written or given up; `None` while it is open.
    pub ended: Option<u64>,
    /// The `Host` header as sent.
    pub host: String,
    /// The path without the query, as sent.
    pub path: String,
    /// Path and query, as sent.
    pub target: String,
    /// The method.
    pub method: String,
    /// Header lines in the order sent.
    pub headers: Vec<(String, String)>,
    /// The number of the connection, from 1.
    pub connection: u64,
    /// Requests of this host open at its arrival, itself included: 1 means it was alone.
    pub in_flight: usize,
}

#[derive(Debug, Default)]
struct State {
    hits: Vec<Hit>,
    total: usize,
    open: HashMap<String, usize>,
    visits: HashMap<(String, String, String), u32>,
}

/// Shared by a server and its connections.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Whether hits and visits are not kept, for a site that keeps a log of its own.
    forgets: bool,
    state: Mutex<State>,
    arrived: Condvar,
    count: watch::Sender<usize>,
}

impl Log {
    /// A log that counts requests and keeps nothing else.
    pub(crate) fn forgetful() -> Self {
        Self { forgets: true, ..Self::default() }
    }

    pub(crate) fn forgets(&self) -> bool {
        self.forgets
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an arrival, sets the request's `visit`, and returns the guard that ends it.
    pub(crate) fn arrive(self: &Arc<Self>, request: &mut Request) -> Open {
        let mut state = self.state();
        if self.forgets {
            state.total += 1;
            return Open { log: self.clone(), host: None, index: usize::MAX, held: None };
        }
        let key = (request.method.clone(), request.host().to_owned(), request.target.clone());
        let visit = state.visits.entry(key).or_default();
        *visit += 1;
        request.visit = *visit;
        let open = state.open.entry(request.host().to_owned()).or_default();
        *open += 1;
        let in_flight = *open;
        let hit = Hit {
            at: monotonic_micros(),
            ended: None,
            host: request.host().into(),
            path: request.path().into(),
            target: request.target.clone(),
            method: request.method.clone(),
            headers: request.headers.clone(),
            connection: request.connection,
            in_flight,
        };
        let host = hit.host.clone();
        let index = state.hits.len();
        if index < KEPT {
            state.hits.push(hit);
        }
        state.total += 1;
        self.count.send_replace(state.total);
        self.arrived.notify_all();
        Open { log: self.clone(), host: Some(host), index, held: None }
    }

    pub(crate) fn hits(&self) -> Vec<Hit> {
        self.state().hits.clone()
    }

    pub(crate) fn total(&self) -> usize {
        self.state().total
    }

    pub(crate) fn open(&self) -> usize {
        self.state().open.values().sum()
    }

    /// Blocks until `count` requests have arrived in all; `false` when `patience` ran out first.
    pub(crate) fn wait(&self, count: usize, patience: Duration) -> bool {
        let state = self.state();
        let waited = self.arrived.wait_timeout_while(state, patience, |state| state.total < count);
        waited
            .map_or_else(|poisoned| poisoned.into_inner().0.total >= count, |(state, _)| state.total >= count)
    }

    pub(crate) async fn reached(&self, count: usize) {
        let mut watcher = self.count.subscribe();
        // The sender lives as long as `self`, so the only end of this wait is the count.
        let _ = watcher.wait_for(|total| *total >= count).await;
    }
}

/// One open request; ends on drop.
#[derive(Debug)]
pub(crate) struct Open {
    log: Arc<Log>,
    host: Option<String>,
    index: usize,
    /// What else ends with the request.
    pub(crate) held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(host) = &self.host else { return };
        let mut state = self.log.state();
        if let Some(open) = state.open.get_mut(host) {
            *open -= 1;
        }
        if let Some(hit) = state.hits.get_mut(self.index) {
            hit.ended = Some(monotonic_micros());
        }
    }
}
