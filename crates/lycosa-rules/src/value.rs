//! Taking the value of one field out of an element: sources in turn, cleaning, converting.

use std::borrow::Cow;

use lycosa_dom::{NodeRef, Pattern, XPathItem, XPathValue, collapse_whitespace};
use serde_json::Value;

use super::convert::{Conversion, ValueType};
use super::field::ValuePlan;
use super::source::{Finder, Source, text_of};
use super::visit::Visit;

/// What was found for a field.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) value: Option<Value>,
    /// The place of the source that gave it, or whose value could not be used.
    pub(super) by: Option<usize>,
    /// What could not be used, and why.
    pub(super) failure: Option<(String, String)>,
}

/// A value before it is cleaned.
enum Raw<'d> {
    Text(Cow<'d, str>),
    Json(Value),
    /// Facts and constants, which are clean.
    Clean(Value),
}

/// The elements that the first finder with a result finds.
pub(super) fn elements<'d>(finders: &[Finder], within: NodeRef<'d>, visit: &Visit<'_>) -> Vec<NodeRef<'d>> {
    for finder in finders {
        let found: Vec<NodeRef<'d>> = match finder {
            Finder::Css(selector) => {
                visit.pay_search(within);
                within.select(selector).collect()
            }
            Finder::XPath(expression) => {
                match visit.with_steps(|steps| expression.evaluate_paying(within, steps)) {
                    Ok(XPathValue::Nodes(nodes)) => {
                        nodes.iter().filter_map(XPathItem::node).filter(|node| node.is_element()).collect()
                    }
                    Ok(_) => {
                        visit.note(format!("`{expression}` gives no elements"));
                        Vec::new()
                    }
                    Err(error) => {
                        visit.note(format!("`{expression}` was given up: {}", error.message()));
                        Vec::new()
                    }
                }
            }
        };
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The value of a field in an element.
pub(super) fn take(plan: &ValuePlan, many: bool, element: NodeRef<'_>, visit: &Visit<'_>) -> Taken {
    let mut taken = Taken::default();
    for (place, (_, source)) in plan.sources.iter().enumerate() {
        let mut list = Vec::new();
        for raw in values(source, plan, many, element, visit) {
            if !visit.goes_on() {
                break;
            }
            match refine(plan, raw, visit) {
                None => {}
                Some(Ok(value)) if many => list.push(value),
                Some(Ok(value)) => return Taken { value: Some(value), by: Some(place), ..taken },
                Some(Err(failure)) => {
                    if taken.failure.is_none() {
                        taken = Taken { by: Some(place), failure: Some(failure), value: None };
                    }
                    // The first value is the one that was meant; another would be a guess.
                    if !many {
                        break;
                    }
                }
            }
        }
        if !list.is_empty() {
            return Taken { value: Some(Value::Array(list)), by: Some(place), ..taken };
        }
    }
    taken
}

type Values<'f, 'd> = Box<dyn Iterator<Item = Raw<'d>> + 'f>;

fn values<'f, 'd: 'f>(
    source: &'f Source,
    plan: &'f ValuePlan,
    many: bool,
    element: NodeRef<'d>,
    visit: &'f Visit<'_>,
) -> Values<'f, 'd> {
    let html = plan.html;
    match source {
        Source::Css { selector, own: true } => {
            Box::new(text_of(element, selector.output(), html).into_iter().map(Raw::Text))
        }
        Source::Css { selector, own: false } => {
            visit.pay_search(element);
            let outputs = selector.outputs(element);
            Box::new(outputs.flat_map(move |(node, output)| text_of(node, output, html)).map(Raw::Text))
        }
        Source::XPath(expression) => {
            let found = visit.with_steps(|steps| expression.evaluate_paying(element, steps));
            match found {
                Ok(value) => Box::new(xpath_values(value, html).into_iter()),
                Err(error) => {
                    visit.note(format!("`{expression}` was given up: {}", error.message()));
                    Box::new(std::iter::empty())
                }
            }
        }
        Source::Json(path) => {
            Box::new(json_values(path, plan, many, element, visit).into_iter().map(Raw::Json))
        }
        Source::Regex { pattern, group } => {
            visit.pay_value(element.text().len());
            let text = cleaned(plan, element.text().into());
            let found = searched(pattern, *group, &text).map(|found| Raw::Text(Cow::Owned(found.to_owned())));
            Box::new(found.into_iter())
        }
        Source::Fact(fact) => Box::new(visit.page.fact(*fact).map(Raw::Clean).into_iter()),
        Source::Value(value) => Box::new(std::iter::once(Raw::Clean(value.clone()))),
    }
}

