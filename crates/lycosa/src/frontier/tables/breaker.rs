//! Which sites are not well, and how long they rest. A site that answers is in no table here, so that a crawl of many
//! well sites pays nothing.
//!
//! Everything follows from attempts and leases in the order of the log, so it is the same after a replay.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Attempt, Breaker, Health, Patience, RestReason, Timestamp};
use crate::politeness::{
    MAX_RETRY_AFTER, OVERLOADS, Sign, breaker_rest, overload_time, refusal_rest, sign_of,
};

/// The sites that are not well.
#[derive(Debug, Default)]
pub(crate) struct Breakers(HashMap<u32, Illness>);

/// What a site has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Illness {
    breaker: Breaker,
    failures: u32,
    /// How many of them, the last ones, turned the crawler away.
    overloads: u32,
    rests: u32,
    /// Until when the breaker is open, or the site given up; past while it rests as it asks.
    until: Timestamp,
    /// The lease whose request is let through.
    probe: u64,
    refusals: u32,
    /// The end of the last rest that was asked for.
    asked_until: Timestamp,
    reason: Option<RestReason>,
}

impl Illness {
    /// The site asks for a rest again after one in vain. While it rests as it asks, its breaker has no rest of its own, and
    /// `until` is when the last one ended, or the first that the site asked for.
    fn asks_again(&mut self, patience: &Patience, now: Timestamp) {
        if self.breaker == Breaker::Closed {
            (self.until, self.rests) = (self.asked_until, 1);
        } else if now.since(self.until) >= overload_time(patience, self.rests.saturating_add(1)) {
            self.rests = self.rests.saturating_add(1);
        }
        if self.rests >= patience.rests {
            (self.breaker, self.until) = (Breaker::GivenUp, now.after(patience.most));
        } else {
            self.breaker = Breaker::Open;
        }
    }

    /// Until when the site itself rests that asked for a rest until then.
    fn rest_of_site(&mut self, until: Timestamp) -> Timestamp {
        if self.breaker != Breaker::GivenUp {
            return until;
        }
        self.until = self.until.max(until);
        Timestamp::default()
    }
}

/// What came of a lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    pub(super) token: u64,
    pub(super) attempts: &'a [Attempt],
    /// The URL was tried before.
    pub(super) tried_before: bool,
    /// The site keeps the crawler out: that it answers does not mean that it is well.
    pub(super) refused: bool,
}

impl Breakers {
    /// No request to this site before this moment.
    pub(super) fn held_until(&self, site: u32) -> Timestamp {
        match self.0.get(&site) {
            Some(illness) if illness.breaker == Breaker::Open => illness.until,
            _ => Timestamp::default(),
        }
    }

    /// Whether another lease of this site may be given, which has so many: of one that rested, one at a time.
    pub(super) fn admits(&self, site: u32, leased: u32, now: Timestamp) -> bool {
        self.0.get(&site).is_none_or(|illness| match illness.breaker {
            Breaker::Closed => true,
            Breaker::HalfOpen => false,
            Breaker::Open => leased == 0,
            Breaker::GivenUp => now < illness.until || leased == 0,
        })
    }

    /// Whether the next request, which decides, is to be for a URL that asked for the rest that is over: a site may have each
    /// page at its second visit only. Every other time, since one page may ask for ever.
    pub(super) fn tries_again(&self, site: u32) -> bool {
        self.0.get(&site).is_some_and(|illness| {
            let is_asked = illness.reason == Some(RestReason::Asked);
            illness.breaker == Breaker::Open && is_asked && illness.rests % 2 == 1
        })
    }

    /// After how many failures in a row this site was given up, if it is.
    pub(super) fn given_up(&self, site: u32) -> Option<u32> {
        let illness = self.0.get(&site)?;
        (illness.breaker == Breaker::GivenUp).then_some(illness.failures)
    }

    /// A lease of this site begins.
    pub(super) fn begins(&mut self, site: u32, token: u64, now: Timestamp) {
        if let Some(illness) = self.0.get_mut(&site)
            && matches!(illness.breaker, Breaker::Open | Breaker::GivenUp)
            && illness.until <= now
        {
            (illness.breaker, illness.probe) = (Breaker::HalfOpen, token);
        }
    }

    /// A lease of this site has ended.
    pub(super) fn ended(
        &mut self,
        site: u32,
        name: &str,
        patience: &Patience,
        heard: Heard<'_>,
        now: Timestamp,
    ) {
        for attempt in heard.attempts {
            let was_probe = self.is_probe(site, heard.token);
            match sign_of(attempt) {
                Sign::Works if heard.refused => self.works(site, Timestamp::default()),
                Sign::Works => self.works(site, attempt.at),
                sign if sign.counts(heard.tried_before, was_probe, self.had_rest(site, attempt.at)) => {
                    self.fails(site, name, patience, sign, was_probe, now);
                }
                _ => {}
            }
        }
        if self.is_probe(site, heard.token)
            && let Some(illness) = self.0.get_mut(&site)
        {
            // Nothing was learned: the next request is let through instead.
            illness.breaker = Breaker::Open;
        }
    }

