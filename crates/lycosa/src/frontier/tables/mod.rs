//! The tables: everything the frontier knows, as one synchronous state machine without I/O or clock.
//!
//! Both implementations stand on it: memory as it is, the embedded one with a log below. Time is an argument.
//! `seen` is every URL met, `entry` one that waits, `packed` many of them, `queue` where they wait, `waiting` and `overflow` in memory and elsewhere, `site` its queues and politeness, `lease` hands out, `commit` ends leases, `revisits` is what comes again, `again` what goes back, `host_pages` is the budget of each site, `gate` lets
//! sites that share addresses take turns, `arrivals` is links that are looked for on disk first, `control` changes rules, `look` is for questions and changes by hand, `store` and `replay` make them outlive a process. What it does not do: wait, wake, write.

mod again;
mod arrivals;
mod breaker;
mod commit;
mod control;
mod degrees;
mod dormant;
mod due;
mod entry;
mod gate;
mod host_pages;
mod hosts;
mod lease;
mod look;
mod overflow;
mod packed;
mod queue;
mod replay;
mod revisits;
mod seen;
mod site;
mod sites;
mod store;
mod taken_out;
mod templates;
mod waiting;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use self::arrivals::Arrivals;
use self::breaker::Breakers;
pub(crate) use self::commit::{Applied, Rules};
use self::degrees::Degrees;
use self::due::Due;
use self::entry::Entry;
use self::gate::Gates;
pub(crate) use self::hosts::Slowest;
pub(crate) use self::look::Whereabouts;
use self::overflow::Overflow;
pub(crate) use self::overflow::{Backlog, InUse, Place};
pub(crate) use self::replay::LeaseName;
use self::revisits::Revisits;
use self::seen::Seen;
pub(crate) use self::seen::{Job, Runs, check_run};
use self::site::{ERRANDS, OWN, Site};
use self::sites::Sites;
pub(crate) use self::store::{Loading, Part};
use self::templates::Templates;
use self::waiting::Waiting;
use crate::model::{
    AddStatus, Discovered, Exclusion, Lease, Limits, Order, Pace, Request, RequestKind, Robots, SiteKey,
    Stats, Timestamp, UrlKey,
};
use crate::scope::Fingerprint;

/// What is known of a URL, one byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Open,
    Fetched,
    Redirected,
    Excluded,
    Failed,
}

impl Mark {
    /// All, in the order of their codes (only append).
    const ALL: [Self; 5] = [Self::Open, Self::Fetched, Self::Redirected, Self::Excluded, Self::Failed];
}

/// A lease that is open.
#[derive(Debug)]
pub(crate) struct OpenLease {
    pub(crate) site: u32,
    pub(crate) key: UrlKey,
    pub(crate) entry: Entry,
    pub(crate) expires: Timestamp,
    pub(crate) bytes: u64,
    pub(crate) page: bool,
    /// The site's last start before this lease, to give the slot back when no request was sent.
    pub(crate) before: Option<Timestamp>,
}

/// Everything the frontier knows.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) limits: Limits,
    pub(crate) pace: Pace,
    pub(crate) paused: bool,
    /// How fingerprints follow from URLs.
    fingerprint: Fingerprint,
    seen: Seen,
    arrivals: Arrivals,
    sites: Sites,
    /// When to look at which site; entries that do not match the site's `scheduled` are stale.
    ready: BinaryHeap<Reverse<Due>>,
    leases: HashMap<u64, OpenLease>,
    expiries: BTreeSet<(Timestamp, u64)>,
    gates: Gates,
    breakers: Breakers,
    templates: Templates,
    degrees: Degrees,
    overflow: Overflow,
    /// Sites that rest by hand, and until when.
    barred: BTreeMap<u32, Timestamp>,
    /// Whether the rules of a stored state stay in force.
    keeps_rules: bool,
    /// Visits to come.
    revisits: Revisits,
    /// The site at which entries were moved out of memory last.
    shed_at: u32,
    /// Open URLs (queued, held, leased) by depth, while levels are served one by one.
    levels: BTreeMap<u32, u64>,
    /// Those that hold up no level, because their site's budget of pages is used up; counted here instead.
    aside: BTreeMap<u32, u64>,
    /// Sites whose lowest level is not served yet, by that level.
    waiting_sites: BTreeMap<u32, Vec<u32>>,
    next_token: u64,
    next_turn: u64,
    reserved_pages: u64,
    reserved_bytes: u64,
    stats: Stats,
}

