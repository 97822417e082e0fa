//! What can be chosen of a web. Two webs with equal settings are the same web.

use super::prf::Prf;
use super::sizes::Sizes;

/// How many pages of a thousand are what. What is left over are ordinary pages; the sum may not pass 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Redirects to a page of the same host (seven in ten) or of another; default 50. Chains come about by chance.
    pub redirects: u32,
    /// Pairs of pages that redirect to each other; default 2.
    pub loops: u32,
    /// 404, or 410 for every fourth; default 40.
    pub missing: u32,
    /// 500 whenever they are asked for; default 2.
    pub broken: u32,
    /// 503 on the first visit, then an ordinary page; default 0. Which visit it is, the server must know.
    pub flaky: u32,
    /// The content of another page of the host, byte for byte, or with a `rel=canonical` to it; default 40.
    pub copies: u32,
    /// The content of another page with one sentence changed; default 20.
    pub near_copies: u32,
}

impl Default for Shares {
    fn default() -> Self {
        Self { redirects: 50, loops: 2, missing: 40, broken: 2, flaky: 0, copies: 40, near_copies: 20 }
    }
}

impl Shares {
    /// Ordinary pages, every one answering 200.
    pub const NONE: Self =
        Self { redirects: 0, loops: 0, missing: 0, broken: 0, flaky: 0, copies: 0, near_copies: 0 };
}

/// How many of a hundred sitemaps give which dates; what is left over tell the day of the last change. The sum may not
/// pass 100. All default to 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastmodShares {
    /// The second of the last change.
    pub exact: u32,
    /// The day on which the sitemap is asked for.
    pub now: u32,
    /// A day that never moves.
    pub never: u32,
}

/// The settings of a web.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The key of every draw; default 1.
    pub seed: u64,
    /// Hosts, 1 or more; default 100.
    pub hosts: u32,
    /// Pages over all hosts, whatever they answer; default 10,000. Met within a part of a hundred when there are many
    /// more pages than hosts; every host has at least one.
    pub pages: u64,
    /// The exponent of Zipf's law for host sizes and for the choice of a link's host; default 1.1.
    pub exponent: f64,
    /// Links on each page, beside those to traps and `rel=canonical`; default 10.
    pub links_per_page: u32,
    /// How many of a hundred links stay on their host; default 80.
    pub same_host_percent: u32,
    /// What pages are.
    pub shares: Shares,
    /// How many of a thousand links carry `rel=nofollow`; default 30. As many pages have a robots meta element with
    /// `nofollow`, and as many one with `noindex`.
    pub nofollow: u32,
    /// How many of a thousand pages lie in each of the branches that some robots.txt denies; default 20.
    pub denied: u32,
    /// How many of a hundred hosts have a robots.txt that says more than "all is allowed"; default 60. A few of these
    /// deny everything, or answer 500.
    pub robots_percent: u32,
    /// How many of a hundred hosts ask for a crawl-delay; default 5.
    pub crawl_delay_percent: u32,
    /// The shortest and longest crawl-delay, in milliseconds; default 1,000 to 10,000.
    pub crawl_delay_ms: (u64, u64),
    /// How many of a hundred hosts have a sitemap, which lists every ordinary page; default 50.
    pub sitemap_percent: u32,
    /// How many of a hundred hosts have moved their sitemap, deny it, or both; default 40. A denial is one only where there
    /// is a robots.txt.
    pub sitemap_rules_percent: u32,
    /// Whether pages say in `Last-Modified` when they changed; default true.
    pub last_modified: bool,
    /// What the dates in sitemaps are worth.
    pub lastmod: LastmodShares,
    /// How many of a hundred hosts are below the domain of another host; default 15.
    pub subdomain_percent: u32,
    /// How many of a hundred hosts live on an address that others may use too; default 20.
    pub shared_address_percent: u32,
    /// How many of a hundred hosts have a trap; default 1.
    pub trap_percent: u32,
    /// The shortest and longest time to an answer, in milliseconds; default 20 to 2,000, most of them short.
    pub latency_ms: (u64, u64),
    /// The mean length of a page in bytes; default 4,000. Lengths are log-normal with σ = 1, at most 50 times the mean,
    /// and never less than the markup of the links takes.
    pub page_bytes: u64,
    /// The shortest and longest time between two changes of a page, in seconds; default an hour to 100 days, evenly
    /// over the magnitudes.
    pub period_s: (u64, u64),
    /// The port in every URL; default 80, which is not shown.
    pub port: u16,
    /// The name that robots.txt may have rules for; default `lycosa`.
    pub agent: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            hosts: 100,
            pages: 10_000,
            exponent: 1.1,
            links_per_page: 10,
            same_host_percent: 80,
            shares: Shares::default(),
            nofollow: 30,
            denied: 20,
            robots_percent: 60,
            crawl_delay_percent: 5,
            crawl_delay_ms: (1_000, 10_000),
            sitemap_percent: 50,
            sitemap_rules_percent: 40,
            last_modified: true,
            lastmod: LastmodShares::default(),
            subdomain_percent: 15,
            shared_address_percent: 20,
            trap_percent: 1,
            latency_ms: (20, 2_000),
            page_bytes: 4_000,
            period_s: (3_600, 100 * 86_400),
            port: 80,
            agent: "lycosa",
        }
    }
}

/// A web. As large as its settings, however many pages it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Web {
    pub(super) settings: Settings,
    pub(super) prf: Prf,
    pub(super) sizes: Sizes,
}

impl Web {
    /// The web of these settings.
    ///
    /// # Panics
    /// When there is no host, or the shares of pages or branches pass the whole.
    pub fn new(settings: Settings) -> Self {
        let Shares { redirects, loops, missing, broken, flaky, copies, near_copies } = settings.shares;
        let whole = redirects + loops + missing + broken + flaky + copies + near_copies;
        assert!(settings.hosts > 0, "a web has a host");
        assert!(whole <= 1_000, "the shares of pages add up to {whole} of 1,000");
        assert!(settings.denied <= 200, "four branches of {} of 1,000 leave too little", settings.denied);
        let sizes = Sizes::new(settings.hosts, settings.pages, settings.exponent);
        Self { settings, prf: Prf::new(settings.seed), sizes }
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same web with its URLs on another port.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }
}
