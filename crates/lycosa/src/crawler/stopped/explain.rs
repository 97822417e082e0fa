//! The story of one URL: how it is known, how it was found, what the rules say, what happened, where it is now.

use url::Url;

use super::{Stopped, last_end, last_rest};
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::embedded::{Ended, Fact, Happened, Open, Told};
use crate::model::{
    Candidate, HostRecord, Request, RequestKind, Revisit, Robots, SiteKey, Timestamp, UrlKey, Verdict,
};
use crate::politeness::robots::{RobotsTxt, product_token};
use crate::scope::{ScopeRules, spelling};

/// Pages of the way back to a seed that are shown; a longer way is cut.
const LONGEST_WAY: usize = 1000;

/// A step on the way from a URL back to where that began: what named it, or redirected to it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// Its URL.
    pub url: String,
    /// Its links from a seed, when its own facts are known.
    pub depth: Option<u32>,
    /// What it was asked for as, when that is known.
    pub kind: Option<RequestKind>,
    /// The status with which it redirected, if that is how it led on.
    pub redirect: Option<u16>,
}

/// With what the way to a URL began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// A seed.
    Seed,
    /// A sitemap that the user named.
    GivenSitemap,
    /// A sitemap that was looked for where most sites have one.
    GuessedSitemap,
    /// The robots.txt of an origin, which names a sitemap.
    Robots,
}

impl Beginning {
    /// Of a request that nothing named.
    fn of(request: &Request) -> Self {
        let is_usual = |url: &str| Url::parse(url).is_ok_and(|url| url.path() == "/sitemap.xml");
        match request.kind {
            RequestKind::Sitemap if request.meta.contains_key(crate::engine::GIVEN) => Self::GivenSitemap,
            RequestKind::Sitemap if is_usual(request.first_url()) => Self::GuessedSitemap,
            // A seed may have been named as a sitemap while it waited.
            _ => Self::Seed,
        }
    }
}

/// What robots.txt says of a URL.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotsSay {
    /// It is not obeyed.
    Ignored,
    /// It was not asked for yet.
    Unknown,
    /// It answered with an error, and what waits for it is held until it is asked for again.
    Awaited {
        /// When that is.
        until: Timestamp,
    },
    /// There is none: everything is allowed.
    AllowsAll,
    /// It could not be had: nothing is allowed.
    DeniesAll,
    /// It has rules.
    Rules {
        /// Whether the URL may be fetched.
        allowed: bool,
        /// The line of the rule that decided, from 1; none when no rule matched.
        line: Option<u32>,
        /// That line.
        text: Option<String>,
        /// The name that was looked up.
        name: String,
    },
}

/// The story of a URL.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The URL as asked, without its fragment.
    pub url: String,
    /// Its canonical form: URLs with the same one are the same.
    pub canonical: String,
    /// Its fingerprint in this crawl.
    pub key: UrlKey,
    /// Its site: queue and delay.
    pub site: String,
    /// Whether it was accepted, and then whether it still waits for its outcome.
    pub is_open: Option<bool>,
    /// What it is asked for as, when it was accepted and that is known.
    pub kind: Option<RequestKind>,
    /// Whether it is the robots.txt of its origin, which is asked for whenever it is needed and is no URL of the crawl.
    pub is_robots: bool,
    /// Where it waits, if it does; of a URL that has its outcome, where its next visit does, which is due.
    pub open: Option<Open>,
    /// When it can be served, as far as its site's pace and its own time say.
    pub not_before: Option<Timestamp>,
    /// Its next visit, when one is to come or is due; one that is planned is made only while pages are visited again.
    pub next_visit: Option<Revisit>,
    /// Whether the last run visited pages again (`--recrawl`).
    pub revisits: bool,
    /// The way back to where it began, nearest first; empty for a seed and for what was never accepted.
    pub way: Vec<Step>,
    /// With what that way began, at its last step; none when facts on it are missing.
    pub beginning: Option<Beginning>,
    /// What the scope of the last run says now, and the rule that decides.
    pub scope: Option<(Verdict, String)>,
    /// What robots.txt says, as the state knows it.
    pub robots: RobotsSay,
    /// Everything that happened to it, in order, as far as that can be read.
    pub facts: Vec<Fact>,
    /// What is damaged of the history, if anything that may tell more: nothing but the story of a URL depends on it.
    pub history_trouble: Option<Error>,
    /// What is known of its site.
    pub host: Option<HostRecord>,
    /// Why the site rests, while it does.
    pub rests_for: Option<String>,
}

