//! What an engine answers, in a form that is the same for all of them: nodes are named by their numbers.

use std::fmt;

use lycosa_dom::{Attribute, Document, NodeKind, NodeRef};

/// A node of the answer. Numbers count all nodes in document order from the document node, 0; attributes have the
/// number of their element, and a doctype has none, because XPath does not know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Node(u32),
    Attribute(u32, String),
    /// By its prefix alone: one oracle does not say whose it is.
    Namespace(String),
}

/// What came of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Nodes(Vec<Key>),
    Number(f64),
    Text(String),
    Boolean(bool),
    /// The expression was refused, with the words of the engine.
    Refused(String),
    /// No answer to compare: a limit was met, or the engine cannot know.
    Silent(&'static str),
}

impl Answer {
    /// Node-sets are compared as sets, numbers with NaN equal to itself and the zeros told apart, refusals without
    /// their words.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nodes(one), Self::Nodes(two)) => {
                let sorted = |keys: &[Key]| {
                    let mut keys = keys.to_vec();
                    keys.sort();
                    keys
                };
                sorted(one) == sorted(two)
            }
            (Self::Number(one), Self::Number(two)) => {
                one.to_bits() == two.to_bits() || (one.is_nan() && two.is_nan())
            }
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Boolean(one), Self::Boolean(two)) => one == two,
            (Self::Refused(_), Self::Refused(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(keys) => {
                write!(formatter, "{} nodes:", keys.len())?;
                for key in keys.iter().take(SHOWN) {
                    match key {
                        Key::Node(number) => write!(formatter, " {number}")?,
                        Key::Attribute(owner, name) => write!(formatter, " {owner}@{name}")?,
                        Key::Namespace(prefix) => write!(formatter, " xmlns:{prefix}")?,
                    }
                }
                formatter.write_str(if keys.len() > SHOWN { " …" } else { "" })
            }
            Self::Number(number) => write!(formatter, "number {number:?}"),
            Self::Text(text) => write!(formatter, "string {text:?}"),
            Self::Boolean(truth) => write!(formatter, "boolean {truth}"),
            Self::Refused(words) => write!(formatter, "refused: {words}"),
            Self::Silent(reason) => write!(formatter, "no answer: {reason}"),
        }
    }
}

/// How many nodes of an answer are shown to people.
const SHOWN: usize = 20;

/// A document whose nodes are numbered as [`Key`] says.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) document: Document,
    /// The ids of doctypes, ascending.
    doctypes: Vec<u32>,
}

impl Numbered {
    pub(crate) fn new(document: Document) -> Self {
        let is_doctype = |node: &NodeRef<'_>| node.kind() == NodeKind::Doctype;
        let doctypes = document.nodes().filter(is_doctype).map(|node| node.id().number()).collect();
        Self { document, doctypes }
    }

    #[inline]
    pub(crate) fn number(&self, node: NodeRef<'_>) -> u32 {
        let id = node.id().number();
        let before = self.doctypes.iter().take_while(|doctype| **doctype < id).count();
        id - u32::try_from(before).unwrap_or(0)
    }

    pub(crate) fn node(&self, node: NodeRef<'_>) -> Key {
        Key::Node(self.number(node))
    }

    /// With the namespace before the name in braces, where there is one.
    pub(crate) fn attribute(&self, attribute: Attribute<'_>) -> Key {
        let name = match attribute.namespace_uri() {
            "" => attribute.name().to_owned(),
            uri => format!("{{{uri}}}{}", attribute.name()),
        };
        Key::Attribute(self.number(attribute.owner()), name)
    }
}
