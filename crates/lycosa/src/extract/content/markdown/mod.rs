//! Content as Markdown: CommonMark with the tables and the strikethrough of GitHub's. What Markdown has no words for is
//! written as what comes nearest; subscripts and superscripts stay elements.
//!
//! `inline` writes what stands in a line, `escape` text, `code` preformatted text, `table` tables; this file the blocks.
//! A parser of CommonMark reads the same text back, which the tests check with one of other make.

mod code;
mod escape;
mod inline;
mod table;
#[cfg(test)]
mod tests;

use lycosa_dom::NodeRef;
use url::Url;

use super::address::Addresses;
use super::element::Kind;
use super::{Content, Step, Walk};
use inline::{CODE, EMPHASIS, Line, Place, STRIKE, STRONG, SUBSCRIPT, SUPERSCRIPT, Style};

/// Quotations and items in one another; deeper ones are written as if they were not.
const DEEPEST: usize = 24;
/// The longest text that stands for a formula, in bytes.
const LONGEST_FORMULA: usize = 4096;

impl Content<'_> {
    /// The language that the classes of code name.
    pub(super) fn code_language(&self, pre: NodeRef<'_>) -> Option<String> {
        code::language(pre)
    }

    /// The content as Markdown. Links and images are absolute if the page's `url` is known, and as written otherwise;
    /// those that run scripts are left out.
    #[must_use]
    pub fn to_markdown(&self, url: Option<&Url>) -> String {
        let mut writer = Writer::new(self, url);
        writer.title();
        let mut walk = self.walk_titled();
        while let Some(step) = walk.next() {
            writer.step(step, &mut walk);
        }
        writer.flush();
        if !writer.out.is_empty() {
            writer.out.push('\n');
        }
        writer.out
    }
}

/// What holds blocks and marks each line of them.
#[derive(Debug)]
struct Container {
    /// What the first line gets, until it is written.
    marker: Option<String>,
    /// What the other lines get.
    indent: String,
    /// Whether it is the first item of a list that begins with another number than 1: it cannot follow a paragraph
    /// directly.
    is_late: bool,
}

/// A list that is open.
#[derive(Debug)]
struct List {
    is_ordered: bool,
    number: u64,
    mark: char,
    is_tight: bool,
    /// Whether what was written last is an item of it.
    has_items: bool,
    /// How many containers are around it.
    depth: usize,
}

/// What stands between the last block and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    None,
    Line,
    Blank,
}

struct Writer<'c, 'd> {
    content: &'c Content<'d>,
    addresses: Addresses<'d>,
    out: String,
    containers: Vec<Container>,
    lists: Vec<List>,
    /// For each open quotation or item, whether it got a container.
    held: Vec<bool>,
    gap: Gap,
    /// The mark of the list that ended last, if nothing followed: the next must differ.
    ended: Option<(usize, char)>,
    line: Line,
    style: Style,
    /// The styles outside the open elements that changed it.
    styles: Vec<Style>,
    /// Where the link leads that is open.
    address: Option<String>,
    heading: Option<u8>,
    /// Whether a cell is being written: blocks then only break its line.
    in_cell: bool,
}

impl<'c, 'd> Writer<'c, 'd> {
    fn new(content: &'c Content<'d>, url: Option<&Url>) -> Self {
        Self {
            content,
            addresses: Addresses::new(content.document, url),
            out: String::new(),
            containers: Vec::new(),
            lists: Vec::new(),
            held: Vec::new(),
            gap: Gap::None,
            ended: None,
            line: Line::default(),
            style: Style::default(),
            styles: Vec::new(),
            address: None,
            heading: None,
            in_cell: false,
        }
    }

    fn title(&mut self) {
        if let Some(title) = self.content.title {
            self.heading = Some(1);
            self.line.text(&title.visible_text(), Style::default());
            self.flush();
            self.heading = None;
        }
    }

    fn step(&mut self, step: Step<'d>, walk: &mut Walk<'c, 'd>) {
        match step {
            Step::Enter(node) => {
                let kind = self.content.kind(node);
                self.enter(node, kind, walk);
            }
            Step::Leave(node) => self.leave(node, self.content.kind(node)),
        }
    }

    fn enter(&mut self, node: NodeRef<'d>, kind: Kind, walk: &mut Walk<'c, 'd>) {
        match kind {
            Kind::Text => self.line.text(node.text(), self.style),
            Kind::Break => self.line_break(),
            Kind::Control | Kind::Media => walk.pass_over(),
            Kind::Image => self.image(node),
            Kind::Quotation => self.line.text("\"", self.style),
            Kind::Math => {
                if self.formula(node) {
                    walk.pass_over();
                }
            }
            Kind::Preformatted if !self.in_cell => {
                self.flush();
                self.preformatted(node);
                walk.pass_over();
            }
            Kind::Table if !self.in_cell => {
                self.flush();
                if self.content.is_data_table(node) {
                    self.table(walk, node);
                }
            }
            _ if kind.is_block() => self.enter_block(node, kind),
            _ => self.enter_style(node, kind),
        }
    }

