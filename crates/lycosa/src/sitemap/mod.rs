//! Sitemaps and feeds: lists of URLs that sites publish for crawlers.
//!
//! Question of this module: *which URLs does this file name?* One function, [`parse`], reads the XML of
//! sitemaps.org (index and URL set) with Google's extensions for images, videos, news and languages, RSS and Atom
//! feeds, JSON feeds, plain text, each gzipped or not, in the charset that its bytes or its server declare. It never fails: what could be read is returned together with
//! the [`SitemapProblem`]s met, since half of a large sitemap is worth having. What is beyond the protocol's limits
//! (50 MB unpacked, 50,000 entries) is told and read up to [`SitemapLimits`]. Following an index and judging hosts is
//! the business of others; so is how far dates can be trusted, beyond what their file shows ([`are_plausible`]).

mod date;
mod entity;
mod extension;
mod json;
mod plausible;
mod xml;

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use lycosa_dom::{CharsetSource, Confidence};
use url::Url;

use crate::model::Timestamp;

pub use date::parse as parse_date;
pub use extension::{Alternate, Extensions, News};
pub use plausible::are_plausible;

/// Unpacked bytes that the protocol allows a file.
pub const MAX_SITEMAP_BYTES: usize = 50 << 20;

/// Entries that the protocol allows a file.
pub const MAX_SITEMAP_ENTRIES: usize = 50_000;

/// How much is read of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SitemapLimits {
    /// Unpacked bytes; the rest is ignored. Default 64 MiB.
    pub bytes: usize,
    /// Entries; the rest is ignored. Default 100,000.
    pub entries: usize,
}

impl Default for SitemapLimits {
    fn default() -> Self {
        Self { bytes: 64 << 20, entries: 2 * MAX_SITEMAP_ENTRIES }
    }
}

/// Gzip within gzip that is unpacked: servers pack what is packed already.
const MAX_PACKED: usize = 3;

/// Problems that are kept of one file.
const MAX_PROBLEMS: usize = 100;

/// What kind of list a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SitemapKind {
    /// A list of further sitemaps.
    Index,
    /// A list of pages.
    UrlSet,
    /// An RSS, Atom or JSON feed: its items' pages.
    Feed,
    /// One URL of a page per line.
    Text,
    /// None of these.
    #[default]
    Unknown,
}

/// One URL of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SitemapEntry {
    /// Absolute `http` or `https` URL; relative ones are resolved against the file's own.
    pub loc: Url,
    /// When the site says it last changed; none when it does not say or not readably, or before 1970.
    pub lastmod: Option<Timestamp>,
    /// What the extensions say of it, when they say anything.
    pub extensions: Option<Box<Extensions>>,
}

/// Something about the file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SitemapProblem {
    /// Neither sitemap nor feed nor a list of URLs (an HTML page, say).
    NotASitemap,
    /// More bytes than [`SitemapLimits`] allow: the rest was not read.
    TooLarge,
    /// More entries than [`SitemapLimits`] allow: the rest was not read.
    TooManyEntries,
    /// More than the protocol allows, [`MAX_SITEMAP_BYTES`] or [`MAX_SITEMAP_ENTRIES`]; it was read all the same.
    BeyondProtocol,
    /// The gzip stream is damaged or ends early: what came before was read.
    DamagedGzip,
    /// Bytes that mean nothing in the charset that was declared, or that declare none and are not UTF-8; what means
    /// nothing was replaced.
    Encoding {
        /// The charset in which they were read.
        charset: &'static str,
    },
    /// The XML or JSON breaks off at this byte: what came before was read.
    Malformed {
        /// Offset in the unpacked file (XML), or line (JSON).
        position: u64,
        /// What the reader says.
        reason: Box<str>,
    },
    /// An entry has no usable URL and was passed over.
    BadUrl {
        /// Offset (XML, after the entry) or line (text).
        position: u64,
        /// The beginning of what stands there.
        found: Box<str>,
    },
}

impl fmt::Display for SitemapProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASitemap => f.write_str("the file is neither a sitemap nor a feed nor a list of URLs"),
            Self::TooLarge => f.write_str("the file has more bytes than are read, the rest was ignored"),
            Self::TooManyEntries => {
                f.write_str("the file has more entries than are taken, the rest was ignored")
            }
            Self::BeyondProtocol => write!(
                f,
                "the file has more than the {MAX_SITEMAP_BYTES} bytes or {MAX_SITEMAP_ENTRIES} entries that the protocol \
                 allows, it was read all the same"
            ),
            Self::DamagedGzip => f.write_str("the gzip stream is damaged, the rest was ignored"),
            Self::Encoding { charset } => write!(
                f,
                "the file is not in the charset that it declares, or declares none and is not UTF-8; it was read as \
                 {charset}"
            ),
            Self::Malformed { position, reason } => {
                write!(f, "the file is malformed at {position} ({reason}), the rest was ignored")
            }
            Self::BadUrl { position, found } => {
                write!(f, "the entry at {position} has no usable URL (`{found}`), it was passed over")
            }
        }
    }
}

/// What a sitemap or feed lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// What kind of list it is.
    pub kind: SitemapKind,
    /// Its entries, in order, repetitions included.
    pub entries: Vec<SitemapEntry>,
    /// What was wrong with it, at most the first hundred things.
    pub problems: Vec<SitemapProblem>,
    /// How much is read.
    limits: SitemapLimits,
    /// Addresses and titles of extensions so far.
    extras: usize,
}

