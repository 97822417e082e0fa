//! What an expression gives: a node-set, a number, a string or a boolean, and the nodes of a node-set.

use std::borrow::Cow;

use super::{
    evaluate::nodes::{Key, NodeSet, Place},
    number::{format_number, parse_number},
};
use crate::document::{Attribute, Document, NodeRef};

/// The value of an expression (XPath 1.0, section 1).
#[derive(Clone, Debug)]
pub enum XPathValue<'d> {
    /// A node-set, in document order.
    Nodes(XPathNodes<'d>),
    /// A number.
    Number(f64),
    /// A string.
    String(Cow<'d, str>),
    /// A boolean.
    Boolean(bool),
}

impl<'d> XPathValue<'d> {
    /// The node-set, if it is one.
    pub fn nodes(&self) -> Option<&XPathNodes<'d>> {
        match self {
            Self::Nodes(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// As a string, as the function `string()` makes it (section 4.2): of a node-set the string-value of the
    /// first node; numbers without an exponent, `NaN`, `Infinity`, no `-0`.
    pub fn to_text(&self) -> Cow<'d, str> {
        match self {
            Self::Nodes(nodes) => Cow::Borrowed(nodes.first().map_or("", XPathItem::string_value)),
            Self::Number(number) => Cow::Owned(format_number(*number)),
            Self::String(text) => text.clone(),
            Self::Boolean(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        }
    }

    /// As a number, as the function `number()` makes it (section 4.4).
    pub fn to_number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Boolean(truth) => f64::from(u8::from(*truth)),
            Self::Nodes(_) | Self::String(_) => parse_number(&self.to_text()),
        }
    }

    /// As a boolean, as the function `boolean()` makes it (section 4.3).
    pub fn to_boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::String(text) => !text.is_empty(),
            Self::Boolean(truth) => *truth,
        }
    }
}

impl<'d> From<XPathNodes<'d>> for XPathValue<'d> {
    fn from(nodes: XPathNodes<'d>) -> Self {
        Self::Nodes(nodes)
    }
}

impl From<f64> for XPathValue<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for XPathValue<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl<'d> From<&'d str> for XPathValue<'d> {
    fn from(text: &'d str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for XPathValue<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

/// Nodes of one document in document order, each once. Four bytes a node, eight where there are attributes or
/// namespaces; what an index holds is lent and costs nothing.
#[derive(Clone)]
pub struct XPathNodes<'d> {
    document: &'d Document,
    set: NodeSet<'d>,
}

impl std::fmt::Debug for XPathNodes<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl<'d> XPathNodes<'d> {
    pub(super) fn new(document: &'d Document, set: NodeSet<'d>) -> Self {
        Self { document, set }
    }

    pub(super) fn set(&self) -> &NodeSet<'d> {
        &self.set
    }

    /// A node-set of these, for a variable: put in document order, each once. `None` when they do not all belong
    /// to the document.
    pub fn collect(document: &'d Document, items: impl IntoIterator<Item = XPathItem<'d>>) -> Option<Self> {
        let mut keys = Vec::new();
        for item in items {
            if !std::ptr::eq(item.document(), document) {
                return None;
            }
            keys.push(item.key());
        }
        Some(Self::new(document, NodeSet::from_unsorted(keys)))
    }

    /// The document of the nodes.
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.len() == 0
    }

    /// The first in document order.
    pub fn first(&self) -> Option<XPathItem<'d>> {
        self.get(0)
    }

    /// The one at this position, counted from zero.
    pub fn get(&self, position: usize) -> Option<XPathItem<'d>> {
        XPathItem::from_key(self.document, self.set.get(position)?)
    }

    /// All of them in document order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = XPathItem<'d>> + '_ {
        (0..self.len()).map(|position| self.get(position).unwrap_or(XPathItem::Node(self.document.root())))
    }

    /// Their string-values.
    pub fn strings(&self) -> impl ExactSizeIterator<Item = &'d str> + '_ {
        self.iter().map(XPathItem::string_value)
    }
}

