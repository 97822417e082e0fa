//! Applying rules to a page: records, their fields, what becomes of those that fail.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::compile::{ItemPlan, RecordsPlan};
use super::field::{FieldKind, FieldPlan};
use super::find::each_record;
use super::spot::Spot;
use super::tally::{Tally, count};
use super::value::{self, Taken};
use super::visit::Visit;
use super::{FieldFailure, Item, Reject, Rules, Subject};

/// How a field came to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// It was found.
    Found,
    /// Nothing usable was found; it has its default.
    Default,
    /// Nothing was found.
    Missing,
    /// What was found could not be converted.
    Failed,
}

/// What became of a field of one record.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FieldReport {
    /// Its name, with those of the records around it: `offers.price`.
    pub field: String,
    /// How it came to its value.
    pub how: How,
    /// Its value; null when it has none.
    pub value: Value,
    /// The source that gave the value, or the one whose value failed.
    pub by: Option<String>,
    /// What could not be used, and why.
    pub why: Option<String>,
    /// Whether the record cannot do without.
    pub required: bool,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is an item.
    Kept,
    /// It lacks what is required.
    Rejected,
    /// An earlier one of the page has the same values in the fields of `unique_by`.
    Repeated,
}

/// A record with the reasons of its values.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RecordReport {
    /// The item type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What became of it.
    pub fate: Fate,
    /// The record.
    pub record: Map<String, Value>,
    /// Its fields in order, those of inner records after their own.
    pub fields: Vec<FieldReport>,
}

/// What rules make of a page, with reasons.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct PageReport {
    /// The records of every type, rejected ones too.
    pub records: Vec<RecordReport>,
    /// Item types of which the page has none, or for which it is not.
    pub none: Vec<String>,
    /// Why, for each of them.
    pub why_none: Vec<String>,
    /// What could not be done.
    pub notes: Vec<String>,
    /// What it cost: nodes looked at and bytes of text read, in the steps that are limited for a page.
    pub steps: u64,
}

/// What rules take out of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The items of every type, in the order of the types and of the document.
    pub items: Vec<Item>,
    /// Records that fail their rules, those inside others included.
    pub rejects: Vec<Reject>,
    /// What could not be done, by sentence.
    pub notes: Vec<String>,
}

impl Rules {
    /// The items of every type. Of pages that are no documents only rules for JSON or texts take any.
    pub fn find(&self, page: &dyn Subject) -> Found {
        let mut found = Found::default();
        let visit = Visit::new(page, false);
        for plan in &self.items {
            visit_item(plan, &visit, |record| {
                if record.fate == Fate::Kept {
                    found.items.push(Item { kind: plan.kind.clone(), fields: record.fields });
                }
            });
            let rejects = visit.rejects.take().into_iter();
            let named = |(failures, fields)| Reject { kind: plan.kind.clone(), failures, fields };
            found.rejects.extend(rejects.map(named));
        }
        found.notes = visit.notes.take();
        found
    }

    /// What the rules make of a page, with the reason of every value and of every miss.
    #[must_use]
    pub fn examine(&self, page: &dyn Subject) -> PageReport {
        let mut report = PageReport::default();
        let visit = Visit::new(page, true);
        if page.document().is_none() && !self.items.iter().any(|plan| plan.can_read(&visit)) {
            let what = if visit.json_of_body().is_some() {
                "JSON, and no rule reads that"
            } else {
                "neither HTML nor XML"
            };
            visit.note(format!("the page is {what}"));
        }
        for plan in &self.items {
            let before = report.records.len();
            visit_item(plan, &visit, |record| {
                let (kind, fields) = (plan.kind.to_string(), visit.take_reports());
                report.records.push(RecordReport { kind, fate: record.fate, record: record.fields, fields });
            });
            if report.records.len() == before {
                report.none.push(plan.kind.to_string());
                report.why_none.push(plan.absence(&visit));
            }
        }
        report.notes.append(&mut visit.notes.borrow_mut());
        report.steps = visit.spent();
        report
    }
}

pub(super) struct Record {
    fields: Map<String, Value>,
    fate: Fate,
}

impl ItemPlan {
    /// Why a page without records of it has none.
    fn absence(&self, visit: &Visit<'_>) -> String {
        if let Some(why) = self.pages.excludes(visit.page.url(), visit.page.label()) {
            return why;
        }
        if self.can_read(visit) {
            return "for_each found nothing".to_owned();
        }
        let what = if visit.json_of_body().is_some() { "JSON" } else { "neither HTML nor XML" };
        format!("the page is {what}, and no rule of it reads that")
    }

    /// Whether it is for pages like this: documents, or what its own rules can read.
    fn can_read(&self, visit: &Visit<'_>) -> bool {
        visit.document.is_some()
            || if visit.json_of_body().is_some() { self.reads_json } else { self.reads_text }
    }
}

/// Goes through the records of an item type in document order.
pub(super) fn visit_item<'v>(plan: &'v ItemPlan, visit: &Visit<'v>, mut take: impl FnMut(Record)) {
    let page = visit.page;
    if !plan.pages.includes(page.url(), page.label()) || !plan.can_read(visit) {
        return;
    }
    records(&plan.records, visit.root(), "", visit, &mut take);
}

