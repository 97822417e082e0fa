//! What is noted of links that do not belong to the crawl: how many by reason, exactly, and some of them by name.
//!
//! Which are noted by name is a sample: each URL about once in a run, and so many of a reason. What it leaves out:
//! keeping them, which is the frontier's.

use std::sync::atomic::{AtomicU32, Ordering};

use super::shared::{KnownKeys, Shared};
use crate::model::{CommitNotes, Exclusion, RefusedLink, UrlKey};

/// Links of one reason that are noted by name in a run.
const OF_A_REASON: u32 = 10_000;

/// Bytes of a URL up to which it is noted.
const LONGEST: usize = 4096;

/// Which refused links were noted by name before. It may forget, and then one is noted again.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    noted: KnownKeys,
    of_reason: [AtomicU32; Exclusion::ALL.len()],
}

impl Refusals {
    /// Whether this one is to be noted by name.
    fn wants(&self, key: UrlKey, reason: Exclusion) -> bool {
        if key.0 == 0 || self.noted.contains(key) {
            return false;
        }
        let place = Exclusion::ALL.iter().position(|known| *known == reason);
        let Some(count) = place.and_then(|place| self.of_reason.get(place)) else { return false };
        if count.load(Ordering::Relaxed) >= OF_A_REASON {
            return false;
        }
        count.fetch_add(1, Ordering::Relaxed);
        self.noted.remember(key);
        true
    }
}

impl Shared {
    /// Notes a link that was refused. The key 0 stands for one that cannot be recognised again.
    pub(super) fn refused(&self, notes: &mut CommitNotes, reason: Exclusion, key: UrlKey, url: &url::Url) {
        match notes.refused.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => notes.refused.push((reason, 1)),
        }
        if url.as_str().len() <= LONGEST && self.refusals.wants(key, reason) {
            notes.samples.push(RefusedLink { key, url: url.as_str().into(), reason });
        }
    }

    /// Counts what was refused on a page.
    pub(super) fn count_refused(&self, notes: &CommitNotes) {
        notes.refused.iter().for_each(|(reason, count)| self.telemetry.skipped(*reason, u64::from(*count)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_noted_by_name_once_and_a_reason_only_so_often() {
        let refusals = Refusals::default();
        let key = |number: u32| UrlKey(u64::from(number) << 48 | u64::from(number) | 1 << 40);
        assert!(refusals.wants(key(1), Exclusion::Host));
        assert!(!refusals.wants(key(1), Exclusion::Host), "it was noted");
        assert!(!refusals.wants(UrlKey(0), Exclusion::Host), "nobody could ask for it");
        let noted = (2..50_000).filter(|number| refusals.wants(key(*number), Exclusion::Host)).count();
        assert_eq!(noted, OF_A_REASON as usize - 1);
        assert!(refusals.wants(key(60_000), Exclusion::Depth), "another reason has its own bound");
    }
}
