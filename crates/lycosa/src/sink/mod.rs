//! Sinks: files, folders of numbered parts, databases, and pipes.
//!
//! A record becomes bytes in `jsonl` or `csv`, passes a `compression`, and lands in a `file`: an append-only file
//! that knows its length and the checksum of all it holds. `file_sink` is one such file, `parts` a folder of
//! them, `stream` anything that cannot be truncated (standard output, a pipe), `sqlite` a database. `path` chooses by the name the
//! user gave. `conformance` is the suite that every sink which promises "once" runs.
//!
//! # How "once" is kept
//! The exporter opens a sink, calls [`sync`](crate::model::Sink::sync) and stores that first position before it
//! writes anything; from then on it stores the position of every sync together with the last commit exported
//! whole. After a crash the sink verifies that what stands before the stored position is still what it wrote,
//! cuts what came after it, and is given the following commits again. Pipes cannot be cut: a consumer behind
//! one may see the records of the last moments twice and tells them apart by `id`.
//!
//! A database needs no cutting: its rows and how far it has come change together.
//!
//! Left out: columnar formats; they stand behind the same [`Sink`](crate::model::Sink) trait.

mod compression;
mod csv;
mod encoding;
mod file;
mod file_sink;
mod jsonl;
mod options;
mod parts;
mod path;
mod position;
mod sqlite;
mod stream;
mod writer;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
#[cfg(test)]
mod tests;

pub use compression::Compression;
pub use encoding::Format;
pub use file_sink::FileSink;
pub use options::{Existing, Items, Select, SinkOptions};
pub use parts::PartsSink;
pub use path::{Target, open_path};
pub use sqlite::SqliteSink;
pub use stream::{StreamSink, is_closed_pipe};

/// Compares an output that is one file with what a crawl had written to it by this position, and changes nothing: how many
/// bytes that are, and how many are behind them. `None` for other outputs (parts, databases, pipes), which only their own taking up looks at.
pub(crate) fn compare(
    name: &str,
    position: &crate::model::Position,
) -> Option<crate::error::Result<(u64, u64)>> {
    let path = std::path::Path::new(name);
    if matches!(Target::of(path), Target::Folder | Target::Database | Target::Stdout) {
        return None;
    }
    let written = position::FilePosition::parse(position, path).ok()?;
    Some(file::compare(path, written))
}
