//! The small public face: build a crawl in ten lines, run it, watch it, stop it.
//!
//! [`Crawler`] gathers choices and closures, [`Crawl`] is a crawl that is ready to run. Two crawls in one process
//! share nothing. What a choice means is said at the field of [`Options`] that holds it; how the parts are chosen
//! and opened is in `build` and `state`.

mod build;
mod callbacks;
mod controls;
mod cookies;
mod items;
mod names;
mod options;
mod page;
mod proxies;
mod reading;
mod report;
mod run_file;
mod save;
mod seen_file;
pub mod single;
mod state;
pub mod stopped;
mod watch;
mod witness;

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use lycosa_dom::NodeRef;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

pub use self::controls::{Adjustment, Controls, Rules};
pub use self::options::{
    Continue, Duplicates, Durability, Options, Output, RetryOptions, RevisitRecords, Revisits, RobotsTags,
};
pub use self::page::{PageContext, StreamedPage};
pub use self::run_file::RunRules;
pub use self::watch::{Moment, Watch};
pub use crate::engine::{End, Report};

use self::callbacks::Callbacks;
use crate::engine::{CommittedPage, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Item, Request};
use crate::scope::ScopeMode;

/// Pages that a stream holds for its reader; when it is full, the crawl waits.
const STREAM_BUFFER: usize = 16;

/// A crawl in the making.
///
/// ```no_run
/// # async fn example() -> lycosa::Result<()> {
/// use lycosa::Crawler;
///
/// let report = Crawler::new("https://example.com/")
///     .max_pages(100)
///     .on_html("h1", |heading, page| page.emit("heading", [("text", heading.text())]))
///     .output("headings.jsonl")
///     .run()
///     .await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Crawler {
    options: Options,
    callbacks: Callbacks,
    broken: Option<Error>,
}

impl Crawler {
    /// A crawl that begins at this URL. A URL that cannot be read is told by [`Crawler::run`].
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self::default().seed(seed)
    }

    /// A crawl with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// One more seed.
    #[must_use]
    pub fn seed(mut self, seed: &str) -> Self {
        match crate::seed::parse(seed) {
            Ok(url) => {
                self.options.seeds.insert(self.options.typed_seeds, url);
                self.options.typed_seeds += 1;
            }
            Err(error) => {
                self.broken.get_or_insert(error);
            }
        }
        self
    }

    /// Every choice at once, for those that have no method of their own.
    #[must_use]
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Follow at most this many links from a seed.
    #[must_use]
    pub fn depth(self, depth: u32) -> Self {
        self.options(|options| options.depth = Some(depth))
    }

    /// Stop after exactly this many pages.
    #[must_use]
    pub fn max_pages(self, pages: u64) -> Self {
        self.options(|options| options.max_pages = Some(pages))
    }

    /// Take exactly this many pages of each host, or as many as it has: URLs of a host that has given them wait. A host is
    /// what a delay counts for, a registrable domain with everything below it.
    #[must_use]
    pub fn max_pages_per_host(self, pages: u64) -> Self {
        self.options(|options| options.max_pages_per_host = Some(pages))
    }

    /// Start no request after this time.
    #[must_use]
    pub fn max_time(self, time: Duration) -> Self {
        self.options(|options| options.max_time = Some(time))
    }

    /// Requests under way at once.
    #[must_use]
    pub fn concurrency(self, requests: usize) -> Self {
        self.options(|options| options.concurrency = requests)
    }

    /// Requests under way at once per origin.
    #[must_use]
    pub fn per_host(self, requests: u32) -> Self {
        self.options(|options| options.per_host = requests)
    }

    /// Time between two requests to a site.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        self.options(|options| options.delay = Some(delay))
    }

    /// Which hosts belong to the crawl.
    #[must_use]
    pub fn scope(self, scope: ScopeMode) -> Self {
        self.options(|options| options.scope = scope)
    }

    /// An output: a file (`.jsonl`, `.csv`, with `.gz` or `.zst`), a database (`.sqlite`), a folder (ending in
    /// `/`), `-`. It receives the
    /// pages and every item.
    #[must_use]
    pub fn output(self, path: impl Into<PathBuf>) -> Self {
        let select = crate::sink::Select { items: crate::sink::Items::All, ..crate::sink::Select::pages() };
        let options = crate::sink::SinkOptions { select, ..crate::sink::SinkOptions::default() };
        let output = Output { path: path.into(), options };
        self.options(|options| options.outputs.push(output))
    }

    /// The state folder: with it a crawl survives the end of its process.
    #[must_use]
    pub fn state(self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        self.options(|options| options.state = Some(folder))
    }

    /// Go on with the crawl in the state folder.
    #[must_use]
    pub fn resume(self) -> Self {
        self.options(|options| options.continuation = Continue::Resume)
    }

    /// Before a request is sent: may change it; `false` excludes the URL. It sees robots.txt and sitemaps too; for
    /// robots.txt, without which nothing on its host could be asked for, `false` has no effect.
    #[must_use]
    pub fn on_request(mut self, hook: impl Fn(&mut Request) -> bool + Send + Sync + 'static) -> Self {
        self.callbacks.on_request(Box::new(hook));
        self
    }

    /// When the head of an answer is there, whatever its status.
    #[must_use]
    pub fn on_response(mut self, hook: impl Fn(&Request, u16, &HeaderMap) + Send + Sync + 'static) -> Self {
        self.callbacks.on_response(Box::new(hook));
        self
    }

    /// For every page.
    #[must_use]
    pub fn on_page(
        mut self,
        hook: impl Fn(&mut PageContext<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.callbacks.on_page(Box::new(hook));
        self
    }

    /// For every element that a CSS selector matches. A selector that cannot be read is told by
    /// [`Crawler::run`].
    #[must_use]
    pub fn on_html(
        mut self,
        selector: &str,
        hook: impl Fn(NodeRef<'_>, &mut PageContext<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.callbacks.on_html(selector, Box::new(hook));
        self
    }

    /// For every item about to be committed: may change it; `false` drops it.
    #[must_use]
    pub fn on_item(mut self, hook: impl Fn(&mut Item) -> bool + Send + Sync + 'static) -> Self {
        self.callbacks.on_item(Box::new(hook));
        self
    }

    /// When a URL could not be had, for good.
    #[must_use]
    pub fn on_error(mut self, hook: impl Fn(&Request, &Error) + Send + Sync + 'static) -> Self {
        self.callbacks.on_error(Box::new(hook));
        self
    }

    /// Opens state and outputs; nothing is fetched yet.
    ///
    /// # Errors
    /// A choice that makes no sense, a state or an output that cannot be opened.
    pub async fn build(self) -> Result<Crawl> {
        self.build_with(None).await
    }

    async fn build_with(mut self, feed: Option<mpsc::Sender<CommittedPage>>) -> Result<Crawl> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.callbacks.check()?;
        build::build(self.options, self.callbacks, feed).await
    }

    /// Builds and runs the crawl to its end.
    ///
    /// # Errors
    /// As [`Crawler::build`] and [`Crawl::run`].
    pub async fn run(self) -> Result<Report> {
        self.build().await?.run().await
    }

    /// Runs the crawl as a stream of its pages, each after its commit. Dropping the stream stops the crawl.
    ///
    /// # Errors
    /// As [`Crawler::build`].
    pub async fn stream(self) -> Result<Pages> {
        let (feed, pages) = mpsc::channel(STREAM_BUFFER);
        let crawl = self.build_with(Some(feed)).await?;
        let stop = crawl.stop_token();
        let running = tokio::spawn(crawl.run());
        Ok(Pages { pages, running: Some(running), _stop: stop.drop_guard() })
    }
}

