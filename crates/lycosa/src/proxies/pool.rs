//! Proxies that take turns, and their health.
//!
//! A proxy that failed is *ejected*: it rests, twice as long each time. When its rest is over, one exchange probes
//! it, and its outcome decides. While all rest, the one ejected longest ago is tried before its time, since a crawl
//! that stands still helps nobody. Never goes a request past the pool.
//!
//! Deterministic: the same calls in the same order give the same proxies. An outcome is news only about the state
//! in which its proxy was chosen: what failed together with the request that ejected a proxy does not eject it twice.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::domain::registrable;
use crate::model::{ProxyUrl, SessionId, Timestamp};

/// Hosts remembered per proxy that would not connect to them.
const MOST_REFUSED: usize = 64;

/// How proxies take turns.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyPolicy {
    /// One after the other: each is used equally often.
    #[default]
    RoundRobin,
    /// The same one for a session, and in the default session for a site, as long as it is healthy.
    Sticky,
    /// The one that failed least often so far; of several, the one used least.
    LeastFailures,
}

/// How a pool of proxies works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyOptions {
    /// Default [`ProxyPolicy::RoundRobin`].
    pub policy: ProxyPolicy,
    /// [Failures](ProxyOutcome::Failed) in a row after which a proxy is ejected. Default 1; 0 counts as 1.
    pub max_failures: u32,
    /// [Refusals](ProxyOutcome::Refused) in a row after which a proxy is ejected. Default 5; 0 counts as 1.
    pub max_refusals: u32,
    /// How long the first rest is; each further one without a success in between is twice as long. Default 30 s.
    pub first_rest: Duration,
    /// No rest is longer. Default 10 min.
    pub longest_rest: Duration,
}

impl Default for ProxyOptions {
    fn default() -> Self {
        Self {
            policy: ProxyPolicy::default(),
            max_failures: 1,
            max_refusals: 5,
            first_rest: Duration::from_secs(30),
            longest_rest: Duration::from_secs(600),
        }
    }
}

/// How an exchange ended, as far as its proxy is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyOutcome {
    /// An answer came through it, whatever the answer was.
    Worked,
    /// The proxy itself failed: it cannot be reached, broke off, or wants another login.
    Failed,
    /// It would not or could not connect to this host. That may be the host's fault, so more of them are needed.
    Refused,
    /// Nothing is known: the exchange was cancelled, or failed behind the proxy.
    Unknown,
    /// It was never sent: the use is given back.
    Unsent,
}

/// A proxy chosen for one exchange.
#[derive(Clone, Debug)]
pub struct Chosen {
    proxy: ProxyUrl,
    place: usize,
    epoch: u64,
    host: u64,
    probe: bool,
}

impl Chosen {
    /// The proxy.
    #[must_use]
    pub fn proxy(&self) -> &ProxyUrl {
        &self.proxy
    }

    /// Whether this exchange probes a proxy that was ejected.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

/// What is counted of one proxy since the pool was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyStats {
    /// The proxy, without credentials.
    pub proxy: String,
    /// Exchanges, without those given back.
    pub used: u64,
    /// Failures of its own.
    pub failed: u64,
    /// Hosts it would not or could not connect to, counted each time.
    pub refused: u64,
    /// How often it was ejected.
    pub ejected: u64,
    /// Until when it rests; none for a healthy one.
    pub resting_until: Option<Timestamp>,
}

impl fmt::Display for ProxyStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proxy, used, failed, refused, ejected, .. } = self;
        write!(f, "{proxy}: used {used}, failed {failed}, refused {refused}, ejected {ejected}")
    }
}

/// The proxies of a crawl. Printed without credentials.
pub struct ProxyPool {
    proxies: Vec<ProxyUrl>,
    options: ProxyOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    members: Vec<Member>,
    turn: usize,
    ejections: u64,
}

