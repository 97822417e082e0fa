//! jQuery's pseudo-classes for form fields: `:input`, `:checkbox`, `:submit` and so on.

use super::{Atom, Matcher, NodeRef, atoms, forms};

/// A kind of form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Field {
    /// `:input`: inputs, text areas, selects and buttons.
    Any,
    /// `:button`: buttons, and inputs that are ones.
    Button,
    /// `:submit` and `:reset`: inputs and buttons of this type.
    InputOrButton(&'static str),
    /// `:checkbox` and others: inputs of this type.
    Input(&'static str),
    /// `:selected`: options that are.
    Selected,
}

const NAMES: &[(&str, Field)] = &[
    ("input", Field::Any),
    ("button", Field::Button),
    ("submit", Field::InputOrButton("submit")),
    ("reset", Field::InputOrButton("reset")),
    ("checkbox", Field::Input("checkbox")),
    ("file", Field::Input("file")),
    ("image", Field::Input("image")),
    ("password", Field::Input("password")),
    ("radio", Field::Input("radio")),
    ("text", Field::Input("text")),
    ("selected", Field::Selected),
];

impl Field {
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(word, _)| word.eq_ignore_ascii_case(name)).map(|(_, field)| *field)
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    pub(super) fn matches<'d>(self, matcher: &mut Matcher<'d>, node: NodeRef<'d>, atom: Atom) -> bool {
        let is_type = |wanted: &str| forms::input_type(node).is_some_and(|kind| kind == wanted);
        match self {
            Self::Any => matches!(atom, atoms::INPUT | atoms::SELECT | atoms::TEXTAREA | atoms::BUTTON),
            Self::Button => atom == atoms::BUTTON || is_type("button"),
            Self::InputOrButton(wanted) => {
                let button = || node.attr("type").map_or("submit".to_owned(), str::to_ascii_lowercase);
                is_type(wanted) || atom == atoms::BUTTON && button() == wanted
            }
            Self::Input(wanted) => is_type(wanted),
            Self::Selected => atom == atoms::OPTION && forms::is_checked(matcher, node),
        }
    }
}
