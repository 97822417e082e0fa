//! The output as the torture sees it: the library's own file sinks on a real folder, with a note of what each sync
//! made durable, so that a power loss can take the rest away.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lycosa::model::{Committed, Position, Sink};
use lycosa::sink::{Items, Select, SinkOptions, open_path};
use lycosa::{Error, ErrorKind, Result};

use crate::dice::Dice;
use crate::disk::forget;
use crate::switch::{Switch, gone};
use crate::verdict::locked;

/// Records that one part of a folder covers: few, so that parts are completed all the time.
const PART: u64 = 25;

/// One output of a crawl.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    path: PathBuf,
    select: Select,
    /// Bytes of each file that a sync made durable. A part keeps them when it changes its name.
    durable: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// What an output may be, by the end of its name.
pub(crate) const KINDS: [&str; 4] = ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out/"];

impl Output {
    /// Everything that is committed, in this form.
    pub(crate) fn whole(folder: &Path, kind: &str) -> Self {
        Self::new(
            folder,
            kind,
            Select { pages: true, items: Items::All, outcomes: true, ..Select::default() },
        )
    }

    /// The items alone, as a second output beside the whole.
    pub(crate) fn items(folder: &Path) -> Self {
        Self::new(folder, "items.jsonl", Select::items())
    }

    fn new(folder: &Path, kind: &str, select: Select) -> Self {
        // A path joined from parts would lose the slash at its end.
        let path = PathBuf::from(format!("{}/{kind}", folder.display()));
        Self { path, select, durable: Arc::default() }
    }

    /// The same output in another folder, with nothing in it.
    pub(crate) fn anew(&self, folder: &Path) -> Self {
        let kind = name(&self.path) + if self.is_folder() { "/" } else { "" };
        Self::new(folder, &kind, self.select.clone())
    }

    /// An unopened sink on it.
    pub(crate) fn plain_sink(&self) -> Result<Box<dyn Sink>> {
        let select = self.select.clone();
        open_path(&self.path, SinkOptions { select, part_size: PART, ..SinkOptions::default() })
    }

    fn is_folder(&self) -> bool {
        self.path.to_string_lossy().ends_with('/')
    }

    /// Its files, in the order of their records.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        if !self.is_folder() {
            return Ok(if self.path.exists() { vec![self.path.clone()] } else { Vec::new() });
        }
        let mut found = match fs::read_dir(&self.path) {
            Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
            Err(_) => Vec::new(),
        };
        found.sort_unstable_by_key(|path| name(path).trim_start_matches('.').to_owned());
        Ok(found)
    }

    /// Notes that everything in its files is durable now.
    pub(crate) fn synced(&self) -> io::Result<()> {
        let lengths = self.files()?.into_iter().map(|path| Ok((part(&path), fs::metadata(&path)?.len())));
        *locked(&self.durable) = lengths.collect::<io::Result<_>>()?;
        Ok(())
    }

    /// Takes away what was not durable. A part that has its name was synced before it got it.
    pub(crate) fn lose_power(&self, dice: &mut Dice) -> io::Result<()> {
        for path in self.files()? {
            if self.is_folder() && !name(&path).starts_with('.') {
                continue;
            }
            let durable = locked(&self.durable).get(&part(&path)).copied().unwrap_or(0);
            let mut bytes = fs::read(&path)?;
            forget(&mut bytes, usize::try_from(durable).unwrap_or(usize::MAX), dice);
            fs::write(&path, &bytes)?;
        }
        Ok(())
    }

    /// Everything it shows to a reader, decompressed, in order.
    pub(crate) fn shown(&self) -> io::Result<String> {
        let mut text = String::new();
        for path in self.files()? {
            let bytes = fs::read(&path)?;
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("gz") => {
                    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
                }
                Some("zst") => text.push_str(&into_text(zstd::stream::decode_all(&bytes[..])?)?),
                _ => text.push_str(&into_text(bytes)?),
            }
        }
        Ok(text)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name under which a file is remembered: a part's without its end, which it has only when it is complete.
fn part(path: &Path) -> String {
    let name = name(path);
    let name = name.trim_start_matches('.');
    let start = name.strip_prefix("part-").and_then(|rest| rest.split(['-', '.']).next());
    start.unwrap_or(name).to_owned()
}

fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))
}

/// What happens at one call of a life's sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The disk is full from then on.
    Fails,
    /// The life ends, before the call does its work or right after it.
    Dies { before: bool },
}

/// The calls of all sinks of one life, and the one that goes wrong, counted from 0.
#[derive(Debug)]
pub(crate) struct Trouble {
    fate: Option<(u64, Fate)>,
    calls: AtomicU64,
}

impl Trouble {
    pub(crate) fn new(fate: Option<(u64, Fate)>) -> Self {
        Self { fate, calls: AtomicU64::new(0) }
    }

    fn next(&self) -> Option<Fate> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.fate.filter(|(at, _)| number >= *at).map(|(_, fate)| fate)
    }
}

/// A sink of one life.
#[derive(Debug)]
pub(crate) struct LifeSink {
    pub(crate) inner: Box<dyn Sink>,
    pub(crate) output: Output,
    pub(crate) switch: Arc<Switch>,
    pub(crate) trouble: Arc<Trouble>,
    /// A defect: positions are told before what leads to them is durable.
    pub(crate) syncs_late: bool,
}

impl LifeSink {
    fn call<T>(&mut self, call: impl FnOnce(&mut dyn Sink) -> Result<T>) -> Result<T> {
        let dead = |cause| failed("the output is out of reach", cause);
        let turn = self.switch.turn().map_err(dead)?;
        match self.trouble.next() {
            None => call(&mut *self.inner),
            Some(Fate::Fails) => {
                Err(failed("the output cannot be written", io::ErrorKind::StorageFull.into()))
            }
            Some(Fate::Dies { before }) => {
                if !before {
                    drop(call(&mut *self.inner));
                }
                self.switch.kill_in_turn(&turn);
                Err(dead(gone()))
            }
        }
    }

    fn note(&self) -> Result<()> {
        self.output.synced().map_err(|cause| failed("the output cannot be looked at", cause))
    }
}

fn failed(what: &str, cause: io::Error) -> Error {
    Error::new(ErrorKind::Output, what).with_source(cause)
}

impl Sink for LifeSink {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.call(|sink| sink.open(position))
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        self.call(|sink| sink.write(commit))
    }

    fn sync(&mut self) -> Result<Position> {
        if self.syncs_late {
            self.note()?;
            return self.call(|sink| sink.sync());
        }
        let position = self.call(|sink| sink.sync())?;
        self.note()?;
        Ok(position)
    }

    fn close(&mut self) -> Result<Position> {
        let position = self.call(|sink| sink.close())?;
        self.note()?;
        Ok(position)
    }
}
