//! What the last run of a crawl obeyed: `run.json` beside the state, for those who look at it later.
//!
//! Nothing depends on it: a crawl is resumed with the rules it is given then. It is written when a run begins and when its
//! rules change.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::frontier::embedded::{Disk, FileLayer as _};
use crate::model::{Limits, Pace, TemplateBudget, Timestamp};
use crate::scope::{ScopeMode, ScopeOptions};

/// Its name in the state folder.
pub(crate) const FILE: &str = "run.json";

const FREE_SPACE: &str = "free space on the disk and begin again: nothing is lost";
const MAKE_WRITABLE: &str = "make the state folder writable and begin again: nothing is lost";
const WRITTEN_ANEW: &str = "nothing is lost: the next run of the crawl writes it anew; until then its scope, budgets and pace are not known to those who look";

/// The rules of a run.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RunRules {
    /// When it began, in milliseconds after 1970.
    pub started: Timestamp,
    /// Pages to write, over all runs.
    pub max_pages: Option<u64>,
    /// Pages to write of each host, over all runs.
    pub max_pages_per_host: Option<u64>,
    /// Requests to send, over all runs.
    pub max_requests: Option<u64>,
    /// Bytes to receive, over all runs.
    pub max_bytes: Option<u64>,
    /// No request starts after this moment.
    pub deadline: Option<Timestamp>,
    /// Links from a seed.
    pub max_depth: Option<u32>,
    /// URLs of one shape that a site may have at first; 0 is any number. None in files that do not say.
    pub template_budget: Option<u32>,
    /// Whether those that look like a trap's have less.
    pub trap_rules: bool,
    /// Origins and networks that the address guard let through beside public addresses.
    pub allowed: Vec<String>,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests at once to one origin.
    pub per_host: u32,
    /// Milliseconds between two requests to a site.
    pub delay_ms: u64,
    /// Whether a site that answers slowly is asked more slowly.
    pub adaptive: bool,
    /// Whether pages are visited again. False in files that do not say.
    pub recrawl: bool,
    /// Whether robots.txt is obeyed.
    pub robots: bool,
    /// Which hosts belong.
    pub scope: ScopeMode,
    /// Domains that belong too.
    pub allowed_domains: Vec<String>,
    /// Patterns of which one must match.
    pub include: Vec<String>,
    /// Patterns of which none may match.
    pub exclude: Vec<String>,
    /// Bytes that a pattern may take.
    pub regex_size: usize,
    /// The name looked up in robots.txt.
    pub robots_name: String,
}

impl RunRules {
    /// With these budgets and this pace.
    pub(crate) fn with(mut self, limits: &Limits, pace: &Pace, concurrency: usize) -> Self {
        self.max_pages = limits.max_pages;
        self.max_pages_per_host = limits.max_pages_per_host;
        self.max_requests = limits.max_requests;
        self.max_bytes = limits.max_bytes;
        self.deadline = limits.deadline;
        self.max_depth = limits.max_depth;
        self.template_budget = Some(limits.templates.map_or(0, |budget| budget.urls));
        self.trap_rules = limits.templates.is_some_and(|budget| budget.trap_signs);
        self.per_host = pace.per_origin;
        self.delay_ms = u64::try_from(pace.delay.as_millis()).unwrap_or(u64::MAX);
        self.adaptive = pace.response_factor > 0.0;
        self.recrawl = pace.revisits;
        self.robots = pace.robots;
        self.concurrency = concurrency;
        self
    }

    /// With this scope.
    pub(crate) fn in_scope(mut self, scope: &ScopeOptions) -> Self {
        self.scope = scope.mode;
        self.allowed_domains.clone_from(&scope.allowed_domains);
        self.include.clone_from(&scope.include);
        self.exclude.clone_from(&scope.exclude);
        self.regex_size = scope.regex_size;
        self
    }

    /// The scope with these seeds.
    pub(crate) fn scope_options(&self, seeds: Vec<url::Url>) -> ScopeOptions {
        ScopeOptions {
            mode: self.scope,
            seeds,
            allowed_domains: self.allowed_domains.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            regex_size: self.regex_size,
            max_depth: self.max_depth,
            ..ScopeOptions::default()
        }
    }

    /// The budget of shapes.
    #[must_use]
    pub fn templates(&self) -> Option<TemplateBudget> {
        match self.template_budget {
            None => Some(TemplateBudget::default()),
            Some(0) => None,
            Some(urls) => Some(TemplateBudget { urls, trap_signs: self.trap_rules }),
        }
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace {
            delay: Duration::from_millis(self.delay_ms),
            response_factor: if self.adaptive { 1.0 } else { 0.0 },
            per_origin: self.per_host,
            robots: self.robots,
            ..Pace::default()
        }
    }

    /// Writes the file.
    pub(crate) fn store(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let text = serde_json::to_vec_pretty(self).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the rules of the run cannot be written").with_source(cause)
        })?;
        Disk.replace(&path, &text).map_err(|cause| unwritten(&path, cause))
    }

    /// Reads the file; `None` when it is not there.
    ///
    /// # Errors
    /// When it cannot be read or is not whole: what the last run obeyed is then as good as unknown.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => {
                return Err(Error::io(format!("reading {}", path.display()), cause).with_hint(WRITTEN_ANEW));
            }
        };
        serde_json::from_slice(&text).map(Some).map_err(|cause| {
            let message = format!("{} is damaged: the rules of the last run cannot be read", path.display());
            Error::new(ErrorKind::Corrupt, message).with_hint(WRITTEN_ANEW).with_source(cause)
        })
    }
}

fn unwritten(path: &Path, cause: io::Error) -> Error {
    let is_full = matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let hint = if is_full { FREE_SPACE } else { MAKE_WRITABLE };
    Error::io(format!("writing {}", path.display()), cause).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_what_helps() {
        let hint = |kind: io::ErrorKind| {
            unwritten(Path::new("run.json"), kind.into()).hint().map(str::to_owned).unwrap_or_default()
        };
        assert!(hint(io::ErrorKind::StorageFull).starts_with("free space on the disk"));
        assert!(hint(io::ErrorKind::ReadOnlyFilesystem).starts_with("make the state folder writable"));
    }

    #[test]
    fn rules_that_are_not_whole_are_an_error_and_none_are_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RunRules::load(folder.path()).unwrap(), None);
        let rules = RunRules { max_pages: Some(3), ..RunRules::default() };
        rules.store(folder.path()).unwrap();
        assert_eq!(RunRules::load(folder.path()).unwrap(), Some(rules));
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let error = RunRules::load(folder.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{length} bytes");
        }
    }
}
