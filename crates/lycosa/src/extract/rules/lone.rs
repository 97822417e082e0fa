//! A page that no crawl fetched, for rules to look at.

use http::HeaderMap;
use lycosa_dom::Document;
use serde_json::Value;
use url::Url;

use super::{Fact, Subject};
use crate::extract::declared_base;
use crate::model::{Page, Request, Timestamp};

/// A document with the URL it comes from, outside of any crawl. Of the facts it has those that these tell: the URLs,
/// title, language and description.
#[derive(Clone, Debug)]
pub struct LonePage<'d> {
    document: &'d Document,
    url: Url,
    base: Url,
    request: Request,
    headers: HeaderMap,
}

impl<'d> LonePage<'d> {
    /// A document from this URL.
    #[must_use]
    pub fn new(document: &'d Document, url: &Url) -> Self {
        let base = declared_base(document, url).unwrap_or_else(|| url.clone());
        let request = Request::get(url.as_str());
        Self { document, url: url.clone(), base, request, headers: HeaderMap::new() }
    }

    /// The same under a label, as a follow rule would give it.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.request.label = Some(label.into());
        self
    }

    fn page(&self) -> Page<'_> {
        Page {
            request: &self.request,
            url: &self.url,
            base: &self.base,
            status: 200,
            headers: &self.headers,
            body: &[],
            text: "",
            fetched_at: Timestamp(0),
            document: Some(self.document),
        }
    }
}

impl Subject for LonePage<'_> {
    fn text(&self) -> &str {
        ""
    }

    fn media_type(&self) -> Option<&str> {
        None
    }

    fn document(&self) -> Option<&Document> {
        Some(self.document)
    }

    fn url(&self) -> &str {
        self.url.as_str()
    }

    fn label(&self) -> Option<&str> {
        self.request.label.as_deref()
    }

    fn resolve(&self, reference: &str) -> Option<Url> {
        self.page().resolve(reference)
    }

    fn fact(&self, fact: Fact) -> Option<Value> {
        match fact {
            Fact::Status | Fact::FetchedAt | Fact::Depth => None,
            known => self.page().fact(known),
        }
    }
}
