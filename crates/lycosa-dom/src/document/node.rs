//! Reading the tree: a node is a reference to its document and a number, and costs nothing to copy.

use std::borrow::Cow;

use super::{Ancestors, Attributes, Children, Descendants, Document};
use crate::name::{Namespace, NodeName};

/// The number of a node. Numbers compare in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The id with this number; whether a document has it is for [`Document::node`] to say.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number: the position of the node in document order, attributes not counted.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The number of an attribute. Numbers compare in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeId(u32);

impl AttributeId {
    /// The id with this number; whether a document has it is for [`Document::attribute`] to say.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number: the position among all attributes of the document.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// The root of everything.
    Document,
    /// `<!DOCTYPE …>`
    Doctype,
    /// `<p>`
    Element,
    /// Text between tags.
    Text,
    /// `<!-- … -->`
    Comment,
    /// `<?target data?>`; in HTML such a thing is a comment, so it comes from XML alone.
    ProcessingInstruction,
}

/// A node of a document.
#[derive(Clone, Copy)]
pub struct NodeRef<'d> {
    document: &'d Document,
    id: u32,
}

impl std::fmt::Debug for NodeRef<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} {:?} #{}", self.kind(), self.name(), self.id)
    }
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl Eq for NodeRef<'_> {}

impl std::hash::Hash for NodeRef<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<'d> NodeRef<'d> {
    /// The caller has checked that the document has the number.
    #[inline]
    pub(crate) fn new(document: &'d Document, id: u32) -> Self {
        Self { document, id }
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.id
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        NodeId(self.id)
    }

    /// The document it belongs to.
    pub fn document(self) -> &'d Document {
        self.document
    }

    #[inline]
    pub(crate) fn node_name(self) -> NodeName {
        self.document.name(self.id)
    }

    /// What it is.
    pub fn kind(self) -> NodeKind {
        match self.node_name() {
            NodeName::DOCUMENT => NodeKind::Document,
            NodeName::DOCTYPE => NodeKind::Doctype,
            NodeName::TEXT => NodeKind::Text,
            NodeName::COMMENT => NodeKind::Comment,
            NodeName::PROCESSING_INSTRUCTION => NodeKind::ProcessingInstruction,
            _ => NodeKind::Element,
        }
    }

    /// Whether it is an element.
    pub fn is_element(self) -> bool {
        self.node_name().is_element()
    }

    /// Whether it is a text node.
    pub fn is_text(self) -> bool {
        self.node_name() == NodeName::TEXT
    }

    /// The local name of an element (`div`; `foreignObject` in SVG keeps its case), the target of a processing
    /// instruction, the name of a doctype, else empty.
    pub fn name(self) -> &'d str {
        let name = self.node_name();
        if name.is_element() {
            return self.document.local_name(name);
        }
        self.document.other(self.id).map_or("", |other| self.document.value(other.name))
    }

    /// The prefix an XML document writes before the local name of an element (`dc` in `dc:title`), else empty.
    /// An HTML document has none.
    pub fn prefix(self) -> &'d str {
        self.document.element_prefix(self.id)
    }

    /// The name of an element as an XML document writes it, prefix included (`dc:title`); what
    /// [`name`](Self::name) says for everything without a prefix.
    pub fn qualified_name(self) -> Cow<'d, str> {
        qualified(self.prefix(), self.name())
    }

    /// The address of the namespace of an element, else empty.
    pub fn namespace_uri(self) -> &'d str {
        self.document.namespace_uri(self.node_name())
    }

    /// The namespace of an element, else none.
    pub fn namespace(self) -> Namespace {
        self.node_name().namespace()
    }

    /// The text of all text nodes in it, in order and unchanged (DOM `textContent`, XPath `string()`), scripts
    /// included. For a comment, processing instruction or doctype see [`data`](Self::data).
    pub fn text(self) -> &'d str {
        self.document.text_of(self.id)
    }

    /// What a text node, comment or processing instruction says; the public identifier of a doctype; else empty.
    pub fn data(self) -> &'d str {
        if self.is_text() {
            return self.text();
        }
        self.document.other(self.id).map_or("", |other| self.document.value(other.data))
    }

    /// The system identifier of a doctype, else empty.
    pub fn system_id(self) -> &'d str {
        self.document.other(self.id).map_or("", |other| self.document.value(other.more))
    }

    /// The value of an attribute. Names are as written after parsing: lower case in HTML; `xlink:href` finds
    /// the `href` of the XLink namespace.
    pub fn attr(self, name: &str) -> Option<&'d str> {
        self.attrs().find(|attribute| attribute.is_named(name)).map(Attribute::value)
    }

    /// Its attributes in order.
    pub fn attrs(self) -> Attributes<'d> {
        Attributes::new(self.document, self.id)
    }

    /// Whether the `class` attribute has this word, compared exactly.
    pub fn has_class(self, class: &str) -> bool {
        self.attr("class").is_some_and(|words| words.split_ascii_whitespace().any(|word| word == class))
    }

    /// The node it lies in; `None` for the document node.
    pub fn parent(self) -> Option<Self> {
        self.document.parent_of(self.id).map(|id| Self::new(self.document, id))
    }

    /// Parent, grandparent and so on up to the document node.
    pub fn ancestors(self) -> Ancestors<'d> {
        Ancestors::new(self)
    }

    /// The nodes directly in it.
    pub fn children(self) -> Children<'d> {
        Children::new(self.document, self.id)
    }

    /// The first of them.
    pub fn first_child(self) -> Option<Self> {
        let first = self.id + 1;
        (first < self.document.end_of(self.id)).then(|| Self::new(self.document, first))
    }

    /// The last of them.
    pub fn last_child(self) -> Option<Self> {
        let mut node = self.document.end_of(self.id) - 1;
        if node == self.id {
            return None;
        }
        while self.document.parent_of(node)? != self.id {
            node = self.document.parent_of(node)?;
        }
        Some(Self::new(self.document, node))
    }

    /// All nodes in it, in document order, without itself.
    pub fn descendants(self) -> Descendants<'d> {
        Descendants::new(self.document, self.id as usize + 1, self.document.end_of(self.id) as usize)
    }

    /// The node after it under the same parent.
    pub fn next_sibling(self) -> Option<Self> {
        self.document.next_sibling_of(self.id).map(|id| Self::new(self.document, id))
    }

    /// The node before it under the same parent.
    pub fn previous_sibling(self) -> Option<Self> {
        self.document.previous_sibling_of(self.id).map(|id| Self::new(self.document, id))
    }

    /// One past the last node in it: its subtree is exactly the numbers from `id` to here.
    pub fn subtree_end(self) -> NodeId {
        NodeId(self.document.end_of(self.id))
    }

    /// The numbers of its subtree, its own first.
    pub fn range(self) -> std::ops::Range<u32> {
        self.id..self.document.end_of(self.id)
    }

    /// Whether the other node lies in it, itself not counted.
    pub fn contains(self, other: Self) -> bool {
        self.id < other.id && other.id < self.document.end_of(self.id)
    }

    /// Its place in the common order of nodes and attributes: an element comes before its attributes, these
    /// before its children.
    pub fn order(self) -> u32 {
        self.id + self.document.attributes_of(self.id).0
    }
}

