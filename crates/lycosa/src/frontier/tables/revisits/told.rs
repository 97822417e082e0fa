//! Visits that the dates of sitemaps bring forward.
//!
//! A visit to come lies in a bucket of time where nobody finds it by its URL, and an index of all would take more memory
//! than all else about them. So dates are gathered, and then all visits to come are looked through for those that have
//! one, a few at each call. A new search begins only when as much time has passed as makes the looking through a small
//! part of all work, however many visits wait and however often sitemaps move their dates: with a million of them, that
//! is after 100 seconds. A visit whose time comes meanwhile hears of its date when it is handed out. What it leaves out: whether a date
//! is news (`Revisit::hear`), and what the news is worth, which the engine judges when it gets the lease.

use std::collections::HashMap;
use std::time::Duration;

use super::{Revisits, name, read, read_name};
use crate::frontier::tables::overflow::Overflow;
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Revisit, Timestamp, UrlKey};

/// Dates of pages that are known to have been visited which are kept at most until the next search, and from one search to
/// the next, 24 bytes each; pages whose date is one too many are visited when they are due.
const MOST: usize = 1 << 18;
/// The same of all others: memory does not know them, so they are on disk or were made up.
const MOST_DOUBTFUL: usize = 1 << 15;
/// A site may have so many times the room that is left (Choudhury and Hahne 1998, "Dynamic queue length thresholds"): one
/// alone four fifths of all, and however many it tells of, there is room for others.
const SHARE: usize = 4;
/// Visits that are looked through for each second that passes between two searches.
const PER_SECOND: u64 = 10_000;

/// Dates, and how far the search for their visits has come.
#[derive(Debug, Default)]
pub(in crate::frontier::tables) struct Told {
    gathered: HashMap<UrlKey, Timestamp>,
    /// What is taken of the room for visited pages, and of that for others.
    taken: [Taken; 2],
    /// Those that are looked for now or were last: what was on its way meanwhile hears of them when it is handed out.
    wanted: HashMap<UrlKey, Timestamp>,
    is_searching: bool,
    /// The bucket that is looked through, and how many of its blocks, the first ones, are left; none when it was not
    /// begun.
    bucket: (u64, u32),
    blocks: Option<usize>,
    not_before: Timestamp,
}

impl Told {
    /// Gathers dates that a site told, which of all pages it says were visited; without a bound when the log tells them
    /// (`all`), which may have found room when they came.
    pub(in crate::frontier::tables) fn gather(
        &mut self,
        site: u32,
        pages: Vec<(UrlKey, Timestamp)>,
        all: bool,
        was_visited: impl Fn(UrlKey) -> bool,
    ) {
        for (key, date) in pages {
            if let Some(known) = self.gathered.get_mut(&key) {
                *known = date.max(*known);
                continue;
            }
            let (taken, most) = match (was_visited(key), &mut self.taken) {
                (true, [taken, _]) => (taken, MOST),
                (false, [_, taken]) => (taken, MOST_DOUBTFUL),
            };
            if taken.take(site, most) || all {
                self.gathered.insert(key, date);
            }
        }
    }

    /// The date that was told of a page.
    pub(in crate::frontier::tables) fn get(&self, key: UrlKey) -> Option<Timestamp> {
        self.gathered.get(&key).max(self.wanted.get(&key)).copied()
    }

    /// When there is something to look through.
    pub(in crate::frontier::tables) fn next(&self) -> Option<Timestamp> {
        if self.is_searching {
            return Some(Timestamp::default());
        }
        (!self.gathered.is_empty()).then_some(self.not_before)
    }

    /// Whether there is nothing to look for.
    pub(in crate::frontier::tables) fn is_empty(&self) -> bool {
        self.gathered.is_empty() && !self.is_searching
    }

    /// What was in this bucket lies in others now, none of which begins earlier: they may have been looked through.
    pub(super) fn spread(&mut self, at: (u64, u32)) {
        if at >= self.bucket {
            (self.bucket, self.blocks) = ((at.0, 0), None);
        }
    }

    /// The blocks of buckets were written anew: that in which the search is, is looked through from its beginning.
    pub(super) fn reordered(&mut self) {
        self.blocks = None;
    }

