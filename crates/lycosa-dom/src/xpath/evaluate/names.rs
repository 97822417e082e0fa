//! Names and string-values: the names of a plan as the numbers of one document, and what the functions say a node
//! is called. Everything that differs between HTML and XML documents is here.

use std::borrow::Cow;

use super::nodes::{Key, Place};
use crate::{
    document::{Attribute, Document, DocumentKind, NodeKind, NodeRef},
    name::{Atom, Namespace, NodeName},
    xpath::plan::NameTest,
};

/// A name test in the numbers of one document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Matcher {
    /// No node has the name.
    Nothing,
    /// This name exactly.
    Exact(NodeName),
    /// Either of these.
    Either(NodeName, NodeName),
    /// The local name, in any namespace.
    Local(Atom),
    /// One of two spellings of the local name, in any namespace.
    Locals(Atom, Atom),
    /// Attributes: the first on HTML elements, the second on others.
    ByOwner(Option<NodeName>, Option<NodeName>),
    /// Any name in the namespace.
    Within(Namespace),
    /// Any name in the namespace at this place of an XML document's own.
    WithinOther(u32),
}

impl Matcher {
    pub(super) fn find(document: &Document, test: &NameTest) -> Self {
        match document.kind() {
            DocumentKind::Html => Self::in_html(document, test),
            DocumentKind::Xml => Self::in_xml(document, test),
        }
    }

    fn exactly(found: Option<NodeName>) -> Self {
        found.map_or(Self::Nothing, Self::Exact)
    }

    fn in_xml(document: &Document, test: &NameTest) -> Self {
        let address = test.namespace.as_deref().unwrap_or_default();
        let known = Namespace::from_url(address);
        let other = || document.other_namespace(address);
        let Some(local) = &test.local else {
            return known
                .map(Self::Within)
                .or_else(|| other().map(Self::WithinOther))
                .unwrap_or(Self::Nothing);
        };
        let Some(atom) = document.find_atom(local) else { return Self::Nothing };
        Self::exactly(match known {
            Some(namespace) => Some(NodeName::new(namespace, atom)),
            None => other().and_then(|namespace| document.name_within(namespace, atom)),
        })
    }

    fn in_html(document: &Document, test: &NameTest) -> Self {
        let namespace = match &test.namespace {
            None => None,
            Some(address) => match Namespace::from_url(address) {
                Some(namespace) => Some(namespace),
                None => return Self::Nothing,
            },
        };
        let Some(local) = &test.local else {
            return namespace.map_or(Self::Nothing, Self::Within);
        };
        let lower = test.known.or_else(|| document.find_atom(&test.lower));
        let written = if *local == test.lower { lower } else { document.find_atom(local) };
        match (namespace, test.is_attribute) {
            (None, true) if lower == written => Self::exactly(lower.map(NodeName::plain)),
            (None, true) => Self::ByOwner(lower.map(NodeName::plain), written.map(NodeName::plain)),
            (None, false) => Self::any_spelling(document, test, lower),
            (Some(Namespace::Html), false) => Self::exactly(lower.map(NodeName::html)),
            (Some(namespace), false) => Self::exactly(written.map(|atom| NodeName::new(namespace, atom))),
            (Some(namespace), true) => {
                let plain = format!("{}:{local}", namespace.attribute_prefix());
                let plain = document.find_atom(&plain).map(NodeName::plain);
                match (written.map(|atom| NodeName::new(namespace, atom)), plain) {
                    (Some(name), Some(plain)) => Self::Either(name, plain),
                    (name, plain) => Self::exactly(name.or(plain)),
                }
            }
        }
    }

    /// The matcher of an unprefixed element name in an HTML document, where SVG names keep their capitals.
    fn any_spelling(document: &Document, test: &NameTest, atom: Option<Atom>) -> Self {
        let other = test.capitals.and_then(|name| document.find_atom(name));
        match (atom, other) {
            (Some(atom), Some(other)) => Self::Locals(atom, other),
            (Some(atom), None) | (None, Some(atom)) => Self::Local(atom),
            (None, None) => Self::Nothing,
        }
    }

    /// Whether an element has it.
    #[inline]
    pub(super) fn has_element(self, document: &Document, name: NodeName) -> bool {
        match self {
            Self::Local(atom) => name.atom() == atom && name.is_element(),
            Self::Exact(wanted) => name == wanted,
            Self::Locals(one, other) => (name.atom() == one || name.atom() == other) && name.is_element(),
            Self::Within(namespace) => name.is_element() && name.namespace() == namespace,
            Self::WithinOther(namespace) => document.is_within(name, namespace),
            Self::Nothing | Self::Either(..) | Self::ByOwner(..) => false,
        }
    }