impl Stopped {
    /// Tells the story of a URL.
    ///
    /// # Errors
    /// When it is no http or https URL, or the state cannot be read.
    pub fn explain(&mut self, url: &Url) -> Result<Explanation> {
        let Some(identified) = self.identity.identify(url) else {
            return Err(Error::new(ErrorKind::Url, format!("{url} is no URL of a crawl"))
                .with_hint("only http and https URLs with a host are crawled"));
        };
        let (key, site, origin) = (identified.key, identified.site.clone(), identified.origin.clone());
        let canonical = identified.canonical.into_owned();
        let mut history_trouble = None;
        let facts = facts_of(self.view.facts(key)?, &mut history_trouble);
        let host = self.view.site(&site);
        let robots = self.robots(host.as_ref(), &origin, &canonical);
        let is_open = self.view.is_open(key)?;
        let rests = host.as_ref().is_some_and(|host| host.blocked_until > self.now());
        let site_facts = rests.then(|| self.view.facts_of_site(&site)).transpose()?;
        let rests_for = last_rest(facts_of(site_facts.unwrap_or_default(), &mut history_trouble));
        let (open, next_visit) = self.waiting((key, &site), is_open, host.as_ref())?;
        let own = open.as_ref().map(|open: &Open| &open.found.request);
        let own = own.or_else(|| last_end(&facts).map(|(_, ended)| &ended.found.request));
        let depth = own.map_or(0, |request| request.depth);
        let kind = own.map_or(RequestKind::Page, |request| request.kind);
        let is_known = own.is_some();
        let refused_from = facts.iter().find_map(refused_on);
        let (way, beginning) = self.way(own, refused_from, &mut history_trouble)?;
        let depth =
            if is_known { depth } else { way.first().and_then(|step| step.depth).map_or(1, |on| on + 1) };
        let scope = self.scope()?.map(|rules| rules.explain(Candidate { url: &canonical, kind, depth }));
        let not_before = open.as_ref().and_then(|open| {
            let own = match open.place {
                crate::frontier::embedded::Where::Waiting(at) => at,
                _ => None,
            };
            let robots = match robots {
                RobotsSay::Awaited { until } => Some(until),
                _ => None,
            };
            own.max(host.as_ref().map(|host| host.next_allowed)).max(robots)
        });
        Ok(Explanation {
            url: spelling(url).to_string(),
            canonical: canonical.to_string(),
            key,
            site: site.to_string(),
            is_open,
            kind: is_known.then_some(kind),
            is_robots: canonical.path() == "/robots.txt" && canonical.query().is_none(),
            open,
            not_before,
            next_visit,
            revisits: self.rules.as_ref().is_some_and(|rules| rules.recrawl),
            way,
            beginning,
            scope,
            robots,
            facts,
            history_trouble,
            host,
            rests_for,
        })
    }

    /// Where a URL or its next visit waits, and that visit.
    fn waiting(
        &mut self,
        (key, site): (UrlKey, &SiteKey),
        is_open: Option<bool>,
        host: Option<&HostRecord>,
    ) -> Result<(Option<Open>, Option<Revisit>)> {
        let planned = if is_open == Some(false) { self.view.next_visit(key)? } else { None };
        // A visit after the first that is due waits like any URL, while its page keeps the outcome it had.
        let is_busy = host.is_some_and(|host| host.pending > 0 || host.leased > 0);
        let may_be_due = is_open == Some(false) && planned.is_none() && is_busy;
        if is_open != Some(true) && !may_be_due {
            return Ok((None, planned));
        }
        let mut open = None;
        self.view.visit_open(Some(site), |found| {
            let is_it = found.found.key == key;
            open = is_it.then_some(found);
            !is_it
        })?;
        let due = open.as_ref().filter(|_| may_be_due);
        let due = due.and_then(|open| open.found.request.revisit.as_deref().cloned());
        Ok((open, due))
    }

    fn scope(&self) -> Result<Option<ScopeRules>> {
        let seeds = self.notes.seeds.iter().filter_map(|seed| Url::parse(seed).ok()).collect();
        self.rules.as_ref().map(|rules| ScopeRules::new(rules.scope_options(seeds))).transpose()
    }

