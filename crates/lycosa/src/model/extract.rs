//! Extraction: from a parsed page to links and items. Synchronous, without network, clock or files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use lycosa_dom::Document;
use url::Url;

use super::{Exclusion, Item, ItemCounts, Reject, Request, Timestamp};
use crate::error::Result;

/// A fetched page as extractors and hooks see it.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The request that led here.
    pub request: &'a Request,
    /// The URL that answered.
    pub url: &'a Url,
    /// The URL against which links resolve: `<base href>`, or `url`.
    pub base: &'a Url,
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The body's bytes, content codings undone.
    pub body: &'a [u8],
    /// The body as text.
    pub text: &'a str,
    /// When the request was sent.
    pub fetched_at: Timestamp,
    /// The document; none for content that is not HTML.
    pub document: Option<&'a Document>,
}

impl<'a> Page<'a> {
    /// A reference in the page as an absolute URL, resolved as browsers do; `None` when it cannot be.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Url> {
        let reference = reference.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_control());
        resolve(self.base, reference, self.document)
    }
}

/// A reference in a document as an absolute URL, its query in the charset of the page (URL standard, "basic URL
/// parser" with an encoding).
pub(crate) fn resolve(base: &Url, reference: &str, document: Option<&Document>) -> Option<Url> {
    match document.filter(|document| document.needs_query_charset(reference)) {
        None => base.join(reference).ok(),
        Some(document) => {
            let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| document.query_bytes(query);
            Url::options().base_url(Some(base)).encoding_override(Some(encode)).parse(reference).ok()
        }
    }
}

/// A URL found in a page, with its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlink {
    /// Absolute, fragment kept (canonicalisation drops it).
    pub url: Url,
    /// Route label for the page it leads to.
    pub label: Option<Arc<str>>,
    /// Facts to hand on.
    pub meta: BTreeMap<Box<str>, Box<str>>,
    /// Whether `rel` contains `nofollow`.
    pub nofollow: bool,
}

impl Outlink {
    /// A plain link.
    #[must_use]
    pub fn to(url: Url) -> Self {
        Self { url, label: None, meta: BTreeMap::new(), nofollow: false }
    }
}

/// What an extractor found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Links to follow, in document order.
    pub outlinks: Vec<Outlink>,
    /// Items, in document order.
    pub items: Vec<Item>,
    /// Records that fail their rules, in document order.
    pub rejects: Vec<Reject>,
    /// What a person should know, by sentence.
    pub notes: Vec<String>,
    /// The page shall not be kept, for this reason.
    pub excluded: Option<Exclusion>,
    /// The file that holds the body, relative to the folder of saved bodies; for the page's record.
    pub body_file: Option<Box<str>>,
}

/// Takes links and items out of a page. May run again for the same page after a crash.
pub trait Extract: Send + Sync + std::fmt::Debug {
    /// Adds what it finds to `findings`.
    ///
    /// # Errors
    /// When the page cannot be worked on; the lease then ends with a typed failure.
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()>;

    /// Adds the links of a page that is left out (`noindex`, a duplicate): its items are neither kept nor counted.
    /// All of [`Extract::extract`], by default; for extractors that take items alone, nothing.
    ///
    /// # Errors
    /// As [`Extract::extract`].
    fn extract_links(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        self.extract(page, findings)
    }

    /// What became of the items of each type so far, for extractors that take items. None, by default.
    fn counts(&self) -> Vec<ItemCounts> {
        Vec::new()
    }
}
