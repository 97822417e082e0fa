//! Which element holds the main content: one that is said to be its body and has a good part of the prose, else an
//! article, else the place for content; then down to where the prose divides.

use lycosa_dom::{Document, NodeRef};

use super::element::Kind;
use super::measure::Measure;
use super::words::Said;

/// The part of the page's prose, in hundredths, that an element needs to be what it is said to be.
const BODY_PART: u32 = 30;
const ARTICLE_PART: u32 = 35;
const PLACE_PART: u32 = 40;
/// The part of an element's prose, in hundredths, that is in one child when the rest does not count.
const DOMINANT: u32 = 92;
/// The part of the prose of all elements of a sort, in hundredths, from which on one of them stands for all.
const ALONE: u32 = 75;

/// The element, of those that are not cut.
pub(super) fn choose<'d>(
    document: &'d Document,
    kinds: &[Kind],
    said: &[Said],
    cut: &[bool],
    measure: &Measure,
) -> NodeRef<'d> {
    let top = body(document);
    let total = measure.weight(top.range());
    let outermost = |wanted| outermost(document, said, cut, wanted);
    for (sort, part) in [(Said::Body, BODY_PART), (Said::Article, ARTICLE_PART), (Said::Place, PLACE_PART)] {
        if let Some(found) = best(&outermost(sort), total, part, measure) {
            return if sort == Said::Body { found } else { descend(found, kinds, measure) };
        }
    }
    descend(top, kinds, measure)
}

/// The body of the page, else all of it.
pub(super) fn body(document: &Document) -> NodeRef<'_> {
    let root = document.root_element().unwrap_or_else(|| document.root());
    root.children().find(|node| node.name() == "body").unwrap_or(root)
}

/// The elements of a sort that lie in no other of it.
fn outermost<'d>(document: &'d Document, said: &[Said], cut: &[bool], wanted: Said) -> Vec<NodeRef<'d>> {
    let mut found = Vec::new();
    let mut next = 0;
    for node in document.nodes() {
        let number = node.id().index();
        if number < next {
            continue;
        }
        if cut[number] {
            next = node.subtree_end().index();
        } else if said[number] == wanted {
            found.push(node);
            next = node.subtree_end().index();
        }
    }
    found
}

/// The one that has nearly all of what the sort has, or what all of those lie in that have some; `None` when they have
/// too little of the page.
fn best<'d>(found: &[NodeRef<'d>], total: u32, part: u32, measure: &Measure) -> Option<NodeRef<'d>> {
    let weight = |node: &NodeRef<'d>| measure.weight(node.range());
    let sum: u32 = found.iter().map(weight).sum();
    if sum == 0 || is_less(sum, total, part) {
        return None;
    }
    let heaviest = *found.iter().max_by_key(|node| weight(node))?;
    if !is_less(weight(&heaviest), sum, ALONE) {
        return (!is_less(weight(&heaviest), total, part)).then_some(heaviest);
    }
    let mut telling = found.iter().filter(|node| !is_less(weight(node), sum, 5)).copied();
    let first = telling.next()?;
    let last = telling.next_back().unwrap_or(first);
    let around = first.ancestors().find(|node| node.range().contains(&last.id().number()))?;
    Some(around)
}

/// Whether a number is less than so many hundredths of another.
pub(super) fn is_less(number: u32, whole: u32, hundredths: u32) -> bool {
    u64::from(number) * 100 < u64::from(whole) * u64::from(hundredths)
}

/// Goes down as long as one child has nearly all prose.
fn descend<'d>(from: NodeRef<'d>, kinds: &[Kind], measure: &Measure) -> NodeRef<'d> {
    let mut at = from;
    loop {
        let whole = measure.weight(at.range());
        let heaviest = at.children().max_by_key(|child| measure.weight(child.range()));
        match heaviest {
            Some(child)
                if whole > 0
                    && kinds[child.id().index()].is_container()
                    && !is_less(measure.weight(child.range()), whole, DOMINANT) =>
            {
                at = child;
            }
            _ => return at,
        }
    }
}