impl<'d> IntoIterator for &XPathNodes<'d> {
    type Item = XPathItem<'d>;
    type IntoIter = std::vec::IntoIter<XPathItem<'d>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

/// A node as XPath has them: a node of the tree, an attribute or a namespace.
#[derive(Clone, Copy, Debug)]
pub enum XPathItem<'d> {
    /// The document node, an element, a text, a comment or a processing instruction.
    Node(NodeRef<'d>),
    /// An attribute.
    Attribute(Attribute<'d>),
    /// A namespace in scope on an element; only in XML documents.
    Namespace(XPathNamespace<'d>),
    /// A piece that `str:tokenize` or `str:split` made; it comes after all nodes of its document.
    Token(XPathToken<'d>),
}

impl PartialEq for XPathItem<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document(), other.document()) && self.key() == other.key()
    }
}

impl Eq for XPathItem<'_> {}

impl<'d> From<NodeRef<'d>> for XPathItem<'d> {
    fn from(node: NodeRef<'d>) -> Self {
        Self::Node(node)
    }
}

impl<'d> From<Attribute<'d>> for XPathItem<'d> {
    fn from(attribute: Attribute<'d>) -> Self {
        Self::Attribute(attribute)
    }
}

impl<'d> XPathItem<'d> {
    pub(super) fn from_key(document: &'d Document, key: Key) -> Option<Self> {
        match key.place() {
            Place::Made(number) => Some(Self::Token(XPathToken { document, number })),
            Place::Node => Some(Self::Node(NodeRef::new(document, key.owner()))),
            Place::Attribute(id) => Attribute::new(document, id).map(Self::Attribute),
            Place::Namespace(number) => {
                Some(Self::Namespace(XPathNamespace { owner: NodeRef::new(document, key.owner()), number }))
            }
        }
    }

    pub(super) fn key(self) -> Key {
        match self {
            Self::Node(node) => Key::node(node.number()),
            Self::Attribute(attribute) => Key::attribute(attribute.owner().number(), attribute.id().number()),
            Self::Namespace(namespace) => Key::namespace(namespace.owner.number(), namespace.number),
            Self::Token(token) => Key::made(token.number),
        }
    }

    /// The document it belongs to.
    pub fn document(self) -> &'d Document {
        match self {
            Self::Node(node) => node.document(),
            Self::Attribute(attribute) => attribute.owner().document(),
            Self::Namespace(namespace) => namespace.owner.document(),
            Self::Token(token) => token.document,
        }
    }

    /// The node of the tree, if it is one.
    pub fn node(self) -> Option<NodeRef<'d>> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The attribute, if it is one.
    pub fn attribute(self) -> Option<Attribute<'d>> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            _ => None,
        }
    }

    /// The element an attribute or a namespace belongs to; the parent of a node.
    pub fn parent(self) -> Option<NodeRef<'d>> {
        match self {
            Self::Node(node) => node.parent(),
            Self::Attribute(attribute) => Some(attribute.owner()),
            Self::Namespace(namespace) => Some(namespace.owner),
            Self::Token(_) => None,
        }
    }

    /// Its string-value (XPath 1.0, section 5): all text in an element or the document, the data of a text,
    /// comment or processing instruction, the value of an attribute, the address of a namespace.
    pub fn string_value(self) -> &'d str {
        super::evaluate::names::string_value(self.document(), self.key())
    }

    /// Its name as written, prefix included, as the function `name()` gives it.
    pub fn name(self) -> Cow<'d, str> {
        super::evaluate::names::qualified_name(self.document(), self.key())
    }

    /// Its place in document order, for comparing and hashing: the number of its node, then 0 for the node
    /// itself, and a number that orders the namespaces and then the attributes of an element.
    pub fn order(self) -> (u32, u32) {
        self.key().parts()
    }
}

/// A piece of a text: a node without parent or children whose string-value it is.
#[derive(Clone, Copy, Debug)]
pub struct XPathToken<'d> {
    document: &'d Document,
    number: u32,
}

impl<'d> XPathToken<'d> {
    /// The piece.
    pub fn text(self) -> &'d str {
        self.document.made_text(self.number)
    }
}

/// A namespace node: a prefix that is in scope on an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XPathNamespace<'d> {
    owner: NodeRef<'d>,
    number: u32,
}

impl<'d> XPathNamespace<'d> {
    /// The element it is in scope on.
    pub fn owner(self) -> NodeRef<'d> {
        self.owner
    }

    /// The prefix; empty for the default namespace.
    pub fn prefix(self) -> &'d str {
        super::evaluate::names::namespace(self.owner.document(), self.number).0
    }

    /// The namespace's address.
    pub fn uri(self) -> &'d str {
        super::evaluate::names::namespace(self.owner.document(), self.number).1
    }
}
