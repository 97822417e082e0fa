//! Applying what a log says happened: leases by name instead of by choice, and the end of all of them at opening.

use std::time::Duration;

use super::entry::Entry;
use super::revisits::EFFORT;
use super::{Tables, robots_entry};
use crate::model::{RequestKind, Timestamp, UrlKey};

/// A wall clock that was set back between two runs must not make a site wait for the difference.
const LONGEST_BLOCK: Duration = Duration::from_secs(24 * 60 * 60);

/// Tokens of one run differ in these bits, tokens of different runs above them.
const RUN_BITS: u32 = 32;

/// A lease as an outsider names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeaseName {
    pub(crate) token: u64,
    pub(crate) site: u32,
    pub(crate) origin: u32,
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
        Some(LeaseName { token, site, origin: entry.origin, kind: entry.kind, key: lease.key, bytes })
    }

    /// Hands out exactly this URL again, as at that moment. `false` when it does not wait there: damage.
    ///
    /// Nothing here depends on the limits and rules of the present run, which may be others than those of the run
    /// that wrote the log: what ran out, and what was held for robots.txt, the log says or does not matter.
    pub(crate) fn lease_again(&mut self, name: LeaseName, now: Timestamp) -> bool {
        if name.token < self.next_token {
            return false;
        }
        self.wake_retries(name.site, now);
        let site = self.sites.wake(name.site, &mut self.overflow);
        let origin = site.and_then(|site| site.origins.get(name.origin as usize));
        let Some(origin) = origin.map(|state| state.origin.clone()) else { return false };
        let fingerprint = self.fingerprint;
        let wanted = |entry: &Entry| entry.kind == name.kind && entry.key(&origin, fingerprint) == name.key;
        let mut waiting = self.take(name.site, name.origin, 0, wanted);
        // A request for robots.txt is born when a page meets rules that have become too old: no event of its own.
        let own = name.kind == RequestKind::Robots && name.key == UrlKey(0);
        if waiting.is_none() && own {
            let site = self.sites.wake(name.site, &mut self.overflow);
            let state = site.and_then(|site| site.origins.get_mut(name.origin as usize));
            waiting = state.map(|state| {
                state.robots_pending = true;
                (None, robots_entry(name.origin, state))
            });
        }
        if waiting.is_none() && self.wake_revisits(usize::MAX, now) {
            waiting = self.take(name.site, name.origin, 0, wanted);
        }
        if waiting.is_none() && !self.revisits.told.is_empty() {
            // A date brought it forward, after a search of which the log says nothing.
            self.revisits.bring_all_forward(now, &mut self.overflow);
            self.wake_revisits(usize::MAX, now);
            waiting = self.take(name.site, name.origin, 0, wanted);
        }
        if waiting.is_none() && self.revisits.has_any() {
            // That search came earlier here, when this visit was not among those to come.
            self.wake_revisits_of(name.key, now);
            waiting = self.take(name.site, name.origin, 0, wanted);
        }
        let Some((_, entry)) = waiting else { return false };
        self.start(name.token, name.site, entry, name.bytes, now).is_some()
    }

    /// After a crash: every lease is open to others again and counts as sent, every site rests a full delay (what
    /// was sent to it last, the log may not say), and no stored time lies further ahead than a clock that went back
    /// could explain. What only the rules of the run before kept from being asked is unknown. `before` is what the clock showed last: if it shows less now, it was set back.
    pub(crate) fn reopened(&mut self, now: Timestamp, before: Timestamp) -> u64 {
        let tokens: Vec<u64> = self.leases.keys().copied().collect();
        for token in &tokens {
            self.expire_one(*token, now);
        }
        // Tokens whose lease was not durable yet may be out: a run's tokens never meet another's.
        self.next_token = (self.next_token >> RUN_BITS).saturating_add(1) << RUN_BITS;
        self.breakers.reopened(&self.pace.patience, now);
        self.apply_template_budget(now);
        self.begin_degrees();
        self.set_all_aside(now);
        self.note_spent();
        let back = before.since(now);
        if back.is_zero() {
            self.revisits.jumped(now.since(before));
        } else {
            self.revisits.set_back(back, now);
        }
        self.schedule_all(now, |site| {
            site.started = Some(now);
            site.forget_withheld();
            site.bound_times(back, now.after(LONGEST_BLOCK));
        });
        // Those that rest by hand do so whatever the clocks say.
        for (index, until) in self.barred.clone() {
            if let Some(site) = self.sites.wake(index, &mut self.overflow) {
                site.blocked_until = site.blocked_until.max(until);
            }
            self.schedule(index, now);
        }
        if self.pace.revisits {
            self.wake_revisits(EFFORT, now);
        }
        tokens.len() as u64
    }

    /// Whether this token's lease is open at this moment.
    pub(crate) fn is_open(&self, token: crate::model::Token, now: Timestamp) -> bool {
        self.leases.get(&token.0).is_some_and(|lease| lease.expires > now)
    }

    /// Whether adding this would change anything.
    pub(crate) fn is_news(&self, found: &crate::model::Discovered) -> bool {
        found.request.kind == RequestKind::Robots
            || self.seen.is_news(found.key)
                && self.limits.max_depth.is_none_or(|limit| found.request.depth <= limit)
    }

    /// Whether every accepted URL has its outcome.
    pub(crate) fn is_complete(&self) -> bool {
        self.stats.known > 0 && self.stats.done == self.stats.known && !self.has_arrivals()
    }
}
