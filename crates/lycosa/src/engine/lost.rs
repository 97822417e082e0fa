//! What is said of seeds that give no page, of named sitemaps that cannot be had and of sitemaps that robots.txt forbids, in
//! sentences: such a one may be the whole crawl.

use super::journey::Journey;
use super::sitemap::GIVEN;
use crate::model::{Exclusion, Outcome, RequestKind};
use crate::octets::excerpt;

impl Journey {
    /// A seed without a page, or a sitemap that the user named and that was not had, is a thing to know.
    pub(super) fn tell_of_lost_seed(&self, outcome: &Outcome) {
        let request = &self.lease.request;
        let is_given = request.meta.contains_key(GIVEN);
        let is_sitemap = request.kind == RequestKind::Sitemap;
        let is_forbidden =
            matches!(outcome, Outcome::Excluded { reason: Exclusion::Robots | Exclusion::RobotsUnreachable });
        let is_told = match is_sitemap {
            true => is_given || is_forbidden,
            false => is_given || request.parent.is_none() && request.kind.yields_page(),
        };
        if !is_told {
            return;
        }
        let why = match outcome {
            Outcome::Fetched { status } if is_given && (200..300).contains(status) => return,
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
        let (what, wanted) = if is_given || is_sitemap { ("sitemap", "entries") } else { ("seed", "page") };
        let url = request.first_url();
        self.shared.telemetry.problem(format!("the {what} {url} gave no {wanted}: {why}"));
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
