//! One crawl and its judgement: progress on standard error, the result on standard output.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lycosa::model::{Clock as _, Pace, Request};
use lycosa::{Error, Result};
use lycosa_testkit::web::{AccessLog, Coverage, Manners, Numbering, Rules, Web, in_degrees, mass_of_first};

use crate::arguments::{Arguments, By, InOrder};
use crate::by_engine::{ByEngine, pace};
use crate::by_frontier::ByFrontier;
use crate::clock::{BEGINNING, Stopwatch, VirtualClock};
use crate::{memory, store};

/// Real time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What a crawl came to.
#[derive(Debug)]
pub(crate) struct Crawled {
    pub(crate) log: Arc<AccessLog>,
    /// Virtual time.
    pub(crate) lasted: Duration,
    /// Real time.
    pub(crate) took: Duration,
    /// What the crawler says of itself.
    pub(crate) said: String,
    /// The part of all in-links that leads to the first tenth of what was fetched.
    pub(crate) mass: Option<f64>,
}

/// Pages up to which it is counted how soon a crawl fetched what much leads to.
const MEASURED: u64 = 20_000_000;

/// The hosts whose home pages a crawl begins at.
pub(crate) const SEEDS: [u32; 1] = [0];

/// Runs what the arguments ask for; whether all is as it must be.
///
/// # Errors
/// When the crawl cannot be carried out.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let web = Web::new(arguments.settings());
    let numbering = Numbering::new(&web);
    tell(&format!("a web of {} pages on {} hosts", numbering.pages(), web.hosts()));
    let crawled = crawl(arguments, web, &numbering)?;
    let pages = crawled.log.counts().pages;
    let rate = pages as f64 / crawled.took.as_secs_f64();
    say(&format!(
        "crawl: {pages} requests for pages in {:.1} s: {rate:.0}/s, over {:.1} virtual days; {}",
        crawled.took.as_secs_f64(),
        crawled.lasted.as_secs_f64() / 86_400.0,
        crawled.said
    ));
    if let Some(mass) = crawled.mass {
        say(&format!("order: the first tenth of the fetches has {:.1} % of all in-links", mass * 100.0));
    }
    if let Some(peak) = memory::peak() {
        say(&format!(
            "memory: at most {} MiB, {:.0} bytes a page",
            peak >> 20,
            peak as f64 / numbering.pages() as f64
        ));
    }
    let watch = Stopwatch::start();
    let expected = web.coverage(arguments.rules(), &SEEDS);
    say(&format!("oracle: {} in {:.1} s", expected.digest(), watch.elapsed().as_secs_f64()));
    Ok(judge(&expected, &crawled, arguments.rules()))
}

/// Crawls as the arguments say.
///
/// # Errors
/// When the crawl cannot be carried out.
pub(crate) fn crawl(arguments: &Arguments, web: Web, numbering: &Numbering) -> Result<Crawled> {
    let (clock, rules) = (VirtualClock::new(), arguments.crawled());
    let manners = Manners { delay: arguments.delay(), robots: rules.robots, ..Manners::default() };
    let log = Arc::new(AccessLog::new(web, numbering.clone(), manners));
    let folder = tempfile::tempdir().map_err(|cause| Error::io("making a folder", cause))?;
    let pace = Pace { order: arguments.order.into(), ..pace(rules, arguments.delay()) };
    let opened = store::open(
        (arguments.store, arguments.seen_memory),
        arguments.limits(),
        pace,
        &clock,
        folder.path(),
    )?;
    let watch = Stopwatch::start();
    let mut mass = None;
    let (seeds, concurrency) = (SEEDS.to_vec(), arguments.concurrency);
    let said = match arguments.by {
        By::Frontier => {
            let tick = Duration::from_millis(arguments.tick_ms);
            let is_best = arguments.order == InOrder::Best;
            let class = if is_best { Request::PAGE_CLASS + 1 } else { Request::PAGE_CLASS };
            let small = numbering.pages() <= MEASURED;
            let fetched = small.then(|| Mutex::new(Vec::new()));
            let (log, clock) = (log.clone(), clock.clone());
            let plan = ByFrontier { web, rules, seeds, log, clock, concurrency, tick, class, fetched };
            let mut progress = Progress::new(watch);
            let done = plan.crawl(&opened, |done| progress.tell(done.commits))?;
            mass = plan.fetched.map(|fetched| {
                let order = fetched.into_inner().unwrap_or_else(PoisonError::into_inner);
                let degrees = in_degrees(&web, numbering, &plan.log.coverage());
                mass_of_first(0.1, &order, numbering, &degrees)
            });
            format!(
                "{} commits, {} links, {} given back ({} by the gate, {:.3} a commit), {} parked",
                done.commits,
                done.links,
                done.nacks,
                done.gated,
                done.gated as f64 / done.commits.max(1) as f64,
                opened.frontier.stats().parked
            )
        }
        By::Engine => {
            let plan = ByEngine {
                web,
                rules,
                seeds,
                log: log.clone(),
                clock: clock.clone(),
                concurrency,
                again: None,
            };
            let report = plan.crawl(&opened)?;
            let stats = report.crawl;
            format!(
                "{:?}, {} pages, {} failed, {} parked",
                report.end, stats.pages, stats.failed, stats.parked
            )
        }
    };
    Ok(Crawled { mass, log, lasted: clock.now().since(BEGINNING), took: watch.elapsed(), said })
}

/// Compares; whether all is as it must be.
fn judge(expected: &Coverage, crawled: &Crawled, rules: Rules) -> bool {
    let found = crawled.log.coverage().without_traps();
    say(&format!("crawled: {}", found.digest()));
    let counts = crawled.log.counts();
    say(&format!(
        "manners: {} requests, {} too soon, {} too many at once, {} denied, {} to nowhere, {} repeated; at most {} \
         open on a host, {} in all; {:.2} % in traps",
        counts.requests,
        counts.too_soon,
        counts.too_many,
        counts.denied,
        counts.unknown,
        counts.repeated,
        counts.most_open,
        counts.most_open_in_all,
        counts.trap_loss() * 100.0
    ));
    counts.violations.iter().for_each(|violation| say(&format!("  {violation}")));
    let same = expected.compare(&found);
    match &same {
        Ok(()) => say("the crawl fetched what it had to, and nothing else"),
        Err(mismatch) => say(&mismatch.to_string()),
    }
    let polite = counts.too_soon + counts.too_many + counts.unknown == 0;
    same.is_ok() && polite && (counts.denied == 0 || !rules.robots)
}

/// Lines now and then.
struct Progress {
    watch: Stopwatch,
    next: Duration,
}

impl Progress {
    fn new(watch: Stopwatch) -> Self {
        Self { watch, next: PROGRESS_EVERY }
    }

    fn tell(&mut self, commits: u64) {
        let elapsed = self.watch.elapsed();
        if elapsed >= self.next {
            self.next = elapsed + PROGRESS_EVERY;
            tell(&format!("{commits} commits in {:.0} s", elapsed.as_secs_f64()));
        }
    }
}

/// A line on standard output.
pub(crate) fn say(line: &str) {
    // A closed pipe wants no more; the exit status still tells.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A line on standard error.
pub(crate) fn tell(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
