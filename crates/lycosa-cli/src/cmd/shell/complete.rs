//! Completion: of commands, of files, and of the names on the page at hand in selectors and expressions. Hints are those
//! of the history, else what a command takes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use lycosa_dom::XPath;
use rustyline::Context;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::Validator;

use super::help::COMMANDS;
use super::names::{Names, css_name, is_name};
use super::page::Page;
use crate::output;

/// What the line editor asks.
#[derive(Default)]
pub(super) struct Helper {
    /// The page at hand.
    pub(super) page: Option<Arc<Page>>,
    /// Whether hints can be told from what was typed.
    pub(super) has_colours: bool,
}

/// Pseudo-classes and what may follow `::`.
const PSEUDO_CLASSES: [&str; 14] = [
    "contains(",
    "empty",
    "first-child",
    "first-of-type",
    "has(",
    "is(",
    "last-child",
    "last-of-type",
    "not(",
    "nth-child(",
    "nth-last-child(",
    "nth-of-type(",
    "only-child",
    "root",
];
const OUTPUTS: [&str; 2] = ["attr(", "text"];
/// Tests of nodes (XPath 1.0, section 2.3).
const NODE_TESTS: [&str; 4] = ["comment()", "node()", "processing-instruction()", "text()"];

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..pos];
        let begin = before.len() - before.trim_start().len();
        let Some(space) = before[begin..].find(char::is_whitespace) else {
            return Ok(self.first_word(before, begin));
        };
        let argument = begin + space;
        let (start, found) = match &before[begin..argument] {
            "fetch" | "rules" | "view" => return files(line, pos),
            "xpath" => self.xpath(&before[argument..]),
            "help" => {
                let word = before[argument..].trim_start();
                let known = COMMANDS.iter().filter(|command| command.name.starts_with(word));
                (before.len() - argument - word.len(), known.map(|command| command.name.to_owned()).collect())
            }
            word if word != "css" && COMMANDS.iter().any(|command| command.name == word) => (0, Vec::new()),
            word if word.starts_with(['/', '(']) => {
                let (start, found) = self.xpath(&before[begin..]);
                return Ok((begin + start, pairs(found)));
            }
            "css" => self.css(&before[argument..]),
            _ => {
                let (start, found) = self.css(&before[begin..]);
                return Ok((begin + start, pairs(found)));
            }
        };
        Ok((argument + start, pairs(found)))
    }
}

impl Helper {
    fn names(&self) -> Arc<Names> {
        self.page.as_ref().map(|page| page.names()).unwrap_or_default()
    }

    /// A command, or a selector or an expression that stands alone.
    fn first_word(&self, before: &str, begin: usize) -> (usize, Vec<Pair>) {
        let word = &before[begin..];
        let known = COMMANDS.iter().filter(|command| command.name.starts_with(word));
        let known: Vec<_> = known
            .map(|command| format!("{}{}", command.name, if command.takes.is_empty() { "" } else { " " }))
            .collect();
        if !known.is_empty() {
            return (begin, pairs(known));
        }
        let (start, found) = if word.starts_with(['/', '(']) { self.xpath(word) } else { self.css(word) };
        (begin + start, pairs(found))
    }

    /// Where the last name of a selector begins, and what it could become.
    fn css(&self, selector: &str) -> (usize, Vec<String>) {
        let start = last_name(selector);
        let (left, word) = selector.split_at(start);
        let names = self.names();
        let of_page = |names: &BTreeSet<String>| beginning(names.iter().map(|name| css_name(name)), word);
        let found = match left.chars().next_back() {
            _ if left.rfind('[') > left.rfind(']') && !left.ends_with('[') => Vec::new(),
            Some('.') => of_page(&names.classes),
            Some('#') => of_page(&names.ids),
            Some('[') => of_page(&names.attributes),
            Some('(') if left.ends_with("::attr(") => of_page(&names.attributes),
            Some(':') if left.ends_with("::") => beginning(OUTPUTS.map(str::to_owned), word),
            Some(':') => beginning(PSEUDO_CLASSES.map(str::to_owned), word),
            _ => of_page(&names.elements),
        };
        (start, found)
    }