    fn is_probe(&self, site: u32, token: u64) -> bool {
        self.0
            .get(&site)
            .is_some_and(|illness| illness.breaker == Breaker::HalfOpen && illness.probe == token)
    }

    /// Whether a request that began then came after all of a rest that the site had asked for.
    fn had_rest(&self, site: u32, began: Timestamp) -> bool {
        self.0.get(&site).is_some_and(|illness| illness.asked_until.0 > 0 && began >= illness.asked_until)
    }

    /// Whether what fails of this site now is none of its URLs': it is known to be down.
    pub(super) fn is_down(&self, site: u32) -> bool {
        self.0.get(&site).is_some_and(|illness| illness.breaker != Breaker::Closed)
    }

    /// A request that began then was answered.
    fn works(&mut self, site: u32, began: Timestamp) {
        let Some(illness) = self.0.get_mut(&site) else { return };
        let refusals = if began >= illness.asked_until { 0 } else { illness.refusals };
        let well = Illness { refusals, asked_until: illness.asked_until, ..Illness::default() };
        if refusals == 0 {
            self.0.remove(&site);
        } else {
            *illness = Illness { reason: Some(RestReason::Refused), ..well };
        }
    }

    fn fails(
        &mut self,
        site: u32,
        name: &str,
        patience: &Patience,
        sign: Sign,
        was_probe: bool,
        now: Timestamp,
    ) {
        if patience.failures == 0 {
            return;
        }
        let illness = self.0.entry(site).or_default();
        illness.failures = illness.failures.saturating_add(1);
        illness.overloads = if sign.turns_away() { illness.overloads.saturating_add(1) } else { 0 };
        let is_overload =
            sign == Sign::Asks || sign.turns_away() && illness.overloads >= OVERLOADS.min(patience.failures);
        let opens = match illness.breaker {
            Breaker::Closed => is_overload || illness.failures >= patience.failures,
            // What was under way when it opened says nothing about whether the rest was long enough.
            Breaker::Open | Breaker::GivenUp => false,
            Breaker::HalfOpen => was_probe,
        };
        if !opens {
            return;
        }
        if illness.breaker == Breaker::Closed || illness.reason.is_none_or(|reason| !reason.is_breakers()) {
            // How it began decides how long its rests are, whatever the trials end with.
            let reason = if is_overload { RestReason::Overloaded } else { RestReason::Failing };
            illness.reason = Some(reason);
        }
        if sign == Sign::Asks {
            return illness.asks_again(patience, now);
        }
        let overloaded = illness.reason == Some(RestReason::Overloaded);
        if illness.rests >= patience.rests {
            (illness.breaker, illness.until) = (Breaker::GivenUp, now.after(patience.most));
            return;
        }
        illness.rests += 1;
        let chance = xxh3_64_with_seed(name.as_bytes(), u64::from(illness.rests));
        let rest = breaker_rest(patience, overloaded, illness.rests, chance);
        (illness.breaker, illness.until) = (Breaker::Open, now.after(rest));
    }

    /// The site asks for a rest, or the user does. Refusals in a row make it longer; until when it rests. One that was given
    /// up does without rest: its URLs end now, and it is not asked again before.
    pub(super) fn asked(
        &mut self,
        site: u32,
        until: Timestamp,
        refused: Option<Timestamp>,
        now: Timestamp,
    ) -> Timestamp {
        let illness = self.0.entry(site).or_default();
        // Why its breaker is open is kept.
        let is_down = illness.breaker != Breaker::Closed && illness.reason.is_some();
        let Some(began) = refused else {
            illness.reason = illness.reason.filter(|_| is_down).or(Some(RestReason::Asked));
            illness.asked_until = illness.asked_until.max(until);
            return illness.rest_of_site(until);
        };
        // A request that was under way when the rest began says nothing about whether it was long enough.
        if illness.refusals == 0 || began >= illness.asked_until {
            illness.refusals = illness.refusals.saturating_add(1);
        }
        let rest = refusal_rest(until.since(now), illness.refusals);
        illness.reason = illness.reason.filter(|_| is_down).or(Some(RestReason::Refused));
        illness.asked_until = illness.asked_until.max(now.after(rest));
        illness.rest_of_site(illness.asked_until)
    }

    /// Somebody who knows better ends the rest of a site: its next request is let through, and decides.
    pub(super) fn end_rest(&mut self, site: u32, now: Timestamp) {
        if let Some(illness) = self.0.get_mut(&site) {
            illness.asked_until = illness.asked_until.min(now);
        }
        self.forgive(site, now);
    }

