//! Handing out: which URL is next, within politeness and budgets.

use std::cmp::Reverse;

use super::{OpenLease, Tables, is_valid, lease_of};
use crate::model::{Finish, Lease, Leased, RequestKind, Timestamp, Want};

impl Tables {
    /// Hands out URLs that may be fetched now.
    pub(crate) fn lease(&mut self, want: Want, now: Timestamp) -> Leased {
        self.expire(now);
        if self.paused {
            return Leased::Idle;
        }
        let mut leases = Vec::new();
        let mut later = Vec::new();
        while leases.len() < want.max.max(1) && self.may_lease(&want, now) {
            let Some(index) = self.due(now) else { break };
            match self.lease_from(index, want.bytes, now) {
                Some(lease) => leases.push(lease),
                // Nothing here on the level being served: looked at again once the level changes.
                None => later.push(index),
            }
        }
        for index in later {
            self.schedule(index, now);
        }
        if leases.is_empty() { self.nothing(&want, now) } else { Leased::Some(leases) }
    }

    /// Why nothing was handed out.
    fn nothing(&mut self, want: &Want, now: Timestamp) -> Leased {
        let idle = self.leases.is_empty();
        let open = self.stats.pending + self.stats.leased > 0;
        let exhausted = self.exhausted(want, now);
        match exhausted {
            Some(finish) if idle => Leased::Finished(if open { finish } else { Finish::Complete }),
            Some(_) => Leased::Idle,
            None if idle && !open => Leased::Finished(Finish::Complete),
            None => self.next_moment(now).map_or(Leased::Idle, Leased::NotBefore),
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
        } else if limits.max_bytes.is_some_and(|limit| self.bytes_used() + want.bytes > limit) {
            Some(Finish::Bytes)
        } else {
            None
        }
    }

    fn may_lease(&self, want: &Want, now: Timestamp) -> bool {
        self.exhausted(want, now).is_none()
    }

    pub(super) fn bytes_used(&self) -> u64 {
        self.stats.bytes + self.reserved_bytes
    }

    /// The next site that is due, taken off the heap.
    fn due(&mut self, now: Timestamp) -> Option<u32> {
        while let Some(Reverse((at, _, index))) = self.ready.peek().copied() {
            let scheduled = self.sites.get(index as usize).and_then(|site| site.scheduled);
            if scheduled != Some(at) {
                self.ready.pop();
                continue;
            }
            if at > now {
                return None;
            }
            self.ready.pop();
            if let Some(site) = self.sites.get_mut(index as usize) {
                site.scheduled = None;
            }
            return Some(index);
        }
        None
    }

    /// The next moment at which something could be handed out without a change; `None` when only a change helps.
    fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        // A site that is due but was not served waits for its level; what may free it stands at other sites, or
        // among its own retries.
        let moment = |site: &super::site::Site| {
            let free = site.next_allowed.max(site.blocked_until);
            let retry = site.retries.keys().next().map(|(at, _)| free.max(*at));
            [site.scheduled, retry].into_iter().flatten().filter(|at| *at > now).min()
        };
        match self.ready.peek() {
            Some(Reverse((at, _, _))) if *at > now && self.limits.max_depth.is_none() => Some(*at),
            _ => self.sites.iter().filter_map(moment).chain(self.expiries.first().map(|(at, _)| *at)).min(),
        }
    }

    /// Takes one URL of a site that is due.
    fn lease_from(&mut self, index: u32, bytes: u64, now: Timestamp) -> Option<Lease> {
        self.wake_retries(index, now);
        let level = self.limits.max_depth.and_then(|_| self.levels.keys().next().copied());
        let pace = self.pace;
        loop {
            let site = self.sites.get_mut(index as usize)?;
            let entry = site.pop(level.or(Some(u32::MAX)), pace.per_origin)?;
            let origin = site.origins.get(usize::from(entry.origin))?;
            if pace.robots && entry.kind != RequestKind::Robots && !is_valid(&origin.robots, now) {
                // Its robots.txt has become too old meanwhile: hold it and ask again.
                self.place(index, entry, now);
                continue;
            }
            let before = site.next_allowed;
            site.next_allowed = now.after(site.delay(&pace));
            let after = site.next_allowed;
            site.leased += 1;
            if let Some(origin) = site.origins.get_mut(usize::from(entry.origin)) {
                origin.leased += 1;
            }
            let page = entry.kind.yields_page();
            let lease =
                OpenLease { site: index, entry, expires: now.after(pace.lease), bytes, page, before, after };
            return self.open(lease, now);
        }
    }

    pub(super) fn open(&mut self, lease: OpenLease, now: Timestamp) -> Option<Lease> {
        let token = self.next_token;
        self.next_token += 1;
        let limited = self.limits.max_bytes.is_some();
        let site = self.sites.get(lease.site as usize)?;
        let handed = lease_of(token, &lease, site, if limited { lease.bytes } else { u64::MAX })?;
        self.reserved_pages += u64::from(lease.page);
        self.reserved_bytes += lease.bytes;
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

    /// Retries whose time has come go back to their queues.
    pub(super) fn wake_retries(&mut self, index: u32, now: Timestamp) {
        loop {
            let Some(site) = self.sites.get_mut(index as usize) else { return };
            let Some((&(at, number), _)) = site.retries.first_key_value() else { return };
            if at > now {
                return;
            }
            if let Some(entry) = site.retries.remove(&(at, number)) {
                self.place(index, entry, now);
            }
        }
    }

    /// Leases that ran out are open to others again; their tokens are worth nothing any more.
    pub(crate) fn expire(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(&(at, token)) = self.expiries.first() {
            if at > now {
                break;
            }
            any = true;
            if let Some(lease) = self.close(token) {
                self.stats.requests += 1;
                self.reopen(lease, None, now);
            }
        }
        any
    }
}
