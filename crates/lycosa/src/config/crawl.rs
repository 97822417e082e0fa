//! From the options of a file and its flags to the options of a crawl.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use lycosa_dom::Malformed;

use super::{CrawlOptions, Durability, MalformedField, OutlinksField, Secret};
use crate::crawler::{self, Continue, Options, RetryOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch;
use crate::model::{Patience, TemplateBudget};
use crate::octets::excerpt;
use crate::proxies::{ProxyOptions, ProxyPolicy, ProxyPool};
use crate::seed;

/// What a face adds to the options: what was typed, and what to do with a state that is there.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// Seeds typed by the user: exactly their hosts and ports may have private addresses. They come before, and
    /// with any of them instead of, the seeds of the file.
    pub typed: Vec<String>,
    /// Whether the sitemaps that are named were typed, not read from a file.
    pub typed_sitemaps: bool,
    /// What to do with a state that is there already.
    pub continuation: Continue,
}

/// Whether a sitemap is named by its path alone.
pub(super) fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

/// A sitemap as it is named: a URL as a seed is, or a path where there is exactly one seed.
pub(super) fn sitemap_url(text: &str, seeds: &[Url]) -> Result<Url> {
    let text = text.trim();
    if text == "-" {
        return Err(Error::new(ErrorKind::Url, "sitemaps are not read from standard input, only seeds are")
            .with_hint("give the URL of a sitemap, such as https://example.com/sitemap.xml"));
    }
    match seeds {
        [seed] if is_path(text) => seed.join(text).map_err(|cause| {
            let message = format!("the sitemap `{}` is no path of {seed}", excerpt(text));
            Error::new(ErrorKind::Url, message).with_source(cause)
        }),
        _ if is_path(text) => {
            let message =
                format!("the sitemap `{}` is a path, and it is not said of which host", excerpt(text));
            Err(Error::new(ErrorKind::Url, message).with_hint(
                "give a whole URL, such as https://example.com/sitemap.xml; beside exactly one seed a path is enough",
            ))
        }
        _ => seed::parse_as("sitemap ", text),
    }
}

impl CrawlOptions {
    /// The options of a crawl, its seed files read.
    ///
    /// # Errors
    /// A seed that cannot be read, with its file and line; rules that make no sense.
    pub fn into_crawl(self, occasion: Occasion) -> Result<Options> {
        let rules = Arc::new(self.rules().map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?);
        let mut seeds = Vec::new();
        for text in &occasion.typed {
            seeds.push(seed::parse(text)?);
        }
        let typed_seeds = seeds.len();
        if typed_seeds == 0 {
            for text in &self.seeds {
                seeds.push(seed::parse(text)?);
            }
        }
        for file in &self.seed_files {
            read_seeds(file, &mut seeds)?;
        }
        let sitemap_urls: Vec<_> =
            self.sitemap_urls.iter().map(|text| sitemap_url(text, &seeds)).collect::<Result<_>>()?;
        let typed_sitemaps = if occasion.typed_sitemaps { sitemap_urls.len() } else { 0 };
        let outputs = self.outputs(&rules);
        let mut extractors: Vec<Arc<dyn crate::model::Extract>> = Vec::new();
        let follow = self.follow_rules()?;
        let all_links = follow.is_none();
        extractors.extend(follow.map(|follow| Arc::new(follow) as Arc<dyn crate::model::Extract>));
        if !rules.is_empty() {
            extractors.push(rules);
        }
        let hosts = super::profiles::of_hosts(&self.hosts, &self.profiles)?;
        let sessions = super::sessions::pool(&self.sessions, &self.profiles)?.map(Arc::new);
        let user = self.user.as_ref().map(|user| name_and_password(&user.0)).transpose()?;
        let options = Options {
            seeds,
            typed_seeds,
            sitemap_urls,
            typed_sitemaps,
            robots_patience: self.robots_patience.0,
            robots_tags: self.robots_tags.into(),
            duplicates: self.duplicates.into(),
            recrawl: self.recrawl.on,
            revisits: self.recrawl.revisits(),
            outputs,
            all_links,
            extractors,
            user,
            hosts,
            sessions,
            ..self.plain()
        };
        Ok(Options { continuation: occasion.continuation, ..options })
    }

    fn template_budget(&self) -> Option<TemplateBudget> {
        let budget = TemplateBudget { urls: self.template_budget, trap_signs: self.trap_rules };
        (budget.urls > 0).then_some(budget)
    }

