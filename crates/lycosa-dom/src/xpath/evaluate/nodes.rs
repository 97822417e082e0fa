//! Node-sets: what a node is called inside the evaluator, and the compact sets of them.

use std::cmp::Ordering;

/// A node as one integer that compares in document order: the number of the tree node or of the owner, then 0 for
/// the node itself, then its namespaces, then its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::xpath) struct Key(u64);

/// Which node of its owner a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::xpath) enum Place {
    Node,
    /// The number of the attribute in its document.
    Attribute(u32),
    /// 0 for `xml`, else one more than the number of the attribute that declares it.
    Namespace(u32),
    /// The number of a text that an expression made.
    Made(u32),
}

/// The owner of what is not part of the tree; no node has this number.
const NOBODY: u32 = u32::MAX;

/// Set in the lower half of the key of an attribute.
const ATTRIBUTE: u32 = 1 << 31;

impl Key {
    #[inline]
    pub(in crate::xpath) const fn node(number: u32) -> Self {
        Self((number as u64) << 32)
    }

    #[inline]
    pub(in crate::xpath) const fn attribute(owner: u32, number: u32) -> Self {
        Self((owner as u64) << 32 | (ATTRIBUTE | number) as u64)
    }

    pub(in crate::xpath) const fn namespace(owner: u32, number: u32) -> Self {
        Self((owner as u64) << 32 | (number + 1) as u64)
    }

    /// A text that an expression made; it comes after everything in the document.
    pub(in crate::xpath) const fn made(number: u32) -> Self {
        Self((NOBODY as u64) << 32 | (number + 1) as u64)
    }

    /// The tree node, or the element an attribute or a namespace belongs to.
    #[inline]
    pub(in crate::xpath) const fn owner(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub(in crate::xpath) const fn place(self) -> Place {
        let part = self.0 as u32;
        if self.owner() == NOBODY {
            Place::Made(part.saturating_sub(1))
        } else if part == 0 {
            Place::Node
        } else if part & ATTRIBUTE != 0 {
            Place::Attribute(part & !ATTRIBUTE)
        } else {
            Place::Namespace(part - 1)
        }
    }

    #[inline]
    pub(in crate::xpath) const fn is_node(self) -> bool {
        self.0 as u32 == 0
    }

    pub(in crate::xpath) const fn parts(self) -> (u32, u32) {
        (self.owner(), self.0 as u32)
    }
}

/// Nodes in document order, each once.
#[derive(Clone, Debug)]
pub(in crate::xpath) enum NodeSet<'d> {
    /// One tree node.
    One(u32),
    /// Tree nodes that an index holds.
    Lent(&'d [u32]),
    /// Tree nodes.
    Tree(Vec<u32>),
    /// Anything.
    Mixed(Vec<Key>),
}

impl<'d> NodeSet<'d> {
    pub(in crate::xpath) const EMPTY: Self = Self::Lent(&[]);

    pub(in crate::xpath) fn one(key: Key) -> Self {
        if key.is_node() { Self::One(key.owner()) } else { Self::Mixed(vec![key]) }
    }

    /// The set of nodes that may come in any order and more than once.
    pub(in crate::xpath) fn from_unsorted(mut keys: Vec<Key>) -> Self {
        if let [key] = *keys {
            return Self::one(key);
        }
        if !is_ascending(&keys) {
            keys.sort_unstable();
            keys.dedup();
        }
        Self::from_sorted(keys)
    }

    /// The set of nodes that are sorted already.
    pub(in crate::xpath) fn from_sorted(keys: Vec<Key>) -> Self {
        if keys.iter().all(|key| key.is_node()) {
            return Self::Tree(keys.into_iter().map(Key::owner).collect());
        }
        Self::Mixed(keys)
    }

    /// The set of tree nodes that may come in any order and more than once.
    pub(in crate::xpath) fn from_unsorted_tree(mut nodes: Vec<u32>) -> Self {
        if !is_ascending(&nodes) {
            nodes.sort_unstable();
            nodes.dedup();
        }
        Self::Tree(nodes)
    }

    pub(in crate::xpath) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Lent(nodes) => nodes.len(),
            Self::Tree(nodes) => nodes.len(),
            Self::Mixed(keys) => keys.len(),
        }
    }

    pub(in crate::xpath) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(in crate::xpath) fn get(&self, position: usize) -> Option<Key> {
        match self {
            Self::One(node) => (position == 0).then(|| Key::node(*node)),
            Self::Lent(nodes) => nodes.get(position).map(|&node| Key::node(node)),
            Self::Tree(nodes) => nodes.get(position).map(|&node| Key::node(node)),
            Self::Mixed(keys) => keys.get(position).copied(),
        }
    }

    pub(in crate::xpath) fn first(&self) -> Option<Key> {
        self.get(0)
    }

    pub(in crate::xpath) fn last(&self) -> Option<Key> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The tree nodes, when there is nothing else.
    #[inline]
    pub(in crate::xpath) fn tree(&self) -> Option<&[u32]> {
        match self {
            Self::One(node) => Some(std::slice::from_ref(node)),
            Self::Lent(nodes) => Some(nodes),
            Self::Tree(nodes) => Some(nodes),
            Self::Mixed(_) => None,
        }
    }

    pub(in crate::xpath) fn iter(&self) -> impl ExactSizeIterator<Item = Key> + '_ {
        (0..self.len()).map(|position| self.get(position).unwrap_or(Key::node(0)))
    }

    pub(in crate::xpath) fn contains(&self, key: Key) -> bool {
        match self {
            Self::Mixed(keys) => keys.binary_search(&key).is_ok(),
            _ => key.is_node() && self.tree().is_some_and(|nodes| nodes.binary_search(&key.owner()).is_ok()),
        }
    }

    /// The first `count` of them.
    pub(in crate::xpath) fn truncate(&mut self, count: usize) {
        match self {
            Self::One(_) if count > 0 => {}
            Self::One(_) => *self = Self::EMPTY,
            Self::Lent(nodes) => *nodes = nodes.get(..count).unwrap_or(nodes),
            Self::Tree(nodes) => nodes.truncate(count),
            Self::Mixed(keys) => keys.truncate(count),
        }
    }

    /// The bytes it holds on to.
    pub(in crate::xpath) fn memory(&self) -> usize {
        match self {
            Self::One(_) | Self::Lent(_) => 0,
            Self::Tree(nodes) => nodes.capacity() * size_of::<u32>(),
            Self::Mixed(keys) => keys.capacity() * size_of::<Key>(),
        }
    }

    /// Both together.
    pub(in crate::xpath) fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        match (self.tree(), other.tree()) {
            (Some(left), Some(right)) => Self::Tree(merge(left.iter().copied(), right.iter().copied())),
            _ => Self::Mixed(merge(self.iter(), other.iter())),
        }
    }
}

pub(in crate::xpath) fn is_ascending<T: PartialOrd>(items: &[T]) -> bool {
    items.windows(2).all(|pair| pair[0] < pair[1])
}

/// Two ascending sequences as one, without what is in both twice.
fn merge<T: Ord + Copy>(
    left: impl ExactSizeIterator<Item = T>,
    right: impl ExactSizeIterator<Item = T>,
) -> Vec<T> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.peekable(), right.peekable());
    while let (Some(&a), Some(&b)) = (left.peek(), right.peek()) {
        let order = a.cmp(&b);
        if order != Ordering::Greater {
            left.next();
        }
        if order != Ordering::Less {
            right.next();
        }
        out.push(a.min(b));
    }
    out.extend(left);
    out.extend(right);
    out
}
