//! How long a site rests after it kept the crawler out: longer with every block that follows the last rest.
//!
//! The rest itself is the frontier's, like every delay; here is only remembered how often in a row. The memory is
//! of this run and bounded: a resumed crawl begins with short rests again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{SiteKey, Timestamp};

/// The first rest when the site does not say for how long.
pub(super) const FIRST: Duration = Duration::from_secs(5);

/// Rests do not grow beyond this, unless the site itself asks for more: a site that blocks for good must not hold
/// the crawl for days.
const MOST: Duration = Duration::from_secs(60);

/// Sites remembered; when there are more, those whose rest is over are forgotten first.
const CAPACITY: usize = 4096;

/// The sites that blocked lately.
#[derive(Debug, Default)]
pub(super) struct Rests(Mutex<HashMap<SiteKey, Rest>>);

#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    in_a_row: u32,
    until: Timestamp,
}

impl Rests {
    /// A request that began at `started` was blocked; the site asks for `asked`. Until when it rests.
    pub(super) fn blocked(
        &self,
        site: &SiteKey,
        started: Timestamp,
        now: Timestamp,
        asked: Duration,
    ) -> Timestamp {
        let mut sites = self.sites();
        if sites.len() >= CAPACITY && !sites.contains_key(site) {
            sites.retain(|_, rest| rest.until > now);
            if sites.len() >= CAPACITY {
                return now.after(asked);
            }
        }
        let rest = sites.entry(site.clone()).or_default();
        // A request that was under way when the rest began says nothing about whether it was long enough.
        if rest.in_a_row == 0 || started >= rest.until {
            rest.in_a_row = rest.in_a_row.saturating_add(1);
        }
        let factor = 1_u32.checked_shl(rest.in_a_row - 1).unwrap_or(u32::MAX);
        let pause = asked.saturating_mul(factor).min(MOST).max(asked);
        rest.until = rest.until.max(now.after(pause));
        rest.until
    }

    /// A request that began at `started` was answered: the next block is the first in a row again.
    pub(super) fn answered(&self, site: &SiteKey, started: Timestamp) {
        let mut sites = self.sites();
        if sites.get(site).is_some_and(|rest| started >= rest.until) {
            sites.remove(site);
        }
    }

    fn sites(&self) -> MutexGuard<'_, HashMap<SiteKey, Rest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str) -> SiteKey {
        SiteKey(name.into())
    }

    #[test]
    fn every_block_after_a_rest_doubles_the_next_up_to_a_bound() {
        let (rests, site) = (Rests::default(), site("a.example"));
        let mut now = Timestamp(1_000);
        let mut lengths = Vec::new();
        for _ in 0..6 {
            let until = rests.blocked(&site, now, now, FIRST);
            lengths.push(until.since(now).as_secs());
            now = until;
        }
        assert_eq!(lengths, [5, 10, 20, 40, 60, 60]);
        let hour = Duration::from_secs(3600);
        assert_eq!(rests.blocked(&site, now, now, hour).since(now), hour, "what the site asks for counts");
    }

    #[test]
    fn requests_that_were_under_way_do_not_make_it_longer() {
        let (rests, site) = (Rests::default(), site("a.example"));
        let began = Timestamp(1_000);
        let until = rests.blocked(&site, began, began, FIRST);
        assert_eq!(rests.blocked(&site, began, began, FIRST), until);
        rests.answered(&site, began);
        assert_eq!(rests.blocked(&site, until, until, FIRST).since(until).as_secs(), 10);
    }

    #[test]
    fn an_answer_after_the_rest_begins_anew_and_sites_do_not_share() {
        let (rests, a, b) = (Rests::default(), site("a.example"), site("b.example"));
        let until = rests.blocked(&a, Timestamp(0), Timestamp(0), FIRST);
        rests.answered(&a, until);
        assert_eq!(rests.blocked(&a, until, until, FIRST).since(until).as_secs(), 5);
        assert_eq!(rests.blocked(&b, until, until, FIRST).since(until).as_secs(), 5);
    }

    #[test]
    fn the_memory_is_bounded() {
        let rests = Rests::default();
        for number in 0..CAPACITY + 100 {
            rests.blocked(&site(&format!("{number}.example")), Timestamp(0), Timestamp(0), FIRST);
        }
        assert_eq!(rests.sites().len(), CAPACITY);
        let late = Timestamp(3_600_000);
        rests.blocked(&site("late.example"), late, late, FIRST);
        assert_eq!(rests.sites().len(), 1);
    }
}
