//! The main content of a page, told from what stands around it on every page of its site: navigation, advertisements,
//! related pages, comments. Of its own making, and linear in the size of the page whatever the page.
//!
//! `element` and `words` (with `names`) say what elements are and are called, `measure` how much prose stands where, `choose` which
//! element holds the content, `prune` (with `leads`) what is taken out of it. The page stays as it is: what is found is
//! a part of the tree. `text`, `html` and `markdown` write it.

mod about;
mod address;
mod choose;
mod element;
mod html;
mod leads;
mod markdown;
mod measure;
mod names;
mod prune;
mod text;
mod words;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;

use lycosa_dom::{Document, NodeId, NodeRef};

use element::Kind;
use measure::Measure;
use prune::Pruner;
use words::Said;

pub use about::About;

/// What is kept of a page.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContentOptions {
    /// Whether what readers wrote below a text belongs to it. Default false.
    pub comments: bool,
    /// Whether tables are kept. Default true.
    pub tables: bool,
    /// Whether images and their captions are kept. Default true.
    pub images: bool,
    /// Whether links are kept as links; their text stays. Default true.
    pub links: bool,
}

impl Default for ContentOptions {
    fn default() -> Self {
        Self { comments: false, tables: true, images: true, links: true }
    }
}

/// A part of a page: some of its subtrees, without some of theirs.
#[derive(Debug)]
pub struct Content<'d> {
    document: &'d Document,
    kinds: Vec<Kind>,
    /// What is left out, by node: the tops of subtrees.
    cut: Vec<bool>,
    top: NodeRef<'d>,
    /// The heading that says the title, when it stands apart.
    title: Option<NodeRef<'d>>,
    /// The first heading in it that says the title again: left out where the title is written first.
    again: Option<NodeId>,
    with_images: bool,
    with_links: bool,
}

/// The part of a page's prose, in hundredths, that must be left when what stands beside it is cut.
const LEFT: u32 = 25;

/// Cuts what stands beside the content; by its names only if enough is left then, else not at all.
fn beside(pruner: &Pruner<'_, '_>) -> (Vec<bool>, Measure) {
    let whole = vec![false; pruner.kinds.len()];
    let before = Measure::of(pruner.document, pruner.kinds, &whole);
    let all = pruner.document.root().range();
    for by_names in [true, false] {
        let mut cut = whole.clone();
        pruner.beside(&before, &mut cut, by_names);
        let after = Measure::of(pruner.document, pruner.kinds, &cut);
        if !choose::is_less(after.weight(all.clone()), before.weight(all.clone()), LEFT) {
            return (cut, after);
        }
    }
    (whole, before)
}

impl<'d> Content<'d> {
    /// Finds the main content.
    #[must_use]
    pub fn main(document: &'d Document, options: &ContentOptions) -> Self {
        let mut kinds = element::kinds(document);
        let said: Vec<Said> = document
            .nodes()
            .zip(&kinds)
            .map(|(node, kind)| if node.is_element() { words::said(node, *kind) } else { Said::Nothing })
            .collect();
        for (kind, said) in kinds.iter_mut().zip(&said) {
            if *said == Said::Caption && matches!(kind, Kind::Division | Kind::Paragraph | Kind::Inline) {
                *kind = Kind::FigureCaption;
            }
        }
        let pruner = Pruner { document, kinds: &kinds, said: &said, options };
        let (mut cut, measure) = beside(&pruner);
        let top = choose::choose(document, &kinds, &said, &cut, &measure);
        let (top, title) = pruner.title(top, &measure, &mut cut);
        pruner.inside(top, &measure, &mut cut);
        let (with_images, with_links) = (options.images, options.links);
        let mut content = Self { document, kinds, cut, top, title, again: None, with_images, with_links };
        content.again = content.said_again();
        content
    }

    /// The first heading, of any level, that says what the title does.
    fn said_again(&self) -> Option<NodeId> {
        let said =
            |node: NodeRef<'d>| lycosa_dom::collapse_whitespace(&node.visible_text()).trim().to_owned();
        let title = said(self.title?);
        let mut walk = self.walk();
        while let Some(step) = walk.next() {
            let Step::Enter(node) = step else { continue };
            if !matches!(self.kind(node), Kind::Heading(_)) {
                continue;
            }
            if said(node) == title {
                return Some(node.id());
            }
            // Headings in one another would be read again for each.
            walk.pass_over();
        }
        None
    }

    /// The whole body of a page, nothing cut but what is never shown and what the options leave out.
    #[must_use]
    pub fn whole(document: &'d Document, options: &ContentOptions) -> Self {
        let kinds = element::kinds(document);
        let is_cut = |(node, kind): (NodeRef<'d>, &Kind)| match kind {
            Kind::Table => !options.tables,
            Kind::FigureCaption => !options.images,
            _ => node.is_element() && node.attr("hidden").is_some(),
        };
        let cut = document.nodes().zip(&kinds).map(is_cut).collect();
        let (with_images, with_links) = (options.images, options.links);
        let top = choose::body(document);
        Self { document, kinds, cut, top, title: None, again: None, with_images, with_links }
    }

    /// The element that holds it.
    #[must_use]
    pub fn top(&self) -> NodeRef<'d> {
        self.top
    }

    fn kind(&self, node: NodeRef<'d>) -> Kind {
        self.kinds.get(node.id().index()).copied().unwrap_or(Kind::Hidden)
    }

    fn is_cut(&self, node: NodeRef<'d>) -> bool {
        self.cut.get(node.id().index()).copied().unwrap_or(true) || self.kind(node) == Kind::Hidden
    }

    /// Its nodes in document order, with `true`, and the ends of those that have something in them, with `false`.
    fn walk(&self) -> Walk<'_, 'd> {
        Walk { content: self, next: self.top.id().number(), open: Vec::new(), without: None }
    }

    /// The same behind the title, which does not come again.
    fn walk_titled(&self) -> Walk<'_, 'd> {
        Walk { without: self.again, ..self.walk() }
    }
}

/// Goes through a content without recursion.
struct Walk<'c, 'd> {
    content: &'c Content<'d>,
    next: u32,
    /// Elements that are not ended: node and end.
    open: Vec<(NodeRef<'d>, u32)>,
    /// A subtree that is left out.
    without: Option<NodeId>,
}

/// A step of a walk.
enum Step<'d> {
    Enter(NodeRef<'d>),
    Leave(NodeRef<'d>),
}

impl<'d> Walk<'_, 'd> {
    /// Passes over what is in the element that was entered last; it is left next.
    fn pass_over(&mut self) {
        if let Some((_, end)) = self.open.last() {
            self.next = *end;
        }
    }
}

impl<'d> Iterator for Walk<'_, 'd> {
    type Item = Step<'d>;

    fn next(&mut self) -> Option<Step<'d>> {
        loop {
            if self.open.last().is_some_and(|(_, end)| *end <= self.next) {
                return self.open.pop().map(|(node, _)| Step::Leave(node));
            }
            if self.next >= self.content.top.subtree_end().number() {
                return None;
            }
            let node = self.content.document.node(NodeId::new(self.next))?;
            if self.content.is_cut(node) || self.without == Some(node.id()) {
                self.next = node.subtree_end().number();
                continue;
            }
            self.next += 1;
            self.open.push((node, node.subtree_end().number()));
            return Some(Step::Enter(node));
        }
    }
}
