//! The names on a page that completion offers: elements, classes, ids, attributes. How many is bounded, whatever the
//! page holds, and none could do anything to a terminal.

use std::borrow::Cow;
use std::collections::BTreeSet;

use lycosa_dom::Document;

use crate::output;

/// Names of one kind that are collected.
const MOST: usize = 10_000;
/// The longest name that is offered, in bytes.
const LONGEST: usize = 200;

/// Names in alphabetical order, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) elements: BTreeSet<String>,
    pub(super) classes: BTreeSet<String>,
    pub(super) ids: BTreeSet<String>,
    pub(super) attributes: BTreeSet<String>,
}

impl Names {
    pub(super) fn of(document: &Document) -> Self {
        let mut names = Self::default();
        for node in document.nodes().filter(|node| node.is_element()) {
            add(&mut names.elements, &node.qualified_name());
            for attribute in node.attrs() {
                add(&mut names.attributes, &attribute.qualified_name());
                match attribute.name() {
                    "class" => {
                        let mut classes = attribute.value().split_ascii_whitespace();
                        // A million classes on one element are as much as on many.
                        while names.classes.len() < MOST
                            && let Some(class) = classes.next()
                        {
                            add(&mut names.classes, class);
                        }
                    }
                    "id" => add(&mut names.ids, attribute.value()),
                    _ => {}
                }
            }
        }
        names
    }
}

fn add(names: &mut BTreeSet<String>, name: &str) {
    let is_plain = !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_whitespace);
    if names.len() < MOST
        && is_plain
        && !names.contains(name)
        && matches!(output::printable(name), Cow::Borrowed(_))
    {
        names.insert(name.to_owned());
    }
}

/// A name as CSS writes it (CSSOM, "serialize an identifier").
pub(super) fn css_name(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for (place, character) in name.chars().enumerate() {
        let is_leading = place == 0 || place == 1 && name.starts_with('-');
        let is_lone_hyphen = character == '-' && name.len() == 1;
        match character {
            '0'..='9' if is_leading => written.push_str(&format!("\\{:x} ", u32::from(character))),
            _ if is_name(character) && !is_lone_hyphen => written.push(character),
            _ => written.extend(['\\', character]),
        }
    }
    written
}

/// Whether a character stands in names of CSS without a backslash.
pub(super) fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_') || !character.is_ascii()
}

#[cfg(test)]
mod tests {
    use lycosa_dom::{ParseOptions, Selector};

    use super::*;

    fn names(page: &str) -> Names {
        Names::of(&Document::parse_html(page, ParseOptions::default()))
    }

    #[test]
    fn names_are_collected_once_each() {
        let found = names("<p class='b a b' id=i><p class=a data-x=1>");
        assert_eq!(found.elements.into_iter().collect::<Vec<_>>(), ["body", "head", "html", "p"]);
        assert_eq!(found.classes.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.attributes.into_iter().collect::<Vec<_>>(), ["class", "data-x", "id"]);
        assert_eq!(found.ids.into_iter().collect::<Vec<_>>(), ["i"]);
    }

    #[test]
    fn a_large_page_gives_a_bounded_number_of_names() {
        let page: String = (0..30_000).map(|n| format!("<i class='c{n} d{n}' id=e{n} f{n}></i>")).collect();
        let found = names(&page);
        for set in [&found.classes, &found.ids, &found.attributes] {
            assert_eq!(set.len(), MOST);
        }
        let one: String = (0..30_000).map(|n| format!("c{n} ")).collect();
        assert_eq!(names(&format!("<i class='{one}'>")).classes.len(), MOST);
        assert!(names(&format!("<i class='{}'>", "x".repeat(1_000_000))).classes.is_empty());
    }

    #[test]
    fn names_that_a_terminal_would_obey_are_left_out() {
        let found = names("<i class='ok \u{1b}]0;title\u{7} \u{9b}2J \u{202e}x'>");
        assert_eq!(found.classes.into_iter().collect::<Vec<_>>(), ["ok"]);
    }

    #[test]
    fn any_class_can_be_written_as_a_selector() {
        for name in ["a", "md:flex", "w-1/2", "1st", "-", "-1", "--x", "é", "a.b", "_", "a\\b", "!"] {
            let page = Document::parse_html(&format!("<i class='{name}'>"), ParseOptions::default());
            let selector = Selector::parse(&format!(".{}", css_name(name))).expect("a selector");
            assert_eq!(page.select(&selector).count(), 1, "{name}");
        }
    }
}