impl Tables {
    pub(crate) fn new(limits: Limits, pace: Pace) -> Self {
        Self {
            limits,
            pace,
            paused: false,
            fingerprint: Fingerprint::default(),
            seen: Seen::default(),
            arrivals: Arrivals::default(),
            sites: Sites::default(),
            ready: BinaryHeap::new(),
            leases: HashMap::new(),
            expiries: BTreeSet::new(),
            gates: Gates::default(),
            breakers: Breakers::default(),
            templates: Templates::default(),
            degrees: Degrees::default(),
            overflow: Overflow::default(),
            barred: BTreeMap::new(),
            keeps_rules: false,
            revisits: Revisits::default(),
            shed_at: 0,
            levels: BTreeMap::new(),
            aside: BTreeMap::new(),
            waiting_sites: BTreeMap::new(),
            next_token: 1,
            next_turn: 0,
            reserved_pages: 0,
            reserved_bytes: 0,
            stats: Stats::default(),
        }
    }

    /// The same, for a crawl whose fingerprints are made so: one that follows from its URL takes no room then.
    pub(crate) fn with_fingerprint(self, fingerprint: Fingerprint) -> Self {
        Self { fingerprint, ..self }
    }

    /// Accepts a URL once.
    pub(crate) fn add(&mut self, found: Discovered, now: Timestamp) -> AddStatus {
        let status = self.accept(found, now, Rules::Present);
        self.rouse_parked(now);
        status
    }

    /// Accepts a URL whatever the present limits say: the log says it was accepted.
    pub(crate) fn add_again(&mut self, found: Discovered, now: Timestamp) -> AddStatus {
        let status = self.accept(found, now, Rules::Past { by_level: false });
        self.rouse_parked(now);
        status
    }

    /// Accepts a URL once, by the present limits or whatever they say. Sites with parked URLs are roused afterwards.
    fn accept(&mut self, found: Discovered, now: Timestamp, rules: Rules) -> AddStatus {
        let limit = self.limits.max_depth;
        if rules != Rules::Present {
            self.limits.max_depth = None;
        }
        let status = self.admit(&found);
        self.limits.max_depth = limit;
        if status == AddStatus::New { self.enqueue(found, now) } else { status }
    }

    /// Says which URLs will be asked about next, so that looking for all of them takes about as long as for one.
    pub(crate) fn announce(&self, batch: &[Discovered]) {
        self.seen.announce(batch.iter().map(|found| found.key));
    }

    /// Decides about a URL; one that is new must be handed to [`Self::queue`] next.
    pub(crate) fn admit(&mut self, found: &Discovered) -> AddStatus {
        if self.limits.max_depth.is_some_and(|limit| found.request.depth > limit) {
            return AddStatus::Refused(Exclusion::Depth);
        }
        if found.request.kind == RequestKind::Robots {
            // On its way through redirects: in its target's queue, known to no table.
            return AddStatus::New;
        }
        if !self.seen.add(found.key, Mark::Open) {
            return AddStatus::Known;
        }
        self.count_accepted(found);
        AddStatus::New
    }

    fn count_accepted(&mut self, found: &Discovered) {
        self.stats.known += 1;
        self.stats.pending += 1;
        *self.levels.entry(found.request.depth).or_default() += 1;
    }

    /// Queues a URL that was admitted, or parks it.
    pub(crate) fn queue(&mut self, found: Discovered, now: Timestamp) -> AddStatus {
        let status = self.enqueue(found, now);
        self.rouse_parked(now);
        status
    }

