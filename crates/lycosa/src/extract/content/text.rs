//! Content as plain text: paragraphs and headings apart by an empty line, items and rows on lines of their own, cells
//! parted by tabs, preformatted text as it is.

use super::element::Kind;
use super::{Content, Step};

impl Content<'_> {
    /// The text as a reader would copy it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut writer = Writer::default();
        let mut walk = self.walk();
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(node) => {
                    let kind = self.kind(node);
                    match kind {
                        Kind::Text => writer.text(node.text()),
                        Kind::Control | Kind::Media | Kind::FigureCaption => walk.pass_over(),
                        _ => writer.enter(kind),
                    }
                }
                Step::Leave(node) => writer.leave(self.kind(node)),
            }
        }
        writer.out.truncate(writer.out.trim_end().len());
        writer.out
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks owed before the next text.
    breaks: u8,
    /// White space owed before the next text in a line.
    space: Option<char>,
    preformatted: u32,
}

impl Writer {
    fn enter(&mut self, kind: Kind) {
        match kind {
            Kind::Break if self.preformatted > 0 => self.out.push('\n'),
            Kind::Break => self.owe(1),
            Kind::Cell | Kind::HeaderCell => {
                if self.breaks == 0 && !self.out.is_empty() {
                    self.space = Some('\t');
                }
            }
            Kind::Preformatted => {
                self.owe(2);
                self.preformatted += 1;
            }
            _ => self.around(kind),
        }
    }

    fn leave(&mut self, kind: Kind) {
        match kind {
            Kind::Preformatted => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.owe(2);
            }
            Kind::Cell | Kind::HeaderCell => {}
            _ => self.around(kind),
        }
    }

    fn around(&mut self, kind: Kind) {
        match kind {
            Kind::Paragraph
            | Kind::Heading(_)
            | Kind::List
            | Kind::OrderedList
            | Kind::Descriptions
            | Kind::Table
            | Kind::Quote
            | Kind::Figure
            | Kind::Rule => self.owe(2),
            _ if kind.is_block() => self.owe(1),
            _ => {}
        }
    }

    fn owe(&mut self, breaks: u8) {
        self.breaks = self.breaks.max(breaks);
        self.space = None;
    }

    fn pay(&mut self) {
        if !self.out.is_empty() {
            for _ in 0..self.breaks {
                self.out.push('\n');
            }
            if self.breaks == 0 {
                self.out.extend(self.space);
            }
        }
        (self.breaks, self.space) = (0, None);
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            if !text.is_empty() {
                self.pay();
                self.out.push_str(text);
            }
            return;
        }
        for (place, word) in text.split(|c: char| c.is_ascii_whitespace() || c == '\u{b}').enumerate() {
            if place > 0 && self.breaks == 0 {
                self.space = self.space.or(Some(' '));
            }
            if !word.is_empty() {
                self.pay();
                self.out.push_str(word);
            }
        }
    }
}
