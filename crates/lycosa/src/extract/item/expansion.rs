//! What the code that `#[derive(Item)]` writes calls. Not for other use: it may change with any version.

use std::sync::OnceLock;

pub use super::FieldValue;
use super::{Item, Misfit, Record, compile, error};
use crate::error::Result;
pub use crate::extract::rules::{
    DateOrder, Fact, FieldRule, Group, ItemRule, Named, RuleError, Rules, Texts, ValueType,
};
pub use serde_json::Value;
pub use std::option::Option::{None, Some};
pub use std::string::String;

/// Rules that are compiled when they are first asked for.
#[derive(Debug)]
pub struct Once(OnceLock<std::result::Result<Rules, Vec<RuleError>>>);

impl Once {
    /// Not compiled yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The rules of a type.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn of<T: Item>(&'static self) -> Result<&'static Rules> {
        self.0.get_or_init(compile::<T>).as_ref().map_err(|mistakes| error(mistakes))
    }
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

/// The greatest of some depths.
#[must_use]
pub const fn deepest(depths: &[usize]) -> usize {
    let (mut at, mut deepest) = (0, 0);
    while at < depths.len() {
        if depths[at] > deepest {
            deepest = depths[at];
        }
        at += 1;
    }
    deepest
}

/// Whether a field is among some.
#[must_use]
pub const fn has_field(fields: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < fields.len() {
        if is_same(fields[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The rule of a field that holds records of a type: its fields, and how it writes numbers and dates.
#[must_use]
pub fn record_rule<T: Item>(field: FieldRule) -> FieldRule {
    let inner = T::rule();
    FieldRule {
        fields: Some(inner.fields),
        locale: field.locale.or(inner.locale),
        date_order: field.date_order.or(inner.date_order),
        ..field
    }
}

/// A value as a record.
///
/// # Errors
/// When it is no record, or one that does not fit.
pub fn record_of<T: Item>(value: Value) -> std::result::Result<T, Misfit> {
    match value {
        Value::Object(record) => T::from_record(record),
        other => Err(Misfit::new(&other, "it is no record")),
    }
}

/// A value as what a field holds.
///
/// # Errors
/// When it does not fit.
pub fn value_of<T: FieldValue>(value: Value) -> std::result::Result<T, Misfit> {
    T::from_value(value)
}

type Convert<T> = fn(Value) -> std::result::Result<T, Misfit>;

/// The value of a field that is always there.
///
/// # Errors
/// When it is not, or does not fit.
pub fn one<T>(record: &mut Record, name: &str, convert: Convert<T>) -> std::result::Result<T, Misfit> {
    let found = optional(record, name, convert)?;
    found.ok_or_else(|| Misfit::new(&Value::Null, "there is none").within(name))
}

/// The value of a field, if there is one.
///
/// # Errors
/// When it does not fit.
pub fn optional<T>(
    record: &mut Record,
    name: &str,
    convert: Convert<T>,
) -> std::result::Result<Option<T>, Misfit> {
    match record.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => convert(value).map(Some).map_err(|misfit| misfit.within(name)),
    }
}

/// The values of a field.
///
/// # Errors
/// When it is no list, or a value does not fit.
pub fn list<T>(record: &mut Record, name: &str, convert: Convert<T>) -> std::result::Result<Vec<T>, Misfit> {
    let values = match record.remove(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(other) => return Err(Misfit::new(&other, "it is no list").within(name)),
    };
    values.into_iter().map(|value| convert(value).map_err(|misfit| misfit.within(name))).collect()
}
