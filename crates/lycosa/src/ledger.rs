//! The ledger: counters of everything that is open, so that a leak is a number and not a feeling.
//!
//! One [`Ledger`] belongs to one crawl or client; there is no global state. An [`Open`] guard counts one thing
//! for as long as it lives, however its task ends. Layer 0: no runtime; exporters live above.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// Open TCP connections, in use or idle.
    Connections,
    /// Response bodies not read to their end or dropped.
    Bodies,
    /// Name lookups under way.
    Lookups,
    /// TLS handshakes under way.
    Handshakes,
    /// Spawned tasks.
    Tasks,
    /// Leases held by workers.
    Leases,
    /// Middleware calls under way.
    Middlewares,
}

impl Resource {
    /// Every resource.
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::Bodies,
        Self::Lookups,
        Self::Handshakes,
        Self::Tasks,
        Self::Leases,
        Self::Middlewares,
    ];

    /// The name used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Bodies => "bodies",
            Self::Lookups => "lookups",
            Self::Handshakes => "handshakes",
            Self::Tasks => "tasks",
            Self::Leases => "leases",
            Self::Middlewares => "middlewares",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// Counters of what is open. Cheap to clone; clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<[AtomicI64; Resource::ALL.len()]>);

impl Ledger {
    /// Counts one more of this resource until the guard is dropped.
    #[must_use]
    pub fn open(&self, resource: Resource) -> Open {
        self.0[resource.index()].fetch_add(1, Ordering::Relaxed);
        Open { ledger: self.clone(), resource }
    }

    /// How many of this resource are open now.
    #[must_use]
    pub fn count(&self, resource: Resource) -> i64 {
        self.0[resource.index()].load(Ordering::Relaxed)
    }

    /// Every resource that is open, with its count; empty when nothing leaks.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Resource, i64)> {
        Resource::ALL.into_iter().map(|r| (r, self.count(r))).filter(|(_, count)| *count != 0).collect()
    }
}

/// One open resource; dropping it counts it out.
#[derive(Debug)]
pub struct Open {
    ledger: Ledger,
    resource: Resource,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.ledger.0[self.resource.index()].fetch_sub(1, Ordering::Relaxed);
    }
}
