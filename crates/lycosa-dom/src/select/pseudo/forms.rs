//! The state of form controls as the document alone gives it (HTML standard, 4.10 and 4.16.3). What needs a
//! script or a user (dirty values, custom validity, patterns in JavaScript's syntax) is left out.

use super::{Matcher, NodeRef, atoms, has, range};
use crate::{
    name::Atom,
    select::matching::{Fact, STEP},
};

pub(super) fn is_html(node: NodeRef<'_>, names: &[Atom]) -> bool {
    node.node_name().html_atom().is_some_and(|atom| names.contains(&atom))
}

const INPUT_TYPES: &[&str] = &[
    "hidden",
    "text",
    "search",
    "tel",
    "url",
    "email",
    "password",
    "date",
    "month",
    "week",
    "time",
    "datetime-local",
    "number",
    "range",
    "color",
    "checkbox",
    "radio",
    "file",
    "submit",
    "image",
    "reset",
    "button",
];

/// The type of an `<input>`: one of the standard's, `text` where it is another; `None` for other elements.
pub(super) fn input_type(node: NodeRef<'_>) -> Option<&'static str> {
    is_html(node, &[atoms::INPUT]).then(|| {
        let given = node.attr("type").unwrap_or_default();
        INPUT_TYPES.iter().find(|known| known.eq_ignore_ascii_case(given)).copied().unwrap_or("text")
    })
}

pub(super) fn can_be_disabled(node: NodeRef<'_>) -> bool {
    const NAMES: &[Atom] = &[
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

pub(super) fn is_disabled<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    if has(node, atoms::DISABLED) {
        return true;
    }
    if is_html(node, &[atoms::OPTION]) {
        return node.parent().is_some_and(|parent| {
            matcher.charge_attributes(parent.number());
            is_html(parent, &[atoms::OPTGROUP]) && has(parent, atoms::DISABLED)
        });
    }
    if is_html(node, &[atoms::OPTGROUP]) {
        return false;
    }
    node.ancestors().any(|ancestor| {
        matcher.charge(STEP);
        if !is_html(ancestor, &[atoms::FIELDSET]) {
            return false;
        }
        matcher.charge_attributes(ancestor.number());
        has(ancestor, atoms::DISABLED) && {
            let legend = matcher.fact(Fact::FirstLegend, ancestor, || {
                ancestor.children().find(|child| is_html(*child, &[atoms::LEGEND]))
            });
            !legend.is_some_and(|legend| legend.contains(node))
        }
    })
}

/// A checkbox or radio button that is checked, or an option that is selected.
pub(super) fn is_checked<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    match input_type(node) {
        Some("checkbox" | "radio") => has(node, atoms::CHECKED),
        Some(_) => false,
        None => is_html(node, &[atoms::OPTION]) && is_selected(matcher, node),
    }
}

/// Of a list that shows one option, the last one with `selected` is, else the first that is not disabled.
fn is_selected<'d>(matcher: &mut Matcher<'d>, option: NodeRef<'d>) -> bool {
    let select = option.ancestors().find(|ancestor| {
        matcher.charge(STEP);
        is_html(*ancestor, &[atoms::SELECT])
    });
    select.iter().for_each(|select| matcher.charge_attributes(select.number()));
    let Some(select) = select.filter(|select| !has(*select, atoms::MULTIPLE)) else {
        return has(option, atoms::SELECTED);
    };
    let shows_one = select.attr("size").is_none_or(|size| size.trim().parse().unwrap_or(1) <= 1);
    // A group is asked once for all its options.
    let mut asked = (0, false);
    let is_usable = |option: &NodeRef<'_>| {
        let group = option.parent().filter(|parent| is_html(*parent, &[atoms::OPTGROUP]));
        !has(*option, atoms::DISABLED)
            && !group.is_some_and(|group| {
                if asked.0 != group.number() {
                    asked = (group.number(), has(group, atoms::DISABLED));
                }
                asked.1
            })
    };
    let chosen = matcher.fact(Fact::SelectedOption, select, || {
        let options = || select.descendants().filter(|inner| is_html(*inner, &[atoms::OPTION]));
        let marked = options().rfind(|option| has(*option, atoms::SELECTED));
        marked.or_else(|| options().find(is_usable).filter(|_| shows_one))
    });
    chosen == Some(option)
}

/// What a form begins with: checked boxes, selected options and the first submit button.
pub(super) fn is_default<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    match input_type(node) {
        Some("checkbox" | "radio") => has(node, atoms::CHECKED),
        _ if is_html(node, &[atoms::OPTION]) => has(node, atoms::SELECTED),
        _ => is_default_button(matcher, node),
    }
}

fn is_submit(node: NodeRef<'_>) -> bool {
    match input_type(node) {
        Some(kind) => matches!(kind, "submit" | "image"),
        None => {
            let kind = node.attr("type").map(str::to_ascii_lowercase);
            is_html(node, &[atoms::BUTTON]) && !matches!(kind.as_deref(), Some("button" | "reset"))
        }
    }
}

/// The first submit button of its form.
fn is_default_button<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    let form = || node.ancestors().find(|ancestor| is_html(*ancestor, &[atoms::FORM]));
    is_submit(node)
        && form().is_some_and(|form| {
            let first = matcher
                .fact(Fact::DefaultButton, form, || form.descendants().find(|inner| is_submit(*inner)));
            first == Some(node)
        })
}

