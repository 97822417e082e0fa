//! The stored form of the words: versioned, compact, checked when read.
//!
//! Numbers are LEB128 varints, texts have their length in front, an option or variant is one byte. A plain GET costs
//! a byte of flags and its path. [`Reader`] never panics: bytes that are not what they should be give [`Damaged`].
//! What is left out: framing and checksums, which belong to the log.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod dates;
mod error;
mod notes;
mod visit;

pub(crate) use self::dates::{put_dates, put_site_dates, read_dates, read_site_dates};
use self::error::{put_error, read_error};
pub(crate) use self::notes::{put_attempt, put_notes, put_repeated, read_attempt, read_notes, read_repeated};
pub(crate) use self::visit::{put_revisit, read_revisit};
use super::{
    Discovered, Exclusion, Hop, HostUpdate, Origin, Outcome, Record, RecordId, RecordKind, Request,
    RequestKind, Robots, Scheme, SessionId, SiteKey, Timestamp, UrlKey,
};

/// Version of this encoding; stored with the state.
pub const VERSION: u32 = 1;

/// Elements of a list that room is made for before they are read.
const FEW: usize = 16;

/// The bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored bytes cannot be read")
    }
}

impl std::error::Error for Damaged {}

type Read<T> = Result<T, Damaged>;

/// Reads what was written by the `put_…` functions.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader at the beginning of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn byte(&mut self) -> Read<u8> {
        let (&byte, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(byte)
    }

    pub(crate) fn number(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    pub(crate) fn small(&mut self) -> Read<u32> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    pub(crate) fn fixed64(&mut self) -> Read<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>().ok_or(Damaged)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*head))
    }

    pub(crate) fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        let (head, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }

    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        // Every element takes a byte at least: a count beyond the rest is damage, not a reason to allocate.
        if count > self.0.len() {
            return Err(Damaged);
        }
        // Most lists have one element or none, for which a vector would make room for four.
        let mut list = Vec::with_capacity(count.min(FEW));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Damaged),
        }
    }

    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        self.number().map(Timestamp)
    }

    pub(crate) fn span(&mut self) -> Read<Duration> {
        self.number().map(Duration::from_micros)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Read<T> {
        let code = usize::from(self.byte()?);
        all.get(code).copied().ok_or(Damaged)
    }
}

pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are wanted")]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 0x80")]
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

pub(crate) fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            put(out, value);
        }
    }
}

pub(crate) fn put_list<T>(out: &mut Vec<u8>, list: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    put_number(out, list.len() as u64);
    list.iter().for_each(|element| put(out, element));
}

pub(crate) fn put_span(out: &mut Vec<u8>, span: Duration) {
    put_number(out, u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
}

pub(crate) fn code_of<T: PartialEq>(all: &[T], wanted: &T) -> u8 {
    let place = all.iter().position(|one| one == wanted).unwrap_or(all.len());
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// The origin, as text parts.
pub(crate) fn put_origin(out: &mut Vec<u8>, origin: &Origin) {
    out.push(u8::from(origin.scheme == Scheme::Https));
    put_text(out, &origin.host);
    put_number(out, u64::from(origin.port));
}

pub(crate) fn read_origin(reader: &mut Reader<'_>) -> Read<Origin> {
    let scheme = if reader.byte()? == 1 { Scheme::Https } else { Scheme::Http };
    let host = reader.text()?.into();
    let port = u16::try_from(reader.number()?).map_err(|_| Damaged)?;
    Ok(Origin { scheme, host, port })
}

/// What follows the origin in a request's URL when nothing else of the request needs keeping but kind, class, depth,
/// attempt and parent.
pub(crate) fn plain_path<'r>(request: &'r Request, origin: &Origin) -> Option<&'r str> {
    let special = request.method != http::Method::GET
        || !request.headers.is_empty()
        || !request.body.is_empty()
        || request.label.is_some()
        || !request.meta.is_empty()
        || request.session.0 != 0
        || request.generation != 0
        || request.revisit.is_some()
        || !request.chain.is_empty();
    if special {
        return None;
    }
    let rest =
        request.url.strip_prefix(origin.scheme.as_str())?.strip_prefix("://")?.strip_prefix(&*origin.host)?;
    let path = if origin.port == origin.scheme.default_port() {
        rest
    } else {
        rest.strip_prefix(':')?.strip_prefix(origin.port.to_string().as_str())?
    };
    path.starts_with('/').then_some(path)
}

/// A discovered URL. `near` is what its neighbours share: those of the same site, origin and parent cost little.
pub(crate) fn put_discovered(out: &mut Vec<u8>, found: &Discovered, near: Option<&Discovered>) {
    let same_origin = near.is_some_and(|near| near.site == found.site && near.origin == found.origin);
    let same_parent = near.is_some_and(|near| near.request.parent == found.request.parent);
    out.push(u8::from(same_origin) | u8::from(same_parent) << 1);
    out.extend_from_slice(&found.key.0.to_le_bytes());
    if !same_origin {
        put_text(out, &found.site.0);
        put_origin(out, &found.origin);
    }
    put_request(out, &found.request, &found.origin, !same_parent);
}

