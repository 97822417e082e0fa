//! From nodes to others: down, up and sideways. What several nodes lead to is walked once, so that no page makes
//! this quadratic.

use std::collections::{HashMap, HashSet};

use super::{NodeRef, Selection, Selector, SelectorArgument};
use crate::select::Tester;

impl<'d> Selection<'d> {
    /// The elements in them that a selector matches. `:scope` is the node searched: `find(":scope > li")`.
    pub fn find<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| {
            let (mut nodes, mut is_cut, mut end) = (Vec::new(), false, 0);
            for node in self {
                // What lies in a node that was searched was found, unless it depends on where the search began.
                if node.number() < end && !selector.has_scope() {
                    continue;
                }
                let mut select = node.select(selector);
                nodes.extend(select.by_ref().map(NodeRef::number));
                is_cut |= select.is_cut();
                end = node.subtree_end().number();
                if is_cut {
                    break;
                }
            }
            self.then(nodes, is_cut)
        })
    }

    /// Those nodes of another selection that lie in one of these.
    #[must_use]
    pub fn find_in(&self, other: &Selection<'_>) -> Self {
        let (mut nodes, mut end) = (Vec::new(), 0);
        let others = self.shared(other);
        for node in self {
            let range = (node.number() + 1).max(end)..node.subtree_end().number();
            let from = others.partition_point(|&other| other < range.start);
            nodes.extend(others[from..].iter().take_while(|&&other| other < range.end));
            end = end.max(range.end);
        }
        self.then(nodes, false)
    }

    fn all_children(&self, is_wanted: impl Fn(NodeRef<'d>) -> bool) -> Self {
        let children = self.iter().flat_map(NodeRef::children).filter(|child| is_wanted(*child));
        self.then(children.map(NodeRef::number).collect(), false)
    }

    /// The elements directly in them.
    #[must_use]
    pub fn children(&self) -> Self {
        self.all_children(NodeRef::is_element)
    }

    /// All nodes directly in them, texts and comments too.
    #[must_use]
    pub fn contents(&self) -> Self {
        self.all_children(|_| true)
    }

    /// The element each of them lies in.
    #[must_use]
    pub fn parent(&self) -> Self {
        let parents = self.iter().filter_map(NodeRef::parent).filter(|parent| parent.is_element());
        self.then(parents.map(NodeRef::number).collect(), false)
    }

    /// All elements they lie in.
    #[must_use]
    pub fn parents(&self) -> Self {
        self.ancestors_until(|_| false)
    }

    /// The elements they lie in, up to one that a selector matches, which is left out.
    pub fn parents_until<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| self.tested_walk(selector, |from, is_end| from.ancestors_until(is_end)))
    }

    /// The elements they lie in, up to one of another selection, which is left out.
    #[must_use]
    pub fn parents_until_any_of(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.ancestors_until(|node| others.binary_search(&node.number()).is_ok())
    }

    /// Walks up from each node to an end or to what has been walked: from there it would go the same way.
    fn ancestors_until(&self, mut is_end: impl FnMut(NodeRef<'d>) -> bool) -> Self {
        let mut walked = HashSet::new();
        for node in self {
            for ancestor in node.ancestors().take_while(|ancestor| ancestor.is_element()) {
                if walked.contains(&ancestor.number()) || is_end(ancestor) {
                    break;
                }
                walked.insert(ancestor.number());
            }
        }
        self.then(walked.into_iter().collect(), false)
    }

    /// For each the nearest element that a selector matches, of itself and those it lies in.
    pub fn closest<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| {
            let mut tester = Tester::new(self.document, selector);
            let mut found = self.nearest(|node| tester.matches(node));
            found.is_cut |= tester.is_cut();
            found
        })
    }

    /// For each the nearest node of another selection, of itself and those it lies in.
    #[must_use]
    pub fn closest_of(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.nearest(|node| others.binary_search(&node.number()).is_ok())
    }

    fn nearest(&self, mut is_wanted: impl FnMut(NodeRef<'d>) -> bool) -> Self {
        let (mut walked, mut found) = (HashSet::new(), Vec::new());
        for node in self {
            for candidate in std::iter::once(node).chain(node.ancestors()) {
                // Whoever walked here before has found what lies above.
                if !walked.insert(candidate.number()) {
                    break;
                }
                if is_wanted(candidate) {
                    found.push(candidate.number());
                    break;
                }
            }
        }
        self.then(found, false)
    }

    /// The other elements with the same parent.
    #[must_use]
    pub fn siblings(&self) -> Self {
        // By parent: the one selected child, or none if there are several, which are siblings of each other.
        let mut parents: HashMap<u32, Option<u32>> = HashMap::new();
        for node in self {
            if let Some(parent) = node.parent() {
                parents
                    .entry(parent.number())
                    .and_modify(|only| *only = None)
                    .or_insert_with(|| Some(node.number()));
            }
        }
        let mut nodes = Vec::new();
        for (parent, only) in parents {
            let children = self.node(parent).children().filter(|child| child.is_element());
            nodes.extend(children.map(NodeRef::number).filter(|&child| Some(child) != only));
        }
        self.then(nodes, false)
    }

    /// The element right after each.
    #[must_use]
    pub fn next(&self) -> Self {
        self.nearest_siblings(self.iter(), |node| node.next_sibling())
    }

    /// The element right before each.
    #[must_use]
    pub fn prev(&self) -> Self {
        self.nearest_siblings(self.iter().rev(), |node| node.previous_sibling())
    }

    /// The first element on the way from each node. Texts and comments may be many: none is passed twice.
    pub(super) fn nearest_siblings(
        &self,
        nodes: impl Iterator<Item = NodeRef<'d>>,
        step: impl Fn(NodeRef<'d>) -> Option<NodeRef<'d>>,
    ) -> Self {
        let (mut walked, mut found) = (HashSet::new(), Vec::new());
        for node in nodes {
            let mut at = step(node);
            // Whoever walked here before has found what comes next.
            while let Some(sibling) = at.filter(|sibling| walked.insert(sibling.number())) {
                if sibling.is_element() {
                    found.push(sibling.number());
                    break;
                }
                at = step(sibling);
            }
        }
        self.then(found, false)
    }

    /// All elements after each with the same parent.
    #[must_use]
    pub fn next_all(&self) -> Self {
        self.after_until(|_| false)
    }

    /// All elements before each with the same parent.
    #[must_use]
    pub fn prev_all(&self) -> Self {
        self.before_until(|_| false)
    }

    /// The elements after each up to one that a selector matches, which is left out.
    pub fn next_until<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| self.tested_walk(selector, |from, is_end| from.after_until(is_end)))
    }

    /// The elements before each back to one that a selector matches, which is left out.
    pub fn prev_until<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| self.tested_walk(selector, |from, is_end| from.before_until(is_end)))
    }

    /// The elements after each up to one of another selection, which is left out.
    #[must_use]
    pub fn next_until_any_of(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.after_until(|node| others.binary_search(&node.number()).is_ok())
    }

    /// The elements before each back to one of another selection, which is left out.
    #[must_use]
    pub fn prev_until_any_of(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.before_until(|node| others.binary_search(&node.number()).is_ok())
    }

    fn after_until(&self, is_end: impl FnMut(NodeRef<'d>) -> bool) -> Self {
        self.walk_siblings(self.iter(), |node| node.next_sibling(), is_end)
    }

    fn before_until(&self, is_end: impl FnMut(NodeRef<'d>) -> bool) -> Self {
        self.walk_siblings(self.iter().rev(), |node| node.previous_sibling(), is_end)
    }

    /// Walks from each node to an end or to what has been walked, texts and comments included: from there it would go
    /// the same way.
    pub(super) fn walk_siblings(
        &self,
        nodes: impl Iterator<Item = NodeRef<'d>>,
        step: impl Fn(NodeRef<'d>) -> Option<NodeRef<'d>>,
        mut is_end: impl FnMut(NodeRef<'d>) -> bool,
    ) -> Self {
        let (mut walked, mut found) = (HashSet::new(), Vec::new());
        for node in nodes {
            let mut at = step(node);
            while let Some(sibling) = at.filter(|sibling| !walked.contains(&sibling.number())) {
                if sibling.is_element() {
                    if is_end(sibling) {
                        break;
                    }
                    found.push(sibling.number());
                }
                walked.insert(sibling.number());
                at = step(sibling);
            }
        }
        self.then(found, false)
    }

    /// A walk that ends at what a selector matches.
    fn tested_walk(
        &self,
        selector: &Selector,
        walk: impl FnOnce(&Self, &mut dyn FnMut(NodeRef<'d>) -> bool) -> Self,
    ) -> Self {
        let mut tester = Tester::new(self.document, selector);
        let mut found = walk(self, &mut |node| tester.matches(node));
        found.is_cut |= tester.is_cut();
        found
    }
}