#[derive(Debug)]
struct Member {
    health: Health,
    /// Changes with every ejection and return.
    epoch: u64,
    used: u64,
    failed: u64,
    refused: u64,
    ejected: u64,
    /// Hashes of hosts it would not connect to, oldest first.
    refused_hosts: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Health {
    /// With the failures and refusals since the last success.
    Healthy { failures: u32, refusals: u32 },
    /// `order` numbers the pool's ejections.
    Ejected { order: u64, until: Timestamp, rest: Duration, probed: bool },
}

impl Member {
    fn new() -> Self {
        let (health, refused_hosts) = (Health::Healthy { failures: 0, refusals: 0 }, VecDeque::new());
        Self { health, epoch: 0, used: 0, failed: 0, refused: 0, ejected: 0, refused_hosts }
    }

    /// The number of its ejection when its rest is over and nobody probes it yet.
    fn due(&self, now: Timestamp) -> Option<u64> {
        match self.health {
            Health::Ejected { order, until, probed: false, .. } if until <= now => Some(order),
            _ => None,
        }
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        matches!(self.health, Health::Healthy { .. }) || self.due(now).is_some()
    }

    /// Counts the use; gives whether it is a probe.
    fn take(&mut self) -> bool {
        self.used += 1;
        match &mut self.health {
            Health::Ejected { probed, .. } => !std::mem::replace(probed, true),
            Health::Healthy { .. } => false,
        }
    }

    fn count(&mut self, outcome: ProxyOutcome, host: u64) {
        match outcome {
            ProxyOutcome::Worked => self.refused_hosts.retain(|known| *known != host),
            ProxyOutcome::Failed => self.failed += 1,
            ProxyOutcome::Refused => {
                self.refused += 1;
                self.refused_hosts.retain(|known| *known != host);
                if self.refused_hosts.len() >= MOST_REFUSED {
                    self.refused_hosts.pop_front();
                }
                self.refused_hosts.push_back(host);
            }
            ProxyOutcome::Unsent => self.used = self.used.saturating_sub(1),
            ProxyOutcome::Unknown => {}
        }
    }
}

impl fmt::Debug for ProxyPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyPool").field("options", &self.options).field("stats", &self.stats()).finish()
    }
}

impl ProxyPool {
    /// A pool of these proxies, in this order; without any it chooses none. The URLs are not looked at: a crawl
    /// refuses those that make no sense when it is built.
    #[must_use]
    pub fn new<P: Into<std::sync::Arc<str>>>(
        proxies: impl IntoIterator<Item = P>,
        options: ProxyOptions,
    ) -> Self {
        let proxies: Vec<_> = proxies.into_iter().map(|proxy| ProxyUrl::new(proxy)).collect();
        let members = proxies.iter().map(|_| Member::new()).collect();
        Self { proxies, options, state: Mutex::new(State { members, turn: 0, ejections: 0 }) }
    }

    /// The proxies, in order.
    #[must_use]
    pub fn proxies(&self) -> &[ProxyUrl] {
        &self.proxies
    }

    /// The proxy for one exchange with a host, its use counted. Every choice is to be followed by one
    /// [`ProxyPool::report`]. None only when the pool is empty.
    #[must_use]
    pub fn choose(&self, session: SessionId, host: &str, now: Timestamp) -> Option<Chosen> {
        let hash = xxh3_64(host.as_bytes());
        let mut state = self.lock();
        let place = self.place(&state, session, host, now)?;
        state.turn = place + 1;
        let member = state.members.get_mut(place)?;
        let probe = member.take();
        let proxy = self.proxies.get(place)?.clone();
        Some(Chosen { proxy, place, epoch: member.epoch, host: hash, probe })
    }

