//! The stored form of attempts and of what a commit notes for later questions.

use std::net::SocketAddr;

use super::{
    Damaged, Read, Reader, code_of, put_list, put_number, put_option, put_span, put_text, read_status,
};
use crate::model::{Attempt, CommitNotes, Content, Exclusion, RefusedLink, Repeated, Timings, UrlKey};

/// An attempt.
pub(crate) fn put_attempt(out: &mut Vec<u8>, attempt: &Attempt) {
    put_number(out, attempt.at.0);
    put_span(out, attempt.duration);
    put_number(out, u64::from(attempt.status.unwrap_or(0)));
    put_option(out, attempt.failure.as_deref(), put_text);
    put_option(out, attempt.peer, |out, peer| put_text(out, &peer.to_string()));
    put_number(out, attempt.wire_bytes);
    put_option(out, attempt.content, |out, content| out.push(code_of(&Content::ALL, &content)));
    let Timings { dns, connect, tls, first_byte } = attempt.timings;
    let phases = [dns, connect, tls, first_byte];
    out.push((0..).zip(phases).map(|(bit, phase)| u8::from(phase.is_some()) << bit).sum());
    phases.into_iter().flatten().for_each(|phase| put_span(out, phase));
}

pub(crate) fn read_attempt(reader: &mut Reader<'_>) -> Read<Attempt> {
    Ok(Attempt {
        at: reader.time()?,
        duration: reader.span()?,
        status: read_status(reader).map(|status| (status != 0).then_some(status))?,
        failure: reader.option(|reader| reader.text().map(Box::from))?,
        peer: reader.option(|reader| reader.text()?.parse::<SocketAddr>().map_err(|_| Damaged))?,
        wire_bytes: reader.number()?,
        content: reader.option(|reader| reader.one_of(&Content::ALL))?,
        timings: read_timings(reader)?,
    })
}

fn read_timings(reader: &mut Reader<'_>) -> Read<Timings> {
    let flags = reader.byte()?;
    let mut phase = |bit: u8| (flags >> bit & 1 != 0).then(|| reader.span()).transpose();
    Ok(Timings { dns: phase(0)?, connect: phase(1)?, tls: phase(2)?, first_byte: phase(3)? })
}

/// The notes of a commit, but for what was asked for and what the page repeats: most have neither.
pub(crate) fn put_notes(out: &mut Vec<u8>, notes: &CommitNotes) {
    put_number(out, u64::from(notes.links));
    put_list(out, &notes.refused, |out, (reason, count)| {
        out.push(code_of(&Exclusion::ALL, reason));
        put_number(out, u64::from(*count));
    });
    put_list(out, &notes.samples, |out, link| {
        out.extend_from_slice(&link.key.0.to_le_bytes());
        out.push(code_of(&Exclusion::ALL, &link.reason));
        put_text(out, &link.url);
    });
}

pub(crate) fn read_notes(reader: &mut Reader<'_>) -> Read<CommitNotes> {
    Ok(CommitNotes {
        links: reader.small()?,
        refused: reader.list(|reader| Ok((reader.one_of(&Exclusion::ALL)?, reader.small()?)))?,
        samples: reader.list(|reader| {
            let (key, reason) = (UrlKey(reader.fixed64()?), reader.one_of(&Exclusion::ALL)?);
            Ok(RefusedLink { key, reason, url: reader.text()?.into() })
        })?,
        asked_as: None,
        repeats: None,
    })
}

pub(crate) fn put_repeated(out: &mut Vec<u8>, repeated: &Repeated) {
    put_text(out, &repeated.url);
    out.push(u8::from(repeated.nearly));
}

pub(crate) fn read_repeated(reader: &mut Reader<'_>) -> Read<Repeated> {
    Ok(Repeated { url: reader.text()?.into(), nearly: reader.byte()? != 0 })
}
