//! One site: its queues, its origins, its politeness.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::entry::Entry;
use crate::model::{HostRecord, Origin, OriginRecord, Pace, Robots, SiteKey, Timestamp};
use crate::politeness::site_delay;

/// Turns a class gets in a round: class 0 goes first always, the others share what it leaves.
const TURNS: [u8; 4] = [u8::MAX, 8, 4, 2];

/// Origins up to which the one wanted is looked for one by one; a site with more keeps an index.
const FEW_ORIGINS: usize = 16;

/// An origin of a site.
#[derive(Debug)]
pub(crate) struct OriginState {
    pub(crate) origin: Origin,
    pub(crate) robots: Robots,
    pub(crate) crawl_delay: Duration,
    pub(crate) leased: u32,
    /// Entries in the site's queues that are its own.
    queued: u64,
    /// A robots request of this origin is queued, leased or on its way through redirects.
    pub(crate) robots_pending: bool,
    /// Entries that wait for robots.txt.
    pub(crate) held: VecDeque<Entry>,
}

/// The four classes of one level.
#[derive(Debug, Default)]
struct Level {
    classes: [VecDeque<Entry>; 4],
    turns: [u8; 4],
}

/// A site.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) key: SiteKey,
    pub(crate) origins: Vec<OriginState>,
    /// Where each origin stands, once there are many.
    origin_index: HashMap<Origin, u32>,
    /// The greatest crawl-delay of its origins.
    crawl_delay: Duration,
    /// By level (depth when levels are served one by one, else 0).
    levels: BTreeMap<u32, Level>,
    pub(crate) queued: u64,
    /// Those of them whose origin has as many leases as it may.
    blocked: u64,
    /// Retries by time; the number keeps equal times apart.
    pub(crate) retries: BTreeMap<(Timestamp, u64), Entry>,
    /// When the last request started, if one did.
    pub(crate) started: Option<Timestamp>,
    /// The lease it started under.
    pub(crate) started_under: u64,
    pub(crate) blocked_until: Timestamp,
    pub(crate) response_time: Duration,
    pub(crate) leased: u32,
    pub(crate) done: u64,
    pub(crate) failed: u64,
    /// When the ready heap will look at this site next; entries of the heap with another time are stale.
    pub(crate) scheduled: Option<Timestamp>,
    /// It is on the list of sites that wait for their level.
    pub(crate) waits_for_level: bool,
}

impl Site {
    pub(crate) fn new(key: SiteKey) -> Self {
        Self {
            key,
            origins: Vec::new(),
            origin_index: HashMap::new(),
            crawl_delay: Duration::ZERO,
            levels: BTreeMap::new(),
            queued: 0,
            blocked: 0,
            retries: BTreeMap::new(),
            started: None,
            started_under: 0,
            blocked_until: Timestamp::default(),
            response_time: Duration::ZERO,
            leased: 0,
            done: 0,
            failed: 0,
            scheduled: None,
            waits_for_level: false,
        }
    }

    /// The index of an origin, met now if it was not before.
    pub(crate) fn origin(&mut self, origin: &Origin) -> u32 {
        let known = if self.origins.len() > FEW_ORIGINS {
            self.origin_index.get(origin).copied()
        } else {
            (0..).zip(&self.origins).find(|(_, state)| state.origin == *origin).map(|(index, _)| index)
        };
        known.unwrap_or_else(|| self.new_origin(origin))
    }

    fn new_origin(&mut self, origin: &Origin) -> u32 {
        self.origins.push(OriginState {
            origin: origin.clone(),
            robots: Robots::Unknown,
            crawl_delay: Duration::ZERO,
            leased: 0,
            queued: 0,
            robots_pending: false,
            held: VecDeque::new(),
        });
        if self.origins.len() == FEW_ORIGINS + 1 {
            self.origin_index = self.origins.iter().map(|state| state.origin.clone()).zip(0..).collect();
        }
        let index = u32::try_from(self.origins.len() - 1).unwrap_or(u32::MAX);
        if self.origins.len() > FEW_ORIGINS {
            self.origin_index.insert(origin.clone(), index);
        }
        index
    }

    /// Takes in an origin's crawl-delay.
    pub(crate) fn set_crawl_delay(&mut self, origin: u32, delay: Duration) {
        let Some(state) = self.origins.get_mut(origin as usize) else { return };
        let before = std::mem::replace(&mut state.crawl_delay, delay);
        if delay >= self.crawl_delay {
            self.crawl_delay = delay;
        } else if before == self.crawl_delay {
            self.crawl_delay = self.origins.iter().map(|state| state.crawl_delay).max().unwrap_or_default();
        }
    }

    /// The delay in force.
    pub(crate) fn delay(&self, pace: &Pace) -> Duration {
        site_delay(pace, self.crawl_delay, self.response_time)
    }

    /// The moment before which no request may start. It follows from the last start and the delay in force now, so
    /// a delay learned from an answer holds for the very next request.
    pub(crate) fn next_allowed(&self, pace: &Pace) -> Timestamp {
        let rested = self.started.map(|at| at.after(self.delay(pace))).unwrap_or_default();
        rested.max(self.blocked_until)
    }

    /// Notes a lease on one of its origins.
    pub(crate) fn lease_begins(&mut self, origin: u32, per_origin: u32) {
        self.leased += 1;
        let Some(state) = self.origins.get_mut(origin as usize) else { return };
        state.leased += 1;
        if state.leased == per_origin {
            self.blocked += state.queued;
        }
    }

