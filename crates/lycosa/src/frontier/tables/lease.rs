//! Handing out: which URL is next, within politeness and budgets.

use std::cmp::Reverse;

use super::due::Due;
use super::entry::Entry;
use super::revisits::EFFORT;
use super::{OpenLease, Tables, is_valid, lease_of};
use crate::model::{Finish, Lease, Leased, Order, RequestKind, Timestamp, Want};

impl Tables {
    /// Hands out URLs that may be fetched now.
    pub(crate) fn lease(&mut self, want: Want, now: Timestamp) -> Leased {
        self.expire(now);
        if self.paused {
            return self.while_paused(&want, now);
        }
        if self.pace.revisits {
            self.revisits.bring_forward(now, EFFORT, &mut self.overflow);
            self.wake_revisits(EFFORT, now);
        }
        let mut leases = Vec::new();
        let mut later = Vec::new();
        while leases.len() < want.max.max(1) && self.may_lease(&want, now) {
            let Some(index) = self.due(now) else { break };
            match self.lease_from(index, want.bytes, now) {
                Some(lease) => leases.push(lease),
                // Nothing here yet after all: looked at again when it can be.
                None => later.push(index),
            }
        }
        for index in later {
            self.schedule(index, now);
        }
        self.shed_excess();
        if leases.is_empty() { self.nothing(&want, now) } else { Leased::Some(leases) }
    }

    /// A pause is ended by whoever began it, and by the end of the time for all.
    fn while_paused(&mut self, want: &Want, now: Timestamp) -> Leased {
        match self.limits.deadline {
            Some(deadline) if now >= deadline => self.nothing(want, now),
            Some(deadline) => Leased::NotBefore(deadline),
            None => Leased::Idle,
        }
    }

    /// Why nothing was handed out.
    fn nothing(&mut self, want: &Want, now: Timestamp) -> Leased {
        let expiry = self.expiries.first().map(|(at, _)| *at);
        let idle = self.leases.is_empty();
        let open = self.stats.pending + self.stats.leased > 0 || self.next_revisit().is_some();
        let limited = self.limits.max_pages_per_host.is_some();
        let exhausted = self.exhausted(want, now);
        match exhausted {
            Some(finish) if idle => Leased::Finished(if open { finish } else { Finish::Complete }),
            // Only the end of a lease helps, and the latest that can be is its expiry.
            Some(_) => expiry.map_or(Leased::Idle, Leased::NotBefore),
            None if idle && !open => Leased::Finished(Finish::Complete),
            None => match self.next_moment(now) {
                None if idle && limited => Leased::Finished(Finish::HostPages),
                next => [next, self.limits.deadline]
                    .into_iter()
                    .flatten()
                    .min()
                    .map_or(Leased::Idle, Leased::NotBefore),
            },
        }
    }

