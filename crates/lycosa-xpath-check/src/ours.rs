//! Our engine, asked like the others.

use lycosa_dom::{
    Document, NodeRef, ParseOptions, XPath, XPathError, XPathErrorKind, XPathItem, XPathOptions, XPathValue,
};

use crate::answer::{Answer, Key, Numbered};
use crate::random_page::PREFIXES;
use crate::serve::Found;

pub(crate) fn parse_xml(source: &str) -> Document {
    Document::parse_xml(source, ParseOptions::default())
}

/// Our answer.
pub(crate) fn answer(numbered: &Numbered, context: NodeRef<'_>, expression: &str) -> Answer {
    let options = PREFIXES
        .iter()
        .fold(XPathOptions::default(), |options, (prefix, uri)| options.namespace(prefix, uri));
    let value = XPath::compile_with(expression, &options).and_then(|compiled| compiled.evaluate(context));
    match value {
        Ok(XPathValue::Nodes(nodes)) => {
            let places: Vec<_> = nodes.iter().map(XPathItem::order).collect();
            if !places.is_sorted_by(|one, next| one < next) {
                return Answer::Text("nodes out of document order".to_owned());
            }
            let key = |item| match item {
                XPathItem::Node(node) => numbered.node(node),
                XPathItem::Attribute(attribute) => numbered.attribute(attribute),
                XPathItem::Namespace(namespace) => Key::Namespace(namespace.prefix().to_owned()),
                // The grammar has no functions that make some.
                XPathItem::Token(token) => Key::Namespace(token.text().to_owned()),
            };
            Answer::Nodes(nodes.iter().map(key).collect())
        }
        Ok(XPathValue::Number(number)) => Answer::Number(number),
        Ok(XPathValue::String(text)) => Answer::Text(text.into_owned()),
        Ok(XPathValue::Boolean(truth)) => Answer::Boolean(truth),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &XPathError) -> Answer {
    match error.kind() {
        XPathErrorKind::StepLimit | XPathErrorKind::MemoryLimit => Answer::Silent("ours met a limit"),
        _ => Answer::Refused(error.to_string()),
    }
}

/// An expression that our engine has read.
#[derive(Debug)]
pub(crate) struct Ready(XPath);

impl Ready {
    pub(crate) fn new(expression: &str) -> Result<Self, String> {
        XPath::compile(expression).map(Self).map_err(|error| error.to_string())
    }

    /// Evaluates from the document node and walks the result.
    pub(crate) fn found(&self, numbered: &Numbered) -> Result<Found, String> {
        match self.0.evaluate(numbered.document.root()).map_err(|error| error.to_string())? {
            XPathValue::Nodes(nodes) => {
                let mut found = Found::nodes();
                for item in nodes.iter() {
                    match item {
                        XPathItem::Node(node) => found.node(numbered, node),
                        XPathItem::Attribute(attribute) => found.attribute(numbered, attribute),
                        XPathItem::Namespace(namespace) => found.node(numbered, namespace.owner()),
                        XPathItem::Token(_) => found.count += 1,
                    }
                }
                Ok(found)
            }
            XPathValue::Number(number) => Ok(Found::number(number)),
            XPathValue::String(text) => Ok(Found::text(&text)),
            XPathValue::Boolean(truth) => Ok(Found::truth(truth)),
        }
    }
}
