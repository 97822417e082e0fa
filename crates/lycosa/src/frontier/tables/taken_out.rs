//! All that waited for a site, taken out to be put in other places, entry by entry. What it leaves out: those places.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::overflow::Overflow;
use super::queue::Level;
use super::waiting::Waiting;
use crate::model::Timestamp;

/// What waited for a site, on its way to other places.
pub(super) struct TakenOut {
    pub(super) levels: Vec<(u32, Level)>,
    pub(super) held: Vec<(Waiting, u32)>,
    pub(super) retries: BTreeMap<(Timestamp, u64), Entry>,
}

impl TakenOut {
    /// The next entry, with its time when it waits for one.
    pub(super) fn next(&mut self, overflow: &mut Overflow) -> Option<(Option<Timestamp>, Entry)> {
        let queued = self.levels.iter_mut().rev().find_map(|(_, level)| level.next(overflow));
        let mut held = self.held.iter_mut();
        let entry = queued.or_else(|| held.find_map(|(held, origin)| held.pop(*origin, overflow)));
        let entry = entry.map(|entry| (None, entry));
        entry.or_else(|| self.retries.pop_first().map(|((at, _), entry)| (Some(at), entry)))
    }
}
