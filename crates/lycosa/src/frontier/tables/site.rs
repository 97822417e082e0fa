//! One site: its queues, its origins, its politeness.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::entry::Entry;
use super::overflow::{Overflow, Place};
use super::queue::Level;
use super::taken_out::TakenOut;
use super::waiting::Waiting;
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Health, HostRecord, Origin, Pace, Robots, SiteDates, SiteKey, Timestamp};
use crate::politeness::{delay_cause, site_delay};

/// The level of robots.txt requests that came through redirects: a site serves it whatever its budget.
pub(super) const ERRANDS: u32 = 0;
/// The first level of a site's own URLs.
pub(super) const OWN: u32 = 1;

/// Origins up to which the one wanted is looked for one by one; a site with more keeps an index.
const FEW_ORIGINS: usize = 16;

/// An origin of a site.
#[derive(Debug)]
pub(crate) struct OriginState {
    pub(crate) origin: Origin,
    /// Without the text of its rules while that is elsewhere alone.
    pub(crate) robots: Robots,
    /// Where the text of its rules is, once it was put there.
    pub(super) rules_elsewhere: Option<Place>,
    pub(crate) crawl_delay: Duration,
    pub(crate) leased: u32,
    /// A robots request of this origin is queued, leased or on its way through redirects.
    pub(crate) robots_pending: bool,
    /// Entries that wait for robots.txt.
    pub(super) held: Waiting,
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
    /// By level ([`ERRANDS`], then from [`OWN`] on), the lowest last, as the deepest and newest are where they come first.
    levels: Vec<(u32, Level)>,
    pub(crate) queued: u64,
    /// Retries by time; the number keeps equal times apart.
    pub(crate) retries: BTreeMap<(Timestamp, u64), Entry>,
    /// How many of them are served whatever the budget ([`Entry::is_errand`]).
    errands: u32,
    /// Entries deeper than the depth limit has become, with the time of their retry.
    pub(crate) parked: Vec<(Option<Timestamp>, Entry)>,
    /// When the last request started, if one did.
    pub(crate) started: Option<Timestamp>,
    /// The lease it started under.
    pub(crate) started_under: u64,
    pub(crate) blocked_until: Timestamp,
    pub(crate) response_time: Duration,
    pub(crate) leased: u32,
    pub(crate) done: u64,
    pub(crate) failed: u64,
    /// Pages written.
    pub(super) pages: u64,
    /// Open leases that may yield another.
    pub(super) pages_reserved: u32,
    /// What its sitemaps said; most sites have none with dates.
    pub(super) dates: Option<Box<SiteDates>>,
    /// Whether it is among those that are put to sleep one after the other.
    pub(super) may_be_put_to_sleep: bool,
}

impl Site {
    pub(crate) fn new(key: SiteKey) -> Self {
        Self {
            key,
            origins: Vec::new(),
            origin_index: HashMap::new(),
            crawl_delay: Duration::ZERO,
            levels: Vec::new(),
            queued: 0,
            retries: BTreeMap::new(),
            errands: 0,
            parked: Vec::new(),
            started: None,
            started_under: 0,
            blocked_until: Timestamp::default(),
            response_time: Duration::ZERO,
            leased: 0,
            done: 0,
            failed: 0,
            pages: 0,
            pages_reserved: 0,
            dates: None,
            may_be_put_to_sleep: false,
        }
    }

    /// The index of an origin, met now if it was not before.
    pub(crate) fn origin(&mut self, origin: &Origin) -> u32 {
        self.known_origin(origin).unwrap_or_else(|| self.new_origin(origin))
    }

    /// The index of an origin, if it was met before.
    pub(crate) fn known_origin(&self, origin: &Origin) -> Option<u32> {
        if self.origins.len() > FEW_ORIGINS {
            return self.origin_index.get(origin).copied();
        }
        (0..).zip(&self.origins).find(|(_, state)| state.origin == *origin).map(|(index, _)| index)
    }

    fn new_origin(&mut self, origin: &Origin) -> u32 {
        self.insert_origin(OriginState {
            origin: origin.clone(),
            robots: Robots::Unknown,
            rules_elsewhere: None,
            crawl_delay: Duration::ZERO,
            leased: 0,
            robots_pending: false,
            held: Waiting::default(),
        })
    }

    /// Adds an origin that was stored.
    pub(super) fn add_origin(&mut self, state: OriginState) -> Result<(), Damaged> {
        if self.known_origin(&state.origin).is_some() {
            return Err(Damaged);
        }
        self.crawl_delay = self.crawl_delay.max(state.crawl_delay);
        self.insert_origin(state);
        Ok(())
    }

