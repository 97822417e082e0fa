//! Bytes to text to tree to nodes: what a crawler needs to read a page. No I/O, no clock, no runtime; useful on
//! its own.
//!
//! # A tour
//!
//! [`decode`] turns the bytes of a body into text and says which charset it found, and why:
//!
//! ```
//! use lycosa_dom::{CharsetSource, decode};
//! let decoded = decode(b"<meta charset=koi8-r><title>\xf0\xc1\xd5\xcb</title>", None, None);
//! assert_eq!((decoded.charset, decoded.source), ("KOI8-R", CharsetSource::Meta));
//! ```
//!
//! [`Document::parse_html`] turns text into a tree, as the HTML standard says, within limits of depth, size and
//! patience ([`ParseOptions`]). It never fails; [`Document::tree_state`] tells whether a limit cut the tree.
//!
//! ```
//! # use lycosa_dom::decode;
//! use lycosa_dom::{Document, ParseOptions, TreeState};
//! let decoded = decode(b"<title>Wolf  spiders</title><p>They <em>hunt</em>.<p><a href='/lycosa'>More</a>", None, None);
//! let document = Document::parse_html(&decoded.text, ParseOptions::default());
//! assert_eq!(document.tree_state(), TreeState::Whole);
//!
//! // What a crawler asks of every page.
//! assert_eq!(document.title().as_deref(), Some("Wolf spiders"));
//! assert_eq!(document.links().next().map(|link| link.href), Some("/lycosa"));
//!
//! // Nodes are numbers with a reference to their document: cheap to copy, ordered like the page.
//! let paragraph = document.nodes().find(|node| node.name() == "p").unwrap();
//! assert_eq!(paragraph.text(), "They hunt.");
//! assert_eq!(paragraph.inner_html(), "They <em>hunt</em>.");
//!
//! // Text as a reader sees it.
//! assert_eq!(document.root().visible_text(), "They hunt.\n\nMore");
//! ```
//!
//! [`Selector`] is CSS, parsed once and used on any document, with `::text` and `::attr(name)` at the end for
//! what to take:
//!
//! ```
//! # use lycosa_dom::{Document, ParseOptions};
//! use lycosa_dom::Selector;
//! # let document = Document::parse_html("<p>They <em>hunt</em>.<p><a href='/lycosa'>More</a>", ParseOptions::default());
//! let emphasis = Selector::parse("p > em")?;
//! assert_eq!(document.select(&emphasis).count(), 1);
//! let addresses = Selector::parse("a[href^='/']::attr(href)")?;
//! assert_eq!(addresses.values(document.root()).collect::<Vec<_>>(), ["/lycosa"]);
//! # Ok::<(), lycosa_dom::SelectorError>(())
//! ```
//!
//! [`Selection`] chains such searches in the manner of jQuery, with selectors as text or compiled:
//!
//! ```
//! # use lycosa_dom::{Document, ParseOptions};
//! # let document = Document::parse_html("<p>They <em>hunt</em>.<p><a href='/lycosa'>More</a>", ParseOptions::default());
//! let last = document.find("p")?.has("a")?.last();
//! assert_eq!(last.find("a")?.attr("href"), Some("/lycosa"));
//! assert_eq!(last.prev().text(), "They hunt.");
//! # Ok::<(), lycosa_dom::SelectorError>(())
//! ```
//!
//! [`XPath`] is XPath 1.0, whole, with what scrapers are used to (`has-class`, `re:test`):
//!
//! ```
//! # use lycosa_dom::{Document, ParseOptions};
//! use lycosa_dom::XPath;
//! # let document = Document::parse_html("<p>They <em>hunt</em>.<p><a href='/lycosa'>More</a>", ParseOptions::default());
//! let addresses = XPath::compile("//p[not(em)]/a/@href")?.evaluate(document.root())?;
//! assert_eq!(addresses.to_text(), "/lycosa");
//! # Ok::<(), lycosa_dom::XPathError>(())
//! ```
//!
//! # How it is built
//!
//! `charset` decodes. `tokenize` reads text into tokens, html5ever's tree builder makes a tree of them, and
//! `document` freezes that into arrays in document order. `name` numbers names, so that comparing them compares
//! integers. `page` (links and facts), `text`, `select` and `xpath` read the arrays; `selection` chains what `select`
//! finds. Dropping and walking never recurse, so no nesting can overflow the stack. Types of the libraries behind this
//! do not appear in what is public.

mod charset;
#[cfg(test)]
mod corpus;
mod document;
mod name;
mod page;
mod pattern;
mod select;
mod selection;
mod text;
mod tokenize;
mod xpath;

pub use charset::{
    Charset, CharsetSource, Confidence, DecodeOptions, Decoded, Malformed, MalformedText, UnknownCharset,
    decode, decode_with,
};
pub use document::{
    Ancestors, Attribute, AttributeId, Attributes, Cancel, Children, CutReason, Descendants, Document,
    DocumentKind, NodeId, NodeKind, NodeRef, ParseOptions, Quirks, TreeState, XmlProblem, XmlProblemKind,
};
pub use name::Namespace;
pub use page::{
    AllLinks, ImageCandidate, ImageCandidates, Link, LinkKind, Links, MetaRefresh, ScannedLink,
    image_candidates, scan_links,
};
pub use pattern::{
    Pattern, PatternError, PatternErrorKind, PatternLimits, PatternMatch, PatternMatches, PatternSet,
};
pub use select::{Output, Select, Selector, SelectorError};
pub use selection::{Nodes, Selection, SelectorArgument};
pub use text::{collapse_whitespace, words};
pub use xpath::{
    XPath, XPathEnvironment, XPathError, XPathErrorKind, XPathItem, XPathNamespace, XPathNodes, XPathOptions,
    XPathToken, XPathValue,
};
