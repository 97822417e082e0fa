//! Every choice of a crawl as plain values: what the builder sets and a configuration file fills in.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lycosa_dom::PatternLimits;
use url::Url;

use crate::engine::DEFAULT_ACCEPT_TYPES;
pub use crate::engine::{Duplicates, RevisitRecords, Revisits, RobotsTags};
use crate::error::Result;
use crate::fetch::{HttpVersion, Timeouts};
pub use crate::frontier::embedded::Durability;
use crate::model::{Order, Origin, Patience, Sink, TemplateBudget};
pub use crate::politeness::RetryOptions;
use crate::politeness::robots::ROBOTS_PATIENCE;
use crate::profiles::HostProfile;
use crate::proxies::ProxyPool;
use crate::scope::{ScopeMode, ScoreRules};
use crate::session::SessionPool;
use crate::sink::SinkOptions;

/// What to do with a state folder that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Continue {
    /// A finished crawl is begun anew, an unfinished one is refused.
    #[default]
    Refuse,
    /// Go on where it stopped (`--resume`).
    Resume,
    /// Throw the state away and begin anew (`--fresh`).
    Fresh,
}

/// An output and what goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// A file, a folder (ending in `/`) or `-` for standard output.
    pub path: PathBuf,
    /// What it holds and how.
    pub options: SinkOptions,
}

impl Output {
    /// The sink, not opened yet.
    ///
    /// # Errors
    /// As [`open_path`](crate::sink::open_path).
    pub fn sink(&self) -> Result<Box<dyn Sink>> {
        crate::sink::open_path(&self.path, self.options.clone())
    }
}

