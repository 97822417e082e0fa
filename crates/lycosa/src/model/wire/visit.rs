//! Visits as bytes: numbers and the two validators.

use std::time::Duration;

use super::{Damaged, Read, Reader, put_number, put_option, put_text};
use crate::model::{Revisit, Timestamp, Visit};

/// A visit to come.
pub(crate) fn put_revisit(out: &mut Vec<u8>, revisit: &Revisit) {
    put_number(out, revisit.due.0);
    put_visit(out, &revisit.visit);
}

pub(crate) fn read_revisit(reader: &mut Reader<'_>) -> Read<Revisit> {
    Ok(Revisit { due: reader.time()?, visit: read_visit(reader)? })
}

/// A page as its last visit left it. Spans are kept in milliseconds.
fn put_visit(out: &mut Vec<u8>, visit: &Visit) {
    put_number(out, visit.at.0);
    put_option(out, visit.changed_at, |out, at| put_number(out, at.0));
    put_number(out, u64::from(visit.changes));
    for span in [visit.exposure, visit.quiet, visit.gap] {
        put_number(out, u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    }
    out.extend([visit.hits, visit.misses, visit.dates_right, visit.dates_wrong, visit.unproven]);
    out.push(u8::from(visit.lied));
    out.extend_from_slice(&visit.content.to_le_bytes());
    put_option(out, visit.etag.as_deref(), put_text);
    put_option(out, visit.last_modified.as_deref(), put_text);
}

fn read_visit(reader: &mut Reader<'_>) -> Read<Visit> {
    let span = |reader: &mut Reader<'_>| reader.number().map(Duration::from_millis);
    Ok(Visit {
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
        lied: reader.byte()? != 0,
        content: reader.fixed64()?,
        etag: reader.option(|reader| reader.text().map(Box::from))?,
        last_modified: reader.option(|reader| reader.text().map(Box::from))?,
    })
}