    fn robots(&self, host: Option<&HostRecord>, origin: &crate::model::Origin, url: &Url) -> RobotsSay {
        if self.rules.as_ref().is_some_and(|rules| !rules.robots) {
            return RobotsSay::Ignored;
        }
        let record = host.and_then(|host| host.origins.iter().find(|known| known.origin == *origin));
        if let Some(until) = record.and_then(|record| record.robots_retry) {
            return RobotsSay::Awaited { until };
        }
        match record.map(|record| &record.robots) {
            None | Some(Robots::Unknown | Robots::Withheld { .. }) => RobotsSay::Unknown,
            Some(Robots::AllowAll { .. }) => RobotsSay::AllowsAll,
            Some(Robots::DenyAll { .. }) => RobotsSay::DeniesAll,
            Some(Robots::Rules { body, .. }) => {
                let name = self.rules.as_ref().map(|rules| rules.robots_name.as_str()).unwrap_or_default();
                let name = if name.is_empty() { product_token(crate::middleware::USER_AGENT) } else { name };
                let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
                let rules = RobotsTxt::parse(body).agent(name);
                let verdict = rules.judge(path);
                let line = verdict.line.and_then(|line| usize::try_from(line).ok());
                let whole = String::from_utf8_lossy(body);
                let text =
                    line.and_then(|line| whole.lines().nth(line - 1)).map(|line| line.trim().to_owned());
                RobotsSay::Rules { allowed: verdict.allowed, line: verdict.line, text, name: name.to_owned() }
            }
        }
    }

    /// The steps from a URL back to where its way began: from its own request, or from the page on which a link to it was
    /// refused.
    fn way(
        &self,
        own: Option<&Request>,
        refused_from: Option<String>,
        trouble: &mut Option<Error>,
    ) -> Result<(Vec<Step>, Option<Beginning>)> {
        let mut way: Vec<Step> = Vec::new();
        let (mut next, mut beginning) = own.map_or((refused_from, None), |own| before(own, &mut way));
        while let Some(url) = next.take().filter(|_| way.len() < LONGEST_WAY) {
            if way.iter().any(|step| step.url == url) {
                break;
            }
            let key = Url::parse(&url).ok().and_then(|url| self.key(&url));
            let told = key.map(|key| self.view.facts(key)).transpose()?.unwrap_or_default();
            let facts = facts_of(told, trouble);
            let request = last_end(&facts).map(|(_, ended): (_, &Ended)| &ended.found.request);
            let depth = request.map(|request| request.depth);
            way.push(Step { url, depth, kind: request.map(|request| request.kind), redirect: None });
            if let Some(request) = request {
                (next, beginning) = before(request, &mut way);
            }
        }
        Ok((way, beginning))
    }
}

/// What a request came from: takes its redirects into the way, and its robots.txt, with which the way begins. Answers
/// what named it, or else with what its way begins.
fn before(request: &Request, way: &mut Vec<Step>) -> (Option<String>, Option<Beginning>) {
    let (depth, kind) = (Some(request.depth), Some(request.kind));
    for hop in request.chain.iter().rev() {
        let step = Step { url: hop.url.to_string(), depth, kind, redirect: Some(hop.status) };
        if !way.contains(&step) {
            way.push(step);
        }
    }
    let Some(parent) = request.parent.as_deref() else { return (None, Some(Beginning::of(request))) };
    let is_robots = |url: &str| Url::parse(url).is_ok_and(|url| url.path() == "/robots.txt");
    if request.kind == RequestKind::Sitemap && is_robots(parent) {
        let (url, kind) = (parent.to_owned(), Some(RequestKind::Robots));
        way.push(Step { url, depth: None, kind, redirect: None });
        return (None, Some(Beginning::Robots));
    }
    (Some(parent.to_owned()), None)
}

/// What the history tells; the first damage is kept.
fn facts_of(told: Told, trouble: &mut Option<Error>) -> Vec<Fact> {
    *trouble = trouble.take().or(told.damage);
    told.facts
}

/// The page on which a link was refused.
fn refused_on(fact: &Fact) -> Option<String> {
    match &fact.what {
        Happened::Refused { parent, .. } => Some(parent.to_string()),
        _ => None,
    }
}
