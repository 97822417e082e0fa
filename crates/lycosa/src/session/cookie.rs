//! A stored cookie: what it is, and what makes one sound whoever brings it (a server, a file).
//!
//! Names and values are octets, as HTTP carries them: a cookie goes back exactly as it came. Debug output shows
//! neither values nor, for nameless cookies, anything of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::matching::is_domain_attribute;
use crate::model::Timestamp;

/// Octets of name and value together.
pub(super) const MOST_OCTETS: usize = 4096;

/// To whom a cookie goes when another site's page leads to the request (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Not said, or in a word nobody knows; enforced as [`SameSite::Lax`].
    #[default]
    Unset,
    /// Goes with every request.
    None,
    /// Goes with safe requests (`GET`, `HEAD`) whatever page they were found on.
    Lax,
    /// Goes only with requests found on a page of the same site, or on none.
    Strict,
}

/// A cookie in a jar.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cookie {
    /// The name; empty for a nameless cookie, which is sent as its bare value.
    #[serde(with = "super::octets")]
    pub name: Vec<u8>,
    /// The value.
    #[serde(with = "super::octets")]
    pub value: Vec<u8>,
    /// The host, or the domain it and everything below belong to; canonical as in URLs, without a leading dot.
    pub domain: String,
    /// Whether it goes to the host itself alone.
    pub host_only: bool,
    /// The path it and everything below belong to; begins with `/`.
    pub path: String,
    /// The end of its life, a whole second; `None` for a cookie that lives as long as the jar.
    pub expires: Option<Timestamp>,
    /// Whether it goes over TLS only.
    pub secure: bool,
    /// Whether scripts may not read it; nothing here asks.
    pub http_only: bool,
    /// The same-site rule.
    pub same_site: SameSite,
    /// The place in the order of creation, within a jar.
    pub(super) created: u64,
    /// The place in the order of last use, within a jar.
    pub(super) used: u64,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &String::from_utf8_lossy(&self.name))
            .field("domain", &self.domain)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Cookie {
    /// Whether its life has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// Whether it takes the place of another (RFC 6265bis §5.7: same name, domain, host-only flag and path).
    pub(super) fn replaces(&self, other: &Self) -> bool {
        (&self.name, &self.domain, self.host_only, &self.path)
            == (&other.name, &other.domain, other.host_only, &other.path)
    }

    /// Whether the promise made by a `__Secure-` or `__Host-` name is kept. A nameless cookie whose value begins
    /// so would look on the wire like one that keeps it.
    pub(super) fn keeps_prefix(&self) -> bool {
        let begins = |text: &[u8], prefix: &[u8]| {
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if self.name.is_empty() {
            return !begins(&self.value, b"__Secure-") && !begins(&self.value, b"__Host-");
        }
        (!begins(&self.name, b"__Secure-") || self.secure)
            && (!begins(&self.name, b"__Host-") || (self.secure && self.host_only && self.path == "/"))
    }

    /// What is wrong with a cookie that came by another way than `Set-Cookie`: in words, or nothing.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
        let trimmed = |text: &[u8]| !blank(text.first()) && !blank(text.last());
        let text = || self.name.iter().chain(&self.value);
        if self.name.is_empty() && self.value.is_empty() {
            Some("has neither a name nor a value")
        } else if self.name.len() + self.value.len() > MOST_OCTETS {
            Some("has more than 4,096 octets of name and value")
        } else if text().chain(self.path.as_bytes()).any(|octet| is_control(*octet)) {
            Some("has a control character")
        } else if text().any(|octet| *octet == b';') {
            Some("has a semicolon in its name or value")
        } else if self.name.contains(&b'=') || !trimmed(&self.name) || !trimmed(&self.value) {
            Some("has a name with `=`, or blanks around its name or value")
        } else if !is_canonical_host(&self.domain) || (!self.host_only && !is_domain_attribute(&self.domain))
        {
            Some("is for a domain that is no host name")
        } else if !self.path.starts_with('/') {
            Some("has a path that does not begin with `/`")
        } else if self.same_site == SameSite::None && !self.secure {
            Some("is for other sites too, and not secure")
        } else if !self.keeps_prefix() {
            Some("breaks the promise of its `__Secure-` or `__Host-` name")
        } else {
            None
        }
    }
}

/// A control character other than the tab.
pub(super) fn is_control(octet: u8) -> bool {
    matches!(octet, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

fn is_canonical_host(domain: &str) -> bool {
    url::Host::parse(domain).is_ok_and(|host| host.to_string() == domain) && !domain.is_empty()
}