    /// What is served when, and what is held back.
    fn serving(&self) -> Options {
        let patience =
            Patience { failures: self.host_failures, rests: self.host_rests, ..Patience::default() };
        Options {
            order: self.order.by.into(),
            score: self.order.rules(&self.pattern_limits()),
            templates: self.template_budget(),
            patience,
            state: self.state.as_ref().map(PathBuf::from),
            history: self.history,
            seen_memory: self.seen_memory.map(|size| usize::try_from(size.0).unwrap_or(usize::MAX)),
            depth: self.depth,
            max_pages_per_host: self.max_pages_per_host,
            ..Options::default()
        }
    }

    /// The options that only change their type on the way.
    fn plain(self) -> Options {
        let timeouts = self.limits_by_phase();
        let retry = self.retry_options();
        let headers = self.headers.iter().map(super::HeaderLine::pair).collect();
        let options = self.serving();
        let durability = match self.durability {
            Durability::Process => crawler::Durability::Process,
            Durability::Power => crawler::Durability::Power,
        };
        let malformed = match self.malformed {
            MalformedField::Replace => Malformed::Replace,
            MalformedField::Skip => Malformed::Skip,
            MalformedField::Fail => Malformed::Fail,
        };
        Options {
            headers,
            timeouts,
            max_pages: self.max_pages,
            max_requests: self.max_requests,
            max_time: self.max_time.map(|span| span.0),
            max_bytes: self.max_bytes.map(|size| size.0),
            max_body: self.max_body.0,
            concurrency: usize::try_from(self.concurrency).unwrap_or(usize::MAX),
            per_host: self.per_host,
            delay: self.delay.map(|span| span.0),
            user_agent: Some(self.user_agent),
            cookie: self.cookie.map(|cookie| cookie.0),
            keep_cookies: self.keep_cookies,
            scope: self.scope,
            allowed_domains: self.allowed_domains,
            include: self.include,
            exclude: self.exclude,
            regex_size: usize::try_from(self.regex_size.0).unwrap_or(usize::MAX),
            robots: self.robots,
            sitemap: self.sitemap,
            strip_query: self.canonical.strip_query,
            accept_types: self.accept_types,
            save_bodies: self.save_bodies.map(PathBuf::from),
            proxies: proxy_pool(self.proxy, self.proxy_policy),
            no_proxy: self.no_proxy,
            proxy_from_env: self.proxy_from_env,
            dns_servers: self.dns_servers,
            http_version: self.http_version,
            retry,
            max_redirects: usize::try_from(self.max_redirects).unwrap_or(usize::MAX),
            insecure: self.insecure,
            cacert: self.cacert.map(PathBuf::from),
            allow_address: self.allow_address,
            strict_guard: self.strict_guard,
            all_outcomes: self.all_outcomes,
            detect_blocks: self.detect_blocks,
            cache: self.cache.map(PathBuf::from),
            cache_size: self.cache_size.0,
            offline: self.offline,
            durability,
            drain: self.drain.0,
            respect_nofollow: self.respect_nofollow,
            list_outlinks: self.outlinks == OutlinksField::List,
            malformed,
            ..options
        }
    }

    fn retry_options(&self) -> RetryOptions {
        RetryOptions {
            retries: self.retries,
            first: self.retry.first.0,
            most: self.retry.most.0,
            statuses: self.retry.statuses.clone(),
            failures: self.retry.failures.iter().map(|failure| failure.kind()).collect(),
            budget_percent: self.retry.budget_percent,
            budget_floor: self.retry.budget_floor,
            ..RetryOptions::default()
        }
    }

    fn limits_by_phase(&self) -> fetch::Timeouts {
        let limits = self.timeouts;
        fetch::Timeouts {
            dns: limits.dns.0,
            connect: limits.connect.0,
            tls: limits.tls.0,
            first_byte: limits.first_byte.0,
            idle: limits.idle.0,
            total: limits.total.0,
        }
    }
}

/// `USER:PASSWORD`; the password may contain colons (RFC 7617 §2).
fn name_and_password(text: &str) -> Result<(String, String)> {
    let (user, password) = text.split_once(':').ok_or_else(|| {
        Error::new(ErrorKind::Usage, "the user has no password").with_hint("write it as USER:PASSWORD")
    })?;
    Ok((user.to_owned(), password.to_owned()))
}

fn proxy_pool(proxies: Vec<Secret>, policy: ProxyPolicy) -> Option<Arc<ProxyPool>> {
    let options = ProxyOptions { policy, ..ProxyOptions::default() };
    let pool = || Arc::new(ProxyPool::new(proxies.iter().map(|proxy| proxy.0.as_str()), options));
    (!proxies.is_empty()).then(pool)
}

fn read_seeds(file: &str, seeds: &mut Vec<Url>) -> Result<()> {
    if file == "-" {
        for seed in seed::seeds_on_stdin() {
            seeds.push(seed?);
        }
        return Ok(());
    }
    for seed in seed::seeds_in_file(Path::new(file))? {
        seeds.push(seed?);
    }
    Ok(())
}
