//! Taking the value of one field for a record: sources in turn, cleaning, converting.

use std::borrow::Cow;
use std::iter;
use std::ops::Deref;
use std::rc::Rc;

use lycosa_dom::{Pattern, XPathItem, XPathValue, collapse_whitespace};
use serde_json::Value;

use super::convert::{Conversion, ValueType};
use super::field::ValuePlan;
use super::find;
use super::source::{Source, text_of};
use super::spot::{Part, Spot, text_of_json};
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

/// The value of a field of a record.
pub(super) fn take<'v>(plan: &'v ValuePlan, many: bool, spot: Spot<'_, 'v>, visit: &Visit<'v>) -> Taken {
    let mut taken = Taken::default();
    for (place, (_, source)) in plan.sources.iter().enumerate() {
        let mut list = Vec::new();
        for raw in values(source, plan, many, spot, visit) {
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

type Values<'f> = Box<dyn Iterator<Item = Raw<'f>> + 'f>;

fn values<'f, 'v: 'f>(
    source: &'v Source,
    plan: &'v ValuePlan,
    many: bool,
    spot: Spot<'f, 'v>,
    visit: &'f Visit<'v>,
) -> Values<'f> {
    let html = plan.html;
    match source {
        Source::Css { selector, own } => {
            let Some(element) = spot.element else { return Box::new(iter::empty()) };
            if *own {
                return Box::new(text_of(element, selector.output(), html).into_iter().map(Raw::Text));
            }
            let matches = find::matches(selector, element, visit);
            let found = (0..).map_while(move |place| matches.get(place));
            Box::new(found.flat_map(move |(node, output)| text_of(node, output, html)).map(Raw::Text))
        }
        Source::XPath(expression) => {
            let Some(element) = spot.element else { return Box::new(iter::empty()) };
            xpath_values(find::xpath_value(expression, element, visit), html)
        }
        Source::Json(path) => {
            let Some(from) = &plan.from else { return Box::new(iter::empty()) };
            let found = find::json_values(path, from, many, spot, visit);
            Box::new((0..found.len()).filter_map(move |place| {
                let value = found.get(place)?;
                visit.pay_value(find::weight(value));
                Some(Raw::Json(value.clone()))
            }))
        }
        Source::Regex { pattern, group } => {
            let text = text_of_spot(plan, spot, visit);
            visit.pay_search_in(&text);
            let found = searched(pattern, *group, &text).map(|found| Raw::Text(Cow::Owned(found.to_owned())));
            Box::new(found.into_iter())
        }
        Source::Group(groups) => {
            let Part::Match(pattern, found) = spot.part else { return Box::new(iter::empty()) };
            let number = groups.0.iter().find(|(number, _)| *number == pattern).map(|(_, group)| *group);
            let text = number.and_then(|number| found.group(number));
            Box::new(text.map(|text| Raw::Text(Cow::Borrowed(text))).into_iter())
        }
        Source::Fact(fact) => Box::new(visit.page.fact(*fact).map(Raw::Clean).into_iter()),
        Source::Value(value) => Box::new(iter::once(Raw::Clean(value.clone()))),
    }
}

/// The text in which an expression alone is searched, cleaned.
fn text_of_spot<'f>(plan: &ValuePlan, spot: Spot<'f, '_>, visit: &Visit<'_>) -> Text<'f> {
    let text = match (spot.part, spot.element) {
        (Part::Whole, Some(element)) if plan.collapse && plan.trim => {
            return Text::Shared(visit.collapsed_text(element));
        }
        (Part::Whole, Some(element)) => Cow::Owned(element.text().to_owned()),
        (Part::Whole, None) => Cow::Owned(visit.page.text().to_owned()),
        (Part::Match(_, found), _) => Cow::Borrowed(found.text()),
        (Part::Json(value), _) => text_of_json(value),
    };
    visit.pay_value(text.len());
    Text::Own(cleaned(plan, text))
}

/// A text of its own, or one that is kept for others.
enum Text<'f> {
    Own(Cow<'f, str>),
    Shared(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => text,
        }
    }
}

fn xpath_values<'f, 'v: 'f>(value: Rc<Option<XPathValue<'v>>>, html: bool) -> Values<'f> {
    let count = match &*value {
        None => 0,
        Some(XPathValue::Nodes(nodes)) => nodes.len(),
        Some(_) => 1,
    };
    let text = move |item: XPathItem<'v>| match item.node().filter(|node| html && node.is_element()) {
        Some(node) => Raw::Text(Cow::Owned(node.html())),
        None => Raw::Text(Cow::Borrowed(item.string_value())),
    };
    Box::new((0..count).filter_map(move |place| match value.as_ref().as_ref()? {
        XPathValue::Nodes(nodes) => nodes.get(place).map(text),
        XPathValue::Boolean(truth) => Some(Raw::Json((*truth).into())),
        other => Some(Raw::Text(other.to_text())),
    }))
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
