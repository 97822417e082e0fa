//! What is taken out: first what stands beside the content on any page, then, inside the element that was chosen, what
//! reads like lists of links, facts about the text, and sections that lead elsewhere.

use lycosa_dom::{Document, NodeRef};

use super::ContentOptions;
use super::choose::is_less;
use super::element::Kind;
use super::leads;
use super::measure::{Block, Measure};
use super::words::Said;

/// The part of the page's prose, in hundredths, that nothing which stands beside the content has.
const BESIDE_PART: u32 = 40;
/// The same of comments, of which there may be more than text.
const COMMENTS_PART: u32 = 85;
/// The same of what is not shown: parts of a page that are shown when asked for are its content.
const HIDDEN_PART: u32 = 25;
/// The part of the content's prose, in hundredths, that stands before its title at most.
const BEFORE_TITLE: u32 = 12;
/// Letters that a paragraph between the title and the content has at least, and how many of them are looked at.
const LEAD: u32 = 60;
const MOST_LEADS: usize = 6;
/// Letters that facts about a text have at most.
const ABOUT_LETTERS: u32 = 100;
/// The part of letters in links, in hundredths, from which on a block is a list of links.
const LINKED: u32 = 55;
/// The same for one paragraph or cell.
const PARAGRAPH_LINKED: u32 = 90;
/// Prose, in letters, that an article with others in it has of its own.
const OUTER: u32 = 100;
/// Prose, in letters, below which a page is no text but a list, and its links are its content.
const THIN: u32 = 240;

/// The passes over one page.
pub(super) struct Pruner<'p, 'd> {
    pub(super) document: &'d Document,
    pub(super) kinds: &'p [Kind],
    pub(super) said: &'p [Said],
    pub(super) options: &'p ContentOptions,
}

