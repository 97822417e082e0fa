//! Jars as text: JSON, which keeps everything, and the `cookies.txt` of Netscape, which other tools read.
//!
//! Both hold secrets in plain text; who writes them to a disk minds who may read them. No file is touched here.
//!
//! `cookies.txt` has a line per cookie with seven fields between tabs: domain, whether it holds for what is below
//! it, path, secure, end of life in seconds (0: none), name, value. `#HttpOnly_` before the domain marks such
//! cookies, any other `#` a comment. It has no place for `SameSite` (read back as not said), for the order of use,
//! nor for a tab inside a name, value or path: such cookies are left out and counted.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::cookie::{Cookie, SameSite};
use super::jar::{Jar, JarLimits};
use crate::domain::is_public_suffix;
use crate::model::Timestamp;
use crate::octets::unmarked;

/// The layout of the JSON text.
const JSON_VERSION: u32 = 1;
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

/// Why a text is no jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there; tells no value of a cookie.
    pub what: String,
}

impl fmt::Display for CookieFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the cookies: {}", self.line, self.what)
    }
}

impl std::error::Error for CookieFileError {}

/// A jar as `cookies.txt`.
#[derive(Clone, PartialEq, Eq)]
pub struct CookiesTxt {
    /// The text.
    pub text: Vec<u8>,
    /// How many cookies the format cannot hold.
    pub left_out: usize,
}

impl fmt::Debug for CookiesTxt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookiesTxt")
            .field("bytes", &self.text.len())
            .field("left_out", &self.left_out)
            .finish()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    cookies: Vec<&'a Cookie>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    version: u32,
    cookies: Vec<Cookie>,
}

impl Jar {
    /// The cookies that are alive, as JSON.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> String {
        let written = Written { version: JSON_VERSION, cookies: self.alive(now) };
        // Strings and numbers in a struct always have a JSON form.
        serde_json::to_string_pretty(&written).unwrap_or_default()
    }

    /// Reads what [`Jar::to_json`] wrote. Cookies whose life has ended are passed over.
    ///
    /// # Errors
    /// For text that is no such JSON, and for a cookie that no server could have set.
    pub fn from_json(text: &[u8], limits: JarLimits, now: Timestamp) -> Result<Self, CookieFileError> {
        let read: Read = serde_json::from_slice(text).map_err(|cause| CookieFileError {
            line: cause.line(),
            what: format!("not the JSON of a jar ({})", kind_of(&cause)),
        })?;
        if read.version != JSON_VERSION {
            let what = format!("the version is {}, and only {JSON_VERSION} is known", read.version);
            return Err(CookieFileError { line: 1, what });
        }
        let mut jar = Self::new(limits);
        for (number, cookie) in (1..).zip(read.cookies) {
            jar.admit(cookie, now)
                .map_err(|fault| CookieFileError { line: 1, what: format!("cookie {number} {fault}") })?;
        }
        Ok(jar)
    }

    /// The cookies that are alive, as `cookies.txt`, the oldest first.
    #[must_use]
    pub fn to_cookies_txt(&self, now: Timestamp) -> CookiesTxt {
        let mut text = b"# Netscape HTTP Cookie File\n# Holds secrets: keep it to yourself.\n\n".to_vec();
        let mut left_out = 0;
        for cookie in self.alive(now) {
            if [&*cookie.name, &*cookie.value, cookie.path.as_bytes()]
                .iter()
                .any(|part| part.contains(&b'\t'))
            {
                left_out += 1;
                continue;
            }
            if cookie.http_only {
                text.extend_from_slice(HTTP_ONLY);
            }
            let flag = |is: bool| if is { "TRUE" } else { "FALSE" };
            let dot = if cookie.host_only { "" } else { "." };
            let expires = cookie.expires.map_or(0, |end| end.0 / 1000);
            let mut line = String::new();
            let (below, secure) = (flag(!cookie.host_only), flag(cookie.secure));
            let _ = write!(line, "{dot}{}\t{below}\t{}\t{secure}\t{expires}\t", cookie.domain, cookie.path);
            text.extend_from_slice(line.as_bytes());
            text.extend_from_slice(&cookie.name);
            text.push(b'\t');
            text.extend_from_slice(&cookie.value);
            text.push(b'\n');
        }
        CookiesTxt { text, left_out }
    }

    /// Reads a `cookies.txt`. Cookies whose life has ended are passed over.
    ///
    /// # Errors
    /// For the first line that is none, and for a cookie that no server could have set.
    pub fn from_cookies_txt(text: &[u8], limits: JarLimits, now: Timestamp) -> Result<Self, CookieFileError> {
        let mut jar = Self::new(limits);
        for (number, line) in (1..).zip(unmarked(text).split(|octet| *octet == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
                Some(rest) => (rest, true),
                None => (line, false),
            };
            if !http_only && (line.starts_with(b"#") || line.trim_ascii().is_empty()) {
                continue;
            }
            let read =
                cookie_of(line, http_only).map(|cookie| Cookie { created: number, used: number, ..cookie });
            read.and_then(|cookie| jar.admit(cookie, now)).map_err(|what| CookieFileError {
                line: usize::try_from(number).unwrap_or(usize::MAX),
                what: format!("a cookie that {what}"),
            })?;
        }
        Ok(jar)
    }

    /// Takes in a cookie from a file, if a server could have set it.
    fn admit(&mut self, mut cookie: Cookie, now: Timestamp) -> Result<(), &'static str> {
        // As for `Set-Cookie`: what is named like a suffix is that host's alone.
        cookie.host_only |= is_public_suffix(&cookie.domain);
        match cookie.fault() {
            Some(fault) => Err(fault),
            None => {
                self.restore(cookie, now);
                Ok(())
            }
        }
    }

    fn alive(&self, now: Timestamp) -> Vec<&Cookie> {
        let mut cookies = self.cookies();
        cookies.retain(|cookie| !cookie.is_expired(now));
        cookies
    }
}

