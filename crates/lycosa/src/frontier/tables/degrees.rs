//! How many links lead to URLs that wait, and those that were moved to a better class because of it.
//!
//! Counts are kept in a sketch of fixed size (count-min: Cormode and Muthukrishnan 2005): never too small, seldom too
//! large. A URL that is moved gets a second entry, and of the two one is served and one dropped, whichever comes first:
//! the one of the worse class, or the one that is left when the other was served. Visits after the first have no second
//! entry. Counts are of this run; they change the order and nothing else.

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
/// Stands for the class of a moved URL one of whose entries was served: the other is dropped.
const SERVED: u8 = 0;
/// Stands for the class of a URL that is not moved: no link says what its entry does.
const PINNED: u8 = u8::MAX;

/// What is counted, in a crawl that serves the best first.
#[derive(Debug, Default)]
pub(crate) struct Degrees {
    rows: [Box<[u8]>; 2],
    /// URLs with two entries, and the class of the second one.
    moved: HashMap<UrlKey, u8>,
    /// URLs that are leased; they and those that were are not moved: a second entry would not wait for the retry's time.
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

    /// A lease begins that is no visit after the first.
    pub(super) fn serve(&mut self, key: UrlKey) {
        if !self.moved.is_empty()
            && let Some(class) = self.moved.get_mut(&key).filter(|class| **class != PINNED)
        {
            *class = SERVED;
        }
    }

    /// A lease begins.
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
        if !self.moved.is_empty() && self.moved.get(&key) == Some(&PINNED) {
            self.moved.remove(&key);
        }
    }

    /// Whether a URL has two entries, or had when the first of them was served.
    fn is_twin(&self, key: UrlKey) -> bool {
        self.moved.get(&key).is_some_and(|class| *class != PINNED)
    }

    /// A URL whose entry says more than a link does is not moved.
    fn pin(&mut self, key: UrlKey) {
        if self.moved.len() < MOST_MOVED {
            self.moved.insert(key, PINNED);
        }
    }

    /// Entries of a site that do not count.
    pub(super) fn extra(&self, site: u32) -> u64 {
        self.extra.get(&site).copied().unwrap_or_default()
    }

    fn dropped(&mut self, site: u32, key: UrlKey) {
        self.moved.remove(&key);
        if let Some(count) = self.extra.get_mut(&site) {
            *count -= 1;
            if *count == 0 {
                self.extra.remove(&site);
            }
        }
    }

    /// Writes what must outlive the process: which entries count, and which URLs are not moved.
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
        let mut tried: Vec<_> = self.tried.iter().collect();
        tried.sort_unstable();
        wire::put_list(out, &tried, |out, key| out.extend_from_slice(&key.0.to_le_bytes()));
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let moved = reader.list(|reader| Ok((UrlKey(reader.fixed64()?), reader.byte()?)))?;
        let extra = reader.list(|reader| Ok((reader.small()?, reader.number()?)))?;
        let tried = reader.list(|reader| Ok(UrlKey(reader.fixed64()?)))?.into_iter().collect();
        let (moved, extra) = (moved.into_iter().collect(), extra.into_iter().collect());
        Ok(Self { moved, extra, tried, ..Self::default() })
    }
}

