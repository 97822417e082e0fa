//! The rules of a struct under the eyes of those who compile them for a crawl: the same mistakes, told where they
//! stand in the program.

use lycosa_rules::{FieldRule, ItemRule, Named, RuleError, Rules};
use proc_macro2::Span;
use serde_json::Value;

use crate::attribute::Entry;
use crate::input::{Content, Field, Input};
use crate::problem::{Problem, Problems};

/// Keys that only an item type has: a struct with one of them is no record inside another.
const OF_ITEM_TYPES: [&str; 6] = ["name", "for_each", "from", "when", "when_label", "unique_by"];

/// What stands around the fields of a struct that may be a record inside another, where more names are free.
const AROUND: &str = "record";

/// Compiles the rules and tells every mistake in them.
pub(crate) fn check(input: &Input<'_>, problems: &mut Problems) {
    let is_item_type = input.entries.iter().any(|entry| OF_ITEM_TYPES.contains(&entry.key.as_str()));
    let rule = |field| if is_item_type { written(field) } else { without_group(written(field)) };
    let fields: Named<FieldRule> =
        input.fields.iter().map(|field| (field.name.clone(), rule(field))).collect();
    let rule = if is_item_type {
        ItemRule { fields, ..input.rule.clone() }
    } else {
        let record = FieldRule { fields: Some(fields), ..FieldRule::default() };
        ItemRule { fields: Named(vec![(AROUND.to_owned(), record)]), ..input.rule.clone() }
    };
    let depth = usize::from(!is_item_type);
    let rules = Named(vec![(input.name.clone(), rule)]);
    for error in Rules::compile(&rules).err().unwrap_or_default() {
        tell(input, &error, error.fields.get(depth).map(String::as_str), problems);
    }
}

/// The rule of a field as a configuration would have it. What is in a record is checked where its struct stands.
fn written(field: &Field<'_>) -> FieldRule {
    let mut rule = field.rule.clone();
    if field.content == Content::Record {
        let one = FieldRule { value: Some(Value::Bool(true)), ..FieldRule::default() };
        rule.fields = Some(Named(vec![("value".to_owned(), one)]));
        match &rule.for_each {
            Some(_) => rule.unique_by = None,
            // Told already, in the words of types.
            None => rule.many = None,
        }
    } else {
        // Told already, in the words of types.
        rule.for_each = None;
        if !field.has_source() {
            rule.value = Some(Value::Bool(true));
        }
    }
    rule
}

/// The rule of a record's field without a group alone: its expression stands at the field that holds the records.
fn without_group(mut rule: FieldRule) -> FieldRule {
    if rule.group.is_some()
        && [&rule.css, &rule.xpath, &rule.json, &rule.regex].iter().all(|text| text.is_none())
        && rule.select.is_none()
    {
        rule.group = None;
        rule.value = Some(Value::Bool(true));
    }
    rule
}

fn tell(input: &Input<'_>, error: &RuleError, field: Option<&str>, problems: &mut Problems) {
    let field = field.and_then(|name| input.fields.iter().find(|field| field.name == name));
    let entry = error.key.and_then(|key| match field {
        Some(field) => field.entry(key),
        None => input.entries.iter().find(|entry| entry.key == key),
    });
    let whole = field.map_or(input.ident.span(), |field| field.ident.span());
    let (span, text): (Span, Option<&str>) = match entry {
        Some(entry) => (entry.span(error.index), text_of(entry, error.index)),
        None => (whole, None),
    };
    let mut problem = Problem::new(error.message.clone());
    if let (Some(text), Some(column)) = (text, error.column) {
        problem = problem.caret(text, column);
    }
    if let Some(hint) = &error.hint {
        problem = problem.hint(hint.clone());
    }
    problems.add(span, problem);
}

/// The text that a mistake is in. A single text may stand for a list of one.
fn text_of(entry: &Entry, index: Option<usize>) -> Option<&str> {
    entry.text(index).or_else(|| entry.text(None))
}
