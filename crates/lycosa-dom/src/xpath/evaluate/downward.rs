//! Paths that lead down by name and place alone, as browsers write them for a node (`/html/body/div[1]/p`): where a
//! page is asked once, preparing a [`Run`](super::Run) takes longer than walking such a path, so it is walked without
//! one. Leaves to the general way XML, several nodes that lead on, and what meets a limit.

use super::nodes::NodeSet;
use crate::{
    document::{Document, DocumentKind},
    xpath::plan::Downward,
};

/// The nodes of the path from a node; `None` when the general way must be taken.
#[inline]
pub(super) fn follow<'d>(
    document: &'d Document,
    path: &Downward,
    context: u32,
    steps_left: &mut u64,
) -> Option<NodeSet<'d>> {
    if document.kind() != DocumentKind::Html {
        return None;
    }
    let mut node = if path.is_from_root { 0 } else { context };
    let mut visited = 0;
    let mut rest = path.steps.iter();
    while let Some(step) = rest.next() {
        let (mut child, end) = (node + 1, document.end_of(node));
        let (mut passed, mut found, mut more) = (0, None, Vec::new());
        while child < end {
            visited += 1;
            let name = document.name(child);
            if name.atom() == step.name && name.is_element() {
                passed += 1;
                if step.position == Some(passed) {
                    found = Some(child);
                    break;
                }
                match (step.position, found) {
                    (Some(_), _) => {}
                    (None, None) => found = Some(child),
                    (None, Some(_)) if rest.len() > 0 => return None,
                    (None, Some(_)) => more.push(child),
                }
            }
            child = document.end_of(child);
        }
        let Some(first) = found else { return pay(visited, steps_left, NodeSet::EMPTY) };
        if !more.is_empty() {
            more.insert(0, first);
            return pay(visited, steps_left, NodeSet::Tree(more));
        }
        node = first;
    }
    pay(visited, steps_left, NodeSet::One(node))
}

fn pay<'d>(visited: u64, steps_left: &mut u64, set: NodeSet<'d>) -> Option<NodeSet<'d>> {
    *steps_left = steps_left.checked_sub(visited)?;
    Some(set)
}
