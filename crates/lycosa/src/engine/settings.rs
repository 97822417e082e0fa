//! What the engine is given: the parts it joins and the numbers it obeys.

use std::sync::Arc;
use std::time::Duration;

use super::contents::ContentMemory;
use super::hooks::Hooks;
pub use super::judgement::{Duplicates, RobotsTags};
use super::pages::PageFeed;
use super::revisits::Revisits;
use crate::ledger::Ledger;
use crate::model::{Clock, ConnectPolicy, Extract, Fetch, FetchLimits, Frontier, Middleware, Outbox, Scope};
use crate::politeness::RetryPolicy;
use crate::politeness::robots::{ROBOTS_PATIENCE, RobotsAgents};
use crate::scope::{Identity, ScoreRules};
use crate::telemetry::Telemetry;

/// Everything a crawl is made of. The engine knows only the traits.
#[derive(Debug)]
pub struct Parts {
    /// Which URL is next, and never twice.
    pub frontier: Arc<dyn Frontier>,
    /// Reads what the frontier committed.
    pub outbox: Arc<dyn Outbox>,
    /// Sends requests.
    pub fetch: Arc<dyn Fetch>,
    /// What wraps the fetch, outermost first.
    pub middlewares: Arc<[Arc<dyn Middleware>]>,
    /// Which addresses may be connected to.
    pub guard: Arc<dyn ConnectPolicy>,
    /// Which URLs belong to the crawl.
    pub scope: Arc<dyn Scope>,
    /// What is taken out of pages, in order.
    pub extractors: Arc<[Arc<dyn Extract>]>,
    /// User code on the way.
    pub hooks: Arc<dyn Hooks>,
    /// Where pages are handed to a reader after their commit, when there is one.
    pub feed: Option<PageFeed>,
    /// The pages that earlier runs saw, with which this one's are compared.
    pub contents: ContentMemory,
    /// How URLs are recognised.
    pub identity: Arc<Identity>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is tried again when it fails in the middle of a body.
    pub retry: Arc<RetryPolicy>,
    /// Counts of what happened.
    pub telemetry: Telemetry,
    /// Counts of what is open.
    pub ledger: Ledger,
    /// Numbers and switches.
    pub settings: Settings,
}

/// Numbers and switches of the engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests under way at once, 1 or more. Default 16.
    pub concurrency: usize,
    /// Whether robots.txt is obeyed. Default true.
    pub robots: bool,
    /// How long URLs wait for a robots.txt that answers with an error (status 429, or 5xx) while nothing is known of it;
    /// after that they are excluded. Without effect when `robots` is off. Default 30 s; zero does not wait.
    pub robots_patience: Duration,
    /// The names robots.txt groups are looked up by, by host. Default `lycosa`.
    pub robots_agents: RobotsAgents,
    /// What is done with `X-Robots-Tag` and `<meta name=robots>`; nothing when `robots` is off. Default: obeyed.
    pub robots_tags: RobotsTags,
    /// What is done about pages that say the same as another. Default: reported.
    pub duplicates: Duplicates,
    /// Whether sitemaps named by robots.txt (or `/sitemap.xml`) are read. Default false.
    pub sitemaps: bool,
    /// Sitemaps that are read beside those, whatever `sitemaps` says. Default none.
    pub sitemap_urls: Vec<url::Url>,
    /// Redirects followed for one URL. Default 20.
    pub max_redirects: usize,
    /// Content types that are read and parsed; the bodies of others are not read. Lower case, `*` at the end
    /// stands for anything. Default HTML, XHTML and feeds.
    pub accept_types: Vec<String>,
    /// Bounds of one answer.
    pub limits: FetchLimits,
    /// How long open requests may go on after the crawl was asked to stop. Default 10 s.
    pub drain: Duration,
    /// Whether outcomes that give no page become records too. Default false.
    pub all_outcomes: bool,
    /// Whether answers that keep the crawler out (refusals, challenges, login walls) are told from content and end
    /// their URL as blocked. Default true.
    pub detect_blocks: bool,
    /// Whether page records list their outlinks instead of counting them. Default false.
    pub list_outlinks: bool,
    /// What to do with bytes that mean nothing in a page's charset. Default: U+FFFD for each.
    pub malformed: lycosa_dom::Malformed,
    /// How links are scored when the best are served first; none in any other order.
    pub score: Option<Arc<ScoreRules>>,
    /// Links taken from one page. Default 100,000.
    pub max_links: usize,
    /// How pages are visited again, and that what it takes is kept; when they are, the frontier decides. Default: they
    /// are not.
    pub revisits: Option<Revisits>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            robots: true,
            robots_patience: ROBOTS_PATIENCE,
            robots_agents: RobotsAgents::default(),
            robots_tags: RobotsTags::default(),
            duplicates: Duplicates::default(),
            sitemaps: false,
            sitemap_urls: Vec::new(),
            max_redirects: 20,
            accept_types: DEFAULT_ACCEPT_TYPES.iter().map(|&kind| kind.to_owned()).collect(),
            limits: FetchLimits::default(),
            drain: Duration::from_secs(10),
            all_outcomes: false,
            detect_blocks: true,
            list_outlinks: false,
            malformed: lycosa_dom::Malformed::default(),
            score: None,
            max_links: 100_000,
            revisits: None,
        }
    }
}

/// HTML, XHTML, feeds and plain XML.
pub const DEFAULT_ACCEPT_TYPES: [&str; 6] = [
    "text/html",
    "application/xhtml+xml",
    "application/rss+xml",
    "application/atom+xml",
    "application/xml",
    "text/xml",
];
