//! What the engine was told, remembered over all lives of a crawl, and what must therefore hold: a small model of
//! the frontier's promises that knows nothing of how they are kept.
//!
//! It stands between the engine and whatever implements the frontier, sabotage included (`watched` has the
//! decorators). The oracle judges the output at the end; this judges every answer at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use lycosa::model::{Committed, Lease, Nack, Pace, RequestKind, Stats, Timestamp, Token, UrlKey};
use tokio::sync::Notify;

use crate::plan::Plan;
use crate::switch::Moment;
use crate::verdict::{Verdict, locked};

/// See the module.
#[derive(Debug)]
pub(crate) struct Observer {
    verdict: Verdict,
    /// The longest a lease lasts, and the shortest time between two leases of a site.
    lease: Duration,
    delay: Duration,
    /// Whether pages are visited again.
    visits: bool,
    memory: Mutex<Memory>,
    committed: Notify,
}

#[derive(Debug, Default)]
struct Memory {
    /// What the dead are told is no promise to anybody.
    alive: bool,
    /// Leases of this life that have not ended.
    open: HashMap<Token, Given>,
    /// The token given last for a URL, in any life.
    newest: HashMap<UrlKey, Token>,
    /// The visit of a URL whose outcome was acknowledged last, and the one that was handed out last.
    ended: HashMap<UrlKey, u32>,
    visited: HashMap<UrlKey, u32>,
    /// Outcomes of visits after the first that were acknowledged.
    revisited: u64,
    not_before: HashMap<UrlKey, Timestamp>,
    last_start: HashMap<String, Timestamp>,
    /// Every token that was ever given.
    given: HashSet<Token>,
    /// Commits that were acknowledged in this life.
    commits: u64,
    leases: BTreeMap<String, u64>,
    exported: BTreeMap<u64, Committed>,
    totals: Totals,
}

#[derive(Clone, Debug)]
struct Given {
    key: UrlKey,
    url: String,
    site: String,
    kind: RequestKind,
    /// The visit, from 0.
    generation: u32,
    start: Timestamp,
    deadline: Timestamp,
    /// It is being given back.
    ending: bool,
}

/// Sums over all lives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    /// Leases whose holder was killed.
    pub(crate) killed: u64,
    /// Leases that were given back.
    pub(crate) nacked: u64,
    /// Leases that ran out before their holder was done.
    pub(crate) fenced: u64,
    /// Leases that a state found open when it was opened: those of the killed, and those on their way to them.
    pub(crate) reopened: u64,
    /// Leases for visits after the first.
    pub(crate) visits: u64,
}

impl Observer {
    pub(crate) fn new(verdict: Verdict, plan: &Plan) -> Self {
        let Pace { lease, delay, .. } = plan.pace;
        let visits = plan.visits.is_some();
        Self { verdict, lease, delay, visits, memory: Mutex::default(), committed: Notify::new() }
    }

