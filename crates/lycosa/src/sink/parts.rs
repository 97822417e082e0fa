//! A folder of numbered parts: `-o DIR/`.
//!
//! Each part covers a range of sequence numbers and is complete as soon as it has its name,
//! `part-000000000001-000000001000.jsonl`: until then it is a hidden file. Taking up an earlier position turns the
//! part that was open then into a hidden file again and removes the later ones, which are written anew.

use std::path::{Path, PathBuf};

use super::compression::Compression;
use super::encoding::Encoding;
use super::file::{DurableFile, failed, sync_folder};
use super::file_sink::{full_name, not_open};
use super::position::{FilePosition, number, unreadable};
use super::writer::RecordWriter;
use super::{Existing, Select};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Committed, Position, Record, Sink};

/// Records in numbered files of a folder. Built by [`open_path`](super::open_path) for a name that ends in `/`.
#[derive(Debug)]
pub struct PartsSink {
    folder: PathBuf,
    select: Select,
    existing: Existing,
    encoding: Encoding,
    size: u64,
    part: Option<Part>,
    notice: Option<String>,
}

/// The part being written.
#[derive(Debug)]
struct Part {
    /// The first sequence number it covers.
    start: u64,
    /// The one after the last met so far, `start` when none was.
    next: u64,
    /// None until a record comes that is taken.
    writer: Option<RecordWriter>,
}

/// A file of this sink found in the folder.
struct Found {
    path: PathBuf,
    start: u64,
}

impl PartsSink {
    pub(super) fn new(
        folder: &Path,
        select: Select,
        existing: Existing,
        encoding: Encoding,
        size: u64,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            select,
            existing,
            encoding,
            size: size.max(1),
            part: None,
            notice: None,
        }
    }

    fn extension(&self) -> &'static str {
        self.encoding.format().extension()
    }

    /// The last sequence number of the part that covers `seq`.
    fn end_of(&self, seq: u64) -> u64 {
        (seq / self.size).saturating_add(1).saturating_mul(self.size) - 1
    }

    fn hidden(&self, start: u64) -> PathBuf {
        self.folder.join(format!(".part-{start:012}.{}", self.extension()))
    }

    fn complete(&self, start: u64, end: u64) -> PathBuf {
        self.folder.join(format!("part-{start:012}-{end:012}.{}", self.extension()))
    }

    /// Every file in the folder that this sink wrote, complete or not.
    fn found(&self) -> Result<Vec<Found>> {
        let reading = |cause| failed("reading", &self.folder, cause);
        let mut parts = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(reading)? {
            let path = entry.map_err(reading)?.path();
            if let Some(start) = self.start_of(&path) {
                parts.push(Found { path, start });
            }
        }
        Ok(parts)
    }

    /// The first sequence number in the name of a part; `None` for any other file.
    fn start_of(&self, path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?.strip_suffix(self.extension())?.strip_suffix('.')?;
        let digits = |text: &str| text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let start = match name.strip_prefix(".part-") {
            Some(start) => start,
            None => {
                let (start, end) = name.strip_prefix("part-")?.split_once('-')?;
                digits(end).then_some(start)?
            }
        };
        digits(start).then(|| start.parse().ok())?
    }

    fn begin(&mut self) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(|cause| failed("creating", &self.folder, cause))?;
        let found = self.found()?;
        self.judge(&found)?;
        if self.existing == Existing::Overwrite {
            remove(&found)?;
        }
        self.part = Some(Part { start: 0, next: 0, writer: None });
        Ok(())
    }

    /// Whether a new crawl may write beside these parts.
    fn judge(&self, found: &[Found]) -> Result<()> {
        let hint = match self.existing {
            Existing::Append if !found.is_empty() => {
                "parts cannot be appended to: use --overwrite, or choose another folder"
            }
            Existing::Refuse | Existing::SetAside if found.iter().any(|part| !is_empty(&part.path)) => {
                "use --overwrite to replace them, or choose another folder"
            }
            _ => return Ok(()),
        };
        let message = format!("{} holds parts already", self.folder.display());
        Err(Error::new(ErrorKind::Output, message).with_hint(hint))
    }

    fn resume(&mut self, position: &Position) -> Result<()> {
        let start = number(position, "start", 10).ok_or_else(|| unreadable(position, &self.folder))?;
        let next = number(position, "next", 10).ok_or_else(|| unreadable(position, &self.folder))?;
        let file = FilePosition::parse(position, &self.folder)?;
        if file.length == 0 {
            std::fs::create_dir_all(&self.folder).map_err(|cause| failed("creating", &self.folder, cause))?;
        }
        let found = self.found()?;
        let mut part = Part { start, next, writer: None };
        if file.length > 0 {
            let hidden = self.hidden(start);
            let there = found.iter().find(|part| part.start == start).map_or(&hidden, |part| &part.path);
            let durable = DurableFile::resume(there, file)?;
            self.notice = durable.notice();
            if *there != hidden {
                rename(there, &hidden)?;
            }
            part.writer = Some(self.writer_on(&hidden, durable));
        }
        let first_stale = if file.length > 0 { start.saturating_add(1) } else { start };
        let stale: Vec<Found> = found.into_iter().filter(|part| part.start >= first_stale).collect();
        remove(&stale)?;
        self.part = Some(part);
        Ok(())
    }

    fn writer_on(&self, path: &Path, file: DurableFile) -> RecordWriter {
        RecordWriter::new(path, file, self.encoding.clone(), Compression::None)
    }

    fn write_record(&mut self, record: &Record, seq: u64) -> Result<()> {
        let start = self.part.as_ref().ok_or_else(|| not_open(&self.folder))?.start;
        if seq > self.end_of(start) {
            self.complete_part(self.end_of(start))?;
            let first = seq / self.size * self.size;
            self.part = Some(Part { start: first, next: first, writer: None });
        }
        let mut part = self.part.take().ok_or_else(|| not_open(&self.folder))?;
        part.next = seq.saturating_add(1);
        if self.select.takes(&record.kind) {
            let mut writer = match part.writer.take() {
                Some(writer) => writer,
                None => {
                    let path = self.hidden(part.start);
                    self.writer_on(&path, DurableFile::begin(&path, Existing::Overwrite)?)
                }
            };
            writer.write(record, seq)?;
            part.writer = Some(writer);
        }
        self.part = Some(part);
        Ok(())
    }

    /// Gives the open part its name, as covering everything up to `end`.
    fn complete_part(&mut self, end: u64) -> Result<()> {
        let part = self.part.take().ok_or_else(|| not_open(&self.folder))?;
        if let Some(mut writer) = part.writer {
            writer.finish()?;
            rename(&self.hidden(part.start), &self.complete(part.start, end))?;
        }
        Ok(())
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|cause| failed("renaming", from, cause))?;
    sync_folder(to)
}

