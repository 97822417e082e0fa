//! Chains of selections in the manner of jQuery and goquery: find, filter, walk, read. Parts: `argument` (a selector
//! as text or compiled), `narrow` (fewer of the same nodes), `traverse` (from nodes to others), `read` (what the
//! nodes hold). A document at rest has no methods that change it; `docs/selection.md` lists every method of goquery
//! and what stands for it.

mod argument;
mod narrow;
mod read;
mod traverse;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use argument::SelectorArgument;

use crate::{
    document::{Document, NodeRef},
    select::Selector,
};

/// Some nodes of a document, each once, in document order.
///
/// Every method that takes a selector takes it as text, and then gives a `Result`, or compiled, and then cannot
/// fail:
///
/// ```
/// use lycosa_dom::{Document, ParseOptions, Selector, SelectorError};
/// # fn main() -> Result<(), SelectorError> {
/// let page = "<ul class=nav><li>Home<li class=on>Spiders</ul><ul class=list>
///             <li><a href=/lycosa>Lycosa</a> <i>(wolf spiders)</i><li><a href=/salticus>Salticus</a></ul>";
/// let document = Document::parse_html(page, ParseOptions::default());
/// let rows = document.find("ul")?.not(".nav")?.children();
/// for row in &rows {
///     println!("{}", row.text());
/// }
/// assert_eq!(rows.find("a")?.attrs("href").collect::<Vec<_>>(), ["/lycosa", "/salticus"]);
/// assert_eq!(rows.has("i")?.find("a")?.text(), "Lycosa");
///
/// let links = Selector::parse("a")?;
/// assert_eq!(rows.find(&links).last().closest("li")?.text(), "Salticus");
/// # Ok(())
/// # }
/// ```
///
/// The order is that of the document after every method, also where jQuery turns it round (`parents`,
/// `prev_all`, `prev_until`): sets in one order can be merged and searched quickly, and what comes out does not
/// depend on the way. So the nearest of several ancestors is the *last* of `parents()`.
#[derive(Clone)]
pub struct Selection<'d> {
    document: &'d Document,
    /// Ascending, no number twice.
    nodes: Vec<u32>,
    /// What the last method was called on.
    previous: Option<Arc<Selection<'d>>>,
    is_cut: bool,
}

impl std::fmt::Debug for Selection<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// Selections are equal when they hold the same nodes of the same document.
impl PartialEq for Selection<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.nodes == other.nodes
    }
}

impl Eq for Selection<'_> {}

impl Drop for Selection<'_> {
    /// Long chains are taken apart one by one: dropping them as they hang would recurse as deep as they are long.
    fn drop(&mut self) {
        let mut next = self.previous.take();
        while let Some(mut selection) = next.and_then(Arc::into_inner) {
            next = selection.previous.take();
        }
    }
}

impl Document {
    /// The elements that a selector matches, as a selection to go on from.
    pub fn find<S: SelectorArgument>(&self, selector: S) -> S::Of<Selection<'_>> {
        self.selection([self.root()]).find(selector)
    }

    /// A selection of nodes of this document; those of others are left out.
    pub fn selection<'d>(&'d self, nodes: impl IntoIterator<Item = NodeRef<'d>>) -> Selection<'d> {
        let own = nodes.into_iter().filter(|node| std::ptr::eq(node.document(), self));
        Selection::of(self, own.map(NodeRef::number).collect())
    }
}

impl<'d> NodeRef<'d> {
    /// The elements in this node that a selector matches, as a selection to go on from.
    pub fn find<S: SelectorArgument>(self, selector: S) -> S::Of<Selection<'d>> {
        self.document().selection([self]).find(selector)
    }
}

impl<'d> Selection<'d> {
    /// Nodes in any order, perhaps some of them twice.
    fn of(document: &'d Document, mut nodes: Vec<u32>) -> Self {
        if !nodes.is_sorted() {
            nodes.sort_unstable();
        }
        nodes.dedup();
        Self { document, nodes, previous: None, is_cut: false }
    }

    /// What a method of this selection found.
    fn then(&self, nodes: Vec<u32>, is_cut: bool) -> Self {
        let mut found = Self::of(self.document, nodes);
        found.previous = Some(Arc::new(self.clone()));
        found.is_cut = self.is_cut || is_cut;
        found
    }

    fn node(&self, number: u32) -> NodeRef<'d> {
        NodeRef::new(self.document, number)
    }

    fn has_number(&self, number: u32) -> bool {
        self.nodes.binary_search(&number).is_ok()
    }

    /// The numbers of another selection; none where it is of another document.
    fn shared<'s>(&self, other: &'s Selection<'_>) -> &'s [u32] {
        if std::ptr::eq(self.document, other.document) { &other.nodes } else { &[] }
    }

    /// The document the nodes belong to.
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes in document order.
    pub fn iter(&self) -> Nodes<'d, '_> {
        Nodes { document: self.document, numbers: self.nodes.iter() }
    }

    /// The node at a position; a negative one counts from the end, -1 being the last.
    pub fn get(&self, position: isize) -> Option<NodeRef<'d>> {
        narrow::place(position, self.len()).and_then(|place| self.nodes.get(place)).map(|&id| self.node(id))
    }

    /// Whether a search that led here took too many steps and ended early; see
    /// [`Select::is_cut`](crate::Select::is_cut).
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The selection that the last method was called on; an empty one at the start of a chain.
    #[must_use]
    pub fn end(&self) -> Self {
        match &self.previous {
            Some(previous) => (**previous).clone(),
            None => Self::of(self.document, Vec::new()),
        }
    }

    /// These nodes and those of the selection that the last method was called on.
    #[must_use]
    pub fn add_back(&self) -> Self {
        match &self.previous {
            Some(previous) => self.union(previous),
            None => self.then(self.nodes.clone(), false),
        }
    }

    /// These nodes and all that a selector matches in the document.
    pub fn add<S: SelectorArgument>(&self, selector: S) -> S::Of<Self> {
        selector.with(|selector| {
            let mut select = self.document.select(selector);
            let mut nodes = self.nodes.clone();
            nodes.extend(select.by_ref().map(NodeRef::number));
            self.then(nodes, select.is_cut())
        })
    }

    /// These nodes and those of another selection.
    #[must_use]
    pub fn union(&self, other: &Selection<'_>) -> Self {
        let nodes = self.nodes.iter().chain(self.shared(other)).copied().collect();
        self.then(nodes, other.is_cut)
    }

    /// These nodes and the given ones.
    #[must_use]
    pub fn add_nodes(&self, nodes: impl IntoIterator<Item = NodeRef<'d>>) -> Self {
        self.union(&self.document.selection(nodes))
    }
}

/// The nodes of a selection in document order.
#[derive(Clone, Debug)]
pub struct Nodes<'d, 's> {
    document: &'d Document,
    numbers: std::slice::Iter<'s, u32>,
}

impl<'d> Iterator for Nodes<'d, '_> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        self.numbers.next().map(|&number| NodeRef::new(self.document, number))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.numbers.size_hint()
    }
}

impl DoubleEndedIterator for Nodes<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.numbers.next_back().map(|&number| NodeRef::new(self.document, number))
    }
}

impl ExactSizeIterator for Nodes<'_, '_> {}

impl<'d, 's> IntoIterator for &'s Selection<'d> {
    type Item = NodeRef<'d>;
    type IntoIter = Nodes<'d, 's>;

    fn into_iter(self) -> Nodes<'d, 's> {
        self.iter()
    }
}
