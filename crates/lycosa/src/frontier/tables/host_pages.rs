//! The budget of pages of each site: counting them, and what a site that has used it up means for levels.
//!
//! A lease that may yield a page reserves one of its site, so what is written is exact with any number of workers. A site
//! that has none left is not scheduled, which costs nothing, but for robots.txt requests of other sites. Where levels are
//! served one by one, its URLs would hold up their level for ever: they are counted apart (`aside`), always as a move from
//! the one count to the other, so that the two together count what is open. What it leaves out: leases (`lease`).

use std::collections::{BTreeMap, HashSet};

use super::Tables;
use super::entry::Entry;
use crate::model::{RequestKind, Timestamp};

/// The depth by which an entry that waits holds up a level.
fn held_depth(entry: &Entry) -> Option<u32> {
    entry.counted_depth().filter(|_| entry.kind != RequestKind::Robots)
}

impl Tables {
    /// A page of a site is written.
    pub(super) fn count_page(&mut self, index: u32, now: Timestamp) {
        self.stats.pages += 1;
        let limit = self.limits.max_pages_per_host;
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let had_spent = site.has_spent(limit);
        site.pages += 1;
        if !had_spent && site.has_spent(limit) {
            self.revisits.spend(index);
            self.set_site_aside(index, now);
        }
    }

    /// Finds out anew which sites have used up their budgets: no visit of theirs to come is waited for.
    pub(super) fn note_spent(&mut self) {
        let limit = self.limits.max_pages_per_host;
        let mut spent = HashSet::new();
        if limit.is_some() {
            let is_spent = |site: &u32| self.sites.look(*site, |site| site.has_spent(limit)) == Some(true);
            spent.extend(self.sites.numbers().filter(is_spent));
        }
        self.revisits.spend_only(spent);
    }

    /// Whether URLs that wait for this site hold up no level.
    fn is_aside(&mut self, index: u32) -> bool {
        let limit = self.limits.max_pages_per_host.filter(|_| self.serves_by_level());
        limit.is_some()
            && self.sites.wake(index, &mut self.overflow).is_some_and(|site| site.has_spent(limit))
    }

    /// A URL is about to wait.
    pub(super) fn set_aside(&mut self, index: u32, entry: &Entry, now: Timestamp) {
        if let Some(depth) = held_depth(entry)
            && self.is_aside(index)
        {
            self.move_aside(depth, 1);
            self.wake_level(now);
        }
    }

    /// A URL waits no more.
    pub(super) fn bring_back(&mut self, index: u32, entry: &Entry) {
        if let Some(depth) = held_depth(entry)
            && self.is_aside(index)
            && let Some(count) = self.aside.get_mut(&depth)
        {
            *count -= 1;
            if *count == 0 {
                self.aside.remove(&depth);
            }
            *self.levels.entry(depth).or_default() += 1;
        }
    }

    /// No URL is counted apart any more.
    pub(super) fn bring_all_back(&mut self) {
        self.levels = self.open_by_depth();
        self.aside.clear();
    }

    /// Counts anew whose URLs hold up no level.
    pub(super) fn set_all_aside(&mut self, now: Timestamp) {
        self.bring_all_back();
        let limit = self.limits.max_pages_per_host.filter(|_| self.serves_by_level());
        if limit.is_none() {
            return;
        }
        for index in self.sites.numbers() {
            if self.sites.look(index, |site| site.has_spent(limit)) == Some(true) {
                self.set_site_aside(index, now);
            }
        }
    }

    /// Everything that waits for this site holds up no level from now on. Looks at all of it, once.
    fn set_site_aside(&mut self, index: u32, now: Timestamp) {
        let Some(deepest) = self.limits.max_depth else { return };
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        site.each(&mut self.overflow, |entry, _| {
            // What is deeper is parked, and counted nowhere.
            if let Some(depth) = held_depth(entry).filter(|depth| *depth <= deepest) {
                *counts.entry(depth).or_default() += 1;
            }
        });
        counts.into_iter().for_each(|(depth, count)| self.move_aside(depth, count));
        self.wake_level(now);
    }

    fn move_aside(&mut self, depth: u32, count: u64) {
        let Some(open) = self.levels.get_mut(&depth) else { return };
        let count = count.min(*open);
        *open -= count;
        if *open == 0 {
            self.levels.remove(&depth);
        }
        *self.aside.entry(depth).or_default() += count;
    }

    /// Everything that is open, by depth.
    pub(super) fn open_by_depth(&self) -> BTreeMap<u32, u64> {
        let mut all = self.levels.clone();
        for (depth, count) in &self.aside {
            *all.entry(*depth).or_default() += count;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Discovered, Finish, Leased, Limits, Origin, Pace, Request, Scheme, SiteKey, UrlKey, Want,
    };

    fn found(number: u64, host: u64) -> Discovered {
        let host = format!("{host}.test");
        let origin = Origin { scheme: Scheme::Http, host: host.as_str().into(), port: 80 };
        let request = Request { depth: 1, ..Request::get(format!("http://{host}/{number}")) };
        Discovered { key: UrlKey(number), site: SiteKey(host.into()), origin, request }
    }

    #[test]
    fn a_host_that_waits_costs_a_lease_nothing() {
        for max_depth in [None, Some(3)] {
            let limits = Limits { max_pages_per_host: Some(0), max_depth, ..Limits::default() };
            let mut tables = Tables::new(limits, Pace { robots: false, ..Pace::default() });
            let now = Timestamp(1_000_000);
            for number in 0..2_000 {
                tables.add(found(number, number % 1_000), now);
            }
            let turns = tables.next_turn;
            for _ in 0..1_000 {
                let answer = tables.lease(Want { max: 64, bytes: 0 }, now);
                assert!(matches!(answer, Leased::Finished(Finish::HostPages)), "{answer:?}");
            }
            assert_eq!((tables.ready.len(), tables.next_turn), (0, turns), "no host was looked at");
            assert_eq!(tables.open_by_depth(), [(1, 2_000)].into());
            assert_eq!(tables.levels.is_empty(), max_depth.is_some());
        }
    }
}
