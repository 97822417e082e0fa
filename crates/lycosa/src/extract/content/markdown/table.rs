//! Tables of data as tables with pipes (GitHub Flavored Markdown, 4.10); tables that only lay a page out are written as
//! what is in them. Cells over several columns are followed by empty ones; rows below a cell over several rows have an
//! empty one in its place.

use lycosa_dom::NodeRef;

use super::Writer;
use super::inline::Place;
use crate::extract::content::element::Kind;
use crate::extract::content::{Content, Step, Walk};

/// The most columns that one cell spans.
const WIDEST_SPAN: usize = 30;
/// The most columns for which spans over rows are kept.
const MOST_COLUMNS: usize = 64;

impl<'d> Content<'d> {
    /// Whether a table is one of data: at least two columns, or two rows with headers, and nothing in its cells that
    /// needs more than lines.
    pub(super) fn is_data_table(&self, table: NodeRef<'d>) -> bool {
        if matches!(table.attr("role"), Some("presentation" | "none")) {
            return false;
        }
        let (mut rows, mut cells, mut widest, mut has_header) = (0, 0, 0, false);
        for node in table.descendants() {
            match self.kind(node) {
                Kind::Table
                | Kind::Heading(_)
                | Kind::Preformatted
                | Kind::Quote
                | Kind::Rule
                | Kind::Figure => {
                    return false;
                }
                Kind::Row => {
                    rows += 1;
                    cells = 0;
                }
                kind @ (Kind::Cell | Kind::HeaderCell) => {
                    cells += 1;
                    widest = widest.max(cells);
                    has_header |= kind == Kind::HeaderCell;
                }
                _ => {}
            }
        }
        widest > 1 && (rows > 1 || has_header)
    }
}

/// The rows of a table as they are gathered.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<String>>,
    /// Whether the first row is one of headers.
    has_header: bool,
    /// For each column, how many of the next rows a cell above fills.
    filled: Vec<usize>,
    /// Headers and other cells of the row that is open.
    headers: usize,
    others: usize,
}

impl Rows {
    fn begin(&mut self) {
        self.rows.push(Vec::new());
        (self.headers, self.others) = (0, 0);
    }

    fn end(&mut self) {
        self.fill();
        if self.rows.len() == 1 {
            self.has_header = self.headers > 0 && self.others == 0;
        }
    }

    /// Puts empty cells where cells above reach down.
    fn fill(&mut self) {
        let Some(row) = self.rows.last_mut() else { return };
        while let Some(filled) = self.filled.get_mut(row.len()).filter(|filled| **filled > 0) {
            *filled -= 1;
            row.push(String::new());
        }
    }

    fn cell(&mut self, node: NodeRef<'_>, text: String) {
        if self.rows.is_empty() {
            self.begin();
        }
        self.fill();
        let span =
            |name: &str| node.attr(name).and_then(|span| span.trim().parse::<usize>().ok()).unwrap_or(1);
        let (columns, down) = (span("colspan").clamp(1, WIDEST_SPAN), span("rowspan").clamp(1, 1000));
        let Some(row) = self.rows.last_mut() else { return };
        let start = row.len();
        row.push(text);
        row.resize(start + columns, String::new());
        if down > 1 && row.len() <= MOST_COLUMNS {
            self.filled.resize(self.filled.len().max(row.len()), 0);
            self.filled[start..row.len()].fill(down - 1);
        }
    }

    fn write(mut self) -> Option<String> {
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let width = self.rows.iter().map(Vec::len).max()?;
        let mut lines = Vec::with_capacity(self.rows.len() + 2);
        if !self.has_header {
            lines.push(format!("|{}", "  |".repeat(width)));
        }
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::from("|");
            for cell in row {
                line.push(' ');
                line.push_str(cell);
                line.push_str(" |");
            }
            if number == 0 && self.has_header {
                line.push_str(&"  |".repeat(width - row.len()));
            }
            lines.push(line);
        }
        lines.insert(1, format!("|{}", " --- |".repeat(width)));
        Some(lines.join("\n"))
    }
}

impl<'c, 'd> Writer<'c, 'd> {
    /// Writes a table of data, up to its end; its caption before it.
    pub(super) fn table(&mut self, walk: &mut Walk<'c, 'd>, table: NodeRef<'d>) {
        let mut rows = Rows::default();
        self.in_cell = true;
        while let Some(step) = walk.next() {
            match step {
                Step::Leave(node) if node == table => break,
                Step::Enter(node) if self.content.kind(node) == Kind::Row => rows.begin(),
                Step::Leave(node) if self.content.kind(node) == Kind::Row => rows.end(),
                Step::Enter(node) if self.is_cell(node) => {
                    self.line = Default::default();
                    self.relink();
                }
                Step::Leave(node) if self.is_cell(node) => {
                    let mut text = String::new();
                    self.line.write(Place::Cell, &mut text);
                    match self.content.kind(node) {
                        Kind::Caption => self.caption(&text),
                        Kind::HeaderCell => {
                            rows.headers += 1;
                            rows.cell(node, text);
                        }
                        _ => {
                            rows.others += 1;
                            rows.cell(node, text);
                        }
                    }
                }
                step => self.step(step, walk),
            }
        }
        self.in_cell = false;
        self.line = Default::default();
        self.relink();
        if let Some(text) = rows.write() {
            self.block(&text);
        }
    }

    fn is_cell(&self, node: NodeRef<'d>) -> bool {
        matches!(self.content.kind(node), Kind::Cell | Kind::HeaderCell | Kind::Caption)
    }

    fn caption(&mut self, text: &str) {
        let mut text = text.replace("<br>", " ");
        super::escape::line_starts(&mut text, 0);
        if !text.is_empty() {
            self.block(&text);
        }
    }
}
