//! Why an expression is refused.

use std::fmt;

use regex_syntax::{ast, hir};

use super::PatternLimits;

/// Why an expression is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// It is no regular expression.
    Syntax,
    /// It refers back to what a group took: `\1`, `\k<name>`, `(?P=name)`.
    Backreference,
    /// It looks ahead or behind: `(?=`, `(?!`, `(?<=`, `(?<!`.
    LookAround,
    /// It repeats without giving back: `a++`, `a*+`.
    Possessive,
    /// It has a group without giving back: `(?>`.
    Atomic,
    /// It calls itself or a group: `(?R)`, `(?1)`, `(?&name)`.
    Recursion,
    /// It has a condition: `(?(1)a|b)`.
    Conditional,
    /// It uses something else that only some engines have.
    Unsupported,
    /// It is too large when compiled.
    TooLarge,
    /// It repeats too much beside a word boundary to be fast on text beyond ASCII.
    WideBoundary,
    /// Its groups nest too deeply.
    TooDeep,
    /// It is too long as written.
    TooLong,
}

impl PatternErrorKind {
    /// The name used in counts: `look_around`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Backreference => "backreference",
            Self::LookAround => "look_around",
            Self::Possessive => "possessive",
            Self::Atomic => "atomic",
            Self::Recursion => "recursion",
            Self::Conditional => "conditional",
            Self::Unsupported => "unsupported",
            Self::TooLarge => "too_large",
            Self::WideBoundary => "wide_boundary",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
        }
    }

    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Syntax => return None,
            Self::Backreference => "match both places with one class each, and compare afterwards",
            Self::LookAround => "match what surrounds it too, and put a group around the part to take",
            Self::Possessive | Self::Atomic => {
                "leave it out: the search is linear without it, though it may find more"
            }
            Self::Recursion => "nested structures are for a selector, not for a regular expression",
            Self::Conditional => "write the cases as alternatives: (?:with|without)",
            Self::Unsupported => "use what Perl, Python and JavaScript have in common",
            Self::TooLarge => "repeat less, or narrow the classes: [0-9A-Za-z_] is much smaller than \\w",
            Self::WideBoundary => "write (?-u:\\b) for \\b, if words of ASCII are meant, or repeat less",
            Self::TooDeep => "use fewer groups within groups",
            Self::TooLong => "split it into several expressions",
        })
    }
}

/// Why an expression cannot be used, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The reason.
    pub kind: PatternErrorKind,
    /// What is wrong: one lower-case sentence without a full stop.
    pub message: String,
    /// The character at which it was noticed, counted from one; `None` when it is the whole.
    pub column: Option<usize>,
}

impl PatternError {
    pub(super) fn new(kind: PatternErrorKind, column: usize, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), column: Some(column) }
    }

    pub(super) fn too_long(limits: &PatternLimits) -> Self {
        let message = format!("it is longer than {} bytes", limits.length);
        Self { kind: PatternErrorKind::TooLong, message, column: None }
    }

    pub(super) fn wide_boundary() -> Self {
        let message = "it repeats too much beside a \\b to be fast on text beyond ASCII".to_owned();
        Self { kind: PatternErrorKind::WideBoundary, message, column: None }
    }

    /// What to do instead, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        self.kind.hint()
    }

    /// An error of the parser, at a column that the caller has worked out.
    pub(super) fn of_parser(error: &ast::ErrorKind, column: usize, limits: &PatternLimits) -> Self {
        use PatternErrorKind as Kind;
        use ast::ErrorKind as Parser;
        match error {
            Parser::NestLimitExceeded(_) => {
                let message = format!("groups nest deeper than {}", limits.nesting);
                Self { kind: Kind::TooDeep, message, column: Some(column) }
            }
            Parser::UnsupportedBackreference => {
                Self::new(Kind::Backreference, column, "backreferences are not supported")
            }
            Parser::UnsupportedLookAround => {
                Self::new(Kind::LookAround, column, "look-around is not supported")
            }
            Parser::EscapeUnrecognized | Parser::FlagUnrecognized => {
                Self::new(Kind::Unsupported, column, format!("{error}"))
            }
            Parser::CaptureLimitExceeded => Self::new(Kind::TooLarge, column, format!("{error}")),
            _ => Self::new(Kind::Syntax, column, format!("{error}")),
        }
    }

    pub(super) fn of_translator(error: &hir::ErrorKind, column: usize) -> Self {
        let kind = match error {
            hir::ErrorKind::UnicodePropertyNotFound
            | hir::ErrorKind::UnicodePropertyValueNotFound
            | hir::ErrorKind::UnicodeNotAllowed => PatternErrorKind::Unsupported,
            _ => PatternErrorKind::Syntax,
        };
        Self::new(kind, column, format!("{error}"))
    }

    /// An error of compilation, after parsing went well.
    pub(super) fn of_build(error: &regex::Error, limits: &PatternLimits) -> Self {
        match error {
            regex::Error::CompiledTooBig(_) => {
                let message = format!("it grows larger than {} bytes when compiled", limits.size);
                Self { kind: PatternErrorKind::TooLarge, message, column: None }
            }
            other => Self {
                kind: PatternErrorKind::Syntax,
                message: other.to_string().lines().last().unwrap_or_default().trim().to_owned(),
                column: None,
            },
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        f_column(self.column, formatter)?;
        formatter.write_str(&self.message)
    }
}

fn f_column(column: Option<usize>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    column.map_or(Ok(()), |column| write!(formatter, "at character {column}: "))
}

impl std::error::Error for PatternError {}
