//! Snapshots: the tables, the cursors and what the exporters have not read, in one file of checksummed parts, so that
//! neither writing nor reading it holds more than a part, plain and compressed, beside the tables.
//!
//! Each part is a frame as in the log, numbered from 1; its first byte says what it holds and whether it is compressed,
//! as all are but fingerprints, which nothing makes shorter. The first says which events
//! are covered, the last that it is the last. The newest good snapshot counts; a newer one that is damaged is an error,
//! since the log before it may be gone.

use std::io;
use std::path::Path;

use super::backlog;
use super::event::{self, Event};
use super::files::FileLayer;
use super::folder;
use super::frame;
use super::packing;
use super::recovery::damage;
use super::state::Tail;
use crate::error::{Error, Result};
use crate::frontier::tables::{Loading, Part, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Committed, Cursor, Lsn, UrlKey};

/// What a part holds that is none of the tables'; theirs have the codes from [`TABLES`] on.
const BEGIN: u8 = 0;
const COMMITS: u8 = 1;
const END: u8 = 2;
const TABLES: u8 = 8;

/// Set in the code of a part that is compressed.
const PACKED: u8 = 1 << 7;

/// Commits of a part.
const COMMITS_A_PART: usize = 100;

pub(super) fn name(covered: u64) -> String {
    format!("snapshot-{covered:020}")
}

fn covered(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-").filter(|rest| rest.len() == 20)?.parse().ok()
}

/// Parts on their way to a file.
struct Parts<'w> {
    out: &'w mut dyn io::Write,
    number: u64,
    written: u64,
    /// The part being put together.
    payload: Vec<u8>,
    /// The same, compressed.
    packed: Vec<u8>,
}

impl Parts<'_> {
    fn put(&mut self, code: u8, put: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.payload.clear();
        self.payload.push(code);
        put(&mut self.payload);
        self.number += 1;
        if u32::try_from(self.payload.len()).is_err() {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a part of the snapshot is longer than 4 GiB",
            ));
        }
        let text = self.payload.get(1..).unwrap_or_default();
        let is_packed = code != code_of(Part::Seen) && text.len() <= packing::LONGEST;
        if is_packed {
            self.packed.clear();
            self.packed.push(code | PACKED);
            packing::pack(text, &[], &mut self.packed);
        }
        let payload = if is_packed { &self.packed } else { &self.payload };
        let head = frame::head(self.number, payload);
        self.written += (head.len() + payload.len()) as u64;
        self.out.write_all(&head)?;
        self.out.write_all(payload)
    }
}

/// Writes a snapshot; answers how many bytes it has.
pub(super) fn write(out: &mut dyn io::Write, tables: &Tables, tail: &Tail, covered: u64) -> io::Result<u64> {
    let mut parts = Parts { out, number: 0, written: 0, payload: Vec::new(), packed: Vec::new() };
    parts.put(BEGIN, |out| {
        wire::put_number(out, covered);
        // Its time: a log that was just begun says none.
        wire::put_number(out, tail.seen.0);
        wire::put_number(out, tail.cursors.len() as u64);
        for (sink, cursor) in &tail.cursors {
            event::put_cursor(out, tail.seen, sink, cursor);
        }
        wire::put_number(out, tail.trimmed.0);
    })?;
    let (first, second) = tail.commits.as_slices();
    for commits in first.chunks(COMMITS_A_PART).chain(second.chunks(COMMITS_A_PART)) {
        parts.put(COMMITS, |out| wire::put_list(out, commits, put_committed))?;
    }
    tables.store(|part, bytes| parts.put(code_of(part), |out| out.extend_from_slice(bytes)))?;
    parts.put(END, |_| {})?;
    Ok(parts.written)
}

pub(super) fn code_of(part: Part) -> u8 {
    TABLES + wire::code_of(&Part::ALL, &part)
}

fn put_committed(out: &mut Vec<u8>, commit: &Committed) {
    wire::put_number(out, commit.lsn.0);
    wire::put_number(out, commit.first_seq);
    wire::put_number(out, commit.at.0);
    out.extend_from_slice(&commit.key.0.to_le_bytes());
    wire::put_outcome(out, &commit.outcome);
    wire::put_list(out, &commit.records, wire::put_record);
}

fn read_committed(reader: &mut Reader<'_>) -> Result<Committed, Damaged> {
    Ok(Committed {
        lsn: Lsn(reader.number()?),
        first_seq: reader.number()?,
        at: reader.time()?,
        key: UrlKey(reader.fixed64()?),
        outcome: wire::read_outcome(reader)?,
        records: reader.list(wire::read_record)?,
    })
}

