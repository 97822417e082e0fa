//! The freshness of pages that are visited again by the real engine, under virtual time, against what could be had.
//!
//! Every site has the bandwidth that its delay leaves: the figures to compare with are reckoned for each site with as
//! much, and summed. In this web no site has a crawl-delay of its own, and none shares a domain or an address.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lycosa::engine::Revisits;
use lycosa::model::{Limits, Pace};
use lycosa::revisit::Bounds;
use lycosa::{Error, Result};
use lycosa_testkit::web::{
    AccessLog, FreshTime, Freshness, Manners, Numbering, PageId, Rules, Settings, Web,
};

use crate::arguments::{Arguments, Store};
use crate::by_engine::{ByEngine, pace};
use crate::clock::{BEGINNING, VirtualClock};
use crate::run::{SEEDS, say};
use crate::store;

const DAY: Duration = Duration::from_secs(86_400);

/// The freshness, and what it is compared with; parts of 1.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) pages: u64,
    pub(crate) visits_per_second: f64,
    pub(crate) ours: f64,
    /// Who knows every change.
    pub(crate) optimum: f64,
    /// Who knows every period.
    pub(crate) by_periods: f64,
    pub(crate) uniform: f64,
    pub(crate) proportional: f64,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} pages, {:.4} visits/s", self.pages, self.visits_per_second)?;
        for (name, freshness) in [
            ("optimum, every change known", self.optimum),
            ("this crawl", self.ours),
            ("optimum, every period known", self.by_periods),
            ("uniform", self.uniform),
            ("proportional", self.proportional),
        ] {
            writeln!(f, "  {name:<28} {freshness:.3}  {:>5.1} %", 100.0 * freshness / self.optimum)?;
        }
        Ok(())
    }
}

/// Runs what the arguments ask for, and prints the table; whether the crawl is within a tenth of the optimum.
///
/// # Errors
/// When the crawl cannot be carried out.
pub(crate) fn run(arguments: &Arguments, days: u64) -> Result<bool> {
    let folder = tempfile::tempdir().map_err(|cause| Error::io("making a folder", cause))?;
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    let how =
        How { delay: arguments.delay(), days, store: arguments.store, sitemaps: arguments.lastmod.is_some() };
    let table = measure(arguments.settings(), how, folder.path())?;
    say(table.to_string().trim_end());
    Ok(table.ours >= 0.9 * table.optimum)
}

/// How pages are visited again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) delay: Duration,
    /// Days, of which the second half counts.
    pub(crate) days: u32,
    pub(crate) store: Store,
    /// Whether sitemaps are read.
    pub(crate) sitemaps: bool,
}

/// A crawl of so many days, of which the second half counts.
///
/// # Errors
/// When the crawl cannot be carried out.
pub(crate) fn measure(settings: Settings, how: How, folder: &std::path::Path) -> Result<Table> {
    let How { delay, days, store, sitemaps } = how;
    let web = Web::new(Settings {
        subdomain_percent: 0,
        shared_address_percent: 0,
        crawl_delay_percent: 0,
        robots_percent: 0,
        trap_percent: 0,
        ..settings
    });
    let (clock, rules, numbering) =
        (VirtualClock::new(), Rules { sitemaps, ..Rules::default() }, Numbering::new(&web));
    let manners = Manners { delay, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, numbering.clone(), manners));
    let (middle, end) = (BEGINNING.after(DAY * days / 2), BEGINNING.after(DAY * days));
    let limits = Limits { deadline: Some(end), ..Limits::default() };
    let pace = Pace { revisits: true, ..pace(rules, delay) };
    let opened = store::open((store, usize::MAX), limits, pace, &clock, folder)?;
    let freshness = Arc::new(Mutex::new(FreshTime::new(web, numbering, middle.0, end.0)));
    let bounds = Bounds { min: Duration::from_secs(60), max: DAY * 90 };
    let revisits = Revisits { bounds, ..Revisits::default() };
    let crawl = ByEngine {
        web,
        rules,
        seeds: SEEDS.to_vec(),
        log: log.clone(),
        clock,
        concurrency: 256,
        again: Some((revisits, freshness.clone())),
    };
    let report = crawl.crawl(&opened)?;
    say(&format!("{:?}", report.run.revisits));
    let freshness = freshness.lock().unwrap_or_else(PoisonError::into_inner);
    let dates: Vec<_> = report.slowest.iter().filter_map(|host| host.dates).collect();
    say(&format!("{} readings of sitemaps; {dates:?}", log.counts().sitemaps));
    Ok(compare(&web, &log, &freshness, delay))
}