fn count_fate(tally: &Tally, fate: Fate) {
    count(match fate {
        Fate::Kept => &tally.found,
        Fate::Rejected => &tally.rejected,
        Fate::Repeated => &tally.repeated,
    });
}

/// The records at a place, in document order. Those that lack something required are noted as rejects.
fn records<'v>(
    plan: &'v RecordsPlan,
    within: Spot<'_, 'v>,
    path: &str,
    visit: &Visit<'v>,
    take: &mut dyn FnMut(Record),
) {
    let mut seen = HashSet::new();
    let mut one = |spot: Spot<'_, 'v>| {
        if !visit.goes_on() {
            return false;
        }
        visit.pay_record();
        let record = judged(plan, spot, path, visit, &mut seen);
        count_fate(&plan.tally, record.fate);
        take(record);
        true
    };
    match &plan.for_each {
        Some(places) => each_record(places, plan.from.as_ref(), within, visit, &mut one),
        None => {
            one(within);
        }
    }
}

/// A record with what becomes of it.
fn judged<'v>(
    plan: &'v RecordsPlan,
    spot: Spot<'_, 'v>,
    path: &str,
    visit: &Visit<'v>,
    seen: &mut HashSet<Vec<String>>,
) -> Record {
    let (fields, failures) = record(plan, spot, path, visit);
    let mut fate = if failures.is_empty() { Fate::Kept } else { Fate::Rejected };
    if fate == Fate::Kept && !plan.unique_by.is_empty() {
        let key = plan
            .unique_by
            .iter()
            .filter_map(|place| fields.get(&plan.fields.get(*place)?.name))
            .map(ToString::to_string)
            .collect();
        if !seen.insert(key) {
            fate = Fate::Repeated;
        }
    }
    if fate == Fate::Rejected {
        visit.rejects.borrow_mut().push((failures, fields.clone()));
    }
    Record { fields, fate }
}

fn record<'v>(
    plan: &'v RecordsPlan,
    spot: Spot<'_, 'v>,
    path: &str,
    visit: &Visit<'v>,
) -> (Map<String, Value>, Vec<FieldFailure>) {
    let mut fields = Map::new();
    let mut failures = Vec::new();
    for field in &plan.fields {
        let place = visit.reported();
        let taken = match &field.what {
            FieldKind::Value(plan) => value::take(plan, field.many, spot, visit),
            FieldKind::Records(plan) => inner_records(field, plan, spot, path, visit),
        };
        let (how, value) = settle(field, taken.value.as_ref(), taken.failure.is_some());
        if field.required && matches!(how, How::Missing | How::Failed) {
            failures.push(failure(field, path, how, &taken));
        }
        visit.report(place, || report(field, path, how, value.clone(), &taken));
        fields.insert(field.name.clone(), value);
    }
    (fields, failures)
}

/// A record inside a record, or a list of them.
fn inner_records<'v>(
    field: &FieldPlan,
    plan: &'v RecordsPlan,
    spot: Spot<'_, 'v>,
    path: &str,
    visit: &Visit<'v>,
) -> Taken {
    let inner = format!("{path}{}.", field.name);
    let mut list = Vec::new();
    records(plan, spot, &inner, visit, &mut |record| {
        if record.fate == Fate::Kept && (field.many || list.is_empty()) {
            list.push(Value::Object(record.fields));
        }
    });
    let value = match list.len() {
        0 => None,
        _ if field.many => Some(Value::Array(list)),
        _ => list.pop(),
    };
    Taken { value, ..Taken::default() }
}

/// The value that a field ends with, counted.
fn settle(field: &FieldPlan, found: Option<&Value>, has_failed: bool) -> (How, Value) {
    let absent = || if field.many { Value::Array(Vec::new()) } else { Value::Null };
    let (how, value) = match (found, &field.default) {
        (Some(value), _) => (How::Found, value.clone()),
        (None, Some(default)) => (How::Default, default.clone()),
        (None, None) if has_failed => (How::Failed, absent()),
        (None, None) => (How::Missing, absent()),
    };
    count(match how {
        How::Found => &field.tally.found,
        How::Default => &field.tally.defaulted,
        How::Missing => &field.tally.missing,
        How::Failed => &field.tally.failed,
    });
    (how, value)
}

fn source_of(field: &FieldPlan, place: Option<usize>) -> Option<String> {
    match &field.what {
        FieldKind::Value(plan) => plan.sources.get(place?).map(|(shown, _)| shown.clone()),
        FieldKind::Records(_) => None,
    }
}

fn failure(field: &FieldPlan, path: &str, how: How, taken: &Taken) -> FieldFailure {
    let name = format!("{path}{}", field.name);
    let (value, why) = taken.failure.clone().unzip();
    let (rule, message) = match (how, why) {
        (How::Failed, Some(why)) => ("type", format!("the value could not be converted: {why}")),
        _ => ("required", "nothing was found".to_owned()),
    };
    FieldFailure { field: name, rule, source: source_of(field, taken.by), value, message }
}

fn report(field: &FieldPlan, path: &str, how: How, value: Value, taken: &Taken) -> FieldReport {
    FieldReport {
        field: format!("{path}{}", field.name),
        how,
        value,
        by: source_of(field, taken.by),
        why: taken.failure.as_ref().map(|(value, why)| format!("{value:?}: {why}")),
        required: field.required,
    }
}
