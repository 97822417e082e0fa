//! Visits to come: what waits for a time that is far off, by the time it waits for.
//!
//! Entries lie as bytes in buckets of time, those of the next minutes in narrow ones, those of later days in wide ones;
//! when its time comes, a bucket is emptied into narrower ones, as in a hierarchy of timing wheels (Varghese and Lauck
//! 1987), and those of the present minute are sorted. A bucket keeps a few kilobytes in memory and the rest where what
//! waits is kept: per visit to come that is a fraction of a byte. What is due goes to its site's queue, where politeness
//! and budgets hold as for any URL, in a class of its own. However many are due, a call does a bounded part of the work.
//! What it leaves out: when a visit is due, which the commit said, and URLs that go back by hand (`again`).

mod told;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use self::told::Told;
use super::again::{Due, Returns};
use super::entry::Entry;
use super::overflow::{Overflow, Place};
use super::{Mark, OpenLease, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Request, Revisit, Timestamp, UrlKey};

/// Bytes of a bucket in memory; more are written away, where there is a place for them.
const BLOCK: usize = 8 << 10;
/// The narrowest buckets are 2^16 ms wide, about a minute; each level is eight times as wide as the one before.
const NARROWEST: u32 = 16;
const WIDER: u32 = 3;
/// The widest buckets, 9 hours: what is emptied at once is what becomes due in that time.
const LEVELS: u32 = 4;
/// Where visits after the first stand among the classes of a site: new pages come first, most of the time.
const CLASS: u8 = 2;
/// A clock that is set back by more was wrong before or is wrong now.
const WRONG: Duration = Duration::from_secs(30 * 24 * 3600);
/// Visits that one call wakes or moves nearer, about.
pub(super) const EFFORT: usize = 1_024;

/// Visits to come.
#[derive(Debug, Default)]
pub(super) struct Revisits {
    /// By where they begin, and by level.
    buckets: BTreeMap<(u64, u32), Bucket>,
    /// Those of the present minute; the number keeps equal times apart.
    soon: BTreeMap<(Timestamp, u64), Box<[u8]>>,
    /// Milliseconds by which clocks were set back since the first visit was planned. Times in here are those of a clock
    /// that never was, so that no visit waits for longer than was planned.
    behind: u64,
    next: u64,
    count: u64,
    /// How many there are of each site, by its number.
    by_site: Vec<u32>,
    /// Sites whose budget of pages is used up, and how many there are of them.
    spent: HashSet<u32>,
    barren: u64,
    /// Whether there ever were any.
    is_used: bool,
    /// URLs that went back by hand.
    pub(super) returns: Returns,
    /// Dates that sitemaps gave.
    pub(super) told: Told,
}

/// Entries in no order.
#[derive(Debug, Default)]
struct Bucket {
    places: Vec<Place>,
    tail: Vec<u8>,
}

impl Revisits {
    /// How many wait.
    pub(super) fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are some that can be made within the budgets of sites as they are.
    pub(super) fn has_fruitful(&self) -> bool {
        self.barren == 0 || self.count > self.barren
    }

    /// The budget of a site is used up.
    pub(super) fn spend(&mut self, site: u32) {
        if self.spent.insert(site) {
            self.barren += self.of_site(site);
        }
    }

    /// The budgets of these sites are used up, and of no others.
    pub(super) fn spend_only(&mut self, sites: HashSet<u32>) {
        self.barren = sites.iter().map(|site| self.of_site(*site)).sum();
        self.spent = sites;
    }

    fn of_site(&self, site: u32) -> u64 {
        self.by_site.get(site as usize).copied().unwrap_or_default().into()
    }

    /// An entry comes or goes.
    fn count_entry(&mut self, entry: &[u8], comes: bool) {
        self.count_of(Reader::new(entry).small().ok(), comes);
    }

