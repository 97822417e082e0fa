//! Applying what a log says happened: leases by name instead of by choice, and the end of all of them at opening.

use super::entry::Entry;
use super::{OpenLease, Tables};
use crate::model::{RequestKind, Timestamp, UrlKey};

/// A lease as an outsider names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeaseName {
    pub(crate) token: u64,
    pub(crate) site: u32,
    pub(crate) origin: u16,
    pub(crate) kind: RequestKind,
    pub(crate) key: UrlKey,
    pub(crate) bytes: u64,
}

impl Tables {
    /// The name of an open lease.
    pub(crate) fn lease_name(&self, token: u64) -> Option<LeaseName> {
        let lease = self.leases.get(&token)?;
        let entry = &lease.entry;
        let (site, bytes) = (lease.site, lease.bytes);
        Some(LeaseName { token, site, origin: entry.origin, kind: entry.kind, key: entry.key, bytes })
    }

    /// Hands out exactly this URL again, as at that moment. `false` when it does not wait there: damage.
    pub(crate) fn lease_again(&mut self, name: LeaseName, now: Timestamp) -> bool {
        self.expire(now);
        self.wake_retries(name.site, now);
        self.next_token = self.next_token.max(name.token);
        let pace = self.pace;
        let Some(site) = self.sites.get_mut(name.site as usize) else { return false };
        let wanted =
            |entry: &Entry| entry.key == name.key && entry.kind == name.kind && entry.origin == name.origin;
        let Some(entry) = site.take(wanted) else { return false };
        let before = site.next_allowed;
        site.next_allowed = now.after(site.delay(&pace));
        let after = site.next_allowed;
        site.leased += 1;
        if let Some(origin) = site.origins.get_mut(usize::from(entry.origin)) {
            origin.leased += 1;
        }
        let page = entry.kind.yields_page();
        let expires = now.after(pace.lease);
        let lease = OpenLease { site: name.site, entry, expires, bytes: name.bytes, page, before, after };
        self.open(lease, now).is_some()
    }

    /// After a crash: every lease is open to others again and counts as sent, its site rests a full delay, and no
    /// stored time lies further ahead than a clock that went back could explain.
    pub(crate) fn reopened(&mut self, now: Timestamp) -> u64 {
        let spent = self.limits.max_bytes.is_some();
        let tokens: Vec<u64> = self.leases.keys().copied().collect();
        for token in &tokens {
            let Some(lease) = self.close(*token) else { continue };
            self.stats.requests += 1;
            if spent {
                self.stats.bytes += lease.bytes;
            }
            let pace = self.pace;
            if let Some(site) = self.sites.get_mut(lease.site as usize) {
                site.next_allowed = site.next_allowed.max(now.after(site.delay(&pace)));
            }
            self.reopen(lease, None, now);
        }
        self.bound_times(now);
        for index in 0..self.sites.len() {
            self.schedule(u32::try_from(index).unwrap_or(u32::MAX), now);
        }
        tokens.len() as u64
    }

    /// A wall clock that was set back between two runs must not make a site wait for the difference.
    fn bound_times(&mut self, now: Timestamp) {
        const LONGEST_BLOCK: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
        let pace = self.pace;
        for site in &mut self.sites {
            site.next_allowed = site.next_allowed.min(now.after(site.delay(&pace)));
            site.blocked_until = site.blocked_until.min(now.after(LONGEST_BLOCK));
            let late: Vec<_> =
                site.retries.range((now.after(LONGEST_BLOCK), 0)..).map(|(at, _)| *at).collect();
            for at in late {
                if let Some(entry) = site.retries.remove(&at) {
                    site.retries.insert((now.after(LONGEST_BLOCK), at.1), entry);
                }
            }
        }
    }

    /// Whether this token's lease is open.
    pub(crate) fn is_open(&self, token: crate::model::Token) -> bool {
        self.leases.contains_key(&token.0)
    }

    /// Whether adding this would change anything.
    pub(crate) fn is_news(&self, found: &crate::model::Discovered) -> bool {
        found.request.kind == RequestKind::Robots
            || !self.seen.contains_key(&found.key)
                && self.limits.max_depth.is_none_or(|limit| found.request.depth <= limit)
    }

    /// Whether every accepted URL has its outcome.
    pub(crate) fn is_complete(&self) -> bool {
        self.stats.known > 0 && self.stats.pending + self.stats.leased == 0
    }
}
