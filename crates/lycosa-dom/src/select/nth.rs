//! Positions among siblings: `:nth-child()` and its kin. The positions of all children of a parent are counted
//! at once and remembered, so that asking all of them costs one walk.

use std::collections::HashMap;

use selectors::parser::{NthSelectorData, NthType, Selector};

use super::{grammar::Grammar, matching::Matcher};

/// The position of an element that the `of` part of a selector leaves out.
const NOT_COUNTED: u32 = u32::MAX;

/// What has been counted.
#[derive(Default)]
pub(super) struct Positions {
    /// One for each way of counting that a search meets: a handful.
    counts: Vec<(Way, Vec<u32>)>,
}

/// A way of counting: by which selectors (their address), by type, from the end.
type Way = (usize, bool, bool);

impl Matcher<'_> {
    pub(super) fn is_nth(
        &mut self,
        node: u32,
        data: &NthSelectorData,
        selectors: &[Selector<Grammar>],
    ) -> bool {
        let by_type = data.ty.is_of_type();
        match data.ty {
            NthType::OnlyChild => self.previous(node).is_none() && self.next(node).is_none(),
            NthType::OnlyOfType => {
                self.position(node, by_type, false, &[]) == 1 && self.position(node, by_type, true, &[]) == 1
            }
            NthType::Child if data.is_simple_edge() && selectors.is_empty() => self.previous(node).is_none(),
            NthType::LastChild if data.is_simple_edge() && selectors.is_empty() => self.next(node).is_none(),
            _ => {
                let position = self.position(node, by_type, data.ty.is_from_end(), selectors);
                position != NOT_COUNTED
                    && i32::try_from(position).is_ok_and(|position| data.an_plus_b.matches_index(position))
            }
        }
    }

    /// The position of an element among its siblings, counted from one.
    fn position(&mut self, node: u32, by_type: bool, from_end: bool, selectors: &[Selector<Grammar>]) -> u32 {
        // A selector list is kept alive by the search, so its address stands for it.
        let address = if selectors.is_empty() { 0 } else { selectors.as_ptr() as usize };
        let way = (address, by_type, from_end);
        let found = self.positions.counts.iter().position(|(known, _)| *known == way);
        let place = found.unwrap_or_else(|| {
            self.positions.counts.push((way, vec![0; self.document.len()]));
            self.positions.counts.len() - 1
        });
        let known = self.positions.counts[place].1[node as usize];
        if known != 0 {
            return known;
        }
        let counted = self.count_siblings(node, by_type, from_end, selectors);
        let positions = &mut self.positions.counts[place].1;
        for (sibling, position) in counted {
            positions[sibling as usize] = position;
        }
        positions[node as usize]
    }

    fn count_siblings(
        &mut self,
        node: u32,
        by_type: bool,
        from_end: bool,
        selectors: &[Selector<Grammar>],
    ) -> Vec<(u32, u32)> {
        let document = self.document;
        let first = document.parent_of(node).map_or(node, |parent| parent + 1);
        let siblings = std::iter::successors(Some(first), |&sibling| document.next_sibling_of(sibling));
        let mut elements: Vec<_> = siblings.filter(|&sibling| document.name(sibling).is_element()).collect();
        if from_end {
            elements.reverse();
        }
        let (mut count, mut by_name) = (0, HashMap::new());
        let mut counted = Vec::with_capacity(elements.len());
        for sibling in elements {
            self.step();
            let is_counted = selectors.is_empty() || self.any(selectors, sibling);
            let position = if !is_counted {
                NOT_COUNTED
            } else if by_type {
                let count: &mut u32 = by_name.entry(document.name(sibling)).or_default();
                *count += 1;
                *count
            } else {
                count += 1;
                count
            };
            counted.push((sibling, position));
        }
        counted
    }
}