/// Every choice of a crawl, with its default. Its `Debug` leaves out what may be secret: passwords, cookies, headers,
/// the proxies.
#[derive(Clone)]
pub struct Options {
    /// Where it begins.
    pub seeds: Vec<Url>,
    /// How many of `seeds`, from the first, were typed by the user: exactly their hosts and ports are allowed
    /// although their addresses may be private.
    pub typed_seeds: usize,
    /// Links from a seed. Default: no limit.
    pub depth: Option<u32>,
    /// URLs of one shape that a site may have before they prove useful; without it, any number. Default 100.
    pub templates: Option<TemplateBudget>,
    /// How long a site that fails is put up with.
    pub patience: Patience,
    /// In which order a site's URLs are served. Default: as they were found.
    pub order: Order,
    /// How links are scored in the order [`Order::Best`].
    pub score: ScoreRules,
    /// Pages to write. Default: no limit.
    pub max_pages: Option<u64>,
    /// Pages to write of each host, by registrable domain. Default: no limit.
    pub max_pages_per_host: Option<u64>,
    /// Requests to send. Default: no limit.
    pub max_requests: Option<u64>,
    /// Time after which no request starts. Default: no limit.
    pub max_time: Option<Duration>,
    /// Bytes on the wire. Default: no limit.
    pub max_bytes: Option<u64>,
    /// Bytes of one body, on the wire and decoded. Default 64 MiB.
    pub max_body: u64,
    /// Requests under way at once. Default 16.
    pub concurrency: usize,
    /// Requests under way at once per origin. Default 2.
    pub per_host: u32,
    /// Time between two requests to a site; set, it switches the adaptive part off. Default: 500 ms and adaptive.
    pub delay: Option<Duration>,
    /// Extra headers of every request.
    pub headers: Vec<(String, String)>,
    /// The `User-Agent`. Default `Lycosa/<version> (+<url>)`.
    pub user_agent: Option<String>,
    /// What certain hosts are shown instead of `user_agent` and `headers`; the first that fits a host counts.
    /// Default none.
    pub hosts: Vec<HostProfile>,
    /// Basic authentication at the seeds' origins: user and password.
    pub user: Option<(String, String)>,
    /// A `Cookie` header at the seeds' origins.
    pub cookie: Option<String>,
    /// Whether cookies are kept, in memory, and sent back as a browser would. Default true.
    pub keep_cookies: bool,
    /// The sessions that requests go with; they keep cookies whatever `keep_cookies` says. Default none: one
    /// session, with its jar if cookies are kept.
    pub sessions: Option<Arc<SessionPool>>,
    /// Which hosts belong. Default: the seeds' hosts.
    pub scope: ScopeMode,
    /// Further domains that belong, with everything below them.
    pub allowed_domains: Vec<String>,
    /// Patterns of which a URL must match one.
    pub include: Vec<String>,
    /// Patterns of which a URL must match none.
    pub exclude: Vec<String>,
    /// Bytes that each pattern, and all of `include` or of `exclude` together, may take when compiled. Default 2 MiB.
    pub regex_size: usize,
    /// Whether robots.txt is obeyed. Default true.
    pub robots: bool,
    /// How long URLs wait for a robots.txt that answers with an error (status 429, or 5xx) while nothing is known of it;
    /// after that they are excluded. Without effect when `robots` is off. Default 30 s; zero does not wait.
    pub robots_patience: Duration,
    /// What is done with `X-Robots-Tag` and `<meta name=robots>`; nothing without `robots`. Default: obeyed.
    pub robots_tags: RobotsTags,
    /// Whether sitemaps are read. Default false.
    pub sitemap: bool,
    /// Sitemaps that are read beside those, whatever the scope; what they name must belong. Without a seed, it is their
    /// hosts that the scope is about. Default none.
    pub sitemap_urls: Vec<Url>,
    /// How many of `sitemap_urls`, from the first, were typed by the user, as with `typed_seeds`.
    pub typed_sitemaps: usize,
    /// Parameters that do not tell URLs apart, as in [`QueryRules`](crate::scope::QueryRules). A crawl that is resumed
    /// keeps those it began with. Default none.
    pub strip_query: Vec<String>,
    /// What is done about pages that say the same as another. Default: their records say so.
    pub duplicates: Duplicates,
    /// Whether pages are visited again until a budget or an interrupt ends the crawl. Default false.
    pub recrawl: bool,
    /// How they are. With a state folder, what that takes is kept in it without `recrawl` too, for a later run; `None`
    /// keeps nothing. Default as [`Revisits`] says.
    pub revisits: Option<Revisits>,
    /// Content types that are read. Default HTML, XHTML, feeds.
    pub accept_types: Vec<String>,
    /// A folder where bodies are saved.
    pub save_bodies: Option<PathBuf>,
    /// The proxies that requests take turns with, except those whose session or middleware brings one. Default none.
    pub proxies: Option<Arc<ProxyPool>>,
    /// Hosts that go past the proxies, as in [`NoProxy`](crate::proxies::NoProxy). Default none.
    pub no_proxy: Vec<String>,
    /// Whether, without `proxies`, those of the environment are used (`http_proxy`, `https_proxy`, `all_proxy`, and
    /// `no_proxy` unless it is given here): see [`ProxyRoutes`](crate::proxies::ProxyRoutes). Default false here: a
    /// library does not read its program's environment unasked; the command does.
    pub proxy_from_env: bool,
    /// DNS servers to ask, as `ADDRESS` or `ADDRESS:PORT`. Default none: those of the system.
    pub dns_servers: Vec<String>,
    /// Which HTTP is spoken. Default HTTP/1.1.
    pub http_version: HttpVersion,
    /// Limits by phase.
    pub timeouts: Timeouts,
    /// What is tried again, how often and how late. Its `seed` is chosen when the crawl is built.
    pub retry: RetryOptions,
    /// Redirects followed for one URL. Default 20.
    pub max_redirects: usize,
    /// Whether certificates are not checked. Default false.
    pub insecure: bool,
    /// A PEM file of further certificate authorities.
    pub cacert: Option<PathBuf>,
    /// Private networks that may be reached, as CIDR.
    pub allow_address: Vec<String>,
    /// Whether requests are refused when a proxy hides the address. Default false.
    pub strict_guard: bool,
    /// The outputs.
    pub outputs: Vec<Output>,
    /// Whether outcomes that give no page are written too. Default false.
    pub all_outcomes: bool,
    /// Whether refusals, challenges and login walls are told from content and end as blocked. Default true.
    pub detect_blocks: bool,
    /// A folder where answers are kept and used again as RFC 9111 says. Default: none.
    pub cache: Option<PathBuf>,
    /// Bytes that the cache may hold; what was not used for longest goes first. Default 1 GiB.
    pub cache_size: u64,
    /// Whether the cache answers alone; what it cannot answer fails. Default false.
    pub offline: bool,
    /// The state folder; none keeps the state in memory.
    pub state: Option<PathBuf>,
    /// What to do with a state that is there already.
    pub continuation: Continue,
    /// How safe "committed" is.
    pub durability: Durability,
    /// Whether the state keeps what happened to each URL, for `lycosa explain`. Default true.
    pub history: bool,
    /// Bytes of memory for the fingerprints of known URLs, about seven each; what goes beyond is kept in sorted files of
    /// the state. 64 KiB or more. Default `None`: a quarter of the machine's memory, or of what the process may have.
    pub seen_memory: Option<usize>,
    /// How long open requests may go on after the order to stop. Default 10 s.
    pub drain: Duration,
    /// Whether links with `rel=nofollow` are left out. Default false: the word is about ranking.
    pub respect_nofollow: bool,
    /// Whether page records list their outlinks instead of counting them. Default false.
    pub list_outlinks: bool,
    /// What to do with bytes that mean nothing in a page's charset. Default: U+FFFD for each.
    pub malformed: lycosa_dom::Malformed,
    /// Whether all links of a page are followed; else those alone that extractors and callbacks give. Default true.
    pub all_links: bool,
    /// Extractors beside the links, in order.
    pub extractors: Vec<Arc<dyn crate::model::Extract>>,
    /// Middlewares around the built-in ones, outermost first.
    pub middlewares: Vec<Arc<dyn crate::model::Middleware>>,
}

