//! From choices to a crawl: which implementation stands behind which trait.

use std::hash::BuildHasher as _;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::callbacks::Callbacks;
use super::controls::{Controls, Inner, PresentScope, Rules};
use super::options::Options;
use super::state::{self, Opened};
use super::{Crawl, Watch};
use crate::clock::SystemClock;
use crate::engine::{CommittedPage, Engine, Parts, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{LinkExtractor, LinkOptions};
use crate::fetch::dns::parse_server;
use crate::fetch::{
    AddressGuard, Client, ClientOptions, DnsResolver, PoolOptions, Proxy, SystemResolver, TlsOptions,
};
use crate::ledger::Ledger;
use crate::middleware::{Cache, StackOptions, built_in, parse_field};
use crate::model::{
    Clock, Extract, FetchLimits, Limits, Middleware, Order, Origin, Pace, RequestKind, Resolve, Sink,
};
use crate::politeness::{RetryOptions, RetryPolicy};
use crate::profiles::HostProfiles;
use crate::scope::{Identity, QueryRules, ScopeOptions, ScopeRules};
use crate::telemetry::Telemetry;

/// Opens everything a crawl needs.
pub(super) async fn build(
    mut options: Options,
    mut callbacks: Callbacks,
    feed: Option<mpsc::Sender<CommittedPage>>,
) -> Result<Crawl> {
    let notes = state::notes(&options)?;
    notes.fill(&mut options)?;
    check(&options)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    // Everything that can refuse a choice comes before the state is touched.
    let started = clock.now();
    let rules = rules(&options, &*clock);
    let scope = Arc::new(PresentScope::new(ScopeRules::new(rules.scope.clone())?));
    let query = query_rules(&options)?;
    let guard = Arc::new(guard(&options)?);
    let ledger = Ledger::default();
    let client = Client::new(client_options(&options, &clock, ledger.clone())?)?;
    let telemetry = Telemetry::default();
    let retry = retry_policy(&options, telemetry.clone());
    let cache = cache(&options, &clock, &telemetry)?;
    let stack = middlewares(&options, &retry, cache, &clock, ledger.clone())?;
    let sinks = sinks(&options)?;
    save_bodies(&options, &mut callbacks)?;
    let before = rules_before(&options);
    let mut opened: Opened = state::open(&options, &notes, rules.limits, rules.pace, clock.clone())?;
    let identity = Arc::new(Identity::new(opened.crawl, opened.fingerprint_key).with_query_rules(query));
    opened.notices.extend(retry_refused(&opened, &options, &before.allowed, &identity).await?);
    opened.notices.extend(known_sitemaps(&opened, &options, &identity)?);
    let parts = Parts {
        frontier: opened.frontier.clone(),
        outbox: opened.outbox,
        fetch: Arc::new(client.clone()),
        middlewares: stack.into(),
        guard,
        scope: scope.clone(),
        extractors: extractors(&options).into(),
        hooks: Arc::new(callbacks),
        feed,
        contents: super::seen_file::open(&options, &telemetry),
        identity: identity.clone(),
        clock: clock.clone(),
        retry,
        telemetry,
        ledger: ledger.clone(),
        settings: Settings { robots_agents: super::names::robots_agents(&options)?, ..settings(&options) },
    };
    let engine = Engine::new(parts);
    let frontier = opened.frontier;
    let watch = Watch::new(engine.telemetry(), frontier.clone(), ledger.clone(), clock, options.max_pages);
    let controls = Controls::new(Inner {
        frontier,
        identity,
        scope,
        places: engine.places(),
        watch: watch.clone(),
        stop: engine.stop_token(),
        folder: options.state.clone(),
        started,
        rules: tokio::sync::Mutex::new(rules),
    });
    let (seeds, notices) = (options.seeds, opened.notices);
    Ok(Crawl { engine, sinks, watch, seeds, client, ledger, notices, controls })
}

/// Has every page's body saved, when there is a folder for them.
fn save_bodies(options: &Options, callbacks: &mut Callbacks) -> Result<()> {
    let Some(folder) = options.save_bodies.clone() else { return Ok(()) };
    super::save::check(&folder)?;
    callbacks.on_page(Box::new(move |page| super::save::save(&folder, page)));
    Ok(())
}

/// The rules of the run before, only to compare with: those that cannot be read are as none.
fn rules_before(options: &Options) -> super::RunRules {
    let before = options.state.as_deref().map(super::RunRules::load).transpose();
    before.ok().flatten().flatten().unwrap_or_default()
}

/// What the address guard lets through beside public addresses, in words for the state.
fn allowed(options: &Options) -> Vec<String> {
    options.typed().map(|origin| origin.to_string()).chain(options.allow_address.iter().cloned()).collect()
}

/// A refusal by our own guard is final for the run that was not allowed more. One that allows more than the last tries
/// those URLs again.
async fn retry_refused(
    opened: &Opened,
    options: &Options,
    before: &[String],
    identity: &Identity,
) -> Result<Option<String>> {
    let is_wider = allowed(options).iter().any(|one| !before.contains(one));
    let Some(state) = opened.embedded.as_deref().filter(|_| is_wider) else { return Ok(None) };
    if options.continuation != super::options::Continue::Resume {
        return Ok(None);
    }
    let refused = super::stopped::Requeue { kinds: vec![ErrorKind::AddressRefused], ..Default::default() };
    let count = super::stopped::requeue(state, identity, &refused).await?.count;
    Ok((count > 0)
        .then(|| format!("more addresses are allowed now: URLs refused before wait again ({count})")))
}

/// Sitemaps that the user names and that the crawl has fetched as something else go back, to be read as what they are.
/// Those that wait are taken for sitemaps when their turn comes, and what was read as one is not read again.
fn known_sitemaps(opened: &Opened, options: &Options, identity: &Identity) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    let is_resumed = options.continuation == super::Continue::Resume;
    let Some(state) = opened.embedded.as_deref().filter(|_| is_resumed) else { return Ok(notices) };
    for url in &options.sitemap_urls {
        let Some(mut found) = identity
            .identify(url)
            .map(|found| found.discovered(identity, crate::engine::request_of_given(url)))
        else {
            continue;
        };
        if state.is_open(found.key)? != Some(false) {
            continue;
        }
        // What is damaged is as if it had not been kept.
        let facts = state.facts(found.key)?.facts;
        let before = super::stopped::last_end(&facts).map(|(_, ended)| &ended.found.request);
        if before.is_some_and(|before| before.kind == RequestKind::Sitemap) {
            continue;
        }
        found.request.generation = before.map_or(0, |before| before.generation).saturating_add(1);
        notices.push(match before {
            Some(_) if state.again(vec![found])? > 0 => {
                format!("{url} was fetched as a page before; it is fetched again, and read as a sitemap")
            }
            Some(_) => format!("{url} is about to be visited again, and is read as a sitemap then"),
            None => format!(
                "{url} is known to this crawl, whose history does not say as what: it is not fetched again; a new crawl \
                 (--fresh) reads it as a sitemap"
            ),
        });
    }
    Ok(notices)
}