    /// The clock, which shows this now, was set back: what it showed says nothing of when to look.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        self.not_before = self.not_before.min(now);
    }

    fn begin(&mut self) {
        self.wanted = std::mem::take(&mut self.gathered);
        self.taken = Default::default();
        self.is_searching = true;
        (self.bucket, self.blocks) = ((0, 0), None);
    }

    /// Writes all dates; the search begins anew when they are read again.
    pub(in crate::frontier::tables) fn store(&self, out: &mut Vec<u8>) {
        let wanted = self.wanted.iter().filter(|_| self.is_searching);
        let mut dates: Vec<_> = wanted.chain(&self.gathered).collect();
        dates.sort_unstable();
        wire::put_list(out, &dates, |out, (key, date)| {
            out.extend_from_slice(&key.0.to_le_bytes());
            wire::put_number(out, date.0);
        });
    }

    /// Reads what [`Self::store`] wrote.
    pub(in crate::frontier::tables) fn load(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        let dates = reader.list(|reader| Ok((UrlKey(reader.fixed64()?), reader.time()?)))?;
        self.gathered = dates.into_iter().collect();
        // Who told them is not known any more.
        let [taken, _] = &mut self.taken;
        taken.all = self.gathered.len();
        Ok(())
    }
}

/// What is taken of the room for dates.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_site: HashMap<u32, usize>,
}

impl Taken {
    /// Takes room for another date of a site, of `most`; `false` when it has its share.
    fn take(&mut self, site: u32, most: usize) -> bool {
        let left = most.saturating_sub(self.all);
        let here = self.by_site.entry(site).or_default();
        let is_room = left > 0 && *here < left.saturating_mul(SHARE);
        *here += usize::from(is_room);
        self.all += usize::from(is_room);
        is_room
    }
}

impl Revisits {
    /// Looks on for visits that have a date, as far as the effort goes.
    pub(in crate::frontier::tables) fn bring_forward(
        &mut self,
        now: Timestamp,
        mut effort: usize,
        overflow: &mut Overflow,
    ) {
        if !self.told.is_searching && self.told.next().is_some_and(|at| at <= now) {
            self.told.begin();
        }
        self.look_through(now, &mut effort, overflow);
    }

    /// Looks for all visits that have a date, to the end.
    pub(in crate::frontier::tables) fn bring_all_forward(&mut self, now: Timestamp, overflow: &mut Overflow) {
        let mut effort = usize::MAX;
        self.look_through(now, &mut effort, overflow);
        self.told.begin();
        self.look_through(now, &mut effort, overflow);
    }

    fn look_through(&mut self, now: Timestamp, effort: &mut usize, overflow: &mut Overflow) {
        while *effort > 0 && self.told.is_searching {
            let told = &mut self.told;
            let Some((&at, bucket)) = self.buckets.range_mut(told.bucket..).next() else {
                told.is_searching = false;
                told.not_before = now.after(Duration::from_millis(self.count * 1_000 / PER_SECOND));
                return;
            };
            if at != told.bucket {
                (told.bucket, told.blocks) = (at, None);
            }
            let (bytes, place) = match told.blocks {
                // Its tail first: what is put back goes there, and from there, when it is long, behind the blocks.
                None => {
                    told.blocks = Some(bucket.places.len());
                    (Some(std::mem::take(&mut bucket.tail)), None)
                }
                Some(0) => {
                    (told.bucket, told.blocks) = ((at.0, at.1 + 1), None);
                    continue;
                }
                Some(left) => {
                    told.blocks = Some(left - 1);
                    let Some(place) = bucket.places.get(left - 1).copied() else { continue };
                    (overflow.get_text(place), Some((left - 1, place)))
                }
            };
            // A block that cannot be read stays where it is; the trouble is kept.
            let Some(bytes) = bytes else { continue };
            let (count, sorted) = sort(&bytes, &told.wanted, now);
            *effort = effort.saturating_sub(count + 1);
            let Some(sorted) = sorted else {
                if place.is_none() {
                    bucket.tail = bytes;
                }
                continue;
            };
            if let Some((index, place)) = place {
                overflow.release(place);
                bucket.places.swap_remove(index);
            }
            sorted.others.iter().for_each(|(due, entry)| bucket.push(*due, entry, overflow));
            if bucket.is_empty() {
                self.buckets.remove(&at);
            }
            let now = self.within(now);
            sorted.news.iter().for_each(|(due, entry)| self.put(self.within(*due), entry, now, overflow));
        }
    }

