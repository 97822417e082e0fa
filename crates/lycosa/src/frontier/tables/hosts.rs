//! What is known of sites: learning it, and telling it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use super::entry::Entry;
use super::site::{OriginState, Site};
use super::{Mark, OpenLease, Rules, Tables};
use crate::model::{
    Dates, HostRecord, HostUpdate, OriginRecord, RestReason, SiteKey, SiteRests, Stats, Timestamp, Waits,
};

/// Sites that are looked at before others may ask.
const AT_ONCE: u32 = 1 << 14;

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

    /// Takes in what a lease says about the dates of its site's sitemaps.
    pub(super) fn hear_dates(&mut self, lease: &OpenLease, dates: Dates, rules: Rules, now: Timestamp) {
        let index = lease.site;
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let known = site.dates.get_or_insert_default();
        match dates {
            Dates::Read { before, pages } => {
                // One that went back by hand has no visit before it, and is no new one.
                known.read(now, before, lease.entry.generation() == 0);
                let seen = &self.seen;
                let was_visited = |key| seen.glance(key).is_some_and(|mark| mark != Mark::Open);
                self.revisits.told.gather(index, pages, rules != Rules::Present, was_visited);
            }
            Dates::Proof(proof) => known.note(proof),
        }
    }

    pub(crate) fn host(&mut self, key: &SiteKey) -> Option<HostRecord> {
        let number = self.sites.find(key)?;
        let site = self.sites.wake(number, &mut self.overflow)?;
        site.origins.iter_mut().for_each(|origin| drop(origin.robots(&mut self.overflow)));
        self.record(number)
    }

    /// Looks for the slowest among these sites.
    pub(crate) fn find_slowest(&self, sites: Range<u32>, slowest: &mut Slowest) {
        for number in sites {
            if let Some(time) = self.sites.response_time(number) {
                slowest.note(time, number);
            }
        }
    }

    /// What is known of those that were found, the slowest first.
    pub(crate) fn records(&self, slowest: &Slowest) -> Vec<HostRecord> {
        slowest.found.iter().filter_map(|(_, number)| self.record(*number)).collect()
    }

    /// What is known of sites that rest, at most so many, the one that rests longest first.
    pub(crate) fn resting_records(&self, limit: usize, now: Timestamp) -> Vec<HostRecord> {
        let mut rests: Vec<_> = self.resting(now).map(|(site, _, until)| (Reverse(until), site)).collect();
        rests.sort_unstable();
        rests.iter().take(limit).filter_map(|(_, site)| self.record(*site)).collect()
    }

    /// What is waited for while nothing is handed out.
    pub(crate) fn waits(&mut self, now: Timestamp) -> Waits {
        let until = self.next_moment(now);
        let mut rests: Vec<SiteRests> = Vec::new();
        for (_, reason, until) in self.resting(now) {
            match rests.iter_mut().find(|rests| rests.reason == reason) {
                Some(rests) => (rests.sites, rests.until) = (rests.sites + 1, rests.until.min(until)),
                None => rests.push(SiteRests { reason, sites: 1, until }),
            }
        }
        rests.sort_by_key(|rests| (Reverse(rests.sites), rests.reason.as_str()));
        Waits { until, paused: self.paused, rests }
    }

    /// Sites that rest while something waits there, why, and until when nothing is asked for there.
    fn resting(&self, now: Timestamp) -> impl Iterator<Item = (u32, RestReason, Timestamp)> {
        let by_hand = self.barred.iter().filter(move |(_, until)| **until > now);
        let by_hand = by_hand.map(|(site, _)| (*site, RestReason::Asked));
        let own = self.breakers.resting(now).filter(|(site, _)| !self.barred.contains_key(site));
        by_hand.chain(own).filter_map(move |(site, reason)| {
            let until = self.sites.scheduled(site).filter(|until| *until > now)?;
            Some((site, reason, until))
        })
    }

    pub(super) fn record(&self, index: u32) -> Option<HostRecord> {
        let (record, blocked) = self.sites.look(index, |site| {
            (site.record(&self.pace, self.limits.max_pages_per_host), site.blocked_until)
        })?;
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

    /// Counts, all but that of sites which could be asked now.
    pub(crate) fn counts(&self) -> Stats {
        Stats {
            revisits_waiting: self.revisits.len(),
            next_revisit: self.revisits.next_due(),
            arriving: self.arrivals.len(),
            seen_on_disk: self.seen.on_disk(),
            seen_bytes: self.seen.bytes() as u64,
            ..self.stats.clone()
        }
    }

    /// How many of these sites could be asked now.
    pub(crate) fn count_ready(&self, sites: Range<u32>, now: Timestamp) -> u64 {
        let ready = sites.filter(|site| self.sites.scheduled(*site).is_some_and(|at| at <= now));
        ready.count() as u64
    }

    /// All sites, in parts that are looked through in about a millisecond: who looks through all of them lets others
    /// in between.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let end = self.sites.numbers().end;
        (0..end).step_by(AT_ONCE as usize).map(move |first| first..first.saturating_add(AT_ONCE).min(end))
    }
}

impl Site {
    /// What is known of one of its origins.
    pub(super) fn origin_record(&self, state: &OriginState, number: u32) -> OriginRecord {
        let is_its = |entry: &Entry| entry.origin == number && entry.is_own_robots();
        let mut retries = self.retries.iter().filter(|_| state.robots_pending);
        let robots_retry = retries.find(|(_, entry)| is_its(entry)).map(|((at, _), _)| *at);
        OriginRecord {
            origin: state.origin.clone(),
            robots: state.robots.clone(),
            robots_retry,
            crawl_delay: state.crawl_delay,
            leased: state.leased,
        }
    }
}

/// The slowest sites of those looked at.
#[derive(Debug)]
pub(crate) struct Slowest {
    most: usize,
    found: BTreeSet<(Reverse<Duration>, u32)>,
}

impl Slowest {
    /// Looks for so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, found: BTreeSet::new() }
    }

    fn note(&mut self, time: Duration, site: u32) {
        let one = (Reverse(time), site);
        if self.found.len() < self.most || self.found.last().is_some_and(|last| one < *last) {
            self.found.insert(one);
            if self.found.len() > self.most {
                self.found.pop_last();
            }
        }
    }
}
