//! What status and header fields say by themselves.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, RETRY_AFTER, SERVER, WWW_AUTHENTICATE};

use super::markers::Markers;
use super::{Seen, Verdict};
use crate::model::{BlockKind, BlockLayer, field_text};

/// Whether the status itself turns the visitor away.
pub(super) fn refuses(status: u16) -> bool {
    matches!(status, 401 | 403 | 405 | 406 | 420 | 429 | 503 | 999)
}

/// Fields in which a defence says what it did, whatever the status.
const ANNOUNCED: [(&str, &str, BlockKind); 8] = [
    ("cf-mitigated", "challenge", BlockKind::Challenge),
    ("x-amzn-waf-action", "challenge", BlockKind::Challenge),
    ("x-amzn-waf-action", "captcha", BlockKind::Captcha),
    ("x-vercel-mitigated", "challenge", BlockKind::Challenge),
    ("x-vercel-mitigated", "deny", BlockKind::Forbidden),
    ("x-dd-b", "1", BlockKind::Captcha),
    ("x-dd-b", "2", BlockKind::Challenge),
    ("x-sucuri-block", "", BlockKind::Forbidden),
];

/// The verdict of a defence that names itself in the head.
pub(super) fn by_header(headers: &HeaderMap) -> Option<Verdict> {
    ANNOUNCED.into_iter().find_map(|(name, wanted, kind)| {
        let value = text(headers, name)?;
        let fits = wanted.is_empty() || value.trim().eq_ignore_ascii_case(wanted);
        fits.then(|| (kind, BlockLayer::Edge, format!("header {name}: {}", value.trim())))
    })
}

/// A refusal that shows a puzzle of one of the usual makers.
pub(super) fn captcha_in_refusal(seen: &Seen<'_>, markers: &Markers) -> Option<Verdict> {
    let maker = markers.captcha()?;
    let evidence = format!("{maker} on a page of status {}", seen.status);
    Some((BlockKind::Captcha, layer(seen, markers), evidence))
}

/// The verdict of a status without a page that says more. 503 is "later" unless the page tells of a failure that
/// would have met anybody (maintenance, no server behind a proxy); 405 is about the method.
pub(super) fn by_status(seen: &Seen<'_>, markers: &Markers) -> Option<Verdict> {
    let limited = markers.rate_limit() || is_used_up(seen.headers);
    let kind = match seen.status {
        401 => BlockKind::Login,
        403 if limited => BlockKind::RateLimited,
        403 | 406 | 999 => BlockKind::Forbidden,
        420 | 429 => BlockKind::RateLimited,
        503 if limited => BlockKind::RateLimited,
        503 if !markers.failure() => BlockKind::Unavailable,
        _ => return None,
    };
    Some((kind, layer(seen, markers), evidence(seen)))
}

fn evidence(seen: &Seen<'_>) -> String {
    let named =
        [WWW_AUTHENTICATE.as_str(), RETRY_AFTER.as_str(), "x-ratelimit-remaining", "ratelimit-remaining"];
    let field = named.into_iter().find_map(|name| text(seen.headers, name).map(|value| (name, value)));
    match field {
        Some((name, value)) => {
            let value: String = value.chars().take(60).collect();
            format!("status {}, header {name}: {value}", seen.status)
        }
        None => format!("status {}", seen.status),
    }
}

/// Whether the fields that count requests are at zero.
fn is_used_up(headers: &HeaderMap) -> bool {
    let counts = ["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"];
    counts.into_iter().any(|name| text(headers, name).is_some_and(|value| value.trim() == "0"))
}

/// `Server` values that stand only on answers made by the edge itself.
const EDGE_SERVERS: [&str; 9] = [
    "akamaighost",
    "cloudfront",
    "awselb",
    "sucuri",
    "imperva",
    "ddos-guard",
    "qrator",
    "varnish",
    "bunnycdn-",
];

/// Fields that only a site's own program or server sends.
const APPLICATION_FIELDS: [&str; 6] = [
    "www-authenticate",
    "x-powered-by",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "ratelimit-limit",
    "x-aspnet-version",
];

/// Who refused. A CDN's `Server` on an answer that it only passed on says nothing, so `cloudflare` is not in the
/// list: that name is on everything which comes through it.
fn layer(seen: &Seen<'_>, markers: &Markers) -> BlockLayer {
    let server = text(seen.headers, SERVER.as_str()).unwrap_or_default().to_ascii_lowercase();
    let is_json = text(seen.headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json"));
    if markers.edge_page() || EDGE_SERVERS.iter().any(|name| server.starts_with(name)) {
        BlockLayer::Edge
    } else if is_json
        || markers.server_page()
        || APPLICATION_FIELDS.iter().any(|name| seen.headers.contains_key(*name))
    {
        BlockLayer::Application
    } else {
        BlockLayer::Unknown
    }
}

/// Whether a body is HTML: by the declared type, by its first character when none is declared.
pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    match text(headers, CONTENT_TYPE.as_str()) {
        Some(kind) => kind.to_ascii_lowercase().contains("html"),
        None => body.trim_ascii_start().starts_with(b"<"),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    headers.get(name).map(field_text)
}