    /// Takes the visits of a URL out, whenever they are due. All are looked through, and those that are read are put back.
    pub(in crate::frontier::tables) fn take_named(
        &mut self,
        wanted: UrlKey,
        overflow: &mut Overflow,
    ) -> Vec<Box<[u8]>> {
        let mut found: Vec<Box<[u8]>> = Vec::new();
        let keeps = |entry: &[u8]| {
            let is_it = name(entry).is_ok_and(|(key, _)| key == wanted);
            if is_it {
                found.push(entry.into());
            }
            !is_it
        };
        self.retain(keeps, overflow);
        found
    }
}

/// Visits of a block, those about which there is news apart.
#[derive(Default)]
struct Sorted {
    news: Vec<(Timestamp, Vec<u8>)>,
    others: Vec<(Timestamp, Vec<u8>)>,
}

/// How many visits these are; nothing else when no date among those wanted is about one of them.
fn sort(bytes: &[u8], wanted: &HashMap<UrlKey, Timestamp>, now: Timestamp) -> (usize, Option<Sorted>) {
    let is_named = |entry: &[u8]| name(entry).is_ok_and(|(key, _)| wanted.contains_key(&key));
    let (mut reader, mut count, mut any) = (Reader::new(bytes), 0, false);
    while let Ok((_, entry)) = read(&mut reader) {
        count += 1;
        any |= is_named(entry);
    }
    if !any {
        return (count, None);
    }
    let (mut reader, mut sorted) = (Reader::new(bytes), Sorted::default());
    while let Ok((due, entry)) = read(&mut reader) {
        match hear(entry, wanted, now) {
            Some((revisit, entry, true)) => sorted.news.push((revisit.due, entry)),
            Some((_, entry, false)) => sorted.others.push((due, entry)),
            None => sorted.others.push((due, entry.to_vec())),
        }
    }
    (count, Some(sorted))
}

/// The visit after it heard its date, and whether that was news; `None` when it has none.
fn hear(
    entry: &[u8],
    wanted: &HashMap<UrlKey, Timestamp>,
    now: Timestamp,
) -> Option<(Revisit, Vec<u8>, bool)> {
    let mut reader = Reader::new(entry);
    let (key, _) = read_name(&mut reader).ok()?;
    let date = *wanted.get(&key)?;
    let head = entry.get(..entry.len() - reader.left())?;
    let mut revisit = wire::read_revisit(&mut reader).ok()?;
    let is_news = revisit.hear(date, now);
    let mut heard = Vec::with_capacity(entry.len() + 16);
    heard.extend_from_slice(head);
    wire::put_revisit(&mut heard, &revisit);
    heard.extend_from_slice(entry.get(entry.len() - reader.left()..)?);
    Some((revisit, heard, is_news))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(from: u64, count: u64) -> Vec<(UrlKey, Timestamp)> {
        (from..from + count).map(|number| (UrlKey(number), Timestamp(1))).collect()
    }

    #[test]
    fn whatever_one_site_tells_there_is_room_for_the_dates_of_others_and_an_end_to_all() {
        let (mut told, made_up, own, others) = (Told::default(), 0, 1_000_000, 2_000_000);
        for again in 0..2 {
            told.gather(1, pages(made_up, 500_000), false, |_| false);
            assert!(told.get(UrlKey(made_up)).is_some(), "they may be on disk");
            told.gather(1, pages(own, 500_000), false, |_| true);
            let all_of =
                |told: &Told, from: u64| (from..from + 5_000).all(|key| told.get(UrlKey(key)).is_some());
            for site in 2..6 {
                told.gather(site, pages(others * u64::from(site), 5_000), false, |_| true);
                assert!(all_of(&told, others * u64::from(site)), "site {site}, round {again}");
            }
            told.gather(7, pages(others * 7, 5_000), false, |_| false);
            assert!(told.get(UrlKey(others * 7 + 999)).is_some());
            assert!(told.gathered.len() <= MOST + MOST_DOUBTFUL, "{}", told.gathered.len());
            assert!(told.gathered.len() > MOST / 5 * 4, "one that is alone has most of it");
            told.begin();
        }
    }

    #[test]
    fn of_a_state_that_was_stored_no_more_is_kept_either() {
        let (mut told, mut out) = (Told::default(), Vec::new());
        told.gather(1, pages(0, 500_000), false, |_| true);
        let before = told.gathered.len();
        told.store(&mut out);
        let mut told = Told::default();
        told.load(&mut Reader::new(&out)).unwrap();
        told.gather(1, pages(1_000_000, 500_000), false, |_| true);
        assert!(told.gathered.len() > before && told.gathered.len() <= MOST);
    }
}
