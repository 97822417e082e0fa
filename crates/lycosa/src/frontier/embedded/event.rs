//! Events: what the log says happened, in the order it happened. Applied again, they give the same tables.

use crate::model::wire::{self, Damaged, Reader};
use crate::model::{
    Attempt, Commit, CommitNotes, Cursor, Discovered, Extension, HostUpdate, Lsn, Nack, Outcome, Payload,
    RequestKind, Retry, SiteKey, Timestamp, Token, UrlKey,
};

/// A lease as the log remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaseEvent {
    pub(crate) token: u64,
    pub(crate) site: u32,
    pub(crate) origin: u32,
    pub(crate) kind: RequestKind,
    pub(crate) key: UrlKey,
    pub(crate) bytes: u64,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Added(Vec<Discovered>),
    Leased(Vec<LeaseEvent>),
    /// These leases ran out and their URLs were opened again.
    Expired(Vec<u64>),
    /// A commit, and whether levels were served one by one then.
    Committed(Box<Commit>, bool),
    Nacked(Box<Nack>),
    Extended(Extension),
    Host(Box<HostUpdate>),
    Cursor(String, Cursor),
    Trimmed(Lsn),
    /// The crawl was opened: leases open before are open no more.
    Opened,
    /// URLs that had an outcome wait again.
    Again(Vec<Discovered>),
    /// URLs came from another crawl with their outcomes.
    TakenIn(Vec<(Discovered, Outcome)>),
    /// A site rests until then by hand; the moment 0 ends that.
    Barred(SiteKey, Timestamp),
    /// Links that arrived were looked for on disk, and those that are new were accepted.
    Decided,
}

pub(super) fn put_added(out: &mut Vec<u8>, now: Timestamp, list: &[Discovered]) {
    begin(out, 1, now);
    wire::put_discoveries(out, list);
}

pub(super) fn put_leased(out: &mut Vec<u8>, now: Timestamp, leases: &[LeaseEvent]) {
    begin(out, 2, now);
    wire::put_list(out, leases, |out, lease| {
        wire::put_number(out, lease.token);
        wire::put_number(out, u64::from(lease.site));
        wire::put_number(out, u64::from(lease.origin));
        let kind = RequestKind::ALL.iter().position(|kind| *kind == lease.kind).unwrap_or(0);
        wire::put_number(out, kind as u64);
        out.extend_from_slice(&lease.key.0.to_le_bytes());
        wire::put_number(out, lease.bytes);
    });
}

pub(super) fn put_expired(out: &mut Vec<u8>, now: Timestamp, tokens: &[u64]) {
    begin(out, 3, now);
    wire::put_list(out, tokens, |out, token| wire::put_number(out, *token));
}

pub(super) fn put_committed(out: &mut Vec<u8>, now: Timestamp, commit: &Commit, by_level: bool) {
    begin(out, 4, now);
    wire::put_number(out, commit.token.0);
    wire::put_outcome(out, &commit.outcome);
    wire::put_list(out, &commit.attempts, wire::put_attempt);
    let records = match &commit.payload {
        Payload::Inline(records) => records.as_slice(),
        Payload::Segment { .. } => &[],
    };
    wire::put_list(out, records, wire::put_record);
    wire::put_discoveries(out, &commit.outlinks);
    wire::put_option(out, commit.host_update.as_ref(), wire::put_host_update);
    let (asked_as, repeats) = (commit.notes.asked_as, &commit.notes.repeats);
    let [visits, dates] = [commit.revisit.is_some(), commit.dates.is_some()];
    let has = [commit.is_page, by_level, visits, dates, asked_as.is_some(), repeats.is_some()];
    out.push(has.iter().rev().fold(0, |flags, is| flags << 1 | u8::from(*is)));
    if let Some(revisit) = &commit.revisit {
        wire::put_revisit(out, revisit);
    }
    if let Some(dates) = &commit.dates {
        wire::put_dates(out, dates);
    }
    wire::put_notes(out, &commit.notes);
    out.extend(asked_as.map(|kind| wire::code_of(&RequestKind::ALL, &kind)));
    if let Some(repeated) = repeats {
        wire::put_repeated(out, repeated);
    }
}

pub(super) fn put_nacked(out: &mut Vec<u8>, now: Timestamp, nack: &Nack) {
    begin(out, 5, now);
    wire::put_number(out, nack.token.0);
    wire::put_option(out, nack.attempt.as_ref(), wire::put_attempt);
    wire::put_number(out, nack.retry.not_before.0);
    wire::put_option(out, nack.retry.block_site_until, |out, until| wire::put_number(out, until.0));
    out.push(u8::from(nack.retry.counts));
}

pub(super) fn put_extended(out: &mut Vec<u8>, now: Timestamp, wish: &Extension) {
    begin(out, 6, now);
    wire::put_number(out, wish.token.0);
    wire::put_span(out, wish.for_time);
    wire::put_number(out, wish.bytes);
}

pub(super) fn put_host(out: &mut Vec<u8>, now: Timestamp, update: &HostUpdate) {
    begin(out, 7, now);
    wire::put_host_update(out, update);
}

