//! `lycosa crawl`: the main job.

mod again;
pub(super) mod ending;
mod place;
mod reload;

pub(super) use self::place::HOME;

use std::path::PathBuf;

use lycosa::config::{ConfigError, CrawlOptions, Layers, Occasion};
use lycosa::control::{ControlServer, Reload};
use lycosa::crawler::{Continue, Crawl, Crawler, Report};
use lycosa::url::Url;
use lycosa::{Error, ErrorKind, Result};

use crate::exit::{Exit, HELP};
use crate::interrupt::Interrupts;
use crate::progress::Progress;
use crate::{output, summary};

/// Crawl sites and write one record a page.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{HELP}"), allow_negative_numbers = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct Args {
    /// Where to begin: URLs or host names (then with http); `-` reads them from standard input
    #[arg(value_name = "URL")]
    urls: Vec<String>,
    /// Read further seeds from a file, one a line
    #[arg(long, value_name = "FILE", help_heading = "Where")]
    seeds: Vec<String>,
    /// Which hosts belong: host, domain, subdomains or any [default: host]
    #[arg(long, value_name = "SCOPE", help_heading = "Where")]
    scope: Option<String>,
    /// Domains that belong too, with everything below them
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', help_heading = "Where")]
    allowed_domains: Vec<String>,
    /// Follow only links in whose URL this regular expression is found; repeatable
    #[arg(long, value_name = "REGEX", help_heading = "Where")]
    include: Vec<String>,
    /// Do not follow links in whose URL this regular expression is found; repeatable
    #[arg(long, value_name = "REGEX", help_heading = "Where")]
    exclude: Vec<String>,
    /// Follow at most this many links from a seed; 0 is the seeds alone [default: no limit]
    #[arg(short, long, value_name = "LINKS", help_heading = "Where")]
    depth: Option<String>,
    /// In which order a site's URLs are fetched: breadth, depth or best [default: breadth]
    #[arg(long, value_name = "ORDER", help_heading = "Where")]
    order: Option<String>,
    /// Let a site have this many URLs of one shape before their pages prove useful; 0 is any number [default: 100]
    #[arg(long, value_name = "URLS", help_heading = "Where")]
    template_budget: Option<String>,
    /// Do not hold back URLs because they look like those of spider traps
    #[arg(long, help_heading = "Where")]
    no_trap_rules: bool,
    /// Read sitemaps: those robots.txt names, else /sitemap.xml
    #[arg(long, help_heading = "Where")]
    sitemap: bool,
    /// Read this sitemap or feed too, on whatever host; without a seed, it is its host that belongs; repeatable
    #[arg(long, value_name = "URL", help_heading = "Where")]
    sitemap_url: Vec<String>,
    /// Take URLs for the same that differ only in these parameters of the query: names, beginnings such as utm_*, or
    /// the lists @tracking and @sessions [default: none]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Where")]
    strip_query: Vec<String>,

    /// Stop after exactly this many pages, over all resumed runs
    #[arg(long, value_name = "PAGES", help_heading = "How much")]
    max_pages: Option<String>,
    /// Take exactly this many pages of each host (registrable domain), or all it has, over all resumed runs
    #[arg(long, value_name = "PAGES", help_heading = "How much")]
    max_pages_per_host: Option<String>,
    /// Send at most this many requests, over all resumed runs
    #[arg(long, value_name = "REQUESTS", help_heading = "How much")]
    max_requests: Option<String>,
    /// Start no request after this time, such as 90s or 2h
    #[arg(long, value_name = "TIME", help_heading = "How much")]
    max_time: Option<String>,
    /// Read at most this many bytes of bodies, such as 500MB, over all resumed runs; 128KiB or more
    #[arg(long, value_name = "BYTES", help_heading = "How much")]
    max_bytes: Option<String>,
    /// Read at most this much of one response, on the wire and decoded [default: 64MiB]
    #[arg(long, value_name = "BYTES", help_heading = "How much")]
    max_body: Option<String>,

    /// Visit pages again, as often as they change and politeness and budgets allow, until --max-time, another budget or
    /// Ctrl-C; with --resume also those of a crawl that is finished
    #[arg(long, help_heading = "How often")]
    recrawl: bool,
    /// The shortest time between two visits to a page [default: 10m]
    #[arg(long, value_name = "TIME", help_heading = "How often")]
    revisit_min: Option<String>,
    /// The longest time between two visits to a page [default: 30d]
    #[arg(long, value_name = "TIME", help_heading = "How often")]
    revisit_max: Option<String>,
    /// Which visits after the first to write: changed or all [default: changed]
    #[arg(long, value_name = "WHICH", help_heading = "How often")]
    recrawl_records: Option<String>,

    /// Requests at once [default: 16]
    #[arg(short, long, value_name = "REQUESTS", help_heading = "How politely")]
    concurrency: Option<String>,
    /// Requests at once to one host and port [default: 2]
    #[arg(long, value_name = "REQUESTS", help_heading = "How politely")]
    per_host: Option<String>,
    /// Time between two requests to a site [default: 500ms, and as long as the site takes to answer]
    #[arg(long, value_name = "TIME", help_heading = "How politely")]
    delay: Option<String>,
    /// Do not ask for robots.txt
    #[arg(long, help_heading = "How politely")]
    no_robots: bool,
    /// Wait so long for a robots.txt that answers 429 or 5xx; 0 does not wait [default: 30s]
    #[arg(long, value_name = "TIME", help_heading = "How politely")]
    robots_patience: Option<String>,
    /// What to do when pages say noindex or nofollow (X-Robots-Tag, <meta name=robots>): obey, links (noindex pages are
    /// written) or ignore [default: obey]
    #[arg(long, value_name = "HOW", help_heading = "How politely")]
    robots_tags: Option<String>,
    /// Try failed requests again this often [default: 2]
    #[arg(long, value_name = "TIMES", help_heading = "How politely")]
    retries: Option<String>,

    /// Add a header to every request; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Requests")]
    headers: Vec<String>,
    /// The User-Agent header; its first word is looked up in robots.txt
    #[arg(short = 'A', long, value_name = "TEXT", help_heading = "Requests")]
    user_agent: Option<String>,
    /// Basic authentication, sent to the seeds' hosts only
    #[arg(short = 'u', long, value_name = "USER:PASSWORD", help_heading = "Requests")]
    user: Option<String>,
    /// A Cookie header, sent to the seeds' hosts only
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Requests")]
    cookie: Option<String>,
    /// Let this many sessions take turns, each with its own cookies and connections; more by --set: sessions.rotate,
    /// sessions.max_uses, sessions.proxies [default: one session]
    #[arg(long, value_name = "COUNT", help_heading = "Requests")]
    sessions: Option<String>,
    /// Do not keep the cookies that servers set
    #[arg(long, help_heading = "Requests")]
    no_cookies: bool,
    /// A proxy for every request: http://, socks5:// or socks5h://[USER:PASSWORD@]HOST:PORT; repeatable, they take
    /// turns [default: http_proxy, https_proxy, all_proxy and no_proxy of the environment]
    #[arg(long, value_name = "URL", help_heading = "Requests")]
    proxy: Vec<String>,
    /// The time for one request as a whole [default: 120s]; its phases by --set: timeouts.dns=5s, timeouts.connect=10s,
    /// timeouts.tls=10s, timeouts.first_byte=30s, timeouts.idle=20s (these are the defaults)
    #[arg(long, value_name = "TIME", help_heading = "Requests")]
    timeout: Option<String>,
    /// Do not check certificates
    #[arg(short = 'k', long, help_heading = "Requests")]
    insecure: bool,
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "FILE", help_heading = "Requests")]
    cacert: Option<String>,
    /// Allow a network of private addresses, such as 10.0.0.0/8; seeds typed here allow their own host and port
    #[arg(long, value_name = "CIDR", help_heading = "Requests")]
    allow_address: Vec<String>,
    /// Refuse requests whose address a proxy hides
    #[arg(long, help_heading = "Requests")]
    strict_guard: bool,

    /// Keep answers below this folder and use them again as HTTP allows
    #[arg(long, value_name = "DIR", help_heading = "Requests")]
    cache: Option<String>,
    /// Answer from the cache alone, without the network
    #[arg(long, help_heading = "Requests")]
    offline: bool,

    /// Write records here: .jsonl or .csv, with .gz or .zst after it; .sqlite; DIR/ for parts; - for standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<String>,
    /// Write pages here, when item rules send items to -o
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pages: Option<String>,
    /// Write a record for URLs that gave no page too
    #[arg(long, help_heading = "Output")]
    all_outcomes: bool,
    /// What to do about pages that say the same as another: off, report or skip (the same bytes), report-near or
    /// skip-near (nearly the same text too) [default: report]
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    duplicates: Option<String>,
    /// Keep the body of every page below this folder, in the file that its record names in body_file
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    save_bodies: Option<String>,
    /// Read these media types; of others only the facts are recorded [default: HTML, XHTML, feeds, XML]
    #[arg(long, value_name = "TYPES", value_delimiter = ',', help_heading = "Output")]
    accept_types: Vec<String>,
    /// Replace an output that is there already
    #[arg(long, conflicts_with = "append", help_heading = "Output")]
    overwrite: bool,
    /// Write after what an output holds already
    #[arg(long, help_heading = "Output")]
    append: bool,

    /// Keep the state here [default: .lycosa/NAME, after the first seed]
    #[arg(long, value_name = "DIR", help_heading = "State")]
    state: Option<String>,
    /// Go on with the crawl in the state folder, into the same outputs
    #[arg(long, conflicts_with = "fresh", help_heading = "State")]
    resume: bool,
    /// Throw an unfinished crawl in the state folder away and begin anew
    #[arg(long, help_heading = "State")]
    fresh: bool,
    /// What a commit survives: process or power [default: power]
    #[arg(long, value_name = "LEVEL", help_heading = "State")]
    durability: Option<String>,

    /// Do not keep what happened to each URL: the state is smaller, `lycosa explain` knows less
    #[arg(long, help_heading = "State")]
    no_history: bool,
    /// Memory for known URLs, about 7 bytes each; the others are kept on disk [default: a quarter of the machine's]
    #[arg(long, value_name = "SIZE", help_heading = "State")]
    seen_memory: Option<String>,

    /// Read options from a file; flags come before it
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    /// Set one option by its name in the file, such as --set timeouts.connect=5s; repeatable
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Configuration")]
    set: Vec<String>,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Configuration")]
    quiet: bool,
    /// Say more: the options in force, every reason in the summary
    #[arg(short, long, help_heading = "Configuration")]
    verbose: bool,
}

