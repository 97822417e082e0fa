//! The rules of a crawl's scope, judged in a fixed order: cheap questions first, and the reason that people would
//! give first.
//!
//! 1. `invalid`: not `http` or `https`, or without a host.
//! 2. `too_long`: the canonical URL is longer than the limit.
//! 3. `host`: neither the mode nor the allowed domains admit the host.
//! 4. `depth`: deeper than the limit.
//! 5. `excluded`: an exclude pattern matches the canonical URL.
//! 6. `not_included`: there are include patterns and none matches.
//!
//! Depth and patterns do not judge robots.txt, sitemaps and the seeds themselves, and include patterns do not judge
//! what a seed redirects to (redirects at depth 0): otherwise `--include /products/` would throw out the very seed
//! that leads there. A robots.txt is admitted whatever its host, since only an admitted URL asks for it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use lycosa_dom::{PatternError, PatternErrorKind, PatternLimits, PatternSet};
use url::{Host, Url};

use super::canonical;
use super::site::host_of;
use crate::domain::{is_address, registrable};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Candidate, Exclusion, RequestKind, Scope, Verdict};
use crate::octets::excerpt;

/// Default of [`ScopeOptions::max_url_length`], in bytes: the longest URL that every browser and most servers take.
pub const MAX_URL_LENGTH: usize = 2083;

/// Which hosts belong to the crawl, seen from its seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeMode {
    /// The hosts of the seeds and no others. A leading `www.` and the choice between `http` and `https` on their
    /// default ports make no difference, because sites send their visitors from one to the other; any other port
    /// is a host of its own.
    #[default]
    Host,
    /// Every host of the seeds' registrable domains, on any port.
    Domain,
    /// The seeds' hosts (a leading `www.` removed) and every host below them, on any port.
    Subdomains,
    /// Every host.
    Any,
}