    /// An entry of a site comes or goes; none when it cannot be read, and then whose it is shows when it is due.
    fn count_of(&mut self, site: Option<u32>, comes: bool) {
        self.count = if comes { self.count + 1 } else { self.count.saturating_sub(1) };
        let Some(site) = site else { return };
        let place = site as usize;
        if comes && place >= self.by_site.len() {
            self.by_site.resize(place + 1, 0);
        }
        let Some(here) = self.by_site.get_mut(place) else { return };
        *here = if comes { here.saturating_add(1) } else { here.saturating_sub(1) };
        if self.spent.contains(&site) {
            self.barren = if comes { self.barren + 1 } else { self.barren.saturating_sub(1) };
        }
    }

    /// Whether there are any or ever were: nobody else need look for one.
    pub(super) fn has_any(&self) -> bool {
        self.is_used
    }

    /// No entry is due before this moment.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let bucket = self.buckets.keys().next().map(|(start, _)| *start);
        let soon = self.soon.keys().next().map(|(due, _)| due.0);
        let next = [bucket, soon].into_iter().flatten().min()?;
        Some(self.shown(Timestamp(next)))
    }

    /// The clock, which shows this now, was set back by so much.
    pub(super) fn set_back(&mut self, by: Duration, now: Timestamp) {
        self.behind = self.behind.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
        self.told.set_back(now);
    }

    /// The clock jumped ahead by so much between two runs. When it had been set back by weeks and jumps as far again, it
    /// was wrong in between, as that of a machine without a battery is, and is right again: time did not pass.
    pub(super) fn jumped(&mut self, ahead: Duration) {
        let behind = Duration::from_millis(self.behind);
        if behind > WRONG && ahead >= behind {
            self.behind = 0;
        }
    }

    /// What the clock shows at a moment of those in here.
    fn shown(&self, within: Timestamp) -> Timestamp {
        Timestamp(within.0.saturating_sub(self.behind))
    }

    /// What this moment is in here.
    fn within(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add(self.behind))
    }

    /// Lets an entry wait.
    pub(super) fn push(&mut self, due: Timestamp, entry: &[u8], now: Timestamp, overflow: &mut Overflow) {
        self.count_entry(entry, true);
        self.is_used = true;
        self.put(self.within(due), entry, self.within(now), overflow);
    }

    fn put(&mut self, due: Timestamp, entry: &[u8], now: Timestamp, overflow: &mut Overflow) {
        let ahead = due.0.saturating_sub(now.0);
        if ahead >> NARROWEST == 0 {
            self.next += 1;
            self.soon.insert((due, self.next), entry.into());
            return;
        }
        let fits = |level: &u32| ahead >> (NARROWEST + WIDER * (level + 1)) == 0;
        let level = (0..LEVELS).find(fits).unwrap_or(LEVELS - 1);
        let width = NARROWEST + WIDER * level;
        self.buckets.entry((due.0 >> width << width, level)).or_default().push(due, entry, overflow);
    }

    /// Takes an entry that is due, with the moment at which it is; `None` also when it cannot be read, and the trouble is kept, and when what was done
    /// has used up the effort.
    pub(super) fn pop(
        &mut self,
        now: Timestamp,
        effort: &mut usize,
        overflow: &mut Overflow,
    ) -> Option<(Timestamp, Box<[u8]>)> {
        let now = self.within(now);
        loop {
            *effort = effort.checked_sub(1)?;
            // A bucket that begins later has nothing that comes before what is sorted: however many are overdue, those
            // of one bucket at a time come into memory.
            let soonest = self.soon.keys().next().map_or(now, |(due, _)| now.min(*due));
            let Some((&at, bucket)) =
                self.buckets.iter_mut().next().filter(|((start, _), _)| *start <= soonest.0)
            else {
                break;
            };
            let bytes = bucket.next(overflow);
            if bucket.is_empty() {
                self.buckets.remove(&at);
            }
            let bytes = bytes?;
            let mut reader = Reader::new(&bytes);
            while let Ok((due, entry)) = read(&mut reader) {
                *effort = effort.saturating_sub(1);
                // As seen from its beginning: what is overdue is sorted as finely as what is not.
                self.put(due, entry, Timestamp(at.0), overflow);
            }
            self.told.spread(at);
        }
        let (&at, _) = self.soon.first_key_value().filter(|((due, _), _)| *due <= now)?;
        let entry = self.soon.remove(&at)?;
        self.count_entry(&entry, false);
        Some((self.shown(at.0), entry))
    }

    /// Drops entries whose place others took; those URLs that went back of which there are others. `None` when they
    /// cannot all be read.
    pub(super) fn drop_replaced(&mut self, overflow: &mut Overflow) -> Option<HashSet<UrlKey>> {
        let mut there = HashSet::new();
        let returns = std::mem::take(&mut self.returns);
        let keeps = |entry: &[u8]| {
            let Ok((key, generation)) = name(entry) else { return true };
            let is_kept = !returns.is_dropped(key, generation);
            if is_kept && returns.contains(key) {
                there.insert(key);
            }
            is_kept
        };
        let all = self.retain(keeps, overflow);
        self.returns = returns;
        all.then_some(there)
    }

    /// Looks through all entries and drops those that are not to be kept. Whether all could be read; what cannot stays.
    fn retain(&mut self, mut keeps: impl FnMut(&[u8]) -> bool, overflow: &mut Overflow) -> bool {
        let (mut all, mut dropped) = (true, Vec::new());
        let mut keeps = |entry: &[u8]| {
            let is_kept = keeps(entry);
            if !is_kept {
                dropped.push(Reader::new(entry).small().ok());
            }
            is_kept
        };
        self.soon.retain(|_, entry| keeps(entry));
        for (at, mut before) in std::mem::take(&mut self.buckets) {
            let mut bucket = Bucket::default();
            while let Some(bytes) = before.next(overflow) {
                let mut reader = Reader::new(&bytes);
                while let Ok((due, entry)) = read(&mut reader) {
                    if keeps(entry) {
                        bucket.push(due, entry, overflow);
                    }
                }
            }
            all &= before.places.is_empty();
            bucket.places.append(&mut before.places);
            if !bucket.is_empty() {
                self.buckets.insert(at, bucket);
            }
        }
        dropped.into_iter().for_each(|site| self.count_of(site, false));
        self.told.reordered();
        all
    }

    /// Where blocks are.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.buckets.values_mut().flat_map(|bucket| &mut bucket.places)
    }

    /// Writes all of it; what is in a block is named by it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.count);
        wire::put_number(out, self.buckets.len() as u64);
        for ((start, level), bucket) in &self.buckets {
            wire::put_number(out, *start);
            wire::put_number(out, u64::from(*level));
            wire::put_list(out, &bucket.places, |out, place| place.store(out));
            wire::put_bytes(out, &bucket.tail);
        }
        wire::put_number(out, self.soon.len() as u64);
        for ((due, _), entry) in &self.soon {
            wire::put_number(out, due.0);
            wire::put_bytes(out, entry);
        }
        wire::put_list(out, &self.by_site, |out, count| wire::put_number(out, u64::from(*count)));
        wire::put_number(out, self.behind);
        if self.is_used {
            self.returns.store(out);
        }
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(&mut self, reader: &mut Reader<'_>, overflow: &mut Overflow) -> Result<(), Damaged> {
        self.count = reader.number()?;
        let buckets = reader.list(|reader| {
            let (start, level) = (reader.number()?, reader.small()?);
            let places = reader.list(Place::load)?;
            places.iter().for_each(|place| overflow.note_use(*place));
            let tail = reader.bytes()?.to_vec();
            let mut entries = Reader::new(&tail);
            while !entries.is_empty() {
                read(&mut entries)?;
            }
            Ok(((start, level), Bucket { places, tail }))
        })?;
        self.buckets = buckets.into_iter().collect();
        let soon = reader.list(|reader| Ok((reader.time()?, Box::from(reader.bytes()?))))?;
        for (due, entry) in soon {
            self.next += 1;
            self.soon.insert((due, self.next), entry);
        }
        self.by_site = reader.list(Reader::small)?;
        self.behind = reader.number()?;
        self.is_used = self.count > 0 || !reader.is_empty();
        if !reader.is_empty() {
            self.returns = Returns::load(reader)?;
        }
        Ok(())
    }
}