const AFTER_HELP: &str = "Without -o, pages go to pages.jsonl and items to items.jsonl inside the state folder; \
those of an earlier crawl are kept there as pages.1.jsonl and so on. A crawl that was \
stopped, interrupted or killed goes on with --resume; nothing is lost and nothing is written twice.";

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let file = file_options(&args).map_err(config_error)?;
    let options = file.clone().into_crawl(occasion(&args));
    let mut options = options.map_err(|error| place::hint_at_file(error, &args.urls))?;
    if args.verbose {
        output::say(&shown(&file, &options.seeds));
    }
    if let Some(note) = again::idle_flags(&args, options.recrawl).filter(|_| !args.quiet) {
        output::say(&note);
    }
    // A crawl that is gone on with without a word of where it began is the one that is there.
    let unnamed = args.resume && options.state.is_none() && options.homes().is_empty();
    let folder = if unnamed { super::states::the_only_one()? } else { place::state_folder(&options) };
    options.state = Some(folder.clone());
    options.outputs = file.outputs_beside(&folder, &file.rules().map_err(config_error)?);
    let outputs: Vec<String> =
        options.outputs.iter().map(|output| output.path.display().to_string()).collect();
    let (proxies, sessions) = (options.proxies.clone(), options.sessions.clone());
    let (quiet, recrawl) = (args.quiet, options.recrawl);
    let reload = reload::of(args.clone(), &file);
    let report = crawl(Crawler::with_options(options), quiet, reload).await?;
    let exit = ending::exit_of(&report);
    if !args.quiet {
        let again =
            matches!(exit, Exit::Budget | Exit::Interrupted).then(|| again::advice(report.end, &folder));
        let again = again.as_deref();
        let entries = if args.verbose { usize::MAX } else { summary::ENTRIES };
        output::say(summary::render(&report, &outputs, again, entries).trim_end());
        let told = proxies.iter().flat_map(|pool| pool.stats());
        told.filter(|proxy| args.verbose || proxy.ejected > 0)
            .for_each(|proxy| output::say(&proxy.to_string()));
        sessions.iter().for_each(|pool| output::say(&pool.stats().to_string()));
    }
    if recrawl && !quiet && ending::remembers_none(&report) {
        output::say(
            "note: no page is visited again, since this state remembers none: they were imported, or `recrawl.keep` was false",
        );
    }
    if ending::is_empty(&report) {
        ending::say_empty(&report, &args.urls);
    }
    Ok(exit)
}