    /// Somebody who knows better asks for URLs of a site again: it is met as if it had not rested so far, but for what it
    /// asked for itself. Its next request decides.
    pub(super) fn forgive(&mut self, site: u32, now: Timestamp) {
        let Some(illness) = self.0.get_mut(&site) else { return };
        illness.until = illness.until.min(illness.asked_until).max(now);
        illness.rests = 0;
        if illness.breaker == Breaker::GivenUp {
            illness.breaker = Breaker::Open;
        }
    }

    /// By rules under which no failure makes a site rest, none does that did before.
    pub(super) fn heed(&mut self, patience: &Patience) {
        if patience.failures > 0 {
            return;
        }
        self.0.retain(|_, illness| {
            let Illness { refusals, asked_until, .. } = *illness;
            let reason = illness.reason.filter(|reason| !reason.is_breakers());
            *illness = Illness { refusals, asked_until, reason, ..Illness::default() };
            refusals > 0
        });
    }

    /// A new run begins: a site that was given up is asked once more, after the rest that it asked for, and no rest lasts
    /// longer than its rule allows.
    pub(super) fn reopened(&mut self, patience: &Patience, now: Timestamp) {
        self.heed(patience);
        let latest = now.after(patience.most.saturating_add(patience.most / 4));
        let latest_asked = now.after(MAX_RETRY_AFTER);
        for illness in self.0.values_mut() {
            illness.asked_until = illness.asked_until.min(latest_asked);
            illness.until = illness.until.min(latest.max(illness.asked_until));
            match illness.breaker {
                Breaker::HalfOpen => illness.breaker = Breaker::Open,
                Breaker::GivenUp => {
                    (illness.breaker, illness.until) = (Breaker::Open, now.max(illness.asked_until));
                }
                Breaker::Closed | Breaker::Open => {}
            }
        }
    }

    /// How a site does that no request may be sent to before `free`, because of a turn at its network before `turn`.
    pub(super) fn health(&self, site: u32, blocked: Timestamp, turn: Timestamp) -> Health {
        let illness = self.0.get(&site).copied().unwrap_or_default();
        let own = match illness.breaker {
            Breaker::Open | Breaker::GivenUp => illness.until.max(blocked),
            Breaker::Closed | Breaker::HalfOpen => blocked,
        };
        let is_breakers = illness.reason.is_some_and(RestReason::is_breakers);
        let is_asked = is_breakers && (blocked > illness.until || own == illness.asked_until);
        let reason = if turn > own {
            Some(RestReason::Network)
        } else if is_asked || (illness.reason.is_none() && blocked > Timestamp::default()) {
            Some(RestReason::Asked)
        } else {
            illness.reason
        };
        let Illness { breaker, failures, rests, .. } = illness;
        Health { breaker, failures, rests, rests_until: own.max(turn), reason }
    }

    /// The sites that rest now, and why; one that was given up does not, for its URLs do not wait.
    pub(super) fn resting(&self, now: Timestamp) -> impl Iterator<Item = (u32, RestReason)> {
        let rest = move |(site, illness): (&u32, &Illness)| {
            let health = self.health(*site, illness.asked_until, Timestamp::default());
            let rests = health.rests_until > now && health.breaker != Breaker::GivenUp;
            Some((*site, health.reason.filter(|_| rests)?))
        };
        self.0.iter().filter_map(rest)
    }

    /// Writes all of it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        let mut sites: Vec<_> = self.0.iter().collect();
        sites.sort_unstable_by_key(|(site, _)| **site);
        wire::put_list(out, &sites, |out, (site, illness)| {
            let Illness { breaker, failures, overloads, rests, until, probe, refusals, asked_until, reason } =
                **illness;
            for number in [**site, failures, overloads, rests, refusals] {
                wire::put_number(out, u64::from(number));
            }
            for number in [until.0, probe, asked_until.0] {
                wire::put_number(out, number);
            }
            out.push(wire::code_of(&Breaker::ALL, &breaker));
            wire::put_option(out, reason, |out, reason| {
                out.push(wire::code_of(&RestReason::ALL, &reason));
            });
        });
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let sites = reader.list(|reader| {
            let site = reader.small()?;
            let (failures, overloads) = (reader.small()?, reader.small()?);
            let (rests, refusals) = (reader.small()?, reader.small()?);
            let (until, probe, asked_until) = (reader.time()?, reader.number()?, reader.time()?);
            let breaker = reader.one_of(&Breaker::ALL)?;
            let reason = reader.option(|reader| reader.one_of(&RestReason::ALL))?;
            let illness =
                Illness { breaker, failures, overloads, rests, until, probe, refusals, asked_until, reason };
            Ok((site, illness))
        })?;
        Ok(Self(sites.into_iter().collect()))
    }
}