/// Puts a snapshot in place, which `write` writes, and removes what it makes superfluous: older snapshots, and
/// segments it covers whole.
pub(super) fn put(
    folder: &Path,
    files: &dyn FileLayer,
    covers: u64,
    write: super::files::Write<'_>,
) -> Result<()> {
    let path = folder.join(name(covers));
    let failed = |cause| folder::unwritten(format!("writing {}", path.display()), cause);
    files.replace_with(&path, write).map_err(failed)?;
    let names = files.list(folder).map_err(failed)?;
    let mut segments: Vec<u64> = names.iter().filter_map(|name| super::log::segment_first(name)).collect();
    segments.sort_unstable();
    for pair in segments.windows(2) {
        if let [first, next] = pair
            && *next <= covers + 1
        {
            files.remove(&folder.join(super::log::segment_name(*first))).map_err(failed)?;
        }
    }
    for old in names.iter().filter(|name| covered(name).is_some_and(|lsn| lsn < covers)) {
        files.remove(&folder.join(old)).map_err(failed)?;
    }
    Ok(())
}

/// The newest snapshot's content, and the last event it covers; empty tables and 0 when there is none.
pub(super) fn newest(folder: &Path, files: &dyn FileLayer, empty: Tables) -> Result<(Tables, Tail, u64)> {
    let Some(covers) = latest(folder, files)? else { return Ok((empty, Tail::default(), 0)) };
    let mut reading = read(folder, files, covers, empty)?;
    // Before anything is put elsewhere, which reads them.
    backlog::check(folder, files, &reading.tables.in_use())?;
    let tail = std::mem::take(&mut reading.tail);
    Ok((reading.finish(folder)?, tail, covers))
}

/// The last event that the newest snapshot covers, by its name.
pub(super) fn latest(folder: &Path, files: &dyn FileLayer) -> Result<Option<u64>> {
    let names = folder::names(folder, files)?;
    Ok(names.iter().filter_map(|name| covered(name)).max())
}

/// All parts of a snapshot, read into empty tables.
pub(super) fn read(folder: &Path, files: &dyn FileLayer, covers: u64, empty: Tables) -> Result<Reading> {
    let path = folder.join(name(covers));
    let mut input =
        files.open(&path).map_err(|cause| Error::io(format!("reading {}", path.display()), cause))?;
    let mut reading =
        Reading { covers, tail: Tail::default(), tables: Loading::new(empty), at: 0, number: 0 };
    loop {
        let at = reading.at;
        let unread = |what| damage(&path, usize::try_from(at).unwrap_or(usize::MAX), what);
        let part = match frame::read_from(&mut *input) {
            Ok(part) => part,
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                return Err(unread("it does not match its checksum"));
            }
            Err(cause) => return Err(Error::io(format!("reading {}", path.display()), cause)),
        };
        let Some((number, payload)) = part else { return Err(unread("its end is missing")) };
        if reading.part(number, &payload).map_err(|_| unread("its content cannot be read"))? {
            // Whatever follows the end was not written here.
            if !matches!(frame::read_from(&mut *input), Ok(None)) {
                return Err(unread("something follows its end"));
            }
            return Ok(reading);
        }
    }
}

/// A snapshot that is being read.
pub(super) struct Reading {
    covers: u64,
    tail: Tail,
    pub(super) tables: Loading,
    /// Where the next part begins.
    at: u64,
    /// The last part's number.
    pub(super) number: u64,
}

impl Reading {
    /// The tables, when all parts were there.
    pub(super) fn finish(self, folder: &Path) -> Result<Tables> {
        let path = folder.join(name(self.covers));
        self.tables.finish().map_err(|_| damage(&path, 0, "parts of it are missing"))
    }

    /// Reads a part; whether it was the last.
    fn part(&mut self, number: u64, payload: &[u8]) -> Result<bool, Damaged> {
        self.at += (frame::HEAD + payload.len()) as u64;
        let (code, rest) = payload.split_first().ok_or(Damaged)?;
        let unpacked = (code & PACKED != 0).then(|| packing::unpack(rest, &[]).ok_or(Damaged)).transpose()?;
        let (code, mut reader) = (code & !PACKED, Reader::new(unpacked.as_deref().unwrap_or(rest)));
        if number != self.number + 1 || (code == BEGIN) != (number == 1) {
            return Err(Damaged);
        }
        self.number = number;
        match code {
            BEGIN => self.begin(&mut reader)?,
            COMMITS => self.tail.commits.extend(reader.list(read_committed)?),
            END => {}
            _ => {
                let part = code.checked_sub(TABLES).and_then(|code| Part::ALL.get(usize::from(code)));
                self.tables.part(*part.ok_or(Damaged)?, &mut reader)?;
            }
        }
        if reader.is_empty() { Ok(code == END) } else { Err(Damaged) }
    }

    fn begin(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        if reader.number()? != self.covers {
            return Err(Damaged);
        }
        self.tail.seen = reader.time()?;
        for _ in 0..reader.number()? {
            let (_, event) = event::read(reader)?;
            let Event::Cursor(sink, cursor) = event else { return Err(Damaged) };
            let cursor: Cursor = cursor;
            self.tail.cursors.insert(sink, cursor);
        }
        self.tail.trimmed = Lsn(reader.number()?);
        Ok(())
    }
}
