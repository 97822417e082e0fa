//! A robots.txt that fails: what was known of it goes on, and what waits for one of which nothing is known is held for a
//! while instead of being left out for good. Since when each fails is of this run; how often it was asked for, the
//! frontier keeps. What an outcome means is `politeness::robots`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::journey::{Ending, Journey};
use crate::model::{Lease, Origin, Retry, Robots, Timestamp};
use crate::politeness::retry_after;
use crate::politeness::robots::{ROBOTS_KEPT, awaited_pause, awaited_so_far, is_known};

/// Origins that are remembered; beyond, the one that fails longest is forgotten, and what it did is told from its requests.
const CAPACITY: usize = 4096;

/// Origins whose robots.txt fails.
#[derive(Debug, Default)]
pub(super) struct Failing(Mutex<HashMap<Origin, Trouble>>);

/// How long and how often a robots.txt fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// When it failed first.
    since: Timestamp,
    /// How often it did since, retries apart.
    pub(super) times: u32,
    /// Whether what waits for it is held.
    holds: bool,
}

impl Failing {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<Origin, Trouble>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, origin: &Origin) -> Option<Trouble> {
        self.with(|failing| failing.get(origin).copied())
    }

    /// Notes a failure that this many tries led to.
    fn note(&self, origin: &Origin, tries: u32, now: Timestamp) -> Trouble {
        let since = Timestamp(now.0.saturating_sub(millis(awaited_so_far(tries))));
        self.with(|failing| {
            if failing.len() >= CAPACITY && !failing.contains_key(origin) {
                forget_longest(failing);
            }
            let trouble = failing.entry(origin.clone()).or_insert(Trouble { since, times: 0, holds: false });
            trouble.times = trouble.times.saturating_add(1);
            *trouble
        })
    }

    fn hold(&self, origin: &Origin) {
        self.with(|failing| failing.get_mut(origin).into_iter().for_each(|trouble| trouble.holds = true));
    }

    fn forget(&self, origin: &Origin) {
        self.with(|failing| failing.remove(origin));
    }

    fn held(&self) -> u64 {
        self.with(|failing| failing.values().filter(|trouble| trouble.holds).count() as u64)
    }
}

/// Makes room for one more: of those that hold nothing back, if there are any.
fn forget_longest(failing: &mut HashMap<Origin, Trouble>) {
    let longest = failing.iter().min_by_key(|(_, trouble)| (trouble.holds, trouble.since));
    if let Some(origin) = longest.map(|(origin, _)| origin.clone()) {
        failing.remove(&origin);
    }
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Journey {
    /// What was known of the robots.txt that this lease is about, before it failed now. A hop to another origin does not
    /// tell; then the frontier is asked.
    pub(super) async fn known_before(&self) -> Robots {
        let origin = super::robots::robots_origin(&self.lease);
        let known = self.shared.robots_known(&self.lease, &origin).await;
        match self.shared.failing.find(&origin) {
            Some(trouble) if self.now().since(trouble.since) > ROBOTS_KEPT => Robots::Unknown,
            _ => known,
        }
    }

    /// How often the renewal of what is known failed before, with this time.
    pub(super) fn renewals_failed(&self) -> u32 {
        let origin = super::robots::robots_origin(&self.lease);
        self.shared.failing.note(&origin, self.lease.request.attempt, self.now()).times.saturating_sub(1)
    }

    /// Holds what waits for a robots.txt of which nothing is known, while patience lasts: no URL ends, none is tried, other
    /// sites go on. `status` is what it answered; without an answer it is held only if it was before.
    pub(super) fn robots_awaited(
        &mut self,
        status: Option<u16>,
        invited: Option<&str>,
        before: &Robots,
    ) -> Option<Ending> {
        let origin = super::robots::robots_origin(&self.lease);
        let failing = &self.shared.failing;
        let holds = failing.find(&origin).is_some_and(|trouble| trouble.holds);
        let may_wait = match status {
            Some(status) => status == 429 || status >= 500,
            None => holds,
        };
        let patience = self.shared.parts.settings.robots_patience;
        if !may_wait || patience.is_zero() || is_known(before) || self.is_local {
            return None;
        }
        let (now, tries) = (self.now(), self.lease.request.attempt);
        let end = failing.note(&origin, tries, now).since.after(patience);
        let invited = invited.and_then(|value| retry_after(value, now));
        let at = now.after(invited.unwrap_or_default().max(awaited_pause(tries)));
        // Asked once more at the end, but never before the server's own moment.
        let at = if invited.is_some_and(|pause| now.after(pause) > end) { at } else { at.min(end) };
        if at > end || at <= now {
            return None;
        }
        failing.hold(&origin);
        let said = status.map_or_else(|| "gave no answer".to_owned(), |status| format!("answered {status}"));
        let telemetry = &self.shared.telemetry;
        telemetry.robots_awaited(failing.held());
        telemetry.problem(format!(
            "robots.txt of {origin} {said}: its URLs wait until it can be read, at most {patience:?} (`--robots-patience`)"
        ));
        let rests = invited.is_some() && matches!(status, Some(429 | 503));
        Some(self.nack(Retry { not_before: at, block_site_until: rests.then_some(at), counts: true }))
    }

    /// The robots.txt of this lease can be read again, or is waited for no longer.
    pub(super) fn robots_settled(&self, robots: &Robots, is_renewed: bool) {
        if is_renewed || !is_known(robots) {
            self.shared.failing.forget(&super::robots::robots_origin(&self.lease));
        }
        self.shared.telemetry.robots_awaited(self.shared.failing.held());
    }
}

impl super::shared::Shared {
    /// What the frontier knows of the robots.txt of the origin that a lease is about.
    pub(super) async fn robots_known(&self, lease: &Lease, origin: &Origin) -> Robots {
        if *origin == lease.origin {
            return lease.robots.clone();
        }
        let site = self.parts.identity.site(&origin.host);
        let records = self.parts.frontier.host(vec![site]).await.unwrap_or_default();
        let known = records.into_iter().flatten().flat_map(|record| record.origins);
        let mut known = known.filter(|record| record.origin == *origin);
        known.next().map_or(Robots::Unknown, |record| record.robots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_told_from_how_often_it_was_asked_for() {
        let origin = |number: u32| Origin::of(&format!("http://{number}.test").parse().unwrap()).unwrap();
        let failing = Failing::default();
        let now = Timestamp(10_000_000);
        assert_eq!(failing.note(&origin(0), 0, now), Trouble { since: now, times: 1, holds: false });
        let later = Timestamp(now.0 + 7_000);
        assert_eq!(failing.note(&origin(0), 3, later).since, now, "it is known");
        failing.hold(&origin(0));
        assert_eq!(failing.held(), 1);
        for number in 1..4_100 {
            failing.note(&origin(number), 0, Timestamp(now.0 + u64::from(number)));
        }
        let is_known = |number| failing.find(&origin(number)).is_some();
        assert!(is_known(0) && !is_known(1) && is_known(4_099), "what holds nothing goes first");
        for number in 1..4_100 {
            failing.note(&origin(number), 0, later);
            failing.hold(&origin(number));
        }
        assert!(!is_known(0), "then what fails longest");
        assert_eq!(failing.note(&origin(0), 3, later).since, now, "after 1, 2 and 4 s");
    }
}