    /// Whether an attribute has it.
    #[inline]
    pub(super) fn has_attribute(self, document: &Document, attribute: u32) -> bool {
        let name = document.attribute_name(attribute);
        match self {
            Self::Exact(wanted) => name == wanted,
            Self::Either(one, other) => name == one || name == other,
            Self::ByOwner(html, other) => {
                let is_html = document.name(document.owner_of(attribute)).is_html();
                Some(name) == if is_html { html } else { other }
            }
            Self::Within(namespace) => name.namespace() == namespace && !is_declaration(name),
            Self::WithinOther(namespace) => document.is_within(name, namespace),
            Self::Nothing | Self::Local(_) | Self::Locals(..) => false,
        }
    }
}

/// Whether an attribute declares a namespace: such are no attributes to XPath (section 5.3).
pub(super) fn is_declaration(name: NodeName) -> bool {
    name.namespace() == Namespace::Xmlns
}

/// The string-value of a node.
pub(in crate::xpath) fn string_value(document: &Document, key: Key) -> &str {
    match key.place() {
        Place::Node => match document.name(key.owner()) {
            NodeName::COMMENT | NodeName::PROCESSING_INSTRUCTION => {
                NodeRef::new(document, key.owner()).data()
            }
            _ => document.text_of(key.owner()),
        },
        Place::Attribute(number) => document.value_of_attribute(number),
        Place::Namespace(number) => namespace(document, number).1,
        Place::Made(number) => document.made_text(number),
    }
}

/// The number of the namespace node for `xml`; others have that of the attribute that declares them, and one.
pub(in crate::xpath) const XML_PREFIX: u32 = 0;

/// The prefix and the address of a namespace node.
pub(in crate::xpath) fn namespace(document: &Document, number: u32) -> (&str, &str) {
    match number.checked_sub(1) {
        None => ("xml", Namespace::Xml.url()),
        Some(attribute) => (document.declared_prefix(attribute), document.value_of_attribute(attribute)),
    }
}

/// The numbers of the namespace nodes of a node, and what it cost to find them. Only elements of XML documents have
/// any.
pub(in crate::xpath) fn namespaces(document: &Document, node: u32) -> (Vec<u32>, u64) {
    if document.kind() == DocumentKind::Html || !document.name(node).is_element() {
        return (Vec::new(), 1);
    }
    let (declarations, visited) = document.namespace_declarations(node);
    let mut numbers = vec![XML_PREFIX];
    numbers.extend(declarations.iter().map(|attribute| attribute + 1));
    (numbers, visited)
}

/// The local name of a node, empty for what has none.
pub(in crate::xpath) fn local_name(document: &Document, key: Key) -> &str {
    match key.place() {
        Place::Node => {
            let node = NodeRef::new(document, key.owner());
            match node.kind() {
                NodeKind::Element | NodeKind::ProcessingInstruction => node.name(),
                _ => "",
            }
        }
        Place::Attribute(number) => Attribute::new(document, number).map_or("", Attribute::name),
        Place::Namespace(number) => namespace(document, number).0,
        Place::Made(_) => "token",
    }
}

/// The name of a node as written, prefix included.
pub(in crate::xpath) fn qualified_name(document: &Document, key: Key) -> Cow<'_, str> {
    match key.place() {
        Place::Node if document.name(key.owner()).is_element() => {
            NodeRef::new(document, key.owner()).qualified_name()
        }
        Place::Attribute(number) => {
            Attribute::new(document, number).map_or(Cow::Borrowed(""), Attribute::qualified_name)
        }
        _ => Cow::Borrowed(local_name(document, key)),
    }
}

/// The address of the namespace of a node's name.
pub(in crate::xpath) fn namespace_uri(document: &Document, key: Key) -> &str {
    match key.place() {
        Place::Node => NodeRef::new(document, key.owner()).namespace_uri(),
        Place::Attribute(number) => Attribute::new(document, number).map_or("", Attribute::namespace_uri),
        Place::Namespace(_) | Place::Made(_) => "",
    }
}

/// Whether an attribute says the language of an element of an HTML document without being `xml:lang`.
pub(in crate::xpath) fn is_html_language(document: &Document, attribute: Attribute<'_>) -> bool {
    document.kind() == DocumentKind::Html
        && attribute.namespace() == Namespace::None
        && matches!(attribute.name(), "lang" | "xml:lang")
}