/// An entry with its time, when it waits for one.
type Timed = (Option<Timestamp>, Entry);
/// Entries one of which is kept with another of the same URL.
type Twins = HashMap<UrlKey, Timed>;

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
        let (key, class) = (link.key, link.request.class);
        let may = class > Request::PAGE_CLASS
            && self.degrees.moved.len() < MOST_MOVED
            && !self.degrees.moved.contains_key(&key)
            && !self.degrees.leased.contains(&key)
            && !self.degrees.tried.contains(&key)
            && self.still_waits(key, count);
        if !may {
            return;
        }
        let site = self.site(&link.site);
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return };
        let origin = state.origin(&link.origin);
        let request = Request { class: class - 1, ..link.request.clone() };
        let entry = Entry::new(key, origin, &link.origin, request, self.fingerprint);
        // One that may be parked stays so.
        if self.templates.may_park(site, &entry, now) {
            return;
        }
        self.degrees.moved.insert(key, class - 1);
        *self.degrees.extra.entry(site).or_default() += 1;
        // Each of the two counts on its level: one of them leaves it served, the other dropped.
        *self.levels.entry(entry.depth).or_default() += 1;
        self.place(site, entry, now);
        self.shed_excess();
    }

    /// Whether a URL waits; on disk it is looked for a few times only, however many links lead to it.
    fn still_waits(&self, key: UrlKey, count: u8) -> bool {
        let mark = self.seen.glance(key);
        mark.or_else(|| count.is_power_of_two().then(|| self.seen.get(key))?) == Some(Mark::Open)
    }

    /// The URL of an entry that is one of two, or was.
    fn twin(&mut self, site: u32, entry: &Entry) -> Option<UrlKey> {
        if self.degrees.extra.is_empty() || entry.kind == RequestKind::Robots || entry.revisit().is_some() {
            return None;
        }
        let fingerprint = self.fingerprint;
        let state = self.sites.wake(site, &mut self.overflow)?;
        let key = entry.key(&state.origins.get(entry.origin as usize)?.origin, fingerprint);
        Some(key).filter(|key| self.degrees.is_twin(*key))
    }

    /// Whether an entry whose turn has come is dropped: its URL has another that comes first, or came.
    pub(super) fn is_superfluous(&mut self, site: u32, entry: &Entry, now: Timestamp) -> bool {
        let Some(key) = self.twin(site, entry) else { return false };
        let class = self.degrees.moved.get(&key).copied().unwrap_or(PINNED);
        let is_other = class == SERVED || entry.class > class;
        if is_other {
            self.drop_twin(site, key, entry, now);
        }
        is_other
    }

    fn drop_twin(&mut self, site: u32, key: UrlKey, entry: &Entry, now: Timestamp) {
        self.degrees.dropped(site, key);
        self.leave_level(entry.depth, now);
    }

    /// Places everything that waits anew, after the depth limit has changed.
    pub(super) fn place_all(&mut self, now: Timestamp) {
        self.bring_all_back();
        for index in self.sites.numbers() {
            let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
            let parked = std::mem::take(&mut site.parked);
            let mut waiting = site.empty();
            parked.iter().for_each(|(_, entry)| self.unpark(entry.counted_depth()));
            let mut twins = Twins::default();
            // One at a time: a queue may be much longer than memory.
            while let Some(timed) = waiting.next(&mut self.overflow) {
                if let Some((at, entry)) = self.one_of_two(index, &mut twins, timed, now) {
                    self.note_tried(index, at, &entry);
                    self.let_wait(index, at, entry, now);
                    self.shed_excess();
                }
            }
            for timed in parked {
                if let Some((at, entry)) = self.one_of_two(index, &mut twins, timed, now) {
                    self.note_tried(index, at, &entry);
                    self.let_wait(index, at, entry, now);
                }
            }
            self.drop_twins(index, twins, now);
        }
    }

    /// Keeps in mind that an entry waits for its time, where the best have not been served first so far.
    fn note_tried(&mut self, site: u32, at: Option<Timestamp>, entry: &Entry) {
        if at.is_none() || entry.kind == RequestKind::Robots || !self.serves_best() {
            return;
        }
        let fingerprint = self.fingerprint;
        let Some(state) = self.sites.wake(site, &mut self.overflow) else { return };
        if let Some(origin) = state.origins.get(entry.origin as usize) {
            self.degrees.tried.insert(entry.key(&origin.origin, fingerprint));
        }
    }

    /// Leaves one of two entries of a URL while all are placed anew, the one with the lesser depth: the first that is met
    /// is kept in `met` until the second comes.
    fn one_of_two(&mut self, site: u32, met: &mut Twins, timed: Timed, now: Timestamp) -> Option<Timed> {
        let Some(key) = self.twin(site, &timed.1) else { return Some(timed) };
        let Some(first) = met.remove(&key) else {
            met.insert(key, timed);
            return None;
        };
        let (kept, other) = if first.1.depth <= timed.1.depth { (first, timed) } else { (timed, first) };
        self.drop_twin(site, key, &other.1, now);
        Some(kept)
    }

    /// Drops entries whose other was served and is not back.
    fn drop_twins(&mut self, site: u32, met: Twins, now: Timestamp) {
        for (key, (_, entry)) in met {
            self.drop_twin(site, key, &entry, now);
        }
    }

    /// A URL that is done waits again as another visit, which no link knows of: what is left of it goes.
    pub(super) fn forget_twin(&mut self, site: u32, found: &Discovered, now: Timestamp) {
        let (key, fingerprint) = (found.key, self.fingerprint);
        if self.degrees.is_twin(key) {
            let origin = self.sites.wake(site, &mut self.overflow);
            if let Some(origin) = origin.and_then(|site| site.known_origin(&found.origin))
                && let Some((_, entry)) =
                    self.take(site, origin, 0, |entry| entry.key(&found.origin, fingerprint) == key)
            {
                self.drop_twin(site, key, &entry, now);
            }
        }
        if self.serves_best() {
            self.degrees.pin(key);
        }
    }

    /// Learns which URLs are leased, when the best are served first from now on.
    pub(super) fn begin_degrees(&mut self) {
        if self.serves_best() {
            self.degrees.leased = self.leases.values().map(|lease| lease.key).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::store::Loading;
    use super::*;
    use crate::model::{Leased, Limits, Nack, Origin, Pace, Retry, SiteKey, Want};

    fn tables(order: Order) -> Tables {
        let pace =
            Pace { robots: false, delay: Duration::ZERO, response_factor: 0.0, order, ..Pace::default() };
        Tables::new(Limits::default(), pace)
    }

    fn found() -> Discovered {
        let url = "http://a.test/late";
        let origin = Origin::of(&url::Url::parse(url).unwrap()).unwrap();
        let request = Request { class: 3, depth: 1, ..Request::get(url) };
        Discovered { key: UrlKey(7), site: SiteKey("a.test".into()), origin, request }
    }

    /// What another process finds in the state of this one.
    fn reopened(before: &Tables, order: Order, now: Timestamp) -> Tables {
        let mut loading = Loading::new(tables(order));
        before.store(|part, bytes| loading.part(part, &mut Reader::new(bytes))).unwrap();
        let mut tables = loading.finish().unwrap();
        tables.reopened(now, now);
        tables
    }

    #[test]
    fn a_url_that_was_leased_when_the_snapshot_was_taken_waits_for_its_retry_too() {
        let (now, later) = (Timestamp(1_000_000), Timestamp(1_030_000));
        let mut before = tables(Order::Best);
        before.add(found(), now);
        let Leased::Some(leases) = before.lease(Want { max: 1, bytes: 0 }, now) else { panic!() };
        let mut loading = Loading::new(tables(Order::Best));
        before.store(|part, bytes| loading.part(part, &mut Reader::new(bytes))).unwrap();
        let mut tables = loading.finish().unwrap();
        // What the log says after the snapshot.
        let retry = Retry { not_before: later, block_site_until: None, counts: true };
        assert!(tables.nack(Nack { token: leases[0].token, attempt: None, retry }, now));
        tables.reopened(now, now);
        (0..9).for_each(|_| tables.note_links(&[found()], now));
        let early = tables.lease(Want { max: 1, bytes: 0 }, now.after(Duration::from_secs(9)));
        assert!(!matches!(early, Leased::Some(_)), "{early:?}");
    }

    #[test]
    fn visits_that_are_put_off_leave_nothing_behind() {
        let now = Timestamp(1_000_000);
        let mut tables = tables(Order::Best);
        tables.pace.revisits = true;
        let mut visit = found();
        let due = now.after(Duration::from_secs(1));
        visit.request.revisit =
            Some(Box::new(crate::model::Revisit::new(due, crate::model::Visit::default())));
        tables.add(visit, now);
        let Leased::Some(leases) = tables.lease(Want { max: 1, bytes: 0 }, due) else { panic!() };
        let retry = Retry { not_before: due.after(Duration::from_secs(900)), ..Retry::default() };
        assert!(tables.nack(Nack { token: leases[0].token, attempt: None, retry }, due));
        assert!(tables.degrees.tried.is_empty() && tables.degrees.leased.is_empty());
    }

    #[test]
    fn a_url_that_waits_for_its_retry_is_not_served_sooner_because_many_links_lead_to_it() {
        let (now, later) = (Timestamp(1_000_000), Timestamp(1_030_000));
        for before in [Order::Best, Order::Breadth] {
            for reopens in [false, true] {
                let mut tables = tables(before);
                tables.add(found(), now);
                let Leased::Some(leases) = tables.lease(Want { max: 1, bytes: 0 }, now) else { panic!() };
                let retry = Retry { not_before: later, block_site_until: None, counts: true };
                assert!(tables.nack(Nack { token: leases[0].token, attempt: None, retry }, now));
                if reopens {
                    tables = reopened(&tables, Order::Best, now);
                } else {
                    let pace = Pace { order: Order::Best, ..tables.pace };
                    tables.control(crate::model::Control::Pace(pace), now);
                }
                (0..9).for_each(|_| tables.note_links(&[found()], now));
                let soon = now.after(Duration::from_secs(9));
                let early = tables.lease(Want { max: 1, bytes: 0 }, soon);
                assert!(!matches!(early, Leased::Some(_)), "{before:?}, reopened {reopens}: {early:?}");
                let leased = tables.lease(Want { max: 9, bytes: 0 }, later.after(Duration::from_secs(9)));
                assert!(matches!(&leased, Leased::Some(leases) if leases.len() == 1), "{leased:?}");
            }
        }
    }
}
