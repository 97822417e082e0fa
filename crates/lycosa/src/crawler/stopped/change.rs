//! Changing a crawl that stands still: URLs that go back to be fetched again, URLs from elsewhere, sites that rest.

use std::collections::HashSet;
use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::incoming::{Line, Lines, Tally};
use super::line::{ExportHead, UrlLine};
use super::statuses::{Statuses, status_of};
use super::{identity_of, last_end, rules_of, stored_rules};
use crate::clock::SystemClock;
use crate::crawler::run_file::RunRules;
use crate::crawler::state::Notes;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::embedded::{self, CrawlIdentity, Disk, Embedded, FORMAT_VERSION, Opening};
use crate::host_pattern::HostPattern;
use crate::model::{
    AddStatus, BlockKind, Control, Discovered, Exclusion, Frontier, HostUpdate, Origin, Outbox, Outcome,
    Robots, SiteKey, Timestamp, UrlKey,
};
use crate::scope::Identity;

/// URLs that are changed at a time.
const BATCH: usize = 1000;
/// URLs of a list that become seeds of a new crawl: they decide its scope. Later ones belong only if that admits them.
const MOST_SEEDS: usize = 100_000;

/// The state of a crawl that stands still, taken as a crawl would take it.
#[derive(Debug)]
pub struct Changes {
    state: Embedded,
    identity: Identity,
    rules_trouble: Option<Error>,
}

/// Which URLs go back.
#[derive(Clone, Debug, Default)]
pub struct Requeue {
    /// Failures of these kinds, such as `timeout` or `blocked`; none: of every kind.
    pub kinds: Vec<ErrorKind>,
    /// Failures because the site kept the crawler out in one of these ways.
    pub blocks: Vec<BlockKind>,
    /// What was left out for these reasons, such as `robots_unreachable`; with some and no kinds or blocks, no failures.
    pub reasons: Vec<Exclusion>,
    /// Of these statuses alone, whatever it ended as; with kinds or reasons, those of them that ended with such an answer.
    pub statuses: Vec<Statuses>,
    /// Only at these hosts: `example.com`, `*.example.com`, `*`.
    pub host: Option<String>,
    /// Exactly these URLs, whatever their outcome.
    pub urls: Vec<Url>,
}

/// What a requeue came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requeued {
    /// URLs that wait again.
    pub count: u64,
    /// URLs with an outcome of which the history does not tell which: of a run without it. They stay as they are.
    pub untold: u64,
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// URLs that wait.
    pub waiting: u64,
    /// URLs that are parked: their site has too many of their shape.
    pub parked: u64,
    /// URLs that came with an outcome.
    pub ended: u64,
    /// URLs that were known.
    pub known: u64,
    /// Lines that are no URL of a crawl.
    pub wrong: u64,
    /// The first of them.
    pub first_wrong: Option<u64>,
    /// An export began in the lines and did not end: URLs are missing.
    pub is_cut: bool,
    /// URLs that exports had, as their last lines say, and that are not there or cannot be read.
    pub missing: u64,
    /// Addresses of URLs that wait and are not public, as far as URLs show them: at most [`Imported::PRIVATE`]. They must be
    /// allowed to be crawled.
    pub private: Vec<IpAddr>,
}

impl Imported {
    /// Private addresses that are named.
    pub const PRIVATE: usize = 8;

    fn note_private(&mut self, found: &Discovered) {
        let host = found.origin.host.trim_matches(['[', ']']);
        let ip = if host == "localhost" { Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { host.parse().ok() };
        if let Some(ip) = ip.filter(|ip| !crate::fetch::guard::is_public(*ip) && !self.private.contains(ip))
            && self.private.len() < Self::PRIVATE
        {
            self.private.push(ip);
        }
    }
}

fn opening(folder: &Path, rules: Option<&RunRules>) -> Opening {
    let (limits, pace) = stored_rules(rules);
    Opening {
        folder: folder.to_owned(),
        limits,
        pace,
        clock: Arc::new(SystemClock::new()),
        files: Arc::new(Disk),
        durability: embedded::Durability::Power,
        history: true,
        seen_memory: embedded::default_seen_memory(),
    }
}

impl Changes {
    /// Takes the state in a folder.
    ///
    /// # Errors
    /// When there is none, a crawl is running there, it was made by other rules, or is damaged.
    pub fn open(folder: &Path) -> Result<Self> {
        let (rules, rules_trouble) = rules_of(folder);
        let opening = opening(folder, rules.as_ref());
        let state = Embedded::open_as_stored(opening, crate::scope::versions(FORMAT_VERSION))?;
        let (_, identity) = identity_of(state.identity(), folder)?;
        Ok(Self { state, identity, rules_trouble })
    }

