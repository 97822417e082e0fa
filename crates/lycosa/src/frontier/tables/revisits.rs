//! Visits to come: what waits for a time that is far off, by the time it waits for.
//!
//! Entries lie as bytes in buckets of time, those of the next minutes in narrow ones, those of later days in wide ones;
//! when its time comes, a bucket is emptied into narrower ones, as in a hierarchy of timing wheels (Varghese and Lauck
//! 1987), and those of the present minute are sorted. A bucket keeps a few kilobytes in memory and the rest where what
//! waits is kept: per visit to come that is a fraction of a byte. What is due goes to its site's queue, where politeness
//! and budgets hold as for any URL, in a class of its own. What it leaves out: when a visit is due, which the commit said.

use std::collections::BTreeMap;

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

/// Visits to come.
#[derive(Debug, Default)]
pub(super) struct Revisits {
    /// By where they begin, and by level.
    buckets: BTreeMap<(u64, u32), Bucket>,
    /// Those of the present minute; the number keeps equal times apart.
    soon: BTreeMap<(Timestamp, u64), Box<[u8]>>,
    next: u64,
    count: u64,
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

    /// No entry is due before this moment.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let bucket = self.buckets.keys().next().map(|(start, _)| Timestamp(*start));
        let soon = self.soon.keys().next().map(|(due, _)| *due);
        [bucket, soon].into_iter().flatten().min()
    }

    /// Lets an entry wait.
    pub(super) fn push(&mut self, due: Timestamp, entry: &[u8], now: Timestamp, overflow: &mut Overflow) {
        self.count += 1;
        self.put(due, entry, now, overflow);
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
        let bucket = self.buckets.entry((due.0 >> width << width, level)).or_default();
        wire::put_number(&mut bucket.tail, due.0);
        wire::put_bytes(&mut bucket.tail, entry);
        if bucket.tail.len() >= BLOCK
            && let Some(place) = overflow.put_text(&bucket.tail)
        {
            bucket.places.push(place);
            bucket.tail = Vec::new();
        }
    }

    /// Takes an entry that is due; `None` also when it cannot be read, and the trouble is kept.
    pub(super) fn pop(&mut self, now: Timestamp, overflow: &mut Overflow) -> Option<Box<[u8]>> {
        while let Some((&(start, level), _)) = self.buckets.first_key_value().filter(|(at, _)| at.0 <= now.0)
        {
            let mut bucket = self.buckets.remove(&(start, level))?;
            while let Some(bytes) = bucket.next(overflow) {
                let mut reader = Reader::new(&bytes);
                while let Ok((due, entry)) = read(&mut reader) {
                    self.put(due, entry, now, overflow);
                }
            }
            if !bucket.places.is_empty() {
                self.buckets.insert((start, level), bucket);
                return None;
            }
        }
        let (&at, _) = self.soon.first_key_value().filter(|((due, _), _)| *due <= now)?;
        self.count -= 1;
        self.soon.remove(&at)
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
        Ok(())
    }
}

impl Bucket {
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

fn read<'a>(reader: &mut Reader<'a>) -> Result<(Timestamp, &'a [u8]), Damaged> {
    Ok((reader.time()?, reader.bytes()?))
}

impl Tables {
    /// A URL that got its outcome waits for its next visit.
    pub(super) fn keep_revisit(&mut self, lease: &OpenLease, revisit: Revisit, now: Timestamp) {
        let generation = lease.entry.generation().saturating_add(1);
        self.keep(lease, generation, 0, &revisit, now);
    }

    /// A visit that is given back for longer than a moment waits among those to come, and is the same visit then.
    pub(super) fn put_off(&mut self, lease: OpenLease, due: Timestamp, now: Timestamp) {
        let Some(revisit) = lease.entry.revisit() else { return };
        let revisit = Revisit { due, visit: revisit.visit.clone() };
        self.keep(&lease, lease.entry.generation(), lease.entry.attempt, &revisit, now);
        let mark = self.last_outcome(lease.key);
        *self.outcomes(mark) += 1;
        self.stats.leased -= 1;
        self.stats.done += 1;
        self.schedule(lease.site, now);
    }

    fn keep(&mut self, lease: &OpenLease, generation: u32, attempt: u16, revisit: &Revisit, now: Timestamp) {
        let Some(site) = self.sites.wake(lease.site, &mut self.overflow) else { return };
        let Some(origin) = site.origins.get(lease.entry.origin as usize) else { return };
        let mut request = lease.entry.request(&origin.origin);
        (request.attempt, request.class) = (attempt.into(), CLASS);
        (request.generation, request.revisit) = (0, None);
        let mut bytes = Vec::with_capacity(128);
        wire::put_number(&mut bytes, u64::from(lease.site));
        wire::put_number(&mut bytes, u64::from(lease.entry.origin));
        bytes.extend_from_slice(&lease.key.0.to_le_bytes());
        wire::put_number(&mut bytes, u64::from(generation));
        wire::put_revisit(&mut bytes, revisit);
        wire::put_request(&mut bytes, &request, &origin.origin, true);
        self.revisits.push(revisit.due, &bytes, now, &mut self.overflow);
    }

