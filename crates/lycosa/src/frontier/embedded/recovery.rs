//! Reading a state again: the newest snapshot, the log after it, and what to think of its end.
//!
//! Only the last frame of the last segment can be incomplete, because a frame is written and synced before the
//! next one is begun. So an unreadable end is what a crash leaves and is cut off, and reported; an unreadable frame
//! with a good one anywhere after it, or in a segment that is not the last, is damage, and nothing is touched.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backlog::BacklogFiles;
use super::event::{self, Event};
use super::files::FileLayer;
use super::folder;
use super::frame;
use super::history::{self, History};
use super::log::segment_first;
use super::seen::SeenFiles;
use super::snapshot;
use super::state::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{LeaseName, Rules, Tables};
use crate::model::wire::Reader;
use crate::model::{Limits, Lsn, Pace, Timestamp};
use crate::scope::Fingerprint;

/// What was found when a state was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Events read from the log after the snapshot.
    pub replayed: u64,
    /// Leases that were open when the process ended; their URLs are fetched again.
    pub reopened: u64,
    /// Bytes of an unfinished write at the end of the log that were cut off.
    pub cut: u64,
}

/// A state in memory again.
pub(super) struct Recovered {
    pub(super) tables: Tables,
    pub(super) tail: Tail,
    pub(super) last: u64,
    /// What the clock showed at the last event; a new run's may show less.
    pub(super) last_time: Timestamp,
    pub(super) recovery: Recovery,
    /// The segment to go on with and its length, if there is one.
    pub(super) segment: Option<(PathBuf, u64)>,
    /// Bytes of log since the snapshot.
    pub(super) since_snapshot: u64,
    pub(super) history: History,
}

/// How a state is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct How {
    /// Whether facts are kept.
    pub(super) history: bool,
    /// Whether the depth limit and the rule about robots.txt stay those of the state.
    pub(super) as_stored: bool,
    /// Whether nothing may be written.
    pub(super) only_look: bool,
    /// Bytes of fingerprints in memory.
    pub(super) seen_memory: usize,
}

/// Reads everything.
pub(super) fn recover(
    folder: &Path,
    layer: &Arc<dyn FileLayer>,
    rules: (Limits, Pace),
    how: How,
    fingerprint: Fingerprint,
) -> Result<Recovered> {
    let state = read_all(folder, layer, rules, how, (fingerprint, u64::MAX))?;
    if state.history.covered() <= state.last {
        return Ok(state);
    }
    // The log lost its end with the power, what was made of it was safe: it may never have happened.
    if !how.only_look {
        history::remove_after(folder, &**layer, state.last)?;
    }
    read_all(folder, layer, rules, how, (fingerprint, state.last))
}

fn read_all(
    folder: &Path,
    layer: &Arc<dyn FileLayer>,
    (limits, pace): (Limits, Pace),
    how: How,
    (fingerprint, believed): (Fingerprint, u64),
) -> Result<Recovered> {
    let files = &**layer;
    let mut empty = Tables::new(limits, pace).with_fingerprint(fingerprint);
    if how.as_stored {
        empty.keep_rules();
    }
    empty.overflow_into(Box::new(BacklogFiles::new(folder, layer.clone())?));
    empty.keep_seen_in(Box::new(SeenFiles::new(folder, layer.clone(), how.seen_memory)));
    let (tables, tail, covered) = snapshot::newest(folder, files, empty)?;
    tables.trouble().map_or(Ok(()), Err)?;
    let mut segments = segments(folder, files)?;
    // Segments that the snapshot covers whole need not be read: the next one begins at or before its end.
    while segments.len() > 1 && segments.get(1).is_some_and(|(first, _)| *first <= covered + 1) {
        segments.remove(0);
    }
    let mut state = Recovered {
        last: covered,
        last_time: tail.seen,
        recovery: Recovery::default(),
        segment: None,
        since_snapshot: 0,
        history: History::open(folder, files, how.history, believed)?,
        tables,
        tail,
    };
    let count = segments.len();
    if count == 0 && covered > 0 {
        // A snapshot always leaves the last segment beside it.
        return Err(damage(folder, 0, "the log after the snapshot is missing"));
    }
    for (place, (first, path)) in segments.into_iter().enumerate() {
        if first > state.last + 1 {
            return Err(damage(&path, 0, "events are missing before it"));
        }
        state.read_segment(&path, files, place + 1 == count)?;
    }
    let durable_cursor = state.tail.cursors.values().map(|cursor| cursor.lsn.0).max().unwrap_or(0);
    if durable_cursor > state.last {
        let (path, length) = state.segment.unwrap_or_else(|| (folder.to_owned(), 0));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        return Err(damage(&path, length, "the outputs are ahead of the log, whose end is missing"));
    }
    Ok(state)
}

