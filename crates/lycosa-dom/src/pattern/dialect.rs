//! From the common dialects to the syntax of the `regex` crate. Rewritten is only what means the same in Perl,
//! Python and JavaScript wherever they allow it, and something else or nothing there; refused is what an
//! automaton cannot do, so that it is named by its name.
//!
//! Where the dialects themselves differ, Python is followed: `\Z` is the end of the text, `{,3}` is `{0,3}`.

use regex_syntax::{ast, hir};

use super::{
    PatternLimits, boundary,
    class::{self, Class},
    error::{PatternError, PatternErrorKind as Kind},
};

/// How much deeper the rewritten expression may nest: `\h` becomes a class.
pub(super) const ADDED_NESTING: u32 = 2;

/// Braces further apart hold no count.
const LONGEST_COUNT: usize = 24;

/// The expression in the syntax of the `regex` crate, known to parse.
pub(super) fn checked(source: &str, limits: &PatternLimits) -> Result<String, PatternError> {
    if source.len() > limits.length {
        return Err(PatternError::too_long(limits));
    }
    let Rewritten { text, marks } = Rewriter::new(source).run()?;
    let column = |byte: usize| {
        let place = marks.partition_point(|(out, _)| *out <= byte).saturating_sub(1);
        marks.get(place).map_or(1, |(_, column)| *column)
    };
    let mut parser = ast::parse::ParserBuilder::new();
    let parsed =
        parser.nest_limit(limits.nesting.saturating_add(ADDED_NESTING)).build().parse(&text).map_err(
            |error| PatternError::of_parser(error.kind(), column(error.span().start.offset), limits),
        )?;
    let translated = hir::translate::TranslatorBuilder::new()
        .build()
        .translate(&text, &parsed)
        .map_err(|error| PatternError::of_translator(error.kind(), column(error.span().start.offset)))?;
    if boundary::is_too_wide(&translated) {
        return Err(PatternError::wide_boundary());
    }
    Ok(text)
}

struct Rewritten {
    text: String,
    /// Where in the source what stands at a byte comes from: byte, column from one. Ascending.
    marks: Vec<(usize, usize)>,
}

/// Reads an expression character by character.
pub(super) struct Rewriter {
    source: Vec<char>,
    pub(super) at: usize,
    pub(super) out: String,
    marks: Vec<(usize, usize)>,
    /// Whether white space is ignored, for each open group.
    verbose: Vec<bool>,
    /// Whether what comes before can be repeated, and whether it has been.
    last: Last,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Atom,
    Repetition,
}

