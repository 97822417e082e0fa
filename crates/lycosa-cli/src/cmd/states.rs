//! Which state folder a command means that looks into one.

use std::path::{Path, PathBuf};

use lycosa::crawler::stopped::{Changes, Stopped};
use lycosa::frontier::embedded;
use lycosa::{Error, ErrorKind, Result};

use super::crawl::HOME;
use crate::output;

/// Where the state is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StateArg {
    /// The state folder, or its name below .lycosa [default: the one that is there]
    #[arg(long, value_name = "DIR", global = true)]
    state: Option<PathBuf>,
}

impl StateArg {
    /// The folder: the one named, or the only one below `.lycosa`.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        match &self.state {
            Some(named) => Ok(of_name(named)),
            None => the_only_one(),
        }
    }

    /// The folder as named, for a state that need not be there.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.state.as_deref()
    }
}

/// Opens a state to look into, and says so when the rules of its last run cannot be read.
pub(crate) fn open(folder: &Path) -> Result<Stopped> {
    let crawl = Stopped::open(folder)?;
    tell_trouble(crawl.rules_trouble());
    Ok(crawl)
}

/// The same to change it.
pub(super) fn open_to_change(folder: &Path) -> Result<Changes> {
    let changes = Changes::open(folder)?;
    tell_trouble(changes.rules_trouble());
    Ok(changes)
}

fn tell_trouble(trouble: Option<&Error>) {
    let Some(error) = trouble else { return };
    output::say(&format!("note: {error}"));
    error.hint().iter().for_each(|hint| output::say(&format!("  hint: {hint}")));
}

fn of_name(named: &Path) -> PathBuf {
    let below = Path::new(HOME).join(named);
    if !embedded::exists(named) && embedded::exists(&below) { below } else { named.to_owned() }
}

/// The only crawl that is there, or an error that names those to choose from.
pub(super) fn the_only_one() -> Result<PathBuf> {
    const SHOWN: usize = 10;
    let entries = std::fs::read_dir(HOME).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| embedded::exists(path)).collect();
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(ErrorKind::Usage, format!("there is no crawl below {HOME}"))
            .with_hint("name the folder of a crawl with --state")),
        several => {
            let names: Vec<String> =
                several.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
            let more = if several.len() > SHOWN { ", …" } else { "" };
            let message = format!("there are {} crawls below {HOME}", several.len());
            Err(Error::new(ErrorKind::Usage, message)
                .with_hint(format!("name one with --state: {}{more}", names.join(", "))))
        }
    }
}
