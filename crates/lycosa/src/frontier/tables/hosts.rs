//! What is known of sites: learning it, and telling it.

use std::cmp::Reverse;

use super::Tables;
use crate::model::{HostRecord, HostUpdate, SiteKey, Stats, Timestamp};

impl Tables {
    /// Takes in what was learned about a host.
    pub(crate) fn update_host(&mut self, update: HostUpdate, now: Timestamp) {
        self.learn(update, None, now);
    }

    /// The same, from a commit: a rest is longer when the request was turned away.
    pub(super) fn learn(&mut self, update: HostUpdate, refused: Option<Timestamp>, now: Timestamp) {
        let index = self.site(&update.site);
        if let Some(until) = update.block_until {
            self.block(index, until, refused, now);
        }
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let place = site.origin(&update.origin);
        if let Some(delay) = update.crawl_delay {
            site.set_crawl_delay(place, delay);
        }
        let Some(origin) = site.origins.get_mut(place as usize) else { return };
        if let Some(robots) = update.robots {
            origin.set_robots(robots, &mut self.overflow);
            origin.robots_pending = false;
            let held = std::mem::take(&mut origin.held);
            self.release(index, place, held, now);
        }
        self.schedule(index, now);
    }

    pub(crate) fn host(&mut self, key: &SiteKey) -> Option<HostRecord> {
        let number = self.sites.find(key)?;
        let site = self.sites.wake(number, &mut self.overflow)?;
        site.origins.iter_mut().for_each(|origin| drop(origin.robots(&mut self.overflow)));
        self.record(number)
    }

    pub(crate) fn slowest(&self, limit: usize) -> Vec<HostRecord> {
        let slow = |number: u32| {
            let slow = self.sites.look(number, |site| (site.done > 0).then_some(site.response_time));
            slow.flatten().map(|time| (Reverse(time), number))
        };
        let mut order: Vec<_> = self.sites.numbers().filter_map(slow).collect();
        order.sort_unstable();
        order.into_iter().take(limit).filter_map(|(_, number)| self.record(number)).collect()
    }

    pub(super) fn record(&self, index: u32) -> Option<HostRecord> {
        let (record, blocked) =
            self.sites.look(index, |site| (site.record(&self.pace), site.blocked_until))?;
        let health = self.breakers.health(index, blocked, self.gates.held_until(index));
        let next_allowed = record.next_allowed.max(self.held_until(index));
        let pending = record.pending.saturating_sub(self.degrees.extra(index));
        let parked = record.parked + self.templates.parked_of(index);
        Some(HostRecord { health, next_allowed, pending, parked, ..record })
    }

    /// Until when a site is left alone whatever its delay: its breaker is open, or another has its turn.
    pub(super) fn held_until(&self, index: u32) -> Timestamp {
        self.breakers.held_until(index).max(self.gates.held_until(index))
    }

    /// The site rests until then; until when, after a request that began at `refused` and was turned away.
    pub(super) fn block(&mut self, index: u32, until: Timestamp, refused: Option<Timestamp>, now: Timestamp) {
        let until = self.breakers.asked(index, until, refused, now);
        if let Some(site) = self.sites.wake(index, &mut self.overflow) {
            site.blocked_until = site.blocked_until.max(until);
        }
    }

    pub(crate) fn stats(&self, now: Timestamp) -> Stats {
        let ready =
            self.sites.numbers().filter(|site| self.sites.scheduled(*site).is_some_and(|at| at <= now));
        let (revisits_waiting, next_revisit) = (self.revisits.len(), self.revisits.next_due());
        Stats { ready_sites: ready.count() as u64, revisits_waiting, next_revisit, ..self.stats.clone() }
    }
}
