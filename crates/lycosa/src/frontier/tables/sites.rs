//! All sites, most of them asleep: packed into the bytes that a snapshot holds of them, about a hundred for a site with
//! one origin. A site wakes when something happens to it and goes back to sleep when many others have since.
//!
//! What it leaves out: what a site is (`site`) and how it is written (`dormant`).

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::overflow::Overflow;
use super::site::Site;
use crate::model::wire::{Damaged, Reader};
use crate::model::{SiteKey, Timestamp};

/// Sites that are awake at most, those apart that have open leases or are too large. So few that they stay in the
/// processor's cache, where waking one is cheap: at 10^7 URLs leases are a seventh faster than with 512.
const AWAKE: usize = 64;
/// Bytes of waiting memory for each site that may be awake, when there is less of it than for [`AWAKE`].
const MEMORY_AWAKE: usize = 16 << 10;
/// A site that would take more bytes asleep stays awake: packing it again and again would cost too much.
pub(super) const LARGE: usize = 16 << 10;
/// Sites that are looked at to put one to sleep.
const TRIES: usize = 2;
/// A time that never comes.
const NEVER: u64 = u64::MAX;
const NO_LEVEL: u32 = u32::MAX;

/// The sites, by number in the order in which they were met.
#[derive(Debug)]
pub(super) struct Sites {
    slots: Vec<Slot>,
    index: HashTable<u32>,
    /// Spreads names: unknown to who chooses them.
    seed: u64,
    /// Numbers of those that are awake and may be put to sleep, in the order in which they woke.
    awake: VecDeque<u32>,
    most_awake: usize,
    /// Room to pack a site in.
    packing: Vec<u8>,
}

#[derive(Debug)]
struct Slot {
    state: State,
    /// When the ready heap will look at it next; entries of the heap with another time are stale.
    scheduled: u64,
    /// The level for which it is on the list of sites that wait.
    waits_for: u32,
    /// Bytes of entries in memory while it is asleep.
    held: u32,
}

#[derive(Debug)]
enum State {
    Awake(Box<Site>),
    Asleep(Box<[u8]>),
}

impl Default for Sites {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            index: HashTable::new(),
            seed: RandomState::new().hash_one(0),
            awake: VecDeque::new(),
            most_awake: AWAKE,
            packing: Vec::new(),
        }
    }
}

impl Sites {
    /// Bounds the sites that are awake by the memory that entries may wait in.
    pub(super) fn fit(&mut self, waiting_memory: usize) {
        self.most_awake = (waiting_memory / MEMORY_AWAKE).clamp(1, AWAKE);
    }

    /// All numbers.
    pub(super) fn numbers(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// The number of a site that was met before.
    pub(super) fn find(&self, key: &SiteKey) -> Option<u32> {
        let hash = xxh3_64_with_seed(key.0.as_bytes(), self.seed);
        let named = |number: &u32| self.slots.get(*number as usize).and_then(Slot::name) == Some(&*key.0);
        self.index.find(hash, named).copied()
    }

    /// Adds a site that was not met before; its number.
    pub(super) fn add(&mut self, site: Site, overflow: &mut Overflow) -> u32 {
        let number = self.insert_awake(site);
        self.put_one_to_sleep(number, overflow);
        number
    }

    /// Adds a site that was stored; its number. Its entries count as held.
    pub(super) fn add_stored(&mut self, bytes: &[u8], overflow: &mut Overflow) -> Result<u32, Damaged> {
        let site = Site::load(&mut Reader::new(bytes), true, overflow)?;
        if self.find(&site.key).is_some() {
            return Err(Damaged);
        }
        if !site.may_sleep() || bytes.len() > LARGE {
            return Ok(self.insert_awake(site));
        }
        let held = u32::try_from(site.held()).unwrap_or(u32::MAX);
        Ok(self.insert(State::Asleep(bytes.into()), held))
    }

    fn insert_awake(&mut self, mut site: Site) -> u32 {
        site.may_be_put_to_sleep = true;
        let number = self.insert(State::Awake(Box::new(site)), 0);
        self.awake.push_back(number);
        number
    }

    fn insert(&mut self, state: State, held: u32) -> u32 {
        let number = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot { state, scheduled: NEVER, waits_for: NO_LEVEL, held });
        let hash = |number: &u32| {
            let name = self.slots.get(*number as usize).and_then(Slot::name).unwrap_or_default();
            xxh3_64_with_seed(name.as_bytes(), self.seed)
        };
        self.index.insert_unique(hash(&number), number, hash);
        number
    }