/// The parts of a line; the value may be missing altogether when it is empty.
fn cookie_of(line: &[u8], http_only: bool) -> Result<Cookie, &'static str> {
    const SHAPE: &str = "has not seven fields between tabs";
    let mut fields = line.splitn(7, |octet| *octet == b'\t');
    let mut next = || fields.next().ok_or(SHAPE);
    let text = |field| std::str::from_utf8(field).map_err(|_| "has a domain, path or number that is no text");
    let (domain, below, path) = (text(next()?)?, flag(next()?)?, text(next()?)?);
    let (secure, expires, name) = (flag(next()?)?, text(next()?)?, next()?);
    let value = fields.next().unwrap_or_default();
    let expires: i64 = expires.parse().map_err(|_| "has an end of life that is no whole number")?;
    let expires = u64::try_from(expires).unwrap_or(1).checked_mul(1000).ok_or("lives for too long")?;
    Ok(Cookie {
        name: name.to_vec(),
        value: value.to_vec(),
        domain: domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase(),
        host_only: !below,
        path: path.to_owned(),
        expires: (expires != 0).then_some(Timestamp(expires)),
        secure,
        http_only,
        same_site: SameSite::Unset,
        created: 0,
        used: 0,
    })
}

fn flag(field: &[u8]) -> Result<bool, &'static str> {
    match &*field.to_ascii_uppercase() {
        b"TRUE" => Ok(true),
        b"FALSE" => Ok(false),
        _ => Err("has neither TRUE nor FALSE where one of them belongs"),
    }
}

/// The kind of a JSON error, whose own words could tell a value.
fn kind_of(cause: &serde_json::Error) -> &'static str {
    match cause.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "its syntax is wrong",
        _ => "a part is missing, unknown or of another type",
    }
}

#[cfg(test)]
#[path = "cookie_file_tests.rs"]
mod tests;