/// A crawl that is ready to run.
#[derive(Debug)]
pub struct Crawl {
    engine: Engine,
    sinks: Vec<Box<dyn crate::model::Sink>>,
    watch: Watch,
    seeds: Vec<Url>,
    client: crate::fetch::Client,
    ledger: crate::ledger::Ledger,
    notices: Vec<String>,
    controls: Controls,
}

impl Crawl {
    /// Handles to steer the crawl while it runs.
    #[must_use]
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// A view of the crawl while it runs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Cancelling this stops the crawl: open requests may end within the drain time, nothing is lost.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.engine.stop_token()
    }

    /// What a person should know before it runs (a log that was repaired, say).
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When no seed belongs to the crawl, or the state or an output cannot be written.
    pub async fn run(self) -> Result<Report> {
        self.controls.note_now().await?;
        drop(self.controls);
        let mut report = self.engine.run(&self.seeds, self.sinks).await;
        self.client.close().await;
        if let Ok(report) = &mut report {
            report.open = self.ledger.snapshot();
        }
        report
    }
}

/// The pages of a running crawl.
#[derive(Debug)]
pub struct Pages {
    pages: mpsc::Receiver<CommittedPage>,
    running: Option<tokio::task::JoinHandle<Result<Report>>>,
    _stop: DropGuard,
}

impl Pages {
    /// The next page; `None` when the crawl is over. Cancel-safe.
    pub async fn next(&mut self) -> Option<StreamedPage> {
        self.pages.recv().await.map(StreamedPage::new)
    }

    /// Waits for the end of the crawl and tells what it came to; pages not read yet are dropped.
    ///
    /// # Errors
    /// As [`Crawl::run`].
    pub async fn finish(mut self) -> Result<Report> {
        while self.pages.recv().await.is_some() {}
        match self.running.take() {
            Some(running) => running.await.map_err(|cause| {
                Error::new(ErrorKind::Internal, "the crawl's task ended early").with_source(cause)
            })?,
            None => Err(Error::new(ErrorKind::Internal, "the crawl was finished before")),
        }
    }
}
