//! Every option of a crawl, each with its unit and default: the one list that file, `--set`, flags and schema share.

use lycosa_dom::PatternLimits;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{
    ByteSize, CanonicalFields, DuplicatesField, HeaderLine, HostFields, OrderFields, ProfileFields,
    RecrawlFields, RobotsTagsField, Secret, SessionFields, Span, proxy_list,
};
use crate::error::ErrorKind;
use crate::extract::rules::{FollowRule, ItemRule, Named};
use crate::fetch::HttpVersion;
use crate::model::{Patience, TemplateBudget};
use crate::politeness::RetryOptions;
use crate::politeness::robots::ROBOTS_PATIENCE;
use crate::proxies::ProxyPolicy;
use crate::scope::ScopeMode;

/// The options of a crawl. Keys of `lycosa.toml` are the names of these fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrawlOptions {
    /// Where the crawl begins: URLs, or host names (then with `http://`). Default none.
    pub seeds: Vec<String>,
    /// Files of further seeds, one a line; `-` is standard input. Default none.
    pub seed_files: Vec<String>,

    /// Which hosts belong to the crawl, seen from its seeds: `host`, `domain`, `subdomains` or `any`. Default `host`.
    #[schemars(schema_with = "scope_modes")]
    pub scope: ScopeMode,
    /// Domains that belong to the crawl with all below them, beside what `scope` admits. Default none.
    pub allowed_domains: Vec<String>,
    /// Regular expressions; a link is followed only if one of them is found in its URL. Default none: all are.
    #[schemars(inner(length(min = 1)))]
    pub include: Vec<String>,
    /// Regular expressions; a link is not followed if one of them is found in its URL. Default none.
    #[schemars(inner(length(min = 1)))]
    pub exclude: Vec<String>,
    /// Bytes that one regular expression may take when compiled, and all of `include` or of `exclude` together: a bound
    /// on what a search can cost. Default 2MiB.
    #[schemars(schema_with = "super::schema::some_bytes")]
    pub regex_size: ByteSize,
    /// Links from a seed: 0 is the seeds alone. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// URLs of one shape, such as `/calendar/{n}/{n}`, that a site may have before their pages prove to say something of
    /// their own; those beyond wait, and are told in the summary. 0 is no limit. Without effect with `depth`.
    /// Default 100.
    pub template_budget: u32,
    /// Whether URLs that look like a trap's (sessions, repeated segments, far years) get an eighth of that. Default
    /// true.
    pub trap_rules: bool,
    /// Failures in a row after which a host rests: a minute, then two, up to an hour, with one request in between. After
    /// five pages in a row that answer 429 or 503 without `Retry-After` (or fewer, when this is smaller): 5 s, then longer,
    /// up to a minute. After a page that asks for a rest when the host just had all of one that it asked for: as it asks, with
    /// one request in between. 0 switches all of it off. Default 8.
    pub host_failures: u32,
    /// Rests in a row after which a host is given up and its URLs fail. Default 8: about three hours, or five minutes of one
    /// that answers 429 or 503, and no less of one that says for how long (`Retry-After`).
    pub host_rests: u32,
    /// In which order a site's URLs are fetched. Default: as they were found.
    #[serde(skip_serializing_if = "OrderFields::is_default")]
    pub order: OrderFields,
    /// Whether links with `rel=nofollow` are left out. Default false: the word is about ranking.
    pub respect_nofollow: bool,
    /// Whether sitemaps are read: those robots.txt names, else `/sitemap.xml`. Default false.
    pub sitemap: bool,
    /// Sitemaps or feeds that are read beside those, by their URLs, on whatever host; what they name must belong. Without
    /// a seed, it is their hosts that the scope is about. Default none.
    pub sitemap_urls: Vec<String>,
    /// Which URLs are the same beyond their spelling. Default: none.
    #[serde(skip_serializing_if = "CanonicalFields::is_default")]
    pub canonical: CanonicalFields,
    /// Whether and how pages are visited again. Default: they are not.
    #[serde(skip_serializing_if = "RecrawlFields::is_default")]
    pub recrawl: RecrawlFields,
    /// Whether robots.txt is obeyed. Default true.
    pub robots: bool,
    /// How long URLs wait for a robots.txt that answers with an error (status 429, or 5xx) while nothing is known of it:
    /// it is asked for again after 1 s, 2 s and so on, at most a minute, or when its `Retry-After` says. After that they are
    /// left out. Default 30 s; 0 does not wait.
    pub robots_patience: Span,
    /// What is done with `X-Robots-Tag` and `<meta name=robots>`: `obey` (of a page that says `nofollow` no link is
    /// followed, one that says `noindex` gives no record), `links` (only the former) or `ignore`. Without `robots` they
    /// are ignored. Default `obey`.
    pub robots_tags: RobotsTagsField,

    /// Pages to write, in total over resumed runs. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u64>,
    /// Pages to write of each host, in total over resumed runs: URLs of a host that has given so many wait. A host is what
    /// `delay` counts for, a registrable domain with everything below it. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages_per_host: Option<u64>,
    /// Requests to send, of every kind. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests: Option<u64>,
    /// How long requests may start. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_time: Option<Span>,
    /// Bytes of bodies to read in the whole crawl, as they are on the wire, from 128KiB. Heads do not count, nor bodies that
    /// nobody reads (of redirects, errors and refused types), up to 64KiB of which may come each. Each request reserves 64KiB of them: the last so many may
    /// stay unused, and a kill uses up what was reserved. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<ByteSize>,
    /// Bytes of one response, both on the wire and decoded. Default 64MiB.
    #[schemars(schema_with = "super::schema::some_bytes")]
    pub max_body: ByteSize,

    /// Requests under way at once, from 1. Default 16.
    #[schemars(range(min = 1))]
    pub concurrency: u32,
    /// Requests under way at once to one origin (scheme, host, port), from 1. Default 2.
    #[schemars(range(min = 1))]
    pub per_host: u32,
    /// Time between the starts of two requests to one site; a longer crawl-delay of robots.txt counts before it.
    /// Default 500 ms, and as long as the site takes to answer (at most 10 s); a value given switches the latter off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// How often a request is tried again after a failure that may pass. Default 2.
    pub retries: u32,
    /// What is tried again, how late, and how much of it a host must bear. Default as each key says.
    pub retry: RetryFields,
    /// Redirects followed from one URL. Default 20.
    pub max_redirects: u32,
    /// How long open requests may take to end after the crawl was told to stop. Default 10 s.
    pub drain: Span,
    /// Time limits of one request.
    pub timeouts: Timeouts,
    /// Which HTTP is spoken: `http1`, `prefer-h2` (an answer without HTTP/2 is taken and recorded), `require-h2`, or
    /// `h2-prior-knowledge` (without asking, over plain `http://` too). Default `http1`.
    pub http_version: HttpVersion,
    /// DNS servers to ask, such as `9.9.9.9` or `127.0.0.1:5353`. Default none: those of the system.
    pub dns_servers: Vec<String>,

    /// The `User-Agent` header; its first word is the name looked up in robots.txt. Default `Lycosa/VERSION (+URL)`.
    #[schemars(length(min = 1))]
    pub user_agent: String,
    /// Header lines sent with every request, such as `"Accept-Language: de"`. Default none.
    pub headers: Vec<HeaderLine>,
    /// Sets of header fields by name, for `hosts` and `sessions` to wear. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<ProfileFields>,
    /// What certain hosts are shown instead of `user_agent` and `headers`; the first that fits a host counts, and a
    /// session's own profile comes before it. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostFields>,
    /// Sessions that requests take turns with, each with cookies and connections of its own. Default none: one session.
    #[serde(skip_serializing_if = "SessionFields::is_off")]
    pub sessions: SessionFields,
    /// Cookies sent to the seeds' hosts, such as `a=1; b=2`. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Secret>,
    /// Whether cookies are kept, in memory, and sent back as a browser would. Default true.
    pub keep_cookies: bool,
    /// `USER:PASSWORD` of basic authentication for the seeds' hosts. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Secret>,
    /// Proxy for every request, or a list that takes turns: `http://`, `socks5://` or `socks5h://USER:PASSWORD@HOST:PORT`.
    /// One that fails rests for 30 s, then twice as long each time up to 10 m. Default none.
    #[serde(deserialize_with = "proxy_list::read", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "proxy_list::form")]
    pub proxy: Vec<Secret>,
    /// How several proxies take turns: `round-robin`, `sticky` (the same one for a session or site while it is healthy)
    /// or `least-failures`. Default `round-robin`.
    pub proxy_policy: ProxyPolicy,
    /// Hosts that go past the proxies: names with all below them, addresses, networks, each perhaps with `:PORT`, or
    /// `*`. Default none, and of the environment's proxies `no_proxy`.
    pub no_proxy: Vec<String>,
    /// Whether, without `proxy`, the proxies of the environment are used: `http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`, as curl reads them, but never for this machine itself. Default true.
    pub proxy_from_env: bool,
    /// Whether any TLS certificate is accepted. Default false.
    pub insecure: bool,
    /// PEM file of certificates trusted beside the built-in ones. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cacert: Option<String>,
    /// Networks of private addresses that may be reached, such as `10.0.0.0/8`. Default none; a seed typed on the
    /// command line allows its own host and port.
    pub allow_address: Vec<String>,
    /// Whether to refuse what the address guard cannot see (a proxy that resolves names). Default false.
    pub strict_guard: bool,

    /// Media types that are pages; of others only the facts are recorded. `text/*` stands for every text type.
    /// Default HTML, XHTML, RSS, Atom and plain XML.
    #[schemars(inner(regex(pattern = r"^[^/ ;,]+/[^ ;,]+$")))]
    pub accept_types: Vec<String>,
    /// Folder in which the body of every page is kept. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub save_bodies: Option<String>,

    /// Where records go: a file (`.jsonl` or `.csv`, with `.gz` or `.zst` after that), a database (`.sqlite`,
    /// `.sqlite3` or `.db`), a folder (a name that ends in `/`), `-` for standard output. Items when there are item
    /// rules, else pages; a database takes both. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Where pages go when `output` holds items. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// Whether URLs that gave no page are written too, beside the pages. Default false.
    pub all_outcomes: bool,
    /// Whether answers that keep the crawler out (refusals, challenges, captchas, login walls) are told from content:
    /// their URLs end as blocked and give no page, and the site rests when asking on makes it worse. Default true.
    pub detect_blocks: bool,
    /// What is done about pages that say the same as another: `off`, `report` (records name one with the same bytes in
    /// `duplicate_of`), `report-near` (and one with nearly the same text in `near_duplicate_of`), `skip` (the same bytes
    /// give no record) or `skip-near` (nor does nearly the same text). Default `report`.
    pub duplicates: DuplicatesField,
    /// What a page record says of its links: their number, or the list. Default `count`.
    pub outlinks: OutlinksField,
    /// What to do with bytes that mean nothing in a page's charset: `replace` each by U+FFFD, `skip` them, or `fail`,
    /// which gives no page. Default `replace`.
    pub malformed: MalformedField,
    /// Whether an output that is there already is replaced. Default false.
    pub overwrite: bool,
    /// Whether records go after what an output holds already. Default false.
    pub append: bool,
    /// Sequence numbers that one part of an output folder covers, from 1. Default 10000.
    #[schemars(range(min = 1))]
    pub part_size: u64,
    /// Whether tables guard text that a spreadsheet would take for a formula with `'`. Default false.
    pub guard_formulas: bool,

    /// Folder in which answers are kept and used again as HTTP allows (RFC 9111). Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cache: Option<String>,
    /// Bytes that the cache may hold; what was not used for longest goes first. Default 1GiB.
    pub cache_size: ByteSize,
    /// Whether the cache answers alone, without the network; what it cannot answer fails. Default false.
    pub offline: bool,
    /// Folder of the crawl's state. Default `.lycosa/NAME`, named after the first seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub state: Option<String>,
    /// What a commit survives: the end of the process, or of the power. Default `power`.
    pub durability: Durability,
    /// Whether the state keeps what happened to each URL, for `lycosa explain` and `lycosa frontier`. Default true.
    pub history: bool,
    /// Memory for the fingerprints of known URLs, about seven bytes each; what goes beyond is kept in sorted files of the
    /// state. Default: a quarter of the machine's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_memory: Option<ByteSize>,

    /// Links to follow, with the labels of the pages they lead to. Default none: all links of a page are followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follow: Vec<FollowRule>,
    /// Item types by name.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub items: Named<ItemRule>,
}