impl ScopeMode {
    /// Every mode with the name it is chosen by.
    pub const ALL: [(&'static str, Self); 4] = [
        ("host", Self::Host),
        ("domain", Self::Domain),
        ("subdomains", Self::Subdomains),
        ("any", Self::Any),
    ];
}

impl fmt::Display for ScopeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// What [`ScopeRules`] are made of.
#[derive(Clone, Debug)]
pub struct ScopeOptions {
    /// Which hosts belong, relative to the seeds. Default [`ScopeMode::Host`].
    pub mode: ScopeMode,
    /// The seeds. Their hosts are always admitted.
    pub seeds: Vec<Url>,
    /// Domains that are admitted with everything below them, in addition to what the mode admits. With
    /// [`ScopeMode::Any`], which admits everything already, they narrow: only they and the seeds' hosts remain.
    pub allowed_domains: Vec<String>,
    /// Regular expressions searched in the canonical URL; a link must match one of them, if there are any.
    pub include: Vec<String>,
    /// Regular expressions searched in the canonical URL; a link must match none of them.
    pub exclude: Vec<String>,
    /// Links from a seed; `None` without a limit.
    pub max_depth: Option<u32>,
    /// Bytes of the canonical URL. Default [`MAX_URL_LENGTH`].
    pub max_url_length: usize,
    /// Bytes that each pattern, and all of one kind together, may take when compiled. Default
    /// [`PatternLimits::SIZE`].
    pub regex_size: usize,
}

impl Default for ScopeOptions {
    fn default() -> Self {
        Self {
            mode: ScopeMode::default(),
            seeds: Vec::new(),
            allowed_domains: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            max_depth: None,
            max_url_length: MAX_URL_LENGTH,
            regex_size: PatternLimits::SIZE,
        }
    }
}

/// The scope of a crawl by rules. Judging takes no lock and allocates nothing.
#[derive(Debug)]
pub struct ScopeRules {
    mode: ScopeMode,
    /// Hosts of the seeds, without `www.`, with their ports; `None` stands for the scheme's own.
    hosts: HashMap<Box<str>, Vec<Option<u16>>>,
    /// Hashes of the seeds, if there are patterns to be spared: a million seeds cost 16 MB.
    seeds: HashSet<u64>,
    hasher: RandomState,
    /// Registrable domains of the seeds, and seeds' hosts that have none, admitted with their whole site.
    sites: HashSet<Box<str>>,
    /// Domains admitted with everything below them.
    below: HashSet<Box<str>>,
    /// Whether everything is admitted.
    everything: bool,
    include: PatternSet,
    exclude: PatternSet,
    max_depth: u32,
    max_url_length: usize,
}

impl ScopeRules {
    /// Makes the rules.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a pattern that is not a regular expression or grows too large when compiled, and
    /// for an allowed domain that is not a host name; the message names it and, for a pattern, the position.
    pub fn new(options: ScopeOptions) -> Result<Self> {
        let mut below = HashSet::new();
        for domain in &options.allowed_domains {
            below.insert(allowed_domain(domain)?);
        }
        let everything = options.mode == ScopeMode::Any && below.is_empty();
        let limits = PatternLimits::with_size(options.regex_size);
        let include = patterns("include", &options.include, &limits)?;
        let exclude = patterns("exclude", &options.exclude, &limits)?;
        let (mut hosts, mut seeds, mut sites) = (HashMap::new(), HashSet::new(), HashSet::new());
        let hasher = RandomState::new();
        for seed in &options.seeds {
            let seed = canonical(seed);
            let Some(host) = host_of(&seed) else { continue };
            let ports: &mut Vec<_> = hosts.entry(without_www(host).into()).or_default();
            if !ports.contains(&seed.port()) {
                ports.push(seed.port());
            }
            if !(include.is_empty() && exclude.is_empty()) {
                seeds.insert(hasher.hash_one(seed.as_str()));
            }
            match options.mode {
                ScopeMode::Domain => drop(sites.insert(registrable(host).into())),
                ScopeMode::Subdomains => drop(below.insert(without_www(host).into())),
                ScopeMode::Host | ScopeMode::Any => {}
            }
        }
        Ok(Self {
            mode: options.mode,
            hosts,
            seeds,
            hasher,
            sites,
            below,
            everything,
            include,
            exclude,
            max_depth: options.max_depth.unwrap_or(u32::MAX),
            max_url_length: options.max_url_length,
        })
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> ScopeMode {
        self.mode
    }

    /// The pattern that decided about this canonical URL: the first exclude pattern that matches, or else the
    /// first include pattern that does.
    #[must_use]
    pub fn deciding_pattern(&self, url: &Url) -> Option<&str> {
        self.exclude.first_match(url.as_str()).or_else(|| self.include.first_match(url.as_str()))
    }

    pub(super) fn max_depth(&self) -> u32 {
        self.max_depth
    }

    pub(super) fn max_url_length(&self) -> usize {
        self.max_url_length
    }

    fn admits_host(&self, url: &Url, host: &str) -> bool {
        if self.everything {
            return true;
        }
        let ports = self.hosts.get(without_www(host));
        ports.is_some_and(|ports| ports.contains(&url.port()))
            || (!self.sites.is_empty() && self.sites.contains(registrable(host)))
            || self.is_below(host)
    }

    fn is_below(&self, host: &str) -> bool {
        if self.below.is_empty() {
            return false;
        }
        if is_address(host) {
            return self.below.contains(host);
        }
        let mut domain = host;
        loop {
            if self.below.contains(domain) {
                return true;
            }
            match domain.split_once('.') {
                Some((_, parent)) => domain = parent,
                None => return false,
            }
        }
    }

    fn reason(&self, candidate: Candidate<'_>) -> Option<Exclusion> {
        let url = candidate.url;
        let host = host_of(url).filter(|_| matches!(url.scheme(), "http" | "https"));
        let Some(host) = host else { return Some(Exclusion::Invalid) };
        if url.as_str().len() > self.max_url_length {
            return Some(Exclusion::TooLong);
        }
        if candidate.kind == RequestKind::Robots {
            return None;
        }
        if !self.admits_host(url, host) {
            return Some(Exclusion::Host);
        }
        if candidate.kind == RequestKind::Sitemap {
            return None;
        }
        if candidate.depth > self.max_depth {
            return Some(Exclusion::Depth);
        }
        let excluded = self.exclude.is_match(url.as_str());
        let from_seed = candidate.depth == 0 && candidate.kind == RequestKind::Redirect;
        let included = self.include.is_empty() || from_seed || self.include.is_match(url.as_str());
        if (included && !excluded) || self.is_seed(url) {
            return None;
        }
        Some(if excluded { Exclusion::Excluded } else { Exclusion::NotIncluded })
    }

    fn is_seed(&self, url: &Url) -> bool {
        !self.seeds.is_empty() && self.seeds.contains(&self.hasher.hash_one(url.as_str()))
    }
}

impl Scope for ScopeRules {
    fn judge(&self, candidate: Candidate<'_>) -> Verdict {
        self.reason(candidate).map_or(Verdict::Accept, Verdict::Refuse)
    }
}

fn without_www(host: &str) -> &str {
    // `www.com` is a host of its own: nothing but a top-level domain would be left of it.
    host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host)
}

fn allowed_domain(text: &str) -> Result<Box<str>> {
    let name = text.trim().trim_start_matches("*.").trim_matches('.');
    let wrong = || {
        Error::new(ErrorKind::Usage, format!("allowed domain `{text}` is not a host name"))
            .with_hint("give a domain such as `example.com`, without scheme, port or path")
    };
    if name.is_empty()
        || name.contains(['/', '?', '#', '@'])
        || (name.contains(':') && !name.starts_with('['))
    {
        return Err(wrong());
    }
    match Host::parse(name) {
        Ok(host) => Ok(host.to_string().into()),
        Err(_) => Err(wrong()),
    }
}

/// The patterns of one kind, searched together in linear time.
fn patterns(kind: &str, patterns: &[String], limits: &PatternLimits) -> Result<PatternSet> {
    PatternSet::compile(patterns, limits).map_err(|(place, error)| {
        match place.and_then(|place| patterns.get(place)) {
            Some(pattern) => pattern_error(kind, pattern, &error),
            None => {
                let message = format!("the {kind} patterns together grow larger than {} bytes", limits.size);
                Error::new(ErrorKind::Usage, message).with_hint("use fewer or simpler patterns")
            }
        }
    })
}

fn pattern_error(kind: &str, pattern: &str, error: &PatternError) -> Error {
    let verdict = match error.kind {
        PatternErrorKind::Syntax => "is not a regular expression",
        _ => "cannot be used",
    };
    let place = error.column.map(|column| format!(" at character {column}")).unwrap_or_default();
    let message = format!("{kind} pattern `{}` {verdict}: {}{place}", excerpt(pattern), error.message);
    Error::new(ErrorKind::Usage, message).with_hint(error.hint().unwrap_or(
        "patterns are searched in the whole URL; write `\\.` for a dot and `^https?://` to anchor",
    ))
}

#[cfg(test)]
mod tests;
