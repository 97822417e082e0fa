//! XPath on the command line: reading an expression, and what it gives as lines or as JSON.

use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{
    Document, DocumentKind, XPath, XPathError, XPathErrorKind, XPathItem, XPathOptions, XPathValue,
};
use serde_json::Value;

use crate::output;

/// Whole numbers up to here are exact; JSON gets them without a fraction.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// An expression with prefixes of its own, or an error with a caret under the place where it went wrong.
pub(super) fn expression(text: &str, namespaces: &[(String, String)]) -> Result<XPath> {
    let options = namespaces
        .iter()
        .fold(XPathOptions::default(), |options, (prefix, address)| options.namespace(prefix, address));
    XPath::compile_with(text, &options).map_err(|error| explained(&error))
}

/// `PREFIX=URI`, for clap.
pub(super) fn namespace(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((prefix, address)) if !prefix.is_empty() && !address.is_empty() => {
            Ok((prefix.to_owned(), address.to_owned()))
        }
        _ => Err("write PREFIX=URI, such as dc=http://purl.org/dc/elements/1.1/".to_owned()),
    }
}

/// The value of the expression over the whole document.
pub(super) fn evaluate<'d>(expression: &XPath, document: &'d Document) -> Result<XPathValue<'d>> {
    expression.evaluate(document.root()).map_err(|error| explained(&error))
}

/// Each prefix is bound once, and those of XML itself stay what they are (Namespaces in XML 1.0, 3).
///
/// # Errors
/// For the first prefix of which that is not so.
pub(super) fn check_namespaces(namespaces: &[(String, String)]) -> Result<()> {
    let wrong = |prefix: &str, why: &str, hint: &str| {
        let message = format!("--ns: the prefix `{}` {why}", output::shortened(prefix));
        Err(Error::new(ErrorKind::Usage, message).with_hint(hint))
    };
    for (index, (prefix, address)) in namespaces.iter().enumerate() {
        if prefix == "xmlns" || (prefix == "xml" && address != "http://www.w3.org/XML/1998/namespace") {
            return wrong(prefix, "belongs to XML and cannot be bound anew", "choose another prefix");
        }
        if namespaces[..index].iter().any(|(before, _)| before == prefix) {
            return wrong(prefix, "is bound twice", "give each prefix once");
        }
    }
    Ok(())
}

fn explained(error: &XPathError) -> Error {
    let rendering = error.rendering();
    let shown = rendering.split("\nhint: ").next().unwrap_or_default();
    match error.kind() {
        XPathErrorKind::StepLimit => {
            Error::new(ErrorKind::Extract, format!("the expression was given up: {shown}"))
                .with_hint("let inner predicates look at fewer nodes")
        }
        XPathErrorKind::MemoryLimit => {
            Error::new(ErrorKind::Extract, format!("the expression was given up: {shown}"))
                .with_hint(error.hint().unwrap_or("say more exactly where to look"))
        }
        _ => Error::new(ErrorKind::Usage, format!("the expression cannot be used: {shown}"))
            .with_hint(hint(error)),
    }
}

/// What to write instead: on the command line, and for the ways of other languages their like.
fn hint(error: &XPathError) -> String {
    let text = error.expression();
    if let (XPathErrorKind::UnboundPrefix, Some(prefix)) = (error.kind(), error.message().split('`').nth(1)) {
        let guess =
            error.hint().filter(|hint| hint.starts_with("did you mean")).map(|hint| format!("{hint} or "));
        let address = if prefix == "dc" { "http://purl.org/dc/elements/1.1/" } else { "URI" };
        return format!(
            "{}bind it with --ns {prefix}={address}, or write *[name()='{prefix}:…']",
            guess.unwrap_or_default()
        );
    }
    if error.kind() == XPathErrorKind::Syntax {
        if let Some(path) = text.strip_suffix("::text").filter(|_| text.len() < 200) {
            return format!("write {path}/text()");
        }
        let signs = [("==", "write ="), ("&&", "write and"), ("||", "write or")];
        if let Some((_, instead)) = signs.iter().find(|(sign, _)| text.contains(sign)) {
            return (*instead).to_owned();
        }
    }
    error.hint().unwrap_or("XPath 1.0, such as \"//h1\", \"//a/@href\" or \"count(//p)\"").to_owned()
}

