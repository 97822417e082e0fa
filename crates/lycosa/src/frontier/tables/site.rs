//! One site: its queues, its origins, its politeness.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::entry::Entry;
use crate::model::{HostRecord, Origin, OriginRecord, Pace, Robots, SiteKey, Timestamp};
use crate::politeness::site_delay;

/// Turns a class gets in a round: class 0 goes first always, the others share.
const TURNS: [u8; 4] = [u8::MAX, 8, 4, 2];

/// Entries looked at for one whose origin has room, before the site is left for a later turn.
const LOOK_AHEAD: usize = 64;

/// An origin of a site.
#[derive(Debug)]
pub(crate) struct OriginState {
    pub(crate) origin: Origin,
    pub(crate) robots: Robots,
    pub(crate) crawl_delay: Duration,
    pub(crate) leased: u32,
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
    /// By level (depth when levels are served one by one, else 0).
    levels: BTreeMap<u32, Level>,
    pub(crate) queued: u64,
    /// Retries by time; the number keeps equal times apart.
    pub(crate) retries: BTreeMap<(Timestamp, u64), Entry>,
    pub(crate) next_allowed: Timestamp,
    pub(crate) blocked_until: Timestamp,
    pub(crate) response_time: Duration,
    pub(crate) leased: u32,
    pub(crate) done: u64,
    pub(crate) failed: u64,
    /// When the ready heap will look at this site next; entries of the heap with another time are stale.
    pub(crate) scheduled: Option<Timestamp>,
}

impl Site {
    pub(crate) fn new(key: SiteKey) -> Self {
        Self {
            key,
            origins: Vec::new(),
            levels: BTreeMap::new(),
            queued: 0,
            retries: BTreeMap::new(),
            next_allowed: Timestamp::default(),
            blocked_until: Timestamp::default(),
            response_time: Duration::ZERO,
            leased: 0,
            done: 0,
            failed: 0,
            scheduled: None,
        }
    }

    /// The index of an origin, met now if it was not before.
    pub(crate) fn origin(&mut self, origin: &Origin) -> u16 {
        let known = self.origins.iter().position(|state| state.origin == *origin);
        let index = known.unwrap_or_else(|| {
            self.origins.push(OriginState {
                origin: origin.clone(),
                robots: Robots::Unknown,
                crawl_delay: Duration::ZERO,
                leased: 0,
                robots_pending: false,
                held: VecDeque::new(),
            });
            self.origins.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// The delay in force.
    pub(crate) fn delay(&self, pace: &Pace) -> Duration {
        let crawl_delay = self.origins.iter().map(|origin| origin.crawl_delay).max().unwrap_or_default();
        site_delay(pace, crawl_delay, self.response_time)
    }

    /// Puts an entry at the end of its class.
    pub(crate) fn push(&mut self, level: u32, entry: Entry) {
        self.queued += 1;
        let class = usize::from(entry.class).min(3);
        self.levels.entry(level).or_default().classes[class].push_back(entry);
    }

    /// Takes the next entry whose origin has room, of the lowest level or of `level` alone when one is given.
    pub(crate) fn pop(&mut self, level: Option<u32>, per_origin: u32) -> Option<Entry> {
        let (&at, queue) = match level {
            Some(level) => self.levels.range_mut(..=level).next()?,
            None => self.levels.iter_mut().next()?,
        };
        let origins = &self.origins;
        let room = |entry: &Entry| {
            origins.get(usize::from(entry.origin)).is_some_and(|origin| origin.leased < per_origin)
        };
        let entry = queue.pop(room)?;
        if queue.is_empty() {
            self.levels.remove(&at);
        }
        self.queued -= 1;
        Some(entry)
    }

    /// Takes the entry that this is true of, wherever it waits.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let queued =
            self.levels.iter_mut().find_map(|(at, level)| level.take(&wanted).map(|entry| (*at, entry)));
        if let Some((at, entry)) = queued {
            if self.levels.get(&at).is_some_and(Level::is_empty) {
                self.levels.remove(&at);
            }
            self.queued -= 1;
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

    /// Whether some origin has room for another lease.
    pub(crate) fn has_room(&self, per_origin: u32) -> bool {
        self.origins.iter().any(|origin| origin.leased < per_origin)
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
            next_allowed: self.next_allowed.max(self.blocked_until),
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
                if let Some(at) = queue.iter().take(LOOK_AHEAD).position(&room) {
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
