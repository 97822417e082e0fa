//! What is said of seeds that give no page, of sitemaps that were named and cannot be had and of those that robots.txt
//! forbids, in sentences: such a one may be the whole crawl. A sitemap that was guessed need not be there.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::journey::Journey;
use super::sitemap::GIVEN;
use crate::model::{Exclusion, Outcome, RequestKind, UrlKey};
use crate::octets::excerpt;

/// Sitemaps that sites name which are told by name in a run; an index can name thousands that are gone.
const MOST_BY_NAME: usize = 16;

/// The sitemaps that were told by name, those apart that the user named.
#[derive(Debug, Default)]
pub(super) struct LostSitemaps(Mutex<HashSet<UrlKey>>);

impl LostSitemaps {
    /// Whether this one is told by name.
    fn by_name(&self, key: UrlKey) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.contains(&key) || told.len() < MOST_BY_NAME && told.insert(key)
    }
}

impl Journey {
    /// Whether this is a sitemap that nobody named.
    pub(super) fn is_guess(&self) -> bool {
        let request = &self.lease.request;
        request.kind == RequestKind::Sitemap && request.parent.is_none() && !request.meta.contains_key(GIVEN)
    }

    /// A seed without a page, or a sitemap that was named and was not had, is a thing to know.
    pub(super) fn tell_of_lost_seed(&self, outcome: &Outcome) {
        let request = &self.lease.request;
        let is_given = request.meta.contains_key(GIVEN);
        let is_sitemap = request.kind == RequestKind::Sitemap;
        let is_forbidden =
            matches!(outcome, Outcome::Excluded { reason: Exclusion::Robots | Exclusion::RobotsUnreachable });
        let is_told = match is_sitemap {
            true => !self.is_guess() || is_forbidden,
            false => is_given || request.parent.is_none() && request.kind.yields_page(),
        };
        if !is_told {
            return;
        }
        let why = match outcome {
            Outcome::Fetched { status } if is_sitemap && (200..300).contains(status) => return,
            // Its page is as it was.
            Outcome::Fetched { status } if self.is_unmodified(*status) => return,
            Outcome::Fetched { status } => format!("status {status}"),
            Outcome::Failed { error } => match error.hint() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            },
            // Told where the redirect out of scope is met.
            Outcome::Excluded { reason: Exclusion::Host } => return,
            Outcome::Excluded { reason: Exclusion::ContentType } => {
                let kind = self.answered.iter().flatten().next();
                let kind = kind.map_or_else(|| "its type".to_owned(), |kind| excerpt(kind).to_string());
                format!("{kind} is not among the accepted types (`--accept-types`, `accept_types`)")
            }
            Outcome::Excluded { reason: Exclusion::Robots } => self.forbidden(),
            Outcome::Excluded { reason } => sentence(*reason).to_owned(),
            Outcome::Redirect { .. } | Outcome::Alias { .. } => return,
        };
        self.tell_lost(&why);
    }

    /// Tells that the seed or sitemap with which this began gave nothing, and why.
    fn tell_lost(&self, why: &str) {
        let request = &self.lease.request;
        let (url, telemetry) = (request.first_url(), &self.shared.telemetry);
        if request.kind.yields_page() {
            telemetry.problem(format!("the seed {url} gave no page: {why}"));
        } else if request.meta.contains_key(GIVEN) || self.shared.lost_sitemaps.by_name(self.lease.key) {
            telemetry.problem(format!("the sitemap {url} gave no entries: {why}"));
        } else {
            telemetry.problem(
                "further sitemaps gave no entries; `lycosa explain URL` says of one what came of it",
            );
        }
    }

    /// Tells of a seed or a named sitemap that leads out of the crawl.
    pub(super) fn tell_of_way_out(&self, target: &url::Url) {
        let request = &self.lease.request;
        let host = target.host_str().unwrap_or_default();
        if request.kind == RequestKind::Sitemap && !self.is_guess() {
            self.tell_lost(&format!(
                "it redirects to {host}, which is out of scope; name it with `--sitemap-url` to read it wherever it is"
            ));
        } else if request.kind.yields_page() && request.parent.is_none() {
            let url = self.request.first_url();
            self.shared.telemetry.problem(format!(
                "the seed {url} redirects to {host}, which is out of scope; add it as a seed or widen --scope"
            ));
        }
    }

    /// That robots.txt forbids it, with the line, and the hop when it is one that is forbidden.
    fn forbidden(&self) -> String {
        let line = self.denying_line().map(|line| format!(" ({line})")).unwrap_or_default();
        let hop = match self.lease.request.chain.is_empty() {
            true => String::new(),
            false => format!("it leads to {}, and ", self.url),
        };
        format!("{hop}{}{line}", sentence(Exclusion::Robots))
    }
}

/// Why a URL is left out, and where something can be done about it, what.
pub(super) fn sentence(reason: Exclusion) -> &'static str {
    match reason {
        Exclusion::Invalid => "it is no http or https URL with a host",
        Exclusion::TooLong => "its URL is too long",
        Exclusion::Host => "its host is out of scope; widen `--scope` or add it to `--allowed-domains`",
        Exclusion::Depth => "it is deeper than `--depth` allows",
        Exclusion::NotIncluded => "none of the `--include` patterns is found in its URL",
        Exclusion::Excluded => "an `--exclude` pattern is found in its URL",
        Exclusion::Robots => "the robots.txt of its site forbids it",
        Exclusion::RobotsUnreachable => {
            "the robots.txt of its site cannot be had, and until it can, nothing is asked for there"
        }
        Exclusion::Address => "its address is private; `--allow-address` allows a network of them",
        Exclusion::ContentType => {
            "its type is not among the accepted types (`--accept-types`, `accept_types`)"
        }
        Exclusion::Hook => "a hook of the crawl left it out",
        Exclusion::NoIndex => {
            "it asks not to be indexed; `--robots-tags links` (`robots_tags = \"links\"`) keeps such pages"
        }
        Exclusion::Duplicate => {
            "it says the same as another page; `--duplicates report` (`duplicates = \"report\"`) keeps such pages"
        }
        Exclusion::Template => {
            "its site has many URLs of its shape; `--template-budget` (`template_budget`) lets more of them through"
        }
        Exclusion::Trap => {
            "its address looks like one of a trap; `--no-trap-rules` (`trap_rules = false`) gives it the usual budget"
        }
    }
}
