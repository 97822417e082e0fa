//! Blocks: is this answer content, or does the site keep its visitor out?
//!
//! [`judge`] looks at status, header fields and the first [`EXAMINED`] bytes of the body. It serves back-off and
//! reports; nothing here helps to get around a block. `signatures` is the table of known pages, `markers` finds
//! what it names, `page` measures a page without building a document, `wall` knows login pages, `refusal` reads what
//! status and header fields say.
//!
//! Two rules keep content from being taken for a block. An answer whose status refuses nothing is judged by its
//! body only when that is HTML with no more text than a notice has ([`SHORT`]), and then by a page's title
//! together with a marker that belongs to one product. Statuses that say nothing about the visitor (404, 410, 500)
//! are never blocks by themselves.

mod markers;
mod page;
mod refusal;
mod signatures;
#[cfg(test)]
mod tests;
mod wall;

use http::HeaderMap;
use url::Url;

use self::markers::Markers;
use self::page::Sketch;
use self::signatures::{Over, SIGNATURES};
use crate::model::{Block, BlockKind, BlockLayer};

/// Bytes of the body that are looked at.
pub const EXAMINED: usize = 64 << 10;

/// Bytes of visible text beyond which a page of an unsuspicious status is content.
pub const SHORT: usize = 2_000;

/// Characters that the evidence may have: parts of it come from the answer.
const EVIDENCE: usize = 160;

/// An answer to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The body or its beginning, content codings undone.
    pub body: &'a [u8],
    /// The URL that answered.
    pub url: &'a Url,
    /// The URL with which the journey began: another one after redirects.
    pub first_url: &'a str,
}

/// Whether an answer of this status may be a block, so that its body is worth reading.
#[must_use]
pub fn is_suspicious(status: u16) -> bool {
    status >= 400 && !matches!(status, 404 | 410)
}

/// The block that this answer is; `None` when it is content, or a failure that is not about the visitor.
#[must_use]
pub fn judge(seen: &Seen<'_>) -> Option<Block> {
    let block = |(kind, layer, evidence): Verdict| Block {
        kind,
        layer,
        status: seen.status,
        evidence: evidence.replace(['\r', '\n'], " ").chars().take(EVIDENCE).collect::<String>().into(),
    };
    refusal::by_header(seen.headers).or_else(|| by_body(seen)).map(block)
}

/// What was decided, and by what.
type Verdict = (BlockKind, BlockLayer, String);

fn by_body(seen: &Seen<'_>) -> Option<Verdict> {
    let body = seen.body.get(..EXAMINED).unwrap_or(seen.body);
    if refusal::refuses(seen.status) {
        let sketch = Sketch::of(body, usize::MAX);
        let markers = Markers::find(body);
        return by_signature(seen, &sketch, &markers)
            .or_else(|| refusal::captcha_in_refusal(seen, &markers))
            .or_else(|| refusal::by_status(seen, &markers));
    }
    if !refusal::is_html(seen.headers, body) {
        return None;
    }
    if (200..300).contains(&seen.status)
        && let Some(verdict) = wall::redirected_to_login(seen, body)
    {
        return Some(verdict);
    }
    if seen.body.len() > EXAMINED {
        return None;
    }
    let sketch = Sketch::of(body, SHORT);
    if sketch.visible > SHORT {
        return None;
    }
    let markers = Markers::find(body);
    by_signature(seen, &sketch, &markers).or_else(|| {
        (200..300).contains(&seen.status).then(|| wall::notice(seen, &sketch, &markers)).flatten()
    })
}

fn by_signature(seen: &Seen<'_>, sketch: &Sketch, markers: &Markers) -> Option<Verdict> {
    let refuses = refusal::refuses(seen.status);
    let found = SIGNATURES.iter().find(|signature| {
        (refuses || signature.over == Over::Any)
            && signature.has_title(&sketch.title)
            && signature.body.iter().all(|marker| markers.has(marker))
    })?;
    Some((found.kind, found.layer, format!("{} (status {})", found.name, seen.status)))
}