pub(super) fn can_be_required(node: NodeRef<'_>) -> bool {
    match input_type(node) {
        Some(kind) => !matches!(kind, "hidden" | "range" | "color" | "submit" | "image" | "reset" | "button"),
        None => is_html(node, &[atoms::SELECT, atoms::TEXTAREA]),
    }
}

pub(super) fn is_read_write<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    if !node.node_name().is_html() {
        return false;
    }
    match input_type(node) {
        Some(
            "hidden" | "range" | "color" | "checkbox" | "radio" | "file" | "submit" | "image" | "reset"
            | "button",
        ) => false,
        Some(_) => !has(node, atoms::READONLY) && !is_disabled(matcher, node),
        None if is_html(node, &[atoms::TEXTAREA]) => {
            !has(node, atoms::READONLY) && !is_disabled(matcher, node)
        }
        None => {
            let said = std::iter::once(node).chain(node.ancestors()).find_map(|element| {
                matcher.charge(STEP);
                matcher.charge_attributes(element.number());
                element.attr("contenteditable")
            });
            said.is_some_and(|value| !value.eq_ignore_ascii_case("false"))
        }
    }
}

pub(super) fn is_placeholder_shown(node: NodeRef<'_>) -> bool {
    if node.attr("placeholder").is_none_or(str::is_empty) {
        return false;
    }
    match input_type(node) {
        Some("text" | "search" | "url" | "tel" | "email" | "password" | "number") => {
            node.attr("value").is_none_or(str::is_empty)
        }
        Some(_) => false,
        None => is_html(node, &[atoms::TEXTAREA]) && matches!(node.text(), "" | "\n"),
    }
}

/// A progress bar without a value, or a radio button of whose group none is checked. (Soup Sieve reads the
/// property `indeterminate` of a checkbox from an attribute; so do we, for a document at rest has no other.)
pub(super) fn is_indeterminate<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
    match input_type(node) {
        Some("checkbox") => node.attr("indeterminate").is_some(),
        Some("radio") => !is_group_checked(matcher, node),
        _ => is_html(node, &[atoms::PROGRESS]) && !has(node, atoms::VALUE),
    }
}

/// Whether a radio button, or another of its name in its form, is checked.
fn is_group_checked<'d>(matcher: &mut Matcher<'d>, radio: NodeRef<'d>) -> bool {
    let Some(name) = radio.attr("name").filter(|name| !name.is_empty()) else {
        return has(radio, atoms::CHECKED);
    };
    let form = radio.ancestors().find(|ancestor| is_html(*ancestor, &[atoms::FORM]));
    let group = form.unwrap_or_else(|| radio.document().root());
    matcher.radio_group(group, name, || {
        group.descendants().any(|other| {
            has(other, atoms::CHECKED)
                && other.attr("name") == Some(name)
                && input_type(other) == Some("radio")
        })
    })
}

/// Whether a control or form satisfies its constraints (HTML standard, 4.10.20.1): required values are there,
/// numbers and times are in range, mail addresses and URLs look like ones. `None` where the question does not arise.
pub(super) fn validity<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> Option<bool> {
    if is_html(node, &[atoms::FORM, atoms::FIELDSET]) {
        matcher.charge(STEP * node.range().len());
        return Some(!node.descendants().any(|inner| control_validity(matcher, inner) == Some(false)));
    }
    control_validity(matcher, node)
}

fn control_validity<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> Option<bool> {
    let kind = input_type(node);
    let is_barred = matches!(kind, Some("hidden" | "reset" | "button"))
        || kind.is_none() && !is_html(node, &[atoms::SELECT, atoms::TEXTAREA, atoms::BUTTON])
        || is_html(node, &[atoms::BUTTON]) && !is_submit(node);
    let takes_readonly = is_html(node, &[atoms::INPUT, atoms::TEXTAREA]);
    if is_barred
        || is_disabled(matcher, node)
        || takes_readonly && has(node, atoms::READONLY)
        || node.ancestors().any(|ancestor| is_html(ancestor, &[atoms::DATALIST]))
    {
        return None;
    }
    let value = node.attr("value").unwrap_or_default();
    let is_missing = can_be_required(node) && has(node, atoms::REQUIRED) && is_missing(matcher, node, kind);
    let is_mistyped = match kind {
        Some("email") => !value.is_empty() && !looks_like_email(value),
        Some("url") => !value.is_empty() && !looks_like_url(value),
        _ => false,
    };
    Some(!is_missing && !is_mistyped && range::place(matcher, node) != Some(false))
}

fn is_missing<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>, kind: Option<&str>) -> bool {
    match kind {
        Some("checkbox") => !has(node, atoms::CHECKED),
        Some("radio") => !is_group_checked(matcher, node),
        Some("file") => true,
        Some(_) => node.attr("value").is_none_or(str::is_empty),
        None if is_html(node, &[atoms::TEXTAREA]) => matches!(node.text(), "" | "\n"),
        None => !node.descendants().any(|option| {
            is_html(option, &[atoms::OPTION])
                && is_selected(matcher, option)
                && !option.attr("value").unwrap_or_else(|| option.text()).is_empty()
        }),
    }
}

fn looks_like_email(value: &str) -> bool {
    let is_host = |host: &str| {
        host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    value.split_once('@').is_some_and(|(name, host)| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
        !name.is_empty() && name.bytes().all(is_plain) && is_host(host)
    })
}

fn looks_like_url(value: &str) -> bool {
    value.trim().split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}
