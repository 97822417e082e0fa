//! Opening a crawl's state: in memory, a new folder, or the folder of a crawl that began before.

use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::options::{Continue, Options};
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::embedded::{self, CrawlIdentity, Disk, Embedded, FORMAT_VERSION, Opening};
use crate::frontier::memory::Memory;
use crate::model::{Clock, CrawlId, Frontier, Limits, Outbox, Pace};

/// What a crawl runs on.
pub(super) struct Opened {
    pub(super) frontier: Arc<dyn Frontier>,
    /// The same, when it is one of a state folder.
    pub(super) embedded: Option<Arc<Embedded>>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) crawl: CrawlId,
    pub(super) fingerprint_key: [u8; 16],
    pub(super) notices: Vec<String>,
}

/// What the state remembers of how the crawl was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct Notes {
    /// The seeds, typed ones first.
    pub(super) seeds: Vec<String>,
    /// How many of them were typed: exactly their hosts and ports may be private.
    pub(super) typed: usize,
    /// Private networks that were allowed.
    pub(super) allow_address: Vec<String>,
    /// Parameters that do not tell URLs apart.
    pub(super) strip_query: Vec<String>,
}

/// The notes of the crawl that the options begin, or of the one they resume.
pub(super) fn notes(options: &Options) -> Result<Notes> {
    if options.continuation == Continue::Resume
        && let Some(folder) = &options.state
        && embedded::exists(folder)
    {
        let identity = CrawlIdentity::read(folder, crate::scope::versions(FORMAT_VERSION))?;
        return serde_json::from_str(&identity.meta).map_err(|cause| {
            Error::new(
                ErrorKind::Corrupt,
                format!("the notes of the crawl in {} cannot be read", folder.display()),
            )
            .with_source(cause)
        });
    }
    Ok(Notes {
        // A crawl that was begun with sitemaps alone is resumed as one about their hosts; that they are known already keeps
        // them from being fetched as pages.
        seeds: options.homes().iter().map(ToString::to_string).collect(),
        typed: if options.seeds.is_empty() { options.typed_sitemaps } else { options.typed_seeds },
        allow_address: options.allow_address.clone(),
        strip_query: options.strip_query.clone(),
    })
}

impl Notes {
    /// Fills in what a resumed crawl was begun with. Seeds given again must be of the same crawl.
    pub(super) fn fill(&self, options: &mut Options) -> Result<()> {
        if options.continuation != Continue::Resume {
            return Ok(());
        }
        let other = options.seeds.iter().find(|seed| !self.seeds.iter().any(|known| known == seed.as_str()));
        if let Some(other) = other {
            let place = options.state.as_deref().unwrap_or(Path::new("memory")).display();
            let began = self.seeds.first().map_or("nothing", String::as_str);
            let message =
                format!("the state in {place} is of another crawl: it began at {began}, not at {other}");
            return Err(Error::new(ErrorKind::State, message)
                .with_hint("resume with the seeds it began with (or none), or use another --state"));
        }
        if !options.strip_query.is_empty() && options.strip_query != self.strip_query {
            return Err(Error::new(
                ErrorKind::State,
                "the crawl was begun with other parameters left out of URLs",
            )
            .with_hint("leave strip_query out to go on with those, or begin anew with --fresh"));
        }
        options.strip_query.clone_from(&self.strip_query);
        let typed: Vec<Url> = options.seeds.iter().take(options.typed_seeds).cloned().collect();
        options.seeds = self.seeds.iter().filter_map(|seed| Url::parse(seed).ok()).collect();
        options.typed_seeds = self.typed;
        // A seed of a list that is typed now may be private from now on.
        for seed in typed {
            if let Some(place) = options.seeds.iter().position(|known| *known == seed)
                && place >= options.typed_seeds
            {
                options.seeds.remove(place);
                options.seeds.insert(0, seed);
                options.typed_seeds += 1;
            }
        }
        for network in &self.allow_address {
            if !options.allow_address.contains(network) {
                options.allow_address.push(network.clone());
            }
        }
        Ok(())
    }
}

