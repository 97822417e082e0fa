//! What can go wrong with an expression, where in it, and how people are told. Nothing here decides; the lexer,
//! the parser, the compiler and the evaluator make these.

use std::{fmt, sync::Arc};

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum XPathErrorKind {
    /// The text is no XPath 1.0 expression.
    Syntax,
    /// There is no function of this name.
    UnknownFunction,
    /// The function does not take this many arguments.
    WrongArity,
    /// A prefix that nothing binds to a namespace.
    UnboundPrefix,
    /// A variable that the environment does not have.
    UnboundVariable,
    /// A value of the wrong type: something else where a node-set must stand, a doctype or a node of another
    /// document as a context.
    Type,
    /// A regular expression that cannot be compiled.
    RegularExpression,
    /// Evaluation took more steps than allowed.
    StepLimit,
    /// Evaluation held on to more memory than allowed.
    MemoryLimit,
    /// The expression is longer than allowed.
    TooLong,
    /// The expression is nested deeper than allowed.
    TooDeep,
}

/// Why an expression cannot be compiled or evaluated.
///
/// ```
/// use lycosa_dom::{XPath, XPathErrorKind};
/// let error = XPath::compile("//p[contain(., 'x')]").unwrap_err();
/// assert_eq!((error.kind(), error.column()), (XPathErrorKind::UnknownFunction, 5));
/// assert_eq!(
///     error.rendering(),
///     "unknown function `contain`\n  //p[contain(., 'x')]\n      ^\nhint: did you mean `contains`?"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XPathError(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    kind: XPathErrorKind,
    message: String,
    hint: Option<String>,
    column: usize,
    expression: Arc<str>,
}

/// How many characters of a long expression are shown on each side of the caret.
const SHOWN: usize = 60;

impl XPathError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> XPathErrorKind {
        self.0.kind
    }

    /// What is wrong, as one sentence in lower case without a full stop.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, if there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Where it was noticed: the character of the expression, counted from one.
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// The expression.
    pub fn expression(&self) -> &str {
        &self.0.expression
    }

    /// For a terminal: the sentence, the expression (its surroundings, when it is long) with a caret under the
    /// column, and the hint.
    pub fn rendering(&self) -> String {
        let from = self.0.column.saturating_sub(SHOWN + 1);
        let shown: String = self.0.expression.chars().skip(from).take(2 * SHOWN).map(printable).collect();
        let before = if from > 0 { "…" } else { "" };
        let after = if self.0.expression.chars().nth(from + 2 * SHOWN).is_some() { "…" } else { "" };
        let caret = self.0.column - 1 - from + before.chars().count();
        let mut out = format!("{}\n  {before}{shown}{after}\n  {}^", self.0.message, " ".repeat(caret));
        if let Some(hint) = &self.0.hint {
            out.push_str("\nhint: ");
            out.push_str(hint);
        }
        out
    }
}

fn printable(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

impl fmt::Display for XPathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at column {}", self.0.message, self.0.column)?;
        match &self.0.hint {
            Some(hint) => write!(formatter, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for XPathError {}

/// A fault before its expression is known: what, and at which byte.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: XPathErrorKind,
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(kind: XPathErrorKind, at: usize, message: impl Into<String>) -> Self {
        Self { kind, at, message: message.into(), hint: None }
    }

    pub(super) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self::new(XPathErrorKind::Syntax, at, message)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The error, now that the expression is at hand.
    pub(super) fn in_expression(self, expression: &Arc<str>) -> XPathError {
        let before = &expression[..expression.floor_char_boundary(self.at)];
        XPathError(Box::new(Details {
            kind: self.kind,
            message: self.message,
            hint: self.hint,
            column: before.chars().count() + 1,
            expression: Arc::clone(expression),
        }))
    }
}
