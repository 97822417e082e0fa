//! Pages as the library's user sees them: in a hook, borrowed, with links and items to add; from the stream,
//! owned.

use std::sync::OnceLock;

use lycosa_dom::{Document, DocumentKind, NodeRef, ParseOptions, Selector};
use serde_json::Value;

use crate::engine::CommittedPage;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Findings, Item, Outlink, Page};

/// A page in a hook: read it, follow links, emit items.
#[derive(Debug)]
pub struct PageContext<'a> {
    page: &'a Page<'a>,
    findings: &'a mut Findings,
}

impl<'a> PageContext<'a> {
    pub(super) fn new(page: &'a Page<'a>, findings: &'a mut Findings) -> Self {
        Self { page, findings }
    }

    /// The URL that answered.
    #[must_use]
    pub fn url(&self) -> &'a url::Url {
        self.page.url
    }

    /// Everything known of the page.
    #[must_use]
    pub fn page(&self) -> &'a Page<'a> {
        self.page
    }

    /// The document; none for content that is not HTML.
    #[must_use]
    pub fn document(&self) -> Option<&'a Document> {
        self.page.document
    }

    /// The elements that a CSS selector matches, in document order.
    ///
    /// # Errors
    /// When the selector cannot be read.
    pub fn css(&self, selector: &str) -> Result<Vec<NodeRef<'a>>> {
        select(self.page.document, selector)
    }

    /// The label the request carried.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.page.request.label.as_deref()
    }

    /// Follows a link, relative or absolute; scope, depth and budgets decide as for any other. A link that cannot
    /// be resolved is ignored.
    pub fn follow(&mut self, reference: &str) {
        self.findings.outlinks.extend(self.page.resolve(reference).map(Outlink::to));
    }

    /// Follows a link under a label, which the page it leads to carries.
    pub fn follow_as(&mut self, reference: &str, label: &str) {
        let link = self.page.resolve(reference).map(Outlink::to);
        self.findings.outlinks.extend(link.map(|link| Outlink { label: Some(label.into()), ..link }));
    }

    /// Notes where the body was saved, for the page's record.
    pub(super) fn saved_as(&mut self, place: Box<str>) {
        self.findings.body_file = Some(place);
    }

    /// Emits an item of this type with these fields.
    pub fn emit<N: Into<String>, V: Into<Value>>(
        &mut self,
        kind: &str,
        fields: impl IntoIterator<Item = (N, V)>,
    ) {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.findings.items.push(Item { kind: kind.into(), fields });
    }
}

/// A page of the stream: owned, committed. Its document is built when first asked for.
#[derive(Debug)]
pub struct StreamedPage {
    page: CommittedPage,
    document: OnceLock<Document>,
}

impl StreamedPage {
    pub(super) fn new(page: CommittedPage) -> Self {
        Self { page, document: OnceLock::new() }
    }

    /// The URL that answered.
    #[must_use]
    pub fn url(&self) -> &url::Url {
        &self.page.url
    }

    /// The status, 2xx.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.page.status
    }

    /// Links followed from a seed.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.page.request.depth
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &http::HeaderMap {
        &self.page.headers
    }

    /// The body, content codings undone.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.page.body
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.page.text
    }

    /// The items extracted from it.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.page.items
    }

    /// The document, parsed as XML when the media type says so, as HTML when it says nothing of either.
    #[must_use]
    pub fn document(&self) -> &Document {
        self.document.get_or_init(|| {
            let media_type = self.page.headers.get(http::header::CONTENT_TYPE);
            let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
            let kind = DocumentKind::of(media_type.as_deref(), &self.page.text);
            let kind = kind.unwrap_or(DocumentKind::Html);
            Document::parse(&self.page.text, kind, ParseOptions::default())
        })
    }

    /// The title, white space collapsed.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.document().title().map(std::borrow::Cow::into_owned)
    }

    /// The elements that a CSS selector matches, in document order.
    ///
    /// # Errors
    /// When the selector cannot be read.
    pub fn css(&self, selector: &str) -> Result<Vec<NodeRef<'_>>> {
        select(Some(self.document()), selector)
    }
}

fn select<'d>(document: Option<&'d Document>, selector: &str) -> Result<Vec<NodeRef<'d>>> {
    let selector = Selector::parse(selector).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("the selector `{selector}` cannot be read: {cause}"))
    })?;
    Ok(document.map(|document| document.select(&selector).collect()).unwrap_or_default())
}
