//! Pseudo-classes that are not about tree structure. A document at rest has no pointer, focus, history or
//! media, so classes about these parse and never match; those about elements and forms follow the HTML standard
//! (4.16.3). The extensions are those of jQuery that ask about one element, cssselect, Soup Sieve and cascadia.
//! Parts: `forms` and `range` (the state of form controls), `language` (`:lang()`, `:dir()`), `text`.

mod fields;
mod forms;
mod language;
mod range;
mod text;

use std::fmt::{self, Write};

use cssparser::{ParseError, Parser as CssParser, ToCss, serialize_string};
use selectors::parser::{SelectorList, SelectorParseErrorKind};

pub(super) use self::language::Direction;
use self::{fields::Field, text::TextTest};
use super::{
    grammar::Grammar,
    matching::Matcher,
    parser::{SelectorParser, raw},
    pattern::{Pattern, expression},
    rewrite::ATTRIBUTE_MATCHES,
};
use crate::{
    document::NodeRef,
    name::{Atom, Namespace, NodeName, atoms},
};

/// A pseudo-class without tree structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PseudoClass {
    /// Parsed, never matching; the name.
    Never(&'static str),
    /// The same with arguments.
    NeverFunction(&'static str, String),
    Link,
    AnyLink,
    Enabled,
    Disabled,
    Checked,
    Default,
    Required,
    Optional,
    ReadOnly,
    ReadWrite,
    PlaceholderShown,
    Indeterminate,
    InRange,
    OutOfRange,
    Valid,
    Invalid,
    Defined,
    Open,
    Muted,
    Heading,
    /// `:parent` of jQuery: not empty.
    Parent,
    Field(Field),
    Lang(Vec<String>),
    Dir(Option<Direction>, String),
    Text(TextTest),
    /// `[a#=re]` of cascadia.
    AttributeMatches(String, Pattern),
    /// `:haschild()` of cascadia.
    HasChild(SelectorList<Grammar>),
    /// `:matches()`, the old name of `:is()`.
    AnyOf(SelectorList<Grammar>),
}

const NEVER: &[&str] = &[
    "visited",
    "local-link",
    "hover",
    "active",
    "focus",
    "focus-visible",
    "focus-within",
    "target",
    "target-within",
    "target-current",
    "current",
    "past",
    "future",
    "playing",
    "paused",
    "seeking",
    "buffering",
    "stalled",
    "volume-locked",
    "user-valid",
    "user-invalid",
    "fullscreen",
    "modal",
    "popover-open",
    "autofill",
    "-webkit-autofill",
    "picture-in-picture",
    "active-view-transition",
    "has-slotted",
];

const NEVER_FUNCTIONS: &[&str] = &["state", "active-view-transition-type"];

const NAMED: &[(&str, PseudoClass)] = &[
    ("link", PseudoClass::Link),
    ("any-link", PseudoClass::AnyLink),
    ("enabled", PseudoClass::Enabled),
    ("disabled", PseudoClass::Disabled),
    ("checked", PseudoClass::Checked),
    ("default", PseudoClass::Default),
    ("required", PseudoClass::Required),
    ("optional", PseudoClass::Optional),
    ("read-only", PseudoClass::ReadOnly),
    ("read-write", PseudoClass::ReadWrite),
    ("placeholder-shown", PseudoClass::PlaceholderShown),
    ("indeterminate", PseudoClass::Indeterminate),
    ("in-range", PseudoClass::InRange),
    ("out-of-range", PseudoClass::OutOfRange),
    ("valid", PseudoClass::Valid),
    ("invalid", PseudoClass::Invalid),
    ("defined", PseudoClass::Defined),
    ("open", PseudoClass::Open),
    ("muted", PseudoClass::Muted),
    ("header", PseudoClass::Heading),
    ("parent", PseudoClass::Parent),
];

type Parsed = Result<PseudoClass, ParseError<SelectorParseErrorKind>>;

impl PseudoClass {
    pub(super) fn named(name: &str) -> Option<Self> {
        let named = NAMED.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
        let never = || NEVER.iter().find(|word| word.eq_ignore_ascii_case(name));
        named
            .map(|(_, class)| class.clone())
            .or_else(|| Field::named(name).map(Self::Field))
            .or_else(|| never().map(|word| Self::Never(word)))
    }

    /// The class with arguments; `None` for an unknown name.
    pub(super) fn function(
        parser: &SelectorParser<'_>,
        name: &str,
        arguments: &mut CssParser<'_>,
    ) -> Option<Parsed> {
        let is = |word: &str| name.eq_ignore_ascii_case(word);
        let never = NEVER_FUNCTIONS.iter().find(|word| is(word));
        if is("lang") {
            Some(words(arguments).map(Self::Lang))
        } else if is("dir") {
            Some(
                arguments
                    .expect_ident()
                    .map_err(ParseError::from)
                    .map(|word| Self::Dir(Direction::named(word), word.to_ascii_lowercase())),
            )
        } else if let Some(name) = never {
            let argument = arguments.expect_ident().map_err(ParseError::from);
            Some(argument.map(|argument| Self::NeverFunction(name, argument.to_string())))
        } else if is("current") {
            let start = arguments.position();
            let list = parser.list(arguments);
            Some(list.map(|_| Self::NeverFunction("current", arguments.slice_from(start).trim().to_owned())))
        } else if is("haschild") {
            Some(parser.list(arguments).map(Self::HasChild))
        } else if is("matches") {
            Some(Self::matches_function(parser, arguments))
        } else if is(ATTRIBUTE_MATCHES) {
            Some(Self::attribute_matches(parser, arguments))
        } else {
            TextTest::function(parser, name, arguments).map(|test| test.map(Self::Text))
        }
    }

    /// `:matches()` was the name of `:is()` in drafts, and asks for a regular expression in cascadia. What can be
    /// read as selectors is selectors; a string, what has a backslash or cannot is an expression.
    fn matches_function(parser: &SelectorParser<'_>, arguments: &mut CssParser<'_>) -> Parsed {
        let list = arguments.try_parse(|arguments| {
            let start = arguments.state();
            if raw(arguments).contains('\\') {
                return Err(ParseError::custom(SelectorParseErrorKind::InvalidState));
            }
            arguments.reset(&start);
            let list = parser.list(arguments)?;
            arguments.expect_exhausted()?;
            Ok::<_, ParseError<SelectorParseErrorKind>>(list)
        });
        match list {
            Ok(list) => Ok(Self::AnyOf(list)),
            Err(_) => TextTest::expression(parser, "matches", arguments).map(Self::Text),
        }
    }

    fn attribute_matches(parser: &SelectorParser<'_>, arguments: &mut CssParser<'_>) -> Parsed {
        let name = arguments.expect_string()?.to_string();
        arguments.expect_comma()?;
        let expression = arguments.expect_string()?.to_string();
        let pattern = Pattern::compile(&expression).map_err(|message| parser.refuse("#=", message))?;
        Ok(Self::AttributeMatches(name, pattern))
    }

    pub(super) fn matches<'d>(&self, matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
        // Most ask for some attribute.
        matcher.charge_attributes(node.number());
        match self {
            Self::Never(_) | Self::NeverFunction(..) => false,
            Self::Lang(ranges) => language::is_in_language(matcher, node, ranges),
            Self::Text(test) => test.matches(matcher, node),
            Self::AttributeMatches(name, pattern) => attribute(node, name).is_some_and(|value| {
                matcher.charge(value.len());
                pattern.is_match(value)
            }),
            Self::HasChild(list) => node.children().any(|child| {
                matcher.step();
                child.is_element() && matcher.matches_list(list, child)
            }),
            Self::AnyOf(list) => matcher.matches_list(list, node),
            Self::Parent => node.first_child().is_some(),
            Self::ReadOnly => !forms::is_read_write(matcher, node),
            Self::Link | Self::AnyLink if node.namespace() == Namespace::Svg => {
                node.name() == "a" && (node.attr("href").or_else(|| node.attr("xlink:href"))).is_some()
            }
            Self::Defined => !node.node_name().is_html() || !node.name().contains('-'),
            _ => node.node_name().html_atom().is_some_and(|atom| self.matches_html(matcher, node, atom)),
        }
    }

    fn matches_html<'d>(&self, matcher: &mut Matcher<'d>, node: NodeRef<'d>, atom: Atom) -> bool {
        let has = |attribute| has(node, attribute);
        match self {
            Self::Link | Self::AnyLink => matches!(atom, atoms::A | atoms::AREA) && has(atoms::HREF),
            Self::Enabled => forms::can_be_disabled(node) && !forms::is_disabled(matcher, node),
            Self::Disabled => forms::can_be_disabled(node) && forms::is_disabled(matcher, node),
            Self::Checked => forms::is_checked(matcher, node),
            Self::Default => forms::is_default(matcher, node),
            Self::Required => forms::can_be_required(node) && has(atoms::REQUIRED),
            Self::Optional => forms::can_be_required(node) && !has(atoms::REQUIRED),
            Self::ReadWrite => forms::is_read_write(matcher, node),
            Self::PlaceholderShown => forms::is_placeholder_shown(node),
            Self::Indeterminate => forms::is_indeterminate(matcher, node),
            Self::InRange => range::place(matcher, node) == Some(true),
            Self::OutOfRange => range::place(matcher, node) == Some(false),
            Self::Valid => forms::validity(matcher, node) == Some(true),
            Self::Invalid => forms::validity(matcher, node) == Some(false),
            Self::Open => matches!(atom, atoms::DETAILS | atoms::DIALOG) && has(atoms::OPEN),
            Self::Muted => matches!(atom, atoms::AUDIO | atoms::VIDEO) && has(atoms::MUTED),
            Self::Heading => {
                matches!(atom, atoms::H1 | atoms::H2 | atoms::H3 | atoms::H4 | atoms::H5 | atoms::H6)
            }
            Self::Field(field) => field.matches(matcher, node, atom),
            Self::Dir(wanted, _) => wanted.is_some() && language::direction(matcher, node) == *wanted,
            _ => false,
        }
    }
}

