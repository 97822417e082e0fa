//! The document: a frozen tree in pre-order arrays.
//!
//! A node is a number; a smaller number comes earlier in the document, and a subtree is the range from its root
//! to the root's `end`. The text of all text nodes lies in one buffer in document order, so the text of any
//! subtree is a slice of it. Attributes lie in one array in document order too. Parts: `parse` (building it
//! with html5ever under limits), `choose` (HTML or XML), `arena`, `sink` and `freeze` (how), `node` (reading it), `walk` (iterators),
//! `serialize` (writing it as HTML or XML), `xml` (building it from XML, and what only XML documents have).
//!
//! The contents of a `<template>` are the children of the template element, as lxml and every tree without
//! document fragments has them. `text` and the page facts skip them; selectors and `descendants` see them.

mod arena;
mod choose;
mod freeze;
mod index;
mod made;
mod node;
mod parse;
mod query_charset;
mod serialize;
mod sink;
mod walk;
mod xml;

#[cfg(test)]
mod tests;

pub use node::{Attribute, AttributeId, NodeId, NodeKind, NodeRef};
pub use parse::{Cancel, ParseOptions};
pub use walk::{Ancestors, Attributes, Children, Descendants};

pub use xml::{DocumentKind, XmlProblem, XmlProblemKind};

pub(crate) use arena::{Other, Span};

use crate::{
    name::{Atom, KNOWN, NodeName, known_atom},
    page::ScannedLink,
};

/// Where a node lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    parent: u32,
    /// One past the last node of the subtree.
    end: u32,
    /// Where its text starts in the text buffer.
    text: u32,
    /// Its first attribute.
    attributes: u32,
}

#[derive(Clone, Copy, Debug)]
struct AttributeRecord {
    name: NodeName,
    owner: u32,
    value: Span,
}

/// Whether the doctype asks for the behaviour of old browsers (HTML standard, 13.2.6.4.1). In full quirks mode
/// selectors compare ids and classes without regard to ASCII case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quirks {
    /// Standards mode.
    #[default]
    None,
    /// Limited quirks mode.
    Limited,
    /// Full quirks mode.
    Quirks,
}

/// Why a tree does not hold the whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutReason {
    /// Elements nest deeper than [`ParseOptions::max_depth`].
    Depth,
    /// There are more nodes than [`ParseOptions::max_nodes`].
    Nodes,
    /// The text is longer than a document can address, or its attributes would multiply beyond bounds.
    Size,
    /// [`ParseOptions::cancel`] said so.
    Cancelled,
}

impl CutReason {
    /// The name used in records: `depth`, `nodes`, `size` or `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Nodes => "nodes",
            Self::Size => "size",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether the tree holds the whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeState {
    /// Yes.
    Whole,
    /// No: building stopped, or parts beyond a limit were left out. Links were then collected by a scan of the
    /// whole text that needs no tree.
    Cut {
        /// Which limit.
        reason: CutReason,
    },
}

/// A parsed page. Frozen: nothing in it changes, and it can be shared between threads.
#[derive(Debug)]
pub struct Document {
    names: Vec<NodeName>,
    /// One longer than `names`: the last row ends the buffers.
    places: Vec<Place>,
    attributes: Vec<AttributeRecord>,
    /// Comments, doctypes and processing instructions by node number, ascending.
    others: Vec<(u32, Other)>,
    text: String,
    values: String,
    dynamic: Vec<Box<str>>,
    quirks: Quirks,
    tree_state: TreeState,
    scanned_links: Vec<ScannedLink>,
    indexes: index::Indexes,
    /// What the page was encoded in, unless that is UTF-8.
    query_charset: Option<&'static encoding_rs::Encoding>,
    /// Texts that expressions made of it.
    made: std::sync::OnceLock<Box<made::MadeTexts>>,
    /// What only an XML document has.
    xml: Option<Box<xml::XmlPart>>,
    /// Why it is HTML although it was said to be XML.
    xml_fallback: Option<Box<XmlProblem>>,
}

impl Document {
    /// The document node, number 0.
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef::new(self, 0)
    }

