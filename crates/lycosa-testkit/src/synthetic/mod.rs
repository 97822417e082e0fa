//! A whole web site computed from a seed: nothing is stored, every answer and every fact about it follows from
//! `(seed, page number)` by a hash. So the same site can be served to a crawler that is killed and restarted, and
//! judged afterwards by an oracle that shares no code with the crawler.
//!
//! - this file: the settings and what each page number *is* ([`Kind`]), where it lives and whom it links;
//! - `spelling`: the several ways a link to the same URL is written;
//! - `serve`: the answers, delayed by some milliseconds so that a kill meets open requests;
//! - `oracle`: what a crawl must find ([`Oracle`]), by plain breadth-first search.
//!
//! Page 0 is `/`. The pages form a tree (page *n* links `branching·n+1 …`) with extra links to near-by pages and to
//! the first few; a page behind a denied, missing or redirecting parent may be unreachable, which is intended.

mod oracle;
mod serve;
mod spelling;
#[cfg(test)]
mod tests;

pub use oracle::{Item, Oracle, Visit};
pub use spelling::Spelling;

use std::time::Duration;

/// The settings of a synthetic site. Two equal settings are the same site, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntheticSite {
    /// Everything else being equal, another seed is another site.
    pub seed: u64,
    /// The number of URLs, whatever they answer; default 500.
    pub pages: u32,
    /// Links on each page, the tree's own included; default 10.
    pub links_per_page: u32,
    /// Children of each page in the tree; default 3. Fewer make a deeper site.
    pub branching: u32,
    /// How many of a hundred URLs redirect; default 5.
    pub redirect_percent: u32,
    /// How many of a hundred URLs are linked and answer 404; default 4.
    pub missing_percent: u32,
    /// How many of a hundred URLs lie in the branch that robots.txt denies; default 4.
    pub denied_percent: u32,
    /// How many of a hundred pages answer 503 on their first visit; default 0. The count lives in the server.
    pub flaky_percent: u32,
    /// The shortest and longest delay before an answer, in milliseconds; default 5 to 20.
    pub delay_ms: (u64, u64),
    /// About how many bytes of text a page has; default 1,500.
    pub page_bytes: usize,
    /// The `Crawl-delay` in robots.txt in milliseconds; default none.
    pub crawl_delay_ms: Option<u64>,
}

impl Default for SyntheticSite {
    fn default() -> Self {
        Self {
            seed: 1,
            pages: 500,
            links_per_page: 10,
            branching: 3,
            redirect_percent: 5,
            missing_percent: 4,
            denied_percent: 4,
            flaky_percent: 0,
            delay_ms: (5, 20),
            page_bytes: 1_500,
            crawl_delay_ms: None,
        }
    }
}

/// What a URL of the site answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 200 with links and items.
    Page,
    /// 503 on the first visit, then as [`Kind::Page`].
    Flaky,
    /// This status, to the page of this number, which never redirects itself.
    Redirect(u16, u32),
    /// 404.
    Missing,
    /// 200, but robots.txt denies it: asking for it at all is the crawler's fault.
    Denied,
}

/// The branches pages live in. One has an escaped letter, so that the case of escapes matters.
const BRANCHES: [&str; 5] = ["a", "b/c", "caf%C3%A9", "notes/2024", "shop"];

impl SyntheticSite {
    /// The default site with another seed.
    pub fn with_seed(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// What the page of this number answers. Page 0 is always a page.
    pub fn kind(&self, page: u32) -> Kind {
        let percent = (self.hash(page, 1) % 100) as u32;
        let redirect = self.redirect_percent;
        let missing = redirect + self.missing_percent;
        let denied = missing + self.denied_percent;
        let flaky = denied + self.flaky_percent;
        match percent {
            _ if page == 0 => Kind::Page,
            p if p < redirect => self.redirect(page),
            p if p < missing => Kind::Missing,
            p if p < denied => Kind::Denied,
            p if p < flaky => Kind::Flaky,
            _ => Kind::Page,
        }
    }

    /// Redirects go to the nearest following page that is one, else to the root; so chains have one hop.
    fn redirect(&self, page: u32) -> Kind {
        let status = [301, 302, 307, 308][(self.hash(page, 2) % 4) as usize];
        let plain = |candidate: &u32| {
            let percent = (self.hash(*candidate, 1) % 100) as u32;
            percent >= self.redirect_percent + self.missing_percent + self.denied_percent
        };
        let start = page + 1 + (self.hash(page, 3) % 40) as u32;
        Kind::Redirect(status, (start..self.pages).take(200).find(plain).unwrap_or(0))
    }

    /// The canonical path (and query) of the page of this number.
    pub fn path(&self, page: u32) -> String {
        if page == 0 {
            return "/".into();
        }
        if self.kind(page) == Kind::Denied {
            return format!("/private/p{page}.html");
        }
        match self.hash(page, 4) % 8 {
            7 => format!("/view?id={page}&lang=en"),
            branch => format!("/{}/p{page}.html", BRANCHES[branch as usize % BRANCHES.len()]),
        }
    }

    /// The title of the page of this number, different for every page and seed.
    pub fn title(&self, page: u32) -> String {
        let word = ["Moss & fern", "Night garden", "Été", "<Quotes>", "Wolf spider"]
            [(self.hash(page, 5) % 5) as usize];
        format!("{word} {page} of {:08x}", self.seed)
    }

    /// The pages that the page of this number links, in document order; the same page may occur twice.
    pub fn links(&self, page: u32) -> Vec<u32> {
        let first_child = u64::from(page) * u64::from(self.branching) + 1;
        let children = (first_child..first_child + u64::from(self.branching))
            .filter_map(|child| u32::try_from(child).ok())
            .filter(|child| *child < self.pages);
        let mut links: Vec<u32> = children.collect();
        let mut draw = 0;
        while links.len() < self.links_per_page as usize {
            let hash = self.hash(page, 1_000 + draw);
            draw += 1;
            links.push(match hash % 4 {
                0 => (hash >> 8) as u32 % self.pages.min(6),
                _ => {
                    let near = u64::from(page) + (hash >> 8) % 31;
                    (near.saturating_sub(15) % u64::from(self.pages)) as u32
                }
            });
        }
        links
    }

    /// The page number a request target stands for, whatever the case of its escapes; `None` for any other path.
    pub fn page_at(&self, target: &str) -> Option<u32> {
        let page = match target.strip_prefix("/view?id=") {
            _ if target == "/" => 0,
            Some(rest) => rest.split('&').next()?.parse().ok()?,
            None => target.rsplit_once("/p")?.1.strip_suffix(".html")?.parse().ok()?,
        };
        (page < self.pages && self.path(page).eq_ignore_ascii_case(target)).then_some(page)
    }

    /// How long the server waits before it answers for the page of this number.
    pub fn delay(&self, page: u32) -> Duration {
        let (shortest, longest) = self.delay_ms;
        let span = longest.saturating_sub(shortest) + 1;
        Duration::from_millis(shortest + self.hash(page, 6) % span)
    }

    /// The text of robots.txt.
    pub fn robots(&self) -> String {
        let delay = self.crawl_delay_ms.map(|ms| format!("Crawl-delay: {}\n", ms as f64 / 1000.0));
        format!("User-agent: *\nDisallow: /private/\n{}", delay.unwrap_or_default())
    }

    /// splitmix64 over the seed, the page and the question asked.
    pub(crate) fn hash(&self, page: u32, question: u64) -> u64 {
        let mut state = self.seed ^ (u64::from(page) << 32) ^ question.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..2 {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            state ^= state >> 31;
        }
        state
    }
}
