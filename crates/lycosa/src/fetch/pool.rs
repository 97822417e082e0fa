//! Idle connections, per origin and session, and their end; how many may be open per origin.
//!
//! A connection in use is not here: it belongs to its exchange and then to its body, which gives it back. One
//! sweeping task runs while anything is idle.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::PoolOptions;
use super::connection::Connection;
use crate::ledger::{Ledger, Resource};
use crate::model::{FetchLimits, Origin, ProxyUrl, SessionId};

/// Forgotten sessions remembered; connections of older ones end by their age.
const MOST_FORGOTTEN: usize = 4096;

/// Which exchanges may share a connection. The limits of the response head are fixed when a connection opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    origin: Origin,
    session: SessionId,
    proxy: Option<ProxyUrl>,
    head: u32,
    fields: u32,
}

impl Hash for Key {
    /// What tells keys apart in practice; hashing every field would cost more than the comparison it saves.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.origin.host.as_bytes());
        state.write_u64(u64::from(self.session.0) << 16 | u64::from(self.origin.port));
    }
}

impl Key {
    pub(super) fn new(
        origin: Origin,
        session: SessionId,
        proxy: Option<ProxyUrl>,
        limits: &FetchLimits,
    ) -> Self {
        Self { origin, session, proxy, head: limits.head, fields: limits.fields }
    }

    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// The idle connections of one client.
#[derive(Debug)]
pub(super) struct Pool {
    state: Mutex<State>,
    options: PoolOptions,
    ledger: Ledger,
    /// Waits for every connection and task.
    pub(super) tracker: TaskTracker,
    closing: CancellationToken,
    /// A connection became idle or ended.
    freed: Notify,
}

/// The right to have one connection open to an origin; given back when it is dropped.
pub(super) struct Slot {
    pool: Arc<Pool>,
    origin: Origin,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        if let Some(open) = state.open.get_mut(&self.origin) {
            *open -= 1;
            if *open == 0 {
                state.open.remove(&self.origin);
            }
        }
        drop(state);
        self.pool.freed.notify_waiters();
    }
}

/// What an origin has for one more exchange.
pub(super) enum Room {
    /// A connection may be opened.
    New(Slot),
    /// A connection became idle.
    Idle(Box<Connection>),
}

#[derive(Debug, Default)]
struct State {
    /// Connections open per origin: those in use, idle ones, and those being opened.
    open: HashMap<Origin, usize>,
    idle: HashMap<Key, Vec<Idle>>,
    count: usize,
    sweeping: bool,
    /// Sessions that are no more: what still runs for them is not kept. The newest have the highest ids.
    forgotten: BTreeSet<SessionId>,
}

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    until: Instant,
}

