//! Small random documents, as source: shapes on which axes and positions differ, and texts on which conversions do.

use crate::dice::Dice;

const NAMES: &[&str] = &["div", "span", "ul", "li", "p", "a", "h2", "section", "b", "x-y", "br"];
/// Names of documents of XML, some with prefixes that are bound at the root.
const XML_NAMES: &[&str] = &["div", "li", "p", "a", "n:a", "n:p", "m:a", "item", "link", "Div"];
/// The prefixes and the namespaces that they stand for, in documents and in expressions.
pub(crate) const PREFIXES: [(&str, &str); 2] = [("n", "urn:n"), ("m", "urn:m")];
const ATTRIBUTES: &[&str] = &["id", "class", "href", "title", "data-k"];
const VALUES: &[&str] = &["a", "b", "a b", " b  c ", "1", "2.5", "-3", "", "/x?y=z", "é ü", "it's", "10"];
const TEXTS: &[&str] =
    &["one", "two ", " three\n", "4", " 5 ", "6.5", "x y  z", "日本", "-7", "a", ".", "&amp;"];

/// A page of HTML or a document of XML, with at most about `nodes` nodes.
pub(crate) fn source(dice: &mut Dice, html: bool, nodes: usize) -> String {
    let mut page = Page { dice, out: String::new(), left: nodes, html };
    page.out.push_str(if html { "<!doctype html><body" } else { "<root" });
    if !html {
        PREFIXES.iter().for_each(|(prefix, uri)| page.out.push_str(&format!(" xmlns:{prefix}=\"{uri}\"")));
    }
    page.attributes();
    page.out.push('>');
    while page.left > 0 {
        page.node(0);
    }
    page.out.push_str(if html { "</body>" } else { "</root>" });
    page.out
}

struct Page<'d> {
    dice: &'d mut Dice,
    out: String,
    left: usize,
    html: bool,
}

/// Elements in one another, at most.
const DEEPEST: usize = 8;

impl Page<'_> {
    fn node(&mut self, depth: usize) {
        self.left = self.left.saturating_sub(1);
        match self.dice.below(100) {
            0..65 if depth < DEEPEST => self.element(depth),
            65..69 => self.out.push_str("<!-- note -->"),
            69..71 if !self.html => self.out.push_str("<?target data?>"),
            _ => self.out.push_str(self.dice.pick(TEXTS).copied().unwrap_or_default()),
        }
    }

    fn element(&mut self, depth: usize) {
        let names = if self.html { NAMES } else { XML_NAMES };
        let name = self.dice.pick(names).copied().unwrap_or("div");
        self.out.push_str(&format!("<{name}"));
        if !self.html && self.dice.percent(8) {
            // A default namespace, which names without a prefix in an expression do not mean.
            self.out.push_str(" xmlns=\"urn:n\"");
        }
        self.attributes();
        if self.html && name == "br" {
            self.out.push('>');
            return;
        }
        self.out.push('>');
        for _ in 0..self.dice.below(5) {
            if self.left > 0 {
                self.node(depth + 1);
            }
        }
        self.out.push_str(&format!("</{name}>"));
    }

    fn attributes(&mut self) {
        for name in ATTRIBUTES {
            if self.dice.percent(18) {
                let value = self.dice.pick(VALUES).copied().unwrap_or_default();
                self.out.push_str(&format!(" {name}=\"{value}\""));
            }
        }
        if !self.html && self.dice.percent(10) {
            let lang = self.dice.pick(&["en", "EN-gb", "de"]).copied().unwrap_or("en");
            self.out.push_str(&format!(" n:class=\"a\" xml:lang=\"{lang}\""));
        }
    }
}
