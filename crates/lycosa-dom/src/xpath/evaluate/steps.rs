//! A step from all nodes of a set at once, when its predicates do not count: then it does not matter from which
//! node another was reached, and none need be visited twice. What an index holds is cut out of it; the results come
//! in document order by themselves except where said.

use super::{
    Outcome, Run,
    names::Matcher,
    nodes::{Key, NodeSet, is_ascending},
    path::Want,
    ranges::{Ranges, Siblings, is_marked, set_mark},
    walk::{NodeTest, Walk, document_len, part},
};
use crate::{
    document::DocumentKind,
    name::{NodeName, atoms},
    xpath::plan::{Axis, Expr, NameId, Predicate, Step},
};

impl<'e, 'd> Run<'e, 'd> {
    pub(super) fn step(&mut self, set: NodeSet<'d>, step: &'e Step, want: Want) -> Outcome<NodeSet<'d>> {
        if step.is_positional {
            return self.counted_step(&set, step, want);
        }
        let test = self.test(step);
        let Some(nodes) = set.tree() else { return self.mixed(&set, step, test) };
        match step.axis {
            Axis::Descendant | Axis::DescendantOrSelf => self.descendants(nodes, step, test, want),
            Axis::Child => self.children(nodes, step, test, want),
            Axis::Attribute => self.attributes(nodes, step, test, want),
            Axis::Parent => {
                let mut parents: Vec<u32> =
                    nodes.iter().filter_map(|&node| self.document.parent_of(node)).collect();
                parents.dedup();
                self.unordered(parents, step, test)
            }
            Axis::Ancestor | Axis::AncestorOrSelf => self.ancestors(nodes, step, test),
            Axis::FollowingSibling => self.later_siblings(nodes, step, test),
            Axis::PrecedingSibling => self.earlier_siblings(nodes, step, test),
            Axis::Following => self.following(nodes, step, test, want),
            Axis::Preceding => self.preceding(nodes, step, test, want),
            Axis::SelfNode => {
                let document = self.document;
                let kept = self.sift(nodes.iter().copied(), |node| test.has(document, node), step, want)?;
                Ok(NodeSet::Tree(kept))
            }
            Axis::Namespace => self.mixed(&set, step, test),
        }
    }

    pub(super) fn matcher(&self, name: NameId) -> Matcher {
        self.matchers.get(name.0).copied().unwrap_or(Matcher::Nothing)
    }

    /// The candidates that pass a check and the predicates, paid for one by one.
    fn sift(
        &mut self,
        candidates: impl Iterator<Item = u32>,
        check: impl Fn(u32) -> bool,
        step: &'e Step,
        want: Want,
    ) -> Outcome<Vec<u32>> {
        let (mut out, mut seen) = (Vec::new(), 0);
        // Predicates that are the same for all nodes are asked of the first.
        let is_fixed = step.predicates.iter().all(is_fixed);
        for node in candidates {
            seen += 1;
            if !check(node) {
                continue;
            }
            if !step.predicates.is_empty() && (!is_fixed || out.is_empty()) {
                self.charge(std::mem::take(&mut seen))?;
                if !self.passes(&step.predicates, Key::node(node))? {
                    if is_fixed {
                        break;
                    }
                    continue;
                }
            }
            out.push(node);
            if want != Want::All {
                break;
            }
        }
        self.charge(seen)?;
        Ok(out)
    }

    /// The same for candidates that come in any order or more than once.
    fn unordered(&mut self, mut nodes: Vec<u32>, step: &'e Step, test: NodeTest<'e>) -> Outcome<NodeSet<'d>> {
        if !is_ascending(&nodes) {
            self.charge(nodes.len() as u64)?;
            nodes.sort_unstable();
            nodes.dedup();
        }
        let document = self.document;
        Ok(NodeSet::Tree(self.sift(nodes.into_iter(), |node| test.has(document, node), step, Want::All)?))
    }

    fn descendants(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let ranges = Ranges::new(document, nodes, step.axis == Axis::DescendantOrSelf);
        if let Some(list) = self.identified(step) {
            let list = ranges.flat_map(|range| part(list, document.attributes_in(range))).copied();
            return self.owners(list, step, test, want);
        }
        let indexed = test.indexed(document, document.len());
        if let (Some((list, true)), true, [node]) = (indexed, step.predicates.is_empty(), nodes) {
            let start = node + u32::from(step.axis == Axis::Descendant);
            return Ok(NodeSet::Lent(part(list, start..document.end_of(*node))));
        }
        let most = indexed.map_or(usize::MAX, |(list, _)| list.len());
        if let Some(list) = self.with_attribute(step).filter(|list| list.len() < most) {
            let list = ranges.flat_map(|range| part(list, document.attributes_in(range))).copied();
            return self.owners(list, step, test, want);
        }
        if let (None, NodeTest::Star, Some(_)) = (indexed, test, self.needed_name(step)) {
            let list = ranges.flat_map(|range| document.attributes_in(range));
            return self.owners(list, step, test, want);
        }
        let kept = match indexed {
            Some((list, true)) => self.sift(ranges.cut(list), |_| true, step, want)?,
            Some((list, false)) => {
                self.sift(ranges.cut(list), |node| test.has(document, node), step, want)?
            }
            None => match test {
                NodeTest::Name(Matcher::Local(atom)) => self.sift(
                    ranges.scan(|name| name.atom() == atom && name.is_element()),
                    |_| true,
                    step,
                    want,
                )?,
                NodeTest::Text => {
                    self.sift(ranges.scan(|name| name == NodeName::TEXT), |_| true, step, want)?
                }
                _ => self.sift(ranges.flatten(), |node| test.has(document, node), step, want)?,
            },
        };
        Ok(NodeSet::Tree(kept))
    }

    /// The attributes with the name and the value that a node must have to pass.
    fn identified(&self, step: &'e Step) -> Option<&'d [u32]> {
        let (name, document) = (self.needed_name(step)?, self.document);
        let value = step.needed.as_ref()?.value.as_deref()?;
        if name == NodeName::plain(atoms::ID) && document.kind() == DocumentKind::Html {
            return document.ids_with_value(value);
        }
        document.attributes_with_value(document.local_atom(name), value)
    }

    /// The name of the attribute that a node must have to pass.
    fn needed_name(&self, step: &'e Step) -> Option<NodeName> {
        match self.matcher(step.needed.as_ref()?.name) {
            Matcher::Exact(name) => Some(name),
            _ => None,
        }
    }

    /// The attributes with the local name of that one.
    fn with_attribute(&self, step: &'e Step) -> Option<&'d [u32]> {
        self.document.attributes_by_name(self.document.local_atom(self.needed_name(step)?))
    }

    /// The owners of the needed one among ascending attributes, when they pass.
    fn owners(
        &mut self,
        attributes: impl Iterator<Item = u32>,
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let (document, mut out, mut seen) = (self.document, Vec::new(), 0);
        let (Some(needed), Some(name)) = (&step.needed, self.needed_name(step)) else {
            return Ok(NodeSet::EMPTY);
        };
        for attribute in attributes {
            seen += 1;
            if document.attribute_name(attribute) != name {
                continue;
            }
            let owner = document.owner_of(attribute);
            if !test.has(document, owner) {
                continue;
            }
            self.charge(std::mem::take(&mut seen))?;
            let passes = match needed.is_all {
                true => self.value_passes(&step.predicates, document.value_of_attribute(attribute))?,
                false => self.passes(&step.predicates, Key::node(owner))?,
            };
            if passes {
                out.push(owner);
                if want != Want::All {
                    break;
                }
            }
        }
        self.charge(seen)?;
        Ok(NodeSet::Tree(out))
    }

    fn value_passes(&mut self, predicates: &'e [Predicate], value: &str) -> Outcome<bool> {
        for predicate in predicates {
            if let Predicate::Condition(expr) = predicate
                && !self.holds_for_value(expr, value)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Children of nodes that lie in one another come out of order, and are sorted then.
    fn children(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let want = if nodes.len() == 1 || want == Want::Any { want } else { Want::All };
        if let [first, .., last] = nodes
            && let Some((list, is_exact)) = test.indexed(document, nodes.len() * 4)
        {
            let list = part(list, *first..document_len(document).max(*last));
            if list.len() < nodes.len() * 3 {
                let marks = self.mark(nodes)?;
                let is_child = |node: u32| {
                    (is_exact || test.has(document, node))
                        && document.parent_of(node).is_some_and(|parent| is_marked(&marks, parent))
                };
                let kept = self.sift(list.iter().copied(), is_child, step, want);
                self.marks = marks;
                return Ok(NodeSet::Tree(kept?));
            }
        }
        let children =
            nodes.iter().flat_map(|&node| Siblings { document, next: node + 1, end: document.end_of(node) });
        let kept = self.sift(children, |node| test.has(document, node), step, want)?;
        Ok(NodeSet::from_unsorted_tree(kept))
    }

    fn attributes(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let list = match test {
            NodeTest::Name(Matcher::Exact(name)) if step.is_deep => {
                document.attributes_by_name(document.local_atom(name))
            }
            _ => None,
        };
        let keys = match (step.is_deep, list) {
            (true, Some(list)) => {
                let ranges = Ranges::new(document, nodes, true);
                let found = ranges.flat_map(|range| part(list, document.attributes_in(range))).copied();
                self.sift_attributes(found, step, test, want)?
            }
            (true, None) => {
                let ranges = Ranges::new(document, nodes, true);
                self.sift_attributes(
                    ranges.flat_map(|range| document.attributes_in(range)),
                    step,
                    test,
                    want,
                )?
            }
            (false, _) => {
                let found = nodes.iter().flat_map(|&node| document.attributes_in(node..node + 1));
                self.sift_attributes(found, step, test, want)?
            }
        };
        Ok(NodeSet::Mixed(keys))
    }

    fn sift_attributes(
        &mut self,
        candidates: impl Iterator<Item = u32>,
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<Vec<Key>> {
        let (mut out, mut seen) = (Vec::new(), 0);
        for attribute in candidates {
            seen += 1;
            if !test.has_attribute(self.document, attribute) {
                continue;
            }
            let key = Key::attribute(self.document.owner_of(attribute), attribute);
            if !step.predicates.is_empty() {
                self.charge(std::mem::take(&mut seen))?;
                if !self.passes(&step.predicates, key)? {
                    continue;
                }
            }
            out.push(key);
            if want != Want::All {
                break;
            }
        }
        self.charge(seen)?;
        Ok(out)
    }

    /// With an index: each candidate asks whether the next context node lies in it. Else every ancestor is marked
    /// once, and the climb stops where another has been.
    fn ancestors(&mut self, nodes: &[u32], step: &'e Step, test: NodeTest<'e>) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let or_self = step.axis == Axis::AncestorOrSelf;
        if let Some((list, is_exact)) = test.indexed(document, nodes.len() * 4)
            && list.len() < nodes.len().saturating_mul(16)
        {
            let last = nodes.last().copied().unwrap_or(0);
            let list = part(list, 0..last + 1);
            let next = std::cell::Cell::new(0);
            let has_context = |node: u32| {
                let from = node + u32::from(!or_self);
                let mut at = next.get();
                while nodes.get(at).is_some_and(|&context| context < from) {
                    at += 1;
                }
                next.set(at);
                nodes.get(at).is_some_and(|&context| context < document.end_of(node))
                    && (is_exact || test.has(document, node))
            };
            self.charge(nodes.len() as u64)?;
            return Ok(NodeSet::Tree(self.sift(list.iter().copied(), has_context, step, Want::All)?));
        }
        let mut found = Vec::new();
        let mut marks = self.mark(&[])?;
        for &node in nodes {
            let mut at = if or_self { Some(node) } else { document.parent_of(node) };
            while let Some(node) = at.filter(|&node| set_mark(&mut marks, node)) {
                found.push(node);
                at = document.parent_of(node);
            }
        }
        self.marks = marks;
        self.charge(found.len() as u64)?;
        found.sort_unstable();
        self.unordered(found, step, test)
    }

    fn later_siblings(&mut self, nodes: &[u32], step: &'e Step, test: NodeTest<'e>) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let mut marks = if nodes.len() > 1 { self.mark(&[])? } else { Vec::new() };
        let (mut found, mut seen) = (Vec::new(), 0);
        for &node in nodes {
            let end = document.parent_of(node).map_or(0, |parent| document.end_of(parent));
            let siblings = Siblings { document, next: document.end_of(node), end };
            for sibling in siblings {
                seen += 1;
                if !marks.is_empty() && !set_mark(&mut marks, sibling) {
                    break;
                }
                if test.has(document, sibling) {
                    found.push(sibling);
                }
            }
        }
        self.keep_marks(marks);
        self.charge(seen)?;
        self.unordered(found, step, test)
    }

    fn earlier_siblings(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let mut marks = if nodes.len() > 1 { self.mark(&[])? } else { Vec::new() };
        let (mut found, mut seen) = (Vec::new(), 0);
        for &node in nodes.iter().rev() {
            let mut walk = Walk::new(document, Axis::PrecedingSibling, NodeTest::Any, Key::node(node));
            for sibling in walk.by_ref().map(Key::owner) {
                if !marks.is_empty() && !set_mark(&mut marks, sibling) {
                    break;
                }
                if test.has(document, sibling) {
                    found.push(sibling);
                }
            }
            seen += walk.visited;
        }
        self.keep_marks(marks);
        self.charge(seen)?;
        found.reverse();
        self.unordered(found, step, test)
    }

    /// What follows any of them follows the one that ends first.
    fn following(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        self.charge(nodes.len() as u64)?;
        let Some(start) = nodes.iter().map(|&node| document.end_of(node)).min() else {
            return Ok(NodeSet::EMPTY);
        };
        let range = start..document_len(document);
        let check = |node: u32| test.has(document, node);
        Ok(NodeSet::Tree(match test.indexed(document, document.len()) {
            Some((list, true)) if step.predicates.is_empty() => return Ok(NodeSet::Lent(part(list, range))),
            Some((list, _)) => self.sift(part(list, range).iter().copied(), check, step, want)?,
            None => self.sift(range, check, step, want)?,
        }))
    }

    /// What precedes any of them precedes the last.
    fn preceding(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let Some(&last) = nodes.last() else { return Ok(NodeSet::EMPTY) };
        let check = |node: u32| document.end_of(node) <= last && test.has(document, node);
        let kept = match test.indexed(document, document.len()) {
            Some((list, _)) => self.sift(part(list, 0..last).iter().copied(), check, step, want)?,
            None => self.sift(0..last, check, step, want)?,
        };
        Ok(NodeSet::Tree(kept))
    }

    /// From a set with attributes or namespaces in it, or to namespaces: from each node in turn.
    fn mixed(&mut self, set: &NodeSet<'d>, step: &'e Step, test: NodeTest<'e>) -> Outcome<NodeSet<'d>> {
        if step.is_deep {
            // What is reached through children is reached from the tree nodes alone; attributes have none.
            let nodes: Vec<u32> = set.iter().filter(|key| key.is_node()).map(Key::owner).collect();
            return self.attributes(&nodes, step, test, Want::All);
        }
        let mut keys: Vec<Key> = Vec::new();
        for key in set.iter() {
            let before = keys.len();
            let mut walk = Walk::new(self.document, step.axis, test, key);
            keys.extend(walk.by_ref());
            self.charge(walk.visited)?;
            self.hold((keys.len() - before) * size_of::<Key>())?;
        }
        keys.sort_unstable();
        keys.dedup();
        if !step.predicates.is_empty() {
            self.keep(&mut keys, &step.predicates)?;
        }
        Ok(NodeSet::from_sorted(keys))
    }

    /// A mark for each node, those of the given ones set.
    pub(super) fn mark(&mut self, nodes: &[u32]) -> Outcome<Vec<u64>> {
        let words = document_len(self.document) as usize / 64 + 1;
        self.charge(words as u64 / 8 + nodes.len() as u64)?;
        let mut marks = std::mem::take(&mut self.marks);
        marks.clear();
        marks.resize(words, 0);
        for &node in nodes {
            set_mark(&mut marks, node);
        }
        Ok(marks)
    }

    fn keep_marks(&mut self, marks: Vec<u64>) {
        if !marks.is_empty() {
            self.marks = marks;
        }
    }
}

/// Whether a predicate does not depend on the node.
fn is_fixed(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::Condition(Expr::Once(..) | Expr::Boolean(_)))
}
