//! Tests of the engine: stories about expressions (`language`, `functions`, `names`, `errors`, `limits`), laws that
//! hold for all of them (`laws`), the short way of simple paths (`downward`), the same answers as a plain evaluator on
//! generated expressions (`naive`, `generate`), and the tables of the corpus (`corpus`).

mod corpus;
mod downward;
mod errors;
mod functions;
mod generate;
mod language;
mod laws;
mod limits;
mod naive;
mod names;

use crate::{Document, ParseOptions, XPath, XPathItem, XPathValue};

fn html(source: &str) -> Document {
    Document::parse_html(source, ParseOptions::default())
}

fn xml(source: &str) -> Document {
    Document::parse_xml(source, ParseOptions::default())
}

fn value<'d>(document: &'d Document, expression: &str) -> XPathValue<'d> {
    let xpath = XPath::compile(expression).unwrap_or_else(|error| panic!("{}", error.rendering()));
    xpath.evaluate(document.root()).unwrap_or_else(|error| panic!("{}", error.rendering()))
}

/// What an expression gives, as text.
fn text(document: &Document, expression: &str) -> String {
    value(document, expression).to_text().into_owned()
}

/// The nodes of an expression by name and `id`: `p#x`, `@class`, or their text in quotes.
fn found(document: &Document, expression: &str) -> Vec<String> {
    let value = value(document, expression);
    let nodes = value.nodes().unwrap_or_else(|| panic!("{expression} is no node-set"));
    nodes.iter().map(described).collect()
}

fn described(item: XPathItem<'_>) -> String {
    match item {
        XPathItem::Node(node) if node.is_element() => match node.attr("id") {
            Some(id) => format!("{}#{id}", node.name()),
            None => node.name().to_owned(),
        },
        XPathItem::Node(node) if node.parent().is_none() => "/".to_owned(),
        XPathItem::Attribute(attribute) => format!("@{}", attribute.name()),
        XPathItem::Namespace(namespace) => format!("{}={}", namespace.prefix(), namespace.uri()),
        item => format!("'{}'", item.string_value()),
    }
}
