//! Paths: from step to step, and the questions about a path that need not have all its nodes.

use super::{
    Focus, Outcome, Run,
    nodes::{Key, NodeSet},
    walk::{NodeTest, Walk},
};
use crate::xpath::plan::{Axis, Expr, Filter, Path, Predicate, Start, Step, Test};

/// What asking a condition costs, in steps: it takes about as long as looking at so many nodes.
pub(super) const CONDITION: u64 = 8;

/// How many of the nodes a step should find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    All,
    /// The first in document order.
    First,
    /// Any one.
    Any,
}

impl<'e, 'd> Run<'e, 'd> {
    /// The nodes of a path. With another wish than for all there may be more of them; the first is then among
    /// them and in its place.
    pub(super) fn path(&mut self, path: &'e Path, focus: Focus, want: Want) -> Outcome<NodeSet<'d>> {
        let mut set = match &path.start {
            Start::Context => NodeSet::one(focus.key),
            Start::Root => NodeSet::One(0),
            Start::Expression(inner) => self.nodes(inner, focus)?,
        };
        let mut rest = path.steps.iter();
        while let Some(step) = rest.next() {
            let want = if rest.len() == 0 { want } else { Want::All };
            let held = self.held.saturating_sub(set.memory());
            set = self.step(set, step, want)?;
            self.held = held;
            self.hold(set.memory())?;
            if set.is_empty() {
                break;
            }
        }
        Ok(set)
    }

    /// Whether a path finds anything.
    pub(super) fn exists(&mut self, path: &'e Path, focus: Focus) -> Outcome<bool> {
        match single(path) {
            Some(step) => {
                if let Some(exists) = self.exists_at_once(step, focus.key) {
                    self.charge(1)?;
                    return Ok(exists);
                }
                Ok(self.first_on_axis(step, focus.key)?.is_some())
            }
            None => Ok(!self.path(path, focus, Want::Any)?.is_empty()),
        }
    }

    /// The same for steps without predicates that need no walk.
    #[inline]
    fn exists_at_once(&self, step: &'e Step, key: Key) -> Option<bool> {
        if !key.is_node() || !step.predicates.is_empty() {
            return None;
        }
        let (document, node, test) = (self.document, key.owner(), self.test(step));
        match step.axis {
            Axis::SelfNode => Some(test.has(document, node)),
            Axis::Parent => Some(document.parent_of(node).is_some_and(|parent| test.has(document, parent))),
            Axis::Child if document.end_of(node) == node + 1 => Some(false),
            // The first child is there, and very often the one.
            Axis::Child if test.has(document, node + 1) => Some(true),
            Axis::Descendant => match test.indexed(document, (document.end_of(node) - node) as usize) {
                Some((list, true)) => {
                    let next = list.partition_point(|&other| other <= node);
                    Some(list.get(next).is_some_and(|&other| other < document.end_of(node)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The first node of a path in document order.
    pub(super) fn first_of_path(&mut self, path: &'e Path, focus: Focus) -> Outcome<Option<Key>> {
        if path.steps.is_empty() && matches!(path.start, Start::Context) {
            return Ok(Some(focus.key));
        }
        match single(path) {
            Some(step) if !step.axis.is_reverse() => self.first_on_axis(step, focus.key),
            _ => Ok(self.path(path, focus, Want::First)?.first()),
        }
    }

    /// A node of a step without counting predicates: the first, when the axis runs forwards.
    fn first_on_axis(&mut self, step: &'e Step, key: Key) -> Outcome<Option<Key>> {
        let mut walk = Walk::in_any_order(self.document, step.axis, self.test(step), key);
        let mut paid = 0;
        while let Some(found) = walk.next() {
            if step.predicates.is_empty() || self.passes(&step.predicates, found)? {
                self.charge(walk.visited - paid)?;
                return Ok(Some(found));
            }
            self.charge(walk.visited - paid)?;
            paid = walk.visited;
        }
        self.charge(walk.visited - paid)?;
        Ok(None)
    }

    /// Whether a condition holds for any node of a node-set expression.
    pub(super) fn any_node(
        &mut self,
        expr: &'e Expr,
        focus: Focus,
        mut holds: impl FnMut(&mut Self, Key) -> Outcome<bool>,
    ) -> Outcome<bool> {
        let Expr::Path(path) = expr else {
            if let Expr::Once(slot, inner) = expr {
                return self.with_slot(*slot, inner, focus, |run, value| {
                    let super::Value::Nodes(set) = value else { return Ok(false) };
                    run.any_of(set, holds)
                });
            }
            let set = self.nodes(expr, focus)?;
            return self.any_of(&set, holds);
        };
        let Some(step) = single(path) else {
            if path.steps.is_empty() && matches!(path.start, Start::Context) {
                return holds(self, focus.key);
            }
            let set = self.path(path, focus, Want::All)?;
            return self.any_of(&set, holds);
        };
        let mut walk = Walk::in_any_order(self.document, step.axis, self.test(step), focus.key);
        let mut paid = 0;
        while let Some(found) = walk.next() {
            self.charge(walk.visited - paid)?;
            paid = walk.visited;
            if self.passes(&step.predicates, found)? && holds(self, found)? {
                return Ok(true);
            }
        }
        self.charge(walk.visited - paid)?;
        Ok(false)
    }

    fn any_of(
        &mut self,
        set: &NodeSet<'d>,
        mut holds: impl FnMut(&mut Self, Key) -> Outcome<bool>,
    ) -> Outcome<bool> {
        for key in set.iter() {
            self.charge(1)?;
            if holds(self, key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many nodes a node-set expression has.
    pub(in crate::xpath) fn count(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<usize> {
        match expr {
            Expr::Path(path) => {
                let Some(step) = single(path) else { return Ok(self.path(path, focus, Want::All)?.len()) };
                let mut walk = Walk::in_any_order(self.document, step.axis, self.test(step), focus.key);
                let (mut count, mut paid) = (0, 0);
                while let Some(found) = walk.next() {
                    if !step.predicates.is_empty() {
                        self.charge(walk.visited - paid)?;
                        paid = walk.visited;
                        if !self.passes(&step.predicates, found)? {
                            continue;
                        }
                    }
                    count += 1;
                }
                self.charge(walk.visited - paid)?;
                Ok(count)
            }
            Expr::Once(slot, inner) => self.with_slot(*slot, inner, focus, |_, value| match value {
                super::Value::Nodes(set) => Ok(set.len()),
                _ => Ok(0),
            }),
            _ => Ok(self.nodes(expr, focus)?.len()),
        }
    }

    /// The test of a step in the numbers of the document.
    pub(super) fn test(&self, step: &'e Step) -> NodeTest<'e> {
        match &step.test {
            Test::Any => NodeTest::Any,
            Test::Text => NodeTest::Text,
            Test::Comment => NodeTest::Comment,
            Test::ProcessingInstruction(target) => NodeTest::ProcessingInstruction(target.as_deref()),
            Test::Star => NodeTest::Star,
            Test::Name(name) if step.axis == Axis::Namespace => match self.plan.names.get(name.0) {
                Some(test) if test.namespace.is_none() => {
                    NodeTest::Prefix(test.local.as_deref().unwrap_or_default())
                }
                _ => NodeTest::Nothing,
            },
            Test::Name(name) => NodeTest::Name(self.matcher(*name)),
        }
    }

    /// Whether a node passes predicates that do not count.
    #[inline]
    pub(super) fn passes(&mut self, predicates: &'e [Predicate], key: Key) -> Outcome<bool> {
        for predicate in predicates {
            if let Predicate::Condition(expr) = predicate {
                self.charge(CONDITION)?;
                let mark = self.held;
                let holds = self.boolean(expr, Focus::on(key))?;
                self.held = mark;
                if !holds {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The nodes of an expression that pass predicates; the set counts as one axis that runs forwards.
    pub(super) fn filtered(&mut self, filter: &'e Filter, focus: Focus) -> Outcome<NodeSet<'d>> {
        if let (Expr::Path(path), [Predicate::At(1)]) = (&filter.primary, &*filter.predicates) {
            let first = self.first_of_path(path, focus)?;
            return Ok(first.map_or(NodeSet::EMPTY, NodeSet::one));
        }
        let mut set = self.nodes(&filter.primary, focus)?;
        for predicate in &filter.predicates {
            match predicate {
                Predicate::At(position) => {
                    let found = set.get(*position as usize - 1);
                    set = found.map_or(NodeSet::EMPTY, NodeSet::one);
                }
                Predicate::Last => set = set.last().map_or(NodeSet::EMPTY, NodeSet::one),
                Predicate::UpTo(count) => set.truncate(*count as usize),
                _ => {
                    let mut keys: Vec<Key> = set.iter().collect();
                    self.hold(keys.len() * size_of::<Key>())?;
                    self.keep(&mut keys, std::slice::from_ref(predicate))?;
                    set = NodeSet::from_sorted(keys);
                }
            }
        }
        Ok(set)
    }
}

/// The step of a path that is one step from the context and does not count.
fn single(path: &Path) -> Option<&Step> {
    match (&path.start, &*path.steps) {
        (Start::Context, [step]) if !step.is_positional && !step.is_deep => Some(step),
        _ => None,
    }
}
