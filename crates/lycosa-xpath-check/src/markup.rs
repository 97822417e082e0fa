//! Documents written as markup: as XML that another engine reads into the same tree, and as source with a small
//! change, for making a failing document smaller.

use std::collections::BTreeSet;

use lycosa_dom::{Attribute, Document, DocumentKind, Namespace, NodeKind, NodeRef};

use crate::random_page::PREFIXES;

/// A document as XML.
#[derive(Debug)]
pub(crate) struct Xml {
    pub(crate) text: String,
    /// How many names, values or texts are written otherwise than they are, because XML cannot say them. The nodes
    /// are the same in any case.
    pub(crate) changed: usize,
}

/// A change of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    /// Leaves out a node with everything in it.
    Remove(u32),
    /// Leaves out an element's tags.
    Unwrap(u32),
    /// Leaves out an attribute, by its number.
    Bare(u32),
    /// Leaves out the second half of a text.
    Halve(u32),
}

/// Writes the document as XML without namespaces. Doctypes are left out.
pub(crate) fn xml(document: &Document) -> Xml {
    let mut writer = Writer { out: String::new(), changed: 0, html: false, edit: None };
    writer.nodes(document);
    Xml { text: writer.out, changed: writer.changed }
}

/// Writes the document as source of its kind, with a change.
pub(crate) fn edited(document: &Document, html: bool, edit: Edit) -> String {
    let mut writer = Writer { out: String::new(), changed: 0, html, edit: Some(edit) };
    writer.nodes(document);
    writer.out
}

struct Writer {
    out: String,
    changed: usize,
    html: bool,
    edit: Option<Edit>,
}

/// HTML elements without an end tag.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr",
];
/// HTML elements whose text is written as it is.
const RAW: &[&str] = &["script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"];

impl Writer {
    /// Opens each node in document order, and closes the elements that end before the next.
    fn nodes(&mut self, document: &Document) {
        let mut open: Vec<NodeRef<'_>> = Vec::new();
        let mut skipped_to = 0;
        for node in document.nodes() {
            let id = node.id().number();
            while open.last().is_some_and(|last| last.subtree_end().number() <= id) {
                open.pop().into_iter().for_each(|ended| self.close(ended));
            }
            if id < skipped_to {
                continue;
            }
            if matches!(self.edit, Some(Edit::Remove(removed)) if removed == id) {
                skipped_to = node.subtree_end().number();
                continue;
            }
            self.open(node);
            open.push(node);
        }
        open.into_iter().rev().for_each(|ended| self.close(ended));
    }

    fn is_unwrapped(&self, node: NodeRef<'_>) -> bool {
        matches!(self.edit, Some(Edit::Unwrap(id)) if id == node.id().number())
    }

