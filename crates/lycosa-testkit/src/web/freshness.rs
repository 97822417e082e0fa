//! How fresh a crawl that visits pages again keeps its copies, and how fresh they could be.
//!
//! Pages of the web change in regular periods, so the optimum is not that of random changes. Whoever knows every period
//! and every moment of change ([`Freshness::optimum`]) visits right after a change, one visit for one period, slow pages
//! first. Whoever knows the periods alone, and comes at any moment between two changes, gets less: see
//! [`by_periods`](Freshness::by_periods). The uniform and the proportional policy are what comes to mind first.

use super::{Freshness, Numbering, PageId, Web};

/// The time for which copies were up to date, measured while a crawl is under way.
#[derive(Debug)]
pub struct FreshTime {
    web: Web,
    numbering: Numbering,
    from_ms: u64,
    to_ms: u64,
    /// Until when the copy of each page is up to date, by number; 0 before its first visit.
    until_ms: Vec<u64>,
    fresh_ms: u64,
    visits: u64,
}

impl FreshTime {
    /// Measures from one moment to another, in milliseconds since 1970.
    pub fn new(web: Web, numbering: Numbering, from_ms: u64, to_ms: u64) -> Self {
        let until_ms = vec![0; numbering.pages() as usize];
        Self { web, numbering, from_ms, to_ms, until_ms, fresh_ms: 0, visits: 0 }
    }

    /// A page was asked for and answered with its content, or that it has not changed.
    pub fn visit(&mut self, page: PageId, at_ms: u64) {
        let changes_ms = self.web.changed_ms(page, at_ms) + self.web.period_ms(page);
        let until = &mut self.until_ms[self.numbering.number(page) as usize];
        let begins = at_ms.max(*until).max(self.from_ms);
        *until = changes_ms.min(self.to_ms).max(*until);
        self.fresh_ms += until.saturating_sub(begins);
        self.visits += u64::from((self.from_ms..self.to_ms).contains(&at_ms));
    }

    /// The part of time in which the copy of a page was up to date, in the mean of so many pages.
    pub fn freshness(&self, pages: u64) -> Freshness {
        Freshness(self.fresh_ms as f64 / (pages * (self.to_ms - self.from_ms)).max(1) as f64)
    }

    /// Visits within that time, in one second.
    pub fn visits_per_second(&self) -> f64 {
        self.visits as f64 * 1_000.0 / (self.to_ms - self.from_ms).max(1) as f64
    }
}

impl Freshness {
    /// What so many visits per second can keep up for whoever knows the periods and no moment of change.
    ///
    /// Visits every `I` find a page of period `P` fresh for `I − I²/2P` of that time when they come more often than it
    /// changes, for `P/2` when less. One visit more per time gains `I²/2P`, or `P/2`: as much for every page that is
    /// visited at all, and those of which even the first visit gains less are left alone.
    pub fn by_periods(web: &Web, pages: impl IntoIterator<Item = PageId>, visits_per_second: f64) -> Self {
        let periods = seconds(web, pages);
        let interval = |least: f64, period: &f64| (least * period).sqrt();
        let used = |least: f64| -> f64 {
            let kept = periods.iter().filter(|period| **period > least);
            kept.map(|period| interval(least, period).recip()).sum()
        };
        let (mut low, mut high) = (1e-6_f64, 1e12_f64);
        for _ in 0..200 {
            let middle = (low * high).sqrt();
            if used(middle) > visits_per_second { low = middle } else { high = middle }
        }
        let kept = periods.iter().filter(|period| **period > high);
        let fresh: f64 = kept.map(|period| fresh_at(interval(high, period), *period)).sum();
        Self(fresh / (periods.len() as f64).max(1.0))
    }

    /// What so many visits per second keep up when every page gets as many.
    pub fn uniform(web: &Web, pages: impl IntoIterator<Item = PageId>, visits_per_second: f64) -> Self {
        let periods = seconds(web, pages);
        let every = periods.len() as f64 / visits_per_second;
        let fresh: f64 = periods.iter().map(|period| fresh_at(every, *period)).sum();
        Self(fresh / (periods.len() as f64).max(1.0))
    }

    /// What so many visits per second keep up when every page gets as many as it has changes, in proportion.
    pub fn proportional(web: &Web, pages: impl IntoIterator<Item = PageId>, visits_per_second: f64) -> Self {
        let periods = seconds(web, pages);
        let changes: f64 = periods.iter().map(|period| period.recip()).sum();
        Self(fresh_at(changes / visits_per_second, 1.0))
    }
}

/// The part of time for which a page is fresh that is visited at such intervals, whenever it changes.
fn fresh_at(interval: f64, period: f64) -> f64 {
    if interval < period { 1.0 - interval / (2.0 * period) } else { period / (2.0 * interval) }
}

fn seconds(web: &Web, pages: impl IntoIterator<Item = PageId>) -> Vec<f64> {
    pages.into_iter().map(|page| web.period_ms(page) as f64 / 1_000.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Settings;

    fn web() -> (Web, Vec<PageId>) {
        let web = Web::new(Settings { hosts: 1, pages: 200, ..Settings::default() });
        let pages = (0..web.size(0)).map(|index| PageId { host: 0, index }).collect();
        (web, pages)
    }

    #[test]
    fn visits_at_equal_intervals_measure_what_the_formula_says() {
        let (web, pages) = web();
        let (from, days) = (1_700_000_000_000, 60);
        let to = from + days * 86_400_000;
        for every_ms in [7_200_000, 90_000_000] {
            let mut time = FreshTime::new(web, Numbering::new(&web), from, to);
            for page in &pages {
                // From long before, at a phase of their own.
                let first = from - 10 * every_ms + web.period_ms(*page) * 7 % every_ms;
                (first..to).step_by(every_ms as usize).for_each(|at| time.visit(*page, at));
            }
            let measured = time.freshness(pages.len() as u64).0;
            let rate = pages.len() as f64 * 1_000.0 / every_ms as f64;
            let formula = Freshness::uniform(&web, pages.iter().copied(), rate).0;
            assert!((measured - formula).abs() < 0.02, "{measured} and {formula}");
            assert!((time.visits_per_second() / rate - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn the_optima_are_above_what_comes_to_mind_first() {
        let (web, pages) = web();
        let needed: f64 = pages.iter().map(|page| 1_000.0 / web.period_ms(*page) as f64).sum();
        for part in [0.1, 0.5, 1.0, 3.0] {
            let rate = needed * part;
            let of = |policy: fn(&Web, Vec<PageId>, f64) -> Freshness| policy(&web, pages.clone(), rate).0;
            let (best, known) = (of(Freshness::optimum), of(Freshness::by_periods));
            let (uniform, proportional) = (of(Freshness::uniform), of(Freshness::proportional));
            assert!(best >= known && known >= uniform - 1e-6 && known >= proportional - 1e-6, "{part}");
            assert!(uniform > proportional, "Cho and Garcia-Molina 2000: {uniform} and {proportional}");
        }
    }
}
