//! Answers on a screen: the beginning of long ones, and nothing of a page that a terminal would obey.

use std::borrow::Cow;

use lycosa::Result;
use tokio_util::sync::CancellationToken;

use crate::output;

/// Lines of an answer that a terminal gets.
const LINES: usize = 40;
/// Characters of a line that a terminal gets.
const WIDTH: usize = 400;
/// Lines and bytes of an answer that are made at all.
const MOST_LINES: usize = 1_000_000;
const MOST_BYTES: usize = 64 << 20;
/// Lines that are written at once: between, Ctrl-C is heard.
const AT_ONCE: usize = 200;

/// An answer in lines.
#[derive(Debug, Default)]
pub(super) struct Answer {
    lines: Vec<String>,
    bytes: usize,
    is_cut: bool,
    /// What is said about it on standard error.
    pub(super) notes: Vec<String>,
    /// Whether the command counts as failed: nothing was found, or not what must be there.
    pub(super) is_failure: bool,
}

impl Answer {
    /// Of a whole text.
    pub(super) fn of(text: &str) -> Self {
        let mut answer = Self::default();
        answer.push(text.strip_suffix('\n').unwrap_or(text));
        answer
    }

    /// Nothing was found: a note that says so.
    pub(super) fn nothing(note: &str) -> Self {
        Self { notes: vec![note.to_owned()], is_failure: true, ..Self::default() }
    }

    /// Adds a text, line by line. `false` when the answer is as long as answers may become.
    pub(super) fn push(&mut self, text: &str) -> bool {
        for line in text.split('\n') {
            self.bytes += line.len() + 1;
            if self.lines.len() >= MOST_LINES || self.bytes > MOST_BYTES {
                self.is_cut = true;
                return false;
            }
            self.lines.push(line.strip_suffix('\r').unwrap_or(line).to_owned());
        }
        true
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Writes it: its beginning alone if `is_short`. Stops when asked to.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn print(&self, is_short: bool, stop: &CancellationToken) -> Result<()> {
        let shown = if is_short { LINES.min(self.lines.len()) } else { self.lines.len() };
        for lines in self.lines[..shown].chunks(AT_ONCE) {
            if stop.is_cancelled() {
                return Ok(());
            }
            let mut text = String::new();
            for line in lines {
                let line = if is_short { short(line, WIDTH) } else { Cow::Borrowed(line.as_str()) };
                text.push_str(&output::plain(&line));
                text.push('\n');
            }
            if !output::data(text.as_bytes())? {
                return Ok(());
            }
        }
        let more = self.lines.len() - shown;
        let is_narrowed =
            is_short && self.lines[..shown].iter().any(|line| line.chars().nth(WIDTH).is_some());
        if more > 0 {
            output::data(format!("… {more} more; `all` shows them\n").as_bytes())?;
        } else if is_narrowed {
            output::data("… lines were cut; `all` shows them whole\n".as_bytes())?;
        }
        if self.is_cut && !is_short {
            output::say("note: the answer was cut at a million lines or 64 MiB");
        }
        self.notes.iter().for_each(|note| output::say(note));
        Ok(())
    }
}

/// The beginning of a line, so many characters of it.
pub(super) fn short(line: &str, width: usize) -> Cow<'_, str> {
    match line.char_indices().nth(width) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

/// So many characters on a screen, all of them in a script.
pub(super) fn width(is_screen: bool, width: usize) -> usize {
    if is_screen { width } else { usize::MAX }
}

/// The beginning of a long text as one short line. Looks at no more of it than may be shown.
pub(super) fn line_of(text: &str, width: usize) -> String {
    let begin = &text[..text.floor_char_boundary(width.saturating_mul(16))];
    let line = lycosa_dom::collapse_whitespace(begin);
    let line = short(line.trim(), width);
    if begin.len() < text.len() && !line.ends_with('…') { format!("{line}…") } else { line.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_bounded_in_lines_and_bytes() {
        let mut answer = Answer::default();
        while answer.push("a\nb\r") {}
        assert_eq!((answer.len(), answer.is_cut), (MOST_LINES, true));
        assert_eq!(answer.lines[1], "b");
        let mut answer = Answer::default();
        assert!(!answer.push(&"x".repeat(MOST_BYTES + 1)) && answer.len() == 0);
    }

    #[test]
    fn lines_are_plain_and_short() {
        assert_eq!(output::plain("a\tb\u{1b}]0;x\u{7}\u{9b}2J"), "a\tb\\u{1b}]0;x\\u{7}\\u{9b}2J");
        assert_eq!(output::plain("a\n\u{7}\n\tb"), "a\n\\u{7}\n\tb");
        assert_eq!(line_of(" a\n  b ", 9), "a b");
        assert_eq!(line_of(&"é".repeat(1_000_000), 3), "ééé…");
        assert_eq!(line_of(&format!("a{}b", " ".repeat(1_000)), 3), "a…");
    }
}
