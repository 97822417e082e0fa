//! What the elements of HTML are to the main content and to its writers: one small number for each node, so that every
//! later pass compares numbers and not names.

use lycosa_dom::{Document, Namespace, NodeRef};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Kind {
    /// A text node.
    Text,
    /// Never shown: scripts, styles, templates, the head, comments.
    Hidden,
    /// What a person fills in or presses: buttons, fields, choices.
    Control,
    /// A block without a meaning of its own: `div`, `section`, `body`, `article`, `form`.
    Division,
    /// `nav`, `aside`, `footer`, `dialog`, `menu`: beside the content by their meaning.
    Beside,
    /// `header`, `hgroup`
    Header,
    Paragraph,
    /// With its level, 1 to 6.
    Heading(u8),
    Preformatted,
    Quote,
    List,
    OrderedList,
    Item,
    /// `dl`
    Descriptions,
    Term,
    Description,
    Table,
    /// `thead`, `tbody`, `tfoot`, `colgroup`
    RowGroup,
    Row,
    Cell,
    HeaderCell,
    Caption,
    Figure,
    FigureCaption,
    Rule,
    Break,
    Link,
    Image,
    /// `video`, `audio`, `iframe`, `embed`, `object`
    Media,
    Strong,
    Emphasis,
    Strike,
    Code,
    Subscript,
    Superscript,
    Quotation,
    Math,
    /// An element in a line without a meaning of its own.
    Inline,
}

impl Kind {
    /// What a node is.
    pub(in crate::extract) fn of(node: NodeRef<'_>) -> Self {
        if node.is_text() {
            return Self::Text;
        }
        match node.namespace() {
            Namespace::Html | Namespace::None => {}
            Namespace::MathMl => {
                return match node.name() {
                    "math" => Self::Math,
                    "annotation" | "annotation-xml" => Self::Hidden,
                    _ => Self::Inline,
                };
            }
            Namespace::Svg => return Self::Hidden,
            _ => return Self::Inline,
        }
        if !node.is_element() {
            return if node.parent().is_none() { Self::Division } else { Self::Hidden };
        }
        Self::block(node.name()).or_else(|| Self::inline(node.name())).unwrap_or(Self::Inline)
    }

    fn block(name: &str) -> Option<Self> {
        Some(match name {
            "p" => Self::Paragraph,
            "h1" => Self::Heading(1),
            "h2" => Self::Heading(2),
            "h3" => Self::Heading(3),
            "h4" => Self::Heading(4),
            "h5" => Self::Heading(5),
            "h6" => Self::Heading(6),
            "pre" | "listing" | "xmp" | "plaintext" => Self::Preformatted,
            "blockquote" => Self::Quote,
            "ul" | "dir" => Self::List,
            "ol" => Self::OrderedList,
            "li" => Self::Item,
            "dl" => Self::Descriptions,
            "dt" => Self::Term,
            "dd" => Self::Description,
            "table" => Self::Table,
            "thead" | "tbody" | "tfoot" => Self::RowGroup,
            "tr" => Self::Row,
            "td" => Self::Cell,
            "th" => Self::HeaderCell,
            "caption" => Self::Caption,
            "figure" => Self::Figure,
            "figcaption" => Self::FigureCaption,
            "hr" => Self::Rule,
            "nav" | "aside" | "footer" | "dialog" | "menu" | "search" => Self::Beside,
            "header" | "hgroup" => Self::Header,
            "html" | "body" | "div" | "section" | "article" | "main" | "address" | "center" | "details"
            | "summary" | "fieldset" | "legend" | "form" | "optgroup" => Self::Division,
            _ => return None,
        })
    }

    fn inline(name: &str) -> Option<Self> {
        Some(match name {
            "script" | "style" | "noscript" | "template" | "head" | "noframes" | "noembed" | "canvas"
            | "rp" | "rt" | "datalist" | "title" | "meta" | "link" | "base" | "colgroup" | "col"
            | "source" | "track" | "param" | "area" | "map" | "frameset" => Self::Hidden,
            "button" | "input" | "select" | "option" | "textarea" | "keygen" | "progress" | "meter" => {
                Self::Control
            }
            "a" => Self::Link,
            "img" | "image" | "amp-img" => Self::Image,
            "video" | "audio" | "iframe" | "embed" | "object" | "applet" => Self::Media,
            "br" => Self::Break,
            "b" | "strong" => Self::Strong,
            "i" | "em" | "cite" | "dfn" | "var" => Self::Emphasis,
            "s" | "strike" | "del" => Self::Strike,
            "code" | "kbd" | "samp" | "tt" => Self::Code,
            "sub" => Self::Subscript,
            "sup" => Self::Superscript,
            "q" => Self::Quotation,
            _ => return None,
        })
    }

    /// Whether it stands on lines of its own.
    pub(in crate::extract) fn is_block(self) -> bool {
        !matches!(
            self,
            Self::Text
                | Self::Hidden
                | Self::Control
                | Self::Break
                | Self::Link
                | Self::Image
                | Self::Media
                | Self::Strong
                | Self::Emphasis
                | Self::Strike
                | Self::Code
                | Self::Subscript
                | Self::Superscript
                | Self::Quotation
                | Self::Math
                | Self::Inline
        )
    }

    /// Whether it only holds other blocks together.
    pub(super) fn is_container(self) -> bool {
        matches!(
            self,
            Self::Division
                | Self::Beside
                | Self::Header
                | Self::Figure
                | Self::RowGroup
                | Self::Row
                | Self::Table
        )
    }
}

/// What each node of a document is, by its number.
pub(super) fn kinds(document: &Document) -> Vec<Kind> {
    document.nodes().map(Kind::of).collect()
}
