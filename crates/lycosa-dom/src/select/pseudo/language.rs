//! `:lang()` by RFC 4647 and `:dir()` by the HTML standard (3.2.6.2 and 3.2.6.4).

use super::{Matcher, NodeRef, atoms, forms};
use crate::{
    name::{Namespace, NodeName},
    select::matching::{Fact, STEP},
};

pub(super) fn is_in_language<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>, ranges: &[String]) -> bool {
    let declared = std::iter::once(node).chain(node.ancestors()).find_map(|element| {
        matcher.charge(STEP);
        matcher.charge_attributes(element.number());
        declared_language(element)
    });
    let declared = declared.or_else(|| matcher.page_language());
    // Nothing said is an unknown language, whose tag is empty.
    let tag = declared.unwrap_or_default();
    ranges.iter().any(|range| extended_filter(range, tag))
}

/// `xml:lang` counts everywhere, `lang` on elements of HTML and SVG.
fn declared_language<'d>(node: NodeRef<'d>) -> Option<&'d str> {
    let mut attributes = node.attrs();
    let xml =
        attributes.find(|attribute| attribute.node_name() == NodeName::new(Namespace::Xml, atoms::LANG));
    xml.map(|attribute| attribute.value()).or_else(|| {
        let has_lang = matches!(node.namespace(), Namespace::Html | Namespace::Svg);
        let lang = || node.document().attribute_value(node.number(), NodeName::plain(atoms::LANG));
        has_lang.then(lang).flatten()
    })
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

/// Which way text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    /// `ltr` or `rtl`; other words are allowed and match nothing.
    pub(super) fn named(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("ltr") {
            Some(Self::LeftToRight)
        } else if word.eq_ignore_ascii_case("rtl") {
            Some(Self::RightToLeft)
        } else {
            None
        }
    }

    /// The direction of the first letter that has one.
    fn of(text: &str) -> Option<Self> {
        text.chars().find_map(|letter| match letter {
            '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
                if letter.is_alphabetic() =>
            {
                Some(Self::RightToLeft)
            }
            '\u{200e}' => Some(Self::LeftToRight),
            '\u{200f}' => Some(Self::RightToLeft),
            _ if letter.is_alphabetic() => Some(Self::LeftToRight),
            _ => None,
        })
    }
}

/// The direction of an HTML element: of the nearest element that says one.
pub(super) fn direction<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> Option<Direction> {
    let said = std::iter::once(node).chain(node.ancestors()).find_map(|element| {
        matcher.charge(STEP);
        matcher.charge_attributes(element.number());
        said(matcher, element)
    });
    Some(said.unwrap_or(Direction::LeftToRight))
}

fn said<'d>(matcher: &mut Matcher<'d>, element: NodeRef<'d>) -> Option<Direction> {
    let atom = element.node_name().html_atom()?;
    let dir = element.attr("dir").map(str::to_ascii_lowercase);
    match dir.as_deref() {
        Some("ltr") => Some(Direction::LeftToRight),
        Some("rtl") => Some(Direction::RightToLeft),
        Some("auto") => automatic(matcher, element).or(Some(Direction::LeftToRight)),
        _ if atom == atoms::BDI => automatic(matcher, element).or(Some(Direction::LeftToRight)),
        _ => (forms::input_type(element) == Some("tel")).then_some(Direction::LeftToRight),
    }
}

/// What `dir=auto` finds in the text of an element or the value of a control.
fn automatic<'d>(matcher: &mut Matcher<'d>, element: NodeRef<'d>) -> Option<Direction> {
    match forms::input_type(element) {
        Some(
            "hidden" | "text" | "search" | "tel" | "url" | "email" | "password" | "submit" | "reset"
            | "button",
        ) => return Direction::of(element.attr("value").unwrap_or_default()),
        Some(_) => return None,
        None => {}
    }
    // The node is the text that decides; what it says is read again, which is cheap: it begins soon.
    let deciding = matcher.fact(Fact::DecidingText, element, || deciding_text(element));
    deciding.and_then(|text| Direction::of(text.text()))
}

/// The first text with a direction, parts with a direction of their own left out.
fn deciding_text<'d>(element: NodeRef<'d>) -> Option<NodeRef<'d>> {
    const OPAQUE: &[crate::name::Atom] = &[atoms::BDI, atoms::SCRIPT, atoms::STYLE, atoms::TEXTAREA];
    let mut skip_until = 0;
    element.descendants().find(|inner| {
        if inner.number() < skip_until {
            return false;
        }
        if inner.is_element() {
            let says = inner.attr("dir").filter(|_| inner.node_name().is_html());
            let says = says
                .is_some_and(|dir| ["ltr", "rtl", "auto"].iter().any(|word| word.eq_ignore_ascii_case(dir)));
            if says || forms::is_html(*inner, OPAQUE) {
                skip_until = inner.subtree_end().number();
            }
            return false;
        }
        inner.is_text() && Direction::of(inner.text()).is_some()
    })
}
