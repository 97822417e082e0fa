//! `xpath-eval`, an engine of other make, over our documents.

use std::cmp::Ordering;

use lycosa_dom::{Attribute, DocumentKind, Namespace, NodeKind, NodeRef};
use xpath_eval::{
    DocumentCache, EvaluationContext, ExpandedName, Expr, Node, NodeKind as Kind, Value, evaluate, parse,
};

use crate::answer::{Answer, Key, Numbered};
use crate::random_page::PREFIXES;

/// A node as XPath sees it.
#[derive(Clone, Copy)]
pub(crate) enum PeerNode<'d> {
    Tree(NodeRef<'d>),
    Attribute(Attribute<'d>),
    /// The namespace node of the prefix `xml`, the only one that an element without declarations has.
    Xml(NodeRef<'d>),
}

impl<'d> PeerNode<'d> {
    /// Element, namespace nodes, attributes, children: the order that XPath asks for.
    fn rank(self) -> (u32, u8, u32) {
        match self {
            Self::Tree(node) => (node.id().number(), 0, 0),
            Self::Xml(owner) => (owner.id().number(), 1, 0),
            Self::Attribute(attribute) => (attribute.owner().id().number(), 2, attribute.id().number()),
        }
    }

    fn owner(self) -> Option<NodeRef<'d>> {
        match self {
            Self::Tree(node) => node.parent(),
            Self::Xml(owner) => Some(owner),
            Self::Attribute(attribute) => Some(attribute.owner()),
        }
    }

    /// Elements of HTML have no namespace here, as in the documents that the other oracle reads.
    fn name(self) -> Option<(&'d str, &'d str)> {
        match self {
            Self::Xml(_) => Some(("", "xml")),
            Self::Attribute(attribute) => Some((attribute.namespace_uri(), attribute.name())),
            Self::Tree(node) => match node.kind() {
                NodeKind::Element if node.document().kind() == DocumentKind::Xml => {
                    Some((node.namespace_uri(), node.name()))
                }
                NodeKind::Element | NodeKind::ProcessingInstruction => Some(("", node.name())),
                _ => None,
            },
        }
    }
}

impl PartialEq for PeerNode<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for PeerNode<'_> {}

impl<'d> Node<'d> for PeerNode<'d> {
    fn kind(self) -> Kind {
        match self {
            Self::Xml(_) => Kind::Namespace,
            Self::Attribute(_) => Kind::Attribute,
            Self::Tree(node) => match node.kind() {
                NodeKind::Document => Kind::Root,
                NodeKind::Element => Kind::Element,
                NodeKind::Text => Kind::Text,
                NodeKind::ProcessingInstruction => Kind::ProcessingInstruction,
                NodeKind::Comment | NodeKind::Doctype => Kind::Comment,
            },
        }
    }

    fn parent(self) -> Option<Self> {
        self.owner().map(Self::Tree)
    }

    fn children(self) -> impl Iterator<Item = Self> + 'd {
        let node = if let Self::Tree(node) = self { Some(node) } else { None };
        let children = node.into_iter().flat_map(NodeRef::children);
        children.filter(|child| child.kind() != NodeKind::Doctype).map(Self::Tree)
    }

    fn attributes(self) -> impl Iterator<Item = Self> + 'd {
        let node = if let Self::Tree(node) = self { Some(node) } else { None };
        // What declares a namespace is no attribute of XPath.
        let attributes = node.into_iter().flat_map(NodeRef::attrs);
        attributes.filter(|one| one.namespace() != Namespace::Xmlns).map(Self::Attribute)
    }

    fn namespaces(self) -> impl Iterator<Item = Self> + 'd {
        let node = if let Self::Tree(node) = self { Some(node) } else { None };
        node.filter(|node| node.is_element()).map(Self::Xml).into_iter()
    }

    fn expanded_name(self) -> Option<ExpandedName> {
        let (namespace, local) = self.name()?;
        let namespace_uri = (!namespace.is_empty()).then(|| namespace.to_owned());
        Some(ExpandedName { namespace_uri, local_name: local.to_owned() })
    }

    fn has_expanded_name(self, namespace_uri: Option<&str>, local_name: &str) -> bool {
        self.name().is_some_and(|(namespace, local)| {
            local == local_name && namespace == namespace_uri.unwrap_or_default()
        })
    }

    fn string_value(self) -> String {
        self.with_string_value(str::to_owned)
    }

    fn with_string_value<R>(self, take: impl FnOnce(&str) -> R) -> R {
        match self {
            Self::Xml(_) => take(Namespace::Xml.url()),
            Self::Attribute(attribute) => take(attribute.value()),
            Self::Tree(node) => match node.kind() {
                NodeKind::Comment | NodeKind::ProcessingInstruction => take(node.data()),
                _ => take(node.text()),
            },
        }
    }

    fn document_order(self, other: Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }

    fn is_id_attribute(self) -> bool {
        self.name() == Some(("", "id"))
    }
}

/// An expression that the peer has read.
pub(crate) fn read(expression: &str) -> Result<Expr, String> {
    parse(expression).map_err(|error| error.to_string())
}

/// What a node-set, number, string or boolean is for a caller of the peer.
pub(crate) type PeerValue<'d> = Value<PeerNode<'d>>;
/// What the peer remembers of a document.
pub(crate) type PeerCache<'d> = DocumentCache<PeerNode<'d>>;

/// Evaluates with this node as the context.
pub(crate) fn evaluate_at<'d>(
    expression: &Expr,
    node: NodeRef<'d>,
    cache: &PeerCache<'d>,
) -> Result<PeerValue<'d>, String> {
    let xml = ("xml", Namespace::Xml.url());
    let uri = |prefix: &str| {
        PREFIXES.iter().chain([&xml]).find(|(known, _)| *known == prefix).map(|(_, uri)| (*uri).to_owned())
    };
    let mut context = EvaluationContext::new(PeerNode::Tree(node));
    context.cache = Some(cache);
    context.namespaces = Some(&uri);
    evaluate(expression, &context).map_err(|error| error.to_string())
}

/// The peer's answer.
pub(crate) fn answer(numbered: &Numbered, context: NodeRef<'_>, expression: &str) -> Answer {
    let read = match read(expression) {
        Ok(read) => read,
        Err(words) => return Answer::Refused(words),
    };
    let key = |node: PeerNode<'_>| match node {
        PeerNode::Tree(node) => numbered.node(node),
        PeerNode::Attribute(attribute) => numbered.attribute(attribute),
        PeerNode::Xml(_) => Key::Namespace("xml".to_owned()),
    };
    match evaluate_at(&read, context, &PeerCache::new()) {
        Ok(Value::NodeSet(nodes)) => Answer::Nodes(nodes.into_iter().map(key).collect()),
        Ok(Value::Number(number)) => Answer::Number(number),
        Ok(Value::String(text)) => Answer::Text(text),
        Ok(Value::Boolean(truth)) => Answer::Boolean(truth),
        Err(words) => Answer::Refused(words),
    }
}
