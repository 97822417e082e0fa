//! Applying rules to a page.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use lycosa_dom::{NodeRef, Output, collapse_whitespace};
use serde_json::{Map, Value};

use super::Rules;
use super::compile::{FieldPlan, ItemPlan};
use crate::error::Result;
use crate::model::{Extract, Findings, Item, Page};

/// What became of the items of one type, over all pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Items that were kept.
    pub found: u64,
    /// Items that lacked a required field.
    pub dropped: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    found: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    pub(super) fn counts(&self) -> RuleCounts {
        RuleCounts {
            found: self.found.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

/// Adds the items of every type to the findings. Pages without a document have none.
impl Extract for Rules {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let Some(document) = page.document else { return Ok(()) };
        for plan in &self.items {
            match &plan.for_each {
                Some(selector) => {
                    document.select(selector).for_each(|element| take_item(plan, element, page, findings));
                }
                None => take_item(plan, document.root(), page, findings),
            }
        }
        Ok(())
    }
}

fn take_item(plan: &ItemPlan, element: NodeRef<'_>, page: &Page<'_>, findings: &mut Findings) {
    let mut fields = Map::new();
    for field in &plan.fields {
        match take_field(field, element, page) {
            Some(value) => drop(fields.insert(field.name.clone(), value)),
            None if field.required => {
                plan.tally.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            None => drop(fields.insert(field.name.clone(), absent(field))),
        }
    }
    plan.tally.found.fetch_add(1, Ordering::Relaxed);
    findings.items.push(Item { kind: plan.kind.clone(), fields });
}

fn absent(field: &FieldPlan) -> Value {
    if field.many { Value::Array(Vec::new()) } else { Value::Null }
}

/// The field's value or its default; `None` when there is neither.
fn take_field(field: &FieldPlan, element: NodeRef<'_>, page: &Page<'_>) -> Option<Value> {
    let mut values = raw_values(field, element).filter_map(|value| refine(field, value, page));
    if !field.many {
        return values.next().map(Value::String).or_else(|| field.default.clone());
    }
    let list: Vec<Value> = values.map(Value::String).collect();
    if list.is_empty() { field.default.clone() } else { Some(Value::Array(list)) }
}

fn raw_values<'f, 'd: 'f>(
    field: &'f FieldPlan,
    element: NodeRef<'d>,
) -> Box<dyn Iterator<Item = Cow<'d, str>> + 'f> {
    let take = |node: NodeRef<'d>, output: &Output| match output {
        Output::Node => vec![collapse_whitespace(node.text())],
        _ => output.take(node),
    };
    if field.own {
        return Box::new(take(element, field.selector.output()).into_iter());
    }
    Box::new(field.selector.outputs(element).flat_map(move |(node, output)| take(node, output)))
}

/// Trims, searches, resolves; `None` when nothing is left.
fn refine(field: &FieldPlan, value: Cow<'_, str>, page: &Page<'_>) -> Option<String> {
    let value = if field.trim { trimmed(value) } else { value };
    let value = match &field.regex {
        None => value,
        Some(regex) => Cow::Owned(regex.capture(&value)?.to_owned()),
    };
    if field.trim && value.is_empty() {
        return None;
    }
    if field.absolute {
        return page.resolve(&value).map(String::from);
    }
    Some(value.into_owned())
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
