//! Preformatted text as fenced code: the text exactly as it stands, and the language that its class names.

use lycosa_dom::NodeRef;

use super::escape::{longest_run, printable};
use crate::extract::content::element::Kind;

/// The text of a preformatted element, `<br>` as a line end, without line numbers that stand beside the lines.
pub(super) fn text(pre: NodeRef<'_>) -> String {
    let mut text = String::new();
    let mut next = pre.id().number();
    for node in pre.descendants() {
        if node.id().number() < next {
            continue;
        }
        match Kind::of(node) {
            Kind::Text => text.push_str(node.text()),
            Kind::Break => text.push('\n'),
            Kind::Hidden => next = node.subtree_end().number(),
            _ if is_gutter(node) => next = node.subtree_end().number(),
            _ => {}
        }
    }
    // A carriage return ends a line in Markdown, as it does in HTML source.
    if text.contains('\r') {
        text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    printable(&text).into_owned()
}

fn is_gutter(node: NodeRef<'_>) -> bool {
    let names = node.attr("class").unwrap_or_default().split_ascii_whitespace();
    names.take(8).any(|name| {
        matches!(
            name,
            "lineno"
                | "linenos"
                | "linenumber"
                | "line-number"
                | "line-numbers"
                | "gutter"
                | "hljs-ln-numbers"
                | "blob-num"
        )
    })
}

/// The fence that no line of the text ends: longer than any run of backticks in it.
pub(super) fn fence(text: &str) -> String {
    "`".repeat(longest_run(text, '`').max(2) + 1)
}

/// The language of code, from the classes and data of the element, of a `<code>` in it and of two elements around it:
/// `language-rust`, `lang-js`, `highlight-source-python`, `brush: php`, `sourceCode haskell`.
pub(super) fn language(pre: NodeRef<'_>) -> Option<String> {
    let inner = pre.children().find(|node| node.is_element()).filter(|node| node.name() == "code");
    let around = pre.ancestors().take(2).filter(|node| node.is_element() && node.name() != "body");
    let places = inner.into_iter().chain([pre]).chain(around);
    places.filter_map(named).find(|language| !is_no_language(language))
}

fn named(node: NodeRef<'_>) -> Option<String> {
    if let Some(language) =
        ["data-lang", "data-language", "data-code-language"].iter().find_map(|name| node.attr(name))
    {
        return cleaned(language);
    }
    let mut names = node.attr("class").unwrap_or_default().split_ascii_whitespace().take(16);
    while let Some(name) = names.next() {
        let prefixes = ["language-", "lang-", "highlight-source-", "highlight-text-", "highlight-", "brush:"];
        let found = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
        let found = match name {
            "sourceCode" | "brush:" | "sh_" => names.next(),
            _ => found,
        };
        if let Some(language) = found.and_then(cleaned) {
            return Some(language);
        }
    }
    None
}

fn cleaned(language: &str) -> Option<String> {
    let language = language.trim().trim_end_matches(';');
    let is_name = (1..=30).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphanumeric() || "+#-_.".contains(c));
    is_name.then(|| language.to_ascii_lowercase())
}

fn is_no_language(language: &str) -> bool {
    matches!(
        language,
        "default"
            | "none"
            | "text"
            | "plain"
            | "plaintext"
            | "nohighlight"
            | "notranslate"
            | "wrap"
            | "wrapper"
    )
}
