//! When to look at which site, in twelve bytes.

use crate::model::Timestamp;

/// When to look at which site: the time, a turn that keeps equal times apart, and the site.
///
/// The time has 42 bits of milliseconds (until the year 2109), the turn 22: when its numbers run out, sites of the same
/// millisecond change their order, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due([u32; 3]);

impl Due {
    const TURN_BITS: u32 = 22;
    const LATEST: u64 = (1 << (64 - Self::TURN_BITS)) - 1;

    pub(super) fn new(at: Timestamp, turn: u64, site: u32) -> Self {
        let turn = turn & ((1 << Self::TURN_BITS) - 1);
        let order = at.0.min(Self::LATEST) << Self::TURN_BITS | turn;
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self([half(order >> 32), half(order), site])
    }

    pub(super) fn at(self) -> Timestamp {
        Timestamp((u64::from(self.0[0]) << 32 | u64::from(self.0[1])) >> Self::TURN_BITS)
    }

    pub(super) fn site(self) -> u32 {
        self.0[2]
    }

    /// Whether it is about this time.
    pub(super) fn is_at(self, at: Timestamp) -> bool {
        self.at().0 == at.0.min(Self::LATEST)
    }
}
