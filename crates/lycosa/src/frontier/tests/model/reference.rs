//! The model itself: a map of URLs with their states, and what it allows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::{Check, Ending};
use crate::model::{
    AddStatus, Discovered, Finish, Lease, Leased, Limits, Lsn, Order, Pace, Request, SiteKey, Timestamp,
    Token, UrlKey,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Waiting(Timestamp),
    Leased(Token),
    Done,
    /// Done, and to be visited again at this moment.
    Again(Timestamp),
}

#[derive(Debug)]
pub(super) struct Url {
    pub(super) found: Discovered,
    pub(super) depth: u32,
    pub(super) attempt: u32,
    /// Which visit it waits for or had last: exactly, or at least when it went back by hand (`at_least`).
    pub(super) generation: u32,
    pub(super) at_least: bool,
    /// Whether that visit was asked for by the one before: no link leads to it, and it holds up no level.
    pub(super) is_revisit: bool,
    /// Its request when it had its last outcome.
    pub(super) ended: Option<Request>,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) key: UrlKey,
    pub(super) deadline: Timestamp,
    pub(super) bytes: u64,
}

/// When a site's requests started: those that count for sure, and the last that may.
#[derive(Debug, Default)]
pub(super) struct Site {
    pub(super) starts: BTreeMap<Token, Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) blocked: Timestamp,
    pub(super) pages: u64,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: Timestamp,
    pub(super) limits: Limits,
    pub(super) pace: Pace,
    pub(super) paused: bool,
    /// Whether the best were ever served first.
    pub(super) was_best: bool,
    pub(super) urls: BTreeMap<UrlKey, Url>,
    pub(super) open: BTreeMap<Token, Open>,
    pub(super) sites: BTreeMap<SiteKey, Site>,
    pub(super) tokens: BTreeSet<Token>,
    pub(super) pages: u64,
    pub(super) requests: u64,
    pub(super) bytes: u64,
    /// Requests and bytes of leases that ran out: without a budget a killed process may not have written them.
    pub(super) unwritten: (u64, u64),
    pub(super) commits: Vec<(Lsn, UrlKey, &'static str, usize)>,
}

