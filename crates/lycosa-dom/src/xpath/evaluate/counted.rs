//! Steps with predicates that count: `li[2]`, `li[last()]`, `li[position() mod 2 = 0]`. The positions are those
//! among the nodes of the axis from one context node, so each context node is treated by itself; `//li[2]` means
//! the second `li` of each parent. Counting stops where nothing further can pass.

use super::{
    Focus, Outcome, Run, Value,
    nodes::{Key, NodeSet},
    path::{CONDITION, Want},
    ranges::Ranges,
    walk::{NodeTest, Walk},
};
use crate::xpath::plan::{Predicate, Step, Type};

/// What becomes of a candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
    /// Kept, and no later one can pass.
    KeepLast,
    /// Dropped, and no later one can pass.
    Done,
}

/// The candidates under one parent, while walking through the document.
struct Group {
    parent: u32,
    end: u32,
    is_done: bool,
}

impl<'e, 'd> Run<'e, 'd> {
    pub(super) fn counted_step(
        &mut self,
        set: &NodeSet<'d>,
        step: &'e Step,
        want: Want,
    ) -> Outcome<NodeSet<'d>> {
        let test = self.test(step);
        if step.is_deep {
            // Only tree nodes have children.
            let nodes: Vec<u32> = match set.tree() {
                Some(nodes) => return self.counted_children(nodes, step, test),
                None => set.iter().filter(|key| key.is_node()).map(Key::owner).collect(),
            };
            return self.counted_children(&nodes, step, test);
        }
        let mut out = Vec::new();
        let is_streamed = step.predicates.iter().all(is_streamable);
        // Seldom are there more predicates than a few.
        let (mut few, mut many) = ([0; 4], Vec::new());
        let counts = match few.get_mut(..step.predicates.len()) {
            Some(few) => few,
            None => {
                many.resize(step.predicates.len(), 0);
                &mut many[..]
            }
        };
        for key in set.iter() {
            let walk = Walk::new(self.document, step.axis, test, key);
            let before = out.len();
            if is_streamed {
                counts.fill(0);
                self.stream(walk, step, counts, &mut out)?;
            } else {
                self.collect(walk, step, &mut out)?;
            }
            self.hold((out.len() - before) * size_of::<Key>())?;
            if want == Want::Any && !out.is_empty() {
                break;
            }
        }
        Ok(NodeSet::from_unsorted(out))
    }

    fn stream(
        &mut self,
        mut walk: Walk<'e, 'd>,
        step: &'e Step,
        counts: &mut [usize],
        out: &mut Vec<Key>,
    ) -> Outcome<()> {
        let mut paid = 0;
        while let Some(found) = walk.next() {
            self.charge(walk.visited - paid)?;
            paid = walk.visited;
            let verdict = self.judge(&step.predicates, counts, found)?;
            if matches!(verdict, Verdict::Keep | Verdict::KeepLast) {
                out.push(found);
            }
            if matches!(verdict, Verdict::KeepLast | Verdict::Done) {
                return Ok(());
            }
        }
        self.charge(walk.visited - paid)
    }

    fn collect(&mut self, mut walk: Walk<'e, 'd>, step: &'e Step, out: &mut Vec<Key>) -> Outcome<()> {
        let mut keys: Vec<Key> = walk.by_ref().collect();
        self.charge(walk.visited)?;
        self.keep(&mut keys, &step.predicates)?;
        out.append(&mut keys);
        Ok(())
    }

    /// Puts one candidate before predicates none of which needs to know how many there are.
    fn judge(&mut self, predicates: &'e [Predicate], counts: &mut [usize], key: Key) -> Outcome<Verdict> {
        let mut is_last = false;
        for (predicate, count) in predicates.iter().zip(counts) {
            *count += 1;
            let passes = match predicate {
                Predicate::Condition(_) => self.passes(std::slice::from_ref(predicate), key)?,
                // Counting backwards, the last is the first.
                Predicate::At(_) | Predicate::Last => {
                    let wanted = if let Predicate::At(position) = predicate { *position as usize } else { 1 };
                    is_last |= *count >= wanted;
                    *count == wanted
                }
                Predicate::UpTo(most) => {
                    is_last |= *count >= *most as usize;
                    *count <= *most as usize
                }
                Predicate::Counting { .. } => {
                    self.counts(predicate, Focus { key, position: *count, size: 0 })?
                }
            };
            if !passes {
                return Ok(if is_last { Verdict::Done } else { Verdict::Drop });
            }
        }
        Ok(if is_last { Verdict::KeepLast } else { Verdict::Keep })
    }

    /// Whether a node passes a predicate that counts.
    fn counts(&mut self, predicate: &'e Predicate, focus: Focus) -> Outcome<bool> {
        let Predicate::Counting { expression, .. } = predicate else { return Ok(true) };
        self.charge(CONDITION)?;
        let mark = self.held;
        if expression.type_of() == Type::Boolean {
            let passes = self.boolean(expression, focus)?;
            self.held = mark;
            return Ok(passes);
        }
        let value = self.value(expression, focus)?;
        self.held = mark;
        Ok(match value {
            #[allow(
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "a position is this number or is not"
            )]
            Value::Number(number) => number == focus.position as f64,
            other => other.to_boolean(),
        })
    }

    /// Keeps of a list, in the order of its axis, what passes all predicates one after the other.
    pub(super) fn keep(&mut self, keys: &mut Vec<Key>, predicates: &'e [Predicate]) -> Outcome<()> {
        for predicate in predicates {
            match predicate {
                Predicate::At(position) => {
                    let found = keys.get(*position as usize - 1).copied();
                    keys.clear();
                    keys.extend(found);
                }
                Predicate::UpTo(most) => keys.truncate(*most as usize),
                Predicate::Last => drop(keys.drain(..keys.len().saturating_sub(1))),
                Predicate::Condition(_) | Predicate::Counting { .. } => {
                    let size = keys.len();
                    let mut kept = 0;
                    for at in 0..size {
                        let key = keys[at];
                        self.charge(1)?;
                        let focus = Focus { key, position: at + 1, size };
                        if self.counts(predicate, focus)?
                            && self.passes(std::slice::from_ref(predicate), key)?
                        {
                            keys[kept] = key;
                            kept += 1;
                        }
                    }
                    keys.truncate(kept);
                }
            }
        }
        Ok(())
    }

    /// Children of the given nodes and of all their descendants, counted under each parent.
    fn counted_children(
        &mut self,
        nodes: &[u32],
        step: &'e Step,
        test: NodeTest<'e>,
    ) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let ranges = Ranges::new(document, nodes, false);
        // Paid for is what is looked at, not what passes.
        let mut looked = nodes.len();
        let candidates: Candidates<'_> = match test.indexed(document, document.len()) {
            Some((list, true)) if nodes == [0] => Candidates::Lent(list),
            Some((list, true)) => Candidates::Own(ranges.cut(list).collect()),
            Some((list, false)) => {
                let looked_at = ranges.cut(list).inspect(|_| looked += 1);
                Candidates::Own(looked_at.filter(|&node| test.has(document, node)).collect())
            }
            None => {
                looked += Ranges::new(document, nodes, false).map(|range| range.len()).sum::<usize>();
                Candidates::Own(ranges.flatten().filter(|&node| test.has(document, node)).collect())
            }
        };
        self.charge(looked as u64)?;
        let candidates = candidates.list();
        self.charge(candidates.len() as u64)?;
        if step.predicates.iter().all(is_streamable) {
            let kept = self.grouped(candidates.iter().copied(), step)?;
            return Ok(NodeSet::Tree(kept));
        }
        let first = step.predicates.iter().find(|predicate| !matches!(predicate, Predicate::Condition(_)));
        let others_stream = step
            .predicates
            .iter()
            .all(|predicate| matches!(predicate, Predicate::Last) || is_streamable(predicate));
        if others_stream && matches!(first, Some(Predicate::Last)) {
            // What comes after the last counts only to one.
            let mut kept = self.grouped(candidates.iter().rev().copied(), step)?;
            kept.reverse();
            return Ok(NodeSet::Tree(kept));
        }
        self.by_group(candidates, step)
    }

    /// Counts while walking through the document, forwards or backwards, with the open parents on a stack.
    fn grouped(&mut self, candidates: impl Iterator<Item = u32>, step: &'e Step) -> Outcome<Vec<u32>> {
        let document = self.document;
        let width = step.predicates.len();
        let (mut groups, mut counts, mut out) = (Vec::<Group>::new(), Vec::new(), Vec::new());
        for node in candidates {
            let Some(parent) = document.parent_of(node) else { continue };
            while groups.last().is_some_and(|group| node <= group.parent || node >= group.end) {
                groups.pop();
                counts.truncate(counts.len() - width);
            }
            if groups.last().is_none_or(|group| group.parent != parent) {
                groups.push(Group { parent, end: document.end_of(parent), is_done: false });
                counts.resize(counts.len() + width, 0);
            }
            let Some(group) = groups.last_mut().filter(|group| !group.is_done) else { continue };
            let start = counts.len() - width;
            let verdict = self.judge(&step.predicates, &mut counts[start..], Key::node(node))?;
            group.is_done = matches!(verdict, Verdict::KeepLast | Verdict::Done);
            if matches!(verdict, Verdict::Keep | Verdict::KeepLast) {
                out.push(node);
            }
        }
        Ok(out)
    }

    /// Collects the candidates under each parent, because a predicate must know how many there are.
    fn by_group(&mut self, candidates: &[u32], step: &'e Step) -> Outcome<NodeSet<'d>> {
        let document = self.document;
        let mut keyed: Vec<(u32, u32)> =
            candidates.iter().filter_map(|&node| Some((document.parent_of(node)?, node))).collect();
        keyed.sort_unstable();
        let (mut keys, mut out) = (Vec::new(), Vec::new());
        for group in keyed.chunk_by(|one, other| one.0 == other.0) {
            keys.clear();
            keys.extend(group.iter().map(|(_, node)| Key::node(*node)));
            self.keep(&mut keys, &step.predicates)?;
            out.extend(keys.iter().map(|key| key.owner()));
        }
        Ok(NodeSet::from_unsorted_tree(out))
    }
}

enum Candidates<'d> {
    Lent(&'d [u32]),
    Own(Vec<u32>),
}

impl Candidates<'_> {
    fn list(&self) -> &[u32] {
        match self {
            Self::Lent(list) => list,
            Self::Own(list) => list,
        }
    }
}

/// Whether a predicate can be decided without knowing what comes later.
fn is_streamable(predicate: &Predicate) -> bool {
    !matches!(predicate, Predicate::Last | Predicate::Counting { uses_last: true, .. })
}
