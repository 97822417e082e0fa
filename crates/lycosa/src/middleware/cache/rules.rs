//! The rules of RFC 9111 for a private cache, pure: what may be stored, how long it is fresh, when it may be used.
//! `s-maxage` and `proxy-revalidate` are for shared caches and do not count here.

use std::time::{Duration, UNIX_EPOCH};

use http::header::{
    AGE, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, EXPIRES,
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, Method};

use super::control::{Directives, whole_seconds};
use super::entry::Head;
use crate::model::{Exchange, Timestamp, field_text};

/// Statuses that may be kept without being told so (RFC 9110 §15.1), but 206.
const HEURISTIC: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// The longest freshness that is guessed: a day.
const LONGEST_GUESS: u64 = 24 * 60 * 60;

/// Whether a request can be answered by the cache or leave an entry: a plain GET of the whole.
pub(super) fn concerns(exchange: &Exchange) -> bool {
    let partial = [RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE];
    exchange.request.method == Method::GET
        && exchange.request.body.is_empty()
        && !partial.iter().any(|name| exchange.headers.contains_key(name))
}

/// Whether an answer may be kept (§3).
pub(super) fn may_store(asked: &Exchange, status: u16, headers: &HeaderMap) -> bool {
    let (wish, said) = (Directives::of_request(&asked.headers), Directives::of(headers));
    let understood = HEURISTIC.contains(&status);
    // no-store is for those who do not understand the status, when must-understand stands beside it (§5.2.2.3).
    let kept_secret = said.has("no-store") && !(said.has("must-understand") && understood);
    let explicit =
        said.has("public") || said.has("private") || said.has("max-age") || headers.contains_key(EXPIRES);
    let is_final = (200..600).contains(&status) && !matches!(status, 206 | 304);
    is_final
        && !kept_secret
        && !wish.has("no-store")
        && (understood || !said.has("must-understand"))
        && (explicit || understood)
}

/// Seconds for which an answer is fresh (§4.2.1), guessed from its last change when nothing is said (§4.2.2).
pub(super) fn lifetime(head: &Head) -> u64 {
    let said = Directives::of(&head.headers);
    if let Some(seconds) = said.seconds("max-age") {
        return seconds;
    }
    let date = moment(&head.headers, &DATE).unwrap_or(head.received.0 / 1000);
    if head.headers.contains_key(EXPIRES) {
        // Several, or one that is no date, are in the past (§5.3).
        let several = head.headers.get_all(EXPIRES).iter().count() > 1;
        let expires = moment(&head.headers, &EXPIRES).filter(|_| !several).unwrap_or(0);
        return expires.saturating_sub(date);
    }
    let guessed = HEURISTIC.contains(&head.status) || said.has("public");
    let changed = moment(&head.headers, &LAST_MODIFIED).filter(|_| guessed);
    changed.map_or(0, |changed| (date.saturating_sub(changed) / 10).min(LONGEST_GUESS))
}

/// Seconds since the origin made or confirmed an answer (§4.2.3).
pub(super) fn age(head: &Head, now: Timestamp) -> u64 {
    let received = head.received.0 / 1000;
    let apparent = moment(&head.headers, &DATE).map_or(0, |date| received.saturating_sub(date));
    let told = head.headers.get(AGE).map(field_text);
    let told = told.map_or(0, |text| whole_seconds(text.split(',').next().unwrap_or_default().trim()));
    let corrected = told.saturating_add(head.received.since(head.requested).as_secs());
    apparent.max(corrected).saturating_add(now.since(head.received).as_secs())
}

/// Whether an answer may be used without asking (§4.2, §5.2.1).
pub(super) fn is_usable(head: &Head, wish: &Directives, now: Timestamp) -> bool {
    let said = Directives::of(&head.headers);
    if said.has("no-cache") || wish.has("no-cache") {
        return false;
    }
    let (lifetime, age) = (lifetime(head), age(head, now));
    let is_fresh = age < lifetime;
    if is_fresh && said.has("immutable") {
        return true;
    }
    if wish.seconds("max-age").is_some_and(|most| age > most) {
        return false;
    }
    if is_fresh {
        return wish.seconds("min-fresh").is_none_or(|least| lifetime - age >= least);
    }
    let stale_for = age - lifetime;
    !said.has("must-revalidate") && wish.seconds_or_forever("max-stale").is_some_and(|most| stale_for <= most)
}

/// Whether an answer may be used without the network, stale as it may be (§4.2.4).
pub(super) fn is_usable_offline(head: &Head, now: Timestamp) -> bool {
    let said = Directives::of(&head.headers);
    !said.has("no-cache") && (age(head, now) < lifetime(head) || !said.has("must-revalidate"))
}

/// Whether an answer may stand in for a failure (RFC 5861 §4).
pub(super) fn is_usable_after_error(head: &Head, wish: &Directives, now: Timestamp) -> bool {
    let said = Directives::of(&head.headers);
    if said.has("no-cache") || said.has("must-revalidate") || wish.has("no-cache") {
        return false;
    }
    let stale_for = age(head, now).saturating_sub(lifetime(head));
    [&said, wish].into_iter().any(|list| list.seconds("stale-if-error").is_some_and(|most| stale_for <= most))
}

/// The head after a 304 (§4.3.4); `None` when it is about another body.
pub(super) fn refreshed(
    head: &Head,
    news: &HeaderMap,
    requested: Timestamp,
    received: Timestamp,
) -> Option<Head> {
    let same_tag = match (news.get(ETAG), head.headers.get(ETAG)) {
        (Some(new), Some(old)) => opaque(new.as_bytes()) == opaque(old.as_bytes()),
        (Some(_), None) => false,
        (None, _) => true,
    };
    if !same_tag {
        return None;
    }
    // What describes the body stays with the body (§3.2).
    let of_body = [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE];
    let news = end_to_end(news);
    let mut headers = head.headers.clone();
    // Without a date of its own the news is as old as it is here (RFC 9110 §6.6.1), not as old as the body.
    headers.remove(AGE);
    headers.remove(DATE);
    for name in news.keys().filter(|name| !of_body.contains(name)) {
        headers.remove(name);
        for value in news.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    Some(Head { headers, requested, received, ..head.clone() })
}

/// The header fields that are kept: those that do not belong to the connection (§3.1).
pub(super) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    let named = headers.get_all(CONNECTION).iter().map(field_text);
    let named: Vec<String> = named
        .flat_map(|list| list.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    let fixed = [
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
    ];
    let names = named
        .iter()
        .map(String::as_str)
        .chain(fixed)
        .chain([CONNECTION.as_str(), TRANSFER_ENCODING.as_str()]);
    names.for_each(|name| drop(kept.remove(name)));
    kept
}

/// An entity tag without its mark of weakness (RFC 9110 §8.8.3.2, weak comparison).
fn opaque(tag: &[u8]) -> &[u8] {
    let tag = tag.trim_ascii();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// A date field in seconds since 1970.
fn moment(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let date = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    Some(date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs())
}