    fn enqueue(&mut self, found: Discovered, now: Timestamp) -> AddStatus {
        let site = self.site(&found.site);
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return AddStatus::New };
        let origin = state.origin(&found.origin);
        let entry = Entry::new(found.key, origin, &found.origin, found.request, self.fingerprint);
        let parked = self.park_excess(site, &entry, now);
        if parked.is_none() {
            self.let_wait(site, None, entry, now);
        }
        self.shed_excess();
        parked.map_or(AddStatus::New, AddStatus::Parked)
    }

    /// Puts an entry where it belongs: held for robots.txt, or in its queue.
    fn place(&mut self, site: u32, entry: Entry, now: Timestamp) {
        let level = self.level(&entry);
        let robots = self.pace.robots && entry.kind != RequestKind::Robots;
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return };
        let index = entry.origin;
        let Some(origin) = state.origins.get_mut(index as usize) else { return };
        if robots && !is_valid(&origin.robots, now) {
            origin.held.push(&entry, &mut self.overflow);
            if !origin.robots_pending {
                origin.robots_pending = true;
                let entry = robots_entry(index, origin);
                state.push(OWN, &entry, &mut self.overflow);
            }
        } else {
            state.push(level, &entry, &mut self.overflow);
        }
        self.schedule(site, now);
    }

    /// Lets a URL wait: until its time if it has one, or parked while the depth limit, which may have been lowered
    /// since it was accepted, keeps it back.
    fn let_wait(&mut self, index: u32, at: Option<Timestamp>, entry: Entry, now: Timestamp) {
        let too_deep = self.limits.max_depth.is_some_and(|limit| entry.depth > limit);
        if too_deep && entry.kind != RequestKind::Robots {
            let depth = entry.counted_depth();
            if let Some(site) = self.sites.wake(index, &mut self.overflow) {
                site.parked.push((at, entry));
            }
            self.stats.pending -= 1;
            self.stats.parked += 1;
            depth.into_iter().for_each(|depth| self.leave_level(depth, now));
            self.schedule(index, now);
            return;
        }
        self.set_aside(index, &entry, now);
        match at {
            Some(at) => self.retry_at(index, entry, at, now),
            None => self.place(index, entry, now),
        }
    }

    /// Counts a URL that was parked as one that waits.
    fn unpark(&mut self, depth: Option<u32>) {
        self.stats.parked -= 1;
        self.stats.pending += 1;
        if let Some(depth) = depth {
            *self.levels.entry(depth).or_default() += 1;
        }
    }

    /// Takes an entry out, wherever it waits (of queues, those from this level on), with its time; one that was parked
    /// counts as waiting then.
    fn take(
        &mut self,
        site: u32,
        origin: u32,
        least: u32,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Option<(Option<Timestamp>, Entry)> {
        let state = self.sites.wake(site, &mut self.overflow)?;
        if let Some(found) = state.take(origin, least, &wanted, &mut self.overflow) {
            self.bring_back(site, &found.1);
            return Some(found);
        }
        if let Some((at, entry)) = state.take_parked(|entry| entry.origin == origin && wanted(entry)) {
            self.unpark(entry.counted_depth());
            return Some((at, entry));
        }
        self.take_from_shapes(site, origin, wanted).map(|entry| (None, entry))
    }

    /// Queues what was held for the robots.txt of an origin.
    fn release(&mut self, index: u32, origin: u32, mut held: Waiting, now: Timestamp) {
        while let Some(entry) = held.pop(origin, &mut self.overflow) {
            self.place(index, entry, now);
            self.shed_excess();
        }
    }

    /// Whether levels are served one by one.
    pub(crate) fn serves_by_level(&self) -> bool {
        self.limits.max_depth.is_some()
    }

    /// The level an entry waits on: that of its depth while levels are served one by one, or so that the deepest come
    /// first.
    fn level(&self, entry: &Entry) -> u32 {
        if entry.is_errand() {
            return ERRANDS;
        }
        let Some(depth) = entry.counted_depth().filter(|_| entry.kind != RequestKind::Robots) else {
            return OWN;
        };
        match self.pace.order {
            _ if self.serves_by_level() => level_of(depth),
            Order::Depth => (u32::MAX - depth).max(OWN),
            Order::Breadth | Order::Best => OWN,
        }
    }

    /// Makes sure that the heap looks at a site when it can next be served.
    fn schedule(&mut self, index: u32, now: Timestamp) {
        let (served, resting) = (self.served_level(), self.held_until(index));
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let limit = self.limits.max_pages_per_host;
        let above = site.level_above(served).filter(|_| site.has_pages_left(limit));
        let servable = site.has_room(site.level_within(limit, served), self.pace.per_origin);
        let admitted = self.breakers.admits(index, site.leased, now);
        let retry = site.next_retry(limit);
        let free = site.next_allowed(&self.pace).max(resting).max(now);
        let waits_for = self.sites.waits_for(index);
        if let Some(level) = above.filter(|level| waits_for.is_none_or(|at| *level < at)) {
            self.sites.set_waits_for(index, Some(level));
            self.waiting_sites.entry(level).or_default().push(index);
        }
        let at = match (servable, retry) {
            // The end of its leases changes that.
            _ if !admitted => None,
            (true, _) => Some(free),
            (false, Some(retry)) => Some(free.max(retry)),
            (false, None) => None,
        };
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let before = self.sites.scheduled(index);
        if before == at || due(before) && due(at) {
            return;
        }
        self.sites.set_scheduled(index, at);
        if let Some(at) = at {
            self.next_turn += 1;
            self.ready.push(Reverse(Due::new(at, self.next_turn, index)));
        }
    }

    /// The deepest level that is served now.
    fn served_level(&self) -> u32 {
        let lowest = self.limits.max_depth.and_then(|_| self.levels.keys().next().copied());
        lowest.map_or(u32::MAX, level_of)
    }

    /// A URL of this depth is open no more. When that ends the level, sites with deeper ones can be served.
    fn leave_level(&mut self, depth: u32, now: Timestamp) {
        let Some(open) = self.levels.get_mut(&depth) else { return };
        *open -= 1;
        if *open > 0 {
            return;
        }
        self.levels.remove(&depth);
        self.wake_level(now);
    }

    fn wake_level(&mut self, now: Timestamp) {
        let served = self.served_level();
        while let Some(first) = self.waiting_sites.first_entry().filter(|first| *first.key() <= served) {
            for index in first.remove() {
                self.sites.set_waits_for(index, None);
                self.schedule(index, now);
            }
        }
    }

    fn site(&mut self, key: &SiteKey) -> u32 {
        self.sites.find(key).unwrap_or_else(|| {
            self.stats.sites += 1;
            self.sites.add(Site::new(key.clone()), &mut self.overflow)
        })
    }
}