impl Rewriter {
    fn new(source: &str) -> Self {
        Self {
            source: source.chars().collect(),
            at: 0,
            out: String::with_capacity(source.len() + 16),
            marks: Vec::new(),
            verbose: vec![false],
            last: Last::Nothing,
        }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<char> {
        self.source.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, wanted)| self.peek(ahead) == Some(wanted))
    }

    /// The text from here to before a character, which must come within this many.
    fn until(&self, from: usize, end: char, most: usize) -> Option<String> {
        let rest = self.source.get(from..)?;
        let rest = rest.get(..most).unwrap_or(rest);
        let length = rest.iter().position(|&found| found == end)?;
        Some(rest[..length].iter().collect())
    }

    pub(super) fn error(&self, kind: Kind, message: impl Into<String>) -> PatternError {
        PatternError::new(kind, self.at + 1, message)
    }

    fn mark(&mut self) {
        self.marks.push((self.out.len(), self.at + 1));
    }

    fn run(mut self) -> Result<Rewritten, PatternError> {
        while let Some(next) = self.peek(0) {
            self.mark();
            match next {
                '\\' => self.escape()?,
                '[' => {
                    class::rewrite(&mut self)?;
                    self.last = Last::Atom;
                }
                '(' => self.group()?,
                ')' => {
                    if self.verbose.len() > 1 {
                        self.verbose.pop();
                    }
                    self.copy(1, Last::Atom);
                }
                '*' | '+' | '?' => self.repetition(next)?,
                '{' => self.braces()?,
                '|' | '^' => self.copy(1, Last::Nothing),
                '#' if self.is_verbose() => self.comment(),
                _ if self.is_verbose() && next.is_whitespace() => self.copy(1, self.last),
                _ => self.copy(1, Last::Atom),
            }
        }
        // Errors at the very end are told of there.
        self.marks.push((self.out.len(), self.at.max(1)));
        Ok(Rewritten { text: self.out, marks: self.marks })
    }

    fn is_verbose(&self) -> bool {
        self.verbose.last().copied().unwrap_or(false)
    }

    fn copy(&mut self, count: usize, last: Last) {
        for _ in 0..count {
            self.out.extend(self.peek(0));
            self.at += 1;
        }
        self.last = last;
    }

    fn replace(&mut self, count: usize, text: &str) {
        self.out.push_str(text);
        self.at += count;
        self.last = Last::Atom;
    }

    fn comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.at += 1;
        }
    }

    fn repetition(&mut self, next: char) -> Result<(), PatternError> {
        match (self.last, next) {
            (Last::Repetition, '+') => {
                Err(self.error(Kind::Possessive, "possessive repetition is not supported"))
            }
            // A question mark after a repetition makes it lazy, and then nothing more may follow.
            (Last::Repetition, '?') => {
                self.copy(1, Last::Atom);
                match self.peek(0) {
                    Some('+' | '*' | '?') => {
                        Err(self.error(Kind::Syntax, "a repetition cannot be repeated without a group"))
                    }
                    _ => Ok(()),
                }
            }
            (Last::Repetition, _) => {
                Err(self.error(Kind::Syntax, "a repetition cannot be repeated without a group"))
            }
            _ => {
                self.copy(1, Last::Repetition);
                Ok(())
            }
        }
    }

    /// A counted repetition, or a brace that stands for itself.
    fn braces(&mut self) -> Result<(), PatternError> {
        let counts = self.until(self.at + 1, '}', LONGEST_COUNT).filter(|counts| is_count(counts));
        let Some(counts) = counts else {
            self.replace(1, "\\{");
            return Ok(());
        };
        if self.last == Last::Repetition {
            return Err(self.error(Kind::Syntax, "a repetition cannot be repeated without a group"));
        }
        if self.last == Last::Nothing {
            return Err(self.error(Kind::Syntax, "there is nothing to repeat"));
        }
        self.out.push('{');
        if counts.starts_with(',') {
            self.out.push('0');
        }
        self.out.push_str(&counts);
        self.out.push('}');
        self.at += counts.chars().count() + 2;
        self.last = Last::Repetition;
        Ok(())
    }

    fn group(&mut self) -> Result<(), PatternError> {
        const REFUSED: &[(&str, Kind, &str)] = &[
            ("(?=", Kind::LookAround, "look-ahead is not supported"),
            ("(?!", Kind::LookAround, "look-ahead is not supported"),
            ("(?<=", Kind::LookAround, "look-behind is not supported"),
            ("(?<!", Kind::LookAround, "look-behind is not supported"),
            ("(?>", Kind::Atomic, "atomic groups are not supported"),
            ("(?P=", Kind::Backreference, "backreferences are not supported"),
            ("(?P>", Kind::Recursion, "calls of groups are not supported"),
            ("(?&", Kind::Recursion, "calls of groups are not supported"),
            ("(?R", Kind::Recursion, "recursion is not supported"),
            ("(?+", Kind::Recursion, "calls of groups are not supported"),
            ("(?(", Kind::Conditional, "conditions are not supported"),
            ("(?|", Kind::Unsupported, "groups that reset their numbers are not supported"),
            ("(?C", Kind::Unsupported, "callouts are not supported"),
            ("(*", Kind::Unsupported, "control verbs are not supported"),
        ];
        if let Some((_, kind, message)) = REFUSED.iter().find(|(start, ..)| self.starts_with(start)) {
            return Err(self.error(*kind, *message));
        }
        let is_number = |ahead| self.peek(ahead).is_some_and(|next| next.is_ascii_digit());
        if self.starts_with("(?") && (is_number(2) || (self.peek(2) == Some('-') && is_number(3))) {
            return Err(self.error(Kind::Recursion, "calls of groups are not supported"));
        }
        if self.starts_with("(?#") {
            let comment = self.until(self.at, ')', usize::MAX);
            let length = comment.ok_or_else(|| self.error(Kind::Syntax, "a comment does not end"))?;
            self.at += length.chars().count() + 1;
            return Ok(());
        }
        if self.starts_with("(?'") {
            let name = self.until(self.at + 3, '\'', usize::MAX);
            let name = name.ok_or_else(|| self.error(Kind::Syntax, "the name of a group does not end"))?;
            self.out.push_str(&format!("(?<{name}>"));
            self.at += name.chars().count() + 4;
            self.opened(self.is_verbose());
            return Ok(());
        }
        self.plain_group();
        Ok(())
    }

    fn opened(&mut self, is_verbose: bool) {
        self.verbose.push(is_verbose);
        self.last = Last::Nothing;
    }

    /// A group that all have, or flags.
    fn plain_group(&mut self) {
        let is_flag = |next: &char| next.is_ascii_alphabetic() || *next == '-' || *next == '^';
        let from = self.at + 2;
        let flags: String = self.source.iter().skip(from).take_while(|next| is_flag(next)).collect();
        let after = self.source.get(from + flags.len()).copied();
        if !self.starts_with("(?") || !matches!(after, Some(':' | ')')) {
            self.copy(1, Last::Nothing);
            // What follows is a kind of group and no repetition.
            if self.peek(0) == Some('?') {
                self.copy(1, Last::Nothing);
            }
            return self.opened(self.is_verbose());
        }
        let (on, off) = flags.split_once('-').unwrap_or((&flags, ""));
        let is_verbose = (self.is_verbose() || on.contains('x')) && !off.contains('x');
        self.copy(flags.len() + 3, Last::Nothing);
        if after == Some(':') {
            self.opened(is_verbose);
        } else if let Some(last) = self.verbose.last_mut() {
            *last = is_verbose;
        }
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let Some(next) = self.peek(1) else {
            return Err(self.error(Kind::Syntax, "a backslash at the end escapes nothing"));
        };
        match next {
            '1'..='9' | 'k' | 'g' => {
                return Err(self.error(Kind::Backreference, "backreferences are not supported"));
            }
            'G' | 'K' | 'X' | 'C' | 'y' | 'Y' => {
                return Err(self.error(Kind::Unsupported, format!("`\\{next}` is not supported")));
            }
            'Q' => self.quoted(),
            'E' => self.at += 2,
            'Z' => self.replace(2, r"\z"),
            'R' => self.replace(2, r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'N' if self.peek(2) != Some('{') => self.replace(2, r"[^\n]"),
            // In the `regex` crate these are boundaries of words, or begin them.
            '<' | '>' => self.replace(2, &format!("\\x{:02X}", u32::from(next))),
            'b' if self.peek(2) == Some('{') => self.replace(2, r"(?:\b)"),
            'A' | 'b' | 'B' | 'z' => self.copy(2, Last::Nothing),
            _ => match class::escape(self)? {
                Class::Characters(text) => self.replace(0, &format!("[{text}]")),
                Class::Single(text) | Class::Named(text) => self.replace(0, &text),
            },
        }
        Ok(())
    }

    /// Characters between `\Q` and `\E`, which stand for themselves.
    fn quoted(&mut self) {
        self.at += 2;
        while let Some(next) = self.peek(0) {
            if self.starts_with("\\E") {
                self.at += 2;
                return;
            }
            self.mark();
            self.replace(1, &class::literal(next));
        }
    }
}

/// Whether this between braces is a count: `3`, `3,`, `3,5`, `,5`.
fn is_count(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(',') {
        None => is_number(text),
        Some(("", most)) => is_number(most),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    }
}
