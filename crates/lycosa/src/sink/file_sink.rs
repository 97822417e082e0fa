//! One file: `-o FILE`.

use std::path::{Path, PathBuf};

use super::compression::Compression;
use super::encoding::Encoding;
use super::file::DurableFile;
use super::position::FilePosition;
use super::writer::{RecordWriter, check_append};
use super::{Existing, Select};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Committed, Position, Sink};

/// A file that holds every record once, whatever interrupts the crawl. Built by
/// [`open_path`](super::open_path).
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    select: Select,
    existing: Existing,
    encoding: Encoding,
    compression: Compression,
    writer: Option<RecordWriter>,
    notice: Option<String>,
}

impl FileSink {
    pub(super) fn new(
        path: &Path,
        select: Select,
        existing: Existing,
        encoding: Encoding,
        compression: Compression,
    ) -> Self {
        Self { path: path.to_owned(), select, existing, encoding, compression, writer: None, notice: None }
    }

    fn writer(&mut self) -> Result<&mut RecordWriter> {
        self.writer.as_mut().ok_or_else(|| not_open(&self.path))
    }
}

pub(super) fn not_open(path: &Path) -> Error {
    Error::new(ErrorKind::Internal, format!("the sink of {} is not open", path.display()))
}

/// The path from the root, so that a crawl resumed elsewhere does not take another file for this one.
pub(super) fn full_name(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

impl Sink for FileSink {
    fn name(&self) -> String {
        full_name(&self.path)
    }

    fn check_new(&self) -> Result<()> {
        let holds_something = std::fs::metadata(&self.path).is_ok_and(|found| found.len() > 0);
        if self.existing == Existing::Refuse && holds_something {
            Err(super::file::refused(&self.path))
        } else {
            Ok(())
        }
    }

    fn notice(&self) -> Option<String> {
        self.notice.clone()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.writer = None;
        let file = match position {
            Some(position) => DurableFile::resume(&self.path, FilePosition::parse(position, &self.path)?)?,
            None => {
                if self.existing == Existing::Append {
                    check_append(&self.path, &self.encoding, self.compression)?;
                }
                let mut file = DurableFile::begin(&self.path, self.existing)?;
                // A last line without its end would run into the first record.
                if self.compression == Compression::None && file.lacks_line_end()? {
                    file.append(b"\n")?;
                }
                file
            }
        };
        self.notice = file.notice();
        self.writer = Some(RecordWriter::new(&self.path, file, self.encoding.clone(), self.compression));
        Ok(())
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        let writer = self.writer.as_mut().ok_or_else(|| not_open(&self.path))?;
        for (record, seq) in commit.records.iter().zip(commit.first_seq..) {
            if self.select.takes(&record.kind) {
                writer.write(record, seq)?;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<Position> {
        Ok(Position(self.writer()?.sync()?.to_string()))
    }

    fn close(&mut self) -> Result<Position> {
        let position = self.writer()?.finish()?;
        self.writer = None;
        Ok(Position(position.to_string()))
    }
}
