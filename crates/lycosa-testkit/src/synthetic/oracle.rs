//! What a crawl of a synthetic site must find. Breadth-first from `/`; a redirect costs no depth (its target is
//! fetched in the redirect's place); a denied URL is seen but never asked for, a missing one is asked for and leads
//! nowhere.
//!
//! The *set* of a whole crawl does not depend on the order of fetching. With a depth limit it does in one place: a page
//! that is both linked from level *n* and the target of a redirect on level *n* counts as level *n* here, so a
//! crawler must lower the depth of a page it already knows. To test depth limits apart from that, set
//! `redirect_percent` to 0.

use super::{Kind, SyntheticSite};
use std::collections::{BTreeMap, VecDeque};

/// One item on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Different for every item of the site.
    pub id: String,
    /// The text of `.name`.
    pub name: String,
    /// The text of `.price`, such as `12.05`.
    pub price: String,
}

/// What the oracle knows of one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The page number.
    pub page: u32,
    /// The least number of link steps from `/`; redirects are free.
    pub depth: u32,
    /// What it answers.
    pub kind: Kind,
}

/// The expected result of a crawl, keyed by canonical path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oracle {
    site: SyntheticSite,
    /// Every URL that is linked or redirected to from a reachable page, `/` included.
    pub visits: BTreeMap<String, Visit>,
}

impl SyntheticSite {
    /// The items on a page, zero to three.
    pub fn items(&self, page: u32) -> Vec<Item> {
        let count = self.hash(page, 8) % 4;
        let price = |index| self.hash(page, 100 + index) % 100_000;
        (0..count)
            .map(|index| Item {
                id: format!("{page}-{index}"),
                name: format!("Jar & lid No. {index} of page {page}"),
                price: format!("{}.{:02}", price(index) / 100, price(index) % 100),
            })
            .collect()
    }

    /// What a crawl from `/` must find, to this depth (`None`: all).
    pub fn oracle(&self, depth: Option<u32>) -> Oracle {
        let mut visits = BTreeMap::from([(0, 0)]);
        let mut queue = VecDeque::from([(0_u32, 0_u32)]);
        while let Some((page, at)) = queue.pop_front() {
            // An entry may be stale when a redirect led here by a shorter way meanwhile.
            if visits.get(&page) != Some(&at) {
                continue;
            }
            match self.kind(page) {
                Kind::Missing | Kind::Denied => {}
                Kind::Redirect(_, to) => {
                    if visits.get(&to).is_none_or(|known| *known > at) {
                        visits.insert(to, at);
                        queue.push_front((to, at));
                    }
                }
                Kind::Page | Kind::Flaky => {
                    for to in self.links(page) {
                        let deeper = at + 1;
                        let allowed = depth.is_none_or(|limit| deeper <= limit);
                        if allowed && visits.get(&to).is_none_or(|known| *known > deeper) {
                            visits.insert(to, deeper);
                            queue.push_back((to, deeper));
                        }
                    }
                }
            }
        }
        let named = |(page, depth)| (self.path(page), Visit { page, depth, kind: self.kind(page) });
        Oracle { site: *self, visits: visits.into_iter().map(named).collect() }
    }

    /// Every canonical path that a whole crawl meets, with its depth, whatever it answers.
    pub fn reachable(&self) -> BTreeMap<String, u32> {
        self.oracle(None).visits.into_iter().map(|(path, visit)| (path, visit.depth)).collect()
    }
}

impl Oracle {
    /// The pages that must be in the output, each exactly once, by the path they finally answer at, with depth.
    pub fn pages(&self) -> BTreeMap<String, u32> {
        self.of(|kind| matches!(kind, Kind::Page | Kind::Flaky))
    }

    /// The paths that robots.txt denies: linked, never to be asked for.
    pub fn denied(&self) -> BTreeMap<String, u32> {
        self.of(|kind| kind == Kind::Denied)
    }

    /// The paths that answer 404.
    pub fn missing(&self) -> BTreeMap<String, u32> {
        self.of(|kind| kind == Kind::Missing)
    }

    /// The paths that redirect, with status and target path.
    pub fn redirects(&self) -> BTreeMap<String, (u16, String)> {
        let target = |visit: &Visit| match visit.kind {
            Kind::Redirect(status, to) => Some((status, self.site.path(to))),
            _ => None,
        };
        self.visits.iter().filter_map(|(path, visit)| Some((path.clone(), target(visit)?))).collect()
    }

    /// The title of each page that must be in the output.
    pub fn titles(&self) -> BTreeMap<String, String> {
        let title = |path: &String| self.site.title(self.visits[path].page);
        self.pages().into_keys().map(|path| (path.clone(), title(&path))).collect()
    }

    /// Every item that must be in the output, by its id, over all pages.
    pub fn items(&self) -> BTreeMap<String, Item> {
        let pages = self.pages().into_keys().map(|path| self.visits[&path].page);
        pages.flat_map(|page| self.site.items(page)).map(|item| (item.id.clone(), item)).collect()
    }

    fn of(&self, wanted: impl Fn(Kind) -> bool) -> BTreeMap<String, u32> {
        let chosen = self.visits.iter().filter(|(_, visit)| wanted(visit.kind));
        chosen.map(|(path, visit)| (path.clone(), visit.depth)).collect()
    }
}