/// Runs a crawl with progress and Ctrl-C.
pub(super) async fn crawl(crawler: Crawler, quiet: bool, reload: Option<Reload>) -> Result<Report> {
    let crawl = crawler.build().await?;
    for notice in crawl.notices().iter().filter(|_| !quiet) {
        output::say(&format!("note: {notice}"));
    }
    let progress = Progress::start(crawl.watch(), quiet);
    let server = serve(&crawl, reload, quiet);
    let stop = crawl.stop_token();
    let interrupts = Interrupts::listen().map(|signals| tokio::spawn(signals.stop(stop)));
    let report = crawl.run().await;
    if let Some(interrupts) = interrupts {
        interrupts.abort();
    }
    if let Some(server) = server {
        server.end().await;
    }
    progress.end().await;
    if let Some(leaks) = report.as_ref().ok().and_then(|report| summary::leaks(&report.open)) {
        output::say(&leaks);
    }
    report
}

/// The control socket of a crawl that has a state folder. A crawl goes on without it where it cannot be made.
fn serve(crawl: &Crawl, reload: Option<Reload>, quiet: bool) -> Option<ControlServer> {
    let controls = crawl.controls();
    controls.folder()?;
    match ControlServer::start(controls, reload) {
        Ok(server) => Some(server),
        Err(error) => {
            if !quiet {
                output::say(&format!("note: `lycosa ctl` cannot reach this crawl: {error}"));
            }
            None
        }
    }
}

