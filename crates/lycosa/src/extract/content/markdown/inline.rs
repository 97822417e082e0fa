//! What stands in one paragraph, heading or cell: pieces of text with their style, gathered flat and written with as
//! little markup as they need. Emphasis that Markdown cannot express where it stands (inside a word beside punctuation,
//! CommonMark 6.2) is left out; its text stays.

use super::escape;

/// The styles of text, outermost first as they are written.
pub(super) const STRIKE: u8 = 1;
pub(super) const STRONG: u8 = 2;
pub(super) const EMPHASIS: u8 = 4;
pub(super) const SUBSCRIPT: u8 = 8;
pub(super) const SUPERSCRIPT: u8 = 16;
pub(super) const CODE: u8 = 32;

/// How text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bits: u8,
    /// The place of the link it is in among those of the line, counted from 1; 0 is none.
    pub(super) link: usize,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Break,
    Image { alt: String, address: String },
}

#[derive(Debug)]
struct Piece {
    part: Part,
    style: Style,
}

impl Piece {
    fn is_blank(&self) -> bool {
        match &self.part {
            Part::Text(text) => text == " ",
            Part::Break => true,
            Part::Image { .. } => false,
        }
    }
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Paragraph,
    Heading,
    Cell,
}

/// The pieces of one line.
#[derive(Debug, Default)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    links: Vec<String>,
    /// White space is owed before the next piece, in this style.
    space: Option<Style>,
}

impl Line {
    /// A link to this address; its number for [`Style::link`].
    pub(super) fn link(&mut self, address: String) -> usize {
        self.links.push(address);
        self.links.len()
    }

    /// Drops what was gathered, which shows nothing; links that go on stay.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.space = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.iter().all(Piece::is_blank)
    }

    /// Whether it ends with a line break.
    pub(super) fn ends_broken(&self) -> bool {
        self.pieces.last().is_some_and(|piece| matches!(piece.part, Part::Break))
    }

    /// Adds text, its white space collapsed.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        let is_space = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
        for (place, word) in text.split(is_space).enumerate() {
            if place > 0 {
                self.space = self.space.or(Some(style));
            }
            let word = escape::printable(word);
            if word.is_empty() {
                continue;
            }
            self.pay();
            match self.pieces.last_mut() {
                Some(Piece { part: Part::Text(text), style: last }) if *last == style && text != " " => {
                    text.push_str(&word)
                }
                _ => self.pieces.push(Piece { part: Part::Text(word.into_owned()), style }),
            }
        }
    }

    pub(super) fn image(&mut self, alt: String, address: String, style: Style) {
        self.pay();
        self.pieces.push(Piece { part: Part::Image { alt, address }, style });
    }

    pub(super) fn line_break(&mut self, style: Style) {
        self.space = None;
        self.pieces.push(Piece { part: Part::Break, style });
    }

    /// Text nodes of one style make one piece, words parted by a space; a space where styles change is a piece alone.
    fn pay(&mut self) {
        let Some(style) = self.space.take() else { return };
        match self.pieces.last() {
            None => {}
            Some(Piece { part: Part::Break, .. }) => {}
            Some(_) => self.pieces.push(Piece { part: Part::Text(" ".to_owned()), style }),
        }
    }

    /// Writes it; the line is empty afterwards.
    pub(super) fn write(&mut self, place: Place, out: &mut String) {
        let mut line = std::mem::take(self);
        line.settle();
        let start = out.len();
        let mut writer = Writer { links: &line.links, place, out, start, run: None };
        writer.level(&line.pieces, 0, ' ');
        match place {
            Place::Paragraph => escape::line_starts(out, start),
            Place::Heading if out.ends_with('#') => out.insert(out.len() - 1, '\\'),
            Place::Heading | Place::Cell => {}
        }
    }

    /// Takes blanks off the ends, leaves those between pieces what their neighbours have too, and joins equals.
    fn settle(&mut self) {
        let is_text = |piece: &Piece| !piece.is_blank();
        let end = self.pieces.iter().rposition(is_text).map_or(0, |last| last + 1);
        self.pieces.truncate(end);
        let first = self.pieces.iter().position(is_text).unwrap_or(0);
        self.pieces.drain(..first);
        let mut next_style = Style::default();
        let mut after = Vec::with_capacity(self.pieces.len());
        for piece in self.pieces.iter().rev() {
            after.push(next_style);
            if !piece.is_blank() {
                next_style = piece.style;
            }
        }
        let mut before = Style::default();
        for (piece, after) in self.pieces.iter_mut().zip(after.into_iter().rev()) {
            if piece.is_blank() {
                let is_inside = before.link == after.link && piece.style.link == after.link;
                let link = if is_inside { after.link } else { 0 };
                let bits = before.bits & piece.style.bits & after.bits;
                // A break in code is none.
                let bits = if matches!(piece.part, Part::Break) { bits & !CODE } else { bits };
                piece.style = Style { bits, link };
            } else {
                before = piece.style;
            }
        }
        let mut joined: Vec<Piece> = Vec::with_capacity(self.pieces.len());
        for piece in self.pieces.drain(..) {
            match (joined.last_mut(), &piece.part) {
                (Some(Piece { part: Part::Text(last), style }), Part::Text(text))
                    if *style == piece.style =>
                {
                    last.push_str(text);
                }
                _ => joined.push(piece),
            }
        }
        self.pieces = joined;
    }
}