impl Model {
    pub(super) fn new(now: Timestamp, pace: Pace) -> Self {
        Self {
            now,
            limits: Limits::default(),
            pace,
            paused: false,
            was_best: pace.order == Order::Best,
            urls: BTreeMap::new(),
            open: BTreeMap::new(),
            sites: BTreeMap::new(),
            tokens: BTreeSet::new(),
            pages: 0,
            requests: 0,
            bytes: 0,
            unwritten: (0, 0),
            commits: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, found: Discovered, whatever_depth: bool) -> AddStatus {
        let depth = found.request.depth;
        if !whatever_depth && self.limits.max_depth.is_some_and(|limit| depth > limit) {
            return AddStatus::Refused(crate::model::Exclusion::Depth);
        }
        if self.urls.contains_key(&found.key) {
            return AddStatus::Known;
        }
        let (state, key) = (State::Waiting(Timestamp(0)), found.key);
        let (generation, at_least, is_revisit, ended) = (0, false, false, None);
        let url = Url { depth, attempt: 0, generation, at_least, is_revisit, ended, state, found };
        self.urls.insert(key, url);
        AddStatus::New
    }

    /// Ends a lease, if it is open now.
    pub(super) fn end(&mut self, token: Token, state: State, sent: bool) -> Option<UrlKey> {
        self.open.get(&token).filter(|open| open.deadline > self.now)?;
        let key = self.open.remove(&token)?.key;
        let url = self.urls.get_mut(&key)?;
        url.state = state;
        if !sent {
            self.sites.get_mut(&url.found.site)?.starts.remove(&token);
        }
        Some(key)
    }

    /// These leases run out, and what they may have cost is spent.
    pub(super) fn expire(&mut self, at: Timestamp) {
        let over: Vec<Token> =
            self.open.iter().filter(|(_, open)| open.deadline <= at).map(|(token, _)| *token).collect();
        for token in over {
            let open = self.open.remove(&token).unwrap();
            self.urls.get_mut(&open.key).unwrap().state = State::Waiting(Timestamp(0));
            self.requests += 1;
            self.bytes += open.bytes;
            self.unwritten = (self.unwritten.0 + 1, self.unwritten.1 + open.bytes);
        }
        if self.exact() {
            self.unwritten = (0, 0);
        }
    }

    /// Every lease is durable before it is handed out.
    pub(super) fn exact(&self) -> bool {
        self.limits.max_requests.is_some() || self.limits.max_bytes.is_some()
    }

    pub(super) fn parked(&self, url: &Url) -> bool {
        matches!(url.state, State::Waiting(_)) && self.limits.max_depth.is_some_and(|limit| url.depth > limit)
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = (&Url, Timestamp)> {
        let waiting = |url: &Url| if let State::Waiting(at) = url.state { Some(at) } else { None };
        self.urls.values().filter(|url| !self.parked(url)).filter_map(move |url| Some((url, waiting(url)?)))
    }

    pub(super) fn served(&self) -> u32 {
        let is_open = |url: &&Url| !matches!(url.state, State::Done | State::Again(_)) && !url.is_revisit;
        let held = |url: &&Url| matches!(url.state, State::Waiting(_)) && self.has_spent(&url.found.site);
        let open = self.urls.values().filter(|url| is_open(url) && !self.parked(url) && !held(url));
        let lowest = open.map(|url| url.depth).min();
        self.limits.max_depth.and(lowest).unwrap_or(u32::MAX)
    }

    pub(super) fn exhausted(&self, want: u64) -> Option<Finish> {
        let reached = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit);
        let open = self.open.len() as u64;
        if self.limits.deadline.is_some_and(|deadline| self.now >= deadline) {
            Some(Finish::Time)
        } else if reached(self.limits.max_pages, self.pages + open) {
            Some(Finish::Pages)
        } else if reached(self.limits.max_requests, self.requests + open) {
            Some(Finish::Requests)
        } else if self.limits.max_bytes.is_some_and(|limit| self.bytes_used() + want > limit) {
            Some(Finish::Bytes)
        } else {
            None
        }
    }

    pub(super) fn bytes_used(&self) -> u64 {
        self.bytes + self.open.values().map(|open| open.bytes).sum::<u64>()
    }

    fn pages_of(&self, site: &SiteKey) -> u64 {
        self.sites.get(site).map_or(0, |site| site.pages)
    }

    /// The budget of its site is used up by what was written.
    pub(super) fn has_spent(&self, site: &SiteKey) -> bool {
        self.limits.max_pages_per_host.is_some_and(|limit| self.pages_of(site) >= limit)
    }

    /// The budget of its site lets another page be asked for.
    fn has_pages_left(&self, site: &SiteKey) -> bool {
        let open = self.open.values().filter(|open| self.urls[&open.key].found.site == *site).count() as u64;
        self.limits.max_pages_per_host.is_none_or(|limit| self.pages_of(site) + open < limit)
    }

    pub(super) fn has_room(&self, url: &Url) -> bool {
        let same = |open: &&Open| self.urls[&open.key].found.origin == url.found.origin;
        self.open.values().filter(same).count() < self.pace.per_origin as usize
            && self.has_pages_left(&url.found.site)
            && (url.is_revisit || url.depth <= self.served())
    }

    /// When the site may be asked next: not before the first moment for sure, and surely from the second on.
    pub(super) fn next(&self, site: &SiteKey) -> (Timestamp, Timestamp) {
        let Some(site) = self.sites.get(site) else { return Default::default() };
        let rested = |at: Option<Timestamp>| at.map(|at| at.after(self.pace.delay)).unwrap_or_default();
        let least = rested(site.starts.values().max().copied());
        (least.max(site.blocked), rested(site.last).max(site.blocked))
    }

    /// From when on something can surely be had, if nothing changes.
    pub(super) fn surely(&self) -> Option<Timestamp> {
        let can = self.pending().filter(|(url, _)| self.has_room(url));
        can.map(|(url, at)| at.max(self.next(&url.found.site).1)).min()
    }

    pub(super) fn leased(&mut self, lease: &Lease, want: u64) -> Check {
        prop_assert_eq!(self.exhausted(want), None, "a budget forbids it");
        let url = self.urls.get(&lease.key);
        prop_assert!(url.is_some(), "a URL that was never accepted");
        let url = url.unwrap();
        prop_assert!(self.tokens.insert(lease.token), "a token given before");
        let State::Waiting(at) = url.state else {
            return Err(TestCaseError::fail(format!("leased while {:?}", url.state)));
        };
        prop_assert!(at <= self.now, "given back until {:?}", at);
        prop_assert!(!self.parked(url), "deeper than the limit");
        prop_assert!(
            self.has_room(url),
            "its origin is full, its site has no pages left or its level is not served"
        );
        prop_assert!(self.next(&url.found.site).0 <= self.now, "its site rests");
        prop_assert_eq!(
            (&lease.request.url, lease.request.depth, lease.request.attempt, &lease.site, &lease.origin),
            (&url.found.request.url, url.depth, url.attempt, &url.found.site, &url.found.origin)
        );
        let generation = lease.request.generation;
        prop_assert!(generation == url.generation || url.at_least && generation > url.generation);
        prop_assert_eq!(lease.request.revisit.is_some(), url.is_revisit);
        prop_assert_eq!(lease.deadline, self.now.after(self.pace.lease));
        let limited = self.limits.max_bytes.is_some();
        prop_assert_eq!(lease.bytes, if limited { want } else { u64::MAX });
        let bytes = if limited { want } else { 0 };
        let url = self.urls.get_mut(&lease.key).unwrap();
        (url.state, url.generation, url.at_least) = (State::Leased(lease.token), generation, false);
        self.open.insert(lease.token, Open { key: lease.key, deadline: lease.deadline, bytes });
        let site = self.sites.entry(lease.site.clone()).or_default();
        site.starts.insert(lease.token, self.now);
        site.last = Some(self.now);
        Ok(())
    }

    pub(super) fn answered(&mut self, answer: &Leased, max: usize, bytes: u64) -> Check {
        if let Leased::Some(leases) = answer {
            prop_assert!(!self.paused && !leases.is_empty() && leases.len() <= max);
            return leases.iter().try_for_each(|lease| self.leased(lease, bytes));
        }
        if let Some(deadline) = self.limits.deadline.filter(|deadline| self.paused && self.now < *deadline) {
            prop_assert!(matches!(answer, Leased::NotBefore(at) if *at == deadline), "paused: {:?}", answer);
            return Ok(());
        } else if self.paused && self.limits.deadline.is_none() {
            prop_assert!(matches!(answer, Leased::Idle), "paused: {:?}", answer);
            return Ok(());
        }
        // A visit to come that no budget will allow is waited for by nobody.
        let again =
            self.again().filter(|(url, _)| !self.has_spent(&url.found.site)).map(|(_, due)| due).min();
        let left = self.pending().next().is_some() || self.again().next().is_some();
        let held = again.is_none() && self.pending().all(|(url, _)| self.has_spent(&url.found.site));
        let finish = match self.exhausted(bytes) {
            Some(finish) if left => Some(finish),
            None if left && held => Some(Finish::HostPages),
            _ if left => None,
            _ => Some(Finish::Complete),
        };
        let finish = finish.filter(|_| self.open.is_empty());
        if let Leased::Finished(why) = answer {
            prop_assert_eq!(finish, Some(*why));
            return Ok(());
        }
        // Another entry of a URL that was served is only found to be one when its turn comes.
        let may_wait =
            finish == Some(Finish::HostPages) && self.was_best && matches!(answer, Leased::NotBefore(_));
        prop_assert!(finish.is_none() || may_wait, "{:?}, not {:?}", answer, finish);
        let start = [self.surely(), again].into_iter().flatten().min();
        let start = start.filter(|_| self.exhausted(bytes).is_none());
        let expiry = self.open.values().map(|open| open.deadline).min();
        let next = [start, expiry].into_iter().flatten().min();
        match (answer, next) {
            (Leased::NotBefore(at), Some(next)) => {
                prop_assert!(*at > self.now && *at <= next, "not before {:?}, due {:?}", at, next);
            }
            (Leased::NotBefore(at), None) => prop_assert!(*at > self.now),
            (_, next) => prop_assert_eq!(next, None, "idle"),
        }
        Ok(())
    }

    fn again(&self) -> impl Iterator<Item = (&Url, Timestamp)> {
        let due = |url: &Url| if let State::Again(due) = url.state { Some(due) } else { None };
        self.urls.values().filter_map(move |url| Some((url, due(url)?)))
    }

    /// Visits that are due wait like any URL.
    pub(super) fn wake(&mut self) {
        for url in self.urls.values_mut() {
            if matches!(url.state, State::Again(due) if due <= self.now) {
                url.state = State::Waiting(Timestamp(0));
            }
        }
    }

    /// The commit was applied; answers its outcome's name and whether its records or those for a known target count.
    pub(super) fn committed(
        &mut self,
        lease: &Lease,
        lsn: Lsn,
        end: Ending,
        to: Option<Discovered>,
        links: Vec<Discovered>,
        wire: u64,
    ) {
        let sent = !matches!(end, Ending::NotSent);
        let key = self.end(lease.token, State::Done, sent).unwrap();
        self.requests += u64::from(sent);
        self.bytes += if sent { wire } else { 0 };
        self.urls.get_mut(&key).unwrap().ended = Some(lease.request.clone());
        let (name, records) = match (end, to) {
            (Ending::Fetched, _) => {
                self.pages += 1;
                self.sites.entry(lease.site.clone()).or_default().pages += 1;
                ("fetched", 1)
            }
            (_, None) => ("failed", 1),
            (_, Some(to)) => {
                let (known, depth) = (to.key, to.request.depth);
                match self.add(to, true) {
                    AddStatus::Known => {
                        self.lift(known, depth);
                        ("alias", 2)
                    }
                    _ => ("redirected", 1),
                }
            }
        };
        for link in links {
            self.add(link, false);
        }
        self.commits.push((lsn, key, name, records));
    }

    pub(super) fn lift(&mut self, key: UrlKey, depth: u32) {
        let Some(url) = self.urls.get_mut(&key).filter(|_| self.limits.max_depth.is_some()) else { return };
        if matches!(url.state, State::Waiting(_)) && !url.is_revisit {
            url.depth = url.depth.min(depth);
        }
    }

    /// A URL that has its outcome is to be visited again.
    pub(super) fn visit_later(&mut self, key: UrlKey, due: Timestamp) {
        let Some(url) = self.urls.get_mut(&key) else { return };
        (url.state, url.attempt, url.is_revisit) = (State::Again(due), 0, true);
        url.generation += 1;
    }

    /// Whether a visit of it is to come.
    pub(super) fn is_to_come(&self, key: UrlKey) -> bool {
        self.urls.get(&key).is_some_and(|url| matches!(url.state, State::Again(_)))
    }

    /// A URL goes back by hand, if it has its outcome: as another visit, of the kind of the last one.
    pub(super) fn go_back(&mut self, key: UrlKey) -> bool {
        let Some(url) = self.urls.get_mut(&key).filter(|url| url.state == State::Done) else { return false };
        (url.state, url.attempt) = (State::Waiting(Timestamp(0)), 0);
        (url.generation, url.at_least) = (url.generation + 1, true);
        true
    }

    /// The process has ended: its leases are over, and every site may rest.
    pub(super) fn reopened(&mut self, stats: &crate::model::Stats) -> Check {
        self.expire(Timestamp(u64::MAX));
        let unsure = |told: u64, most: u64, unwritten: u64| told <= most && most - told <= unwritten;
        let requests = unsure(stats.requests, self.requests, self.unwritten.0);
        prop_assert!(
            requests && unsure(stats.bytes, self.bytes, self.unwritten.1),
            "{:?}, {:?}",
            stats,
            self
        );
        (self.requests, self.bytes, self.unwritten) = (stats.requests, stats.bytes, (0, 0));
        self.wake();
        let now = self.now;
        let sites: BTreeSet<SiteKey> = self.urls.values().map(|url| url.found.site.clone()).collect();
        for site in sites {
            self.sites.entry(site).or_default().last = Some(now);
        }
        self.paused = false;
        Ok(())
    }

    pub(super) fn compare(&self, stats: &crate::model::Stats) -> Check {
        let count = |wanted: fn(&State) -> bool| self.urls.values().filter(|url| wanted(&url.state)).count();
        let parked = self.urls.values().filter(|url| self.parked(url)).count();
        let waiting = count(|state| matches!(state, State::Waiting(_)));
        let wanted = [
            self.urls.len(),
            waiting - parked,
            parked,
            count(|state| matches!(state, State::Leased(_))),
            count(|state| matches!(state, State::Done | State::Again(_))),
        ];
        let told = [stats.known, stats.pending, stats.parked, stats.leased, stats.done];
        prop_assert_eq!(told.map(|n| usize::try_from(n).unwrap()), wanted);
        prop_assert_eq!(stats.revisits_waiting, self.again().count() as u64);
        prop_assert_eq!((stats.pages, stats.requests, stats.bytes), (self.pages, self.requests, self.bytes));
        Ok(())
    }
}