/// Words and strings between commas, at least one.
fn words(arguments: &mut CssParser<'_>) -> Result<Vec<String>, ParseError<SelectorParseErrorKind>> {
    arguments.parse_comma_separated(|argument| {
        argument.expect_ident_or_string().map(|word| word.to_string()).map_err(ParseError::from)
    })
}

fn has(node: NodeRef<'_>, attribute: Atom) -> bool {
    node.document().attribute_value(node.number(), NodeName::plain(attribute)).is_some()
}

/// The value of an attribute; in HTML its name has no case.
fn attribute<'d>(node: NodeRef<'d>, name: &str) -> Option<&'d str> {
    let is_html = node.node_name().is_html();
    let mut attributes = node.attrs();
    let found = attributes
        .find(|attribute| attribute.is_named(name) || is_html && attribute.name().eq_ignore_ascii_case(name));
    found.map(|attribute| attribute.value())
}

impl ToCss for PseudoClass {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        match self {
            Self::Never(name) => write!(destination, ":{name}"),
            Self::NeverFunction(name, argument) => write!(destination, ":{name}({argument})"),
            Self::Lang(words) => write_strings("lang", words, destination),
            Self::Dir(_, word) => write!(destination, ":dir({word})"),
            Self::Text(test) => test.to_css(destination),
            Self::Field(field) => write!(destination, ":{}", field.name()),
            Self::AttributeMatches(name, pattern) => {
                destination.write_char('[')?;
                cssparser::serialize_identifier(name, destination)?;
                destination.write_str("#=")?;
                pattern.to_css(destination)?;
                destination.write_char(']')
            }
            Self::HasChild(list) => {
                destination.write_str(":haschild(")?;
                list.to_css(destination)?;
                destination.write_char(')')
            }
            Self::AnyOf(list) => {
                destination.write_str(":is(")?;
                list.to_css(destination)?;
                destination.write_char(')')
            }
            other => {
                let name = NAMED.iter().find(|(_, class)| class == other).map_or("", |(name, _)| name);
                write!(destination, ":{name}")
            }
        }
    }
}

fn write_strings<W: Write>(name: &str, strings: &[String], destination: &mut W) -> fmt::Result {
    write!(destination, ":{name}(")?;
    for (position, string) in strings.iter().enumerate() {
        if position > 0 {
            destination.write_str(", ")?;
        }
        serialize_string(string, destination)?;
    }
    destination.write_char(')')
}
