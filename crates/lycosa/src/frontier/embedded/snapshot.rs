//! Snapshots: the tables, the cursors and what the exporters have not read, in one checksummed file.
//!
//! `magic u32 · covered LSN u64 · payload length u64 · xxh3-64 u64 · payload`. The newest good one counts; a newer
//! one that is damaged is an error, since the log before it may be gone.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::event;
use super::files::FileLayer;
use super::recovery::damage;
use super::state::Tail;
use crate::error::{Error, Result};
use crate::frontier::tables::Tables;
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Committed, Cursor, Limits, Lsn, Pace, Timestamp, UrlKey};

const MAGIC: [u8; 4] = *b"LYS1";
pub(super) const HEAD: usize = 28;

fn name(covered: u64) -> String {
    format!("snapshot-{covered:020}")
}

fn covered(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-").filter(|rest| rest.len() == 20)?.parse().ok()
}

/// The state as bytes, ready to be written.
pub(super) fn encode(tables: &Tables, tail: &Tail, covered: u64) -> Vec<u8> {
    let mut out = vec![0; HEAD];
    wire::put_number(&mut out, tail.cursors.len() as u64);
    for (sink, cursor) in &tail.cursors {
        event::put_cursor(&mut out, Timestamp(0), sink, cursor);
    }
    wire::put_number(&mut out, tail.trimmed.0);
    wire::put_number(&mut out, tail.commits.len() as u64);
    for commit in &tail.commits {
        put_committed(&mut out, commit);
    }
    tables.store(&mut out);
    seal(&mut out, covered);
    out
}

/// Writes the head of a snapshot, for which room was left, in front of its payload.
pub(super) fn seal(out: &mut [u8], covered: u64) {
    let payload = out.get(HEAD..).unwrap_or_default();
    let (length, sum) = (payload.len() as u64, xxh3_64(payload));
    out[..4].copy_from_slice(&MAGIC);
    out[4..12].copy_from_slice(&covered.to_le_bytes());
    out[12..20].copy_from_slice(&length.to_le_bytes());
    out[20..HEAD].copy_from_slice(&sum.to_le_bytes());
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

/// Puts a snapshot in place and removes what it makes superfluous: older snapshots, and segments it covers whole.
pub(super) fn put(folder: &Path, files: &dyn FileLayer, covers: u64, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name(covers));
    let failed = |cause| Error::io(format!("writing {}", path.display()), cause);
    files.replace(&path, bytes).map_err(failed)?;
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
pub(super) fn newest(
    folder: &Path,
    files: &dyn FileLayer,
    limits: Limits,
    pace: Pace,
) -> Result<(Tables, Tail, u64)> {
    let names =
        files.list(folder).map_err(|cause| Error::io(format!("reading {}", folder.display()), cause))?;
    let Some(covers) = names.iter().filter_map(|name| covered(name)).max() else {
        return Ok((Tables::new(limits, pace), Tail::default(), 0));
    };
    let path = folder.join(name(covers));
    let bytes = files.read(&path).map_err(|cause| Error::io(format!("reading {}", path.display()), cause))?;
    let payload =
        payload(&bytes, covers).ok_or_else(|| damage(&path, 0, "it does not match its checksum"))?;
    decode(payload, limits, pace)
        .map(|(tables, tail)| (tables, tail, covers))
        .map_err(|_| damage(&path, HEAD, "its content cannot be read"))
}

fn payload(bytes: &[u8], covers: u64) -> Option<&[u8]> {
    let long = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let payload = bytes.get(HEAD..)?;
    let good = bytes.starts_with(&MAGIC)
        && long(4)? == covers
        && long(12)? == payload.len() as u64
        && long(20)? == xxh3_64(payload);
    good.then_some(payload)
}

fn decode(payload: &[u8], limits: Limits, pace: Pace) -> Result<(Tables, Tail), Damaged> {
    let mut reader = Reader::new(payload);
    let mut tail = Tail::default();
    for _ in 0..reader.number()? {
        let (_, event) = event::read(&mut reader)?;
        let event::Event::Cursor(sink, cursor) = event else { return Err(Damaged) };
        let cursor: Cursor = cursor;
        tail.cursors.insert(sink, cursor);
    }
    tail.trimmed = Lsn(reader.number()?);
    tail.commits = reader.list(read_committed)?.into();
    let tables = Tables::load(&mut reader, limits, pace)?;
    if reader.is_empty() { Ok((tables, tail)) } else { Err(Damaged) }
}