    fn create(folder: &Path, notes: &Notes) -> Result<Self> {
        let meta = serde_json::to_string(notes).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the crawl's notes cannot be written").with_source(cause)
        })?;
        let crawl = CrawlIdentity::random(crate::scope::versions(FORMAT_VERSION), meta)?;
        let (_, identity) = identity_of(&crawl, folder)?;
        let state = Embedded::create(opening(folder, None), crawl)?;
        Ok(Self { state, identity, rules_trouble: None })
    }

    /// Whether the crawl has outputs outside of its folder, which a run that goes on must name.
    #[must_use]
    pub fn has_named_outputs(&self, folder: &Path) -> bool {
        Outbox::sinks(&self.state).iter().any(|sink| !Path::new(sink).starts_with(folder))
    }

    /// Why the rules of the last run cannot be read, if so: budgets are as if it had named none.
    #[must_use]
    pub fn rules_trouble(&self) -> Option<&Error> {
        self.rules_trouble.as_ref()
    }

    /// Lets URLs wait again, each as a new visit.
    ///
    /// # Errors
    /// When the state cannot be read or written, or the pattern names no host.
    pub async fn requeue(&self, which: &Requeue) -> Result<Requeued> {
        requeue(&self.state, &self.identity, which).await
    }

    /// Those of these URLs that the crawl does not know.
    ///
    /// # Errors
    /// When the file of known URLs cannot be read.
    pub fn unknown<'u>(&self, urls: &'u [Url]) -> Result<Vec<&'u Url>> {
        let mut unknown = Vec::new();
        for url in urls {
            let key = self.identity.identify(url).map(|found| found.key);
            if key.map_or(Ok(None), |key| self.state.is_open(key))?.is_none() {
                unknown.push(url);
            }
        }
        Ok(unknown)
    }

    /// The site of a host takes no requests until this moment; the moment 0 ends every rest of it. Answers the site, and
    /// whether the crawl has met it.
    ///
    /// # Errors
    /// When the host is none or the state cannot be written.
    pub async fn bar(&self, host: &str, until: Timestamp) -> Result<(SiteKey, bool)> {
        let site = site_of(&self.identity, host)?;
        let known = self.state.host(vec![site.clone()]).await?.iter().any(Option::is_some);
        self.state.control(Control::Bar(site.clone(), until)).await?;
        self.state.flush().await?;
        Ok((site, known))
    }

    /// Takes in lines of an export, or of plain URLs, into the state in a folder, which is made when there is none. URLs
    /// that are known stay as they are.
    ///
    /// # Errors
    /// When the input or the state cannot be read or written, or there is no URL in it.
    pub async fn import(folder: &Path, input: &mut (dyn BufRead + Send)) -> Result<Imported> {
        let mut lines = Lines::new(input);
        let first = batch(&mut lines)?;
        let changes = if embedded::exists(folder) {
            Self::open(folder)?
        } else {
            if !first.iter().any(Line::is_usable) {
                return Err(nothing_to_begin_with());
            }
            Self::create(folder, &notes_of(&first)?)?
        };
        let (mut imported, mut tally) = (Imported::default(), Tally::default());
        let mut taken = first;
        while !taken.is_empty() {
            changes.take(taken, &mut imported, &mut tally).await?;
            taken = batch(&mut lines)?;
        }
        changes.state.flush().await?;
        (imported.is_cut, imported.missing) = (tally.is_cut(), tally.missing());
        Ok(imported)
    }

    async fn take(&self, lines: Vec<Line>, imported: &mut Imported, tally: &mut Tally) -> Result<()> {
        let (mut waiting, mut ended) = (Vec::new(), Vec::new());
        for line in lines {
            let (number, line) = match line {
                Line::Head(_) => {
                    tally.begin();
                    continue;
                }
                Line::End(had) => {
                    tally.end(had);
                    continue;
                }
                Line::Wrong(number) => (number, None),
                Line::Url(number, line) => (number, self.discovered(&line)),
            };
            if line.is_some() {
                tally.url();
            }
            match line {
                None => {
                    imported.wrong += 1;
                    imported.first_wrong.get_or_insert(number);
                }
                Some((found, None)) => {
                    imported.note_private(&found);
                    waiting.push(found);
                }
                Some((found, Some(outcome))) => ended.push((found, outcome)),
            }
        }
        let known = ended.len();
        let new = self.state.take_in(ended)?;
        imported.ended += new as u64;
        imported.known += (known - new) as u64;
        for status in self.state.add(waiting).await? {
            match status {
                AddStatus::Known => imported.known += 1,
                AddStatus::New => imported.waiting += 1,
                AddStatus::Parked(_) => imported.parked += 1,
                AddStatus::Refused(_) => imported.wrong += 1,
            }
        }
        Ok(())
    }

    fn discovered(&self, line: &UrlLine) -> Option<(Discovered, Option<Outcome>)> {
        let outcome = line.outcome()?;
        let url = Url::parse(&line.url).ok()?;
        let request = line.to_request()?;
        Some((self.identity.identify(&url)?.discovered(&self.identity, request), outcome))
    }
}

