//! Writing a subtree as HTML, by the serialisation algorithm of the HTML standard (13.3), or as XML when the
//! document is XML. Iterative. The algorithm for HTML does not promise that parsing the result gives the same
//! tree; of a well-formed XML document the tree comes back, except that document types lose what they declare.

use std::collections::HashSet;

use super::{Attribute, Document, DocumentKind, NodeKind, NodeRef};
use crate::name::{NodeName, atoms};

impl NodeRef<'_> {
    /// The node and everything in it as HTML (DOM `outerHTML`); in an XML document as XML, with the namespace
    /// declarations that it needs to stand alone.
    pub fn html(self) -> String {
        let mut writer = Writer::new(self.document(), Some(self.number()));
        writer.write_range(self.number(), self.subtree_end().number());
        writer.out
    }

    /// Everything in the node as HTML (DOM `innerHTML`), in an XML document as XML.
    pub fn inner_html(self) -> String {
        let mut writer = Writer::new(self.document(), None);
        writer.write_range(self.number() + 1, self.subtree_end().number());
        writer.out
    }
}

struct Writer<'d> {
    document: &'d Document,
    is_xml: bool,
    /// The element that gets the namespace declarations of its ancestors.
    outermost: Option<u32>,
    out: String,
}

impl<'d> Writer<'d> {
    fn new(document: &'d Document, outermost: Option<u32>) -> Self {
        Self { document, is_xml: document.kind() == DocumentKind::Xml, outermost, out: String::new() }
    }

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
            _ if self.is_xml => self.open_xml(node),
            NodeKind::Element => {
                self.out.push('<');
                self.out.push_str(node.name());
                node.attrs().for_each(|attribute| self.attribute(attribute));
                self.out.push('>');
            }
            NodeKind::Text if self.is_raw_text(node) => self.out.push_str(node.text()),
            NodeKind::Text => escape(node.text(), &HTML_TEXT, &mut self.out),
            NodeKind::Comment => self.wrap("<!--", node.data(), "-->"),
            NodeKind::Doctype => self.wrap("<!DOCTYPE ", node.name(), ">"),
            NodeKind::ProcessingInstruction => {
                self.out.push_str("<?");
                self.wrap(node.name(), " ", "");
                self.wrap("", node.data(), ">");
            }
        }
    }

    fn open_xml(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            NodeKind::Document => {}
            NodeKind::Element => {
                self.out.push('<');
                self.name(node.prefix(), node.name());
                node.attrs().for_each(|attribute| self.attribute(attribute));
                if self.outermost == Some(node.number()) {
                    self.inherited_namespaces(node);
                }
                self.out.push_str(if node.first_child().is_some() { ">" } else { "/>" });
            }
            NodeKind::Text => escape(node.text(), &XML_TEXT, &mut self.out),
            NodeKind::Comment => {
                // What two hyphens would end is kept apart.
                let data = node.data().replace("--", "- -").replace("--", "- -");
                let end = if data.ends_with('-') { " -->" } else { "-->" };
                self.wrap("<!--", &data, end);
            }
            NodeKind::Doctype => self.doctype(node),
            NodeKind::ProcessingInstruction => {
                let space = if node.data().is_empty() { "" } else { " " };
                self.wrap("<?", node.name(), space);
                self.wrap("", node.data(), "?>");
            }
        }
    }

    fn inherited_namespaces(&mut self, node: NodeRef<'_>) {
        let own: HashSet<&str> = node.declared_namespaces().map(|(prefix, _)| prefix).collect();
        for (prefix, uri) in node.in_scope_namespaces() {
            if prefix == "xml" || own.contains(prefix) {
                continue;
            }
            self.out.push(' ');
            match prefix {
                "" => self.out.push_str("xmlns"),
                _ => self.name("xmlns", prefix),
            }
            self.out.push_str("=\"");
            escape(uri, &XML_ATTRIBUTE, &mut self.out);
            self.out.push('"');
        }
    }

    fn doctype(&mut self, node: NodeRef<'_>) {
        self.wrap("<!DOCTYPE ", node.name(), "");
        // A literal cannot hold both kinds of quotes.
        let quote = |text: &str| if text.contains('"') { "'" } else { "\"" };
        let (public, system) = (node.data(), node.system_id());
        if !public.is_empty() {
            self.wrap(" PUBLIC ", quote(public), public);
            self.wrap(quote(public), " ", "");
        } else if !system.is_empty() {
            self.out.push_str(" SYSTEM ");
        }
        if !public.is_empty() || !system.is_empty() {
            self.wrap(quote(system), system, quote(system));
        }
        self.out.push('>');
    }

    fn name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.wrap(prefix, ":", "");
        }
        self.out.push_str(local);
    }

    fn close(&mut self, id: u32) {
        let name = self.document.name(id);
        if !name.is_element() {
            return;
        }
        if self.is_xml {
            if self.document.end_of(id) > id + 1 {
                let node = NodeRef::new(self.document, id);
                self.out.push_str("</");
                self.name(node.prefix(), node.name());
                self.out.push('>');
            }
        } else if !is_void(name) {
            self.wrap("</", self.document.local_name(name), ">");
        }
    }

    fn wrap(&mut self, before: &str, text: &str, after: &str) {
        for part in [before, text, after] {
            self.out.push_str(part);
        }
    }

    fn attribute(&mut self, attribute: Attribute<'_>) {
        self.out.push(' ');
        self.name(attribute.prefix(), attribute.name());
        self.out.push_str("=\"");
        let special: &[char] = if self.is_xml { &XML_ATTRIBUTE } else { &HTML_ATTRIBUTE };
        escape(attribute.value(), special, &mut self.out);
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

const HTML_TEXT: [char; 4] = ['&', '\u{a0}', '<', '>'];
const HTML_ATTRIBUTE: [char; 5] = ['&', '\u{a0}', '<', '>', '"'];
/// A carriage return as such would be read back as a line feed.
const XML_TEXT: [char; 4] = ['&', '<', '>', '\r'];
/// White space as such would be read back as spaces.
const XML_ATTRIBUTE: [char; 7] = ['&', '<', '>', '"', '\t', '\n', '\r'];

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
            Some('\t') => "&#9;",
            Some('\n') => "&#10;",
            Some('\r') => "&#13;",
            _ => "&quot;",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
}
