//! What steps walk over: ranges of the document, siblings, and one bit for each node.

use crate::{document::Document, name::NodeName};

/// Sets a mark; `false` when it was set before.
#[inline]
pub(super) fn set_mark(marks: &mut [u64], node: u32) -> bool {
    let (word, bit) = (&mut marks[node as usize / 64], 1 << (node % 64));
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}

#[inline]
pub(super) fn is_marked(marks: &[u64], node: u32) -> bool {
    marks[node as usize / 64] & (1 << (node % 64)) != 0
}

/// Nodes under one parent from one of them on.
pub(super) struct Siblings<'d> {
    pub(super) document: &'d Document,
    pub(super) next: u32,
    pub(super) end: u32,
}

impl Iterator for Siblings<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.next >= self.end {
            return None;
        }
        let node = self.next;
        self.next = self.document.end_of(node);
        Some(node)
    }
}

/// The ranges of nodes that lie in any of the given nodes, ascending, none within another.
pub(super) struct Ranges<'n, 'd> {
    document: &'d Document,
    nodes: std::slice::Iter<'n, u32>,
    or_self: bool,
    done: u32,
}

impl<'n, 'd> Ranges<'n, 'd> {
    pub(super) fn new(document: &'d Document, nodes: &'n [u32], or_self: bool) -> Self {
        Self { document, nodes: nodes.iter(), or_self, done: 0 }
    }

    /// The nodes in the ranges whose names pass.
    pub(super) fn scan(self, has: impl Fn(NodeName) -> bool + Copy) -> impl Iterator<Item = u32> {
        let names = self.document.names();
        self.flat_map(move |range| {
            let named = names[range.start as usize..range.end as usize].iter().zip(range);
            named.filter(move |(name, _)| has(**name)).map(|(_, node)| node)
        })
    }

    /// The members of an ascending list that lie in the ranges.
    pub(super) fn cut<'l>(self, list: &'l [u32]) -> Cut<'n, 'd, 'l> {
        Cut { ranges: self, list, end: 0 }
    }
}

impl Iterator for Ranges<'_, '_> {
    type Item = std::ops::Range<u32>;

    #[inline]
    fn next(&mut self) -> Option<std::ops::Range<u32>> {
        loop {
            let node = *self.nodes.next()?;
            if node < self.done {
                continue;
            }
            let end = self.document.end_of(node);
            self.done = end;
            return Some(node + u32::from(!self.or_self)..end);
        }
    }
}

/// An ascending list and ascending ranges, walked side by side.
pub(super) struct Cut<'n, 'd, 'l> {
    ranges: Ranges<'n, 'd>,
    /// What is left of the list; below `end` it lies in the current range.
    list: &'l [u32],
    end: u32,
}

impl Iterator for Cut<'_, '_, '_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        loop {
            let (&node, rest) = self.list.split_first()?;
            if node < self.end {
                self.list = rest;
                return Some(node);
            }
            let range = self.ranges.next()?;
            self.list = skip_to(self.list, range.start);
            self.end = range.end;
        }
    }
}

/// An ascending list from a number on; quick when that is near.
#[inline]
fn skip_to(list: &[u32], start: u32) -> &[u32] {
    let mut step = 1;
    while list.get(step).is_some_and(|&number| number < start) {
        step *= 2;
    }
    let (from, to) = (step / 2, (step + 1).min(list.len()));
    &list[from + list[from..to].partition_point(|&number| number < start)..]
}
