//! Pseudo-classes that are not about tree structure. A document at rest has no pointer, focus, history or
//! media, so classes about these parse and never match; those about elements and forms follow the HTML standard
//! (4.16.3). `:contains()` is the extension of jQuery and cssselect.

use std::fmt::{self, Write};

use cssparser::{ParseError, Parser as CssParser, ToCss, serialize_string};
use selectors::parser::SelectorParseErrorKind;

use crate::{
    document::NodeRef,
    name::{NodeName, atoms},
};

/// A pseudo-class without tree structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PseudoClass {
    /// Parsed, never matching; the name.
    Never(&'static str),
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
    Defined,
    Open,
    Lang(Vec<String>),
    Contains(Vec<String>),
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
    "current",
    "past",
    "future",
    "playing",
    "paused",
    "muted",
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
    "picture-in-picture",
];

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
    ("defined", PseudoClass::Defined),
    ("open", PseudoClass::Open),
];

impl PseudoClass {
    pub(super) fn named(name: &str) -> Option<Self> {
        let named = NAMED.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
        let never = || NEVER.iter().find(|word| word.eq_ignore_ascii_case(name));
        named.map(|(_, class)| class.clone()).or_else(|| never().map(|word| Self::Never(word)))
    }

    pub(super) fn function(
        name: &str,
        arguments: &mut CssParser<'_>,
    ) -> Result<Self, ParseError<SelectorParseErrorKind>> {
        let mut words = || {
            arguments.parse_comma_separated(|argument| {
                argument.expect_ident_or_string().map(|word| word.to_string()).map_err(ParseError::from)
            })
        };
        if name.eq_ignore_ascii_case("lang") {
            Ok(Self::Lang(words()?))
        } else if name.eq_ignore_ascii_case("contains") || name.eq_ignore_ascii_case("-soup-contains") {
            Ok(Self::Contains(words()?))
        } else {
            Err(ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement))
        }
    }

    pub(super) fn matches(&self, node: NodeRef<'_>) -> bool {
        let Some(atom) = node.node_name().html_atom() else {
            return match self {
                Self::Lang(ranges) => is_in_language(node, ranges),
                Self::Contains(words) => words.iter().any(|word| node.text().contains(word.as_str())),
                Self::Defined | Self::ReadOnly => true,
                _ => false,
            };
        };
        let has =
            |attribute| node.document().attribute_value(node.number(), NodeName::plain(attribute)).is_some();
        match self {
            Self::Never(_) => false,
            Self::Link | Self::AnyLink => matches!(atom, atoms::A | atoms::AREA) && has(atoms::HREF),
            Self::Enabled => can_be_disabled(node) && !is_disabled(node),
            Self::Disabled => can_be_disabled(node) && is_disabled(node),
            Self::Checked => is_checked(node),
            Self::Default => is_checked(node) || is_default_button(node),
            Self::Required => can_be_required(node) && has(atoms::REQUIRED),
            Self::Optional => can_be_required(node) && !has(atoms::REQUIRED),
            Self::ReadWrite => is_read_write(node),
            Self::ReadOnly => !is_read_write(node),
            Self::PlaceholderShown => is_placeholder_shown(node),
            Self::Indeterminate => is_indeterminate(node),
            Self::Defined => !node.name().contains('-'),
            Self::Open => matches!(atom, atoms::DETAILS | atoms::DIALOG) && has(atoms::OPEN),
            Self::Lang(ranges) => is_in_language(node, ranges),
            Self::Contains(words) => words.iter().any(|word| node.text().contains(word.as_str())),
        }
    }
}

impl ToCss for PseudoClass {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        let (name, words) = match self {
            Self::Never(name) => (*name, None),
            Self::Lang(words) => ("lang", Some(words)),
            Self::Contains(words) => ("contains", Some(words)),
            other => (NAMED.iter().find(|(_, class)| class == other).map_or("", |(name, _)| name), None),
        };
        write!(destination, ":{name}")?;
        let Some(words) = words else { return Ok(()) };
        destination.write_char('(')?;
        for (position, word) in words.iter().enumerate() {
            if position > 0 {
                destination.write_str(", ")?;
            }
            serialize_string(word, destination)?;
        }
        destination.write_char(')')
    }
}

fn is_html(node: NodeRef<'_>, names: &[crate::name::Atom]) -> bool {
    node.node_name().html_atom().is_some_and(|atom| names.contains(&atom))
}

/// The type of an `<input>`, lower-cased; `None` for other elements.
fn input_type(node: NodeRef<'_>) -> Option<String> {
    is_html(node, &[atoms::INPUT]).then(|| node.attr("type").unwrap_or("text").to_ascii_lowercase())
}

fn can_be_disabled(node: NodeRef<'_>) -> bool {
    const NAMES: &[crate::name::Atom] = &[
        atoms::BUTTON,
        atoms::INPUT,
        atoms::SELECT,
        atoms::TEXTAREA,
        atoms::OPTGROUP,
        atoms::OPTION,
        atoms::FIELDSET,
    ];
    is_html(node, NAMES)
}