    /// Tells how the exchange ended.
    pub fn report(&self, chosen: &Chosen, outcome: ProxyOutcome, now: Timestamp) {
        let mut state = self.lock();
        let State { members, ejections, .. } = &mut *state;
        let Some(member) = members.get_mut(chosen.place) else { return };
        member.count(outcome, chosen.host);
        if member.epoch != chosen.epoch {
            return;
        }
        let options = &self.options;
        let rest = match (&mut member.health, outcome) {
            (health, ProxyOutcome::Worked) => {
                member.epoch += u64::from(matches!(health, Health::Ejected { .. }));
                *health = Health::Healthy { failures: 0, refusals: 0 };
                return;
            }
            (Health::Healthy { failures, .. }, ProxyOutcome::Failed) => {
                *failures += 1;
                (*failures >= options.max_failures.max(1)).then_some(options.first_rest)
            }
            (Health::Healthy { refusals, .. }, ProxyOutcome::Refused) => {
                *refusals += 1;
                (*refusals >= options.max_refusals.max(1)).then_some(options.first_rest)
            }
            (Health::Ejected { rest, .. }, ProxyOutcome::Failed | ProxyOutcome::Refused) => {
                Some(rest.saturating_mul(2))
            }
            (Health::Ejected { probed, .. }, ProxyOutcome::Unknown | ProxyOutcome::Unsent) => {
                *probed = *probed && !chosen.probe;
                None
            }
            (Health::Healthy { .. }, ProxyOutcome::Unknown | ProxyOutcome::Unsent) => None,
        };
        if let Some(rest) = rest {
            let rest = rest.min(options.longest_rest);
            *ejections += 1;
            member.health =
                Health::Ejected { order: *ejections, until: now.after(rest), rest, probed: false };
            member.epoch += 1;
            member.ejected += 1;
        }
    }

    /// The counts so far, in the order of the proxies.
    #[must_use]
    pub fn stats(&self) -> Vec<ProxyStats> {
        let state = self.lock();
        let stats = |(proxy, member): (&ProxyUrl, &Member)| ProxyStats {
            proxy: proxy.shown(),
            used: member.used,
            failed: member.failed,
            refused: member.refused,
            ejected: member.ejected,
            resting_until: match member.health {
                Health::Ejected { until, .. } => Some(until),
                Health::Healthy { .. } => None,
            },
        };
        self.proxies.iter().zip(&state.members).map(stats).collect()
    }

    /// Whose turn it is: of the healthy and those due for a probe, rather one that did not refuse this host; when
    /// there are none, the one ejected longest ago, rather one that is not being tried.
    fn place(&self, state: &State, session: SessionId, host: &str, now: Timestamp) -> Option<usize> {
        let hash = xxh3_64(host.as_bytes());
        let members = || state.members.iter().enumerate();
        let usable: Vec<usize> = members().filter(|(_, m)| m.is_usable(now)).map(|(at, _)| at).collect();
        if usable.is_empty() {
            return members().min_by_key(|(_, member)| longest_ejected(member)).map(|(at, _)| at);
        }
        let member = |at: usize| state.members.get(at);
        let refuses = |at: &usize| member(*at).is_some_and(|member| member.refused_hosts.contains(&hash));
        let willing: Vec<usize> = usable.iter().copied().filter(|at| !refuses(at)).collect();
        let mut candidates = if willing.is_empty() { usable } else { willing }.into_iter();
        match self.options.policy {
            ProxyPolicy::RoundRobin => {
                let members = state.members.len();
                candidates.min_by_key(|at| (at + members - state.turn % members) % members)
            }
            ProxyPolicy::Sticky => {
                // The highest of hashes that depend on proxy and key: an ejection moves its own keys alone.
                let key = if session == SessionId::default() {
                    xxh3_64(registrable(host).as_bytes())
                } else {
                    u64::from(session.0)
                };
                let weight = |proxy: &ProxyUrl| xxh3_64_with_seed(proxy.as_str().as_bytes(), key);
                candidates.max_by_key(|at| self.proxies.get(*at).map(weight))
            }
            ProxyPolicy::LeastFailures => {
                let due = candidates.clone().filter_map(|at| Some((member(at)?.due(now)?, at))).min();
                let failures = |at: &usize| member(*at).map(|m| (m.failed + m.refused, m.used));
                due.map(|(_, at)| at).or_else(|| candidates.by_ref().min_by_key(failures))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn longest_ejected(member: &Member) -> (bool, u64) {
    match member.health {
        Health::Ejected { order, probed, .. } => (probed, order),
        Health::Healthy { .. } => (false, 0),
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
