//! Finding records and JSON: elements, values of paths, matches in texts.

use std::borrow::Cow;
use std::rc::Rc;

use lycosa_dom::{Document, NodeRef, Output, Pattern, Selector, XPath, XPathItem, XPathValue};
use serde_json::Value;

use super::expressions::Shared;
use super::json_path::JsonPath;
use super::memo::Matches;
use super::source::{Each, Finder, JsonPlace};
use super::spot::{Part, Spot, text_of_json};
use super::visit::Visit;

/// What looks at a record, and says whether it wants to see more.
pub(super) type Take<'t, 'v> = &'t mut dyn FnMut(Spot<'_, 'v>) -> bool;

/// Lets the records be looked at that the first place with any finds, until somebody has seen enough.
pub(super) fn each_record<'v>(
    places: &'v [Each],
    from: Option<&'v JsonPlace>,
    spot: Spot<'_, 'v>,
    visit: &Visit<'v>,
    take: Take<'_, 'v>,
) {
    for place in places {
        let mut has_any = false;
        match place {
            Each::Elements(finder) => {
                let Some(within) = spot.element else { continue };
                for element in elements(finder, within, visit) {
                    has_any = true;
                    if !take(Spot::of(Some(element))) {
                        break;
                    }
                }
            }
            Each::Json(path) => {
                let Some(from) = from else { continue };
                each_value(path, from, spot, visit, &mut |value| {
                    has_any = true;
                    take(spot.with(Part::Json(value)))
                });
            }
            Each::Regex(pattern) => has_any = each_match(pattern, spot, visit, take),
        }
        if has_any {
            return;
        }
    }
}

/// The elements in an element, in document order.
pub(super) fn elements<'v>(finder: &'v Finder, within: NodeRef<'v>, visit: &Visit<'v>) -> Vec<NodeRef<'v>> {
    match finder {
        Finder::Css(selector) => {
            let matches = matches(selector, within, visit);
            let mut found: Vec<_> =
                (0..).map_while(|place| matches.get(place)).map(|(node, _)| node).collect();
            // A list of selectors finds an element once for each that matches it.
            found.dedup_by_key(|node| node.id());
            found
        }
        Finder::XPath(expression) => match xpath_value(expression, within, visit).as_ref() {
            Some(XPathValue::Nodes(nodes)) => {
                nodes.iter().filter_map(XPathItem::node).filter(|node| node.is_element()).collect()
            }
            Some(_) => {
                visit.note(format!("`{}` gives no elements", expression.as_str()));
                Vec::new()
            }
            None => Vec::new(),
        },
    }
}

/// The matches of a selector inside an element, each text of a selector searched for once.
pub(super) fn matches<'v>(
    selector: &'v Shared<Selector>,
    element: NodeRef<'v>,
    visit: &Visit<'v>,
) -> Rc<Matches<'v>> {
    let search = || {
        visit.pay_search(element);
        let selector: &'v Selector = selector;
        let found: Box<dyn Iterator<Item = (NodeRef<'v>, &'v Output)> + 'v> =
            Box::new(selector.outputs(element));
        Matches::new(found)
    };
    if visit.is_root(element) {
        visit.memo.matches(selector.number(), None, search)
    } else if selector.is_used_again() {
        visit.memo.matches(selector.number(), Some(element), search)
    } else {
        Rc::new(search())
    }
}

/// The value of an expression at an element, evaluated once for the page if the element makes no difference. `None` when
/// it was given up, which is noted.
pub(super) fn xpath_value<'v>(
    expression: &'v Shared<XPath>,
    element: NodeRef<'v>,
    visit: &Visit<'v>,
) -> Rc<Option<XPathValue<'v>>> {
    let evaluate = || match visit.with_steps(|steps| expression.evaluate_paying(element, steps)) {
        Ok(value) => Some(value),
        Err(error) => {
            visit.note(format!("`{}` was given up: {}", expression.as_str(), error.message()));
            None
        }
    };
    if visit.is_root(element) || !expression.depends_on_context() {
        visit.memo.value(expression.number(), None, evaluate)
    } else if expression.is_used_again() {
        visit.memo.value(expression.number(), Some(element), evaluate)
    } else {
        Rc::new(evaluate())
    }
}

