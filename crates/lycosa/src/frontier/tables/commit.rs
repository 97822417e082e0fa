//! Ending leases: with an outcome, or giving them back.

use std::sync::Arc;

use super::breaker::Heard;
use super::entry::Entry;
use super::revisits::is_put_off;
use super::templates::content_of;
use super::{Mark, OpenLease, Tables, level_of};
use crate::model::{
    AddStatus, Attempt, Commit, Extension, Granted, Nack, Outcome, Payload, Record, RequestKind, Timestamp,
    Token, UrlKey,
};
use crate::politeness::{mean_response_time, sign_of};

/// What a commit came to, for the outbox.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) key: UrlKey,
    pub(crate) outcome: Outcome,
    pub(crate) first_seq: u64,
    pub(crate) records: Vec<Record>,
}

/// Whose limits decide what a commit brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Those in force.
    Present,
    /// Those of the run that wrote the log: what it found was accepted; whether levels were served is told.
    Past { by_level: bool },
}

impl Tables {
    /// Ends a lease with its outcome; `None` when it had ended before.
    pub(crate) fn commit(&mut self, commit: Commit, now: Timestamp, rules: Rules) -> Option<Applied> {
        let by_level = match rules {
            Rules::Present => self.serves_by_level(),
            Rules::Past { by_level } => by_level,
        };
        let lease = self.close(commit.token.0)?;
        if commit.is_page {
            self.count_page(lease.site, now);
        }
        let refused = commit.host_update.as_ref().and_then(|update| update.block_until);
        let refused = refused.and_then(|_| turned_away(&commit.attempts));
        self.settle_attempts(commit.token, &lease, &commit.attempts, refused.is_some(), now);
        let content = content_of(&commit.attempts);
        let robots = lease.entry.kind == RequestKind::Robots;
        let mut records = match commit.payload {
            Payload::Inline(records) => records,
            Payload::Segment { .. } => Vec::new(),
        };
        let mut outcome = commit.outcome;
        if let Outcome::Redirect { status, to, if_known } = &mut outcome {
            let of: Arc<str> = to.request.url.clone();
            // The journey of an accepted URL goes on whatever the limits have become meanwhile.
            if self.accept((**to).clone(), now, Rules::Past { by_level }) == AddStatus::Known {
                if by_level {
                    self.lift(to, now);
                }
                records = std::mem::take(if_known);
                outcome = Outcome::Alias { status: *status, of };
            }
        }
        for found in commit.outlinks {
            self.meet(found, now, rules);
        }
        if let Some(dates) = commit.dates {
            self.hear_dates(&lease, dates, rules, now);
        }
        if let Some(update) = commit.host_update {
            self.learn(update, refused, now);
        }
        if !robots {
            self.finish(&lease, &outcome, now);
            self.end_return(&lease, commit.revisit.is_some());
            if let Some(revisit) = commit.revisit {
                self.keep_revisit(&lease, revisit, now);
            }
            self.learn_of_shape(&lease, content, now);
        }
        self.rouse(lease.site, now);
        self.rouse_parked(now);
        let first_seq = self.stats.records;
        self.stats.records += records.len() as u64;
        self.schedule(lease.site, now);
        Some(Applied { key: lease.key, outcome, first_seq, records })
    }

    /// A redirect costs no depth: a known target that waits on a deeper level is lifted to the redirect's own, so
    /// that what a depth limit covers does not hang on who found it first.
    fn lift(&mut self, to: &crate::model::Discovered, now: Timestamp) {
        if self.seen.get(to.key) != Some(Mark::Open) {
            return;
        }
        let index = self.site(&to.site);
        let depth = to.request.depth;
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
        let fingerprint = self.fingerprint;
        let deeper = |entry: &Entry| {
            entry.counted_depth().is_some_and(|at| at > depth) && entry.key(&to.origin, fingerprint) == to.key
        };
        let Some(origin) = site.known_origin(&to.origin) else { return };
        // What waits on its level or above need not be looked through, which may be long and on disk.
        let least = if self.serves_by_level() { level_of(depth).saturating_add(1) } else { 0 };
        let Some((at, mut entry)) = self.take(index, origin, least, deeper) else { return };
        *self.levels.entry(depth).or_default() += 1;
        self.leave_level(entry.depth, now);
        entry.set_depth(depth);
        self.let_wait(index, at, entry, now);
    }

    fn finish(&mut self, lease: &OpenLease, outcome: &Outcome, now: Timestamp) {
        let mark = match outcome {
            Outcome::Fetched { .. } => Mark::Fetched,
            Outcome::Redirect { .. } | Outcome::Alias { .. } => Mark::Redirected,
            Outcome::Excluded { .. } => Mark::Excluded,
            Outcome::Failed { .. } => Mark::Failed,
        };
        *self.outcomes(mark) += 1;
        self.seen.set(lease.key, mark);
        self.degrees.done(lease.key);
        self.stats.leased -= 1;
        self.stats.done += 1;
        match lease.entry.counted_depth() {
            Some(depth) => self.leave_level(depth, now),
            None => self.stats.revisited += 1,
        }
        if let Some(site) = self.sites.wake(lease.site, &mut self.overflow) {
            site.done += 1;
            site.failed += u64::from(mark == Mark::Failed);
        }
    }

    /// Takes no try of a URL whose site is down already: its breaker says when it is given up. Decided before the log has
    /// it, so that a replay by other rules counts the same tries.
    pub(crate) fn spare(&self, nack: &mut Nack) {
        let is_bad = nack.attempt.as_ref().is_some_and(|attempt| sign_of(attempt).is_bad());
        let site = self.leases.get(&nack.token.0).map(|lease| lease.site);
        if is_bad && site.is_some_and(|site| self.breakers.is_down(site)) {
            nack.retry.counts = false;
        }
    }

