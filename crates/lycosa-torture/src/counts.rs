//! What a run has done, to be printed: a torture that did nothing would pass as well.

use std::fmt;

/// Sums over all crawls of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Crawls that were judged.
    pub(crate) crawls: u64,
    /// Openings of a state.
    pub(crate) lives: u64,
    /// Interruptions that counted: kills, failures and stops.
    pub(crate) cycles: u64,
    /// Kills with at least one new commit and at least one open lease.
    pub(crate) kills: u64,
    /// Those of them that took the unsynced bytes along.
    pub(crate) power_losses: u64,
    /// Fail points that were hit.
    pub(crate) points: u64,
    /// Leases that ran out under their holders, whose commits were refused.
    pub(crate) fenced: u64,
    /// Failing and full disks.
    pub(crate) failures: u64,
    /// Orderly stops.
    pub(crate) stops: u64,
    /// Pages that were found once each.
    pub(crate) pages: u64,
    /// Items that were found once each.
    pub(crate) items: u64,
    /// Crawls whose budget was reached and not passed.
    pub(crate) budgets: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cycles in {} crawls: {} kills ({} with power loss; {} fail points), {} disk failures, {} stops, \
             {} budgets, {} leases fenced; {} pages and {} items, each once",
            self.cycles,
            self.crawls,
            self.kills,
            self.power_losses,
            self.points,
            self.failures,
            self.stops,
            self.budgets,
            self.fenced,
            self.pages,
            self.items
        )
    }
}