/// A selector or an expression for clap, which may begin with a hyphen unless that makes it a flag.
///
/// # Errors
/// When it is a flag: its own value was forgotten.
pub(super) fn asked(text: &str) -> Result<String, String> {
    let is_letters = |word: &str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let name = text.split('=').next().unwrap_or_default();
    let is_long = name.strip_prefix("--").is_some_and(|word| !word.is_empty() && is_letters(word));
    let is_short = ["-h", "-V", "-i", "-H", "-A", "-u", "-b", "-c", "-k", "-v", "-q"].contains(&text);
    if is_long || is_short {
        return Err("this is a flag, and a selector or an expression is missing before it".to_owned());
    }
    Ok(text.to_owned())
}

/// What is printed of a value, a line or more for each entry: of nodes their text with its white space collapsed, or
/// their markup (attributes have their value in both); anything else as the function `string()` makes it.
pub(super) fn lines(value: &XPathValue<'_>, html: bool) -> Vec<String> {
    match value {
        XPathValue::Nodes(nodes) => nodes.iter().map(|item| text(item, html)).collect(),
        other => vec![other.to_text().into_owned()],
    }
}

/// What is printed of one node.
pub(super) fn text(item: XPathItem<'_>, html: bool) -> String {
    match item {
        XPathItem::Node(node) if html => node.html(),
        _ if html => item.string_value().to_owned(),
        _ => lycosa_dom::collapse_whitespace(item.string_value()).into_owned(),
    }
}

/// A value in JSON's own types: nodes are a list of strings. JSON has no NaN and no infinity; they become null.
pub(super) fn json(value: &XPathValue<'_>, html: bool) -> Value {
    match value {
        XPathValue::Nodes(_) => lines(value, html).into(),
        #[expect(clippy::cast_possible_truncation, reason = "a whole number in the exact range")]
        XPathValue::Number(number) if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT => {
            (*number as i64).into()
        }
        XPathValue::Number(number) => (*number).into(),
        XPathValue::String(text) => text.as_ref().into(),
        XPathValue::Boolean(truth) => (*truth).into(),
    }
}

/// Whether a value counts as no match: an empty node-set alone. A number, a string or a boolean is an answer whatever
/// it says.
pub(super) fn is_nothing(value: &XPathValue<'_>) -> bool {
    value.nodes().is_some_and(lycosa_dom::XPathNodes::is_empty)
}

/// What to do when an expression found nothing in XML whose elements are in a namespace that it does not ask for.
pub(super) fn unbound_names(expression: &str, document: &Document) -> Option<String> {
    let root = document.root_element().filter(|_| document.kind() == DocumentKind::Xml)?;
    let address = root.namespace_uri();
    let is_default = root.prefix().is_empty() && !address.is_empty();
    (is_default && has_bare_name(expression)).then(|| {
        format!(
            "the page is XML and its elements are in {}: bind it with --ns x=URI, or add --as html",
            output::printable(address)
        )
    })
}

/// Whether an expression names an element without a prefix. Read loosely, since it has been compiled already:
/// functions, axes, attributes, variables and what stands in quotation marks are no such names.
fn has_bare_name(expression: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    let (mut rest, mut before) = (expression, ' ');
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            rest = rest[1..].split_once(first).map_or("", |(_, after)| after);
            before = first;
            continue;
        }
        if !(first.is_alphabetic() || first == '_') {
            before = if first.is_whitespace() { before } else { first };
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        let after = rest[end..].trim_start();
        let is_prefix_or_call = after.starts_with([':', '(']);
        let is_local =
            before == ':' && !expression[..expression.len() - rest.len()].trim_end().ends_with("::");
        // Behind a step a name is an operator (XPath 1.0, 3.7).
        let is_operator = before.is_alphanumeric() || "\"')].*".contains(before);
        if !(is_prefix_or_call || is_local || is_operator || "@$".contains(before)) {
            return true;
        }
        before = if is_operator { '+' } else { 'x' };
        rest = &rest[end..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_prefix_are_told_from_what_else_is_in_an_expression() {
        for bare in ["//p", "x:a/b", "x:a[p]", "child::p", "count(x:a) + p", "x:a or b", "//x:a[@b]/c"] {
            assert!(has_bare_name(bare), "{bare}");
        }
        for other in
            ["//x:p", "//*[@a]", "//text()", "x:a[.='p']", "$p", "child::x:p", "x:a or x:b", "* div 2"]
        {
            assert!(!has_bare_name(other), "{other}");
        }
    }
}