impl Bucket {
    fn push(&mut self, due: Timestamp, entry: &[u8], overflow: &mut Overflow) {
        wire::put_number(&mut self.tail, due.0);
        wire::put_bytes(&mut self.tail, entry);
        if self.tail.len() >= BLOCK
            && let Some(place) = overflow.put_text(&self.tail)
        {
            self.places.push(place);
            self.tail = Vec::new();
        }
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty() && self.tail.is_empty()
    }

    /// The bytes of a part of it, taken out; a block that cannot be read stays.
    fn next(&mut self, overflow: &mut Overflow) -> Option<Vec<u8>> {
        let Some(place) = self.places.last() else {
            return Some(std::mem::take(&mut self.tail)).filter(|tail| !tail.is_empty());
        };
        let bytes = overflow.get_text(*place)?;
        overflow.release(*place);
        self.places.pop();
        Some(bytes)
    }
}

/// Whether a visit that is given back until then is put off: what waits for moments only stays with its site.
pub(super) fn is_put_off(lease: &OpenLease, at: Timestamp, now: Timestamp) -> bool {
    lease.entry.revisit().is_some() && at.0.saturating_sub(now.0) >> NARROWEST > 0
}

/// The URL of an entry and which visit it is.
fn name(entry: &[u8]) -> Result<(UrlKey, u32), Damaged> {
    read_name(&mut Reader::new(entry))
}