    fn leave(&mut self, node: NodeRef<'d>, kind: Kind) {
        match kind {
            Kind::Quotation => self.line.text("\"", self.style),
            Kind::Preformatted if !self.in_cell => {}
            _ if kind.is_block() => self.leave_block(kind),
            _ if changes_style(kind) => self.style = self.styles.pop().unwrap_or_default(),
            _ => {}
        }
        let _ = node;
    }

    fn enter_style(&mut self, node: NodeRef<'d>, kind: Kind) {
        if !changes_style(kind) {
            return;
        }
        self.styles.push(self.style);
        let bit = match kind {
            Kind::Strong => STRONG,
            Kind::Emphasis => EMPHASIS,
            Kind::Strike => STRIKE,
            Kind::Code => CODE,
            Kind::Subscript => SUBSCRIPT,
            Kind::Superscript => SUPERSCRIPT,
            _ => 0,
        };
        self.style.bits |= bit;
        if kind == Kind::Link && self.content.with_links {
            self.address = self.addresses.link(node);
            self.style.link = self.address.clone().map_or(0, |address| self.line.link(address));
        }
    }

    fn enter_block(&mut self, node: NodeRef<'d>, kind: Kind) {
        self.flush();
        match kind {
            Kind::Heading(level) if !self.in_cell => self.heading = Some(level),
            Kind::Rule => self.block("***"),
            Kind::Quote => self.hold(Container {
                marker: Some("> ".to_owned()),
                indent: "> ".to_owned(),
                is_late: false,
            }),
            Kind::List | Kind::OrderedList => self.enter_list(node, kind == Kind::OrderedList),
            Kind::Item => self.enter_item(node),
            Kind::Description => {
                self.gap = self.gap.min_line();
                self.hold(Container {
                    marker: Some("- ".to_owned()),
                    indent: "  ".to_owned(),
                    is_late: false,
                });
            }
            Kind::Term => self.push_style(STRONG),
            Kind::FigureCaption => self.push_style(EMPHASIS),
            _ => {}
        }
    }

    fn leave_block(&mut self, kind: Kind) {
        self.flush();
        match kind {
            Kind::Heading(_) => self.heading = None,
            Kind::Quote | Kind::Item | Kind::Description => self.let_go(),
            Kind::List | Kind::OrderedList => self.leave_list(),
            Kind::Term | Kind::FigureCaption => self.style = self.styles.pop().unwrap_or_default(),
            _ => {}
        }
    }

    fn push_style(&mut self, bit: u8) {
        self.styles.push(self.style);
        self.style.bits |= bit;
    }

    fn enter_list(&mut self, node: NodeRef<'d>, is_ordered: bool) {
        let start = node.attr("start").and_then(|start| start.trim().parse().ok());
        let number = start.filter(|start| *start < 1_000_000).unwrap_or(1);
        let usual = if is_ordered { '.' } else { '-' };
        let is_same = self.ended == Some((self.containers.len(), usual));
        let mark = match (is_same, is_ordered) {
            (false, _) => usual,
            (true, true) => ')',
            (true, false) => '+',
        };
        let is_tight = !node.children().any(|item| item.children().any(|child| child.name() == "p"));
        let is_inner =
            self.lists.last().is_some_and(|outer| outer.is_tight) && self.held.last() == Some(&true);
        if is_inner && self.gap == Gap::Blank && is_tight {
            self.gap = Gap::Line;
        }
        let depth = self.containers.len();
        self.lists.push(List { is_ordered, number, mark, is_tight, has_items: false, depth });
    }

    fn leave_list(&mut self) {
        let Some(list) = self.lists.pop() else { return };
        if list.has_items {
            self.ended = Some((self.containers.len(), list.mark));
        }
        if self.gap == Gap::Line {
            self.gap = Gap::Blank;
        }
    }

    fn enter_item(&mut self, node: NodeRef<'d>) {
        let Some(list) = self.lists.last_mut() else {
            self.hold(Container { marker: Some("- ".to_owned()), indent: "  ".to_owned(), is_late: false });
            return;
        };
        let value = node.attr("value").and_then(|value| value.trim().parse::<u64>().ok());
        let number = value.filter(|value| *value < 1_000_000).unwrap_or(list.number);
        list.number = number + 1;
        // An item in a part of another one begins a list of its own there.
        let follows = list.has_items && list.depth == self.containers.len();
        let is_late = list.is_ordered && number != 1 && !follows;
        let marker =
            if list.is_ordered { format!("{number}{} ", list.mark) } else { format!("{} ", list.mark) };
        if follows && list.is_tight && self.gap == Gap::Blank {
            self.gap = Gap::Line;
        }
        let indent = " ".repeat(marker.len());
        self.hold(Container { marker: Some(marker), indent, is_late });
    }