    /// A site, woken if it was asleep; `None` when there is none of this number.
    pub(super) fn wake(&mut self, number: u32, overflow: &mut Overflow) -> Option<&mut Site> {
        let slot = self.slots.get_mut(number as usize)?;
        if let State::Asleep(bytes) = &slot.state {
            overflow.held = overflow.held.saturating_sub(slot.held as usize);
            let site = Site::load(&mut Reader::new(bytes), false, overflow);
            let site = site.map_err(|Damaged| overflow.note_unpackable()).ok()?;
            slot.state = State::Awake(Box::new(site));
            slot.held = 0;
        }
        // One that was not put to sleep for what it had then is looked at again after it was used.
        if !std::mem::replace(&mut self.awake_mut(number)?.may_be_put_to_sleep, true) {
            self.awake.push_back(number);
            self.put_one_to_sleep(number, overflow);
        }
        self.awake_mut(number)
    }

    /// A site that is awake, as all are that have open leases.
    pub(super) fn awake(&self, number: u32) -> Option<&Site> {
        match &self.slots.get(number as usize)?.state {
            State::Awake(site) => Some(site),
            State::Asleep(_) => None,
        }
    }

    fn awake_mut(&mut self, number: u32) -> Option<&mut Site> {
        match &mut self.slots.get_mut(number as usize)?.state {
            State::Awake(site) => Some(site),
            State::Asleep(_) => None,
        }
    }

    /// Looks at a site without waking it.
    pub(super) fn look<T>(&self, number: u32, look: impl FnOnce(&Site) -> T) -> Option<T> {
        match &self.slots.get(number as usize)?.state {
            State::Awake(site) => Some(look(site)),
            State::Asleep(bytes) => {
                let site = Site::load(&mut Reader::new(bytes), false, &mut Overflow::default());
                site.ok().map(|site| look(&site))
            }
        }
    }

    /// The mean response time of a site that was asked, without unpacking it.
    pub(super) fn response_time(&self, number: u32) -> Option<Duration> {
        let (time, done) = match &self.slots.get(number as usize)?.state {
            State::Awake(site) => (site.response_time, site.done),
            State::Asleep(bytes) => Site::peek(bytes).ok()?,
        };
        (done > 0 || !time.is_zero()).then_some(time)
    }

    /// The bytes of a site, as a snapshot holds them.
    pub(super) fn store(&self, number: u32, out: &mut Vec<u8>) {
        match self.slots.get(number as usize).map(|slot| &slot.state) {
            Some(State::Awake(site)) => site.store(out),
            Some(State::Asleep(bytes)) => out.extend_from_slice(bytes),
            None => {}
        }
    }

    /// Puts a site to sleep when too many are awake: the one that woke first, if it can, but not this one.
    fn put_one_to_sleep(&mut self, but: u32, overflow: &mut Overflow) {
        for _ in 0..TRIES {
            if self.awake.len() <= self.most_awake {
                return;
            }
            let Some(number) = self.awake.pop_front() else { return };
            if number == but {
                self.awake.push_back(number);
            } else if !self.put_to_sleep(number, overflow)
                && let Some(site) = self.awake_mut(number)
            {
                site.may_be_put_to_sleep = false;
            }
        }
    }

    fn put_to_sleep(&mut self, number: u32, overflow: &mut Overflow) -> bool {
        let Some(slot) = self.slots.get_mut(number as usize) else { return true };
        let State::Awake(site) = &mut slot.state else { return true };
        if !site.may_sleep() {
            return false;
        }
        site.lie_down(overflow);
        if site.rules_here() > LARGE {
            return false;
        }
        self.packing.clear();
        site.store(&mut self.packing);
        slot.held = u32::try_from(site.held()).unwrap_or(u32::MAX);
        slot.state = State::Asleep(self.packing.as_slice().into());
        true
    }

    /// Bytes of entries of a site in memory.
    pub(super) fn held(&self, number: u32) -> usize {
        match self.slots.get(number as usize) {
            Some(Slot { state: State::Awake(site), .. }) => site.held(),
            Some(slot) => slot.held as usize,
            None => 0,
        }
    }

    pub(super) fn scheduled(&self, number: u32) -> Option<Timestamp> {
        let at = self.slots.get(number as usize)?.scheduled;
        (at != NEVER).then_some(Timestamp(at))
    }

    pub(super) fn set_scheduled(&mut self, number: u32, at: Option<Timestamp>) {
        if let Some(slot) = self.slots.get_mut(number as usize) {
            slot.scheduled = at.map_or(NEVER, |at| at.0);
        }
    }

    pub(super) fn waits_for(&self, number: u32) -> Option<u32> {
        let level = self.slots.get(number as usize)?.waits_for;
        (level != NO_LEVEL).then_some(level)
    }

    pub(super) fn set_waits_for(&mut self, number: u32, level: Option<u32>) {
        if let Some(slot) = self.slots.get_mut(number as usize) {
            slot.waits_for = level.unwrap_or(NO_LEVEL);
        }
    }
}

impl Slot {
    fn name(&self) -> Option<&str> {
        match &self.state {
            State::Awake(site) => Some(&site.key.0),
            // Its name comes first.
            State::Asleep(bytes) => Reader::new(bytes).text().ok(),
        }
    }
}