/// What can change while the crawl runs.
fn rules(options: &Options, clock: &dyn Clock) -> Rules {
    Rules {
        limits: limits(options, clock),
        pace: pace(options),
        concurrency: options.concurrency,
        scope: scope_options(options),
        paused: false,
        allowed: allowed(options),
        robots_name: super::names::robots_name(options),
    }
}

/// The outputs; one that is there already is refused where that can be told before the state is touched.
fn sinks(options: &Options) -> Result<Vec<Box<dyn Sink>>> {
    let sinks: Vec<_> = options.outputs.iter().map(super::Output::sink).collect::<Result<_>>()?;
    if options.continuation != super::Continue::Resume {
        let check = sinks.iter().try_for_each(|sink| sink.check_new());
        check.map_err(|error| state::with_resume(error, options))?;
    }
    Ok(sinks)
}

/// What is taken out of pages: their links, if all are followed, then what the options add.
fn extractors(options: &Options) -> Vec<Arc<dyn Extract>> {
    let links =
        LinkOptions { respect_nofollow: options.respect_nofollow, limit: settings(options).max_links };
    let all = options.all_links.then(|| Arc::new(LinkExtractor::new(links)) as Arc<dyn Extract>);
    all.into_iter().chain(options.extractors.iter().cloned()).collect()
}

