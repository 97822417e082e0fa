//! The real engine on the virtual web: it parses robots.txt and markup, follows redirects, retries, keeps delays. One
//! thread runs it; whenever that thread has nothing left to do, the clock jumps.
//!
//! Pages must stay below 512 KiB: from there on the engine asks its runtime for another thread, and this one has none.

use std::sync::{Arc, Mutex};

use lycosa::engine::{Engine, NoHooks, Parts, Report, Revisits, RobotsTags, Settings};
use lycosa::extract::{LinkExtractor, LinkOptions};
use lycosa::ledger::Ledger;
use lycosa::middleware::{StackOptions, built_in};
use lycosa::model::{Clock, CrawlId, Extract, Pace};
use lycosa::politeness::{RetryOptions, RetryPolicy};
use lycosa::scope::{Identity, ScopeMode, ScopeOptions, ScopeRules};
use lycosa::telemetry::Telemetry;
use lycosa::{Error, Result};
use lycosa_testkit::web::{AccessLog, FreshTime, Place, Rules, Web};
use url::Url;

use crate::clock::VirtualClock;
use crate::store::Opened;
use crate::transport::{OpenDoor, VirtualWire};

/// What keeps a crawl out of traps.
pub(crate) const TRAPS: &str = r"^http://[^/]*/(calendar/|s/|deep/|find($|\?))";

/// A crawl by the engine.
#[derive(Debug)]
pub(crate) struct ByEngine {
    pub(crate) web: Web,
    pub(crate) rules: Rules,
    pub(crate) seeds: Vec<u32>,
    pub(crate) log: Arc<AccessLog>,
    pub(crate) clock: VirtualClock,
    pub(crate) concurrency: usize,
    /// How pages are visited again, if they are, and where that is noted.
    pub(crate) again: Option<(Revisits, Arc<Mutex<FreshTime>>)>,
}

/// The pace that these rules ask a frontier for.
pub(crate) fn pace(rules: Rules, delay: std::time::Duration) -> Pace {
    Pace { delay, robots: rules.robots, ..Pace::default() }
}

impl ByEngine {
    /// Crawls to the end.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub(crate) fn crawl(&self, opened: &Opened) -> Result<Report> {
        let clock = self.clock.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .on_thread_park(move || clock.jump())
            .build()
            .map_err(|cause| Error::io("starting a runtime", cause))?;
        let seeds = self.seed_urls();
        let engine = self.engine(opened, &seeds)?;
        runtime.block_on(engine.run(&seeds, Vec::new()))
    }

    fn seed_urls(&self) -> Vec<Url> {
        let urls = self.seeds.iter().map(|host| self.web.url(Place::Page(self.web.home(*host))));
        urls.filter_map(|url| Url::parse(&url).ok()).collect()
    }

    fn engine(&self, opened: &Opened, seeds: &[Url]) -> Result<Engine> {
        let (telemetry, ledger) = (Telemetry::default(), Ledger::default());
        // Some pages are down at first on purpose, and all must be had.
        let retry = RetryOptions { budget_floor: 1_000_000, ..RetryOptions::default() };
        let retry = Arc::new(RetryPolicy::new(retry, telemetry.clone()));
        let stack = StackOptions { retry: retry.clone(), ..StackOptions::default() };
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let links = LinkOptions { respect_nofollow: self.rules.respect_nofollow, ..LinkOptions::default() };
        let extractors: Vec<Arc<dyn Extract>> = vec![Arc::new(LinkExtractor::new(links))];
        let scope = ScopeRules::new(ScopeOptions {
            mode: ScopeMode::Any,
            seeds: seeds.to_vec(),
            exclude: if self.rules.traps { Vec::new() } else { vec![TRAPS.to_owned()] },
            max_depth: self.rules.max_depth,
            ..ScopeOptions::default()
        })?;
        let wire = VirtualWire {
            web: self.web,
            log: self.log.clone(),
            clock: self.clock.clone(),
            freshness: self.again.as_ref().map(|(_, freshness)| freshness.clone()),
        };
        let seed = u128::from(self.web.settings().seed);
        Ok(Engine::new(Parts {
            frontier: opened.frontier.clone(),
            outbox: opened.outbox.clone(),
            fetch: Arc::new(wire),
            middlewares: built_in(&stack, clock.clone(), ledger.clone())?.into(),
            guard: Arc::new(OpenDoor),
            scope: Arc::new(scope),
            extractors: extractors.into(),
            hooks: Arc::new(NoHooks),
            feed: None,
            contents: lycosa::engine::ContentMemory::default(),
            identity: Arc::new(Identity::new(CrawlId(seed), seed.to_le_bytes())),
            clock,
            retry,
            telemetry,
            ledger,
            settings: Settings {
                concurrency: self.concurrency,
                robots: self.rules.robots,
                sitemaps: self.rules.sitemaps,
                revisits: self.again.as_ref().map(|(revisits, _)| *revisits),
                robots_tags: if self.rules.respect_meta { RobotsTags::Obey } else { RobotsTags::Ignore },
                ..Settings::default()
            },
        }))
    }
}
