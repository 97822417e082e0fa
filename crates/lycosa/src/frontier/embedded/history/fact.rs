//! One fact: how a lease of a URL ended, that it was given back, that the URL waits again, that it was refused, or that a
//! site rests.

use std::sync::Arc;

use crate::frontier::tables::Tables;
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{
    Attempt, Commit, CommitNotes, Discovered, Exclusion, Lsn, Nack, Outcome, Payload, RecordKind, Repeated,
    SiteKey, Timestamp,
};

/// How a visit of a URL ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The URL as it was leased: request, depth, parent, generation; its kind is what it was asked for as.
    pub found: Discovered,
    /// What became of it.
    pub outcome: Outcome,
    /// The requests of its last lease.
    pub attempts: Vec<Attempt>,
    /// Links on the page.
    pub links: u32,
    /// Links that were new to the crawl.
    pub new_links: u32,
    /// How many links were refused, by reason.
    pub refused: Vec<(Exclusion, u32)>,
    /// Records it gave, of every kind.
    pub records: u32,
    /// Items among them.
    pub items: u32,
    /// Whether it counted as a page.
    pub is_page: bool,
    /// What its page repeats, when it gave no record for that.
    pub repeats: Option<Repeated>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A visit ended.
    Ended(Box<Ended>),
    /// A request was sent and will be repeated.
    Tried {
        /// The request.
        attempt: Option<Attempt>,
        /// Not before this moment.
        not_before: Timestamp,
        /// The whole site rests until then.
        block_site_until: Option<Timestamp>,
    },
    /// It waits again after its outcome, as this visit.
    Again {
        /// The visit's number.
        generation: u32,
    },
    /// A link to it was refused.
    Refused {
        /// The URL.
        url: Box<str>,
        /// Why.
        reason: Exclusion,
        /// The page with the link.
        parent: Arc<str>,
    },
    /// A site rests.
    Rests {
        /// Until then.
        until: Timestamp,
        /// Why, in words.
        why: Box<str>,
    },
}

/// A fact and its place in time.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The event that said it.
    pub lsn: Lsn,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: Happened,
}

/// What is taken down of a commit before it is applied.
#[derive(Debug)]
pub(in crate::frontier::embedded) struct Story {
    pub(super) found: Discovered,
    attempts: Vec<Attempt>,
    pub(super) notes: CommitNotes,
    new_links: u32,
    records: u32,
    items: u32,
    is_page: bool,
    /// The site that rests after it, and until when.
    pub(super) rests: Option<(SiteKey, Timestamp)>,
}

impl Story {
    /// Of a commit whose lease is open; `None` for robots.txt, which is no URL of the crawl.
    pub(super) fn of(tables: &Tables, commit: &Commit) -> Option<Self> {
        let mut found = tables.leased(commit.token.0).filter(|found| found.key.0 != 0)?;
        found.request.kind = commit.notes.asked_as.unwrap_or(found.request.kind);
        let records = match &commit.payload {
            Payload::Inline(records) => records.as_slice(),
            Payload::Segment { .. } => &[],
        };
        let items = records.iter().filter(|record| matches!(record.kind, RecordKind::Item(_))).count();
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Self {
            found,
            attempts: commit.attempts.clone(),
            notes: commit.notes.clone(),
            new_links: small(commit.outlinks.len()),
            records: small(records.len()),
            items: small(items),
            is_page: commit.is_page,
            rests: commit
                .host_update
                .as_ref()
                .and_then(|update| Some((update.site.clone(), update.block_until?))),
        })
    }

    /// Of a URL whose visit is only known by its outcome.
    pub(super) fn bare(found: Discovered) -> Self {
        let (attempts, notes) = (Vec::new(), CommitNotes::default());
        Self { found, attempts, notes, new_links: 0, records: 0, items: 0, is_page: false, rests: None }
    }
}

fn begin(out: &mut Vec<u8>, kind: u8, now: Timestamp) {
    out.push(kind);
    wire::put_number(out, now.0);
}

