//! The engine: joins frontier, middlewares, fetch, extraction and sinks into a crawl.
//!
//! It knows the traits only; whoever builds a crawl chooses the implementations. The order of reading: `settings`
//! (what it is given), `dispatch` (the loop), `journey` (one lease) with `robots`, `sitemap` and `page` for the
//! kinds, `blocked` for answers that keep the crawler out, `revisits` for visits after the first, `discover` (from link to frontier) and `refusals` (what is noted of the others), `export` (from commit to sinks). It parses no options, opens no
//! files and knows no backend by name.

mod blocked;
mod contents;
mod credit;
mod discover;
mod dispatch;
mod export;
mod hooks;
mod journey;
mod judgement;
mod lastmod;
mod lost;
mod novelty;
mod page;
mod pages;
mod places;
mod policy;
mod refusals;
mod revisits;
mod robots;
mod robots_failing;
#[cfg(test)]
mod robots_tests;
mod settings;
mod shared;
mod shown;
mod sitemap;
#[cfg(test)]
mod tests;
mod toll;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

pub use contents::{ContentLog, ContentMemory};
pub use hooks::{Hooks, NoHooks};
pub use pages::{CommittedPage, PageFeed};
pub use places::Places;
pub use revisits::{RevisitRecords, Revisits};
pub use settings::{DEFAULT_ACCEPT_TYPES, Duplicates, Parts, RobotsTags, Settings};
pub(crate) use sitemap::{GIVEN, request_of_given};

use self::discover::Target;
use self::dispatch::{Dispatcher, Stopped};
use self::export::Exporter;
use self::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Resource;
use crate::model::{
    Discovered, Exclusion, Finish, Frontier, HostRecord, ItemCounts, Request, RequestKind, Sink, Stats,
};
use crate::scope::spelling;
use crate::telemetry::{Snapshot, Telemetry};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The frontier has no more to give, for this reason.
    Finished(Finish),
    /// It was asked to stop; the state can be resumed.
    Interrupted,
    /// The reader of the output went away.
    OutputClosed,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub elapsed: Duration,
    /// Counts of this run.
    pub run: Snapshot,
    /// What became of the items of each type and of their fields, in this run.
    pub items: Vec<ItemCounts>,
    /// Counts of the whole crawl, over resumes.
    pub crawl: Stats,
    /// The slowest hosts, slowest first.
    pub slowest: Vec<HostRecord>,
    /// What is still open; anything here is a leak.
    pub open: Vec<(Resource, i64)>,
}

/// One crawl, ready to run.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    telemetry: Telemetry,
    stop: CancellationToken,
}

impl Engine {
    /// Joins the parts. Nothing runs yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let telemetry = parts.telemetry.clone();
        let shared = Shared::new(parts, telemetry.clone());
        Self { shared, telemetry, stop: CancellationToken::new() }
    }

    /// The counters of this run, live.
    #[must_use]
    pub fn telemetry(&self) -> Telemetry {
        self.telemetry.clone()
    }

    /// How many requests may be under way at once, to be changed while it runs.
    #[must_use]
    pub fn places(&self) -> Places {
        self.shared.places.clone()
    }

    /// Cancelling this asks the crawl to stop: no request starts any more, open ones may end within the drain
    /// time, nothing is lost.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs the crawl from these seeds to its end, its records ending in these sinks. Whatever the end, everything
    /// committed is in the outputs, and the frontier is flushed.
    ///
    /// # Errors
    /// When no seed belongs to the crawl, when the state or an output cannot be written, or when an output was
    /// changed by somebody else. A crawl that cannot begin leaves no seed in its state.
    pub async fn run(self, seeds: &[Url], sinks: Vec<Box<dyn Sink>>) -> Result<Report> {
        let started = self.shared.parts.clock.now();
        let found = self.discover_seeds(seeds)?;
        let exporter = Exporter::open(self.shared.clone(), sinks).await?;
        self.shared.parts.frontier.add(found).await?;
        let finish = CancellationToken::new();
        let handle = tokio::runtime::Handle::current();
        let finishing = finish.clone();
        let stop = self.stop.clone();
        let exporting = tokio::task::spawn_blocking(move || {
            let result = exporter.run(&handle, &finishing);
            // Without an exporter the crawl must not go on: its outbox would grow without end.
            stop.cancel();
            result
        });
        let dispatched = Dispatcher::new(self.shared.clone(), self.stop.clone()).run().await;
        finish.cancel();
        let exported = exporting
            .await
            .map_err(|error| dispatch::internal("the exporter panicked").with_source(error))?;
        let end = match (dispatched, exported) {
            (_, Err(error)) if export::is_closed_pipe(&error) => End::OutputClosed,
            (_, Err(error)) => return Err(error),
            (Err(error), Ok(())) => return Err(error),
            (Ok(Stopped::Finished(finish)), Ok(())) => End::Finished(finish),
            (Ok(Stopped::Cancelled), Ok(())) => End::Interrupted,
        };
        self.shared.parts.frontier.flush().await?;
        Ok(report(&self.shared, end, started))
    }

    /// The seeds that belong to the crawl, with the sitemaps they bring along. That one of several does not is told
    /// in the report; that none does is an error.
    fn discover_seeds(&self, seeds: &[Url]) -> Result<Vec<Discovered>> {
        let make = |url: &Url| Request::get(spelling(url));
        let (mut found, mut refused) = (Vec::with_capacity(seeds.len()), Vec::new());
        for url in seeds {
            match self.shared.discover(url, RequestKind::Page, 0, |_| true, make) {
                Some(Target::Discovered(seed)) => found.push(*seed),
                Some(Target::Refused(reason, _)) => refused.push((url, reason)),
                None => {}
            }
        }
        if found.is_empty() && !refused.is_empty() {
            return Err(nothing_to_do(&refused));
        }
        for (url, reason) in refused {
            self.shared.telemetry.problem(format!("the seed {url} gave no page: {}", lost::sentence(reason)));
        }
        found.extend(self.shared.usual_sitemaps(seeds));
        // A seed that is named as a sitemap too is one: what comes first is what is taken.
        let mut all = self.shared.given_sitemaps();
        all.append(&mut found);
        Ok(all)
    }
}

fn report(shared: &Shared, end: End, started: crate::model::Timestamp) -> Report {
    let frontier: &dyn Frontier = &*shared.parts.frontier;
    Report {
        end,
        elapsed: shared.parts.clock.now().since(started),
        run: shared.telemetry.snapshot(),
        items: shared.parts.extractors.iter().flat_map(|extractor| extractor.counts()).collect(),
        crawl: frontier.stats(),
        slowest: frontier.slowest(5),
        open: shared.parts.ledger.snapshot(),
    }
}

/// The error of a crawl that cannot begin.
fn nothing_to_do(seeds: &[(&Url, Exclusion)]) -> Error {
    let reasons: Vec<_> = seeds.iter().map(|(url, reason)| format!("{url} ({})", reason.as_str())).collect();
    Error::new(ErrorKind::Usage, format!("no seed belongs to the crawl: {}", reasons.join(", ")))
        .with_hint("widen --scope, --include or --allowed-domains, or check the spelling")
}