/// The level on which URLs of this depth wait while levels are served one by one.
fn level_of(depth: u32) -> u32 {
    depth.saturating_add(OWN)
}

/// Whether what is known of a robots.txt may still be relied on.
fn is_valid(robots: &Robots, now: Timestamp) -> bool {
    match robots {
        Robots::Unknown => false,
        Robots::Rules { until, .. }
        | Robots::AllowAll { until }
        | Robots::DenyAll { until }
        | Robots::Withheld { until } => now < *until,
    }
}

/// The request for an origin's robots.txt.
fn robots_entry(index: u32, origin: &site::OriginState) -> Entry {
    let mut request = Request::get(format!("{}/robots.txt", origin.origin));
    request.kind = RequestKind::Robots;
    request.class = 0;
    Entry::new(UrlKey(0), index, &origin.origin, request, Fingerprint::default())
}

/// A lease as its holder sees it.
fn lease_of(
    token: u64,
    lease: &OpenLease,
    site: &mut Site,
    bytes: u64,
    overflow: &mut Overflow,
) -> Option<Lease> {
    let origin = site.origins.get_mut(lease.entry.origin as usize)?;
    let robots = origin.robots(overflow);
    Some(Lease {
        token: crate::model::Token(token),
        key: lease.key,
        site: site.key.clone(),
        origin: origin.origin.clone(),
        request: lease.entry.request(&origin.origin),
        deadline: lease.expires,
        bytes,
        robots,
        given_up: None,
        watched: false,
        dates: site.dates.as_deref().copied(),
    })
}
