//! From attributes to rules: unknown keys, values of the wrong type. The rules themselves say which keys there are.

use lycosa_rules::{FieldRule, ItemRule, did_you_mean};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::attribute::Entry;
use crate::problem::{Problem, Problems};

/// What a key belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Struct,
    Field,
}

/// What an attribute of the struct says.
pub(crate) fn item_rule(entries: &[Entry], problems: &mut Problems) -> ItemRule {
    let fields = Map::from_iter([("fields".to_owned(), json!({}))]);
    read(Owner::Struct, entries, fields, problems).unwrap_or_default()
}

/// What an attribute of a field says.
pub(crate) fn field_rule(entries: &[Entry], problems: &mut Problems) -> FieldRule {
    read(Owner::Field, entries, Map::new(), problems).unwrap_or_default()
}

/// The name that an attribute gives to the record or the field.
pub(crate) fn name(entries: &[Entry], problems: &mut Problems) -> Option<String> {
    let entry = entries.iter().find(|entry| entry.key == "name")?;
    match entry.text(None) {
        Some(name) if !name.is_empty() => Some(name.to_owned()),
        _ => {
            problems.add(entry.span(None), Problem::new("`name` needs a text that is not empty"));
            None
        }
    }
}

/// Reads each key for itself, so that a mistake is told where it is, then all that are right together.
fn read<R: DeserializeOwned>(
    owner: Owner,
    entries: &[Entry],
    always: Map<String, Value>,
    problems: &mut Problems,
) -> Option<R> {
    let mut all = always.clone();
    for entry in entries.iter().filter(|entry| entry.key != "name") {
        if !keys(owner).any(|key| key == entry.key) {
            problems.add(entry.key_span, unknown(owner, &entry.key));
            continue;
        }
        let mut alone = always.clone();
        alone.insert(entry.key.clone(), entry.value());
        match serde_json::from_value::<R>(Value::Object(alone)) {
            Ok(_) => {
                all.insert(entry.key.clone(), entry.value());
            }
            Err(_) if entry.literal.is_none() => {
                let hint = format!("write `{} = …`", entry.key);
                problems
                    .add(entry.key_span, Problem::new(format!("`{}` needs a value", entry.key)).hint(hint));
            }
            Err(error) => problems.add(entry.span(None), wrong_value(&entry.key, &error.to_string())),
        }
    }
    serde_json::from_value(Value::Object(all)).ok()
}

/// The keys that can be given. Fields of records are those of structs, never a key.
fn keys(owner: Owner) -> impl Iterator<Item = &'static str> {
    let keys = match owner {
        Owner::Struct => ItemRule::keys(),
        Owner::Field => FieldRule::keys(),
    };
    std::iter::once("name").chain(keys.iter().copied()).filter(|key| *key != "fields")
}

fn unknown(owner: Owner, key: &str) -> Problem {
    let (here, there, other) = match owner {
        Owner::Struct => ("a struct", "a field", Owner::Field),
        Owner::Field => ("a field", "the struct", Owner::Struct),
    };
    let problem = Problem::new(format!("there is no key `{key}` of {here}"));
    if key == "fields" {
        return problem.hint("the fields of a record are those of a struct that derives Item");
    }
    if keys(other).any(|known| known == key) {
        return problem.hint(format!("it is a key of {there}"));
    }
    let known = || format!("known: {}", keys(owner).collect::<Vec<_>>().join(", "));
    problem.hint(did_you_mean(key, keys(owner)).unwrap_or_else(known))
}

/// The deserialiser's words, plain.
fn wrong_value(key: &str, message: &str) -> Problem {
    let (_, expected) = message.split_once("expected ").unwrap_or(("", message));
    let expected = match expected {
        "a boolean" => "true or false",
        "a string" => "text in quotes",
        "u32" => "a whole number from 0",
        other => other,
    };
    let unknown = message.strip_prefix("unknown variant `").and_then(|rest| rest.split_once('`'));
    match unknown {
        Some((written, rest)) => {
            let choices = || rest.split('`').skip(1).step_by(2);
            let known = || format!("known: {}", choices().collect::<Vec<_>>().join(", "));
            let hint = did_you_mean(written, choices()).unwrap_or_else(known);
            Problem::new(format!("there is no `{key}` called `{written}`")).hint(hint)
        }
        None if message.contains("untagged enum") => {
            Problem::new(format!("`{key}` is a number from 0 or a name"))
        }
        None => Problem::new(format!("`{key}` is {expected}")),
    }
}
