//! Fewer of the same nodes, and questions about them.

use std::ops::{Bound, RangeBounds};

use super::{NodeRef, Selection, Selector, SelectorArgument};
use crate::select::Tester;

/// A position as an index; negative ones count from the end.
pub(super) fn place(position: isize, len: usize) -> Option<usize> {
    let place =
        if position < 0 { len.checked_sub(position.unsigned_abs())? } else { position.unsigned_abs() };
    (place < len).then_some(place)
}

/// A bound of a slice as an index, moved into the bounds.
fn clamped(position: isize, len: usize) -> usize {
    if position < 0 { len.saturating_sub(position.unsigned_abs()) } else { position.unsigned_abs().min(len) }
}

impl<'d> Selection<'d> {
    fn kept(&self, mut is_kept: impl FnMut(u32) -> bool) -> Self {
        self.then(self.nodes.iter().copied().filter(|&number| is_kept(number)).collect(), false)
    }

    fn tested(&self, selector: &Selector, wanted: bool) -> Self {
        let mut tester = Tester::new(self.document, selector);
        let nodes = self.nodes.iter().copied();
        let nodes = nodes.filter(|&number| tester.matches(self.node(number)) == wanted).collect();
        self.then(nodes, tester.is_cut())
    }

    /// Those that a selector matches.
    pub fn filter<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| self.tested(selector, true))
    }

    /// Those for which a function of position and node says so.
    #[must_use]
    pub fn filter_by(&self, mut is_kept: impl FnMut(usize, NodeRef<'d>) -> bool) -> Self {
        let mut position = 0..;
        self.kept(|number| is_kept(position.next().unwrap_or(usize::MAX), self.node(number)))
    }

    /// Those that are in another selection too.
    #[must_use]
    pub fn intersection(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.kept(|number| others.binary_search(&number).is_ok())
    }

    /// Those that a selector does not match.
    pub fn not<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| self.tested(selector, false))
    }

    /// Those for which a function of position and node does not say so.
    #[must_use]
    pub fn not_by(&self, mut is_left_out: impl FnMut(usize, NodeRef<'d>) -> bool) -> Self {
        self.filter_by(|position, node| !is_left_out(position, node))
    }

    /// Those that are not in another selection.
    #[must_use]
    pub fn difference(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.kept(|number| others.binary_search(&number).is_err())
    }

    /// Those that have a match of a selector in them.
    pub fn has<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| {
            if selector.has_scope() {
                let mut is_cut = false;
                let has_match = |number: &u32| {
                    let mut select = self.node(*number).select(selector);
                    let found = select.next().is_some();
                    is_cut |= select.is_cut();
                    found
                };
                let nodes = self.nodes.iter().copied().filter(has_match).collect();
                return self.then(nodes, is_cut);
            }
            let mut select = self.document.select(selector);
            let matches: Vec<_> = select.by_ref().map(NodeRef::number).collect();
            let mut kept = self.kept(|number| self.holds_one_of(number, &matches));
            kept.is_cut |= select.is_cut();
            kept
        })
    }

    /// Those that have a node of another selection in them.
    #[must_use]
    pub fn has_any_of(&self, other: &Selection<'_>) -> Self {
        let others = self.shared(other);
        self.kept(|number| self.holds_one_of(number, others))
    }

    /// Whether one of ascending numbers lies in a node.
    fn holds_one_of(&self, number: u32, others: &[u32]) -> bool {
        let next = others.partition_point(|&other| other <= number);
        others.get(next).is_some_and(|&other| other < self.document.end_of(number))
    }

    /// Whether a selector matches one of them.
    pub fn is<S: SelectorArgument>(&self, selector: S) -> S::Of<bool> {
        selector.with(|selector| {
            let mut tester = Tester::new(self.document, selector);
            self.iter().any(|node| tester.matches(node))
        })
    }

    /// Whether a function of position and node says so for one of them.
    pub fn is_by(&self, mut is_wanted: impl FnMut(usize, NodeRef<'d>) -> bool) -> bool {
        self.iter().enumerate().any(|(position, node)| is_wanted(position, node))
    }

    /// Whether one of them is in another selection.
    pub fn is_any_of(&self, other: &Selection<'_>) -> bool {
        let others = self.shared(other);
        self.nodes.iter().any(|number| others.binary_search(number).is_ok())
    }

    /// Whether a node lies in one of them, being one of them not counted.
    pub fn contains(&self, node: NodeRef<'_>) -> bool {
        std::ptr::eq(self.document, node.document())
            && node.ancestors().any(|ancestor| self.has_number(ancestor.number()))
    }

    /// The first of them alone.
    #[must_use]
    pub fn first(&self) -> Self {
        self.eq(0)
    }

    /// The last of them alone.
    #[must_use]
    pub fn last(&self) -> Self {
        self.eq(-1)
    }

    /// The one at a position alone; a negative one counts from the end.
    #[must_use]
    pub fn eq(&self, position: isize) -> Self {
        let node = place(position, self.len()).and_then(|place| self.nodes.get(place));
        self.then(node.copied().into_iter().collect(), false)
    }

    /// Those at a range of positions; negative ones count from the end, and what is out of bounds is left out:
    /// `slice(1..)`, `slice(-2..)`, `slice(..-1)`.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<isize>) -> Self {
        let len = self.len();
        let start = match range.start_bound() {
            Bound::Unbounded => 0,
            Bound::Included(&position) => clamped(position, len),
            Bound::Excluded(&position) => clamped(position, len).saturating_add(1),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => len,
            Bound::Excluded(&position) => clamped(position, len),
            Bound::Included(&position) => {
                let reaches = place(position, len).is_some() || position >= 0;
                if reaches { clamped(position, len).saturating_add(1).min(len) } else { 0 }
            }
        };
        self.then(self.nodes.get(start..end).unwrap_or_default().to_vec(), false)
    }

    /// The position of the first of them among the elements of its parent, counted from zero.
    pub fn index(&self) -> Option<usize> {
        let first = self.iter().next()?;
        let siblings = first.parent()?.children().take_while(|sibling| sibling.number() < first.number());
        Some(siblings.filter(|sibling| sibling.is_element()).count())
    }

    /// The position of the first of them among all that a selector matches in the document.
    pub fn index_in<S: SelectorArgument>(&self, selector: S) -> S::Of<Option<usize>> {
        selector.with(|selector| {
            let first = self.iter().next()?;
            self.document.select(selector).position(|node| node == first)
        })
    }

    /// The position of a node among them.
    pub fn index_of(&self, node: NodeRef<'_>) -> Option<usize> {
        let is_own = std::ptr::eq(self.document, node.document());
        is_own.then(|| self.nodes.binary_search(&node.number()).ok()).flatten()
    }

    /// The position among them of the first node of another selection.
    pub fn index_of_selection(&self, other: &Selection<'_>) -> Option<usize> {
        other.iter().next().and_then(|node| self.index_of(node))
    }
}
