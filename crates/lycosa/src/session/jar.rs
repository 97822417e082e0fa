//! The jar: which cookies are stored, sent and evicted (RFC 6265bis §5.5, §5.7, §5.8).
//!
//! Written out here and not taken from the `cookie_store` crate, which follows the older RFC 6265 and reads the wall
//! clock. Here time is an argument and nothing else is asked.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::cookie::{Cookie, SameSite};
use super::matching::{default_path, domain_matches, domains_above, is_domain_attribute, path_matches};
use super::set_cookie::{self, SetCookie, Unreadable, trim};
use crate::domain::is_public_suffix;
use crate::model::Timestamp;

/// No cookie lives longer from the moment it was set: 400 days (RFC 6265bis §5.5).
const LONGEST_LIFE: i64 = 400 * 86_400;

/// How many cookies a jar keeps. With the defaults a full jar holds about 13 MB of names and values at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JarLimits {
    /// Cookies with the same domain. Default 50.
    pub per_domain: usize,
    /// Cookies in all. Default 3,000. A tenth more may come together before the oldest are evicted at one time,
    /// because finding them means looking at all.
    pub total: usize,
}

impl Default for JarLimits {
    fn default() -> Self {
        Self { per_domain: 50, total: 3000 }
    }
}

/// Why a `Set-Cookie` field changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It holds a control character.
    Control,
    /// It has neither a name nor a value.
    Empty,
    /// Its name and value have more than 4,096 octets.
    TooLong,
    /// Its domain is not the host's own.
    ForeignDomain,
    /// Its domain belongs to many owners.
    PublicSuffix,
    /// It is `Secure` and came without TLS.
    NotSecure,
    /// It came without TLS and would cover a `Secure` cookie.
    CoversSecure,
    /// It is `SameSite=None` and not `Secure`.
    NoneNotSecure,
    /// It breaks the promise of a `__Secure-` or `__Host-` name.
    Prefix,
}

/// What a request asks a jar for.
#[derive(Clone, Copy, Debug)]
pub struct CookieRequest<'a> {
    /// The URL asked for.
    pub url: &'a Url,
    /// Whether the page that led here, if any, is of the same site: see [`Jar`].
    pub same_site: bool,
    /// Whether the method is safe (RFC 9110 §9.2.1).
    pub safe: bool,
    /// The present moment.
    pub now: Timestamp,
}