    fn living(&self) -> Option<MutexGuard<'_, Memory>> {
        Some(locked(&self.memory)).filter(|memory| memory.alive)
    }

    /// Resolves when so many commits of this life are durable.
    pub(crate) async fn committed(&self, wanted: u64) {
        loop {
            let more = self.committed.notified();
            if locked(&self.memory).commits >= wanted {
                return;
            }
            more.await;
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        locked(&self.memory).totals
    }

    /// How often each URL was leased.
    pub(crate) fn leases(&self) -> BTreeMap<String, u64> {
        locked(&self.memory).leases.clone()
    }

    /// Everything that was ever visible in the outbox, in order.
    pub(crate) fn exported(&self) -> Vec<Committed> {
        locked(&self.memory).exported.values().cloned().collect()
    }

    /// The process is dead from now on.
    pub(crate) fn life_ends(&self) -> Moment {
        let mut memory = locked(&self.memory);
        let moment = Moment { commits: memory.commits, open: memory.open.len() as u64 };
        memory.totals.killed += moment.open;
        memory.open.clear();
        memory.commits = 0;
        memory.alive = false;
        moment
    }

    /// The clock was put back: what was due before is due, whatever it shows now.
    pub(crate) fn clock_put_back(&self) {
        locked(&self.memory).not_before.clear();
    }

    /// A new process has opened the state.
    pub(crate) fn life_begins(&self, stats: &Stats, reopened: u64, now: Timestamp) {
        let mut memory = locked(&self.memory);
        memory.totals.reopened += reopened;
        memory.alive = true;
        // The clock may have been put back meanwhile.
        memory.last_start.values_mut().for_each(|at| *at = (*at).min(now));
        let ended = memory.ended.len() as u64;
        if stats.leased != 0 {
            self.verdict.violated(format!("{} URLs are leased right after opening", stats.leased));
        }
        // A URL whose next visit is due is not done.
        if stats.done < ended && !self.visits || stats.revisited < memory.revisited {
            let what = format!("{ended} outcomes were acknowledged, the reopened state has {}", stats.done);
            self.verdict.violated(what);
        }
        self.balanced(stats);
    }

    pub(crate) fn balanced(&self, stats: &Stats) {
        if stats.known != stats.pending + stats.leased + stats.done + stats.parked {
            self.verdict.violated(format!("known is not pending + leased + done + parked: {stats:?}"));
        }
    }

    pub(crate) fn leased(&self, lease: &Lease) {
        let given = Given {
            key: lease.key,
            url: lease.request.url.to_string(),
            site: lease.site.to_string(),
            kind: lease.request.kind,
            generation: lease.request.generation,
            start: Timestamp(lease.deadline.0.saturating_sub(self.lease.as_millis() as u64)),
            deadline: lease.deadline,
            ending: false,
        };
        let Some(mut memory) = self.living() else { return };
        if let Some(broken) = memory.broken_by(&given, self.delay) {
            self.verdict.violated(broken);
        }
        if !memory.given.insert(lease.token) {
            self.verdict
                .violated(format!("token {} was given a second time, to {}", lease.token.0, given.url));
        }
        *memory.leases.entry(given.url.clone()).or_default() += 1;
        memory.last_start.insert(given.site.clone(), given.start);
        if given.kind != RequestKind::Robots {
            memory.newest.insert(given.key, lease.token);
            let visited = memory.visited.entry(given.key).or_default();
            *visited = given.generation.max(*visited);
            memory.totals.visits += u64::from(given.generation > 0);
        }
        memory.open.insert(lease.token, given);
    }

    /// Leases but those of robots.txt, which the frontier counts apart.
    pub(crate) fn open(&self) -> u64 {
        let memory = locked(&self.memory);
        memory.open.values().filter(|given| given.kind != RequestKind::Robots).count() as u64
    }

    /// Nothing was handed out: then the frontier must not think that more is open than was `open` just before.
    pub(crate) fn nothing_leased(&self, open: u64, stats: &Stats) {
        if self.living().is_none() {
            return;
        }
        if stats.leased > open {
            let what = format!("the frontier counts {} open leases, the engine holds {open}", stats.leased);
            self.verdict.violated(what);
        }
        self.balanced(stats);
    }

    pub(crate) fn extended(&self, token: Token, deadline: Timestamp) {
        if let Some(given) = locked(&self.memory).open.get_mut(&token) {
            given.deadline = given.deadline.max(deadline);
        }
    }

    /// An end is on its way: what it frees may be used before it is acknowledged. `sent`: whether a request was
    /// made under the lease; if not, the site's time was not used.
    pub(crate) fn ends(&self, token: Token, gives_back: bool, sent: bool) {
        let mut memory = locked(&self.memory);
        let Some(given) = memory.open.get_mut(&token) else { return };
        given.ending = gives_back;
        let site = given.site.clone();
        if !sent {
            memory.last_start.remove(&site);
        }
    }

    pub(crate) fn ended(&self, token: Token) {
        let Some(mut memory) = self.living() else { return };
        let Some(given) = memory.open.remove(&token) else { return };
        memory.commits += 1;
        if given.kind != RequestKind::Robots {
            if memory.newest.get(&given.key) != Some(&token) {
                self.verdict.violated(format!("a lease that had run out was committed: {}", given.url));
            }
            memory.revisited += u64::from(given.generation > 0);
            let before = memory.ended.insert(given.key, given.generation);
            if before.is_some_and(|before| before >= given.generation) {
                self.verdict.violated(format!("two outcomes were acknowledged: {}", given.url));
            }
        }
        drop(memory);
        self.committed.notify_waiters();
    }

    pub(crate) fn given_back(&self, nack: &Nack) {
        let Some(mut memory) = self.living() else { return };
        let Some(given) = memory.open.remove(&nack.token) else { return };
        memory.totals.nacked += 1;
        memory.not_before.insert(given.key, nack.retry.not_before);
    }

    pub(crate) fn fenced(&self, token: Token) {
        let Some(mut memory) = self.living() else { return };
        if memory.open.remove(&token).is_some() {
            memory.totals.fenced += 1;
        }
    }

    pub(crate) fn read(&self, commits: &[Committed]) {
        let mut memory = locked(&self.memory);
        for commit in commits {
            let before = memory.exported.insert(commit.lsn.0, commit.clone());
            if before.is_some_and(|before| before.records != commit.records) {
                self.verdict.violated(format!("the commit at {} was read with other records", commit.lsn.0));
            }
        }
    }
}

impl Memory {
    fn broken_by(&self, given: &Given, delay: Duration) -> Option<String> {
        let url = &given.url;
        if let Some(last) = self.last_start.get(&given.site)
            && given.start < last.after(delay)
        {
            let gap = given.start.since(*last).as_millis();
            return Some(format!("{url} was leased {gap} ms after another of its site, not {delay:?}"));
        }
        if given.kind == RequestKind::Robots {
            return None;
        }
        if self.ended.get(&given.key).is_some_and(|ended| *ended >= given.generation) {
            return Some(format!("{url} was leased again after its outcome was acknowledged"));
        }
        let next = self.visited.get(&given.key).map_or(0, |visited| visited + 1);
        if given.generation > next {
            return Some(format!("{url} was leased for visit {}, {next} is the next", given.generation));
        }
        if self.not_before.get(&given.key).is_some_and(|at| given.start < *at) {
            return Some(format!("{url} was leased before its retry was due"));
        }
        let other = self.newest.get(&given.key).and_then(|token| self.open.get(token));
        if other.is_some_and(|other| !other.ending && other.deadline > given.start) {
            return Some(format!("{url} was leased to two workers at once"));
        }
        None
    }
}

/// The names of a set that another lacks, a few of them.
pub(crate) fn few<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let all: BTreeSet<&String> = names.collect();
    let shown: Vec<&str> = all.iter().take(3).map(|name| name.as_str()).collect();
    let more = if all.len() > 3 { format!(" and {} more", all.len() - 3) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
