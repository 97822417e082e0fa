//! A crawl that stands still: looking into its state, explaining a URL, and changing by hand what it will do.
//!
//! [`Stopped`] only looks and changes nothing, as [`check`] does, which reads every file; [`Changes`] takes the state as a crawl would. `line` is a URL as it is
//! exported and imported, `incoming` the lines of an import, `explain` the story of one, `statuses` what answers are named by. What it leaves out: printing, and crawls that run (their
//! [`Controls`](super::Controls) answer).

mod change;
mod explain;
mod host;
mod incoming;
mod line;
mod statuses;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

pub use self::change::{Changes, Imported, Requeue, Requeued};
pub(super) use self::change::{requeue, site_of};
pub use self::explain::{Beginning, Explanation, RobotsSay, Step};
pub use self::host::{HostLine, HostOrder, LastmodLine, OriginLine};
pub use self::line::{ErrorLine, ExportEnd, ExportHead, UrlLine};
pub use self::statuses::Statuses;
use super::run_file::RunRules;
use super::state::Notes;
use crate::clock::SystemClock;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::embedded::{self, Check, CrawlIdentity, FORMAT_VERSION, Fact, Happened, View};
use crate::model::{Clock, Limits, Pace, Position, TemplateBudget, Timestamp, UrlKey};
use crate::scope::{Identity, QueryRules};

/// The end of a rest that has none: the last second of the year 9999.
pub const FOR_EVER: Timestamp = Timestamp(253_402_300_799_000);

/// The state of a crawl that stands still, to look into.
#[derive(Debug)]
pub struct Stopped {
    view: View,
    identity: Identity,
    notes: Notes,
    rules: Option<RunRules>,
    rules_trouble: Option<Error>,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

/// What was found in the files of a state.
#[derive(Clone, Debug)]
pub struct StateCheck {
    /// The state itself.
    pub state: Check,
    /// What is wrong with the rules of the last run, `run.json`, which nothing depends on but looks at the state.
    pub rules: Option<Error>,
    /// The outputs by their names, when nothing is wrong with the state, which says how far each has come.
    pub outputs: Vec<(String, OutputCheck)>,
}

impl StateCheck {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let is_wrong = |(_, output): &(String, OutputCheck)| {
            matches!(output, OutputCheck::Wrong(_) | OutputCheck::Ahead { is_explained: false, .. })
        };
        self.state.is_sound() && self.rules.is_none() && !self.outputs.iter().any(is_wrong)
    }
}

/// What was found in an output.
#[derive(Clone, Debug)]
pub enum OutputCheck {
    /// These bytes are those that were written.
    Sound(u64),
    /// These bytes are those that were written, and so many are behind them, which the next run cuts.
    Ahead {
        /// Bytes that were written.
        written: u64,
        /// Bytes behind them.
        ahead: u64,
        /// They may be records that the state is still to note as written, and writes again. Otherwise the end of the log
        /// is lost, or they are somebody else's.
        is_explained: bool,
    },
    /// It is gone, or not what was written.
    Wrong(Error),
    /// Folders of parts, databases and pipes are not read.
    NotRead,
}

/// Reads every file of the state in a folder, and its outputs, and compares every checksum; changes nothing.
///
/// # Errors
/// When there is no state, a crawl is running there, or it was made by other rules. Damage is no error here.
pub fn check(folder: &Path) -> Result<StateCheck> {
    let rules = RunRules::load(folder);
    let (limits, pace) = stored_rules(rules.as_ref().ok().and_then(Option::as_ref));
    let state = embedded::check(folder, crate::scope::versions(FORMAT_VERSION), limits, pace)?;
    let outputs = state.outputs.iter().map(|(name, cursor, most)| {
        let found = match crate::sink::compare(name, &Position(cursor.position.clone())) {
            Some(Ok((bytes, 0))) => OutputCheck::Sound(bytes),
            Some(Ok((written, ahead))) => OutputCheck::Ahead { written, ahead, is_explained: ahead <= *most },
            Some(Err(error)) => OutputCheck::Wrong(error),
            None => OutputCheck::NotRead,
        };
        (name.clone(), found)
    });
    let outputs = outputs.collect();
    Ok(StateCheck { state, rules: rules.err(), outputs })
}

/// The notes of a crawl and how it recognises URLs.
fn identity_of(crawl: &CrawlIdentity, folder: &Path) -> Result<(Notes, Identity)> {
    let notes: Notes = serde_json::from_str(&crawl.meta).map_err(|cause| {
        let message = format!("the notes of the crawl in {} cannot be read", folder.display());
        Error::new(ErrorKind::Corrupt, message).with_source(cause)
    })?;
    let query = QueryRules::new(&notes.strip_query)
        .map_err(|error| Error::new(ErrorKind::Corrupt, error.message).with_hint(error.hint))?;
    let identity = Identity::new(crawl.crawl, crawl.fingerprint_key).with_query_rules(query);
    Ok((notes, identity))
}

/// The rules of the last run, or why they cannot be read.
fn rules_of(folder: &Path) -> (Option<RunRules>, Option<Error>) {
    match RunRules::load(folder) {
        Ok(rules) => (rules, None),
        Err(error) => (None, Some(error)),
    }
}

