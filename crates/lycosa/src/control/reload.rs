//! A configuration file that is read again when it changes.
//!
//! It is looked at every second by its name, so an editor that writes another file and renames it, and a link that is
//! swapped (as Kubernetes does with `..data`), are seen as any other change. A new content counts once it is the same at
//! two looks, because a file can be seen half written. It is checked whole; with a mistake in it, everything stays as
//! it is and the mistake is told once, as is its end. A file that is gone counts as one with a mistake, and so does one
//! that was emptied: who empties it before writing it anew would lift every limit meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::adjust::{ADJUSTABLE, of_options};
use crate::config::CrawlOptions;
use crate::crawler::Controls;
use crate::error::{Error, ErrorKind, Result};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Bytes of a file that are looked at; longer ones are refused when they are read.
const MOST: u64 = 16 << 20;
/// How often a file that changes meanwhile is read.
const TRIES: usize = 4;

/// Reads the options anew, with the flags that come before the file.
type Load = Box<dyn Fn() -> Result<CrawlOptions> + Send + Sync>;
/// Says a sentence to a person.
type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// The watch over one file. Cheap to clone.
#[derive(Clone)]
pub struct Reload(Arc<Watched>);

struct Watched {
    file: PathBuf,
    load: Load,
    tell: Tell,
    every: Duration,
    state: Mutex<State>,
    /// One at a time: the file's change and an order may come together.
    turn: tokio::sync::Mutex<()>,
}

struct State {
    /// What the file said when it was last in force.
    options: CrawlOptions,
    /// The content that was read last, whatever came of it.
    content: Option<Content>,
    shown: ConfigState,
}

/// How it stands with the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ConfigState {
    /// The file.
    pub file: String,
    /// How often it was put in force since the crawl began.
    pub reloaded: u64,
    /// What the last change changed.
    pub changed: Vec<String>,
    /// What of it can only change when the crawl begins again: as in the file, but not in force.
    pub needs_restart: Vec<String>,
    /// What is wrong with the file as it is now, a line for each mistake; what it said before is in force.
    pub error: Option<String>,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").field("file", &self.0.file).finish_non_exhaustive()
    }
}