/// Marks around each style, by level. Level 0 is links.
const LEVELS: [(u8, &str, &str); 5] = [
    (STRIKE, "~~", "~~"),
    (STRONG, "**", "**"),
    (EMPHASIS, "*", "*"),
    (SUBSCRIPT, "<sub>", "</sub>"),
    (SUPERSCRIPT, "<sup>", "</sup>"),
];

/// A run of delimiters at the end of what is written.
#[derive(Clone, Copy)]
struct Run {
    /// Where it ends.
    end: usize,
    mark: char,
    /// What stands before it.
    before: char,
    opens: bool,
}

struct Writer<'l, 'o> {
    links: &'l [String],
    place: Place,
    out: &'o mut String,
    start: usize,
    run: Option<Run>,
}

impl Writer<'_, '_> {
    /// Writes pieces from a level inwards; `next` is what follows them.
    fn level(&mut self, pieces: &[Piece], level: usize, next: char) {
        let key = |piece: &Piece| match level {
            0 => piece.style.link,
            _ => LEVELS.get(level - 1).map_or(0, |(bit, ..)| usize::from(piece.style.bits & bit)),
        };
        if level > LEVELS.len() {
            self.leaves(pieces);
            return;
        }
        let mut at = 0;
        for group in pieces.chunk_by(|one, other| key(one) == key(other)) {
            at += group.len();
            // Its marks may be left out, so they do not count.
            let next = pieces.get(at).map_or(next, |piece| first_char(piece, 0));
            match group.first().map_or(0, key) {
                0 => self.level(group, level + 1, next),
                link if level == 0 => self.link(group, link),
                _ => self.wrap(group, level, next),
            }
        }
    }

    fn link(&mut self, pieces: &[Piece], link: usize) {
        let address = self.links.get(link - 1).cloned().unwrap_or_default();
        if self.out.ends_with('!') {
            self.out.insert(self.out.len() - 1, '\\');
        }
        self.out.push('[');
        self.level(pieces, 1, ']');
        self.out.push_str("](");
        escape::destination(&address, self.place == Place::Cell, self.out);
        self.out.push(')');
    }

    fn wrap(&mut self, pieces: &[Piece], level: usize, next: char) {
        let (_, open, close) = LEVELS[level - 1];
        let mark = open.chars().next().unwrap_or('*');
        if mark == '<' {
            self.out.push_str(open);
            self.level(pieces, level + 1, '<');
            self.out.push_str(close);
            return;
        }
        let touching = self.run.filter(|run| run.end == self.out.len() && run.mark == mark);
        let before = match touching {
            Some(run) => run.before,
            None => self.out[self.start..].chars().next_back().unwrap_or(' '),
        };
        let first = pieces.first().map_or(' ', |piece| first_char(piece, level));
        let last = pieces.last().map_or(' ', |piece| last_char(piece, level));
        let can_open = !first.is_whitespace() && (!is_sign(first) || is_open(before));
        let can_close = !last.is_whitespace() && (!is_sign(last) || is_open(next));
        if !can_open || !can_close || touching.is_some_and(|run| !run.opens) {
            self.level(pieces, level + 1, next);
            return;
        }
        self.out.push_str(open);
        self.run = Some(Run { end: self.out.len(), mark, before, opens: true });
        self.level(pieces, level + 1, mark);
        self.out.push_str(close);
        self.run = Some(Run { end: self.out.len(), mark, before: last, opens: false });
    }

    fn leaves(&mut self, pieces: &[Piece]) {
        let in_table = self.place == Place::Cell;
        for group in pieces.chunk_by(|one, other| is_code(one) && is_code(other)) {
            if group.first().is_some_and(is_code) {
                let code: String = group
                    .iter()
                    .filter_map(|piece| match &piece.part {
                        Part::Text(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                escape::code(&code, in_table, self.out);
                continue;
            }
            for piece in group {
                match &piece.part {
                    Part::Text(text) => escape::text(text, in_table, self.out),
                    Part::Break => self.out.push_str(match self.place {
                        Place::Paragraph => "\\\n",
                        Place::Heading => " ",
                        Place::Cell => "<br>",
                    }),
                    Part::Image { alt, address } => {
                        self.out.push_str("![");
                        escape::text(alt, in_table, self.out);
                        self.out.push_str("](");
                        escape::destination(address, in_table, self.out);
                        self.out.push(')');
                    }
                }
            }
        }
    }
}

fn is_code(piece: &Piece) -> bool {
    piece.style.bits & CODE != 0 && matches!(piece.part, Part::Text(_))
}

/// What a piece begins with when it is written inside a level; `a` where that may be a mark that is left out.
fn first_char(piece: &Piece, level: usize) -> char {
    edge_char(piece, level, |text| text.chars().next())
}

fn last_char(piece: &Piece, level: usize) -> char {
    edge_char(piece, level, |text| text.chars().next_back())
}

fn edge_char(piece: &Piece, level: usize, edge: fn(&str) -> Option<char>) -> char {
    let bits = piece.style.bits;
    match &piece.part {
        Part::Break => ' ',
        Part::Image { .. } => '!',
        Part::Text(text) if bits & CODE == 0 && edge(text).is_none_or(char::is_whitespace) => ' ',
        Part::Text(_) if bits & (CODE | SUBSCRIPT | SUPERSCRIPT) != 0 => '`',
        // The marks of strikethrough and emphasis are not of one run.
        Part::Text(_) if level == 1 && bits & (STRONG | EMPHASIS) != 0 => '*',
        Part::Text(text) => edge(text).unwrap_or(' '),
    }
}

/// Whether a character may be punctuation to Markdown.
fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

/// Whether delimiters beside it may stand next to punctuation: white space, or punctuation for certain.
fn is_open(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation()
}