/// The cookies of one session.
///
/// **Which requests are same-site.** Every request of a crawl is a navigation: it follows a link from its parent
/// page, or it is a seed, as if typed. It is *same-site* when there is no parent page, or when the parent and the
/// URL asked for have one scheme and one registrable domain. Cookies may be set by any answer. `Strict` cookies go
/// with same-site requests alone; `Lax` ones, and those that say nothing, also with safe methods (`GET`, `HEAD`,
/// `OPTIONS`, `TRACE`), so with almost every request of a crawl; `None` ones, which must be `Secure`, always.
/// Redirects change nothing: a hop keeps the parent of its first request. "Lax-allowing-unsafe" is not done.
#[derive(Clone, Default)]
pub struct Jar {
    domains: BTreeMap<Box<str>, Vec<Cookie>>,
    count: usize,
    /// The next place in the orders of creation and use.
    order: u64,
    limits: JarLimits,
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar")
            .field("cookies", &self.count)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Jar {
    /// An empty jar.
    #[must_use]
    pub fn new(limits: JarLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// How many cookies there are, expired ones that nobody asked for included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The cookies in the order of their creation.
    #[must_use]
    pub fn cookies(&self) -> Vec<&Cookie> {
        let mut all: Vec<_> = self.domains.values().flatten().collect();
        all.sort_by_key(|cookie| cookie.created);
        all
    }

    /// Stores what a `Set-Cookie` field of an answer from `url` says; one that has expired removes its namesake.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn store(&mut self, field: &[u8], url: &Url, now: Timestamp) -> Result<(), Refusal> {
        let said = set_cookie::parse(field).map_err(|why| match why {
            Unreadable::Control => Refusal::Control,
            Unreadable::Empty => Refusal::Empty,
            Unreadable::TooLong => Refusal::TooLong,
        })?;
        let over_tls = url.scheme() == "https";
        let cookie = judge(said, url, over_tls, now)?;
        if !over_tls && self.covers_secure(&cookie) {
            return Err(Refusal::CoversSecure);
        }
        self.insert(cookie, now);
        Ok(())
    }

    /// The cookies for a request, in the order they are sent: longest path first, then the oldest (§5.8.3).
    pub fn select(&mut self, asked: CookieRequest<'_>) -> Vec<&Cookie> {
        let Some(host) = asked.url.host_str() else { return Vec::new() };
        let mut places = Vec::new();
        for domain in domains_above(host) {
            let Some(shelf) = self.domains.get_mut(domain) else { continue };
            for (at, cookie) in shelf.iter_mut().enumerate() {
                if goes_with(cookie, host, asked) {
                    cookie.used = self.order;
                    places.push((domain, at));
                }
            }
        }
        self.order = self.order.saturating_add(1);
        let found = places.into_iter().filter_map(|(domain, at)| self.domains.get(domain)?.get(at));
        let mut found: Vec<&Cookie> = found.collect();
        found.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        found
    }

    /// The value of the `Cookie` field for a request; nothing when there is no cookie to send.
    ///
    /// `given` is what the user wrote into the field: it comes first, and its names are not sent a second time
    /// from the jar.
    pub fn header(&mut self, asked: CookieRequest<'_>, given: Option<&[u8]>) -> Option<Vec<u8>> {
        let given = given.map(|given| trim(trim(given).strip_suffix(b";").unwrap_or(trim(given))));
        let mut field = given.unwrap_or_default().to_vec();
        let taken: Vec<&[u8]> = given.map(names).unwrap_or_default();
        for cookie in self.select(asked) {
            if !cookie.name.is_empty() && taken.contains(&&*cookie.name) {
                continue;
            }
            if !field.is_empty() {
                field.extend_from_slice(b"; ");
            }
            if !cookie.name.is_empty() {
                field.extend_from_slice(&cookie.name);
                field.push(b'=');
            }
            field.extend_from_slice(&cookie.value);
        }
        (!field.is_empty()).then_some(field)
    }

    /// Puts in a cookie that was judged, the youngest of all.
    fn insert(&mut self, mut cookie: Cookie, now: Timestamp) {
        (cookie.created, cookie.used) = (self.order, self.order);
        self.order = self.order.saturating_add(1);
        self.place(cookie, now);
    }

    /// Puts a saved cookie back at its places in the orders.
    pub(super) fn restore(&mut self, cookie: Cookie, now: Timestamp) {
        self.order = self.order.max(cookie.created.max(cookie.used).saturating_add(1));
        self.place(cookie, now);
    }

    /// In the place of its namesake, whose creation it keeps; then evicts what is too much.
    fn place(&mut self, mut cookie: Cookie, now: Timestamp) {
        let domain: Box<str> = cookie.domain.as_str().into();
        let shelf = self.domains.entry(domain.clone()).or_default();
        if let Some(at) = shelf.iter().position(|other| cookie.replaces(other)) {
            cookie.created = shelf.swap_remove(at).created;
            self.count -= 1;
        }
        if !cookie.is_expired(now) {
            shelf.push(cookie);
            self.count += 1;
        }
        if shelf.len() > self.limits.per_domain {
            self.count -= evict(shelf, self.limits.per_domain, now);
        }
        if shelf.is_empty() {
            self.domains.remove(&domain);
        }
        if self.count > self.limits.total.saturating_add(self.limits.total / 10) {
            self.make_room(now);
        }
    }

    /// Evicts expired cookies of the whole jar, then those used longest ago. No domain has too many by now.
    fn make_room(&mut self, now: Timestamp) {
        for shelf in self.domains.values_mut() {
            shelf.retain(|cookie| !cookie.is_expired(now));
        }
        let age = |cookie: &Cookie| (cookie.used, cookie.created);
        let mut ages: Vec<_> = self.domains.values().flatten().map(age).collect();
        ages.sort_unstable();
        let surplus = ages.len().saturating_sub(self.limits.total);
        if let Some(last) = surplus.checked_sub(1).and_then(|at| ages.get(at)) {
            self.domains.values_mut().for_each(|shelf| shelf.retain(|cookie| age(cookie) > *last));
        }
        self.domains.retain(|_, shelf| !shelf.is_empty());
        self.count = self.domains.values().map(Vec::len).sum();
    }

    /// Whether a cookie that came without TLS would hide or replace a `Secure` one.
    fn covers_secure(&self, cookie: &Cookie) -> bool {
        let related =
            |domain: &str| domain_matches(domain, &cookie.domain) || domain_matches(&cookie.domain, domain);
        let shelves = self.domains.iter().filter(|(domain, _)| related(domain));
        shelves
            .flat_map(|(_, shelf)| shelf)
            .any(|other| other.secure && other.name == cookie.name && path_matches(&cookie.path, &other.path))
    }
}

/// Makes a cookie of what a field says, or says why it is none for this URL.
fn judge(said: SetCookie, url: &Url, over_tls: bool, now: Timestamp) -> Result<Cookie, Refusal> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refusal::ForeignDomain)?;
    let (domain, host_only) = domain_of(&said.domain, host)?;
    if said.secure && !over_tls {
        return Err(Refusal::NotSecure);
    }
    if said.same_site == SameSite::None && !said.secure {
        return Err(Refusal::NoneNotSecure);
    }
    let path_said = said.path.is_some();
    let path = said.path.filter(|path| path.starts_with('/'));
    let cookie = Cookie {
        expires: end_of_life(said.max_age, said.expires, now),
        name: said.name,
        value: said.value,
        domain,
        host_only,
        path: path.unwrap_or_else(|| default_path(url.path()).to_owned()),
        secure: said.secure,
        http_only: said.http_only,
        same_site: said.same_site,
        created: 0,
        used: 0,
    };
    let host_prefix = cookie.name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"__Host-"));
    if !cookie.keeps_prefix() || (host_prefix && !path_said) {
        return Err(Refusal::Prefix);
    }
    Ok(cookie)
}

