//! The output as the torture sees it: the library's own sinks on a real folder, with a note of what each sync made
//! durable, so that a power loss can take the rest away. `output_life` is what one life does with it, `database` what
//! is different about SQLite.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lycosa::Result;
use lycosa::model::{Lsn, Sink};
use lycosa::sink::{Items, Select, SinkOptions, open_path};

use crate::database::{self, Image};
use crate::dice::Dice;
use crate::disk::forget;
use crate::verdict::locked;

/// Records that one part of a folder covers: few, so that parts are completed all the time.
const PART: u64 = 25;

/// The type of the items.
pub(crate) const ITEM: &str = "jar";

/// One output of a crawl.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    path: PathBuf,
    select: Select,
    /// Bytes of each file that a sync made durable. A part keeps them when it changes its name.
    durable: Arc<Mutex<BTreeMap<String, u64>>>,
    /// The files of a database as a death left them: whoever lets go of an open database tidies up, and the dead do
    /// not.
    frozen: Arc<Mutex<Option<Image>>>,
}

/// What an output may be, by the end of its name.
pub(crate) const KINDS: [&str; 6] =
    ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out/", "out.sqlite", "out.db"];

/// What a second output may be: the items alone, and, where the name says so, the pages alone.
pub(crate) const SECOND: [&str; 6] =
    ["items.jsonl", "items.csv", "items.csv.gz", "items.db", "pages.csv", "pages.csv.zst"];

impl Output {
    /// Everything that is committed, in this form.
    pub(crate) fn whole(folder: &Path, kind: &str) -> Self {
        Self::new(
            folder,
            kind,
            Select { pages: true, items: Items::All, outcomes: true, ..Select::default() },
        )
    }

    /// A part of it alone, as a second output beside the whole.
    pub(crate) fn second(folder: &Path, kind: &str) -> Self {
        let select = if kind.starts_with("pages") {
            Select::pages()
        } else {
            Select { items: Items::Only(ITEM.into()), ..Select::default() }
        };
        Self::new(folder, kind, select)
    }

    fn new(folder: &Path, kind: &str, select: Select) -> Self {
        // A path joined from parts would lose the slash at its end.
        let path = PathBuf::from(format!("{}/{kind}", folder.display()));
        Self { path, select, durable: Arc::default(), frozen: Arc::default() }
    }

    /// The same output in another folder, with nothing in it.
    pub(crate) fn anew(&self, folder: &Path) -> Self {
        let kind = name(&self.path) + if self.is_folder() { "/" } else { "" };
        Self::new(folder, &kind, self.select.clone())
    }

    /// An unopened sink on it.
    pub(crate) fn plain_sink(&self) -> Result<Box<dyn Sink>> {
        let select = self.select.clone();
        let columns = match select.items {
            Items::Only(_) => ["page", "item", "name", "price"].map(str::to_owned).to_vec(),
            _ => Vec::new(),
        };
        open_path(&self.path, SinkOptions { select, columns, part_size: PART, ..SinkOptions::default() })
    }

    fn is_folder(&self) -> bool {
        self.path.to_string_lossy().ends_with('/')
    }

    /// Whether it is a database.
    pub(crate) fn is_database(&self) -> bool {
        is_database(&self.path.to_string_lossy())
    }

    /// The files of a database now.
    pub(crate) fn image(&self) -> io::Result<Image> {
        Image::of(&self.path)
    }

    /// What a death leaves of a database, whatever is done to its files from now on.
    pub(crate) fn freeze(&self, image: Image) {
        locked(&self.frozen).get_or_insert(image);
    }

    /// A life is over: its database's files are what its death left.
    pub(crate) fn thaw(&self) -> io::Result<()> {
        locked(&self.frozen).take().map_or(Ok(()), |image| image.restore(&self.path))
    }

    /// Puts a database's cursor where its rows are not.
    pub(crate) fn move_cursor(&self, to: Lsn) -> rusqlite::Result<()> {
        database::move_cursor(&self.path, i64::try_from(to.0).unwrap_or(i64::MAX))
    }

    /// The parts of a folder that have their names.
    pub(crate) fn complete_parts(&self) -> io::Result<Vec<PathBuf>> {
        if !self.is_folder() {
            return Ok(Vec::new());
        }
        Ok(self.files()?.into_iter().filter(|path| !name(path).starts_with('.')).collect())
    }

    /// Takes the name from a part that got it a moment ago, and what was begun after it.
    pub(crate) fn unname(&self, complete: &Path) -> io::Result<()> {
        let (folder, end) = (self.path.as_path(), complete.extension().unwrap_or_default().to_string_lossy());
        for later in self.files()?.iter().filter(|path| name(path).starts_with('.')) {
            fs::remove_file(later)?;
        }
        fs::rename(complete, folder.join(format!(".part-{}.{end}", part(complete))))
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
        if self.is_database() {
            // Between two transactions nothing of it is undurable; one that broke off is in the frozen image.
            return Ok(());
        }
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
        if self.is_database() {
            return database::shown(&self.path).map_err(io::Error::other);
        }
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

/// Whether an output of this name is a database.
pub(crate) fn is_database(name: &str) -> bool {
    name.ends_with(".sqlite") || name.ends_with(".db")
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