impl Default for CrawlOptions {
    #[expect(clippy::too_many_lines, reason = "a table with a row for each option")]
    fn default() -> Self {
        let patience = Patience::default();
        Self {
            seeds: Vec::new(),
            seed_files: Vec::new(),
            scope: ScopeMode::default(),
            allowed_domains: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            regex_size: ByteSize(PatternLimits::SIZE as u64),
            depth: None,
            template_budget: TemplateBudget::URLS,
            order: OrderFields::default(),
            trap_rules: true,
            host_failures: patience.failures,
            host_rests: patience.rests,
            respect_nofollow: false,
            sitemap: false,
            sitemap_urls: Vec::new(),
            canonical: CanonicalFields::default(),
            robots: true,
            robots_patience: Span(ROBOTS_PATIENCE),
            robots_tags: RobotsTagsField::default(),
            max_pages: None,
            max_pages_per_host: None,
            max_requests: None,
            max_time: None,
            max_bytes: None,
            max_body: ByteSize(64 << 20),
            concurrency: 16,
            per_host: 2,
            delay: None,
            retries: 2,
            retry: RetryFields::default(),
            max_redirects: 20,
            drain: Span::seconds(10),
            timeouts: Timeouts::default(),
            http_version: HttpVersion::default(),
            dns_servers: Vec::new(),
            user_agent: crate::middleware::USER_AGENT.to_owned(),
            headers: Vec::new(),
            profiles: Vec::new(),
            hosts: Vec::new(),
            sessions: SessionFields::default(),
            cookie: None,
            keep_cookies: true,
            user: None,
            proxy: Vec::new(),
            proxy_policy: ProxyPolicy::default(),
            no_proxy: Vec::new(),
            proxy_from_env: true,
            insecure: false,
            cacert: None,
            allow_address: Vec::new(),
            strict_guard: false,
            accept_types: crate::engine::DEFAULT_ACCEPT_TYPES.iter().map(ToString::to_string).collect(),
            save_bodies: None,
            output: None,
            pages: None,
            all_outcomes: false,
            detect_blocks: true,
            duplicates: DuplicatesField::default(),
            recrawl: RecrawlFields::default(),
            cache: None,
            cache_size: ByteSize(1 << 30),
            offline: false,
            outlinks: OutlinksField::default(),
            malformed: MalformedField::default(),
            overwrite: false,
            append: false,
            part_size: 10_000,
            guard_formulas: false,
            state: None,
            durability: Durability::default(),
            history: true,
            seen_memory: None,
            follow: Vec::new(),
            items: Named::default(),
        }
    }
}

