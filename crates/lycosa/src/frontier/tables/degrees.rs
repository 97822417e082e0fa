//! How many links lead to URLs that wait, and those that were moved to a better class because of it.
//!
//! Counts are kept in a sketch of fixed size (count-min: Cormode and Muthukrishnan 2005): never too small, seldom too
//! large. A URL that is moved gets a second entry; which of the two counts is told by its class, and the other is
//! dropped when its turn comes, as is one whose URL is leased or done. Counts are of this run; they change the order
//! and nothing else.

use std::collections::{HashMap, HashSet};

use super::entry::Entry;
use super::{Mark, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Discovered, Order, Request, RequestKind, Timestamp, UrlKey};

/// Counters of a row.
const WIDTH: usize = 1 << 20;
/// Links that move a URL from class 2 to 1, and from 3 to 2.
const MANY: u8 = 4;
/// Moved URLs whose other entry still waits; beyond, none are moved.
const MOST_MOVED: usize = 1 << 18;

/// What is counted, in a crawl that serves the best first.
#[derive(Debug, Default)]
pub(crate) struct Degrees {
    rows: [Box<[u8]>; 2],
    /// The class in which the entry that counts waits.
    moved: HashMap<UrlKey, u8>,
    /// URLs that are leased; they and those that were are not moved.
    leased: HashSet<UrlKey>,
    tried: HashSet<UrlKey>,
    /// Entries too many, by site.
    extra: HashMap<u32, u64>,
}

impl Degrees {
    /// Counts a link; how many there were, at least about.
    fn count(&mut self, key: UrlKey) -> u8 {
        let places = [key.0, key.0.rotate_left(31)];
        let mut least = u8::MAX;
        for (row, place) in self.rows.iter_mut().zip(places) {
            if row.is_empty() {
                *row = vec![0; WIDTH].into();
            }
            let place = usize::try_from(place).unwrap_or(usize::MAX) % WIDTH;
            if let Some(counter) = row.get_mut(place) {
                *counter = counter.saturating_add(1);
                least = least.min(*counter);
            }
        }
        least
    }

    pub(super) fn begins(&mut self, key: UrlKey) {
        self.leased.insert(key);
    }

    /// A lease ends; its URL may be tried again.
    pub(super) fn ends(&mut self, key: UrlKey) {
        if self.leased.remove(&key) {
            self.tried.insert(key);
        }
    }

    /// A URL has its outcome.
    pub(super) fn done(&mut self, key: UrlKey) {
        self.tried.remove(&key);
    }

    /// Whether there can be entries that do not count.
    fn is_idle(&self) -> bool {
        self.extra.is_empty()
    }

    /// Entries of a site that do not count.
    pub(super) fn extra(&self, site: u32) -> u64 {
        self.extra.get(&site).copied().unwrap_or_default()
    }

    fn dropped(&mut self, site: u32) {
        if let Some(count) = self.extra.get_mut(&site) {
            *count -= 1;
            if *count == 0 {
                self.extra.remove(&site);
            }
        }
    }

    /// Writes what must outlive the process: which entries count.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        let mut moved: Vec<_> = self.moved.iter().collect();
        moved.sort_unstable();
        wire::put_list(out, &moved, |out, (key, class)| {
            out.extend_from_slice(&key.0.to_le_bytes());
            out.push(**class);
        });
        let mut extra: Vec<_> = self.extra.iter().collect();
        extra.sort_unstable();
        wire::put_list(out, &extra, |out, (site, count)| {
            wire::put_number(out, u64::from(**site));
            wire::put_number(out, **count);
        });
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let moved = reader.list(|reader| Ok((UrlKey(reader.fixed64()?), reader.byte()?)))?;
        let extra = reader.list(|reader| Ok((reader.small()?, reader.number()?)))?;
        let (moved, extra) = (moved.into_iter().collect(), extra.into_iter().collect());
        Ok(Self { moved, extra, ..Self::default() })
    }
}

impl Tables {
    pub(super) fn serves_best(&self) -> bool {
        self.pace.order == Order::Best && !self.serves_by_level()
    }

    /// Takes note of the links of a page, known or not, before they are added.
    pub(crate) fn note_links(&mut self, links: &[Discovered], now: Timestamp) {
        if !self.serves_best() {
            return;
        }
        for link in links.iter().filter(|link| link.request.kind == RequestKind::Page) {
            let count = self.degrees.count(link.key);
            if count >= MANY {
                self.move_up(link, count, now);
            }
        }
    }

    /// Gives a URL that waits a second entry in a better class.
    fn move_up(&mut self, link: &Discovered, count: u8, now: Timestamp) {
        let key = link.key;
        let class = self.degrees.moved.get(&key).copied().unwrap_or(link.request.class);
        let may = class > Request::PAGE_CLASS
            && self.degrees.moved.len() < MOST_MOVED
            && !self.degrees.leased.contains(&key)
            && !self.degrees.tried.contains(&key)
            && self.still_waits(key, count);
        if !may || self.degrees.moved.contains_key(&key) {
            return;
        }
        let site = self.site(&link.site);
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return };
        let origin = state.origin(&link.origin);
        let request = Request { class: class - 1, ..link.request.clone() };
        let entry = Entry::new(key, origin, &link.origin, request, self.fingerprint);
        // One that may be parked stays so.
        if self.templates.watches(site, &entry, now) {
            return;
        }
        self.degrees.moved.insert(key, class - 1);
        *self.degrees.extra.entry(site).or_default() += 1;
        self.place(site, entry, now);
        self.shed_excess();
    }

    /// Whether a URL waits; on disk it is looked for a few times only, however many links lead to it.
    fn still_waits(&self, key: UrlKey, count: u8) -> bool {
        let mark = self.seen.glance(key);
        mark.or_else(|| count.is_power_of_two().then(|| self.seen.get(key))?) == Some(Mark::Open)
    }

    /// Whether an entry whose turn has come is to be dropped: its URL is leased or done, or has another that counts.
    pub(super) fn is_superfluous(&mut self, site: u32, entry: &Entry) -> bool {
        if self.degrees.is_idle() || entry.kind == RequestKind::Robots {
            return false;
        }
        let fingerprint = self.fingerprint;
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return false };
        let Some(origin) = state.origins.get(entry.origin as usize) else { return false };
        let key = entry.key(&origin.origin, fingerprint);
        let is_other = entry.kind == RequestKind::Page
            && self.degrees.moved.get(&key).is_some_and(|class| *class != entry.class);
        let is_over = self.degrees.leased.contains(&key) || self.seen.get(key) != Some(Mark::Open);
        if is_other || is_over {
            self.degrees.moved.remove(&key);
            self.degrees.dropped(site);
        }
        is_other || is_over
    }

    /// Learns which URLs are leased, when the best are served first from now on.
    pub(super) fn begin_degrees(&mut self) {
        if self.serves_best() {
            self.degrees.leased = self.leases.values().map(|lease| lease.key).collect();
        }
    }
}
