//! `:has()`. Which elements of the document the last compound of a relative selector fits does not depend on the
//! anchor, so after the first question they are listed once, and an anchor tries only those in its reach.

use std::sync::Arc;

use selectors::parser::{Combinator, RelativeSelector, SelectorKey};

use super::{grammar::Grammar, matching::Matcher};

/// What has been listed.
#[derive(Default)]
pub(super) struct Relatives {
    lists: Vec<(SelectorKey, List)>,
}

/// The elements that the last compound fits.
#[derive(Clone)]
enum List {
    /// Asked for once: one anchor alone is not worth a walk through the document.
    Wanted,
    Known(Arc<[u32]>),
}

impl Matcher<'_> {
    /// Whether an element has what a relative selector asks for.
    pub(super) fn has(&mut self, relative: &RelativeSelector<Grammar>, anchor: u32) -> bool {
        let Some(reach) = self.reach(relative, anchor) else { return false };
        let Some(list) = self.list(relative) else {
            return reach.into_iter().any(|node| self.has_at(relative, node, anchor));
        };
        let start = list.partition_point(|&node| node < reach.start);
        let mut inside = list[start..].iter().take_while(|&&node| node < reach.end);
        if is_plain(relative) {
            return inside.next().is_some();
        }
        inside.any(|&node| self.has_at(relative, node, anchor))
    }

    fn has_at(&mut self, relative: &RelativeSelector<Grammar>, node: u32, anchor: u32) -> bool {
        self.document.name(node).is_element() && self.matches(&relative.selector, node, Some(anchor))
    }

    /// The nodes among which the last compound may lie.
    fn reach(&mut self, relative: &RelativeSelector<Grammar>, anchor: u32) -> Option<std::ops::Range<u32>> {
        let (document, hint) = (self.document, relative.match_hint);
        if hint.is_descendant_direction() {
            return Some(anchor + 1..document.end_of(anchor));
        }
        if hint.is_next_sibling() {
            let next = self.next(anchor)?;
            return Some(if hint.is_subtree() { next..document.end_of(next) } else { next..next + 1 });
        }
        let parent = document.parent_of(anchor)?;
        Some(document.end_of(anchor)..document.end_of(parent))
    }

    fn list(&mut self, relative: &RelativeSelector<Grammar>) -> Option<Arc<[u32]>> {
        let key = SelectorKey::new(&relative.selector);
        let place = self.relatives.lists.iter().position(|(known, _)| *known == key);
        let Some(place) = place else {
            self.relatives.lists.push((key, List::Wanted));
            return None;
        };
        if let List::Known(list) = &self.relatives.lists[place].1 {
            return Some(Arc::clone(list));
        }
        let document = self.document;
        let elements = document.nodes().filter(|node| node.is_element()).map(|node| node.number());
        let list: Arc<[u32]> =
            elements.filter(|&node| self.matches_subject(&relative.selector, node)).collect();
        self.relatives.lists[place].1 = List::Known(Arc::clone(&list));
        Some(list)
    }
}

/// Whether a relative selector is one compound anywhere in the anchor, so that being in the list is enough.
fn is_plain(relative: &RelativeSelector<Grammar>) -> bool {
    let mut combinators = relative.selector.iter_raw_match_order().filter_map(|part| part.as_combinator());
    combinators.next() == Some(Combinator::Descendant) && combinators.next().is_none()
}
