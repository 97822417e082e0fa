//! Steering a crawl while it runs: pause, resume, stop, and what can be changed of its rules.
//!
//! A change is made whole or not at all: what could fail is made ready before anything is in force. Who asks (a socket, a
//! file that changed, a program) is not its concern.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::run_file::RunRules;
use super::stopped::site_of;
use super::watch::Watch;
use crate::engine::Places;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Candidate, Control, Frontier, HostRecord, Limits, Pace, Scope, SiteKey, Timestamp, Verdict,
};
use crate::scope::{Identity, ScopeMode, ScopeOptions, ScopeRules};

/// The least byte budget: each request reserves so much of it.
const LEAST_BYTES: u64 = 64 << 10;

/// A scope that another can take the place of.
#[derive(Debug)]
pub(super) struct PresentScope(ArcSwap<ScopeRules>);

impl PresentScope {
    pub(super) fn new(rules: ScopeRules) -> Self {
        Self(ArcSwap::from_pointee(rules))
    }
}

impl Scope for PresentScope {
    fn judge(&self, candidate: Candidate<'_>) -> Verdict {
        self.0.load().judge(candidate)
    }
}

/// Handles on a running crawl. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Controls(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) frontier: Arc<dyn Frontier>,
    pub(super) identity: Arc<Identity>,
    pub(super) scope: Arc<PresentScope>,
    pub(super) places: Places,
    pub(super) watch: Watch,
    pub(super) stop: CancellationToken,
    pub(super) folder: Option<PathBuf>,
    pub(super) started: Timestamp,
    pub(super) rules: Mutex<Rules>,
}

/// What is in force.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Budgets.
    pub limits: Limits,
    /// Politeness.
    pub pace: Pace,
    /// Requests at once.
    pub concurrency: usize,
    /// Which URLs belong.
    pub scope: ScopeOptions,
    /// Whether no request starts until it is resumed.
    pub paused: bool,
    /// What the address guard lets through beside public addresses.
    pub(super) allowed: Vec<String>,
    /// The name looked up in robots.txt.
    pub(super) robots_name: String,
}

/// A change of rules; what is `None` stays as it is. The inner `None` of a budget lifts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Pages over all runs.
    pub max_pages: Option<Option<u64>>,
    /// Pages of each host over all runs.
    pub max_pages_per_host: Option<Option<u64>>,
    /// Requests over all runs.
    pub max_requests: Option<Option<u64>>,
    /// Bytes over all runs. What is under way when there was no budget before is not counted against it.
    pub max_bytes: Option<Option<u64>>,
    /// Time since the run began.
    pub max_time: Option<Option<Duration>>,
    /// Links from a seed. URLs beyond the old limit were not kept: raising it does not bring them back.
    pub depth: Option<Option<u32>>,
    /// Time between two requests to a site; the inner `None` is the default, adaptive.
    pub delay: Option<Option<Duration>>,
    /// Requests at once to one origin.
    pub per_host: Option<u32>,
    /// Requests at once.
    pub concurrency: Option<usize>,
    /// Which hosts belong.
    pub mode: Option<ScopeMode>,
    /// Domains that belong too.
    pub allowed_domains: Option<Vec<String>>,
    /// Patterns of which one must match.
    pub include: Option<Vec<String>>,
    /// Patterns of which none may match.
    pub exclude: Option<Vec<String>>,
}

impl Controls {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Starts no request until [`resume`](Self::resume); open ones end.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn pause(&self) -> Result<()> {
        self.hold(true).await
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn resume(&self) -> Result<()> {
        self.hold(false).await
    }

    async fn hold(&self, paused: bool) -> Result<()> {
        let mut rules = self.0.rules.lock().await;
        rules.paused = paused;
        self.0.frontier.control(if paused { Control::Pause } else { Control::Resume }).await
    }

    /// Stops the crawl as Ctrl-C does: open requests may end, nothing is lost.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// The crawl as it can be watched.
    #[must_use]
    pub fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// The frontier's counts.
    #[must_use]
    pub fn stats(&self) -> crate::model::Stats {
        self.0.frontier.stats()
    }

    /// Sites with the most to tell, at most so many: half of them such that rest, as far as there are, then the slowest.
    #[must_use]
    pub fn hosts(&self, limit: usize) -> Vec<HostRecord> {
        let mut hosts = self.0.frontier.resting(limit.div_ceil(2));
        for slow in self.0.frontier.slowest(limit) {
            if hosts.len() < limit && hosts.iter().all(|host| host.site != slow.site) {
                hosts.push(slow);
            }
        }
        hosts
    }

    /// When the run began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.0.started
    }