pub(super) fn put_ended(out: &mut Vec<u8>, now: Timestamp, story: &Story, outcome: &Outcome) {
    begin(out, 0, now);
    wire::put_discovered(out, &story.found, None);
    match outcome {
        Outcome::Redirect { status, to, .. } => {
            let (status, to) = (*status, to.clone());
            wire::put_outcome(out, &Outcome::Redirect { status, to, if_known: Vec::new() });
        }
        other => wire::put_outcome(out, other),
    }
    wire::put_list(out, &story.attempts, wire::put_attempt);
    let (links, refused) = (story.notes.links, story.notes.refused.clone());
    let notes = CommitNotes { links, refused, ..CommitNotes::default() };
    wire::put_notes(out, &notes);
    for count in [story.new_links, story.records, story.items] {
        wire::put_number(out, u64::from(count));
    }
    let repeats = story.notes.repeats.as_ref();
    out.push(u8::from(story.is_page) | u8::from(repeats.is_some()) << 1);
    if let Some(repeated) = repeats {
        wire::put_repeated(out, repeated);
    }
}

pub(super) fn put_tried(out: &mut Vec<u8>, now: Timestamp, nack: &Nack) {
    begin(out, 1, now);
    wire::put_option(out, nack.attempt.as_ref(), wire::put_attempt);
    wire::put_number(out, nack.retry.not_before.0);
    wire::put_option(out, nack.retry.block_site_until, |out, until| wire::put_number(out, until.0));
}

pub(super) fn put_again(out: &mut Vec<u8>, now: Timestamp, generation: u32) {
    begin(out, 2, now);
    wire::put_number(out, u64::from(generation));
}

pub(super) fn put_refused(out: &mut Vec<u8>, now: Timestamp, url: &str, reason: Exclusion, parent: &str) {
    begin(out, 3, now);
    wire::put_text(out, url);
    out.push(wire::code_of(&Exclusion::ALL, &reason));
    wire::put_text(out, parent);
}

pub(super) fn put_rests(out: &mut Vec<u8>, now: Timestamp, until: Timestamp, why: &str) {
    begin(out, 4, now);
    wire::put_number(out, until.0);
    wire::put_text(out, why);
}

/// Reads what one of the functions above wrote.
pub(super) fn read(lsn: u64, bytes: &[u8]) -> Result<Fact, Damaged> {
    let mut reader = Reader::new(bytes);
    let (kind, at) = (reader.byte()?, reader.time()?);
    let what = match kind {
        0 => Happened::Ended(Box::new(read_ended(&mut reader)?)),
        1 => Happened::Tried {
            attempt: reader.option(wire::read_attempt)?,
            not_before: reader.time()?,
            block_site_until: reader.option(Reader::time)?,
        },
        2 => Happened::Again { generation: reader.small()? },
        3 => Happened::Refused {
            url: reader.text()?.into(),
            reason: reader.one_of(&Exclusion::ALL)?,
            parent: reader.text()?.into(),
        },
        4 => Happened::Rests { until: reader.time()?, why: reader.text()?.into() },
        _ => return Err(Damaged),
    };
    if reader.is_empty() { Ok(Fact { lsn: Lsn(lsn), at, what }) } else { Err(Damaged) }
}

fn read_ended(reader: &mut Reader<'_>) -> Result<Ended, Damaged> {
    let found = wire::read_discovered(reader, None)?;
    let outcome = wire::read_outcome(reader)?;
    let attempts = reader.list(wire::read_attempt)?;
    let notes = wire::read_notes(reader)?;
    let (new_links, records, items) = (reader.small()?, reader.small()?, reader.small()?);
    let flags = reader.byte()?;
    let repeats = (flags & 2 != 0).then(|| wire::read_repeated(reader)).transpose()?;
    let (links, refused, is_page) = (notes.links, notes.refused, flags & 1 != 0);
    Ok(Ended { found, outcome, attempts, links, new_links, refused, records, items, is_page, repeats })
}
