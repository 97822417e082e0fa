//! URLs that go back to be fetched again, by hand, and what becomes of visits of them that are to come.
//!
//! A visit to come lies in a bucket of time where nobody finds it, so it stays there and is judged when it is due. When
//! the URL that went back asked for a visit itself, that one counts and those before are dropped; when it did not,
//! because it failed, the one before is made as if nothing had been. What it leaves out: which URLs go back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::entry::Entry;
use super::{Mark, OpenLease, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Discovered, Timestamp, UrlKey};

/// After how long a visit is looked at again that is due while its URL is on its way back.
const LATER: Duration = Duration::from_secs(60 * 60);
/// URLs that went back which are remembered before it is looked which of them have visits to come.
const MANY: usize = 1 << 16;

/// URLs that went back, while visits of them may be to come.
#[derive(Debug, Default)]
pub(super) struct Returns {
    urls: HashMap<UrlKey, Return>,
    /// How many there may be before they are looked through; twice as many as were left the last time.
    many: usize,
}

/// A URL that went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Return {
    /// Visits before this generation are dropped.
    floor: u32,
    /// The generation as which it went back.
    generation: u32,
    /// Whether that is still on its way.
    is_open: bool,
}

/// What becomes of a visit that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// It is made, as this generation.
    Made(u32),
    /// Another took its place.
    Dropped,
    /// It is not known yet.
    Later(Timestamp),
}

impl Returns {
    pub(super) fn begin(&mut self, key: UrlKey, generation: u32) {
        let floor = self.urls.get(&key).map_or(0, |before| before.floor);
        self.urls.insert(key, Return { floor, generation, is_open: true });
    }

    /// A visit has its outcome, and asked for another or not.
    pub(super) fn end(&mut self, key: UrlKey, generation: u32, is_visited_again: bool) {
        if !self.urls.is_empty()
            && let Some(back) = self.urls.get_mut(&key).filter(|back| back.generation == generation)
        {
            back.is_open = false;
            if is_visited_again {
                back.floor = generation.saturating_add(1);
            }
        }
    }

    /// What becomes of a visit that is due.
    pub(super) fn judge(&mut self, key: UrlKey, generation: u32, now: Timestamp) -> Due {
        let Some(back) = self.urls.get_mut(&key) else { return Due::Made(generation) };
        if generation < back.floor {
            Due::Dropped
        } else if generation >= back.generation {
            Due::Made(generation)
        } else if back.is_open {
            Due::Later(now.after(LATER))
        } else {
            // As none that was made before.
            back.floor = back.generation.saturating_add(1);
            Due::Made(back.floor)
        }
    }

    /// Whether a visit to come was replaced by another.
    pub(super) fn is_dropped(&self, key: UrlKey, generation: u32) -> bool {
        self.urls.get(&key).is_some_and(|back| generation < back.floor)
    }

    /// Whether there are so many that it is time to look through the visits to come.
    fn are_many(&self) -> bool {
        self.urls.len() >= self.many.max(MANY)
    }

    /// Keeps those that are on their way and those of which there are visits to come.
    fn keep_only(&mut self, there: &HashSet<UrlKey>) {
        self.urls.retain(|key, back| back.is_open || there.contains(key));
        self.many = self.urls.len() * 2;
    }

    /// Which URLs these are.
    pub(super) fn contains(&self, key: UrlKey) -> bool {
        self.urls.contains_key(&key)
    }

    pub(super) fn store(&self, out: &mut Vec<u8>) {
        let mut urls: Vec<_> = self.urls.iter().collect();
        urls.sort_unstable_by_key(|(key, _)| **key);
        wire::put_list(out, &urls, |out, (key, back)| {
            let Return { floor, generation, is_open } = **back;
            out.extend_from_slice(&key.0.to_le_bytes());
            wire::put_number(out, u64::from(floor));
            wire::put_number(out, u64::from(generation));
            out.push(u8::from(is_open));
        });
    }

    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let urls = reader.list(|reader| {
            let key = UrlKey(reader.fixed64()?);
            let (floor, generation) = (reader.small()?, reader.small()?);
            Ok((key, Return { floor, generation, is_open: reader.byte()? != 0 }))
        })?;
        let many = urls.len() * 2;
        Ok(Self { urls: urls.into_iter().collect(), many })
    }
}

