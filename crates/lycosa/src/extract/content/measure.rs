//! How much text stands where: the lines of a page as blocks, each with its letters, its linked letters and its ends of
//! sentences; and sums over any subtree in constant time, because a subtree is a range of numbers.

use lycosa_dom::Document;

use super::element::Kind;

/// Text between two boundaries of blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Its first text node.
    pub(super) first: u32,
    /// The block element it stands in directly.
    pub(super) owner: u32,
    /// Letters and signs, white space not counted.
    pub(super) letters: u32,
    /// Those of them that are in links.
    pub(super) linked: u32,
    /// Marks that part sentences and clauses.
    pub(super) stops: u32,
}

/// A letter of a script that needs few letters for a word counts as so many.
const IDEOGRAPH: u32 = 3;
/// Letters that a sentence has at least.
const SENTENCE: u32 = 25;
/// Letters from which on a block without a stop is prose as well.
const LONG: u32 = 80;

impl Block {
    /// How much of it is prose, in letters: the letters outside links, fewer where it does not read like sentences.
    fn weight(self, kind: Kind) -> u32 {
        let plain = self.letters - self.linked;
        if matches!(kind, Kind::Heading(_) | Kind::FigureCaption) {
            return 0;
        }
        if plain < SENTENCE || self.linked > plain {
            return plain / 8;
        }
        let is_prose = self.stops > 0 || plain > LONG;
        let is_set_apart = matches!(kind, Kind::Item | Kind::Cell | Kind::HeaderCell | Kind::Term);
        match (is_prose, is_set_apart) {
            (true, false) => plain,
            (true, true) => plain / 3 * 2,
            (false, _) => plain / 4,
        }
    }
}

/// The blocks of a page, and sums over them.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) blocks: Vec<Block>,
    /// For every node, and one past the last, what stands before it.
    letters: Vec<u32>,
    linked: Vec<u32>,
    weight: Vec<u32>,
}

impl Measure {
    /// Measures the nodes that are not cut.
    pub(super) fn of(document: &Document, kinds: &[Kind], cut: &[bool]) -> Self {
        let blocks = Blocks::of(document, kinds, cut);
        let mut measure = Self {
            letters: Vec::with_capacity(kinds.len() + 1),
            linked: Vec::with_capacity(kinds.len() + 1),
            weight: Vec::with_capacity(kinds.len() + 1),
            blocks,
        };
        let (mut letters, mut linked, mut weight, mut next) = (0_u32, 0_u32, 0_u32, 0);
        for number in 0..=kinds.len() {
            measure.letters.push(letters);
            measure.linked.push(linked);
            measure.weight.push(weight);
            if let Some(block) = measure.blocks.get(next).filter(|block| block.first as usize == number) {
                let kind = kinds.get(block.owner as usize).copied().unwrap_or(Kind::Division);
                letters = letters.saturating_add(block.letters);
                linked = linked.saturating_add(block.linked);
                weight = weight.saturating_add(block.weight(kind));
                next += 1;
            }
        }
        measure
    }

    /// The letters in a range of nodes.
    pub(super) fn letters(&self, range: std::ops::Range<u32>) -> u32 {
        sum(&self.letters, range)
    }

    /// The linked letters in a range of nodes.
    pub(super) fn linked(&self, range: std::ops::Range<u32>) -> u32 {
        sum(&self.linked, range)
    }

    /// The prose in a range of nodes, in letters.
    pub(super) fn weight(&self, range: std::ops::Range<u32>) -> u32 {
        sum(&self.weight, range)
    }
}

fn sum(sums: &[u32], range: std::ops::Range<u32>) -> u32 {
    let at = |number: u32| sums.get(number as usize).copied().unwrap_or_default();
    at(range.end).saturating_sub(at(range.start))
}

/// Goes through a page and gathers its blocks.
struct Blocks<'k> {
    kinds: &'k [Kind],
    /// Open block elements: number and end.
    open: Vec<(u32, u32)>,
    link_end: u32,
    current: Option<Block>,
    blocks: Vec<Block>,
}

impl<'k> Blocks<'k> {
    fn of(document: &Document, kinds: &'k [Kind], cut: &[bool]) -> Vec<Block> {
        let mut this = Blocks { kinds, open: Vec::new(), link_end: 0, current: None, blocks: Vec::new() };
        let mut skipped_to = 0;
        for node in document.nodes() {
            let number = node.id().number();
            if number < skipped_to {
                continue;
            }
            this.leave(number);
            let kind = this.kinds[number as usize];
            match kind {
                _ if cut[number as usize] => skipped_to = node.subtree_end().number(),
                Kind::Hidden | Kind::Control | Kind::Media => skipped_to = node.subtree_end().number(),
                Kind::Text => this.text(number, node.text()),
                Kind::Link if node.attr("href").is_some() => this.link_end = node.subtree_end().number(),
                Kind::Break => {}
                _ if kind.is_block() => {
                    this.end_block();
                    this.open.push((number, node.subtree_end().number()));
                }
                _ => {}
            }
        }
        this.end_block();
        this.blocks
    }

    fn leave(&mut self, number: u32) {
        while self.open.last().is_some_and(|(_, end)| *end <= number) {
            self.open.pop();
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        self.blocks.extend(self.current.take());
    }

    fn text(&mut self, number: u32, text: &str) {
        let (letters, stops) = counted(text);
        if letters == 0 {
            return;
        }
        let owner = self.open.last().map_or(0, |(owner, _)| *owner);
        let empty = Block { first: number, owner, letters: 0, linked: 0, stops: 0 };
        let block = self.current.get_or_insert(empty);
        block.letters = block.letters.saturating_add(letters);
        if number < self.link_end {
            block.linked = block.linked.saturating_add(letters);
        } else {
            block.stops = block.stops.saturating_add(stops);
        }
    }
}

/// Letters, and marks that part sentences and clauses.
fn counted(text: &str) -> (u32, u32) {
    let (mut letters, mut stops, mut was_space) = (0_u32, 0_u32, true);
    let mut before_space = ' ';
    for c in text.chars() {
        if c.is_whitespace() {
            if !was_space && matches!(before_space, '.' | ',' | '!' | '?' | ';' | ':' | '؟' | '،' | '۔' | '।')
            {
                stops += 1;
            }
            was_space = true;
            continue;
        }
        was_space = false;
        before_space = c;
        let is_ideograph =
            matches!(u32::from(c), 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff);
        letters = letters.saturating_add(if is_ideograph { IDEOGRAPH } else { 1 });
        if matches!(c, '。' | '，' | '！' | '？' | '；' | '、') {
            stops += 1;
        }
    }
    if matches!(before_space, '.' | '!' | '?' | '…' | '”' | '"') {
        stops += 1;
    }
    (letters, stops)
}