fn check(options: &Options) -> Result<()> {
    if options.homes().is_empty() && options.continuation != super::Continue::Resume {
        return Err(Error::new(ErrorKind::Usage, "there is no seed to begin with").with_hint(
            "name a URL, or --seeds FILE, or --sitemap-url URL, or - to read seeds from standard input",
        ));
    }
    check_cache(options)?;
    if options.concurrency == 0 || options.per_host == 0 {
        return Err(Error::new(ErrorKind::Usage, "the concurrency cannot be 0").with_hint("use 1 or more"));
    }
    for proxy in options.sessions.iter().flat_map(|pool| pool.proxies()) {
        Proxy::parse(proxy.as_str())?;
    }
    Ok(())
}

pub(super) fn check_cache(options: &Options) -> Result<()> {
    if options.offline && options.cache.is_none() {
        return Err(Error::new(
            ErrorKind::Usage,
            "without the network and without a cache nothing can be had",
        )
        .with_hint("name the folder of a cache with --cache"));
    }
    if options.cache.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
        return Err(Error::new(ErrorKind::Usage, "the name of the cache's folder is empty")
            .with_hint("name a folder, such as --cache .lycosa/cache"));
    }
    Ok(())
}

fn limits(options: &Options, clock: &dyn Clock) -> Limits {
    Limits {
        max_pages: options.max_pages,
        max_pages_per_host: options.max_pages_per_host,
        max_requests: options.max_requests,
        max_bytes: options.max_bytes,
        max_depth: options.depth,
        deadline: options.max_time.map(|time| clock.now().after(time)),
        templates: options.templates,
    }
}

fn pace(options: &Options) -> Pace {
    let (per_origin, robots, revisits) = (options.per_host, options.robots, options.recrawl);
    let (patience, order) = (options.patience, options.order);
    let mut pace = Pace { per_origin, robots, revisits, patience, order, ..Pace::default() };
    if let Some(delay) = options.delay {
        pace.delay = delay;
        pace.response_factor = 0.0;
    }
    // A lease must outlive the longest request, or its URL would be fetched twice.
    pace.lease = pace.lease.max(options.timeouts.total * 2);
    pace
}

fn scope_options(options: &Options) -> ScopeOptions {
    ScopeOptions {
        mode: options.scope,
        seeds: options.homes().to_vec(),
        allowed_domains: options.allowed_domains.clone(),
        include: options.include.clone(),
        exclude: options.exclude.clone(),
        regex_size: options.regex_size,
        max_depth: options.depth,
        ..ScopeOptions::default()
    }
}

fn query_rules(options: &Options) -> Result<QueryRules> {
    QueryRules::new(&options.strip_query)
        .map_err(|error| Error::new(ErrorKind::Usage, error.message).with_hint(error.hint))
}

/// The address guard with its allowances: the typed seeds, the networks named.
pub(super) fn guard(options: &Options) -> Result<AddressGuard> {
    let mut guard = AddressGuard::new().strict(options.strict_guard);
    for origin in options.typed() {
        guard.allow_seed(&origin.host, origin.port);
    }
    for network in &options.allow_address {
        guard.allow_cidr(network)?;
    }
    Ok(guard)
}