fn remove(parts: &[Found]) -> Result<()> {
    for part in parts {
        std::fs::remove_file(&part.path).map_err(|cause| failed("removing", &part.path, cause))?;
    }
    parts.first().map_or(Ok(()), |part| sync_folder(&part.path))
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.len() == 0)
}

impl Sink for PartsSink {
    fn name(&self) -> String {
        format!("{}/", full_name(&self.folder).trim_end_matches('/'))
    }

    fn check_new(&self) -> Result<()> {
        if self.folder.is_dir() { self.judge(&self.found()?) } else { Ok(()) }
    }

    fn notice(&self) -> Option<String> {
        self.notice.clone()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.part = None;
        match position {
            Some(position) => self.resume(position),
            None => self.begin(),
        }
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        commit
            .records
            .iter()
            .zip(commit.first_seq..)
            .try_for_each(|(record, seq)| self.write_record(record, seq))
    }

    fn sync(&mut self) -> Result<Position> {
        let part = self.part.as_mut().ok_or_else(|| not_open(&self.folder))?;
        let file = match &mut part.writer {
            Some(writer) => writer.sync()?,
            None => FilePosition { length: 0, checksum: 0 },
        };
        Ok(Position(format!("{file} start={} next={}", part.start, part.next)))
    }

    /// Completes the open part. Records of a later run begin a new one.
    fn close(&mut self) -> Result<Position> {
        let part = self.part.as_ref().ok_or_else(|| not_open(&self.folder))?;
        let next = part.next;
        self.complete_part(next.saturating_sub(1))?;
        Ok(Position(format!("{} start={next} next={next}", FilePosition { length: 0, checksum: 0 })))
    }
}