/// Reads a discovered URL.
pub(crate) fn read_discovered(reader: &mut Reader<'_>, near: Option<&Discovered>) -> Read<Discovered> {
    let flags = reader.byte()?;
    let key = UrlKey(reader.fixed64()?);
    let (site, origin) = if flags & 1 != 0 {
        let near = near.ok_or(Damaged)?;
        (near.site.clone(), near.origin.clone())
    } else {
        (SiteKey(reader.text()?.into()), read_origin(reader)?)
    };
    let mut request = read_request(reader, &origin, flags & 2 == 0)?;
    if flags & 2 != 0 {
        request.parent.clone_from(&near.ok_or(Damaged)?.request.parent);
    }
    Ok(Discovered { key, site, origin, request })
}

/// A list of discovered URLs, each written relative to the one before.
pub(crate) fn put_discoveries(out: &mut Vec<u8>, list: &[Discovered]) {
    put_number(out, list.len() as u64);
    let mut near = None;
    for found in list {
        put_discovered(out, found, near);
        near = Some(found);
    }
}

pub(crate) fn read_discoveries(reader: &mut Reader<'_>) -> Read<Vec<Discovered>> {
    let mut near: Option<Discovered> = None;
    let mut list = reader.list(|reader| {
        let found = read_discovered(reader, near.as_ref())?;
        near = Some(found.clone());
        Ok(found)
    })?;
    list.shrink_to_fit();
    Ok(list)
}

/// A request whose origin is known.
pub(crate) fn put_request(out: &mut Vec<u8>, request: &Request, origin: &Origin, with_parent: bool) {
    let path = plain_path(request, origin);
    let kind = code_of(&RequestKind::ALL, &request.kind);
    out.push(u8::from(path.is_some()) | (request.class & 3) << 1 | kind << 3);
    put_number(out, u64::from(request.depth));
    put_number(out, u64::from(request.attempt));
    if with_parent {
        put_option(out, request.parent.as_deref(), put_text);
    }
    match path {
        Some(path) => put_text(out, path),
        None => put_special(out, request),
    }
}

/// A request whole, but for what its surroundings say (kind, class, depth, attempt, parent).
pub(crate) fn put_special(out: &mut Vec<u8>, request: &Request) {
    put_text(out, &request.url);
    put_text(out, request.method.as_str());
    put_list(out, &request.headers, |out, (name, value)| {
        put_text(out, name);
        put_text(out, value);
    });
    put_bytes(out, &request.body);
    put_option(out, request.label.as_deref(), put_text);
    put_number(out, request.meta.len() as u64);
    for (name, value) in &request.meta {
        put_text(out, name);
        put_text(out, value);
    }
    put_number(out, u64::from(request.session.0));
    put_number(out, u64::from(request.generation));
    put_list(out, &request.chain, |out, hop| {
        put_text(out, &hop.url);
        put_number(out, u64::from(hop.status));
    });
    put_option(out, request.revisit.as_deref(), put_revisit);
}

pub(crate) fn read_request(reader: &mut Reader<'_>, origin: &Origin, with_parent: bool) -> Read<Request> {
    let flags = reader.byte()?;
    let kind = *RequestKind::ALL.get(usize::from(flags >> 3)).ok_or(Damaged)?;
    let class = flags >> 1 & 3;
    let (depth, attempt) = (reader.small()?, reader.small()?);
    let parent = if with_parent { reader.option(|reader| reader.text().map(Arc::from))? } else { None };
    let request = if flags & 1 != 0 {
        Request::get(format!("{origin}{}", reader.text()?))
    } else {
        read_special(reader)?
    };
    Ok(Request { kind, class, depth, attempt, parent, ..request })
}

/// Reads what [`put_special`] wrote.
pub(crate) fn read_special(reader: &mut Reader<'_>) -> Read<Request> {
    let mut request = Request::get(reader.text()?);
    request.method = http::Method::from_bytes(reader.bytes()?).map_err(|_| Damaged)?;
    request.headers = reader.list(|reader| Ok((reader.text()?.into(), reader.text()?.into())))?;
    request.body = bytes::Bytes::copy_from_slice(reader.bytes()?);
    request.label = reader.option(|reader| reader.text().map(Arc::from))?;
    let meta: Vec<(Box<str>, Box<str>)> =
        reader.list(|reader| Ok((reader.text()?.into(), reader.text()?.into())))?;
    request.meta = BTreeMap::from_iter(meta);
    request.session = SessionId(reader.small()?);
    request.generation = reader.small()?;
    request.chain = reader.list(|reader| {
        let url = reader.text()?.into();
        Ok(Hop { url, status: u16::try_from(reader.number()?).map_err(|_| Damaged)? })
    })?;
    request.revisit = reader.option(read_revisit)?.map(Box::new);
    Ok(request)
}

