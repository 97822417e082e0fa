//! One axis from one node, node by node in the order of the axis, so that whoever asks can stop early. No walk
//! recurses or keeps a stack.

use super::{
    names::{Matcher, is_declaration, namespace, namespaces},
    nodes::{Key, Place},
};
use crate::{
    document::{Document, NodeRef},
    name::NodeName,
    xpath::plan::Axis,
};

/// So many candidates are few.
const FEW: usize = 8;

/// What a step asks of a node, in the numbers of one document.
#[derive(Clone, Copy, Debug)]
pub(super) enum NodeTest<'e> {
    Any,
    Text,
    Comment,
    ProcessingInstruction(Option<&'e str>),
    Star,
    Name(Matcher),
    /// On the namespace axis: the prefix.
    Prefix(&'e str),
    /// Nothing passes.
    Nothing,
}

impl<'e> NodeTest<'e> {
    /// Whether a tree node passes.
    #[inline]
    pub(super) fn has(self, document: &Document, node: u32) -> bool {
        let name = document.name(node);
        match self {
            Self::Name(matcher) => matcher.has_element(document, name),
            Self::Star => name.is_element(),
            Self::Any => name != NodeName::DOCTYPE,
            Self::Text => name == NodeName::TEXT,
            Self::Comment => name == NodeName::COMMENT,
            Self::ProcessingInstruction(None) => name == NodeName::PROCESSING_INSTRUCTION,
            Self::ProcessingInstruction(Some(target)) => {
                name == NodeName::PROCESSING_INSTRUCTION && NodeRef::new(document, node).name() == target
            }
            Self::Prefix(_) | Self::Nothing => false,
        }
    }

    /// Whether an attribute passes.
    #[inline]
    pub(super) fn has_attribute(self, document: &Document, attribute: u32) -> bool {
        match self {
            Self::Name(matcher) => matcher.has_attribute(document, attribute),
            Self::Star | Self::Any => !is_declaration(document.attribute_name(attribute)),
            _ => false,
        }
    }

    fn has_namespace(self, document: &Document, number: u32) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::Prefix(prefix) => namespace(document, number).0 == prefix,
            _ => false,
        }
    }

    /// A node of any kind that is its own context.
    pub(super) fn has_key(self, document: &Document, key: Key) -> bool {
        match key.place() {
            Place::Node => self.has(document, key.owner()),
            Place::Made(_) => matches!(self, Self::Any | Self::Text),
            _ => matches!(self, Self::Any),
        }
    }

    /// The nodes an index has for the test, and whether all of them pass; `None` when there is no index (yet). Then
    /// about `cost` nodes must be looked at instead.
    pub(super) fn indexed(self, document: &Document, cost: usize) -> Option<(&[u32], bool)> {
        match self {
            Self::Text => Some((document.all_texts(cost)?, true)),
            Self::Star => Some((document.all_elements(cost)?, true)),
            Self::Name(Matcher::Local(atom)) => Some((document.elements_named(atom, cost)?, true)),
            Self::Name(Matcher::Exact(name)) => {
                Some((document.elements_named(document.local_atom(name), cost)?, false))
            }
            Self::Name(Matcher::Nothing) | Self::Nothing | Self::Prefix(_) => Some((&[], true)),
            Self::Name(_) => Some((document.all_elements(cost)?, false)),
            Self::Any | Self::Comment | Self::ProcessingInstruction(_) => None,
        }
    }
}

/// The part of an ascending list that lies in a range.
#[inline]
pub(super) fn part(list: &[u32], range: std::ops::Range<u32>) -> &[u32] {
    let start = list.partition_point(|&number| number < range.start);
    let rest = &list[start..];
    &rest[..rest.partition_point(|&number| number < range.end)]
}

/// The nodes of an axis that pass a test, in the order of the axis.
pub(super) struct Walk<'e, 'd> {
    document: &'d Document,
    test: NodeTest<'e>,
    state: State<'d>,
    /// How many nodes were looked at.
    pub(super) visited: u64,
}

enum State<'d> {
    Done,
    /// This one alone.
    One(Key),
    /// This one and what it lies in.
    Up(u32),
    /// An attribute or namespace, then its element and what that lies in.
    OwnUp(Key),
    /// Siblings from here up to the end of the parent.
    Siblings {
        next: u32,
        end: u32,
    },
    /// The few nodes an index has among siblings and what lies in them; those with this parent are taken.
    FewSiblings {
        nodes: &'d [u32],
        parent: u32,
        is_backward: bool,
    },
    /// Siblings before this one.
    Before {
        node: u32,
        parent: u32,
    },
    Range {
        next: u32,
        end: u32,
    },
    Indexed {
        nodes: &'d [u32],
        is_exact: bool,
    },
    /// Backwards from before `next`, what ends by `limit`.
    Preceding {
        next: u32,
        limit: u32,
    },
    PrecedingIndexed {
        nodes: &'d [u32],
        limit: u32,
        is_exact: bool,
    },
    Attributes {
        next: u32,
        end: u32,
    },
    Namespaces {
        element: u32,
        rest: std::vec::IntoIter<u32>,
    },
}