fn compare(web: &Web, log: &AccessLog, freshness: &FreshTime, delay: Duration) -> Table {
    let coverage = log.coverage();
    let of_site = |host: u32| -> Vec<PageId> {
        coverage.pages(host..host + 1).filter(|page| web.kind(*page).has_content()).collect()
    };
    let sites: Vec<Vec<PageId>> = (0..web.hosts()).map(of_site).collect();
    let pages: usize = sites.iter().map(Vec::len).sum();
    let mean = |policy: fn(&Web, Vec<PageId>, f64) -> Freshness| {
        let fresh = |site: &Vec<PageId>| {
            let policy = policy(web, site.clone(), delay.as_secs_f64().recip());
            policy.0 * site.len() as f64
        };
        sites.iter().filter(|site| !site.is_empty()).map(fresh).sum::<f64>() / (pages as f64).max(1.0)
    };
    Table {
        pages: pages as u64,
        visits_per_second: freshness.visits_per_second(),
        ours: freshness.freshness(pages as u64).0,
        optimum: mean(Freshness::optimum),
        by_periods: mean(Freshness::by_periods),
        uniform: mean(Freshness::uniform),
        proportional: mean(Freshness::proportional),
    }
}

#[cfg(test)]
mod tests {
    use lycosa_testkit::web::LastmodShares;

    use super::*;

    const HOW: How = How { delay: Duration::from_secs(250), days: 14, store: Store::Memory, sitemaps: false };

    #[test]
    fn pages_are_kept_within_a_tenth_of_the_optimum_at_every_bandwidth() {
        for (delay, seed) in [(250, 1), (600, 2)] {
            let settings = Settings { seed, hosts: 3, pages: 360, ..Settings::default() };
            let settings = Settings { period_s: (3_600, 20 * 86_400), page_bytes: 600, ..settings };
            let folder = tempfile::tempdir().unwrap();
            let how = How { delay: Duration::from_secs(delay), ..HOW };
            let table = measure(settings, how, folder.path()).unwrap();
            println!("{table}");
            assert!(table.pages > 250, "{table}");
            assert!(table.ours >= 0.9 * table.optimum, "{table}");
            assert!(table.ours > table.uniform && table.uniform > table.proportional, "{table}");
            assert!(table.optimum < 0.99, "not everything can be kept up: {table}");
        }
    }
    #[test]
    fn dates_that_are_right_keep_pages_fresher_and_those_that_lie_cost_little() {
        let share = LastmodShares::default();
        let kinds = [
            ("never move", LastmodShares { never: 100, ..share }),
            ("now", LastmodShares { now: 100, ..share }),
            ("days", share),
            ("exact", LastmodShares { exact: 100, ..share }),
        ];
        let settings =
            Settings { seed: 3, hosts: 3, pages: 360, sitemap_percent: 100, ..Settings::default() };
        let settings = Settings { sitemap_rules_percent: 0, ..settings };
        let settings = Settings { period_s: (3_600, 20 * 86_400), page_bytes: 600, ..settings };
        let how = How { sitemaps: true, ..HOW };
        for last_modified in [false, true] {
            let [never, now, days, exact] = kinds.map(|(name, lastmod)| {
                let folder = tempfile::tempdir().unwrap();
                let settings = Settings { lastmod, last_modified, ..settings };
                let table = measure(settings, how, folder.path()).unwrap();
                println!("dates: {name}, of pages too: {last_modified}: {table}");
                table.ours / table.optimum
            });
            let least = never.min(now).min(days).min(exact);
            if last_modified {
                // What pages say themselves foretells their regular changes; sitemaps can only cost then.
                assert!(least >= 0.9, "{never} {now} {days} {exact}");
            } else {
                assert!(exact > never + 0.03, "{exact} and {never}");
            }
            assert!(days > never - 0.02 && now > never - 0.02, "{never} {now} {days}");
        }
    }
}
