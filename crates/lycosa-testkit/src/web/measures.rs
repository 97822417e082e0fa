//! How good a crawl was, beyond being right: the order of its fetches, the freshness of what it holds. What is lost to
//! traps is in the log's [`Counts`](super::Counts).

use super::{Coverage, Numbering, PageId, Place, Web};

/// How many links lead to each page from the pages of a coverage, by page number. Takes four bytes for each page: for
/// webs that are small enough.
pub fn in_degrees(web: &Web, numbering: &Numbering, fetched: &Coverage) -> Vec<u32> {
    let mut degrees = vec![0_u32; numbering.pages() as usize];
    for page in fetched.pages(0..web.hosts()) {
        web.links(page, |link| {
            if let Place::Page(to) = link.to {
                degrees[numbering.number(to) as usize] += 1;
            }
        });
    }
    degrees
}

/// The part of all in-links, from 0 to 1, that leads to the first pages of an order: the first `share` of them. The
/// larger, the sooner a crawl has fetched what much leads to.
pub fn mass_of_first(share: f64, order: &[PageId], numbering: &Numbering, degrees: &[u32]) -> f64 {
    let degree = |page: &PageId| u64::from(degrees[numbering.number(*page) as usize]);
    let whole: u64 = order.iter().map(degree).sum();
    let first = (order.len() as f64 * share.clamp(0.0, 1.0)) as usize;
    let mass: u64 = order[..first].iter().map(degree).sum();
    mass as f64 / (whole as f64).max(1.0)
}

/// Freshness: the part of pages, from 0 to 1, whose last copy is the present version.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Freshness(pub f64);

impl Freshness {
    /// What a crawl holds at a moment, from each page and the moment of its last visit.
    pub fn of(web: &Web, visits: impl IntoIterator<Item = (PageId, u64)>, now_ms: u64) -> Self {
        let (mut fresh, mut all) = (0_u64, 0_u64);
        for (page, visited_ms) in visits {
            all += 1;
            fresh += u64::from(web.version(page, visited_ms) == web.version(page, now_ms));
        }
        Self(fresh as f64 / (all as f64).max(1.0))
    }

    /// The most that so many visits per second can keep up in the mean, for whoever knows every page's period and
    /// moment of change: a visit right after a change keeps a page fresh for one period, so the slowest pages come
    /// first and the fastest are given up.
    pub fn optimum(web: &Web, pages: impl IntoIterator<Item = PageId>, visits_per_second: f64) -> Self {
        let mut periods: Vec<u64> = pages.into_iter().map(|page| web.period_ms(page)).collect();
        periods.sort_unstable_by(|a, b| b.cmp(a));
        let mut left = visits_per_second;
        let mut fresh = 0.0;
        for period in &periods {
            let wanted = 1_000.0 / *period as f64;
            if wanted >= left {
                fresh += left / wanted;
                break;
            }
            left -= wanted;
            fresh += 1.0;
        }
        Self(fresh / (periods.len() as f64).max(1.0))
    }
}