impl<'e, 'd> Walk<'e, 'd> {
    pub(super) fn new(document: &'d Document, axis: Axis, test: NodeTest<'e>, key: Key) -> Self {
        let state = match key.is_node() {
            true if axis == Axis::Namespace => {
                let (numbers, visited) = namespaces(document, key.owner());
                let state = State::Namespaces { element: key.owner(), rest: numbers.into_iter() };
                return Self { document, test, state, visited };
            }
            true => Self::from_node(document, axis, test, key.owner()),
            false => Self::from_owned(document, axis, test, key),
        };
        Self { document, test, state, visited: 0 }
    }

    /// The nodes of an axis in whatever order is quickest.
    pub(super) fn in_any_order(document: &'d Document, axis: Axis, test: NodeTest<'e>, key: Key) -> Self {
        let mut walk = Self::new(document, axis, test, key);
        if let State::Before { node, parent } = walk.state {
            // Forwards no climbing is needed.
            walk.state = State::Siblings { next: parent + 1, end: node };
        }
        walk
    }

    fn from_node(document: &'d Document, axis: Axis, test: NodeTest<'e>, node: u32) -> State<'d> {
        let (end, parent) = (document.end_of(node), document.parent_of(node));
        let count = document_len(document);
        match axis {
            Axis::SelfNode => State::One(Key::node(node)),
            Axis::Child => State::Siblings { next: node + 1, end },
            Axis::Descendant => Self::forward(document, test, node + 1, end),
            Axis::DescendantOrSelf => Self::forward(document, test, node, end),
            Axis::Following => Self::forward(document, test, end, count),
            Axis::Preceding => Self::backward(document, test, node),
            Axis::Parent => parent.map_or(State::Done, |parent| State::One(Key::node(parent))),
            Axis::Ancestor => parent.map_or(State::Done, State::Up),
            Axis::AncestorOrSelf => State::Up(node),
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                parent.map_or(State::Done, |parent| Self::siblings(document, axis, test, node, parent))
            }
            Axis::Attribute => {
                let range = document.attributes_in(node..node + 1);
                State::Attributes { next: range.start, end: range.end }
            }
            Axis::Namespace => State::Done,
        }
    }

    /// From an attribute or a namespace: it has a parent and a place in the order, and nothing else.
    fn from_owned(document: &'d Document, axis: Axis, test: NodeTest<'e>, key: Key) -> State<'d> {
        if let Place::Made(_) = key.place() {
            // It stands for its own text, as `token/text()` asks for it.
            return match axis {
                Axis::SelfNode | Axis::AncestorOrSelf => State::One(key),
                Axis::Child | Axis::Descendant | Axis::DescendantOrSelf => State::One(key),
                _ => State::Done,
            };
        }
        let owner = key.owner();
        match axis {
            Axis::SelfNode | Axis::DescendantOrSelf => State::One(key),
            Axis::Parent => State::One(Key::node(owner)),
            Axis::Ancestor => State::Up(owner),
            Axis::AncestorOrSelf => State::OwnUp(key),
            Axis::Following => Self::forward(document, test, owner + 1, document_len(document)),
            Axis::Preceding => Self::backward(document, test, owner),
            _ => State::Done,
        }
    }

    /// When there are few candidates between a node and the end of its siblings, or none, they are looked at
    /// instead of all siblings.
    fn siblings(document: &'d Document, axis: Axis, test: NodeTest<'e>, node: u32, parent: u32) -> State<'d> {
        let is_backward = axis == Axis::PrecedingSibling;
        let (end, last) = (document.end_of(node), document.end_of(parent));
        let range = if is_backward { parent + 1..node } else { end..last };
        if range.len() > FEW
            && let Some((nodes, _)) = test.indexed(document, FEW)
        {
            let nodes = part(nodes, range);
            if nodes.len() <= FEW {
                return State::FewSiblings { nodes, parent, is_backward };
            }
        }
        if is_backward { State::Before { node, parent } } else { State::Siblings { next: end, end: last } }
    }

    fn forward(document: &'d Document, test: NodeTest<'e>, next: u32, end: u32) -> State<'d> {
        match test.indexed(document, end.saturating_sub(next) as usize) {
            Some((nodes, is_exact)) => State::Indexed { nodes: part(nodes, next..end), is_exact },
            None => State::Range { next, end },
        }
    }

    fn backward(document: &'d Document, test: NodeTest<'e>, node: u32) -> State<'d> {
        match test.indexed(document, node as usize) {
            Some((nodes, is_exact)) => {
                State::PrecedingIndexed { nodes: part(nodes, 0..node), limit: node, is_exact }
            }
            None => State::Preceding { next: node, limit: node },
        }
    }

    /// The sibling before a node. Climbs from the node just before it in document order.
    fn before(&mut self, node: u32, parent: u32) -> Option<u32> {
        let mut before = node.checked_sub(1).filter(|&before| before != parent)?;
        while let Some(above) = self.document.parent_of(before).filter(|&above| above != parent) {
            before = above;
            self.visited += 1;
        }
        Some(before)
    }
}