/// Time limits of one request, by phase; 0 is not a limit anybody can meet and is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Name resolution. Default 5 s.
    #[schemars(schema_with = "super::schema::some_time")]
    pub dns: Span,
    /// The TCP connection. Default 10 s.
    #[schemars(schema_with = "super::schema::some_time")]
    pub connect: Span,
    /// The TLS handshake. Default 10 s.
    #[schemars(schema_with = "super::schema::some_time")]
    pub tls: Span,
    /// From sending the request to the head of the response. Default 30 s.
    #[schemars(schema_with = "super::schema::some_time")]
    pub first_byte: Span,
    /// Waiting for the next piece of the body. Default 20 s.
    #[schemars(schema_with = "super::schema::some_time")]
    pub idle: Span,
    /// The request as a whole. Default 2 m.
    #[schemars(schema_with = "super::schema::some_time")]
    pub total: Span,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dns: Span::seconds(5),
            connect: Span::seconds(10),
            tls: Span::seconds(10),
            first_byte: Span::seconds(30),
            idle: Span::seconds(20),
            total: Span::seconds(120),
        }
    }
}

/// What is tried again, how late, and how much of it a host must bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryFields {
    /// Bound of the pause before the first retry; it doubles with each further one. The pause is anything between
    /// nothing and the bound. Default 1 s.
    pub first: Span,
    /// No pause is longer, unless the server asks for it (`Retry-After`, up to a day). Default 1 h.
    pub most: Span,
    /// Statuses that are tried again; with 429 and 503 the whole site rests. Default 408, 429, 500, 502, 503, 504.
    #[schemars(inner(range(min = 100, max = 999)))]
    pub statuses: Vec<u16>,
    /// Failures that are tried again. Default all five.
    pub failures: Vec<RetryFailure>,
    /// Retries per hundred first requests to a host. Default 10.
    pub budget_percent: u32,
    /// Retries that a host bears beside those. Default 10.
    pub budget_floor: u32,
}

