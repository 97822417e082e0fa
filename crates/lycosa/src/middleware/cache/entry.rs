//! One entry and its form in a file: a mark, the length of the head, the head as JSON, the body as it was, a checksum
//! over all of it. Bytes that are anything else are no entry.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::store::Key;
use crate::model::Timestamp;

/// The mark and version of the format.
const MARK: &[u8; 8] = b"lycache1";

/// Bytes of the checksum at the end.
const SUM: usize = 8;

/// What is kept of an answer beside its body.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// When the request was sent.
    pub(super) requested: Timestamp,
    /// When the head of the answer came.
    pub(super) received: Timestamp,
    /// The request's fields that the answer depends on, and the fingerprints of their values.
    pub(super) vary: Vec<(String, u64)>,
}

/// An answer as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) head: Head,
    pub(super) body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Written {
    url: String,
    session: u32,
    identity: u64,
    status: u16,
    requested: u64,
    received: u64,
    vary: Vec<(String, u64)>,
    /// Values byte by byte as characters, since a header field need not be UTF-8.
    headers: Vec<(String, String)>,
}

/// The parts of an entry's file, one after the other.
pub(super) fn encode(key: &Key, head: &Head, pieces: &[Bytes]) -> std::io::Result<Vec<Bytes>> {
    let latin = |value: &HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect();
    let written = Written {
        url: key.url.clone(),
        session: key.session,
        identity: key.identity,
        status: head.status,
        requested: head.requested.0,
        received: head.received.0,
        vary: head.vary.clone(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), latin(value))).collect(),
    };
    let json = serde_json::to_vec(&written)?;
    let length = u32::try_from(json.len()).map_err(std::io::Error::other)?;
    let mut front = MARK.to_vec();
    front.extend_from_slice(&length.to_le_bytes());
    front.extend_from_slice(&json);
    let mut parts = vec![Bytes::from(front)];
    parts.extend_from_slice(pieces);
    let mut sum = Xxh3::new();
    parts.iter().for_each(|part| sum.update(part));
    parts.push(Bytes::copy_from_slice(&sum.digest().to_le_bytes()));
    Ok(parts)
}

/// The entry in these bytes; `None` when they are damaged or about another key.
pub(super) fn decode(key: &Key, file: Vec<u8>) -> Option<Entry> {
    let (content, sum) = file.split_last_chunk::<SUM>()?;
    let mut found = Xxh3::new();
    found.update(content);
    if found.digest() != u64::from_le_bytes(*sum) {
        return None;
    }
    let (length, rest) = content.strip_prefix(MARK)?.split_first_chunk::<4>()?;
    let json = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let written: Written = serde_json::from_slice(json).ok()?;
    if (written.url.as_str(), written.session, written.identity)
        != (key.url.as_str(), key.session, key.identity)
    {
        return None;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &written.headers {
        let octets: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(&octets?).ok()?);
    }
    let head = Head {
        status: written.status,
        headers,
        requested: Timestamp(written.requested),
        received: Timestamp(written.received),
        vary: written.vary,
    };
    let begin = MARK.len() + 4 + json.len();
    let end = content.len();
    Some(Entry { head, body: Bytes::from(file).slice(begin..end) })
}