/// Reads a file that was found at `base`, within the usual limits. Gzip is recognised by its first bytes, whatever the
/// name or the content type says.
#[must_use]
pub fn parse(bytes: &[u8], base: &Url) -> Sitemap {
    parse_within(bytes, base, None, SitemapLimits::default())
}

/// As [`parse`], within these limits, of a file of which the server says that it is `content_type`. A byte order mark
/// says what charset it is in, else the content type, else the XML declaration, else the bytes.
#[must_use]
pub fn parse_within(bytes: &[u8], base: &Url, content_type: Option<&str>, limits: SitemapLimits) -> Sitemap {
    let mut sitemap = Sitemap { limits, ..Sitemap::default() };
    let unpacked = sitemap.unpack(bytes);
    let text = sitemap.decode(&unpacked, content_type, base);
    let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if text.starts_with('<') {
        xml::read(text, base, &mut sitemap);
    } else if text.starts_with('{') {
        json::read(text, base, &mut sitemap);
    } else {
        sitemap.read_lines(text);
    }
    if sitemap.kind == SitemapKind::Unknown {
        sitemap.problems.retain(|problem| !matches!(problem, SitemapProblem::BadUrl { .. }));
        sitemap.problem(SitemapProblem::NotASitemap);
    }
    sitemap
}

/// What stands beside an entry's URL.
#[derive(Debug, Default)]
struct Said {
    lastmod: Option<Timestamp>,
    extensions: Option<Box<Extensions>>,
}

impl Sitemap {
    fn unpack<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut unpacked = Cow::Borrowed(bytes);
        for _ in 0..MAX_PACKED {
            if !unpacked.starts_with(&[0x1F, 0x8B]) {
                break;
            }
            let mut out = Vec::new();
            let limit = u64::try_from(self.limits.bytes).unwrap_or(u64::MAX);
            // One byte more than allowed tells a full file from a cut one.
            let outcome = MultiGzDecoder::new(&*unpacked).take(limit.saturating_add(1)).read_to_end(&mut out);
            if outcome.is_err() {
                self.problem(SitemapProblem::DamagedGzip);
            }
            unpacked = Cow::Owned(out);
        }
        if unpacked.len() > MAX_SITEMAP_BYTES {
            self.problem(SitemapProblem::BeyondProtocol);
        }
        if unpacked.len() > self.limits.bytes {
            self.problem(SitemapProblem::TooLarge);
            match &mut unpacked {
                Cow::Borrowed(bytes) => *bytes = &bytes[..self.limits.bytes],
                Cow::Owned(bytes) => bytes.truncate(self.limits.bytes),
            }
        }
        unpacked
    }

    fn decode<'a>(&mut self, bytes: &'a [u8], content_type: Option<&str>, base: &Url) -> Cow<'a, str> {
        let tld = base.host_str().and_then(|host| host.rsplit_once('.')).map(|(_, tld)| tld);
        let decoded = lycosa_dom::decode(bytes, content_type, tld);
        // A guess would be a wrong address; what XML reads without a declaration is UTF-8.
        if decoded.declared.is_none() && decoded.confidence == Confidence::Guess {
            self.problem(SitemapProblem::Encoding { charset: "UTF-8" });
            return String::from_utf8_lossy(bytes);
        }
        let is_told = !matches!(decoded.source, CharsetSource::Detector | CharsetSource::Tld);
        let is_usual = is_told || matches!(decoded.charset, "UTF-8" | "UTF-16LE" | "UTF-16BE");
        if decoded.malformed > 0 || !is_usual {
            self.problem(SitemapProblem::Encoding { charset: decoded.charset });
        }
        decoded.text
    }

    /// Reading ends when wrong lines outnumber URLs by [`MAX_PROBLEMS`]: it is some other kind of text then.
    fn read_lines(&mut self, text: &str) {
        let mut wrong = 0;
        // A lone carriage return ends a line as well.
        let lines = text.lines().flat_map(|line| line.split('\r'));
        for (index, line) in lines.enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let position = u64::try_from(index + 1).unwrap_or(u64::MAX);
            // Relative URLs are no part of the format; taking them would find pages in any text file.
            let before = self.entries.len();
            let go_on = self.add(Url::parse(line).ok(), Said::default(), position, line);
            wrong += usize::from(self.entries.len() == before);
            if !go_on || wrong > self.entries.len() + MAX_PROBLEMS {
                break;
            }
        }
        if !self.entries.is_empty() {
            self.kind = SitemapKind::Text;
        }
    }

    /// Takes an entry up; `false` when no more are taken.
    fn add(&mut self, url: Option<Url>, said: Said, position: u64, found: &str) -> bool {
        let crawlable = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = crawlable else {
            self.problem(SitemapProblem::BadUrl { position, found: found.chars().take(100).collect() });
            return true;
        };
        if self.entries.len() >= self.limits.entries {
            self.problem(SitemapProblem::TooManyEntries);
            return false;
        }
        if self.entries.len() == MAX_SITEMAP_ENTRIES
            && !self.problems.contains(&SitemapProblem::BeyondProtocol)
        {
            self.problem(SitemapProblem::BeyondProtocol);
        }
        let Said { lastmod, extensions } = said;
        self.entries.push(SitemapEntry { loc: url, lastmod, extensions });
        true
    }

    fn problem(&mut self, problem: SitemapProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wild_tests;