    fn hold(&mut self, container: Container) {
        let is_held = self.containers.len() < DEEPEST && !self.in_cell && self.heading.is_none();
        self.held.push(is_held);
        if is_held {
            self.containers.push(container);
        }
    }

    fn let_go(&mut self) {
        if self.held.pop() == Some(true) {
            let container = self.containers.pop();
            let was_written = container.is_some_and(|container| container.marker.is_none());
            let depth = self.containers.len();
            if let Some(list) = self.lists.last_mut().filter(|list| list.depth == depth) {
                list.has_items |= was_written;
            }
        }
    }

    fn line_break(&mut self) {
        if self.line.is_empty() {
            return;
        }
        if self.line.ends_broken() {
            self.flush();
        } else {
            self.line.line_break(self.style);
        }
    }

    fn image(&mut self, image: NodeRef<'d>) {
        if !self.content.with_images {
            return;
        }
        if let Some(address) = self.addresses.image(image) {
            let alt = lycosa_dom::collapse_whitespace(image.attr("alt").unwrap_or_default()).into_owned();
            self.line.image(escape::printable(&alt).into_owned(), address, self.style);
        }
    }

    /// A formula as TeX, if the page says it so: between dollars, as code, which no Markdown reader changes.
    fn formula(&mut self, math: NodeRef<'d>) -> bool {
        let annotation = || {
            let is_tex = |node: &NodeRef<'d>| {
                node.name() == "annotation" && node.attr("encoding").is_some_and(|kind| kind.contains("tex"))
            };
            math.descendants().find(is_tex).map(NodeRef::text)
        };
        let Some(tex) = math.attr("alttext").or_else(annotation).map(str::trim) else { return false };
        if tex.is_empty() || tex.len() > LONGEST_FORMULA {
            return false;
        }
        let code = Style { bits: self.style.bits | CODE, ..self.style };
        self.line.text("$", self.style);
        self.line.text(tex, code);
        self.line.text("$", self.style);
        true
    }

    fn preformatted(&mut self, pre: NodeRef<'d>) {
        let text = code::text(pre);
        if text.trim().is_empty() {
            return;
        }
        let fence = code::fence(&text);
        let language = code::language(pre).unwrap_or_default();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.block(&format!("{fence}{language}\n{text}{end}{fence}"));
    }

    /// Ends the paragraph, heading or part of a cell that is being gathered.
    fn flush(&mut self) {
        if self.in_cell {
            if !self.line.is_empty() && !self.line.ends_broken() {
                self.line.line_break(self.style);
            }
            return;
        }
        if self.line.is_empty() {
            self.line.clear();
            return;
        }
        let mut text = String::new();
        match self.heading {
            Some(level) => {
                text.extend(std::iter::repeat_n('#', usize::from(level)));
                text.push(' ');
                self.line.write(Place::Heading, &mut text);
            }
            None => self.line.write(Place::Paragraph, &mut text),
        }
        self.block(&text);
        self.relink();
    }

    /// Begins the link anew in the next block, when it goes on there.
    fn relink(&mut self) {
        if self.style.link == 0 {
            return;
        }
        let address = self.address.take().and_then(|address| self.addresses.again(address));
        let number = address.clone().map_or(0, |address| self.line.link(address));
        self.address = address;
        for style in self.styles.iter_mut().chain([&mut self.style]).filter(|style| style.link > 0) {
            style.link = number;
        }
    }

    /// Writes a block, each line behind the marks of what holds it.
    fn block(&mut self, text: &str) {
        let pending = self.containers.iter().position(|container| container.marker.is_some());
        let is_late =
            pending.is_some_and(|at| self.containers[at..].iter().any(|container| container.is_late));
        if self.gap != Gap::None {
            self.out.push('\n');
        }
        if self.gap == Gap::Blank || (self.gap == Gap::Line && is_late) {
            let outer = &self.containers[..pending.unwrap_or(self.containers.len())];
            let prefix: String = outer.iter().map(|container| container.indent.as_str()).collect();
            self.out.push_str(prefix.trim_end());
            self.out.push('\n');
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            let start = self.out.len();
            for container in &mut self.containers {
                match container.marker.take() {
                    Some(marker) => self.out.push_str(&marker),
                    None => self.out.push_str(&container.indent),
                }
            }
            if line.is_empty() {
                self.out.truncate(start + self.out[start..].trim_end().len());
            }
            self.out.push_str(line);
        }
        self.gap = Gap::Blank;
        self.ended = None;
        let depth = self.containers.len();
        if let Some(list) = self.lists.last_mut().filter(|list| list.depth == depth) {
            list.has_items = false;
        }
    }
}

impl Gap {
    /// A line's end, unless nothing stands before.
    fn min_line(self) -> Self {
        if self == Self::None { Self::None } else { Self::Line }
    }
}

fn changes_style(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Link
            | Kind::Strong
            | Kind::Emphasis
            | Kind::Strike
            | Kind::Code
            | Kind::Subscript
            | Kind::Superscript
    )
}