/// The budgets of shapes and of hosts and the pace of the last run; of a crawl that never ran the default ones. Other
/// limits do not matter while nothing is fetched.
fn stored_rules(rules: Option<&RunRules>) -> (Limits, Pace) {
    let templates = rules.map_or_else(|| Some(TemplateBudget::default()), RunRules::templates);
    let max_pages_per_host = rules.and_then(|rules| rules.max_pages_per_host);
    let limits = Limits { templates, max_pages_per_host, ..Limits::default() };
    (limits, rules.map(RunRules::pace).unwrap_or_default())
}

impl Stopped {
    /// Opens the state in a folder, read only.
    ///
    /// # Errors
    /// When there is none, a crawl is running there, it was made by other rules, or is damaged.
    pub fn open(folder: &Path) -> Result<Self> {
        let (rules, rules_trouble) = rules_of(folder);
        let (limits, pace) = stored_rules(rules.as_ref());
        let view = View::open(folder, crate::scope::versions(FORMAT_VERSION), limits, pace)?;
        let (notes, identity) = identity_of(view.identity(), folder)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        Ok(Self { view, identity, notes, rules, rules_trouble, folder: folder.to_owned(), clock })
    }

    /// What is in the state.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The same, to take out of what is shown.
    pub fn view_mut(&mut self) -> &mut View {
        &mut self.view
    }

    /// The rules of the last run, if it left them.
    #[must_use]
    pub fn rules(&self) -> Option<&RunRules> {
        self.rules.as_ref()
    }

    /// Why the rules of the last run cannot be read, when they cannot.
    #[must_use]
    pub fn rules_trouble(&self) -> Option<&Error> {
        self.rules_trouble.as_ref()
    }

    /// The seeds it began with.
    #[must_use]
    pub fn seeds(&self) -> &[String] {
        &self.notes.seeds
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The first line of an export.
    #[must_use]
    pub fn export_head(&self) -> ExportHead {
        ExportHead {
            lycosa_export: 1,
            crawl: format!("{:032x}", self.view.identity().crawl.0),
            seeds: self.notes.seeds.clone(),
            strip_query: self.notes.strip_query.clone(),
        }
    }

    /// Why a site rests, as far as it is known: the last thing that made it.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn why_it_rests(&self, site: &crate::model::SiteKey) -> Result<Option<String>> {
        Ok(last_rest(self.view.facts_of_site(site)?.facts))
    }

    /// Shows every URL with an outcome in turn, until `visit` says `false`. A URL that waits again is not among them.
    ///
    /// # Errors
    /// When the history cannot be read, and whatever `visit` fails with.
    pub fn visit_ended(&self, mut visit: impl FnMut(UrlLine) -> Result<bool>) -> Result<()> {
        self.view.visit_facts(|key, facts| {
            if self.view.is_open(key)? != Some(false) {
                return Ok(true);
            }
            match last_end(facts) {
                Some((at, ended)) => visit(UrlLine::of_ended(at, ended)),
                None => Ok(true),
            }
        })
    }

    /// Shows every URL without an outcome, until `visit` says `false`; what was shown is taken out of the view.
    ///
    /// # Errors
    /// When what waits in files cannot be read.
    pub fn visit_open(&mut self, mut visit: impl FnMut(UrlLine) -> bool) -> Result<()> {
        // A robots.txt is no URL of the crawl: it is asked for again wherever it is needed.
        self.view.visit_open(None, |open| open.found.key == UrlKey(0) || visit(UrlLine::of_open(&open)))
    }

    /// How many hosts have used up the budget of pages that the last run had for each, and how many URLs wait there.
    pub fn spent(&mut self) -> (u64, u64) {
        let (mut hosts, mut urls, mut unsure) = (0, 0, Vec::new());
        if self.rules.as_ref().is_none_or(|rules| rules.max_pages_per_host.is_none()) {
            return (0, 0);
        }
        self.view.visit_sites(|site| {
            hosts += u64::from(site.has_spent);
            if site.has_spent && site.pending > 0 {
                urls += site.pending;
                unsure.push(site.site);
            }
            true
        });
        let robots = unsure.iter().map(|site| self.view.waiting_robots(site));
        (hosts, urls.saturating_sub(robots.sum()))
    }

    /// The site of a host as a person names it.
    ///
    /// # Errors
    /// When it is none.
    pub fn site_of(&self, host: &str) -> Result<crate::model::SiteKey> {
        site_of(&self.identity, host)
    }

    /// The fingerprint of a URL.
    #[must_use]
    pub fn key(&self, url: &Url) -> Option<UrlKey> {
        self.identity.identify(url).map(|identified| identified.key)
    }
}

/// Why a site rested last, among the facts about it.
fn last_rest(facts: Vec<Fact>) -> Option<String> {
    facts.into_iter().rev().find_map(|fact| match fact.what {
        Happened::Rests { why, .. } => Some(why.into()),
        _ => None,
    })
}

/// The last outcome among the facts of a URL.
pub(super) fn last_end(facts: &[Fact]) -> Option<(Timestamp, &crate::frontier::embedded::Ended)> {
    facts.iter().rev().find_map(|fact| match &fact.what {
        Happened::Ended(ended) => Some((fact.at, &**ended)),
        _ => None,
    })
}