    /// Where the last name of an expression begins, and what it could become.
    fn xpath(&self, expression: &str) -> (usize, Vec<String>) {
        let names = self.names();
        if let Some((start, named)) = in_literal(expression, &names) {
            return (start, named);
        }
        let is_part = |c: char| is_name(c) || c == '.';
        let mut start = 0;
        for (at, character) in expression.char_indices() {
            let is_prefix = character == ':'
                && !expression[at + 1..].starts_with(':')
                && !expression[..at].ends_with(':');
            if !is_part(character) && !is_prefix {
                start = at + character.len_utf8();
            }
        }
        let (left, word) = expression.split_at(start);
        let left = left.trim_end();
        let mut found = Vec::new();
        if left.ends_with('@') || left.ends_with("attribute::") {
            return (start, beginning(names.attributes.iter().cloned(), word));
        }
        found.extend(names.elements.iter().cloned());
        found.extend(NODE_TESTS.map(str::to_owned));
        if !left.ends_with("::") {
            found.extend(XPath::axis_names().map(|name| format!("{name}::")));
        }
        if !left.ends_with(['/', ':']) {
            found.extend(XPath::function_names().map(|name| format!("{name}(")));
        }
        let mut found = beginning(found, word);
        found.sort();
        found.dedup();
        (start, found)
    }
}

/// Inside quotation marks: classes and ids where they are asked for.
fn in_literal(expression: &str, names: &Names) -> Option<(usize, Vec<String>)> {
    let mut open: Option<(usize, char)> = None;
    for (at, character) in expression.char_indices().filter(|(_, character)| "'\"".contains(*character)) {
        open = match open {
            Some((_, mark)) if mark == character => None,
            None => Some((at, character)),
            inside => inside,
        };
    }
    let (at, _) = open?;
    let left: String = expression[..at].chars().filter(|character| !character.is_whitespace()).collect();
    let word = &expression[at + 1..];
    let asks = |ways: &[&str]| ways.iter().any(|way| left.ends_with(way));
    let found = match () {
        () if asks(&["has-class(", "@class=", "(@class,"]) => beginning(names.classes.iter().cloned(), word),
        () if asks(&["id(", "@id="]) => beginning(names.ids.iter().cloned(), word),
        () => Vec::new(),
    };
    Some((at + 1, found))
}

/// Where the name at the end of a selector begins; a backslash makes any character part of it.
fn last_name(selector: &str) -> usize {
    let (mut start, mut is_escaped) = (0, false);
    for (at, character) in selector.char_indices() {
        if !is_escaped && character != '\\' && !is_name(character) {
            start = at + character.len_utf8();
        }
        is_escaped = !is_escaped && character == '\\';
    }
    start
}

fn beginning(names: impl IntoIterator<Item = String>, word: &str) -> Vec<String> {
    names.into_iter().filter(|name| name.starts_with(word)).collect()
}

fn pairs(found: Vec<String>) -> Vec<Pair> {
    found.into_iter().map(|name| Pair { display: name.clone(), replacement: name }).collect()
}

/// Files, but those whose names a terminal would obey.
fn files(line: &str, pos: usize) -> rustyline::Result<(usize, Vec<Pair>)> {
    let (start, mut found) = FilenameCompleter::new().complete_path(line, pos)?;
    found.retain(|pair| matches!(output::printable(&pair.display), Cow::Borrowed(_)));
    Ok((start, found))
}

impl Hinter for Helper {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        if !self.has_colours || line.is_empty() || pos < line.len() {
            return None;
        }
        HistoryHinter::new().hint(line, pos, context).or_else(|| {
            let name = line.strip_suffix(' ')?;
            let known = COMMANDS.iter().find(|command| command.name == name)?;
            (!known.takes.is_empty()).then(|| known.takes.to_owned())
        })
    }
}

impl Highlighter for Helper {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[m"))
    }
}

impl Validator for Helper {}

impl rustyline::Helper for Helper {}
