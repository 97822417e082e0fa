//! The command line.

use std::time::Duration;

use clap::ValueEnum;
use lycosa::model::{Limits, Order, TemplateBudget};
use lycosa_testkit::web::{LastmodShares, Rules, Settings, Shares};

/// Who crawls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// A loop straight over the frontier
    Frontier,
    /// The real engine, which parses every page
    Engine,
}

/// In which order a site's URLs are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InOrder {
    /// As they were found
    Breadth,
    /// The deepest first
    Depth,
    /// Those that many links lead to first
    Best,
}

impl From<InOrder> for Order {
    fn from(order: InOrder) -> Self {
        match order {
            InOrder::Breadth => Self::Breadth,
            InOrder::Depth => Self::Depth,
            InOrder::Best => Self::Best,
        }
    }
}

/// Where the URLs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// In memory
    Memory,
    /// In a state folder, written without waiting for the disk
    Embedded,
    /// In a state folder, every commit synced
    Durable,
}

/// Crawls a web that is computed from a hash, under virtual time, and compares with an oracle.
#[derive(Clone, Debug, clap::Parser)]
pub(crate) struct Arguments {
    /// Pages of the web, over all hosts
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) pages: u64,
    /// Hosts of the web; without it, one for every hundred pages
    #[arg(long, value_name = "N")]
    pub(crate) hosts: Option<u32>,
    /// Where everything is drawn from; another seed is another web
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Who crawls
    #[arg(long, value_enum, default_value_t = By::Frontier)]
    pub(crate) by: By,
    /// Where the URLs are kept
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    pub(crate) store: Store,
    /// Bytes of memory for the fingerprints of known URLs, where they are kept in a state folder; without it, all stay there
    #[arg(long, value_name = "BYTES", default_value_t = usize::MAX, hide_default_value = true)]
    pub(crate) seen_memory: usize,
    /// Links followed from the seeds; without it, all
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<u32>,
    /// Requests open at once
    #[arg(long, value_name = "N", default_value_t = 4_096)]
    pub(crate) concurrency: usize,
    /// Virtual milliseconds between two requests to a site, at least
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) delay_ms: u64,
    /// The least jump of the frontier crawler's clock, in virtual milliseconds; longer ones make larger batches
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) tick_ms: u64,
    /// In which order a site's URLs are served; the frontier's crawler says how soon it fetched what much leads to
    #[arg(long, value_enum, default_value_t = InOrder::Breadth)]
    pub(crate) order: InOrder,
    /// Walk into traps too; only the budgets of shapes keep the crawl from walking on
    #[arg(long)]
    pub(crate) traps: bool,
    /// URLs of one shape that a site may have before they prove useful; 0 is any number
    #[arg(long, value_name = "N", default_value_t = TemplateBudget::URLS)]
    pub(crate) template_budget: u32,
    /// How many of a hundred hosts have a trap
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) trap_percent: u32,
    /// How many of a thousand pages answer 503 at first
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) flaky: u32,
    /// Visit pages again for so many virtual days, with the engine, and tell how fresh they were in the second half
    #[arg(long, value_name = "DAYS")]
    pub(crate) recrawl: Option<u64>,
    /// Read the sitemaps, which every host has then, when pages are visited again; their dates tell this
    #[arg(long, value_enum, requires = "recrawl")]
    pub(crate) lastmod: Option<Dates>,
}

/// What the dates of sitemaps tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dates {
    /// The day of the last change
    Days,
    /// Its second
    Exact,
    /// That all has changed today
    Now,
    /// That nothing ever changes
    Never,
}

impl Dates {
    fn shares(self) -> LastmodShares {
        let of = |kind| if self == kind { 100 } else { 0 };
        LastmodShares { exact: of(Self::Exact), now: of(Self::Now), never: of(Self::Never) }
    }
}

impl Arguments {
    /// The settings of the web.
    pub(crate) fn settings(&self) -> Settings {
        let hosts = u32::try_from(self.pages / 100).unwrap_or(u32::MAX).max(10);
        Settings {
            seed: self.seed,
            hosts: self.hosts.unwrap_or(hosts),
            pages: self.pages,
            shares: Shares { flaky: self.flaky, ..Shares::default() },
            trap_percent: self.trap_percent,
            sitemap_percent: if self.lastmod.is_some() { 100 } else { Settings::default().sitemap_percent },
            // What their dates are worth is measured: all can be read.
            sitemap_rules_percent: if self.lastmod.is_some() {
                0
            } else {
                Settings::default().sitemap_rules_percent
            },
            lastmod: self.lastmod.map(Dates::shares).unwrap_or_default(),
            ..Settings::default()
        }
    }

    /// The rules of the crawl, as the oracle knows them: traps are nothing that it has to fetch.
    pub(crate) fn rules(&self) -> Rules {
        Rules { max_depth: self.depth, ..Rules::default() }
    }

    /// The rules as the crawler knows them.
    pub(crate) fn crawled(&self) -> Rules {
        Rules { traps: self.traps, ..self.rules() }
    }

    /// The budgets of the crawl.
    pub(crate) fn limits(&self) -> Limits {
        let urls = self.template_budget;
        let templates = (urls > 0).then_some(TemplateBudget { urls, ..TemplateBudget::default() });
        Limits { max_depth: self.depth, templates, ..Limits::default() }
    }

    /// The delay.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}
