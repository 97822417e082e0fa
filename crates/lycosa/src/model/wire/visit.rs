//! Visits as bytes: numbers and the two validators.

use std::time::Duration;

use super::{Damaged, Read, Reader, put_number, put_option, put_text};
use crate::model::{Revisit, Timestamp, Visit};

/// A visit to come.
pub(crate) fn put_revisit(out: &mut Vec<u8>, revisit: &Revisit) {
    let flags = u64::from(revisit.by_hand) | u64::from(revisit.lapsed) << 1;
    put_number(out, revisit.due.0 << 2 | flags);
    put_visit(out, &revisit.visit, revisit.told);
}

pub(crate) fn read_revisit(reader: &mut Reader<'_>) -> Read<Revisit> {
    let number = reader.number()?;
    let (due, by_hand, lapsed) = (Timestamp(number >> 2), number & 1 != 0, number & 2 != 0);
    let (visit, told) = read_visit(reader)?;
    Ok(Revisit { due, visit, told, by_hand, lapsed })
}

/// Bits of the byte that says what else there is.
mod flag {
    pub(super) const LIED: u8 = 1;
    pub(super) const LISTED: u8 = 2;
    pub(super) const TOLD: u8 = 4;
}

/// A page as its last visit left it. Spans are kept in milliseconds.
fn put_visit(out: &mut Vec<u8>, visit: &Visit, told: Option<Timestamp>) {
    put_number(out, visit.at.0);
    put_option(out, visit.changed_at, |out, at| put_number(out, at.0));
    put_number(out, u64::from(visit.changes));
    for span in [visit.exposure, visit.quiet, visit.gap] {
        put_number(out, u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    }
    out.extend([visit.hits, visit.misses, visit.dates_right, visit.dates_wrong, visit.unproven]);
    let flags =
        [(visit.lied, flag::LIED), (visit.listed_at.is_some(), flag::LISTED), (told.is_some(), flag::TOLD)];
    out.push(flags.iter().fold(0, |all, (is, bit)| if *is { all | bit } else { all }));
    [visit.listed_at, told].into_iter().flatten().for_each(|date| put_number(out, date.0));
    out.extend_from_slice(&visit.content.to_le_bytes());
    put_option(out, visit.etag.as_deref(), put_text);
    put_option(out, visit.last_modified.as_deref(), put_text);
}

fn read_visit(reader: &mut Reader<'_>) -> Read<(Visit, Option<Timestamp>)> {
    let span = |reader: &mut Reader<'_>| reader.number().map(Duration::from_millis);
    let mut visit = Visit {
        at: reader.time()?,
        changed_at: reader.option(|reader| reader.number().map(Timestamp))?,
        changes: u16::try_from(reader.number()?).map_err(|_| Damaged)?,
        exposure: span(reader)?,
        quiet: span(reader)?,
        gap: span(reader)?,
        hits: reader.byte()?,
        misses: reader.byte()?,
        dates_right: reader.byte()?,
        dates_wrong: reader.byte()?,
        unproven: reader.byte()?,
        ..Visit::default()
    };
    let flags = reader.byte()?;
    let mut date = |bit: u8| (flags & bit != 0).then(|| reader.time()).transpose();
    let told;
    (visit.lied, visit.listed_at, told) = (flags & flag::LIED != 0, date(flag::LISTED)?, date(flag::TOLD)?);
    visit.content = reader.fixed64()?;
    visit.etag = reader.option(|reader| reader.text().map(Box::from))?;
    visit.last_modified = reader.option(|reader| reader.text().map(Box::from))?;
    Ok((visit, told))
}