    /// The budget that forbids another lease, if one does.
    fn exhausted(&self, want: &Want, now: Timestamp) -> Option<Finish> {
        let limits = &self.limits;
        let reached = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit);
        if limits.deadline.is_some_and(|deadline| now >= deadline) {
            Some(Finish::Time)
        } else if reached(limits.max_pages, self.stats.pages + self.reserved_pages) {
            Some(Finish::Pages)
        } else if reached(limits.max_requests, self.stats.requests + self.leases.len() as u64) {
            Some(Finish::Requests)
        } else if limits.max_bytes.is_some_and(|limit| self.bytes_used().saturating_add(want.bytes) > limit) {
            Some(Finish::Bytes)
        } else {
            None
        }
    }

    fn may_lease(&self, want: &Want, now: Timestamp) -> bool {
        self.exhausted(want, now).is_none()
    }

    pub(super) fn bytes_used(&self) -> u64 {
        self.stats.bytes.saturating_add(self.reserved_bytes)
    }

    /// The next site that is due, taken off the heap.
    fn due(&mut self, now: Timestamp) -> Option<u32> {
        let due = self.next_due().filter(|due| due.at() <= now)?;
        self.ready.pop();
        self.sites.set_scheduled(due.site(), None);
        Some(due.site())
    }

    /// The top of the heap, once what is stale is off it.
    fn next_due(&mut self) -> Option<Due> {
        while let Some(Reverse(due)) = self.ready.peek().copied() {
            if self.sites.scheduled(due.site()).is_some_and(|at| due.is_at(at)) {
                return Some(due);
            }
            self.ready.pop();
        }
        None
    }

    /// The next moment at which something could be handed out without a change, but for the end of all; `None` when only a
    /// change helps.
    pub(super) fn next_moment(&mut self, now: Timestamp) -> Option<Timestamp> {
        let due = self.next_due().map(Due::at);
        let expiry = self.expiries.first().map(|(at, _)| *at);
        // One that is due already was beyond what this call could do.
        let revisit = self
            .next_revisit()
            .filter(|_| self.revisits.has_fruitful())
            .map(|at| at.max(Timestamp(now.0.saturating_add(1))));
        [due, expiry, revisit].into_iter().flatten().min()
    }

    /// Takes one URL of a site that is due.
    fn lease_from(&mut self, index: u32, bytes: u64, now: Timestamp) -> Option<Lease> {
        let mut tries_again = self.breakers.tries_again(index);
        if !tries_again {
            self.wake_retries(index, now);
        }
        let (served, pace, limit) = (self.served_level(), self.pace, self.limits.max_pages_per_host);
        let mut dropped = false;
        loop {
            let held = self.held_until(index);
            let site = self.sites.wake(index, &mut self.overflow)?;
            let admitted = self.breakers.admits(index, site.leased, now);
            if !admitted || site.next_allowed(&pace).max(held) > now {
                return None;
            }
            let level = site.level_within(limit, served);
            let again = if tries_again { self.due_retry(index, level, now) } else { None };
            if std::mem::take(&mut tries_again) {
                self.wake_retries(index, now);
            }
            let site = self.sites.wake(index, &mut self.overflow)?;
            let Some(entry) = again.or_else(|| site.pop(level, pace.per_origin, &mut self.overflow)) else {
                if !std::mem::take(&mut dropped) {
                    return None;
                }
                // What was dropped may have been all that kept it from its parked URLs.
                self.rouse(index, now);
                continue;
            };
            if self.is_superfluous(index, &entry, now) {
                dropped = true;
                continue;
            }
            let site = self.sites.wake(index, &mut self.overflow)?;
            let origin = site.origins.get(entry.origin as usize)?;
            if pace.robots && entry.kind != RequestKind::Robots && !is_valid(&origin.robots, now) {
                // Its robots.txt has become too old meanwhile: hold it and ask again.
                self.place(index, entry, now);
                continue;
            }
            let bytes = if self.limits.max_bytes.is_some() { bytes } else { 0 };
            return self.start(self.next_token, index, entry, bytes, now);
        }
    }

    /// Begins a lease: the site's next request waits from now on.
    pub(super) fn start(
        &mut self,
        token: u64,
        index: u32,
        entry: Entry,
        bytes: u64,
        now: Timestamp,
    ) -> Option<Lease> {
        let pace = self.pace;
        let site = self.sites.wake(index, &mut self.overflow)?;
        let before = site.started.replace(now);
        site.started_under = token;
        let page = entry.kind.yields_page();
        site.lease_begins(entry.origin, page);
        self.breakers.begins(index, token, now);
        let origin = &site.origins.get(entry.origin as usize)?.origin;
        let key = entry.key(origin, self.fingerprint);
        let entry = match self.revisits.told.get(key) {
            Some(date) => entry.hear(date, now),
            None => entry,
        };
        if entry.revisit().is_none() {
            self.degrees.serve(key);
        }
        if pace.order == Order::Best {
            self.degrees.begins(key);
        }
        let expires = now.after(pace.lease);
        let lease = OpenLease { site: index, key, entry, expires, bytes, page, before };
        self.open(token, lease, now)
    }

    fn open(&mut self, token: u64, lease: OpenLease, now: Timestamp) -> Option<Lease> {
        self.next_token = token.saturating_add(1);
        let limited = self.limits.max_bytes.is_some();
        let given_up = self.breakers.given_up(lease.site);
        let watched = self.templates.watches(lease.site, &lease.entry, now);
        let site = self.sites.wake(lease.site, &mut self.overflow)?;
        let bytes = if limited { lease.bytes } else { u64::MAX };
        let handed = lease_of(token, &lease, site, bytes, &mut self.overflow)?;
        let handed = Lease { given_up, watched, ..handed };
        self.reserved_pages += u64::from(lease.page);
        self.reserved_bytes = self.reserved_bytes.saturating_add(lease.bytes);
        if lease.entry.kind != RequestKind::Robots {
            self.stats.pending -= 1;
            self.stats.leased += 1;
        }
        self.expiries.insert((lease.expires, token));
        let index = lease.site;
        self.leases.insert(token, lease);
        self.schedule(index, now);
        Some(handed)
    }

    /// Takes out the retry whose time came first, if it came and its level is served.
    fn due_retry(&mut self, index: u32, served: u32, now: Timestamp) -> Option<Entry> {
        let site = self.sites.wake(index, &mut self.overflow)?;
        let (&due, entry) = site.retries.first_key_value().filter(|((at, _), _)| *at <= now)?;
        let entry = entry.clone();
        if self.level(&entry) > served {
            return None;
        }
        self.sites.wake(index, &mut self.overflow)?.take_retry(due)
    }

    /// Retries whose time has come go back to their queues.
    pub(super) fn wake_retries(&mut self, index: u32, now: Timestamp) {
        loop {
            let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
            let Some((&(at, number), _)) = site.retries.first_key_value() else { return };
            if at > now {
                return;
            }
            if let Some(entry) = site.take_retry((at, number)) {
                self.place(index, entry, now);
            }
        }
    }

    /// Leases that ran out are open to others again; their tokens, which are answered, are worth nothing any more.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<u64> {
        let mut tokens = Vec::new();
        while let Some(&(at, token)) = self.expiries.first() {
            if at > now {
                break;
            }
            tokens.push(token);
            self.expire_one(token, now);
        }
        tokens
    }

    /// Ends a lease that ran out; `false` when it is not open. What it may have cost counts as spent.
    pub(crate) fn expire_one(&mut self, token: u64, now: Timestamp) -> bool {
        let Some(lease) = self.close(token) else { return false };
        self.stats.requests += 1;
        self.stats.bytes = self.stats.bytes.saturating_add(lease.bytes);
        self.hear(token, &lease, &[], false, now);
        self.reopen(lease, None, now);
        true
    }
}
