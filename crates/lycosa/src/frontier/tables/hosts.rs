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
        let Some(site) = self.sites.get_mut(index as usize) else { return };
        let place = site.origin(&update.origin);
        if let Some(delay) = update.crawl_delay {
            site.set_crawl_delay(place, delay);
        }
        let Some(origin) = site.origins.get_mut(place as usize) else { return };
        if let Some(robots) = update.robots {
            origin.robots = robots;
            origin.robots_pending = false;
            let held = std::mem::take(&mut origin.held);
            self.release(index, place, held, now);
        }
        self.schedule(index, now);
    }

    pub(crate) fn host(&self, key: &SiteKey) -> Option<HostRecord> {
        self.record(*self.site_index.get(&key.0)?)
    }

    pub(crate) fn slowest(&self, limit: usize) -> Vec<HostRecord> {
        let mut order: Vec<_> = self.sites.iter().zip(0..).filter(|(site, _)| site.done > 0).collect();
        order.sort_by_key(|(site, _)| Reverse(site.response_time));
        order.into_iter().take(limit).filter_map(|(_, index)| self.record(index)).collect()
    }

    fn record(&self, index: u32) -> Option<HostRecord> {
        let site = self.sites.get(index as usize)?;
        let record = site.record(&self.pace);
        let turn = self.gates.held_until(index);
        let health = self.breakers.health(index, site.blocked_until, turn);
        let next_allowed = record.next_allowed.max(self.held_until(index));
        let pending = record.pending.saturating_sub(self.degrees.extra(index));
        Some(HostRecord { health, next_allowed, pending, ..record })
    }

    /// Until when a site is left alone whatever its delay: its breaker is open, or another has its turn.
    pub(super) fn held_until(&self, index: u32) -> Timestamp {
        self.breakers.held_until(index).max(self.gates.held_until(index))
    }

    /// The site rests until then; until when, after a request that began at `refused` and was turned away.
    pub(super) fn block(&mut self, index: u32, until: Timestamp, refused: Option<Timestamp>, now: Timestamp) {
        let until = self.breakers.asked(index, until, refused, now);
        if let Some(site) = self.sites.get_mut(index as usize) {
            site.blocked_until = site.blocked_until.max(until);
        }
    }

    pub(crate) fn stats(&self, now: Timestamp) -> Stats {
        let ready = self.sites.iter().filter(|site| site.scheduled.is_some_and(|at| at <= now));
        Stats { ready_sites: ready.count() as u64, ..self.stats.clone() }
    }
}