    /// The `html` element, in XML the root element, or the first element there is.
    pub fn root_element(&self) -> Option<NodeRef<'_>> {
        self.root().children().find(|node| node.is_element())
    }

    /// The node with this id, if the document has it.
    pub fn node(&self, id: NodeId) -> Option<NodeRef<'_>> {
        (id.index() < self.names.len()).then(|| NodeRef::new(self, id.number()))
    }

    /// The attribute with this id, if the document has it.
    pub fn attribute(&self, id: AttributeId) -> Option<Attribute<'_>> {
        Attribute::new(self, id.number())
    }

    /// How many nodes there are, the document node included, attributes not.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is nothing but the document node.
    pub fn is_empty(&self) -> bool {
        self.names.len() <= 1
    }

    /// How many attributes there are.
    pub fn attribute_count(&self) -> usize {
        self.attributes.len()
    }

    /// All nodes in document order.
    pub fn nodes(&self) -> Descendants<'_> {
        Descendants::new(self, 0, self.names.len())
    }

    /// The doctype's effect on matching.
    pub fn quirks(&self) -> Quirks {
        self.quirks
    }

    /// Whether the tree holds the whole page.
    pub fn tree_state(&self) -> TreeState {
        self.tree_state
    }

    /// The memory the document holds on to, in bytes, give or take a few hundred.
    pub fn memory(&self) -> usize {
        self.names.capacity() * size_of::<NodeName>()
            + self.places.capacity() * size_of::<Place>()
            + self.attributes.capacity() * size_of::<AttributeRecord>()
            + self.others.capacity() * size_of::<(u32, Other)>()
            + self.text.capacity()
            + self.values.capacity()
            + self.dynamic.iter().map(|name| name.len() + 16).sum::<usize>()
            + self.scanned_links.iter().map(ScannedLink::memory).sum::<usize>()
            + self.indexes.memory()
            + self.xml.as_ref().map_or(0, |part| part.memory())
    }

    pub(crate) fn scanned_links(&self) -> &[ScannedLink] {
        &self.scanned_links
    }

    /// Keeps a text that an expression made, as long as the document lives; `None` when there are too many.
    pub(crate) fn keep_made(&self, text: &str) -> Option<u32> {
        self.made.get_or_init(Box::default).add(text)
    }

    pub(crate) fn made_text(&self, number: u32) -> &str {
        self.made.get().and_then(|made| made.get(number)).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn name(&self, id: u32) -> NodeName {
        self.names[id as usize]
    }

    pub(crate) fn names(&self) -> &[NodeName] {
        &self.names
    }

    pub(crate) fn atom_text(&self, atom: Atom) -> &str {
        let number = atom.0 as usize;
        match KNOWN.get(number) {
            Some(text) => text,
            None => self.dynamic.get(number - KNOWN.len()).map_or("", |text| text),
        }
    }

    /// The number of the local name of any name in this document.
    #[inline]
    pub(crate) fn local_atom(&self, name: NodeName) -> Atom {
        match name.table_place() {
            None => name.atom(),
            Some(place) => self.xml.as_ref().map_or(name.atom(), |part| part.local_atom(place)),
        }
    }

    /// The local name of any name in this document.
    pub(crate) fn local_name(&self, name: NodeName) -> &str {
        self.atom_text(self.local_atom(name))
    }

    /// The atom of a local name in this document, `None` when no node has it.
    pub(crate) fn find_atom(&self, text: &str) -> Option<Atom> {
        known_atom(text).or_else(|| {
            let position = self.dynamic.iter().position(|name| **name == *text)?;
            u32::try_from(KNOWN.len() + position).ok().map(Atom)
        })
    }

    #[inline]
    pub(crate) fn parent_of(&self, id: u32) -> Option<u32> {
        let parent = self.places[id as usize].parent;
        (parent != arena::NONE).then_some(parent)
    }

    #[inline]
    pub(crate) fn end_of(&self, id: u32) -> u32 {
        self.places[id as usize].end
    }

    pub(crate) fn next_sibling_of(&self, id: u32) -> Option<u32> {
        let Place { parent, end, .. } = self.places[id as usize];
        (parent != arena::NONE && end < self.places[parent as usize].end).then_some(end)
    }

    /// The node before it under the same parent: climbs from the node just before it in document order.
    pub(crate) fn previous_sibling_of(&self, id: u32) -> Option<u32> {
        let parent = self.parent_of(id)?;
        let mut node = id.checked_sub(1).filter(|&before| before != parent)?;
        while self.places[node as usize].parent != parent {
            node = self.places[node as usize].parent;
        }
        Some(node)
    }

    /// The text of the text nodes of a subtree.
    pub(crate) fn text_of(&self, id: u32) -> &str {
        let Place { text, end, .. } = self.places[id as usize];
        &self.text[text as usize..self.places[end as usize].text as usize]
    }

    pub(crate) fn value(&self, span: Span) -> &str {
        &self.values[span.start as usize..span.end as usize]
    }

    fn attributes_of(&self, id: u32) -> (u32, &[AttributeRecord]) {
        let (first, end) = (self.places[id as usize].attributes, self.places[id as usize + 1].attributes);
        (first, &self.attributes[first as usize..end as usize])
    }

    /// The value of an attribute by its name as a number.
    #[inline]
    pub(crate) fn attribute_value(&self, id: u32, name: NodeName) -> Option<&str> {
        let (_, records) = self.attributes_of(id);
        records.iter().find(|record| record.name == name).map(|record| self.value(record.value))
    }

    /// Every attribute of this name from the nodes of a range: (node, value), in document order.
    pub(crate) fn attributes_named(
        &self,
        name: NodeName,
        nodes: std::ops::Range<u32>,
    ) -> impl Iterator<Item = (u32, &str)> {
        let first = self.places[nodes.start as usize].attributes as usize;
        let end = self.places[nodes.end.max(nodes.start) as usize].attributes as usize;
        let records = self.attributes.get(first..end).unwrap_or_default();
        records
            .iter()
            .filter(move |record| record.name == name)
            .map(|record| (record.owner, self.value(record.value)))
    }

    fn other(&self, id: u32) -> Option<&Other> {
        let position = self.others.binary_search_by_key(&id, |(node, _)| *node).ok()?;
        self.others.get(position).map(|(_, other)| other)
    }
}