    /// Notes the end of a lease on one of its origins.
    pub(crate) fn lease_ends(&mut self, origin: u32, per_origin: u32) {
        self.leased -= 1;
        let Some(state) = self.origins.get_mut(origin as usize) else { return };
        if state.leased == per_origin {
            self.blocked -= state.queued;
        }
        state.leased -= 1;
    }

    /// Counts anew what is blocked, after the rule has changed.
    pub(crate) fn count_blocked(&mut self, per_origin: u32) {
        let full = self.origins.iter().filter(|state| state.leased >= per_origin);
        self.blocked = full.map(|state| state.queued).sum();
    }

    /// Puts an entry at the end of its class.
    pub(crate) fn push(&mut self, level: u32, entry: Entry, per_origin: u32) {
        self.queued += 1;
        if let Some(state) = self.origins.get_mut(entry.origin as usize) {
            state.queued += 1;
            self.blocked += u64::from(state.leased >= per_origin);
        }
        let class = usize::from(entry.class).min(3);
        self.levels.entry(level).or_default().classes[class].push_back(entry);
    }

    fn taken(&mut self, origin: u32, per_origin: u32) {
        self.queued -= 1;
        if let Some(state) = self.origins.get_mut(origin as usize) {
            state.queued -= 1;
            self.blocked -= u64::from(state.leased >= per_origin);
        }
    }

    /// The lowest level that has something.
    pub(crate) fn lowest_level(&self) -> Option<u32> {
        self.levels.keys().next().copied()
    }

    /// Takes the next entry whose origin has room, of the lowest level that has one, up to `level`.
    pub(crate) fn pop(&mut self, level: u32, per_origin: u32) -> Option<Entry> {
        if !self.has_room() {
            return None;
        }
        let origins = &self.origins;
        let room =
            |entry: &Entry| origins.get(entry.origin as usize).is_some_and(|state| state.leased < per_origin);
        let found =
            self.levels.range_mut(..=level).find_map(|(at, queue)| queue.pop(room).map(|entry| (*at, entry)));
        let (at, entry) = found?;
        if self.levels.get(&at).is_some_and(Level::is_empty) {
            self.levels.remove(&at);
        }
        self.taken(entry.origin, per_origin);
        Some(entry)
    }

    /// Takes the entry that this is true of, wherever it waits.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Entry) -> bool, per_origin: u32) -> Option<Entry> {
        let queued =
            self.levels.iter_mut().find_map(|(at, level)| level.take(&wanted).map(|entry| (*at, entry)));
        if let Some((at, entry)) = queued {
            if self.levels.get(&at).is_some_and(Level::is_empty) {
                self.levels.remove(&at);
            }
            self.taken(entry.origin, per_origin);
            return Some(entry);
        }
        let retry = self.retries.iter().find(|(_, entry)| wanted(entry)).map(|(at, _)| *at);
        if let Some(at) = retry {
            return self.retries.remove(&at);
        }
        self.origins.iter_mut().find_map(|origin| {
            let at = origin.held.iter().position(&wanted)?;
            origin.held.remove(at)
        })
    }

    /// Everything that waits, with its time when it waits for one.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (Option<Timestamp>, &Entry)> {
        let queued = self.levels.values().flat_map(|level| level.classes.iter().flatten());
        let held = self.origins.iter().flat_map(|origin| &origin.held);
        let retries = self.retries.iter().map(|((at, _), entry)| (Some(*at), entry));
        queued.chain(held).map(|entry| (None, entry)).chain(retries)
    }

    /// Whether something is queued whose origin has room for another lease.
    pub(crate) fn has_room(&self) -> bool {
        self.queued > self.blocked
    }

    pub(crate) fn record(&self, pace: &Pace) -> HostRecord {
        let held: usize = self.origins.iter().map(|origin| origin.held.len()).sum();
        HostRecord {
            site: self.key.clone(),
            origins: self
                .origins
                .iter()
                .map(|state| OriginRecord {
                    origin: state.origin.clone(),
                    robots: state.robots.clone(),
                    crawl_delay: state.crawl_delay,
                    leased: state.leased,
                })
                .collect(),
            delay: self.delay(pace),
            next_allowed: self.next_allowed(pace),
            pending: self.queued + self.retries.len() as u64 + held as u64,
            leased: self.leased,
            response_time: self.response_time,
            done: self.done,
            failed: self.failed,
        }
    }
}

impl Level {
    fn is_empty(&self) -> bool {
        self.classes.iter().all(VecDeque::is_empty)
    }

    fn take(&mut self, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        self.classes.iter_mut().find_map(|class| {
            let at = class.iter().position(&wanted)?;
            class.remove(at)
        })
    }

    fn pop(&mut self, room: impl Fn(&Entry) -> bool) -> Option<Entry> {
        for _round in 0..2 {
            let classes = self.classes.iter_mut().zip(&mut self.turns).zip(TURNS);
            for ((queue, taken), turns) in classes.filter(|((_, taken), turns)| **taken < *turns) {
                if let Some(at) = queue.iter().position(&room) {
                    // The first class has no bound: its turns are not counted.
                    *taken += u8::from(turns != u8::MAX);
                    return queue.remove(at);
                }
            }
            // Every class that has something has had its turns: a new round.
            self.turns = [0; 4];
        }
        None
    }
}