    /// URLs whose next visit is due are pending again; whether there were any.
    pub(super) fn wake_revisits(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(bytes) = self.revisits.pop(now, &mut self.overflow) {
            let Ok((site, key, entry)) = self.read_revisit(&bytes) else {
                self.overflow.note_unpackable();
                return any;
            };
            any = true;
            let mark = self.last_outcome(key);
            *self.outcomes(mark) -= 1;
            self.stats.done -= 1;
            self.stats.pending += 1;
            self.let_wait(site, None, entry, now);
        }
        any
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
        self.revisits.next_due().filter(|_| self.pace.revisits)
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
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::{Backlog, InUse};
    use super::*;
    use crate::error::Result;

    const MINUTE: u64 = 60_000;
    const DAY: u64 = 1_440 * MINUTE;

    /// Keeps blocks in a list.
    #[derive(Clone, Debug, Default)]
    struct List(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Backlog for List {
        fn put(&mut self, block: &[u8]) -> Result<Place> {
            let mut list = self.0.lock().unwrap();
            list.push(block.to_vec());
            Ok(Place { file: 0, offset: u32::try_from(list.len() - 1).unwrap(), length: 1 })
        }

        fn get(&mut self, place: Place) -> Result<Vec<u8>> {
            Ok(self.0.lock().unwrap()[place.offset as usize].clone())
        }

        fn room(&self) -> usize {
            0
        }

        fn sync(&mut self) -> Result<()> {
            Ok(())
        }

        fn current(&self) -> u32 {
            0
        }

        fn keep_only(&mut self, _in_use: &InUse) {}
    }

    /// A multiplicative walk through all times up to 90 days.
    fn due(number: u64) -> Timestamp {
        Timestamp(DAY + number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (90 * DAY))
    }

    fn filled(count: u64, overflow: &mut Overflow) -> Revisits {
        let mut revisits = Revisits::default();
        (0..count).for_each(|number| {
            let entry = [&number.to_le_bytes()[..], &[0; 72]].concat();
            revisits.push(due(number), &entry, Timestamp(DAY), overflow);
        });
        revisits
    }

    #[test]
    fn everything_comes_once_when_it_is_due_and_in_order_over_stores_and_loads() {
        let mut overflow = Overflow::default();
        overflow.begin(Box::new(List::default()));
        let count = 20_000;
        let mut revisits = filled(count, &mut overflow);
        let (mut now, mut last, mut found) = (DAY, Timestamp(0), 0);
        while revisits.len() > 0 {
            let next = revisits.next_due().unwrap();
            now = now.max(next.0) + if found % 3 == 0 { 17 * MINUTE } else { 0 };
            while let Some(entry) = revisits.pop(Timestamp(now), &mut overflow) {
                let due = due(u64::from_le_bytes(entry[..8].try_into().unwrap()));
                assert!(due.0 <= now && due >= last, "{due:?} at {now}");
                (last, found) = (due, found + 1);
            }
            if found % 7 == 0 {
                let mut out = Vec::new();
                revisits.store(&mut out);
                revisits = Revisits::default();
                revisits.load(&mut Reader::new(&out), &mut overflow).unwrap();
            }
        }
        assert_eq!(found, count);
    }

    #[test]
    fn a_visit_that_waits_elsewhere_takes_less_than_two_bytes_of_memory() {
        let mut overflow = Overflow::default();
        overflow.begin(Box::new(List::default()));
        let count = 1_000_000;
        let revisits = filled(count, &mut overflow);
        let size =
            |bucket: &Bucket| bucket.tail.capacity() + bucket.places.capacity() * size_of::<Place>() + 64;
        let buckets: usize = revisits.buckets.values().map(size).sum();
        let soon: usize = revisits.soon.values().map(|entry| entry.len() + 64).sum();
        assert!((buckets + soon) as u64 <= 2 * count + (4 << 20), "{buckets} and {soon} bytes");
        // What does not grow with their number, taken off.
        let places: usize = revisits.buckets.values().map(|bucket| bucket.places.len()).sum();
        assert!((places * size_of::<Place>()) as u64 * 2 <= count, "{places} blocks");
    }

    #[test]
    fn cut_bytes_are_noticed() {
        let mut overflow = Overflow::default();
        let revisits = filled(20, &mut overflow);
        let mut out = Vec::new();
        revisits.store(&mut out);
        for length in 0..out.len() {
            let loaded = Revisits::default().load(&mut Reader::new(&out[..length]), &mut overflow);
            assert!(loaded.is_err(), "{length}");
        }
    }
}