fn read_name(reader: &mut Reader<'_>) -> Result<(UrlKey, u32), Damaged> {
    reader.small()?;
    reader.small()?;
    Ok((UrlKey(reader.fixed64()?), reader.small()?))
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<(Timestamp, &'a [u8]), Damaged> {
    Ok((reader.time()?, reader.bytes()?))
}

impl Tables {
    /// A URL that got its outcome waits for its next visit.
    pub(super) fn keep_revisit(&mut self, lease: &OpenLease, revisit: Revisit, now: Timestamp) {
        let next = (lease.entry.generation().saturating_add(1), 0);
        self.keep((lease.site, lease.key), &lease.entry, next, &revisit, now);
    }

    /// A visit that is given back for longer than a moment waits among those to come, and is the same visit then.
    pub(super) fn put_off(&mut self, lease: &OpenLease, due: Timestamp, now: Timestamp) {
        let Some(revisit) = lease.entry.revisit() else { return };
        let revisit = Revisit { due, ..revisit.clone() };
        let same = (lease.entry.generation(), lease.entry.attempt);
        self.keep((lease.site, lease.key), &lease.entry, same, &revisit, now);
        self.degrees.done(lease.key);
        self.stats.leased -= 1;
        self.count_as_done(lease.key);
        self.rouse(lease.site, now);
        self.schedule(lease.site, now);
    }

    /// Lets a URL wait as this visit and attempt.
    pub(super) fn keep(
        &mut self,
        (index, key): (u32, UrlKey),
        entry: &Entry,
        (generation, attempt): (u32, u16),
        revisit: &Revisit,
        now: Timestamp,
    ) {
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let Some(origin) = site.origins.get(entry.origin as usize) else { return };
        let mut request = entry.request(&origin.origin);
        (request.attempt, request.class) = (attempt.into(), CLASS);
        (request.generation, request.revisit) = (0, None);
        let mut bytes = Vec::with_capacity(128);
        wire::put_number(&mut bytes, u64::from(index));
        wire::put_number(&mut bytes, u64::from(entry.origin));
        bytes.extend_from_slice(&key.0.to_le_bytes());
        wire::put_number(&mut bytes, u64::from(generation));
        wire::put_revisit(&mut bytes, revisit);
        wire::put_request(&mut bytes, &request, &origin.origin, true);
        self.revisits.push(revisit.due, &bytes, now, &mut self.overflow);
    }

    /// URLs whose next visit is due are pending again, as many as that effort allows; whether there were any.
    pub(super) fn wake_revisits(&mut self, mut effort: usize, now: Timestamp) -> bool {
        let mut any = false;
        while let Some((_, bytes)) = self.revisits.pop(now, &mut effort, &mut self.overflow) {
            let Some(woken) = self.wake_revisit(&bytes, now) else { return any };
            any |= woken;
        }
        any
    }

    /// The visits of this URL are pending again, whenever they are due.
    pub(super) fn wake_revisits_of(&mut self, key: UrlKey, now: Timestamp) {
        for bytes in self.revisits.take_named(key, &mut self.overflow) {
            self.wake_revisit(&bytes, now);
        }
    }

    /// A visit that was taken out is pending again, unless another took its place or it is to wait; whether it is. `None`
    /// when it cannot be read.
    fn wake_revisit(&mut self, bytes: &[u8], now: Timestamp) -> Option<bool> {
        let Ok((site, key, entry)) = self.read_revisit(bytes) else {
            self.overflow.note_unpackable();
            return None;
        };
        let entry = match self.revisits.returns.judge(key, entry.generation(), now) {
            Due::Made(generation) => entry.into_visit(generation),
            Due::Dropped => return Some(false),
            Due::Later(at) => {
                self.revisits.push(at, bytes, now, &mut self.overflow);
                return Some(false);
            }
        };
        let mark = self.last_outcome(key);
        *self.outcomes(mark) -= 1;
        self.stats.done -= 1;
        self.stats.pending += 1;
        self.let_wait(site, None, entry, now);
        self.shed_excess();
        Some(true)
    }

    /// A visit that was pending or leased is to come again.
    pub(super) fn count_as_done(&mut self, key: UrlKey) {
        let mark = self.last_outcome(key);
        *self.outcomes(mark) += 1;
        self.stats.done += 1;
    }

    fn last_outcome(&self, key: UrlKey) -> Mark {
        self.seen.get(key).unwrap_or(Mark::Fetched)
    }

    pub(super) fn read_revisit(&mut self, bytes: &[u8]) -> Result<(u32, UrlKey, Entry), Damaged> {
        let mut reader = Reader::new(bytes);
        let (site, origin) = (reader.small()?, reader.small()?);
        let key = UrlKey(reader.fixed64()?);
        let generation = reader.small()?;
        let revisit = Some(Box::new(wire::read_revisit(&mut reader)?));
        let known = self.sites.wake(site, &mut self.overflow);
        let known = known.and_then(|site| site.origins.get(origin as usize));
        let known = &known.ok_or(Damaged)?.origin;
        let request = wire::read_request(&mut reader, known, true)?;
        let request = Request { generation, revisit, ..request };
        Ok((site, key, Entry::new(key, origin, known, request, self.fingerprint)))
    }

    /// When the next visit may be due; `None` when there is none, or none is made.
    pub(super) fn next_revisit(&self) -> Option<Timestamp> {
        let next = [self.revisits.next_due(), self.revisits.told.next()].into_iter().flatten().min();
        next.filter(|_| self.pace.revisits)
    }

    /// The count of this outcome.
    pub(super) fn outcomes(&mut self, mark: Mark) -> &mut u64 {
        match mark {
            Mark::Open | Mark::Fetched => &mut self.stats.fetched,
            Mark::Redirected => &mut self.stats.redirected,
            Mark::Excluded => &mut self.stats.excluded,
            Mark::Failed => &mut self.stats.failed,
        }
    }
}

#[cfg(test)]
mod tests;