/// The options of file, `--set` and flags.
fn file_options(args: &Args) -> Result<CrawlOptions, ConfigError> {
    let mut layers = Layers::new();
    if let Some(file) = &args.config {
        layers.file(file)?;
    }
    for pair in &args.set {
        layers.set(pair)?;
    }
    flags(args, &mut layers);
    let mut file: CrawlOptions = layers.build()?;
    if args.urls.iter().any(|url| url == "-") {
        file.seed_files.push("-".to_owned());
    }
    file.seed_files.extend(args.seeds.iter().cloned());
    Ok(file)
}

fn occasion(args: &Args) -> Occasion {
    let continuation = match (args.resume, args.fresh) {
        (true, _) => Continue::Resume,
        (false, true) => Continue::Fresh,
        (false, false) => Continue::Refuse,
    };
    let typed = args.urls.iter().filter(|url| *url != "-").cloned().collect();
    Occasion { typed, typed_sitemaps: !args.sitemap_url.is_empty(), continuation }
}

/// The options in force, one a line as `--set` takes them. What may be a secret is not shown.
fn shown(options: &CrawlOptions, seeds: &[Url]) -> String {
    const SECRETS: [&str; 6] = ["user", "cookie", "proxy", "headers", "profiles", "hosts"];
    let mut lines = vec!["options in force:".to_owned()];
    let all = serde_json::to_value(options).unwrap_or_default();
    for (name, value) in all.as_object().into_iter().flatten() {
        match value.as_object() {
            _ if SECRETS.contains(&name.as_str()) && value.as_array().is_none_or(|list| !list.is_empty()) => {
                lines.push(format!("  {name} = …"));
            }
            _ if name == "seeds" => lines.push(seeds_shown(seeds)),
            Some(table) if name == "sessions" => {
                lines.extend(table.iter().map(|(key, value)| match &**key {
                    "proxies" => format!("  {name}.{key} = …"),
                    _ => format!("  {name}.{key} = {value}"),
                }))
            }
            Some(table) if name == "timeouts" => {
                lines.extend(table.iter().map(|(phase, span)| format!("  {name}.{phase} = {span}")));
            }
            _ => lines.push(format!("  {name} = {value}")),
        }
    }
    lines.join("\n")
}

/// The seeds in force, wherever they were written: the first of them, and how many more.
fn seeds_shown(seeds: &[Url]) -> String {
    const MOST: usize = 20;
    let named: Vec<String> = seeds.iter().take(MOST).map(|seed| format!("\"{seed}\"")).collect();
    let more = seeds.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("  seeds = [{}]{more}", named.join(", "))
}

