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
    /// Connections being opened: from the right to open one to the end of its handshakes.
    ConnectionsOpening,
    /// Connections with an exchange or its body on them.
    ConnectionsInUse,
    /// Connections kept for a later exchange.
    ConnectionsIdle,
    /// Response bodies not read to their end or dropped.
    Bodies,
    /// Name lookups under way.
    Lookups,
    /// TLS handshakes under way.
    Handshakes,
    /// Spawned tasks.
    Tasks,
    /// Armed timers: of limits, of idle connections, of the wait for the next URL.
    Timers,
    /// Leases held by workers.
    Leases,
    /// Middleware calls under way.
    Middlewares,
}

impl Resource {
    /// Every resource.
    pub const ALL: [Self; 10] = [
        Self::ConnectionsOpening,
        Self::ConnectionsInUse,
        Self::ConnectionsIdle,
        Self::Bodies,
        Self::Lookups,
        Self::Handshakes,
        Self::Tasks,
        Self::Timers,
        Self::Leases,
        Self::Middlewares,
    ];

    /// The name used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionsOpening => "opening connections",
            Self::ConnectionsInUse => "connections in use",
            Self::ConnectionsIdle => "idle connections",
            Self::Bodies => "bodies",
            Self::Lookups => "lookups",
            Self::Handshakes => "handshakes",
            Self::Tasks => "tasks",
            Self::Timers => "timers",
            Self::Leases => "leases",
            Self::Middlewares => "middlewares",
        }
    }

    /// So many of it, in words: `1 task`, `2 connections in use`.
    #[must_use]
    pub fn counted(self, count: i64) -> String {
        let one = match self {
            Self::ConnectionsOpening => "opening connection",
            Self::ConnectionsInUse => "connection in use",
            Self::ConnectionsIdle => "idle connection",
            Self::Bodies => "body",
            Self::Lookups => "lookup",
            Self::Handshakes => "handshake",
            Self::Tasks => "task",
            Self::Timers => "timer",
            Self::Leases => "lease",
            Self::Middlewares => "middleware",
        };
        format!("{count} {}", if count == 1 { one } else { self.as_str() })
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

    /// How many connections are open now, whatever their state.
    #[must_use]
    pub fn connections(&self) -> i64 {
        [Resource::ConnectionsOpening, Resource::ConnectionsInUse, Resource::ConnectionsIdle]
            .into_iter()
            .map(|state| self.count(state))
            .sum()
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

impl Open {
    /// Counts it as another resource from now on: a connection that was in use is idle.
    pub fn becomes(&mut self, resource: Resource) {
        self.ledger.0[resource.index()].fetch_add(1, Ordering::Relaxed);
        self.ledger.0[self.resource.index()].fetch_sub(1, Ordering::Relaxed);
        self.resource = resource;
    }

    /// Counts one more thing in the same ledger.
    #[must_use]
    pub fn beside(&self, resource: Resource) -> Self {
        self.ledger.open(resource)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.ledger.0[self.resource.index()].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_counted_once_whatever_it_becomes() {
        let ledger = Ledger::default();
        let mut open = ledger.open(Resource::ConnectionsOpening);
        let timer = open.beside(Resource::Timers);
        open.becomes(Resource::ConnectionsInUse);
        assert_eq!(ledger.snapshot(), [(Resource::ConnectionsInUse, 1), (Resource::Timers, 1)]);
        open.becomes(Resource::ConnectionsIdle);
        assert_eq!((ledger.connections(), ledger.count(Resource::ConnectionsIdle)), (1, 1));
        drop((open, timer));
        assert_eq!(ledger.snapshot(), []);
    }

    #[test]
    fn every_resource_has_a_counter_and_a_name_of_its_own() {
        let ledger = Ledger::default();
        let open: Vec<_> = Resource::ALL.into_iter().map(|resource| ledger.open(resource)).collect();
        assert_eq!(ledger.snapshot(), Resource::ALL.map(|resource| (resource, 1)));
        let names: std::collections::HashSet<_> = Resource::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(names.len(), open.len());
    }
}
