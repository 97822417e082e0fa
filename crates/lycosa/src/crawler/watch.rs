//! Looking at a crawl while it runs.

use std::sync::Arc;

use crate::ledger::{Ledger, Resource};
use crate::model::{Clock, Frontier, Timestamp, Waits};
use crate::telemetry::{Snapshot, Telemetry};

/// A view of a running crawl. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Watch {
    telemetry: Telemetry,
    frontier: Arc<dyn Frontier>,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    started: Timestamp,
    max_pages: Option<u64>,
}

/// A crawl at one moment.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Pages committed in this run.
    pub pages: u64,
    /// Mean rate of this run.
    pub pages_per_second: f64,
    /// URLs waiting.
    pub queued: u64,
    /// URLs being fetched or committed.
    pub at_work: u64,
    /// Sites met.
    pub hosts: u64,
    /// Failures and error answers (status 400 and up) of this run; that a site has no robots.txt is none.
    pub errors: u64,
    /// Hosts and ports whose URLs wait for a robots.txt that answers with an error.
    pub robots_awaited: u64,
    /// Bytes received in this run.
    pub wire_bytes: u64,
}

impl Watch {
    pub(super) fn new(
        telemetry: Telemetry,
        frontier: Arc<dyn Frontier>,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        max_pages: Option<u64>,
    ) -> Self {
        let started = clock.now();
        Self { telemetry, frontier, ledger, clock, started, max_pages }
    }

    /// The page budget, when there is one: what "bounded" means for an estimate of the end.
    #[must_use]
    pub fn max_pages(&self) -> Option<u64> {
        self.max_pages
    }

    /// The counters of this run.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.telemetry.snapshot()
    }

    /// What is open now: connections by state, bodies, lookups, handshakes, tasks, timers, leases. At the end of the
    /// crawl nothing is.
    #[must_use]
    pub fn open(&self) -> Vec<(Resource, i64)> {
        self.ledger.snapshot()
    }

    /// What the crawl waits for, of use while nothing is at work.
    #[must_use]
    pub fn waits(&self) -> Waits {
        self.frontier.waits()
    }

    /// The present moment, by the crawl's clock.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.clock.now()
    }

    /// The crawl now.
    #[must_use]
    pub fn now(&self) -> Moment {
        let counters = self.telemetry.snapshot();
        let stats = self.frontier.stats();
        let seconds = self.clock.now().since(self.started).as_secs_f64().max(0.001);
        let refused: u64 = counters.statuses.range(400..).map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let pages_per_second = counters.pages as f64 / seconds;
        Moment {
            pages: counters.pages,
            pages_per_second,
            queued: stats.pending,
            at_work: stats.leased,
            hosts: stats.sites,
            errors: refused.saturating_sub(counters.robots_absent) + counters.failures.values().sum::<u64>(),
            robots_awaited: counters.robots_awaited,
            wire_bytes: counters.wire_bytes,
        }
    }
}