impl Options {
    /// The URLs whose hosts the crawl is about: its seeds, or without any, the sitemaps it was given.
    #[must_use]
    pub fn homes(&self) -> &[Url] {
        if self.seeds.is_empty() { &self.sitemap_urls } else { &self.seeds }
    }

    /// The origins that the user typed.
    pub(super) fn typed(&self) -> impl Iterator<Item = Origin> {
        let sitemaps = self.sitemap_urls.iter().take(self.typed_sitemaps);
        self.seeds.iter().take(self.typed_seeds).chain(sitemaps).filter_map(Origin::of)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("seeds", &self.seeds)
            .field("depth", &self.depth)
            .field("scope", &self.scope)
            .field("max_pages", &self.max_pages)
            .field("max_pages_per_host", &self.max_pages_per_host)
            .field("concurrency", &self.concurrency)
            .field("outputs", &self.outputs)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    #[expect(clippy::too_many_lines, reason = "a table with a row for each option")]
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            typed_seeds: 0,
            depth: None,
            templates: Some(TemplateBudget::default()),
            patience: Patience::default(),
            order: Order::default(),
            score: ScoreRules::default(),
            max_pages: None,
            max_pages_per_host: None,
            max_requests: None,
            max_time: None,
            max_bytes: None,
            max_body: 64 << 20,
            concurrency: 16,
            per_host: 2,
            delay: None,
            headers: Vec::new(),
            user_agent: None,
            hosts: Vec::new(),
            user: None,
            cookie: None,
            keep_cookies: true,
            sessions: None,
            scope: ScopeMode::default(),
            allowed_domains: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            regex_size: PatternLimits::SIZE,
            robots: true,
            robots_patience: ROBOTS_PATIENCE,
            robots_tags: RobotsTags::default(),
            sitemap: false,
            sitemap_urls: Vec::new(),
            typed_sitemaps: 0,
            strip_query: Vec::new(),
            duplicates: Duplicates::default(),
            recrawl: false,
            revisits: Some(Revisits::default()),
            accept_types: DEFAULT_ACCEPT_TYPES.iter().map(|&kind| kind.to_owned()).collect(),
            save_bodies: None,
            proxies: None,
            no_proxy: Vec::new(),
            proxy_from_env: false,
            dns_servers: Vec::new(),
            http_version: HttpVersion::default(),
            timeouts: Timeouts::default(),
            retry: RetryOptions::default(),
            max_redirects: 20,
            insecure: false,
            cacert: None,
            allow_address: Vec::new(),
            strict_guard: false,
            outputs: Vec::new(),
            all_outcomes: false,
            detect_blocks: true,
            cache: None,
            cache_size: 1 << 30,
            offline: false,
            state: None,
            continuation: Continue::default(),
            durability: Durability::default(),
            history: true,
            seen_memory: None,
            drain: Duration::from_secs(10),
            respect_nofollow: false,
            list_outlinks: false,
            malformed: lycosa_dom::Malformed::default(),
            all_links: true,
            extractors: Vec::new(),
            middlewares: Vec::new(),
        }
    }
}
