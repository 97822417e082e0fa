//! Writing a subtree as HTML: the serialisation algorithm of the HTML standard (13.3). Iterative; like the
//! algorithm itself it does not promise that parsing the result gives the same tree.

use super::{Attribute, Document, NodeKind, NodeRef};
use crate::name::{NodeName, atoms};

impl NodeRef<'_> {
    /// The node and everything in it as HTML (DOM `outerHTML`).
    pub fn html(self) -> String {
        let mut writer = Writer { document: self.document(), out: String::new() };
        writer.write_range(self.number(), self.subtree_end().number());
        writer.out
    }

    /// Everything in the node as HTML (DOM `innerHTML`).
    pub fn inner_html(self) -> String {
        let mut writer = Writer { document: self.document(), out: String::new() };
        writer.write_range(self.number() + 1, self.subtree_end().number());
        writer.out
    }
}

struct Writer<'d> {
    document: &'d Document,
    out: String,
}

impl Writer<'_> {
    /// Writes whole subtrees that follow one another. The end tag of a node is written when the next node no
    /// longer lies in it; the parent links say which those are.
    fn write_range(&mut self, start: u32, end: u32) {
        let mut id = start;
        while id < end {
            self.open(id);
            id += 1;
            if id == self.document.end_of(id - 1) {
                self.close_until(id - 1, start, id);
            }
        }
    }

    /// Closes the node and its ancestors, from `start` on, that end at `end`.
    fn close_until(&mut self, mut node: u32, start: u32, end: u32) {
        while node >= start && self.document.end_of(node) == end {
            self.close(node);
            match self.document.parent_of(node) {
                Some(parent) => node = parent,
                None => return,
            }
        }
    }

    fn open(&mut self, id: u32) {
        let node = NodeRef::new(self.document, id);
        match node.kind() {
            NodeKind::Document => {}
            NodeKind::Element => {
                self.out.push('<');
                self.out.push_str(node.name());
                node.attrs().for_each(|attribute| self.attribute(attribute));
                self.out.push('>');
            }
            NodeKind::Text if self.is_raw_text(node) => self.out.push_str(node.text()),
            NodeKind::Text => escape_text(node.text(), &mut self.out),
            NodeKind::Comment => self.wrap("<!--", node.data(), "-->"),
            NodeKind::Doctype => self.wrap("<!DOCTYPE ", node.name(), ">"),
            NodeKind::ProcessingInstruction => {
                self.out.push_str("<?");
                self.wrap(node.name(), " ", "");
                self.wrap("", node.data(), ">");
            }
        }
    }

    fn close(&mut self, id: u32) {
        let name = self.document.name(id);
        if name.is_element() && !is_void(name) {
            self.wrap("</", self.document.atom_text(name.atom()), ">");
        }
    }

    fn wrap(&mut self, before: &str, text: &str, after: &str) {
        for part in [before, text, after] {
            self.out.push_str(part);
        }
    }

    fn attribute(&mut self, attribute: Attribute<'_>) {
        self.out.push(' ');
        let (prefix, name) = (attribute.prefix(), attribute.name());
        let is_bare = prefix.is_empty() || (prefix == "xmlns" && name == "xmlns");
        if !is_bare {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape_attribute(attribute.value(), &mut self.out);
        self.out.push('"');
    }

    fn is_raw_text(&self, node: NodeRef<'_>) -> bool {
        let Some(parent) = node.parent().and_then(|parent| parent.node_name().html_atom()) else {
            return false;
        };
        matches!(
            parent,
            atoms::STYLE
                | atoms::SCRIPT
                | atoms::XMP
                | atoms::IFRAME
                | atoms::NOEMBED
                | atoms::NOFRAMES
                | atoms::PLAINTEXT
        )
    }
}

/// Elements without an end tag.
fn is_void(name: NodeName) -> bool {
    matches!(
        name.html_atom(),
        Some(
            atoms::AREA
                | atoms::BASE
                | atoms::BASEFONT
                | atoms::BGSOUND
                | atoms::BR
                | atoms::COL
                | atoms::EMBED
                | atoms::FRAME
                | atoms::HR
                | atoms::IMG
                | atoms::INPUT
                | atoms::KEYGEN
                | atoms::LINK
                | atoms::META
                | atoms::PARAM
                | atoms::SOURCE
                | atoms::TRACK
                | atoms::WBR
        )
    )
}

fn escape_text(text: &str, out: &mut String) {
    escape(text, &['&', '\u{a0}', '<', '>'], out);
}

fn escape_attribute(text: &str, out: &mut String) {
    escape(text, &['&', '\u{a0}', '<', '>', '"'], out);
}

fn escape(text: &str, special: &[char], out: &mut String) {
    let mut rest = text;
    while let Some(position) = rest.find(special) {
        out.push_str(&rest[..position]);
        let mut characters = rest[position..].chars();
        out.push_str(match characters.next() {
            Some('&') => "&amp;",
            Some('\u{a0}') => "&nbsp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            _ => "&quot;",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
}