impl Default for RetryFields {
    fn default() -> Self {
        let options = RetryOptions::default();
        Self {
            first: Span(options.first),
            most: Span(options.most),
            statuses: options.statuses,
            failures: RetryFailure::ALL.to_vec(),
            budget_percent: options.budget_percent,
            budget_floor: options.budget_floor,
        }
    }
}

/// A failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryFailure {
    /// The host name did not resolve.
    Resolve,
    /// No connection could be made.
    Connect,
    /// The peer broke the connection off.
    Disconnected,
    /// A phase took longer than its limit.
    Timeout,
    /// The proxy refused or failed.
    Proxy,
}

impl RetryFailure {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Resolve, Self::Connect, Self::Disconnected, Self::Timeout, Self::Proxy];

    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::Resolve => ErrorKind::Resolve,
            Self::Connect => ErrorKind::Connect,
            Self::Disconnected => ErrorKind::Disconnected,
            Self::Timeout => ErrorKind::Timeout,
            Self::Proxy => ErrorKind::Proxy,
        }
    }
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// The end of the process: written to the operating system.
    Process,
    /// The loss of power: synced to the disk before a commit counts.
    #[default]
    Power,
}

/// What a page record says of its links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutlinksField {
    /// How many distinct ones there are.
    #[default]
    Count,
    /// Their URLs.
    List,
}

/// What to do with bytes that mean nothing in a page's charset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MalformedField {
    /// Each becomes U+FFFD.
    #[default]
    Replace,
    /// They are left out.
    Skip,
    /// The URL ends as failed.
    Fail,
}

fn scope_modes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ScopeMode::ALL.map(|(name, _)| name) })
}