pub(crate) fn read_status(reader: &mut Reader<'_>) -> Read<u16> {
    u16::try_from(reader.number()?).map_err(|_| Damaged)
}

/// A record.
pub(crate) fn put_record(out: &mut Vec<u8>, record: &Record) {
    out.extend_from_slice(&record.id.0.to_le_bytes());
    match &record.kind {
        RecordKind::Page => out.push(0),
        RecordKind::Outcome => out.push(1),
        RecordKind::Item(name) => {
            out.push(2);
            put_text(out, name);
        }
        RecordKind::Reject(name) => {
            out.push(3);
            put_text(out, name);
        }
    }
    put_text(out, &record.json);
}

pub(crate) fn read_record(reader: &mut Reader<'_>) -> Read<Record> {
    let (low, high) = (reader.fixed64()?, reader.fixed64()?);
    let id = RecordId(u128::from(high) << 64 | u128::from(low));
    let kind = match reader.byte()? {
        0 => RecordKind::Page,
        1 => RecordKind::Outcome,
        2 => RecordKind::Item(reader.text()?.into()),
        3 => RecordKind::Reject(reader.text()?.into()),
        _ => return Err(Damaged),
    };
    Ok(Record { id, kind, json: reader.text()?.into() })
}

/// An outcome.
pub(crate) fn put_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Fetched { status } => {
            out.push(0);
            put_number(out, u64::from(*status));
        }
        Outcome::Redirect { status, to, if_known } => {
            out.push(1);
            put_number(out, u64::from(*status));
            put_discovered(out, to, None);
            put_list(out, if_known, put_record);
        }
        Outcome::Alias { status, of } => {
            out.push(2);
            put_number(out, u64::from(*status));
            put_text(out, of);
        }
        Outcome::Excluded { reason } => {
            out.push(3);
            out.push(code_of(&Exclusion::ALL, reason));
        }
        Outcome::Failed { error } => {
            out.push(4);
            put_error(out, error);
        }
    }
}

pub(crate) fn read_outcome(reader: &mut Reader<'_>) -> Read<Outcome> {
    Ok(match reader.byte()? {
        0 => Outcome::Fetched { status: read_status(reader)? },
        1 => Outcome::Redirect {
            status: read_status(reader)?,
            to: Box::new(read_discovered(reader, None)?),
            if_known: reader.list(read_record)?,
        },
        2 => Outcome::Alias { status: read_status(reader)?, of: reader.text()?.into() },
        3 => Outcome::Excluded { reason: reader.one_of(&Exclusion::ALL)? },
        4 => Outcome::Failed { error: read_error(reader)? },
        _ => return Err(Damaged),
    })
}

/// What is known of a robots.txt.
pub(crate) fn put_robots(out: &mut Vec<u8>, robots: &Robots) {
    let (code, until) = match robots {
        Robots::Unknown => (0, Timestamp(0)),
        Robots::Rules { until, .. } => (1, *until),
        Robots::AllowAll { until } => (2, *until),
        Robots::DenyAll { until } => (3, *until),
        Robots::Withheld { until } => (4, *until),
    };
    out.push(code);
    put_number(out, until.0);
    if let Robots::Rules { body, .. } = robots {
        put_bytes(out, body);
    }
}

pub(crate) fn read_robots(reader: &mut Reader<'_>) -> Read<Robots> {
    let (code, until) = (reader.byte()?, reader.time()?);
    Ok(match code {
        0 => Robots::Unknown,
        1 => Robots::Rules { body: reader.bytes()?.into(), until },
        2 => Robots::AllowAll { until },
        3 => Robots::DenyAll { until },
        4 => Robots::Withheld { until },
        _ => return Err(Damaged),
    })
}

/// What was learned about a host.
pub(crate) fn put_host_update(out: &mut Vec<u8>, update: &HostUpdate) {
    put_text(out, &update.site.0);
    put_origin(out, &update.origin);
    put_option(out, update.robots.as_ref(), put_robots);
    put_option(out, update.crawl_delay, put_span);
    put_option(out, update.block_until, |out, until| put_number(out, until.0));
}

pub(crate) fn read_host_update(reader: &mut Reader<'_>) -> Read<HostUpdate> {
    Ok(HostUpdate {
        site: SiteKey(reader.text()?.into()),
        origin: read_origin(reader)?,
        robots: reader.option(read_robots)?,
        crawl_delay: reader.option(Reader::span)?,
        block_until: reader.option(Reader::time)?,
    })
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
