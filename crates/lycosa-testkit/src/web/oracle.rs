//! What a crawl must fetch: breadth first over the same functions that the server answers from, level by level, with
//! one bit for each page. It reads no robots.txt, no sitemap and no markup, so a crawler's errors in these show.
//!
//! A redirect costs no depth: its target is fetched in its place, on the same level. A page that is met on several
//! levels counts on the least. What robots.txt denies is not fetched and leads nowhere.

use super::coverage::Bits;
use super::{Coverage, Kind, Link, Numbering, PageId, Place, Trap, Web};

/// Pages of traps after which there is no end in sight.
const MOST_TRAP_PAGES: usize = 2_000_000;

/// The rules of a crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether robots.txt is obeyed; default true.
    pub robots: bool,
    /// Whether links with `rel=nofollow` are left out; default false.
    pub respect_nofollow: bool,
    /// Whether pages whose robots meta element says `nofollow` lead nowhere; default false.
    pub respect_meta: bool,
    /// Links from a seed; default no limit.
    pub max_depth: Option<u32>,
    /// Whether the sitemap of every host that is met is read; default false. Its pages are of depth 0, whenever it is
    /// read, so that with a depth limit too the result would depend on the order: not both.
    pub sitemaps: bool,
    /// Whether traps are walked into; default false, as if a pattern kept the crawl out. Only with a depth limit.
    pub traps: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            robots: true,
            respect_nofollow: false,
            respect_meta: false,
            max_depth: None,
            sitemaps: false,
            traps: false,
        }
    }
}

impl Web {
    /// The pages that a crawl from the home pages of these hosts must ask for, each at least once, and no others.
    ///
    /// # Panics
    /// When rules are combined whose result is not determined, or traps lead to more than two million pages.
    pub fn coverage(&self, rules: Rules, seeds: &[u32]) -> Coverage {
        assert!(!(rules.sitemaps && rules.max_depth.is_some()), "sitemaps and a depth limit");
        assert!(!rules.traps || rules.max_depth.is_some(), "traps without a depth limit have no end");
        let numbering = Numbering::new(self);
        let mut search = Search {
            web: *self,
            rules,
            met: Bits::new(self.hosts().into()),
            next: Bits::new(numbering.pages()),
            next_traps: Vec::new(),
            fetched: Coverage::new(*self, numbering.clone()),
            numbering,
        };
        seeds.iter().for_each(|host| search.found(Place::Page(self.home(*host))));
        let mut depth = 0;
        while search.level(rules.max_depth.is_none_or(|most| depth < most)) {
            depth += 1;
        }
        search.fetched
    }
}

struct Search {
    web: Web,
    rules: Rules,
    numbering: Numbering,
    fetched: Coverage,
    /// Hosts whose sitemap was looked at.
    met: Bits,
    /// Pages of the next level; some of them may be fetched by then.
    next: Bits,
    next_traps: Vec<Trap>,
}

impl Search {
    /// Fetches a level; whether it had anything. `leads`: whether links may still be followed.
    fn level(&mut self, leads: bool) -> bool {
        let pages = std::mem::replace(&mut self.next, Bits::new(self.numbering.pages()));
        let traps = std::mem::take(&mut self.next_traps);
        let mut any = !traps.is_empty();
        let mut open = Vec::new();
        for number in pages.ones(0..self.numbering.pages()) {
            any = true;
            open.push(self.numbering.page(number));
            while let Some(page) = open.pop() {
                open.extend(self.fetch(page, leads));
            }
        }
        for trap in traps {
            let place = Place::Trap(trap);
            if self.allowed(place) && self.fetched.insert(place) && leads {
                let web = self.web;
                web.trap_links(trap, |link| self.follow(link));
            }
        }
        assert!(self.next_traps.len() < MOST_TRAP_PAGES, "the traps have no end in sight");
        any
    }

    /// Fetches a page; answers where it redirects to.
    fn fetch(&mut self, page: PageId, leads: bool) -> Option<PageId> {
        let (web, place) = (self.web, Place::Page(page));
        if !self.allowed(place) || !self.fetched.insert(place) {
            return None;
        }
        if let Kind::Redirect(_, to) = web.kind(page) {
            self.meet(to.host);
            return Some(to);
        }
        if leads && !(self.rules.respect_meta && web.says_nofollow(page)) {
            web.links(page, |link| self.follow(link));
        }
        None
    }

    fn follow(&mut self, link: Link) {
        if !(link.nofollow && self.rules.respect_nofollow) {
            self.found(link.to);
        }
    }

    fn found(&mut self, place: Place) {
        match place {
            Place::Page(page) => {
                self.meet(page.host);
                if !self.fetched.has(place) {
                    self.next.insert(self.numbering.number(page));
                }
            }
            Place::Trap(trap) if self.rules.traps && !self.fetched.has(place) => self.next_traps.push(trap),
            _ => {}
        }
    }

    /// Takes up the pages of a host's sitemap when the host is met for the first time.
    fn meet(&mut self, host: u32) {
        if !self.rules.sitemaps || !self.met.insert(host.into()) {
            return;
        }
        let pages = (0..self.web.size(host)).map(|index| PageId { host, index });
        for page in pages.filter(|page| self.web.is_listed(*page)) {
            if self.web.sitemap_way(page).all(|file| self.allowed(file)) {
                self.next.insert(self.numbering.number(page));
            }
        }
    }

    fn allowed(&self, place: Place) -> bool {
        !self.rules.robots || self.web.allows(place)
    }
}