pub(super) fn client_options(
    options: &Options,
    clock: &Arc<dyn Clock>,
    ledger: Ledger,
) -> Result<ClientOptions> {
    let extra_roots = options.cacert.as_deref().map(read_pem).transpose()?.unwrap_or_default();
    let per_host = usize::try_from(options.per_host).unwrap_or(usize::MAX);
    Ok(ClientOptions {
        timeouts: options.timeouts,
        tls: TlsOptions { insecure: options.insecure, extra_roots },
        pool: PoolOptions { max_idle_per_origin: per_host.clamp(1, 64), ..PoolOptions::default() },
        ledger,
        http_version: options.http_version,
        ..ClientOptions::new(resolver(options, clock)?)
    })
}

/// The DNS servers named, else those of the system, else whatever the system does for every program.
fn resolver(options: &Options, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Resolve>> {
    if !options.dns_servers.is_empty() {
        let servers = options.dns_servers.iter().map(|server| parse_server(server));
        return Ok(Arc::new(DnsResolver::of_servers(&servers.collect::<Result<Vec<_>>>()?)?));
    }
    Ok(match DnsResolver::of_system() {
        Ok(resolver) => Arc::new(resolver),
        Err(_unreadable) => Arc::new(SystemResolver::new(clock.clone())),
    })
}

fn read_pem(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("the certificates in {} cannot be read", path.display()))
            .with_hint("--cacert takes a PEM file")
            .with_source(cause)
    })
}

pub(super) fn cache(
    options: &Options,
    clock: &Arc<dyn Clock>,
    telemetry: &Telemetry,
) -> Result<Option<Cache>> {
    let open = |folder: &Path| {
        Cache::open(folder, options.cache_size, options.offline, clock.clone(), telemetry.clone())
    };
    options.cache.as_deref().map(open).transpose()
}

/// The retry policy; its pauses differ from those of any other crawl.
pub(super) fn retry_policy(options: &Options, telemetry: Telemetry) -> Arc<RetryPolicy> {
    let seed = std::hash::RandomState::new().hash_one(0_u8);
    Arc::new(RetryPolicy::new(RetryOptions { seed, ..options.retry.clone() }, telemetry))
}

pub(super) fn middlewares(
    options: &Options,
    retry: &Arc<RetryPolicy>,
    cache: Option<Cache>,
    clock: &Arc<dyn Clock>,
    ledger: Ledger,
) -> Result<Vec<Arc<dyn Middleware>>> {
    let fields = options.headers.iter().map(|(name, value)| parse_field(&format!("{name}: {value}")));
    let stack = StackOptions {
        user_agent: options.user_agent.clone(),
        hosts: HostProfiles::new(&options.hosts)?,
        fields: fields.collect::<Result<_>>()?,
        user: options.user.clone(),
        cookie: options.cookie.clone(),
        seeds: options.homes().iter().filter_map(Origin::of).collect(),
        retry: retry.clone(),
        proxies: super::proxies::routes(options)?,
        sessions: options.sessions.clone().or_else(|| options.keep_cookies.then(Arc::default)),
        cache,
    };
    let mut all = options.middlewares.clone();
    all.extend(built_in(&stack, clock.clone(), ledger)?);
    Ok(all)
}

fn settings(options: &Options) -> Settings {
    Settings {
        concurrency: options.concurrency,
        robots: options.robots,
        robots_patience: options.robots_patience,
        robots_tags: options.robots_tags,
        duplicates: options.duplicates,
        sitemaps: options.sitemap,
        sitemap_urls: options.sitemap_urls.clone(),
        max_redirects: options.max_redirects,
        accept_types: options.accept_types.iter().map(|kind| kind.to_ascii_lowercase()).collect(),
        limits: FetchLimits { wire: options.max_body, decoded: options.max_body, ..FetchLimits::default() },
        drain: options.drain,
        all_outcomes: options.all_outcomes,
        detect_blocks: options.detect_blocks,
        list_outlinks: options.list_outlinks,
        malformed: options.malformed,
        revisits: options.revisits.filter(|_| options.recrawl || options.state.is_some()),
        score: (options.order == Order::Best).then(|| Arc::new(options.score.clone())),
        ..Settings::default()
    }
}
