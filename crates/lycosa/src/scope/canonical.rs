//! One spelling for every URL that names the same thing. It is compared and fingerprinted, never sent.
//!
//! `url` has done the rest of the WHATWG standard already: host in lower case and as IDNA ASCII, IPv4 in all its
//! disguises, default port, dot segments, tabs and line breaks, an empty path. Here are added:
//!
//! - the fragment, the user and the password are dropped: no server sees the first, the others do not name a page;
//! - dots at the end of the host are dropped: they name the same host of the root zone;
//! - escapes get one spelling (RFC 3986 §6.2.2): upper-case digits, unreserved characters decoded, what may not
//!   stand raw escaped; reserved characters stay as found, so `/a%2Fb` is not `/a/b`;
//! - a `?` with nothing after it is dropped.
//!
//! Kept on purpose, because a false "same" loses a page and a false "different" costs one fetch: the order of
//! query parameters (programs read the first, the last or the n-th of them), tracking parameters (some sites route
//! by them), repeated slashes, `+` against `%20`, `index.html`, `www.`, `http` against `https`, path parameters
//! such as `;jsessionid`. [`QueryRules`](super::QueryRules) drop named parameters by a crawl's own choice.

use std::borrow::Cow;

use url::{Position, Url};

use crate::octets::{is_normal, push_normal};

/// Counts up whenever any URL could get another canonical form.
pub const CANONICALISATION_VERSION: u32 = 1;

/// The canonical form; borrowed when the URL has it already. Applying it again changes nothing. URLs of other
/// schemes than `http` and `https` are returned as they are.
#[must_use]
pub fn canonical(url: &Url) -> Cow<'_, Url> {
    if !matches!(url.scheme(), "http" | "https") || is_canonical(url) {
        return Cow::Borrowed(url);
    }
    let mut stripped = url.clone();
    stripped.set_fragment(None);
    if is_canonical(&stripped) {
        return Cow::Owned(stripped);
    }
    // A host such as `a.09..` cannot be parsed without its dots; such a URL keeps its spelling.
    match Url::parse(&respelled(&stripped)) {
        Ok(canonical) => Cow::Owned(canonical),
        Err(_) => Cow::Owned(stripped),
    }
}

fn is_canonical(url: &Url) -> bool {
    url.fragment().is_none()
        && url[Position::BeforeUsername..Position::BeforeHost].is_empty()
        && !url.host_str().is_some_and(|host| host.ends_with('.'))
        && url.query() != Some("")
        && is_normal(url[Position::BeforePath..].as_bytes())
}

fn respelled(url: &Url) -> String {
    let mut text = String::with_capacity(url.as_str().len() + 16);
    text.push_str(url.scheme());
    text.push_str("://");
    let host = url.host_str().unwrap_or_default();
    let without_dots = host.trim_end_matches('.');
    text.push_str(if without_dots.is_empty() { host } else { without_dots });
    text.push_str(&url[Position::AfterHost..Position::BeforePath]);
    push_normal(&mut text, url.path().as_bytes(), |_| false);
    if let Some(query) = url.query().filter(|query| !query.is_empty()) {
        text.push('?');
        push_normal(&mut text, query.as_bytes(), |_| false);
    }
    text
}

#[cfg(test)]
mod tests;
