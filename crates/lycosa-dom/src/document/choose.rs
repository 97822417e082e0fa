//! Whether a text is to be parsed as HTML or as XML: by its media type, or by how it begins when there is none.

use super::{Document, DocumentKind, ParseOptions, TreeState, XmlProblem};
use crate::name::{NodeName, atoms};

/// Root elements of feeds and sitemaps.
const ROOTS: [&str; 5] = ["rss", "feed", "RDF", "urlset", "sitemapindex"];
/// Comments and instructions before the first tag are looked through this far.
const SNIFFED: usize = 4096;

impl DocumentKind {
    /// What a text of this media type is: XML for `application/xml`, `text/xml` and all that end in `+xml` (the
    /// types of the MIME Sniffing standard, 4.6), HTML for `text/html`, nothing for other types. Parameters do
    /// not count. Without a media type see [`of_text`](Self::of_text).
    ///
    /// ```
    /// use lycosa_dom::DocumentKind;
    /// assert_eq!(DocumentKind::of(Some("application/atom+xml; charset=utf-8"), ""), Some(DocumentKind::Xml));
    /// assert_eq!(DocumentKind::of(None, "<p>Hello"), Some(DocumentKind::Html));
    /// assert_eq!(DocumentKind::of(Some("text/plain"), "<p>Hello"), None);
    /// ```
    pub fn of(media_type: Option<&str>, text: &str) -> Option<Self> {
        let Some(media_type) = media_type else { return Self::of_text(text) };
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*essence {
            "text/html" => Some(Self::Html),
            "application/xml" | "text/xml" => Some(Self::Xml),
            _ => essence.ends_with("+xml").then_some(Self::Xml),
        }
    }

    /// What a text is by its beginning: XML if that is an XML declaration or the first tag is the root of a feed
    /// or sitemap; else HTML if it begins with a tag at all.
    pub fn of_text(text: &str) -> Option<Self> {
        let text =
            text.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
        if !text.starts_with('<') {
            return None;
        }
        if text.starts_with("<?xml") {
            return Some(Self::Xml);
        }
        let mut rest = &text[..text.floor_char_boundary(SNIFFED)];
        loop {
            let end = match rest {
                _ if rest.starts_with("<!--") => "-->",
                _ if rest.starts_with("<?") => "?>",
                _ => break,
            };
            let Some((_, after)) = rest.split_once(end) else { return Some(Self::Html) };
            rest = after.trim_start();
        }
        let tag = rest.split_once('>').map_or(rest, |(tag, _)| tag);
        let name = tag.trim_start_matches('<').split([' ', '\t', '\n', '\r', '/']).next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or(name);
        Some(if ROOTS.contains(&local) { Self::Xml } else { Self::Html })
    }
}

impl Document {
    /// Parses a text as what it is said to be. A page is parsed as HTML after all when as XML it is ill-formed
    /// or has no HTML elements: pages are called XHTML more often than they are. The document then knows
    /// [why](Self::xml_fallback). Feeds and other XML stay what they are, however ill-formed.
    ///
    /// ```
    /// use lycosa_dom::{Document, DocumentKind, ParseOptions};
    /// let page = "<html xmlns='http://www.w3.org/1999/xhtml'><p>One<p>Two</html>";
    /// let document = Document::parse(page, DocumentKind::Xml, ParseOptions::default());
    /// assert_eq!(document.kind(), DocumentKind::Html);
    /// assert!(document.xml_fallback().unwrap().to_string().ends_with("the element has no end tag: p"));
    /// ```
    pub fn parse(text: &str, kind: DocumentKind, options: ParseOptions<'_>) -> Self {
        if kind == DocumentKind::Html {
            return Self::parse_html(text, options);
        }
        let document = Self::parse_xml(text, options);
        if !document.is_failed_page() {
            return document;
        }
        let problem = document.xml_problems().first().cloned();
        let mut page = Self::parse_html(text, options);
        page.xml_fallback = Some(Box::new(problem.unwrap_or_else(XmlProblem::no_namespace)));
        page
    }

    /// Why a page that was said to be XML was parsed as HTML, if it was.
    pub fn xml_fallback(&self) -> Option<&XmlProblem> {
        self.xml_fallback.as_deref()
    }

    /// Whether it has the root element of a page, but will not do as XML. A tree that a limit cut is no reason:
    /// as HTML it would be cut as well.
    fn is_failed_page(&self) -> bool {
        let Some(root) = self.root_element() else { return self.tree_state() == TreeState::Whole };
        let is_page = root.name().eq_ignore_ascii_case("html");
        let is_good = root.node_name() == NodeName::html(atoms::HTML)
            && (self.is_well_formed_xml() || self.tree_state() != TreeState::Whole);
        is_page && !is_good
    }
}
