//! What each page is and whom it links.
//!
//! The home page of a host (index 0) answers 200 whatever the shares say. A copy has the links of its original, so a
//! crawl loses nothing by not reading it. Whether a page can be reached at all, the oracle says.

use super::prf::{Question, below};
use super::sizes::biased;
use super::{Place, Trap, Web};

/// A page: its host and its number there, below the host's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageId {
    /// The host's number.
    pub host: u32,
    /// The page's number on its host.
    pub index: u32,
}

/// What a page answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 200, content and links of its own.
    Ordinary,
    /// 503 on the first visit, then as [`Kind::Ordinary`].
    Flaky,
    /// This status, for ever: 404, 410 or 500.
    Dead(u16),
    /// A redirect with this status.
    Redirect(u16, PageId),
    /// 200 with the content of another page of the host, an ordinary one, and its links.
    Copy {
        /// The original's number.
        of: u32,
        /// Whether the head says `rel=canonical`; if not, not a byte differs.
        says_so: bool,
    },
    /// As [`Kind::Copy`] without a word about it, and one sentence differs.
    NearCopy {
        /// The original's number.
        of: u32,
    },
}

impl Kind {
    /// Whether the page has content and links, at least on the second visit.
    pub fn has_content(self) -> bool {
        !matches!(self, Self::Dead(_) | Self::Redirect(..))
    }
}

/// A link on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub to: Place,
    /// Whether it carries `rel=nofollow`.
    pub nofollow: bool,
}

impl Web {
    /// What a page is.
    pub fn kind(&self, page: PageId) -> Kind {
        if page.index == 0 {
            return Kind::Ordinary;
        }
        let shares = self.settings.shares;
        if let Some(partner) = self.loop_partner(page) {
            return Kind::Redirect(302, partner);
        }
        let mut part = self.part(Question::Kind, page);
        let mut is = |share: u32| {
            let hit = part < share;
            part = part.wrapping_sub(share);
            hit
        };
        if is(shares.redirects) {
            let status = [301, 302, 303, 307, 308][self.hash(Question::Status, page) as usize % 5];
            return Kind::Redirect(status, self.redirect_target(page));
        }
        if is(shares.missing) {
            let gone = self.hash(Question::Status, page).is_multiple_of(4);
            return Kind::Dead(if gone { 410 } else { 404 });
        }
        if is(shares.broken) {
            return Kind::Dead(500);
        }
        if is(shares.flaky) {
            return Kind::Flaky;
        }
        if is(shares.copies) {
            let says_so = self.hash(Question::Canonical, page).is_multiple_of(2);
            return Kind::Copy { of: self.original(page), says_so };
        }
        if is(shares.near_copies) {
            return Kind::NearCopy { of: self.original(page) };
        }
        Kind::Ordinary
    }

    /// The page whose content and links a page has: itself, or its original.
    pub fn content_of(&self, page: PageId) -> PageId {
        match self.kind(page) {
            Kind::Copy { of, .. } | Kind::NearCopy { of } => PageId { index: of, ..page },
            _ => page,
        }
    }

    /// Calls `each` for every link of a page, in document order. None on what has no content.
    pub fn links(&self, page: PageId, mut each: impl FnMut(Link)) {
        let kind = self.kind(page);
        if !kind.has_content() {
            return;
        }
        let content = self.content_of(page);
        if matches!(kind, Kind::Copy { says_so: true, .. }) {
            each(Link { to: Place::Page(content), nofollow: false });
        }
        for k in 0..self.settings.links_per_page {
            let nofollow = self.part_of_link(Question::Nofollow, content, k) < self.settings.nofollow;
            each(Link { to: Place::Page(self.link(content, k)), nofollow });
        }
        if let Some(trap) = self.trap_entry(content) {
            each(Link { to: Place::Trap(trap), nofollow: false });
        }
    }

    /// Whether a robots meta element of the page says `nofollow`.
    pub fn says_nofollow(&self, page: PageId) -> bool {
        self.part(Question::MetaNofollow, self.content_of(page)) < self.settings.nofollow
    }

    /// Whether a robots meta element of the page says `noindex`.
    pub fn says_noindex(&self, page: PageId) -> bool {
        self.part(Question::Noindex, self.content_of(page)) < self.settings.nofollow
    }

    /// A host chosen as links to elsewhere are, for this hash.
    pub(super) fn far_host(&self, hash: u64) -> u32 {
        self.sizes.host(hash)
    }

    fn link(&self, from: PageId, k: u32) -> PageId {
        let ask = |question| self.prf.draw(question, page_word(from), k.into());
        let stays = below(ask(Question::Link), 100) < self.settings.same_host_percent.into();
        let host = if stays { from.host } else { self.far_host(ask(Question::LinkHost)) };
        PageId { host, index: biased(ask(Question::LinkPage), self.size(host)) }
    }

    /// Any page of the same host, or of another; never itself, but it may be a redirect again.
    fn redirect_target(&self, page: PageId) -> PageId {
        let stays = below(self.hash(Question::TargetHost, page), 10) < 7;
        let hash = self.hash(Question::Target, page);
        let host = if stays { page.host } else { self.far_host(hash.rotate_left(32)) };
        let target = PageId { host, index: below(hash, self.size(host).into()) as u32 };
        if target == page { self.home(page.host) } else { target }
    }

    /// Pages 2n and 2n + 1 that redirect to each other.
    fn loop_partner(&self, page: PageId) -> Option<PageId> {
        let partner = PageId { index: page.index ^ 1, ..page };
        let pair = PageId { index: page.index & !1, ..page };
        let fits = pair.index > 0 && (page.index | 1) < self.size(page.host);
        (fits && self.part(Question::Loop, pair) < self.settings.shares.loops).then_some(partner)
    }

    /// An ordinary page before this one.
    fn original(&self, page: PageId) -> u32 {
        let index = below(self.hash(Question::Original, page), page.index.into()) as u32;
        let candidate = PageId { index, ..page };
        if self.is_ordinary(candidate) { index } else { 0 }
    }

    /// Whether the kind is [`Kind::Ordinary`], without looking any further: a copy of a copy would have no end.
    pub(super) fn is_ordinary(&self, page: PageId) -> bool {
        let shares = self.settings.shares;
        let others = shares.redirects
            + shares.missing
            + shares.broken
            + shares.flaky
            + shares.copies
            + shares.near_copies;
        page.index == 0 || (self.loop_partner(page).is_none() && self.part(Question::Kind, page) >= others)
    }

    pub(super) fn hash(&self, question: Question, page: PageId) -> u64 {
        self.prf.draw(question, page_word(page), 0)
    }

    /// From 0 to 999.
    pub(super) fn part(&self, question: Question, page: PageId) -> u32 {
        self.part_of_link(question, page, 0)
    }

    pub(super) fn part_of_link(&self, question: Question, page: PageId, k: u32) -> u32 {
        self.prf.part(1_000, question, page_word(page), k.into())
    }

    /// The trap that a page leads into, if its host has one: the home page and every tenth page do.
    fn trap_entry(&self, page: PageId) -> Option<Trap> {
        let family = self.trap_family(page.host)?;
        let leads = page.index == 0 || self.hash(Question::TrapLink, page).is_multiple_of(10);
        leads.then(|| self.trap_root(page.host, family))
    }
}

pub(super) fn page_word(page: PageId) -> u64 {
    u64::from(page.host) << 32 | u64::from(page.index)
}