impl Requeue {
    fn is_meant(&self, outcome: &Outcome) -> bool {
        let by_status = !self.statuses.is_empty();
        let by_kind = !self.kinds.is_empty() || !self.blocks.is_empty();
        let fits = |status| self.statuses.iter().any(|statuses| statuses.contains(status));
        if by_status && !status_of(outcome).is_some_and(fits) {
            return false;
        }
        match outcome {
            _ if !by_kind && self.reasons.is_empty() => {
                by_status || matches!(outcome, Outcome::Failed { .. })
            }
            Outcome::Failed { error } => {
                self.kinds.contains(&error.kind())
                    || error.block().is_some_and(|block| self.blocks.contains(&block.kind))
            }
            Outcome::Excluded { reason } => self.reasons.contains(reason),
            _ => false,
        }
    }
}

/// Lets URLs of a state wait again, each as a new visit.
pub(in crate::crawler) async fn requeue(
    state: &Embedded,
    identity: &Identity,
    which: &Requeue,
) -> Result<Requeued> {
    let host = which.host.as_deref().map(HostPattern::parse).transpose()?;
    let listed: HashSet<UrlKey> =
        which.urls.iter().filter_map(|url| Some(identity.identify(url)?.key)).collect();
    let wanted = |found: &Discovered, outcome: &Outcome| {
        if host.as_ref().is_some_and(|host| !host.fits(&found.origin)) {
            return false;
        }
        if which.urls.is_empty() { which.is_meant(outcome) } else { listed.contains(&found.key) }
    };
    let (done, mut told) = (state.stats().done, 0_u64);
    let (mut batch, mut count, mut unreachable) = (Vec::new(), 0, HashSet::new());
    let mut send = |batch: &mut Vec<Discovered>| -> Result<()> {
        count += state.again(std::mem::take(batch))? as u64;
        Ok(())
    };
    state.visit_facts(|_, facts| {
        let last = last_end(facts);
        told += u64::from(last.is_some());
        if let Some((_, ended)) = last.filter(|(_, ended)| wanted(&ended.found, &ended.outcome)) {
            if matches!(ended.outcome, Outcome::Excluded { reason: Exclusion::RobotsUnreachable }) {
                unreachable.insert((ended.found.site.clone(), ended.found.origin.clone()));
            }
            let mut found = ended.found.clone();
            found.request.attempt = 0;
            found.request.generation = found.request.generation.saturating_add(1);
            batch.push(found);
            if batch.len() >= BATCH {
                send(&mut batch)?;
            }
        }
        Ok(true)
    })?;
    send(&mut batch)?;
    forget_unreachable(state, unreachable).await?;
    state.flush().await?;
    Ok(Requeued { count, untold: done.saturating_sub(told) })
}

/// Lets the robots.txt of these origins be asked for again, which could not be had.
async fn forget_unreachable(state: &Embedded, origins: HashSet<(SiteKey, Origin)>) -> Result<()> {
    for (site, origin) in origins {
        let known = state.host(vec![site.clone()]).await?;
        let mut known = known.iter().flatten().flat_map(|record| &record.origins);
        let denies = |robots: &Robots| matches!(robots, Robots::DenyAll { .. });
        if known.any(|known| known.origin == origin && denies(&known.robots)) {
            let robots = Some(Robots::Unknown);
            let update = HostUpdate { origin, site, robots, crawl_delay: None, block_until: None };
            state.update_host(vec![update]).await?;
        }
    }
    Ok(())
}

/// The site of a host as a person names it.
pub(in crate::crawler) fn site_of(identity: &Identity, host: &str) -> Result<SiteKey> {
    let text = if host.contains("://") { host.to_owned() } else { format!("http://{host}/") };
    let found = Url::parse(&text).ok().and_then(|url| Some(identity.identify(&url)?.site));
    found.ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("`{host}` is no host"))
            .with_hint("write a host such as www.example.com: its whole site rests")
    })
}

/// The next lines; none at the end.
fn batch(lines: &mut Lines<'_>) -> Result<Vec<Line>> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        match lines.next()? {
            Some(line) => batch.push(line),
            None => break,
        }
    }
    Ok(batch)
}

/// What a new crawl is begun with: as the export says, or at the first URLs of a list.
fn notes_of(first: &[Line]) -> Result<Notes> {
    let head = first.iter().find_map(|line| if let Line::Head(head) = line { Some(head) } else { None });
    if let Some(ExportHead { seeds, strip_query, .. }) = head {
        return Ok(Notes { seeds: seeds.clone(), strip_query: strip_query.clone(), ..Notes::default() });
    }
    let urls = first.iter().filter_map(|line| match line {
        Line::Url(_, line) if line.depth == 0 => Url::parse(&line.url).ok(),
        _ => None,
    });
    let seeds: Vec<String> = urls.take(MOST_SEEDS).map(|url| url.to_string()).collect();
    if seeds.is_empty() {
        return Err(nothing_to_begin_with());
    }
    Ok(Notes { seeds, ..Notes::default() })
}

fn nothing_to_begin_with() -> Error {
    Error::new(ErrorKind::Usage, "there is no URL to begin a crawl with")
        .with_hint("give the lines of `lycosa frontier export`, or URLs, one a line")
}