/// The domain of a cookie set by `host`, and whether it is the host's alone.
fn domain_of(said: &[u8], host: &str) -> Result<(String, bool), Refusal> {
    if said.is_empty() {
        return Ok((host.to_owned(), true));
    }
    let said = std::str::from_utf8(said).ok().filter(|said| said.is_ascii()).ok_or(Refusal::ForeignDomain)?;
    if is_public_suffix(said) {
        return if said == host { Ok((host.to_owned(), true)) } else { Err(Refusal::PublicSuffix) };
    }
    if !domain_matches(host, said) || !is_domain_attribute(said) {
        return Err(Refusal::ForeignDomain);
    }
    Ok((said.to_owned(), false))
}

/// `Max-Age` before `Expires`, at most 400 days from now, in whole seconds; a moment before 1970 is 1970.
fn end_of_life(max_age: Option<i64>, expires: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    let now = i64::try_from(now.0.div_ceil(1000)).unwrap_or(i64::MAX);
    let end = match max_age {
        Some(age) if age <= 0 => 0,
        Some(age) => now.saturating_add(age),
        None => expires?,
    };
    let end = end.min(now.saturating_add(LONGEST_LIFE)).max(0);
    Some(Timestamp(u64::try_from(end).unwrap_or(0).saturating_mul(1000)))
}

fn goes_with(cookie: &Cookie, host: &str, asked: CookieRequest<'_>) -> bool {
    let to_site = match cookie.same_site {
        SameSite::None => true,
        SameSite::Strict => asked.same_site,
        SameSite::Lax | SameSite::Unset => asked.same_site || asked.safe,
    };
    to_site
        && (if cookie.host_only { cookie.domain == host } else { domain_matches(host, &cookie.domain) })
        && path_matches(asked.url.path(), &cookie.path)
        && (!cookie.secure || asked.url.scheme() == "https")
        && !cookie.is_expired(asked.now)
}

/// Takes cookies off one domain's shelf: the expired, then the not secure, then all, those used longest ago first.
fn evict(shelf: &mut Vec<Cookie>, keep: usize, now: Timestamp) -> usize {
    let before = shelf.len();
    shelf.retain(|cookie| !cookie.is_expired(now));
    while shelf.len() > keep {
        let oldest =
            shelf.iter().enumerate().min_by_key(|(_, cookie)| (cookie.secure, cookie.used, cookie.created));
        let Some((at, _)) = oldest else { break };
        shelf.swap_remove(at);
    }
    before - shelf.len()
}

/// The names in a `Cookie` field.
fn names(field: &[u8]) -> Vec<&[u8]> {
    let name = |pair: &'_ [u8]| pair.iter().position(|octet| *octet == b'=');
    let pairs = field.split(|octet| *octet == b';');
    pairs.filter_map(|pair| pair.get(..name(pair)?)).map(trim).collect()
}

#[cfg(test)]
#[path = "jar_tests.rs"]
mod tests;
