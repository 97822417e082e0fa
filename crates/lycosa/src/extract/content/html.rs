//! Content as clean HTML: the elements that carry meaning, with the attributes that belong to it, addresses absolute;
//! no classes, styles or scripts.

use lycosa_dom::NodeRef;
use url::Url;

use super::address::Addresses;
use super::element::Kind;
use super::{Content, Step};

/// Elements that are written; others are left out around what is in them.
const KEPT: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "figure",
    "figcaption",
    "hr",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "cite",
    "dfn",
    "var",
    "s",
    "del",
    "ins",
    "code",
    "kbd",
    "samp",
    "sub",
    "sup",
    "q",
    "mark",
    "small",
    "abbr",
    "time",
    "bdi",
    "bdo",
    "ruby",
    "details",
    "summary",
    "section",
    "article",
    "div",
    "math",
    "mi",
    "mn",
    "mo",
    "mrow",
    "msup",
    "msub",
    "mfrac",
    "msqrt",
    "mtext",
    "mtable",
    "mtr",
    "mtd",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mroot",
    "semantics",
];
/// Attributes that are written as they are.
const ATTRIBUTES: &[&str] = &[
    "lang", "dir", "title", "datetime", "start", "value", "reversed", "colspan", "rowspan", "scope",
    "headers", "cite", "alttext", "open",
];

impl Content<'_> {
    /// The content as HTML. Links and images are absolute if the page's `url` is known.
    #[must_use]
    pub fn to_html(&self, url: Option<&Url>) -> String {
        let mut writer =
            Writer { content: self, addresses: Addresses::new(self.document, url), out: String::new() };
        if let Some(title) = self.title {
            writer.out.push_str("<h1>");
            escape(&title.visible_text(), &mut writer.out);
            writer.out.push_str("</h1>\n");
        }
        let mut open: Vec<Option<&str>> = Vec::new();
        let mut walk = self.walk_titled();
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(node) => {
                    let kind = self.kind(node);
                    open.push(writer.enter(node, kind));
                    if matches!(kind, Kind::Control | Kind::Media) {
                        walk.pass_over();
                    }
                }
                Step::Leave(node) => {
                    if let Some(name) = open.pop().flatten() {
                        writer.leave(name, self.kind(node));
                    }
                }
            }
        }
        writer.out
    }
}

struct Writer<'c, 'd> {
    content: &'c Content<'d>,
    addresses: Addresses<'d>,
    out: String,
}

impl<'d> Writer<'_, 'd> {
    /// Writes what a node begins with; the name of the end tag that it needs.
    fn enter(&mut self, node: NodeRef<'d>, kind: Kind) -> Option<&'d str> {
        match kind {
            Kind::Text => {
                escape(node.text(), &mut self.out);
                None
            }
            Kind::Control | Kind::Media => None,
            Kind::Link => {
                let address = self.addresses.link(node).filter(|_| self.content.with_links)?;
                self.tag("a", &[("href", &address)]);
                Some("a")
            }
            Kind::Image => {
                let address = self.addresses.image(node).filter(|_| self.content.with_images)?;
                let alt = node.attr("alt").unwrap_or_default();
                let mut attributes = vec![("src", address.as_str()), ("alt", alt)];
                attributes
                    .extend(["width", "height"].iter().filter_map(|name| Some((*name, node.attr(name)?))));
                self.tag("img", &attributes);
                None
            }
            _ if !KEPT.contains(&node.name()) => None,
            _ => {
                let attributes: Vec<_> =
                    ATTRIBUTES.iter().filter_map(|name| Some((*name, node.attr(name)?))).collect();
                let language =
                    (kind == Kind::Preformatted).then(|| self.content.code_language(node)).flatten();
                let class = language.map(|language| format!("language-{language}"));
                let class = class.as_ref().map(|class| ("class", class.as_str()));
                let attributes: Vec<_> = attributes.into_iter().chain(class).collect();
                self.tag(node.name(), &attributes);
                if kind == Kind::Preformatted && node.text().starts_with('\n') {
                    self.out.push('\n');
                }
                (!matches!(kind, Kind::Rule | Kind::Break)).then_some(node.name())
            }
        }
    }

    fn leave(&mut self, name: &str, kind: Kind) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if kind.is_block() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            _ => out.push(c),
        }
    }
}