pub(super) fn document_len(document: &Document) -> u32 {
    document.end_of(0)
}

/// What a walk comes to.
enum Next {
    End,
    /// Nothing yet.
    Skip,
    /// A tree node whose test is still to be made.
    Candidate(u32),
    Found(Key),
}

impl Iterator for Walk<'_, '_> {
    type Item = Key;

    #[inline]
    fn next(&mut self) -> Option<Key> {
        loop {
            self.visited += 1;
            match self.advance() {
                Next::End => return None,
                Next::Skip => {}
                Next::Candidate(node) if !self.test.has(self.document, node) => {}
                Next::Candidate(node) => return Some(Key::node(node)),
                Next::Found(key) => return Some(key),
            }
        }
    }
}

impl Walk<'_, '_> {
    /// Forwards through the tree.
    #[inline]
    fn advance(&mut self) -> Next {
        match &mut self.state {
            State::Siblings { next, end } if *next < *end => {
                let node = *next;
                *next = self.document.end_of(node);
                Next::Candidate(node)
            }
            State::Range { next, end } if *next < *end => {
                *next += 1;
                Next::Candidate(*next - 1)
            }
            State::Indexed { nodes, is_exact } => match nodes.split_first() {
                None => Next::End,
                Some((&node, rest)) => {
                    *nodes = rest;
                    if *is_exact { Next::Found(Key::node(node)) } else { Next::Candidate(node) }
                }
            },
            State::Siblings { .. } | State::Range { .. } | State::Done => Next::End,
            State::Attributes { .. } | State::Namespaces { .. } => {
                self.next_owned().map_or(Next::End, Next::Found)
            }
            _ => self.climb(),
        }
    }

    /// Upwards or backwards.
    fn climb(&mut self) -> Next {
        // Takes longer than a step forwards.
        self.visited += 3;
        let document = self.document;
        match &mut self.state {
            State::One(key) | State::OwnUp(key) => {
                let key = *key;
                self.state = match self.state {
                    State::OwnUp(_) => State::Up(key.owner()),
                    _ => State::Done,
                };
                if self.test.has_key(document, key) { Next::Found(key) } else { Next::Skip }
            }
            State::Up(node) => {
                let node = *node;
                self.state = document.parent_of(node).map_or(State::Done, State::Up);
                Next::Candidate(node)
            }
            State::FewSiblings { nodes, parent, is_backward } => {
                let split = if *is_backward { nodes.split_last() } else { nodes.split_first() };
                let Some((&node, rest)) = split else { return Next::End };
                *nodes = rest;
                let is_sibling = document.parent_of(node) == Some(*parent);
                if is_sibling { Next::Candidate(node) } else { Next::Skip }
            }
            State::Before { node, parent } => {
                let (node, parent) = (*node, *parent);
                let Some(before) = self.before(node, parent) else { return Next::End };
                self.state = State::Before { node: before, parent };
                Next::Candidate(before)
            }
            State::Preceding { next, limit } => {
                let Some(before) = next.checked_sub(1) else { return Next::End };
                *next = before;
                if document.end_of(before) > *limit { Next::Skip } else { Next::Candidate(before) }
            }
            State::PrecedingIndexed { nodes, limit, is_exact } => {
                let Some((&node, rest)) = nodes.split_last() else { return Next::End };
                *nodes = rest;
                match document.end_of(node) > *limit {
                    true => Next::Skip,
                    false if *is_exact => Next::Found(Key::node(node)),
                    false => Next::Candidate(node),
                }
            }
            _ => Next::End,
        }
    }

    fn next_owned(&mut self) -> Option<Key> {
        let (document, test) = (self.document, self.test);
        match &mut self.state {
            State::Attributes { next, end } => {
                while next < end {
                    let attribute = *next;
                    *next += 1;
                    self.visited += 1;
                    if test.has_attribute(document, attribute) {
                        return Some(Key::attribute(document.owner_of(attribute), attribute));
                    }
                }
                None
            }
            State::Namespaces { element, rest } => {
                let element = *element;
                let number = rest.find(|&number| test.has_namespace(document, number))?;
                Some(Key::namespace(element, number))
            }
            _ => None,
        }
    }
}