/// The values of a path, all of them or those of the first place that has any. Of a field that takes all, a single list
/// is its elements.
pub(super) fn json_values<'v>(
    path: &'v Shared<JsonPath>,
    place: &'v JsonPlace,
    many: bool,
    spot: Spot<'_, 'v>,
    visit: &Visit<'v>,
) -> Rc<Vec<Value>> {
    let roots = Roots::of(place, spot, visit);
    let search = || {
        let mut found = Vec::new();
        roots.each(visit, &mut |root| {
            for value in find(path, root, visit) {
                visit.pay_value(weight(value));
                if visit.goes_on() {
                    found.push(value.clone());
                }
            }
            found.is_empty() || many
        });
        if let ([Value::Array(list)], true) = (found.as_mut_slice(), many) {
            found = std::mem::take(list);
            found.retain(|value| !value.is_null());
        }
        found
    };
    if roots.is_of_page() {
        return visit.memo.values((path.number(), place.finder.number(), many), search);
    }
    Rc::new(search())
}

/// Lets the values of a path be looked at; a single list is looked at element by element.
fn each_value<'v>(
    path: &JsonPath,
    place: &'v JsonPlace,
    spot: Spot<'_, 'v>,
    visit: &Visit<'v>,
    take: &mut dyn FnMut(&Value) -> bool,
) {
    Roots::of(place, spot, visit).each(visit, &mut |root| {
        let found = find(path, root, visit);
        match found.as_slice() {
            [Value::Array(list)] => list.iter().filter(|value| !value.is_null()).all(&mut *take),
            _ => found.into_iter().all(&mut *take),
        }
    });
}

/// The values of a path in one JSON value, nulls left out.
fn find<'j>(path: &JsonPath, root: &'j Value, visit: &Visit<'_>) -> Vec<&'j Value> {
    let mut found = visit.with_steps(|steps| path.find(root, steps)).unwrap_or_else(|too_much| {
        visit.note(format!("`{}` was given up: {too_much}", path.source()));
        Vec::new()
    });
    found.retain(|value| !value.is_null());
    found
}

/// The JSON into which paths lead.
enum Roots<'s, 'v> {
    /// The value that is the record.
    Record(&'s Value),
    /// The body.
    Body(Rc<Value>),
    /// What stands in the item's element.
    Element(Vec<NodeRef<'v>>),
    /// What stands, mostly once, in the page.
    Page(Vec<NodeRef<'v>>),
}

impl<'s, 'v> Roots<'s, 'v> {
    fn of(place: &'v JsonPlace, spot: Spot<'s, 'v>, visit: &Visit<'v>) -> Self {
        if !place.is_given {
            if let Part::Json(value) = spot.part {
                return Self::Record(value);
            }
            if let Some(body) = visit.json_of_body() {
                return Self::Body(body.clone());
            }
        }
        if let Some(element) = spot.element.filter(|element| !visit.is_root(*element)) {
            let found = elements(&place.finder, element, visit);
            if !found.is_empty() {
                return Self::Element(found);
            }
        }
        let root = visit.document.map(Document::root);
        Self::Page(root.map_or_else(Vec::new, |root| elements(&place.finder, root, visit)))
    }

    fn is_of_page(&self) -> bool {
        matches!(self, Self::Body(_) | Self::Page(_))
    }

    /// Lets each be looked at until somebody has seen enough.
    fn each(&self, visit: &Visit<'_>, look: &mut dyn FnMut(&Value) -> bool) {
        match self {
            Self::Record(value) => {
                look(value);
            }
            Self::Body(value) => {
                look(value);
            }
            Self::Element(scripts) | Self::Page(scripts) => {
                for script in scripts {
                    if visit.json_of(*script).is_some_and(|json| !look(&json)) {
                        return;
                    }
                }
            }
        }
    }
}

/// Lets the matches in the text of a record be looked at; whether there are any.
fn each_match<'v>(
    pattern: &Shared<Pattern>,
    spot: Spot<'_, 'v>,
    visit: &Visit<'v>,
    take: Take<'_, 'v>,
) -> bool {
    let text: Cow<'_, str> = match (spot.part, spot.element) {
        (Part::Match(_, found), _) => found.text().into(),
        (Part::Json(value), _) => {
            visit.pay_value(weight(value));
            text_of_json(value)
        }
        (Part::Whole, Some(element)) => element.text().into(),
        (Part::Whole, None) => visit.page.text().into(),
    };
    let mut matches = pattern.matches(&text);
    let mut has_any = false;
    while let Some(found) = visit.with_steps(|steps| matches.next_paying(steps)) {
        has_any = true;
        if !take(spot.with(Part::Match(pattern.number(), &found))) {
            break;
        }
    }
    if matches.skipped() > 0 {
        visit.note(format!("`{}` finds pieces of more than 16 KiB, which are left out", pattern.source()));
    }
    has_any
}

/// What a value takes in memory, roughly. The parser limits its depth.
pub(super) fn weight(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(object) => object.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}