fn segments(folder: &Path, files: &dyn FileLayer) -> Result<Vec<(u64, PathBuf)>> {
    let names = folder::names(folder, files)?;
    let mut found: Vec<_> =
        names.iter().filter_map(|name| Some((segment_first(name)?, folder.join(name)))).collect();
    found.sort_unstable();
    Ok(found)
}

pub(super) fn damage(path: &Path, offset: usize, what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the state file {} is damaged at byte {offset}: {what}", path.display()),
    )
    .with_hint("nothing was changed; restore the folder from a copy, or begin anew with --fresh")
}

impl Recovered {
    fn read_segment(&mut self, path: &Path, files: &dyn FileLayer, last: bool) -> Result<()> {
        let bytes =
            files.read(path).map_err(|cause| Error::io(format!("reading {}", path.display()), cause))?;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(frame) = frame::read(rest) else {
                if !last || frame::follows(rest) {
                    return Err(damage(path, at, "a frame does not match its checksum"));
                }
                files
                    .truncate(path, at as u64)
                    .map_err(|cause| folder::unwritten(format!("cutting {}", path.display()), cause))?;
                self.recovery.cut += rest.len() as u64;
                break;
            };
            self.read_frame(path, at, frame)?;
            at += frame.length;
        }
        self.since_snapshot += at as u64;
        self.segment = Some((path.to_owned(), at as u64));
        Ok(())
    }

    fn read_frame(&mut self, path: &Path, at: usize, frame: frame::Frame<'_>) -> Result<()> {
        let mut reader = Reader::new(frame.payload);
        let mut lsn = frame.first_lsn;
        while !reader.is_empty() {
            let (now, event) =
                event::read(&mut reader).map_err(|_| damage(path, at, "an event cannot be read"))?;
            if lsn > self.last {
                if lsn != self.last + 1 {
                    return Err(damage(path, at, "events are missing before it"));
                }
                let applies = self.apply(lsn, now, event);
                self.tables.trouble().map_or(Ok(()), Err)?;
                if !applies {
                    return Err(damage(path, at, "an event contradicts those before it"));
                }
                self.last = lsn;
                self.recovery.replayed += 1;
            }
            self.last_time = now;
            lsn += 1;
        }
        Ok(())
    }

    fn apply(&mut self, lsn: u64, now: Timestamp, event: Event) -> bool {
        match event {
            Event::Added(list) => list.into_iter().for_each(|found| {
                let _ = self.tables.add_again(found, now);
            }),
            Event::Leased(leases) => {
                return leases.into_iter().all(|lease| {
                    let event::LeaseEvent { token, site, origin, kind, key, bytes } = lease;
                    self.tables.lease_again(LeaseName { token, site, origin, kind, key, bytes }, now)
                });
            }
            Event::Expired(tokens) => {
                return tokens.into_iter().all(|token| self.tables.expire_one(token, now));
            }
            Event::Committed(commit, by_level) => {
                let story = self.history.story(lsn, &self.tables, &commit);
                let applied = self.tables.commit(*commit, now, Rules::Past { by_level });
                let Some(applied) = applied else { return false };
                self.history.ended(lsn, now, story, &applied.outcome);
                self.tail.push(Lsn(lsn), now, applied);
            }
            Event::Nacked(nack) => {
                self.history.given_back(lsn, now, &self.tables, &nack);
                return self.tables.nack(*nack, now);
            }
            Event::Extended(wish) => return self.tables.extend_again(wish, now).is_some(),
            Event::Host(update) => {
                self.history.learned(lsn, now, &update);
                self.tables.update_host(*update, now);
            }
            Event::Cursor(sink, cursor) => drop(self.tail.cursors.insert(sink, cursor)),
            Event::Trimmed(to) => self.tail.trim(to),
            Event::Decided => self.tables.decide_arrivals(now),
            Event::Opened => drop(self.tables.reopened(now, self.last_time)),
            Event::Again(list) => {
                self.history.again(lsn, now, &list);
                return self.tables.again_as_told(&list, now);
            }
            Event::TakenIn(list) => {
                self.history.taken_in(lsn, now, &list);
                return list.iter().all(|(found, outcome)| self.tables.take_in(found, outcome));
            }
            Event::Barred(site, until) => {
                self.history.rests(lsn, now, &site, until, history::BY_HAND);
                self.tables.bar(&site, until, now);
            }
        }
        true
    }
}