/// An attribute of an element.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    document: &'d Document,
    id: u32,
}

impl std::fmt::Debug for Attribute<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}={:?}", self.name(), self.value())
    }
}

impl<'d> Attribute<'d> {
    pub(crate) fn new(document: &'d Document, id: u32) -> Option<Self> {
        ((id as usize) < document.attributes.len()).then_some(Self { document, id })
    }

    fn record(self) -> super::AttributeRecord {
        self.document.attributes[self.id as usize]
    }

    pub(crate) fn node_name(self) -> NodeName {
        self.record().name
    }

    /// Its number.
    pub fn id(self) -> AttributeId {
        AttributeId(self.id)
    }

    /// Its local name: `href` for `xlink:href`.
    pub fn name(self) -> &'d str {
        self.document.local_name(self.record().name)
    }

    /// Its namespace; `Namespace::None` for nearly all.
    pub fn namespace(self) -> Namespace {
        self.record().name.namespace()
    }

    /// Its prefix (`xlink`), empty for nearly all, the plain `xmlns` among them.
    pub fn prefix(self) -> &'d str {
        self.document.attribute_prefix(self.id)
    }

    /// Its name with the prefix: `xlink:href`.
    pub fn qualified_name(self) -> Cow<'d, str> {
        qualified(self.prefix(), self.name())
    }

    /// The address of its namespace; empty for nearly all.
    pub fn namespace_uri(self) -> &'d str {
        self.document.namespace_uri(self.node_name())
    }

    /// Whether it is an identifier: in HTML `id`; in XML an attribute that the document type declares as one,
    /// `xml:id`, and the `id` of HTML, SVG and MathML elements.
    pub fn is_id(self) -> bool {
        self.document.is_id_attribute(self.id)
    }

    /// Its value.
    pub fn value(self) -> &'d str {
        self.document.value(self.record().value)
    }

    /// The element it belongs to.
    pub fn owner(self) -> NodeRef<'d> {
        NodeRef::new(self.document, self.record().owner)
    }

    /// Its place in the common order of nodes and attributes, see [`NodeRef::order`].
    pub fn order(self) -> u32 {
        self.record().owner + 1 + self.id
    }

    /// Whether this is its name as written, prefix included.
    pub fn is_named(self, name: &str) -> bool {
        match self.prefix() {
            "" => self.name() == name,
            prefix => {
                name.split_once(':').is_some_and(|(before, local)| before == prefix && self.name() == local)
            }
        }
    }
}

fn qualified<'d>(prefix: &str, local: &'d str) -> Cow<'d, str> {
    if prefix.is_empty() { local.into() } else { format!("{prefix}:{local}").into() }
}
