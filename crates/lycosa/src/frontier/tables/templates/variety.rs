//! How many shapes of a site are counted apart: as many as its pages show to be worth it.
//!
//! A site can make shapes up: relative links that grow by words, or words that stand for values, give each URL a shape of
//! its own, and no budget of a shape is ever used up. So shapes have a budget too. While it is not known whether they are
//! worth more, pages are watched from half of it on; mostly new content doubles it. Shapes beyond share a few budgets.
//! What it leaves out: the budgets.

use xxhash_rust::xxh3::xxh3_64;

use crate::model::Content;
use crate::model::wire::{self, Damaged, Reader};

/// Shapes counted apart at first. Few sites have more, those of a word for each page apart.
const AT_FIRST: u32 = 256;
/// Shapes counted apart at most.
const MOST: u32 = 1_024;
/// Watched pages after which it is decided anew.
const WINDOW: u32 = 32;
/// Budgets that the shapes beyond share, while it is not known whether they are worth it: those of one section together,
/// so that what is made up in one takes no page of another along.
const SECTIONS: u64 = 16;
/// The same once it is.
const SHARED: u64 = 32;

/// URLs of a shape up to which it stands for others: what has more is judged by its own pages.
const RARE: u32 = 4;

/// Whether a shape with so many URLs stands for others.
pub(super) fn is_rare(urls: u32) -> bool {
    urls <= RARE
}

/// What is known of a site's shapes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variety {
    allowed: u32,
    /// Watched pages since the last decision that said something of their own, and those that did not.
    fresh: u32,
    stale: u32,
}

impl Default for Variety {
    fn default() -> Self {
        Self { allowed: AT_FIRST, fresh: 0, stale: 0 }
    }
}

impl Variety {
    /// Shapes that have a budget of their own.
    pub(super) fn allowed(self) -> usize {
        self.allowed as usize
    }

    /// Whether all its shapes proved worth it that can be.
    pub(super) fn is_proven(self) -> bool {
        self.allowed >= MOST
    }

    /// Whether its pages are to be watched, when it has so many shapes.
    pub(super) fn asks(self, shapes: usize) -> bool {
        !self.is_proven() && shapes * 2 > self.allowed()
    }

    /// The shape as which one of this path is counted that has no budget of its own.
    pub(super) fn shared(self, shape: u64, path: &str) -> u64 {
        let section = || path.split(['/', '?']).nth(1).unwrap_or_default();
        let budget = match self.is_proven() {
            true => (shape >> 1) % SHARED,
            false => xxh3_64(section().as_bytes()) % SECTIONS,
        };
        budget << 1 | (shape & 1)
    }

    /// One more page is known.
    pub(super) fn learn(&mut self, content: Content) {
        match content {
            Content::New => self.fresh += 1,
            Content::Repeats => self.stale += 1,
        }
        let all = self.fresh + self.stale;
        if all < WINDOW {
            return;
        }
        if self.fresh * 2 > all {
            self.allowed = (self.allowed * 2).min(MOST);
        } else if self.fresh * 4 > all {
            self.allowed = (self.allowed + all).min(MOST);
        }
        (self.fresh, self.stale) = (0, 0);
    }

    pub(super) fn store(self, out: &mut Vec<u8>) {
        for number in [self.allowed, self.fresh, self.stale] {
            wire::put_number(out, u64::from(number));
        }
    }

    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (allowed, fresh, stale) = (reader.small()?, reader.small()?, reader.small()?);
        let is_sound = allowed <= MOST && fresh.checked_add(stale).is_some_and(|all| all < WINDOW);
        if is_sound { Ok(Self { allowed, fresh, stale }) } else { Err(Damaged) }
    }
}