/// Opens the state that the options ask for.
pub(super) fn open(
    options: &Options,
    notes: &Notes,
    limits: Limits,
    pace: Pace,
    clock: Arc<dyn Clock>,
) -> Result<Opened> {
    let versions = crate::scope::versions(FORMAT_VERSION);
    let Some(folder) = &options.state else {
        let identity = CrawlIdentity::random(versions, String::new())?;
        let memory = Arc::new(Memory::new(limits, pace, clock));
        return Ok(Opened {
            frontier: memory.clone(),
            embedded: None,
            outbox: memory,
            crawl: identity.crawl,
            fingerprint_key: identity.fingerprint_key,
            notices: Vec::new(),
        });
    };
    let opening = Opening {
        folder: folder.clone(),
        limits,
        pace,
        clock,
        files: Arc::new(Disk),
        durability: options.durability,
        history: options.history,
        seen_memory: options.seen_memory.unwrap_or_else(embedded::default_seen_memory),
    };
    let embedded = match (options.continuation, embedded::exists(folder)) {
        (Continue::Resume, _) => Embedded::open(opening, versions)?,
        (Continue::Refuse, false) => Embedded::create(opening, identity(versions, notes)?)?,
        (continuation, _) => {
            if continuation == Continue::Refuse {
                refuse_unfinished(&opening, versions)?;
            }
            embedded::remove(folder)?;
            Embedded::create(opening, identity(versions, notes)?)?
        }
    };
    Ok(opened(embedded, folder))
}

fn identity(versions: crate::model::Versions, notes: &Notes) -> Result<CrawlIdentity> {
    let meta = serde_json::to_string(notes).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the crawl's notes cannot be written").with_source(cause)
    })?;
    CrawlIdentity::random(versions, meta)
}

/// An unfinished crawl is not thrown away by accident.
fn refuse_unfinished(opening: &Opening, versions: crate::model::Versions) -> Result<()> {
    let before = Embedded::open(opening.clone(), versions)?;
    let stats = before.stats();
    // A crawl that knows no URL never began: an output could not be opened, say.
    if before.is_complete() || stats.known == 0 {
        return Ok(());
    }
    let message = format!(
        "the crawl in {} is not finished: {} of {} URLs are left{}",
        opening.folder.display(),
        stats.pending + stats.parked,
        stats.known,
        if stats.parked > 0 { format!(", {} of them parked", stats.parked) } else { String::new() }
    );
    Err(Error::new(ErrorKind::State, message)
        .with_hint("go on with --resume, throw it away with --fresh, or use another --state"))
}

/// The error of an output that is there already: where a crawl may have been cut short, going on comes before
/// replacing what it wrote.
pub(super) fn with_resume(error: Error, options: &Options) -> Error {
    let folder = options.state.as_deref().filter(|folder| embedded::exists(folder));
    match (folder, error.hint()) {
        (Some(folder), Some(hint)) if options.continuation == Continue::Refuse => {
            let hint =
                format!("go on with --resume if the crawl in {} was cut short, or {hint}", folder.display());
            error.with_hint(hint)
        }
        _ => error,
    }
}

fn opened(embedded: Embedded, folder: &Path) -> Opened {
    let recovery = embedded.recovery().clone();
    let mut notices = Vec::new();
    if recovery.cut > 0 {
        notices.push(format!(
            "an unfinished write of {} bytes was cut off the log in {}: it was never confirmed, nothing is lost",
            recovery.cut,
            folder.display()
        ));
    }
    let identity = embedded.identity().clone();
    let embedded = Arc::new(embedded);
    Opened {
        frontier: embedded.clone(),
        embedded: Some(embedded.clone()),
        outbox: embedded,
        crawl: identity.crawl,
        fingerprint_key: identity.fingerprint_key,
        notices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_crawl_keeps_the_parameters_it_began_with() {
        let notes = Notes { strip_query: vec!["utm_*".to_owned()], ..Notes::default() };
        let resumed = |names: &[&str]| {
            let strip_query = names.iter().map(ToString::to_string).collect();
            let mut options = Options { strip_query, continuation: Continue::Resume, ..Options::default() };
            notes.fill(&mut options).map(|()| options.strip_query)
        };
        assert_eq!(resumed(&[]).unwrap(), ["utm_*"]);
        assert_eq!(resumed(&["utm_*"]).unwrap(), ["utm_*"]);
        assert!(resumed(&["gclid"]).is_err(), "its URLs would not be known again");
        let old: Notes = serde_json::from_str(r#"{"seeds":[],"typed":0,"allow_address":[]}"#).unwrap();
        assert!(old.strip_query.is_empty(), "a state from before there were any");
    }
}