    /// Gives a lease back; `false` when it had ended before.
    pub(crate) fn nack(&mut self, nack: Nack, now: Timestamp) -> bool {
        let Some(mut lease) = self.close(nack.token.0) else { return false };
        let attempts: Vec<Attempt> = nack.attempt.into_iter().collect();
        let until = nack.retry.block_site_until;
        let refused = until.and_then(|_| turned_away(&attempts));
        self.settle_attempts(nack.token, &lease, &attempts, refused.is_some(), now);
        if nack.retry.counts {
            lease.entry.attempt = lease.entry.attempt.saturating_add(1);
        }
        if let Some(until) = until {
            self.block(lease.site, until, refused, now);
        }
        // Of a site that was given up by this it ends like the others, at once.
        let is_over = self.breakers.given_up(lease.site).is_some();
        let at = (nack.retry.not_before > now && !is_over).then_some(nack.retry.not_before);
        if let Some(at) = at.filter(|at| is_put_off(&lease, *at, now)) {
            self.put_off(&lease, at, now);
        } else {
            self.reopen(lease, at, now);
        }
        true
    }

    /// A URL without its lease: queued at once, or at a time.
    pub(super) fn reopen(&mut self, lease: OpenLease, at: Option<Timestamp>, now: Timestamp) {
        if lease.entry.kind != RequestKind::Robots {
            self.stats.leased -= 1;
            self.stats.pending += 1;
        }
        self.let_wait(lease.site, at, lease.entry, now);
    }

    pub(super) fn retry_at(&mut self, index: u32, entry: Entry, at: Timestamp, now: Timestamp) {
        if let Some(site) = self.sites.wake(index, &mut self.overflow) {
            site.retry(at, entry);
        }
        self.schedule(index, now);
    }

    /// Takes a lease off the books: reservations and places are given back.
    pub(super) fn close(&mut self, token: u64) -> Option<OpenLease> {
        let lease = self.leases.remove(&token)?;
        self.expiries.remove(&(lease.expires, token));
        self.degrees.ends(lease.key);
        self.reserved_pages -= u64::from(lease.page);
        self.reserved_bytes = self.reserved_bytes.saturating_sub(lease.bytes);
        if let Some(site) = self.sites.wake(lease.site, &mut self.overflow) {
            site.lease_ends(lease.entry.origin, lease.page, self.pace.per_origin);
        }
        Some(lease)
    }

    fn settle_attempts(
        &mut self,
        token: Token,
        lease: &OpenLease,
        attempts: &[Attempt],
        refused: bool,
        now: Timestamp,
    ) {
        self.hear(token.0, lease, attempts, refused, now);
        let Some(site) = self.sites.wake(lease.site, &mut self.overflow) else { return };
        if attempts.is_empty() && site.started_under == token.0 {
            // No request was sent: the politeness it would have cost is given back.
            site.started = lease.before;
            site.started_under = 0;
        }
        for attempt in attempts {
            self.stats.requests += 1;
            self.stats.bytes = self.stats.bytes.saturating_add(attempt.wire_bytes);
            if attempt.status.is_some() {
                site.response_time = mean_response_time(site.response_time, attempt.duration);
            }
        }
        self.schedule(lease.site, now);
    }

    /// Learns from what came of a lease whether its site works.
    pub(super) fn hear(
        &mut self,
        token: u64,
        lease: &OpenLease,
        attempts: &[Attempt],
        refused: bool,
        now: Timestamp,
    ) {
        let Some(site) = self.sites.wake(lease.site, &mut self.overflow) else { return };
        let heard = Heard { token, attempts, tried_before: lease.entry.attempt > 0, refused };
        self.breakers.ended(lease.site, &site.key.0, &self.pace.patience, heard, now);
    }

    /// Keeps a lease longer and reserves more bytes. Answers what is granted, and what of it was reserved: nothing
    /// while there is no budget of bytes.
    pub(crate) fn extend(&mut self, wish: Extension, now: Timestamp) -> Option<(Granted, u64)> {
        let (granted, reserved) = match self.limits.max_bytes {
            Some(limit) if self.bytes_used().saturating_add(wish.bytes) > limit => (0, 0),
            Some(_) => (wish.bytes, wish.bytes),
            None => (wish.bytes, 0),
        };
        let deadline = self.extend_again(Extension { bytes: reserved, ..wish }, now)?;
        Some((Granted { deadline, bytes: granted }, reserved))
    }

    /// Keeps a lease longer and reserves exactly these bytes: the log says that they were.
    pub(crate) fn extend_again(&mut self, wish: Extension, now: Timestamp) -> Option<Timestamp> {
        let lease = self.leases.get_mut(&wish.token.0)?;
        self.expiries.remove(&(lease.expires, wish.token.0));
        lease.expires = now.after(wish.for_time).max(lease.expires);
        lease.bytes = lease.bytes.saturating_add(wish.bytes);
        self.reserved_bytes = self.reserved_bytes.saturating_add(wish.bytes);
        self.expiries.insert((lease.expires, wish.token.0));
        Some(lease.expires)
    }

    /// The site of an open lease.
    pub(super) fn lease_site(&self, token: Token) -> Option<u32> {
        self.leases.get(&token.0).map(|lease| lease.site)
    }
}

/// When the request of these began whose answer asks the crawler to stay away. A 503 may be anybody's.
fn turned_away(attempts: &[Attempt]) -> Option<Timestamp> {
    attempts.last().filter(|attempt| attempt.status != Some(503)).map(|attempt| attempt.at)
}