fn is_disabled(node: NodeRef<'_>) -> bool {
    if node.attr("disabled").is_some() {
        return true;
    }
    if is_html(node, &[atoms::OPTION]) {
        return node
            .parent()
            .is_some_and(|parent| is_html(parent, &[atoms::OPTGROUP]) && parent.attr("disabled").is_some());
    }
    if is_html(node, &[atoms::OPTGROUP]) {
        return false;
    }
    node.ancestors()
        .filter(|ancestor| is_html(*ancestor, &[atoms::FIELDSET]) && ancestor.attr("disabled").is_some())
        .any(|fieldset| {
            let legend = fieldset.children().find(|child| is_html(*child, &[atoms::LEGEND]));
            !legend.is_some_and(|legend| legend.contains(node))
        })
}

fn is_checked(node: NodeRef<'_>) -> bool {
    match input_type(node).as_deref() {
        Some("checkbox" | "radio") => node.attr("checked").is_some(),
        _ => is_html(node, &[atoms::OPTION]) && node.attr("selected").is_some(),
    }
}

/// The first submit button of its form.
fn is_default_button(node: NodeRef<'_>) -> bool {
    let is_submit = |node: NodeRef<'_>| match input_type(node).as_deref() {
        Some(kind) => matches!(kind, "submit" | "image"),
        None => {
            let kind = node.attr("type").map(str::to_ascii_lowercase);
            is_html(node, &[atoms::BUTTON]) && !matches!(kind.as_deref(), Some("button" | "reset"))
        }
    };
    is_submit(node)
        && node
            .ancestors()
            .find(|ancestor| is_html(*ancestor, &[atoms::FORM]))
            .is_some_and(|form| form.descendants().find(|inner| is_submit(*inner)) == Some(node))
}

fn can_be_required(node: NodeRef<'_>) -> bool {
    match input_type(node).as_deref() {
        Some(kind) => !matches!(kind, "hidden" | "range" | "color" | "submit" | "image" | "reset" | "button"),
        None => is_html(node, &[atoms::SELECT, atoms::TEXTAREA]),
    }
}

fn is_text_input(kind: &str) -> bool {
    !matches!(
        kind,
        "hidden"
            | "range"
            | "color"
            | "checkbox"
            | "radio"
            | "file"
            | "submit"
            | "image"
            | "reset"
            | "button"
    )
}

fn is_read_write(node: NodeRef<'_>) -> bool {
    let is_open = || node.attr("readonly").is_none() && !is_disabled(node);
    match input_type(node) {
        Some(kind) => is_text_input(&kind) && is_open(),
        None if is_html(node, &[atoms::TEXTAREA]) => is_open(),
        None => std::iter::once(node)
            .chain(node.ancestors())
            .find_map(|node| node.attr("contenteditable"))
            .is_some_and(|value| !value.eq_ignore_ascii_case("false")),
    }
}

fn is_placeholder_shown(node: NodeRef<'_>) -> bool {
    if node.attr("placeholder").is_none_or(str::is_empty) {
        return false;
    }
    match input_type(node).as_deref() {
        Some("text" | "search" | "url" | "tel" | "email" | "password" | "number" | "") => {
            node.attr("value").is_none_or(str::is_empty)
        }
        Some(_) => false,
        None => is_html(node, &[atoms::TEXTAREA]) && matches!(node.text(), "" | "\n"),
    }
}

/// A progress bar without a value, or a radio button of whose group none is checked.
fn is_indeterminate(node: NodeRef<'_>) -> bool {
    match input_type(node).as_deref() {
        Some("checkbox") => node.attr("indeterminate").is_some(),
        Some("radio") => {
            let Some(name) = node.attr("name").filter(|name| !name.is_empty()) else {
                return node.attr("checked").is_none();
            };
            let group = node.ancestors().find(|ancestor| is_html(*ancestor, &[atoms::FORM]));
            let group = group.unwrap_or_else(|| node.document().root());
            let mut radios = group.descendants().filter(|other| {
                other.attr("name") == Some(name) && input_type(*other).as_deref() == Some("radio")
            });
            radios.all(|radio| radio.attr("checked").is_none())
        }
        _ => is_html(node, &[atoms::PROGRESS]) && node.attr("value").is_none(),
    }
}

fn is_in_language(node: NodeRef<'_>, ranges: &[String]) -> bool {
    let declared = std::iter::once(node)
        .chain(node.ancestors())
        .find_map(|node| node.attr("lang").or_else(|| node.attr("xml:lang")))
        .or_else(|| node.document().meta_http_equiv("content-language").filter(|tag| !tag.contains(',')));
    let Some(tag) = declared else { return ranges.iter().any(String::is_empty) };
    ranges.iter().any(|range| extended_filter(range, tag))
}

/// Extended filtering of language tags (RFC 4647, 3.3.2).
fn extended_filter(range: &str, tag: &str) -> bool {
    if range.is_empty() || tag.is_empty() {
        return range == tag;
    }
    let mut subtags = tag.split('-');
    let mut wanted = range.split('-');
    let (Some(first), Some(primary)) = (wanted.next(), subtags.next()) else { return false };
    if first != "*" && !first.eq_ignore_ascii_case(primary) {
        return false;
    }
    wanted.filter(|word| *word != "*").all(|word| {
        for subtag in subtags.by_ref() {
            if subtag.eq_ignore_ascii_case(word) {
                return true;
            }
            // A single letter opens an extension, which filtering must not skip.
            if subtag.len() <= 1 {
                return false;
            }
        }
        false
    })
}