    fn open(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            NodeKind::Document | NodeKind::Doctype => {}
            NodeKind::Element if self.is_unwrapped(node) => {}
            NodeKind::Element => {
                self.out.push('<');
                let name = self.element(node);
                self.out.push_str(&name);
                if self.is_namespaced(node) && node.parent().is_some_and(|parent| !parent.is_element()) {
                    let declared = PREFIXES.map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\""));
                    self.out.push_str(&declared.concat());
                }
                let mut taken = BTreeSet::new();
                for attribute in node.attrs() {
                    self.attribute(attribute, &mut taken);
                }
                self.out.push('>');
            }
            NodeKind::Text => self.text(node),
            NodeKind::Comment => {
                let data = self.comment(node.data());
                self.out.push_str(&format!("<!--{data}-->"));
            }
            NodeKind::ProcessingInstruction => {
                self.out.push_str(&format!("<?{} {}?>", node.name(), node.data()));
            }
        }
    }

    fn close(&mut self, node: NodeRef<'_>) {
        let is_void = self.html && VOID.contains(&node.name());
        if node.is_element() && !is_void && !self.is_unwrapped(node) {
            let name = self.element(node);
            self.out.push_str(&format!("</{name}>"));
        }
    }

    /// Whether the source that is written has namespaces.
    fn is_namespaced(&self, node: NodeRef<'_>) -> bool {
        self.edit.is_some() && node.document().kind() == DocumentKind::Xml
    }

    fn element(&mut self, node: NodeRef<'_>) -> String {
        let bound = PREFIXES.iter().find(|(_, uri)| *uri == node.namespace_uri());
        match bound.filter(|_| self.is_namespaced(node)) {
            Some((prefix, _)) => format!("{prefix}:{}", node.name()),
            None => self.name(node.name()),
        }
    }

    fn text(&mut self, node: NodeRef<'_>) {
        let text = match self.edit {
            Some(Edit::Halve(id)) if id == node.id().number() => first_half(node.text()),
            _ => node.text(),
        };
        let is_raw = node.parent().is_some_and(|parent| RAW.contains(&parent.name()));
        if self.html && is_raw {
            self.out.push_str(text);
        } else {
            self.escape(text);
        }
    }

    fn attribute(&mut self, attribute: Attribute<'_>, taken: &mut BTreeSet<String>) {
        if matches!(self.edit, Some(Edit::Bare(id)) if id == attribute.id().number()) {
            return;
        }
        if self.is_namespaced(attribute.owner()) && attribute.namespace() == Namespace::Xmlns {
            return; // The root declares them all.
        }
        let mut name = match attribute.prefix() {
            "" => self.name(attribute.name()),
            "xml" => format!("xml:{}", attribute.name()),
            _ if self.is_namespaced(attribute.owner()) => attribute.qualified_name().into_owned(),
            prefix => self.name(&format!("{prefix}:{}", attribute.name())),
        };
        while !taken.insert(name.clone()) {
            name.push('_');
            self.changed += 1;
        }
        self.out.push_str(&format!(" {name}=\""));
        self.escape(attribute.value());
        self.out.push('"');
    }

    /// A name that XML can say: letters, digits, `_`, `-` and `.` stay, all else becomes `_`.
    fn name(&mut self, name: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let mut plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        // What XML would take for a declaration gets another name too.
        if plain == "xmlns" || !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            plain.insert(0, '_');
        }
        self.changed += usize::from(plain != name);
        plain
    }

    fn comment(&mut self, data: &str) -> String {
        let mut said: String = data.chars().map(|c| self.character(c)).collect();
        while said.contains("--") {
            said = said.replace("--", "- -");
        }
        if said.ends_with('-') {
            said.push(' ');
        }
        self.changed += usize::from(said != data);
        said
    }

    /// XML has no way to say most control characters (XML 1.0, 2.2).
    fn character(&mut self, c: char) -> char {
        let is_said = matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        self.changed += usize::from(!is_said);
        if is_said { c } else { '\u{fffd}' }
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match self.character(c) {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                // A reader of XML would make spaces or newlines of these.
                c @ ('\r' | '\n' | '\t') => self.out.push_str(&format!("&#{};", u32::from(c))),
                c => self.out.push(c),
            }
        }
    }
}

/// The characters of the first half.
fn first_half(text: &str) -> &str {
    let half = text.char_indices().nth(text.chars().count() / 2);
    half.map_or("", |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use lycosa_dom::ParseOptions;

    use super::*;

    fn page(html: &str) -> Document {
        Document::parse_html(html, ParseOptions::default())
    }

    #[test]
    fn what_xml_can_say_is_said_and_what_it_cannot_is_counted() {
        let plain = xml(&page("<!doctype html><p title='a\"b&amp;'>x &lt; y<br><!-- z --></p>"));
        let body = "<p title=\"a&quot;b&amp;\">x &lt; y<br></br><!-- z --></p>";
        assert_eq!(plain.text, format!("<html><head></head><body>{body}</body></html>"));
        assert_eq!(plain.changed, 0);
        let odd = xml(&page("<p @click=1 _click=2 :x=3>\u{1}<!--a--b-->"));
        assert!(odd.text.contains("<p _click=\"1\" _click_=\"2\" _x=\"3\">\u{fffd}<!--a- -b--></p>"));
        assert_eq!(odd.changed, 5);
    }

    #[test]
    fn an_edit_leaves_out_what_it_names() {
        let document = page("<div id=a><p>four</p></div><br>");
        let find = |name: &str| document.nodes().find(|node| node.name() == name).unwrap().id().number();
        let text = find("p") + 1;
        let body = |edit| edited(&document, true, edit).replace("<html><head></head>", "");
        let (div, bare) = (find("div"), body(Edit::Bare(0)));
        assert_eq!(body(Edit::Remove(div)), "<body><br></body></html>");
        assert_eq!(body(Edit::Unwrap(div)), "<body><p>four</p><br></body></html>");
        assert_eq!(bare, "<body><div><p>four</p></div><br></body></html>");
        assert_eq!(body(Edit::Halve(text)), "<body><div id=\"a\"><p>fo</p></div><br></body></html>");
    }
}