impl Reload {
    /// A watch over a file whose options are in force; `load` reads them anew, `tell` says sentences to a person.
    #[must_use]
    pub fn new(file: &Path, options: CrawlOptions, load: Load, tell: Tell) -> Self {
        let shown = ConfigState { file: file.display().to_string(), ..ConfigState::default() };
        let state = Mutex::new(State { options, content: content(file), shown });
        let turn = tokio::sync::Mutex::new(());
        Self(Arc::new(Watched { file: file.to_owned(), load, tell, every: EVERY, state, turn }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> ConfigState {
        self.lock().shown.clone()
    }

    /// Reads the file now and puts it in force.
    ///
    /// # Errors
    /// What is wrong with it; everything stays as it is then.
    pub async fn now(&self, controls: &Controls) -> Result<ConfigState> {
        let _turn = self.0.turn.lock().await;
        self.lock().content = content(&self.0.file);
        let result = self.put_in_force(controls).await;
        let mut state = self.lock();
        let before =
            std::mem::replace(&mut state.shown.error, result.as_ref().err().map(ToString::to_string));
        let shown = result.map(|()| state.shown.clone());
        drop(state);
        if before.is_some() && shown.is_ok() {
            (self.0.tell)(&format!("{} is sound again and in force", self.0.file.display()));
        }
        shown
    }

    /// Looks at the file until dropped.
    pub(super) async fn watch(&self, controls: &Controls) {
        let mut seen = content(&self.0.file);
        loop {
            tokio::time::sleep(self.0.every).await;
            let now = content(&self.0.file);
            let is_new = self.lock().content != now;
            // A file that is gone at one look is being replaced.
            if !is_new || now != seen {
                seen = now;
                continue;
            }
            match self.now(controls).await {
                Ok(state) => self.tell_changes(&state),
                Err(error) => self.tell_mistake(&error),
            }
        }
    }

    fn tell_mistake(&self, error: &Error) {
        let file = self.0.file.display();
        let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        let what = if is_gone(&self.0.file) { "is gone" } else { "has a mistake" };
        (self.0.tell)(&format!("{file} {what}, what it said before stays in force: {error}{hint}"));
    }

    fn tell_changes(&self, state: &ConfigState) {
        if !state.changed.is_empty() {
            (self.0.tell)(&format!("{}: in force from now on: {}", state.file, state.changed.join(", ")));
        }
        if !state.needs_restart.is_empty() {
            let names = state.needs_restart.join(", ");
            (self.0.tell)(&format!(
                "{}: cannot change while the crawl runs: {names} (stop it and go on with --resume)",
                state.file
            ));
        }
    }

    /// What the file says now, and the content in which it says that.
    fn read(&self) -> Result<(CrawlOptions, Option<Content>)> {
        let mut seen = content(&self.0.file);
        for _ in 0..TRIES {
            let options = (self.0.load)();
            // What is judged must be what was loaded.
            let now = content(&self.0.file);
            if now == seen {
                return Ok((options?, now));
            }
            seen = now;
        }
        Err(Error::new(ErrorKind::Config, "the configuration file changes while it is read")
            .with_hint("try again when it is written"))
    }

    async fn put_in_force(&self, controls: &Controls) -> Result<()> {
        if is_gone(&self.0.file) {
            let message = format!("there is no file {} any more", self.0.file.display());
            return Err(Error::new(ErrorKind::Config, message)
                .with_hint("it is read again when it is back; `lycosa ctl set` changes single values"));
        }
        let (new, content) = self.read()?;
        let before = self.lock().options.clone();
        let differing = differing(&before, &new);
        if !differing.is_empty() && content.is_some_and(|content| content.is_empty) {
            return Err(emptied(&self.0.file));
        }
        let (changed, needs_restart): (Vec<String>, Vec<String>) =
            differing.into_iter().partition(|name| ADJUSTABLE.contains(&name.as_str()));
        if !changed.is_empty() {
            controls.adjust(of_options(&new, |name| changed.iter().any(|other| other == name))).await?;
        }
        let mut state = self.lock();
        // What needs a restart differs from what is in force until there is one.
        state.options = with_adjustable(before, new);
        state.shown.reloaded += 1;
        state.shown.changed = changed;
        state.shown.needs_restart = needs_restart;
        Ok(())
    }
}

/// The first options with what of the second can change while a crawl runs.
fn with_adjustable(old: CrawlOptions, new: CrawlOptions) -> CrawlOptions {
    CrawlOptions {
        max_pages: new.max_pages,
        max_pages_per_host: new.max_pages_per_host,
        max_requests: new.max_requests,
        max_bytes: new.max_bytes,
        max_time: new.max_time,
        depth: new.depth,
        delay: new.delay,
        per_host: new.per_host,
        concurrency: new.concurrency,
        scope: new.scope,
        allowed_domains: new.allowed_domains,
        include: new.include,
        exclude: new.exclude,
        ..old
    }
}

/// The names of the options that are not the same.
fn differing(one: &CrawlOptions, other: &CrawlOptions) -> Vec<String> {
    let table = |options: &CrawlOptions| match serde_json::to_value(options) {
        Ok(Value::Object(table)) => table,
        _ => serde_json::Map::new(),
    };
    let (one, other) = (table(one), table(other));
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

/// Whether nothing has the file's name, or a link of that name leads nowhere.
fn is_gone(file: &Path) -> bool {
    std::fs::metadata(file).is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
}

fn emptied(file: &Path) -> Error {
    Error::new(ErrorKind::Config, format!("the configuration file {} is empty", file.display())).with_hint(
        "leave a line in it, such as `scope = \"host\"`: then what it does not name any more is lifted",
    )
}

/// What is looked at of a file: whether it is another one, and whether it says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content {
    hash: u64,
    is_empty: bool,
}

/// The content of a file; `None` when it cannot be read or is too long to look at.
fn content(file: &Path) -> Option<Content> {
    if std::fs::metadata(file).ok()?.len() > MOST {
        return None;
    }
    let bytes = std::fs::read(file).ok()?;
    let text = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(&bytes);
    let says_nothing = |line: &[u8]| line.trim_ascii().first().is_none_or(|first| *first == b'#');
    let is_empty = text.split(|byte| *byte == b'\n').all(says_nothing);
    Some(Content { hash: xxh3_64(&bytes), is_empty })
}