impl Tables {
    /// Lets URLs that have an outcome wait again, as the visits that the list says then; those that have none, or whose next visit waits for its turn or is
    /// under way, are taken out of the list.
    pub(crate) fn again(&mut self, list: &mut Vec<Discovered>, now: Timestamp) {
        let mut open = self.open_visits(list);
        let later = u32::from(self.revisits.has_any());
        list.retain_mut(|found| {
            // The next one may be that of a visit to come; what failed when it was asked first has none.
            let failed_at_once =
                found.request.generation <= 1 && self.seen.get(found.key) == Some(Mark::Failed);
            if !failed_at_once {
                found.request.generation = found.request.generation.saturating_add(later);
            }
            open.insert(found.key) && self.go_back(found, now)
        });
    }

    /// Lets all of these wait again, as the log says; `false` when one has no outcome.
    pub(crate) fn again_as_told(&mut self, list: &[Discovered], now: Timestamp) -> bool {
        // A replay may have woken visits before their time.
        let woken = self.open_visits(list);
        list.iter().all(|found| {
            if woken.contains(&found.key) {
                self.unwake(found, now);
            }
            self.go_back(found, now)
        })
    }

    fn go_back(&mut self, found: &Discovered, now: Timestamp) -> bool {
        let Some(mark) = self.seen.get(found.key).filter(|mark| *mark != Mark::Open) else { return false };
        let mut request = found.request.clone();
        request.revisit.iter_mut().for_each(|revisit| revisit.by_hand = true);
        if self.revisits.has_any() {
            self.revisits.returns.begin(found.key, request.generation);
            self.tidy_returns();
        }
        let count = self.outcomes(mark);
        *count = count.saturating_sub(1);
        self.stats.done = self.stats.done.saturating_sub(1);
        self.stats.pending += 1;
        let index = self.site(&found.site);
        self.breakers.forgive(index, now);
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return false };
        site.done = site.done.saturating_sub(1);
        site.failed = site.failed.saturating_sub(u64::from(mark == Mark::Failed));
        let origin = site.origin(&found.origin);
        let entry = Entry::new(found.key, origin, &found.origin, request, self.fingerprint);
        // A visit after the first is pending without being open to links or holding up a level.
        if let Some(depth) = entry.counted_depth() {
            self.seen.set(found.key, Mark::Open);
            *self.levels.entry(depth).or_default() += 1;
            self.forget_twin(index, found, now);
        }
        self.let_wait(index, None, entry, now);
        self.shed_excess();
        true
    }

    /// Of these URLs those of which a visit after the first waits for its turn or is under way.
    fn open_visits(&mut self, list: &[Discovered]) -> HashSet<UrlKey> {
        let mut open = HashSet::new();
        if !self.revisits.has_any() {
            return open;
        }
        let wanted: HashSet<UrlKey> = list.iter().map(|found| found.key).collect();
        let leased = self.leases.values().filter(|lease| lease.entry.revisit().is_some());
        open.extend(leased.map(|lease| lease.key).filter(|key| wanted.contains(key)));
        let sites: BTreeSet<u32> = list.iter().filter_map(|found| self.sites.find(&found.site)).collect();
        let fingerprint = self.fingerprint;
        for index in sites {
            let Some(site) = self.sites.wake(index, &mut self.overflow) else { continue };
            site.each(&mut self.overflow, |entry, origins| {
                let origin = origins.get(entry.origin as usize).filter(|_| entry.revisit().is_some());
                let key = origin.map(|state| entry.key(&state.origin, fingerprint));
                open.extend(key.filter(|key| wanted.contains(key)));
            });
        }
        open
    }

    /// A visit that waits for its turn is to come again.
    fn unwake(&mut self, found: &Discovered, now: Timestamp) {
        let Some(index) = self.sites.find(&found.site) else { return };
        let site = self.sites.wake(index, &mut self.overflow);
        let Some(origin) = site.and_then(|site| site.known_origin(&found.origin)) else { return };
        let fingerprint = self.fingerprint;
        let wanted =
            |entry: &Entry| entry.revisit().is_some() && entry.key(&found.origin, fingerprint) == found.key;
        let Some((_, entry)) = self.take(index, origin, 0, wanted) else { return };
        self.stats.pending -= 1;
        self.count_as_done(found.key);
        if let Some(revisit) = entry.revisit() {
            self.keep((index, found.key), &entry, (entry.generation(), entry.attempt), revisit, now);
        }
    }

    /// A lease has its outcome: what it means for visits of its URL that are to come.
    pub(super) fn end_return(&mut self, lease: &OpenLease, is_visited_again: bool) {
        self.revisits.returns.end(lease.key, lease.entry.generation(), is_visited_again);
    }

    fn tidy_returns(&mut self) {
        if self.revisits.returns.are_many()
            && let Some(there) = self.revisits.drop_replaced(&mut self.overflow)
        {
            self.revisits.returns.keep_only(&there);
        }
    }
}