impl<'d> Pruner<'_, 'd> {
    /// Cuts what is said to stand beside the content or is not shown, unless it has a good part of the page's prose;
    /// with `by_names` also what only its names say so of.
    pub(super) fn beside(&self, measure: &Measure, cut: &mut [bool], by_names: bool) {
        let total = measure.weight(self.document.root().range()).max(1);
        self.each(self.document.root(), cut, |node, cut| {
            let number = node.id().index();
            let is_by_name = self.kinds[number] != Kind::Beside && node.attr("role").is_none();
            let part = match self.said[number] {
                Said::Hidden => HIDDEN_PART,
                Said::Beside if by_names || !is_by_name => BESIDE_PART,
                Said::Comments if by_names && !self.options.comments => COMMENTS_PART,
                _ => 0,
            };
            let is_page = matches!(node.name(), "html" | "body" | "main" | "article");
            cut[number] = is_less(measure.weight(node.range()), total, part) && !is_page;
        });
        self.inner_articles(measure, cut);
    }

    /// Cuts articles in articles, which are comments or teasers, where the outer one has a text of its own.
    fn inner_articles(&self, measure: &Measure, cut: &mut [bool]) {
        let mut outer: Option<(u32, u32)> = None;
        let mut inner = Vec::new();
        self.each(self.document.root(), cut, |node, _| {
            if node.name() != "article" {
                return;
            }
            let (number, end) = (node.id().number(), node.subtree_end().number());
            match outer {
                Some((start, outer_end)) if number < outer_end => inner.push((start, outer_end, number, end)),
                _ => outer = Some((number, end)),
            }
        });
        for of_outer in inner.chunk_by(|one, other| one.0 == other.0) {
            let Some((start, end, ..)) = of_outer.first() else { continue };
            let mut within = 0_u32;
            let mut passed = *start;
            for (_, _, from, to) in of_outer.iter().filter(|inner| inner.2 < inner.3) {
                if *from >= passed {
                    within += measure.weight(*from..*to);
                    passed = *to;
                }
            }
            if measure.weight(*start..*end).saturating_sub(within) >= OUTER {
                of_outer.iter().for_each(|inner| cut[inner.2 as usize] = true);
            }
        }
    }

    /// Finds the heading that says the page's title, cuts it and, in the chosen element, what stands before it. When it
    /// stands before the chosen element, the paragraphs between them belong to the content: then an element around both
    /// is chosen, without the rest of what is in it.
    pub(super) fn title(
        &self,
        chosen: NodeRef<'d>,
        measure: &Measure,
        cut: &mut [bool],
    ) -> (NodeRef<'d>, Option<NodeRef<'d>>) {
        let Some(heading) = self.title_heading(chosen, cut) else { return (chosen, None) };
        let (start, end) = (heading.id().number(), heading.subtree_end().number());
        if !chosen.contains(heading) {
            return (self.with_leads(chosen, heading, measure, cut), Some(heading));
        }
        let before = measure.weight(chosen.range().start..start);
        if is_less(before, measure.weight(chosen.range()), BEFORE_TITLE) {
            self.each(chosen, cut, |node, cut| {
                let number = node.id().number();
                cut[number as usize] =
                    number != chosen.id().number() && node.subtree_end().number() <= end && number <= start;
            });
        }
        (chosen, Some(heading))
    }

    /// The first heading in the chosen element, else the last before it, that says the title.
    fn title_heading(&self, chosen: NodeRef<'d>, cut: &mut [bool]) -> Option<NodeRef<'d>> {
        let titles = titles(self.document);
        let (mut inside, mut before, mut largest) = (None, None, Vec::new());
        let range = chosen.range();
        self.each(self.document.root(), cut, |node, _| {
            let number = node.id().number();
            let Kind::Heading(level @ 1..=3) = self.kinds[number as usize] else { return };
            if number >= range.end || inside.is_some() {
                return;
            }
            if level == 1 && largest.len() < 2 {
                largest.push(node);
            }
            if is_title(node, &titles) {
                *(if number < range.start { &mut before } else { &mut inside }) = Some(node);
            }
        });
        // A page with one heading of the first level is called like that, whatever its `<title>`.
        let only = largest.pop().filter(|_| largest.is_empty());
        inside.or(before).or(only)
    }

    /// An element around the chosen one and the paragraphs between the title and it, the rest cut.
    fn with_leads(
        &self,
        chosen: NodeRef<'d>,
        heading: NodeRef<'d>,
        measure: &Measure,
        cut: &mut [bool],
    ) -> NodeRef<'d> {
        let between = heading.subtree_end().number()..chosen.id().number();
        let from = measure.blocks.partition_point(|block| block.first < between.start);
        let blocks = measure.blocks[from..].iter().take_while(|block| block.first < between.end);
        let is_lead =
            |block: &&Block| block.linked * 3 < block.letters && block.letters >= LEAD && block.stops > 0;
        let whole = |block: &Block| {
            let owner = self.document.node(lycosa_dom::NodeId::new(block.owner))?;
            let said = self.said[owner.id().index()];
            let is_whole = measure.letters(owner.range()) == block.letters && said != Said::About;
            (is_whole && self.kinds[owner.id().index()] != Kind::FigureCaption).then_some(owner)
        };
        let mut kept: Vec<NodeRef<'d>> = blocks.filter(is_lead).take(MOST_LEADS).filter_map(whole).collect();
        let Some(first) = kept.first().copied() else { return chosen };
        kept.push(chosen);
        let Some(around) = first.ancestors().find(|node| node.contains(chosen)) else { return chosen };
        let mut next = 0;
        self.each(around, cut, |node, cut| {
            let range = node.range();
            while kept.get(next).is_some_and(|kept| kept.range().end <= range.start) {
                next += 1;
            }
            let is_kept = kept.get(next).is_some_and(|kept| {
                let kept = kept.range();
                range.contains(&kept.start) || kept.contains(&range.start)
            });
            cut[range.start as usize] = !is_kept;
        });
        around
    }

    /// Cuts inside the chosen element.
    pub(super) fn inside(&self, chosen: NodeRef<'d>, measure: &Measure, cut: &mut [bool]) {
        let is_thin = measure.weight(chosen.range()) < THIN;
        self.each(chosen, cut, |node, cut| {
            let number = node.id().index();
            let kind = self.kinds[number];
            let letters = measure.letters(node.range());
            let is_cut = match kind {
                Kind::Text => false,
                Kind::Control => true,
                Kind::Hidden => true,
                Kind::Heading(_) if leads::is_lead(node.text()) => true,
                Kind::Table => !self.options.tables,
                Kind::FigureCaption => !self.options.images,
                _ if self.said[number] == Said::About && letters < ABOUT_LETTERS => true,
                _ if is_thin => false,
                _ => self.is_link_list(node, kind, letters, measure),
            };
            cut[number] = is_cut && node != chosen;
        });
        if !is_thin {
            self.sections(chosen, measure, cut);
        }
    }

    fn is_link_list(&self, node: NodeRef<'d>, kind: Kind, letters: u32, measure: &Measure) -> bool {
        if letters == 0 || !kind.is_block() || matches!(kind, Kind::Heading(_)) {
            return false;
        }
        let linked = measure.linked(node.range());
        match kind {
            Kind::Paragraph | Kind::Cell | Kind::Item | Kind::Quote => {
                !is_less(linked, letters, PARAGRAPH_LINKED) && kind == Kind::Paragraph
                    || leads::is_lead(node.text())
            }
            Kind::HeaderCell | Kind::Row | Kind::RowGroup | Kind::Caption | Kind::Preformatted => false,
            _ => !is_less(linked, letters, LINKED) && measure.weight(node.range()) * 4 < letters,
        }
    }

    /// Cuts sections whose headings say that they lead elsewhere: the heading and what follows it under the same parent
    /// up to the next heading of its level; and headings that nothing follows.
    fn sections(&self, chosen: NodeRef<'d>, measure: &Measure, cut: &mut [bool]) {
        let total = measure.weight(chosen.range());
        let mut level_cut: Option<(u32, u8)> = None;
        let mut parent_end = 0;
        self.each(chosen, cut, |node, cut| {
            let number = node.id().index();
            let parent = node.parent().map_or(0, |parent| parent.id().number());
            if let Some((cut_parent, level)) = level_cut {
                let is_next = matches!(self.kinds[number], Kind::Heading(next) if next <= level);
                if node.id().number() >= parent_end || (parent == cut_parent && is_next) {
                    level_cut = None;
                } else if parent == cut_parent {
                    cut[number] = true;
                    return;
                }
            }
            if let Kind::Heading(level) = self.kinds[number]
                && leads::is_leading_heading(node.text())
            {
                let end = node.parent().map_or(0, |parent| parent.subtree_end().number());
                let follows = measure.weight(node.subtree_end().number()..end);
                cut[number] = true;
                if is_less(follows, total, 25) {
                    level_cut = Some((parent, level));
                    parent_end = end;
                }
            }
        });
    }

    /// Visits the nodes of a subtree that are not cut, and decides for each.
    fn each(&self, top: NodeRef<'d>, cut: &mut [bool], mut visit: impl FnMut(NodeRef<'d>, &mut [bool])) {
        let mut next = top.id().number();
        for number in top.range() {
            if number < next {
                continue;
            }
            let Some(node) = self.document.node(lycosa_dom::NodeId::new(number)) else { return };
            if !cut[number as usize] {
                visit(node, cut);
            }
            next = if cut[number as usize] { node.subtree_end().number() } else { number + 1 };
        }
    }
}

/// What the page says its title is.
fn titles(document: &Document) -> Vec<String> {
    let said = [document.meta("og:title").map(Into::into), document.title()];
    said.into_iter().flatten().map(|title| bare(&title)).filter(|title| !title.is_empty()).collect()
}

/// Letters and digits of a text, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(1000).collect()
}

/// Whether a heading is the title, or the part of it that is not the site's name.
fn is_title(heading: NodeRef<'_>, titles: &[String]) -> bool {
    let text = bare(heading.text());
    text.chars().count() >= 4
        && titles
            .iter()
            .any(|title| title.starts_with(&text) || (title.contains(&text) && text.len() * 2 > title.len()))
}