impl Pool {
    pub(super) fn new(options: PoolOptions, ledger: Ledger) -> Self {
        Self {
            state: Mutex::default(),
            options,
            ledger,
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
            freed: Notify::new(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// The connection used last that was open when it was last looked at.
    pub(super) fn take(&self, key: &Key, now: Instant) -> Option<Box<Connection>> {
        loop {
            let mut idle = {
                let mut state = self.lock();
                let idle = state.idle.get_mut(key)?.pop()?;
                state.count -= 1;
                idle
            };
            if idle.until > now && idle.connection.is_open() {
                idle.connection.becomes(Resource::ConnectionsInUse);
                return Some(idle.connection);
            }
        }
    }

    /// Waits until the origin has room for one more exchange: the right to open a connection, or an idle one.
    pub(super) async fn room(self: &Arc<Self>, key: &Key) -> Room {
        loop {
            let freed = self.freed.notified();
            if let Some(slot) = self.slot(&key.origin) {
                return Room::New(slot);
            }
            if let Some(idle) = self.take(key, Instant::now()) {
                return Room::Idle(idle);
            }
            // Another session's idle connection makes room: it cannot be used here, but must not be in the way.
            if self.close_one_idle(&key.origin) {
                continue;
            }
            freed.await;
        }
    }

    fn slot(self: &Arc<Self>, origin: &Origin) -> Option<Slot> {
        let mut state = self.lock();
        let most = self.options.max_open_per_origin.max(1);
        let open = state.open.entry(origin.clone()).or_default();
        if *open >= most {
            return None;
        }
        *open += 1;
        drop(state);
        Some(Slot { pool: self.clone(), origin: origin.clone() })
    }

    fn close_one_idle(&self, origin: &Origin) -> bool {
        let mut state = self.lock();
        let shelf = state.idle.iter_mut().find(|(key, shelf)| key.origin == *origin && !shelf.is_empty());
        let closed = shelf.map(|(_, shelf)| shelf.remove(0));
        state.count -= usize::from(closed.is_some());
        drop(state);
        closed.is_some()
    }

    /// Keeps a connection for later, or drops it: when it cannot be used again, when the pool is full or closed.
    pub(super) fn put(self: &Arc<Self>, key: Key, mut connection: Box<Connection>) {
        if self.options.max_idle_per_origin == 0 || self.is_closed() {
            return;
        }
        if !connection.is_reusable() {
            return;
        }
        let own = self.options.idle_timeout.min(std::time::Duration::from_secs(86_400));
        let Some(time) = connection.keep_alive.idle_time(own) else { return };
        let until = Instant::now() + time;
        let mut state = self.lock();
        // `close` cancels first and empties the table after, so one of the two sees this connection.
        let unwanted = state.forgotten.contains(&key.session);
        if state.count >= self.options.max_idle || self.is_closed() || unwanted {
            return;
        }
        let sweeper = if state.sweeping { None } else { Some(tokio::runtime::Handle::try_current()) };
        // Outside a runtime nobody would sweep it away.
        if matches!(sweeper, Some(Err(_))) {
            return;
        }
        let shelf = state.idle.entry(key).or_default();
        if shelf.len() >= self.options.max_idle_per_origin {
            return;
        }
        connection.becomes(Resource::ConnectionsIdle);
        shelf.push(Idle { connection, until });
        state.count += 1;
        self.freed.notify_waiters();
        if let Some(Ok(runtime)) = sweeper {
            state.sweeping = true;
            let open = self.ledger.open(Resource::Tasks);
            let pool = self.clone();
            self.tracker.spawn_on(
                async move {
                    let _open = open;
                    pool.sweep().await;
                },
                &runtime,
            );
        }
    }

    /// Closes idle connections as they grow old, until none is left.
    async fn sweep(&self) {
        let pause = (self.options.idle_timeout / 4)
            .clamp(std::time::Duration::from_millis(50), std::time::Duration::from_secs(5));
        let _timer = self.ledger.open(Resource::Timers);
        loop {
            let closing = self.closing.cancelled();
            if tokio::time::timeout(pause, closing).await.is_ok() {
                return;
            }
            let old = self.expired();
            drop(old);
            let mut state = self.lock();
            if state.count == 0 {
                state.idle.clear();
                state.sweeping = false;
                return;
            }
        }
    }

    /// Takes out what is too old or was closed by its peer; it is dropped by the caller, without the lock.
    fn expired(&self) -> Vec<Idle> {
        let now = Instant::now();
        let mut state = self.lock();
        let mut old = Vec::new();
        for shelf in state.idle.values_mut() {
            old.extend(shelf.extract_if(.., |idle| idle.until <= now || !idle.connection.is_reusable()));
        }
        state.idle.retain(|_, shelf| !shelf.is_empty());
        state.count -= old.len();
        old
    }

    /// Closes the idle connections of a session, now and as others of it become idle.
    pub(super) fn forget(&self, session: SessionId) {
        let mut state = self.lock();
        state.forgotten.insert(session);
        if state.forgotten.len() > MOST_FORGOTTEN {
            state.forgotten.pop_first();
        }
        let closed: Vec<_> = state.idle.extract_if(|key, _| key.session == session).collect();
        state.count -= closed.iter().map(|(_, shelf)| shelf.len()).sum::<usize>();
        drop(state);
        drop(closed);
    }

    /// Closes every idle connection, now and from now on.
    pub(super) fn close(&self) {
        self.closing.cancel();
        self.tracker.close();
        let idle = {
            let mut state = self.lock();
            state.count = 0;
            std::mem::take(&mut state.idle)
        };
        drop(idle);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