fn xpath_values(value: XPathValue<'_>, html: bool) -> Vec<Raw<'_>> {
    match value {
        XPathValue::Nodes(nodes) => {
            let text = |item: XPathItem<'_>| match item.node().filter(|node| html && node.is_element()) {
                Some(node) => Raw::Text(Cow::Owned(node.html())),
                None => Raw::Text(Cow::Owned(item.string_value().to_owned())),
            };
            nodes.iter().map(text).collect()
        }
        XPathValue::Boolean(truth) => vec![Raw::Json(truth.into())],
        other => vec![Raw::Text(Cow::Owned(other.to_text().into_owned()))],
    }
}

/// The values of a path in all JSON of the page. Of a field with `many` a single list gives its elements.
fn json_values(
    path: &super::json_path::JsonPath,
    plan: &ValuePlan,
    many: bool,
    element: NodeRef<'_>,
    visit: &Visit<'_>,
) -> Vec<Value> {
    let mut found = Vec::new();
    // JSON stands in the item's element or, mostly, once in the page.
    let mut scripts = elements(&plan.from, element, visit);
    if scripts.is_empty() && element.id() != visit.document.root().id() {
        scripts = elements(&plan.from, visit.document.root(), visit);
    }
    for script in scripts {
        let Some(json) = visit.json_of(script) else {
            visit.note("the JSON of an element could not be read".to_owned());
            continue;
        };
        match visit.with_steps(|steps| path.find(&json, steps)) {
            Ok(values) => {
                for value in values.into_iter().filter(|value| !value.is_null()) {
                    visit.pay_value(weight(value));
                    if visit.goes_on() {
                        found.push(value.clone());
                    }
                }
            }
            Err(_) => visit.note("a JSONPath was given up: it looks at too many values".to_owned()),
        }
        if !found.is_empty() && !many {
            break;
        }
    }
    if let ([Value::Array(list)], true) = (found.as_mut_slice(), many) {
        found = std::mem::take(list);
        found.retain(|value| !value.is_null());
    }
    found
}

/// What a value takes in memory, roughly. The parser limits its depth.
fn weight(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(object) => object.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// What was tried, and why it could not be used.
type Failure = (String, String);

/// Cleans, searches, converts; `None` when nothing is left.
fn refine(plan: &ValuePlan, raw: Raw<'_>, visit: &Visit<'_>) -> Option<Result<Value, Failure>> {
    let resolve = |reference: &str| visit.page.resolve(reference);
    let text = match raw {
        Raw::Text(text) => text,
        Raw::Json(Value::String(text)) => Cow::Owned(text),
        Raw::Json(value) if plan.regex.is_some() => Cow::Owned(value.to_string()),
        Raw::Json(value) | Raw::Clean(value) => {
            let Some(conversion) = plan.conversion else { return Some(Ok(value)) };
            return Some(conversion.json(&value, resolve).map_err(|why| (value.to_string(), why.to_owned())));
        }
    };
    visit.pay_value(text.len());
    let text = cleaned(plan, text);
    let text = match &plan.regex {
        None => text,
        Some((regex, group)) => {
            let found = searched(regex, *group, &text)?;
            cleaned(plan, Cow::Owned(found.to_owned()))
        }
    };
    if plan.trim && text.is_empty() {
        return None;
    }
    if plan.absolute {
        return resolve(&text).map(|url| Ok(Value::String(url.into())));
    }
    let conversion = plan.conversion.unwrap_or(Conversion { to: ValueType::Text, locale: None, order: None });
    Some(conversion.text(&text, resolve).map_err(|why| (text.into_owned(), why.to_owned())))
}

/// What a group of an expression took, without one the first that took part.
fn searched<'t>(pattern: &Pattern, group: Option<usize>, text: &'t str) -> Option<&'t str> {
    match group {
        Some(group) => pattern.group(text, group),
        None => pattern.capture(text),
    }
}

fn cleaned<'t>(plan: &ValuePlan, text: Cow<'t, str>) -> Cow<'t, str> {
    let text = match (plan.collapse, plan.trim, text) {
        (false, _, text) => text,
        (true, true, Cow::Borrowed(text)) => collapse_whitespace(text),
        (true, true, Cow::Owned(text)) => Cow::Owned(collapse_whitespace(&text).into_owned()),
        (true, false, text) => Cow::Owned(collapsed_with_ends(&text)),
    };
    match text {
        text if !plan.trim => text,
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// One space for each run of whitespace, at the ends too.
fn collapsed_with_ends(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}