pub(super) fn put_cursor(out: &mut Vec<u8>, now: Timestamp, sink: &str, cursor: &Cursor) {
    begin(out, 8, now);
    wire::put_text(out, sink);
    wire::put_number(out, cursor.lsn.0);
    wire::put_text(out, &cursor.position);
}

pub(super) fn put_trimmed(out: &mut Vec<u8>, now: Timestamp, to: Lsn) {
    begin(out, 9, now);
    wire::put_number(out, to.0);
}

pub(super) fn put_opened(out: &mut Vec<u8>, now: Timestamp) {
    begin(out, 10, now);
}

pub(super) fn put_again(out: &mut Vec<u8>, now: Timestamp, list: &[Discovered]) {
    begin(out, 20, now);
    wire::put_discoveries(out, list);
}

pub(super) fn put_taken_in(out: &mut Vec<u8>, now: Timestamp, list: &[(Discovered, Outcome)]) {
    begin(out, 21, now);
    wire::put_list(out, list, |out, (found, outcome)| {
        wire::put_discovered(out, found, None);
        wire::put_outcome(out, outcome);
    });
}

pub(super) fn put_barred(out: &mut Vec<u8>, now: Timestamp, site: &SiteKey, until: Timestamp) {
    begin(out, 22, now);
    wire::put_text(out, &site.0);
    wire::put_number(out, until.0);
}

pub(super) fn put_decided(out: &mut Vec<u8>, now: Timestamp) {
    begin(out, 23, now);
}

fn begin(out: &mut Vec<u8>, kind: u8, now: Timestamp) {
    out.push(kind);
    wire::put_number(out, now.0);
}

/// Reads one event and the moment it happened.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<(Timestamp, Event), Damaged> {
    let kind = reader.byte()?;
    let now = reader.time()?;
    let event = match kind {
        1 => Event::Added(wire::read_discoveries(reader)?),
        2 => Event::Leased(reader.list(read_lease)?),
        3 => Event::Expired(reader.list(Reader::number)?),
        4 => read_commit(reader)?,
        5 => Event::Nacked(Box::new(read_nack(reader)?)),
        6 => Event::Extended(Extension {
            token: Token(reader.number()?),
            for_time: reader.span()?,
            bytes: reader.number()?,
        }),
        7 => Event::Host(Box::new(wire::read_host_update(reader)?)),
        8 => {
            let sink = reader.text()?.to_owned();
            Event::Cursor(sink, Cursor { lsn: Lsn(reader.number()?), position: reader.text()?.to_owned() })
        }
        9 => Event::Trimmed(Lsn(reader.number()?)),
        10 => Event::Opened,
        20 => Event::Again(wire::read_discoveries(reader)?),
        21 => Event::TakenIn(reader.list(|reader| {
            let found = wire::read_discovered(reader, None)?;
            Ok((found, wire::read_outcome(reader)?))
        })?),
        22 => Event::Barred(SiteKey(reader.text()?.into()), reader.time()?),
        23 => Event::Decided,
        _ => return Err(Damaged),
    };
    Ok((now, event))
}

fn read_lease(reader: &mut Reader<'_>) -> Result<LeaseEvent, Damaged> {
    Ok(LeaseEvent {
        token: reader.number()?,
        site: reader.small()?,
        origin: reader.small()?,
        kind: *RequestKind::ALL
            .get(usize::try_from(reader.number()?).map_err(|_| Damaged)?)
            .ok_or(Damaged)?,
        key: UrlKey(reader.fixed64()?),
        bytes: reader.number()?,
    })
}

fn read_commit(reader: &mut Reader<'_>) -> Result<Event, Damaged> {
    let mut commit = Commit {
        token: Token(reader.number()?),
        outcome: wire::read_outcome(reader)?,
        attempts: reader.list(wire::read_attempt)?,
        payload: Payload::Inline(reader.list(wire::read_record)?),
        outlinks: wire::read_discoveries(reader)?,
        host_update: reader.option(wire::read_host_update)?,
        is_page: false,
        notes: CommitNotes::default(),
        revisit: None,
        dates: None,
    };
    let flags = reader.byte()?;
    commit.is_page = flags & 1 != 0;
    if flags & 4 != 0 {
        commit.revisit = Some(wire::read_revisit(reader)?);
    }
    if flags & 8 != 0 {
        commit.dates = Some(wire::read_dates(reader)?);
    }
    commit.notes = wire::read_notes(reader)?;
    if flags & 16 != 0 {
        commit.notes.asked_as = Some(reader.one_of(&RequestKind::ALL)?);
    }
    if flags & 32 != 0 {
        commit.notes.repeats = Some(wire::read_repeated(reader)?);
    }
    Ok(Event::Committed(Box::new(commit), flags & 2 != 0))
}

fn read_nack(reader: &mut Reader<'_>) -> Result<Nack, Damaged> {
    let token = Token(reader.number()?);
    let attempt: Option<Attempt> = reader.option(wire::read_attempt)?;
    let retry = Retry {
        not_before: reader.time()?,
        block_site_until: reader.option(Reader::time)?,
        counts: reader.byte()? != 0,
    };
    Ok(Nack { token, attempt, retry })
}