/// Every flag that was given becomes a text under its option's name, so that a wrong value reads the same
/// wherever it was written.
fn flags(args: &Args, layers: &mut Layers) {
    let singles = [
        ("--scope", "scope", &args.scope),
        ("--depth", "depth", &args.depth),
        ("--order", "order.by", &args.order),
        ("--template-budget", "template_budget", &args.template_budget),
        ("--max-pages", "max_pages", &args.max_pages),
        ("--max-pages-per-host", "max_pages_per_host", &args.max_pages_per_host),
        ("--max-requests", "max_requests", &args.max_requests),
        ("--max-time", "max_time", &args.max_time),
        ("--max-bytes", "max_bytes", &args.max_bytes),
        ("--max-body", "max_body", &args.max_body),
        ("--revisit-min", "recrawl.min", &args.revisit_min),
        ("--revisit-max", "recrawl.max", &args.revisit_max),
        ("--recrawl-records", "recrawl.records", &args.recrawl_records),
        ("--concurrency", "concurrency", &args.concurrency),
        ("--per-host", "per_host", &args.per_host),
        ("--delay", "delay", &args.delay),
        ("--robots-patience", "robots_patience", &args.robots_patience),
        ("--robots-tags", "robots_tags", &args.robots_tags),
        ("--duplicates", "duplicates", &args.duplicates),
        ("--retries", "retries", &args.retries),
        ("--user-agent", "user_agent", &args.user_agent),
        ("--user", "user", &args.user),
        ("--cookie", "cookie", &args.cookie),
        ("--sessions", "sessions.count", &args.sessions),
        ("--timeout", "timeouts.total", &args.timeout),
        ("--cacert", "cacert", &args.cacert),
        ("--cache", "cache", &args.cache),
        ("--output", "output", &args.output),
        ("--pages", "pages", &args.pages),
        ("--save-bodies", "save_bodies", &args.save_bodies),
        ("--state", "state", &args.state),
        ("--durability", "durability", &args.durability),
        ("--seen-memory", "seen_memory", &args.seen_memory),
    ];
    for (flag, key, value) in singles {
        if let Some(value) = value {
            layers.flag(flag, key, [value]);
        }
    }
    let lists = [
        ("--allowed-domains", "allowed_domains", &args.allowed_domains),
        ("--sitemap-url", "sitemap_urls", &args.sitemap_url),
        ("--strip-query", "canonical.strip_query", &args.strip_query),
        ("--include", "include", &args.include),
        ("--exclude", "exclude", &args.exclude),
        ("--header", "headers", &args.headers),
        ("--proxy", "proxy", &args.proxy),
        ("--allow-address", "allow_address", &args.allow_address),
        ("--accept-types", "accept_types", &args.accept_types),
    ];
    for (flag, key, values) in lists {
        if !values.is_empty() {
            layers.flag(flag, key, values);
        }
    }
    switches(args, layers);
}

fn switches(args: &Args, layers: &mut Layers) {
    let switches = [
        ("--sitemap", "sitemap", args.sitemap, "true"),
        ("--recrawl", "recrawl.on", args.recrawl, "true"),
        ("--no-robots", "robots", args.no_robots, "false"),
        ("--no-trap-rules", "trap_rules", args.no_trap_rules, "false"),
        ("--no-cookies", "keep_cookies", args.no_cookies, "false"),
        ("--no-history", "history", args.no_history, "false"),
        ("--insecure", "insecure", args.insecure, "true"),
        ("--offline", "offline", args.offline, "true"),
        ("--strict-guard", "strict_guard", args.strict_guard, "true"),
        ("--all-outcomes", "all_outcomes", args.all_outcomes, "true"),
        ("--overwrite", "overwrite", args.overwrite, "true"),
        ("--append", "append", args.append, "true"),
    ];
    for (flag, key, given, value) in switches {
        if given {
            layers.flag(flag, key, [value]);
        }
    }
}

/// A wrong configuration as the one error of the library: a single mistake with its hint, or all of them, one a
/// line with their hints in parentheses.
pub(super) fn config_error(error: ConfigError) -> Error {
    mistakes(error, "nothing was started; `lycosa config schema` says what each option may be")
}

/// The mistakes of a configuration: one with its own hint, several a line each under this one.
fn mistakes(error: ConfigError, hint: &'static str) -> Error {
    if let [_] = error.problems.as_slice() {
        return error.into();
    }
    let lines = error.to_string().replace('\n', "\n  ");
    Error::new(ErrorKind::Config, format!("{} mistakes in the options\n  {lines}", error.problems.len()))
        .with_hint(hint)
}
