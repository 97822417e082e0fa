//! From the name a user gave to a sink: `-`, `FILE` by extension, `DIR/`, a pipe.

use std::path::Path;

use super::csv::Table;
use super::encoding::Encoding;
use super::{Compression, FileSink, Format, Items, PartsSink, SinkOptions, SqliteSink, StreamSink};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::PAGE_COLUMNS;
use crate::model::Sink;

/// What an output name means, as far as the name alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`: standard output.
    Stdout,
    /// A name that ends in `/`: numbered parts in a folder.
    Folder,
    /// A SQLite database (`.sqlite`, `.sqlite3`, `.db`).
    Database,
    /// A file whose extension tells what it holds.
    File {
        /// What its records look like.
        format: Format,
        /// How it is compressed.
        compression: Compression,
    },
    /// A name without a known extension: only a pipe or device can be meant.
    Unknown,
}

impl Target {
    /// Reads a name: `pages.jsonl`, `items.csv.gz`, `out/`, `-`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let name = path.to_string_lossy();
        if name == "-" {
            return Self::Stdout;
        }
        if name.ends_with('/') || name.ends_with(std::path::MAIN_SEPARATOR) {
            return Self::Folder;
        }
        let lower = name.to_ascii_lowercase();
        let (stem, compression) = match [Compression::Gzip, Compression::Zstd]
            .into_iter()
            .find_map(|kind| Some((lower.strip_suffix(kind.suffix())?, kind)))
        {
            Some(found) => found,
            None => (lower.as_str(), Compression::None),
        };
        let format = match Path::new(stem).extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson") => Format::Jsonl,
            Some("csv") => Format::Csv,
            Some("sqlite" | "sqlite3" | "db") if compression == Compression::None => return Self::Database,
            _ => return Self::Unknown,
        };
        Self::File { format, compression }
    }
}

/// The sink that an output name asks for. Nothing is opened or created yet: [`Sink::open`] does that.
///
/// # Errors
/// [`ErrorKind::Output`] when no format can be told from the name, when it names a folder without a trailing
/// `/`, or when the format cannot hold what is selected (CSV holds pages or one type of item).
pub fn open_path(path: &Path, options: SinkOptions) -> Result<Box<dyn Sink>> {
    let name = path.to_string_lossy();
    let bare = name.trim_end_matches('/');
    let metadata = std::fs::metadata(if bare.is_empty() { "/" } else { bare }).ok();
    let is_stream = metadata.as_ref().is_some_and(|found| !found.is_dir() && !found.is_file());
    let target = Target::of(path);
    if target != Target::Folder && metadata.as_ref().is_some_and(std::fs::Metadata::is_dir) {
        return Err(Error::new(ErrorKind::Output, format!("{} is a folder", path.display()))
            .with_hint("add a trailing / to write numbered parts into it, or name a file"));
    }
    if target == Target::Folder && metadata.as_ref().is_some_and(|found| !found.is_dir()) {
        return Err(Error::new(ErrorKind::Output, format!("{} is not a folder", path.display()))
            .with_hint("leave out the trailing / to write a file"));
    }
    let (named, compression) = match target {
        Target::File { format, compression } => (Some(format), compression),
        _ => (None, Compression::None),
    };
    if target == Target::Database && options.format.is_none() && !is_stream {
        return Ok(Box::new(SqliteSink::new(path, options)));
    }
    let format = match (options.format.or(named), target) {
        (Some(format), _) => format,
        (None, Target::Unknown) if !is_stream => return Err(unknown_format(path)),
        (None, _) => Format::default(),
    };
    let encoding = encoding(path, format, &options)?;
    Ok(if target == Target::Stdout || is_stream {
        Box::new(StreamSink::new(path, options.select, encoding))
    } else if target == Target::Folder {
        Box::new(PartsSink::new(path, options.select, options.existing, encoding, options.part_size))
    } else {
        Box::new(FileSink::new(path, options.select, options.existing, encoding, compression))
    })
}

fn unknown_format(path: &Path) -> Error {
    Error::new(ErrorKind::Output, format!("the name {} does not tell a format", path.display())).with_hint(
        "end it in .jsonl or .csv, with .gz or .zst after that to compress, in .sqlite, or in / for a folder of parts",
    )
}

fn encoding(path: &Path, format: Format, options: &SinkOptions) -> Result<Encoding> {
    if format == Format::Jsonl {
        return Ok(Encoding::Jsonl);
    }
    let kinds = usize::from(options.select.pages)
        + usize::from(options.select.outcomes)
        + usize::from(options.select.rejects)
        + usize::from(options.select.items != Items::None);
    if kinds > 1 || options.select.items == Items::All || options.select.outcomes || options.select.rejects {
        let message = format!("the table {} cannot hold records of more than one kind", path.display());
        return Err(Error::new(ErrorKind::Output, message)
            .with_hint("a CSV holds pages or one type of item; use .jsonl for several kinds"));
    }
    let columns = if options.columns.is_empty() {
        PAGE_COLUMNS.iter().map(ToString::to_string).collect()
    } else {
        options.columns.clone()
    };
    Ok(Encoding::Csv(Table { columns, guard_formulas: options.guard_formulas }))
}