    /// The state folder, if there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.0.folder.as_deref()
    }

    /// What is in force.
    pub async fn rules(&self) -> Rules {
        self.0.rules.lock().await.clone()
    }

    /// Changes rules: all that are named, or none.
    ///
    /// # Errors
    /// A value that makes no sense; nothing is changed then. When the state cannot be written.
    pub async fn adjust(&self, change: Adjustment) -> Result<()> {
        check(&change)?;
        let mut rules = self.0.rules.lock().await;
        let mut next = rules.clone();
        let depth_before = next.limits.max_depth;
        change.apply(&mut next, self.0.started);
        let scope = if change.names_scope() || next.limits.max_depth != depth_before {
            Some(ScopeRules::new(next.scope.clone())?)
        } else {
            None
        };
        if let Some(scope) = scope {
            self.0.scope.0.store(Arc::new(scope));
        }
        if next.pace != rules.pace {
            self.0.frontier.control(Control::Pace(next.pace)).await?;
        }
        if next.limits != rules.limits {
            self.0.frontier.control(Control::Limits(next.limits)).await?;
        }
        self.0.places.set(next.concurrency);
        *rules = next;
        self.note(&rules)
    }

    /// Writes down what is in force, for those who look at the state later.
    fn note(&self, rules: &Rules) -> Result<()> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        rules.for_file(self.0.started).store(folder)
    }

    pub(super) async fn note_now(&self) -> Result<()> {
        self.note(&*self.0.rules.lock().await)
    }

    /// The site of a host rests until then, over restarts too; the moment 0 ends every rest of it. Answers the site.
    ///
    /// # Errors
    /// When the host is none or the state cannot be written.
    pub async fn bar(&self, host: &str, until: Timestamp) -> Result<(SiteKey, bool)> {
        let site = site_of(&self.0.identity, host)?;
        let known = self.0.frontier.host(vec![site.clone()]).await?.iter().any(Option::is_some);
        self.0.frontier.control(Control::Bar(site.clone(), until)).await?;
        Ok((site, known))
    }
}

impl Rules {
    fn for_file(&self, started: Timestamp) -> RunRules {
        let (robots_name, allowed) = (self.robots_name.clone(), self.allowed.clone());
        let named = RunRules { started, robots_name, allowed, ..RunRules::default() };
        named.with(&self.limits, &self.pace, self.concurrency).in_scope(&self.scope)
    }
}

fn check(change: &Adjustment) -> Result<()> {
    let wrong = |what: &str, hint: &str| Err(Error::new(ErrorKind::Usage, what).with_hint(hint));
    if change.concurrency == Some(0) || change.per_host == Some(0) {
        return wrong("the concurrency cannot be 0", "use 1 or more; `pause` stops requests");
    }
    if change.max_bytes.flatten().is_some_and(|bytes| bytes < LEAST_BYTES) {
        return wrong("max_bytes is less than 64KiB", "use 64KiB or more: each request reserves so much");
    }
    Ok(())
}

impl Adjustment {
    fn names_scope(&self) -> bool {
        self.mode.is_some()
            || self.allowed_domains.is_some()
            || self.include.is_some()
            || self.exclude.is_some()
    }

    fn apply(&self, rules: &mut Rules, started: Timestamp) {
        let Rules { limits, pace, concurrency, scope, .. } = rules;
        limits.max_pages = self.max_pages.unwrap_or(limits.max_pages);
        limits.max_pages_per_host = self.max_pages_per_host.unwrap_or(limits.max_pages_per_host);
        limits.max_requests = self.max_requests.unwrap_or(limits.max_requests);
        limits.max_bytes = self.max_bytes.unwrap_or(limits.max_bytes);
        limits.max_depth = self.depth.unwrap_or(limits.max_depth);
        if let Some(time) = self.max_time {
            limits.deadline = time.map(|time| started.after(time));
        }
        if let Some(delay) = self.delay {
            let usual = Pace::default();
            pace.delay = delay.unwrap_or(usual.delay);
            pace.response_factor = if delay.is_some() { 0.0 } else { usual.response_factor };
        }
        pace.per_origin = self.per_host.unwrap_or(pace.per_origin);
        *concurrency = self.concurrency.unwrap_or(*concurrency);
        scope.max_depth = limits.max_depth;
        scope.mode = self.mode.unwrap_or(scope.mode);
        let lists = [
            (&mut scope.allowed_domains, &self.allowed_domains),
            (&mut scope.include, &self.include),
            (&mut scope.exclude, &self.exclude),
        ];
        for (list, new) in lists {
            if let Some(new) = new {
                list.clone_from(new);
            }
        }
    }
}