    fn insert_origin(&mut self, state: OriginState) -> u32 {
        // Most sites have one origin for ever.
        self.origins.reserve_exact(usize::from(self.origins.is_empty()));
        let index = u32::try_from(self.origins.len()).unwrap_or(u32::MAX);
        self.origins.push(state);
        if self.origins.len() == FEW_ORIGINS + 1 {
            self.origin_index = self.origins.iter().map(|state| state.origin.clone()).zip(0..).collect();
        } else if let Some(last) = self.origins.last().filter(|_| self.origins.len() > FEW_ORIGINS) {
            self.origin_index.insert(last.origin.clone(), index);
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
    pub(crate) fn lease_begins(&mut self, origin: u32, page: bool) {
        self.leased += 1;
        self.pages_reserved += u32::from(page);
        if let Some(state) = self.origins.get_mut(origin as usize) {
            state.leased += 1;
        }
    }

    /// Notes the end of a lease on one of its origins.
    pub(crate) fn lease_ends(&mut self, origin: u32, page: bool, per_origin: u32) {
        self.leased -= 1;
        self.pages_reserved -= u32::from(page);
        let Some(state) = self.origins.get_mut(origin as usize) else { return };
        let was_full = state.leased >= per_origin;
        state.leased -= 1;
        if was_full && state.leased < per_origin {
            self.levels.iter_mut().for_each(|(_, level)| level.readmit(origin));
        }
    }

    /// Any origin may have room now, because the rule has changed.
    pub(crate) fn readmit_all(&mut self) {
        self.levels.iter_mut().for_each(|(_, level)| level.readmit_all());
    }

    /// Puts an entry at the end of its class.
    pub(super) fn push(&mut self, level: u32, entry: &Entry, overflow: &mut Overflow) {
        self.queued += 1;
        let place = self.place_of(level).unwrap_or_else(|place| {
            self.levels.reserve_exact(usize::from(self.levels.is_empty()));
            self.levels.insert(place, (level, Level::default()));
            place
        });
        if let Some((_, level)) = self.levels.get_mut(place) {
            level.push(entry, overflow);
        }
    }

    fn place_of(&self, level: u32) -> Result<usize, usize> {
        self.levels.binary_search_by(|(number, _)| level.cmp(number))
    }

    /// Everything that waits, taken out.
    pub(super) fn empty(&mut self) -> TakenOut {
        (self.queued, self.errands) = (0, 0);
        TakenOut {
            levels: std::mem::take(&mut self.levels),
            held: self.origins.iter_mut().map(|state| std::mem::take(&mut state.held)).zip(0..).collect(),
            retries: std::mem::take(&mut self.retries),
        }
    }

    /// Moves entries out of memory where that many bytes of them wait in one place.
    pub(super) fn shed(&mut self, least: usize, overflow: &mut Overflow) {
        self.levels.iter_mut().for_each(|(_, level)| level.shed(least, overflow));
        for (state, origin) in self.origins.iter_mut().zip(0..) {
            state.held.shed(origin, least, overflow);
        }
    }

    /// What waits in queues or for robots.txt.
    fn all(&self) -> impl Iterator<Item = &Waiting> {
        let held = self.origins.iter().map(|state| &state.held);
        self.levels.iter().flat_map(|(_, level)| level.all()).chain(held)
    }

    /// Bytes of entries in memory.
    pub(super) fn held(&self) -> usize {
        self.all().map(Waiting::held).sum()
    }

    /// Bytes that its entries take when it is packed, about: those in memory, and a dozen for each block.
    pub(super) fn packed_size(&self) -> usize {
        self.all().map(|waiting| waiting.held() + waiting.blocks() * 12).sum()
    }

    /// Bytes of robots.txt that are in memory alone.
    pub(super) fn rules_here(&self) -> usize {
        let rules = |state: &OriginState| match &state.robots {
            Robots::Rules { body, .. } => body.len(),
            _ => 0,
        };
        self.origins.iter().map(rules).sum()
    }

    /// Lets an entry wait for a time, behind those that wait for the same.
    pub(super) fn retry(&mut self, at: Timestamp, entry: Entry) {
        let last = self.retries.range((at, 0)..=(at, u64::MAX)).next_back();
        let number = last.map_or(0, |((_, number), _)| number + 1);
        self.errands += u32::from(entry.is_errand());
        self.retries.insert((at, number), entry);
    }

    /// Takes out the entry that waits for this time.
    pub(super) fn take_retry(&mut self, at: (Timestamp, u64)) -> Option<Entry> {
        let entry = self.retries.remove(&at)?;
        self.errands -= u32::from(entry.is_errand());
        Some(entry)
    }

    /// When the next retry is due, if it may be served within this budget of pages.
    pub(super) fn next_retry(&self, limit: Option<u64>) -> Option<Timestamp> {
        let may = self.errands > 0 || self.has_pages_left(limit);
        self.retries.keys().next().filter(|_| may).map(|(at, _)| *at)
    }

    /// Whether this budget lets another page be asked for beside those that are under way.
    pub(super) fn has_pages_left(&self, limit: Option<u64>) -> bool {
        limit.is_none_or(|limit| self.pages.saturating_add(self.pages_reserved.into()) < limit)
    }

    /// Whether this budget is used up for good.
    pub(super) fn has_spent(&self, limit: Option<u64>) -> bool {
        limit.is_some_and(|limit| self.pages >= limit)
    }

    /// The deepest level that is served within this budget, of those up to `served`.
    pub(super) fn level_within(&self, limit: Option<u64>, served: u32) -> u32 {
        if self.has_pages_left(limit) { served } else { ERRANDS }
    }

    /// Whether a robots.txt may be asked for is decided anew by each run.
    pub(super) fn forget_withheld(&mut self) {
        let withheld = |state: &&mut OriginState| matches!(state.robots, Robots::Withheld { .. });
        self.origins.iter_mut().filter(withheld).for_each(|state| state.robots = Robots::Unknown);
    }

    /// Lets nothing wait for longer than until `latest`, nor for the difference when the clock was set `back`.
    pub(super) fn bound_times(&mut self, back: Duration, latest: Timestamp) {
        let back = u64::try_from(back.as_millis()).unwrap_or(u64::MAX);
        let bound = |at: Timestamp| Timestamp(at.0.saturating_sub(back)).min(latest);
        self.blocked_until = bound(self.blocked_until);
        self.parked.iter_mut().for_each(|(at, _)| *at = at.map(bound));
        if back > 0 || self.retries.last_key_value().is_some_and(|((at, _), _)| *at > latest) {
            self.errands = 0;
            for ((at, _), entry) in std::mem::take(&mut self.retries) {
                self.retry(bound(at), entry);
            }
        }
    }

    /// Forgets most of what was read of blocks and can be read again.
    pub(super) fn shorten_copies(&mut self) {
        let held = self.origins.iter_mut().map(|state| &mut state.held);
        let queued = self.levels.iter_mut().flat_map(|(_, level)| level.all_mut());
        queued.chain(held).for_each(Waiting::shorten_copy);
    }

    /// Where it has something elsewhere.
    pub(super) fn all_places(&self) -> Vec<Place> {
        let rules = self.origins.iter().filter_map(|state| state.rules_elsewhere);
        self.all().flat_map(Waiting::all_places).chain(rules).collect()
    }

    /// The same, to be moved.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        let queued = self.levels.iter_mut().flat_map(|(_, level)| level.all_mut());
        let origins = self.origins.iter_mut();
        let origins = origins.map(|state| (state.held.places(), state.rules_elsewhere.iter_mut()));
        queued.flat_map(Waiting::places).chain(origins.flat_map(|(held, rules)| held.chain(rules)))
    }

    /// The lowest level above this one that has something.
    pub(crate) fn level_above(&self, level: u32) -> Option<u32> {
        self.levels.iter().rev().map(|(number, _)| *number).find(|number| *number > level)
    }

    /// Whether something is queued, up to this level, whose origin has room for another lease.
    pub(crate) fn has_room(&mut self, level: u32, per_origin: u32) -> bool {
        let room = room(&self.origins, per_origin);
        up_to(&mut self.levels, level).any(|(_, queue)| queue.has_room(&room))
    }

    /// Takes the next entry whose origin has room, of the lowest level that has one, up to `level`.
    pub(super) fn pop(&mut self, level: u32, per_origin: u32, overflow: &mut Overflow) -> Option<Entry> {
        let (at, entry) = {
            let room = room(&self.origins, per_origin);
            let mut levels = up_to(&mut self.levels, level);
            levels.find_map(|(at, queue)| queue.pop(&room, overflow).map(|entry| (*at, entry)))?
        };
        self.left(at);
        Some(entry)
    }

    /// Takes the entry of this origin that this is true of, wherever it waits (of queues, those from this level on), with
    /// its time.
    pub(super) fn take(
        &mut self,
        origin: u32,
        least: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<(Option<Timestamp>, Entry)> {
        let wanted = |entry: &Entry| entry.origin == origin && wanted(entry);
        let mut levels = self.levels.iter_mut().rev().filter(|(level, _)| *level >= least);
        let found = levels.find_map(|(at, level)| Some((*at, level.take(origin, wanted, overflow)?)));
        if let Some((at, entry)) = found {
            self.left(at);
            return Some((None, entry));
        }
        let retry = self.retries.iter().find(|(_, entry)| wanted(entry)).map(|(at, _)| *at);
        if let Some(at) = retry {
            return self.take_retry(at).map(|entry| (Some(at.0), entry));
        }
        let entry = self.origins.get_mut(origin as usize)?.held.take(origin, wanted, overflow)?;
        Some((None, entry))
    }

    /// Shows every entry that waits, wherever.
    pub(super) fn each(&self, overflow: &mut Overflow, mut show: impl FnMut(&Entry, &[OriginState])) {
        let origins = &self.origins;
        let mut show = |entry: &Entry| show(entry, origins);
        self.levels.iter().rev().for_each(|(_, level)| level.each(overflow, &mut show));
        for (state, origin) in origins.iter().zip(0..) {
            state.held.each(origin, overflow, &mut show);
        }
        self.retries.values().for_each(&mut show);
        self.parked.iter().for_each(|(_, entry)| show(entry));
    }

    /// Shows what is queued in the first class, as every robots.txt is.
    pub(super) fn each_urgent(&self, overflow: &mut Overflow, mut show: impl FnMut(&Entry)) {
        self.levels.iter().for_each(|(_, level)| level.each_urgent(overflow, &mut show));
    }

    /// Whether what waits is served whatever the budget ([`Entry::is_errand`]), some of it.
    pub(super) fn has_errands(&self) -> bool {
        self.errands > 0 || self.levels.last().is_some_and(|(number, _)| *number == ERRANDS)
    }

    /// Takes the parked entry that this is true of, with its time.
    pub(crate) fn take_parked(
        &mut self,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Option<(Option<Timestamp>, Entry)> {
        let at = self.parked.iter().position(|(_, entry)| wanted(entry))?;
        Some(self.parked.remove(at))
    }

    /// An entry has left the queue of this level.
    fn left(&mut self, level: u32) {
        self.queued -= 1;
        let place = self.place_of(level).unwrap_or(usize::MAX);
        if self.levels.get(place).is_some_and(|(_, queue)| queue.is_empty()) {
            self.levels.remove(place);
        }
    }

    /// Writes its queues.
    pub(super) fn store_queues(&self, out: &mut Vec<u8>) {
        wire::put_list(out, &self.levels, |out, (number, level)| {
            wire::put_number(out, u64::from(*number));
            level.store(out);
        });
    }

    /// Reads what [`Self::store_queues`] wrote.
    pub(super) fn load_queues(
        &mut self,
        reader: &mut Reader<'_>,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<(), Damaged> {
        self.levels = reader.list(|reader| Ok((reader.small()?, Level::load(reader, check, overflow)?)))?;
        self.levels.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        self.queued = self.levels.iter().map(|(_, level)| level.len() as u64).sum();
        Ok(())
    }

    /// What waits in queues or for a time, class by class.
    fn by_class(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        let queued = self.levels.iter().flat_map(|(_, level)| level.lengths().into_iter().zip(0..));
        let retries = self.retries.values().map(|entry| (1, usize::from(entry.class)));
        for (count, class) in queued.chain(retries) {
            if let Some(sum) = counts.get_mut(class) {
                *sum += count as u64;
            }
        }
        counts
    }

    /// What is known of it. The text of rules that is elsewhere is missing.
    pub(crate) fn record(&self, pace: &Pace, limit: Option<u64>) -> HostRecord {
        let held: usize = self.origins.iter().map(|origin| origin.held.len()).sum();
        HostRecord {
            site: self.key.clone(),
            origins: self
                .origins
                .iter()
                .zip(0..)
                .map(|(state, number)| self.origin_record(state, number))
                .collect(),
            delay: self.delay(pace),
            delay_cause: delay_cause(pace, self.crawl_delay, self.response_time),
            health: Health::default(),
            next_allowed: self.next_allowed(pace),
            blocked_until: self.blocked_until,
            parked: self.parked.len() as u64,
            pending: self.queued + self.retries.len() as u64 + held as u64,
            pending_by_class: self.by_class(),
            pending_for_robots: held as u64,
            leased: self.leased,
            response_time: self.response_time,
            done: self.done,
            failed: self.failed,
            pages: self.pages,
            has_spent: self.has_spent(limit),
            dates: self.dates.as_deref().copied(),
        }
    }
}

/// The levels up to one, the lowest first.
fn up_to(levels: &mut [(u32, Level)], level: u32) -> impl Iterator<Item = (&u32, &mut Level)> {
    let levels = levels.iter_mut().rev().take_while(move |(number, _)| *number <= level);
    levels.map(|(number, queue)| (&*number, queue))
}

/// Whether an origin may have another lease.
fn room(origins: &[OriginState], per_origin: u32) -> impl Fn(u32) -> bool {
    move |origin| origins.get(origin as usize).is_some_and(|state| state.leased < per_origin)
}
