//! Why a selector cannot be parsed, where, and how to show the place.

use std::fmt;

use cssparser::ParseErrorKind;
use selectors::parser::SelectorParseErrorKind;

/// Why a selector cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// Where it was noticed: the character, counted from one.
    pub column: usize,
    /// The selector around the place, on one line.
    excerpt: String,
    /// How many characters of the excerpt stand before the place.
    before: usize,
}

/// How many characters of a long selector are shown on each side of the place.
const CONTEXT: usize = 40;

impl fmt::Display for SelectorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid selector at column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SelectorError {}

impl SelectorError {
    pub(super) fn at(source: &str, byte: usize, message: impl Into<String>) -> Self {
        let byte = source.floor_char_boundary(byte);
        let (left, right) = source.split_at(byte);
        let plain = |character: char| if character.is_control() { ' ' } else { character };
        let mut before: Vec<char> = left.chars().rev().take(CONTEXT).map(plain).collect();
        before.reverse();
        let excerpt = before.iter().copied().chain(right.chars().take(CONTEXT).map(plain)).collect();
        Self { message: message.into(), column: left.chars().count() + 1, excerpt, before: before.len() }
    }

    /// The selector (of a long one, 40 characters on each side) and under it a caret at the place, for a
    /// terminal or an editor.
    ///
    /// ```
    /// let error = lycosa_dom::Selector::parse("ul > li >").unwrap_err();
    /// assert_eq!(error.to_string(), "invalid selector at column 10: a combinator has nothing on one side");
    /// assert_eq!(error.caret(), "ul > li >\n         ^");
    /// ```
    pub fn caret(&self) -> String {
        format!("{}\n{}^", self.excerpt, " ".repeat(self.before))
    }
}

pub(super) fn describe(kind: &ParseErrorKind<SelectorParseErrorKind>) -> String {
    use SelectorParseErrorKind as Kind;
    let sentence = match kind {
        ParseErrorKind::Basic(kind) => return format!("{kind}"),
        ParseErrorKind::Custom(kind) => match kind {
            Kind::EmptySelector => "a selector is missing",
            Kind::DanglingCombinator => "a combinator has nothing on one side",
            Kind::UnsupportedPseudoClassOrElement => "this pseudo-class is not supported",
            Kind::ExpectedNamespace => "this namespace prefix is not declared",
            Kind::ClassNeedsIdent => "a class name must follow the dot",
            Kind::BadValueInAttr => "the attribute's value must be a word or a quoted string",
            Kind::PseudoElementExpectedColon | Kind::PseudoElementExpectedIdent | Kind::NoIdentForPseudo => {
                "a name must follow the colon"
            }
            Kind::NonCompoundSelector => "only one compound selector may stand here",
            Kind::ExplicitNamespaceUnexpectedToken => "a name must follow the namespace prefix",
            Kind::UnexpectedTokenInAttributeSelector
            | Kind::NoQualifiedNameInAttributeSelector
            | Kind::ExpectedBarInAttr
            | Kind::InvalidQualNameInAttr => "this attribute selector cannot be read",
            _ => "this is not allowed here",
        },
    };
    sentence.to_owned()
}
