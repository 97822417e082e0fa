//! Filters of paths: which children of a value are taken (RFC 9535 section 2.3.5, without functions).

use std::cmp::Ordering;

use serde_json::Value;

/// A condition on a value, `@`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    /// The path leads somewhere.
    Exists(Vec<Key>),
    Compare(Side, Comparison, Side),
}

/// A step of a path inside a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Name(String),
    Index(i64),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Side {
    Path(Vec<Key>),
    Literal(Value),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filter {
    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(value)),
            Self::All(filters) => filters.iter().all(|filter| filter.holds(value)),
            Self::Not(filter) => !filter.holds(value),
            Self::Exists(path) => follow(path, value).is_some(),
            Self::Compare(left, how, right) => how.holds(left.value(value), right.value(value)),
        }
    }

    /// Conditions in it: what looking at a value costs.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Any(filters) | Self::All(filters) => filters.iter().map(Self::cost).sum(),
            Self::Not(filter) => filter.cost(),
            Self::Exists(_) | Self::Compare(..) => 1,
        }
    }
}

impl Side {
    fn value<'v>(&'v self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Path(path) => follow(path, value),
            Self::Literal(literal) => Some(literal),
        }
    }
}

fn follow<'v>(path: &[Key], value: &'v Value) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| match key {
        Key::Name(name) => value.as_object()?.get(name),
        Key::Index(index) => super::element(value.as_array()?, *index),
    })
}

impl Comparison {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let is_equal = || match (left, right) {
            (Some(Value::Number(left)), Some(Value::Number(right))) => left.as_f64() == right.as_f64(),
            _ => left == right,
        };
        match self {
            Self::Equal => is_equal(),
            Self::NotEqual => !is_equal(),
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::LessOrEqual => order(left, right) == Some(Ordering::Less) || is_equal(),
            Self::GreaterOrEqual => order(left, right) == Some(Ordering::Greater) || is_equal(),
        }
    }
}

/// Numbers and texts are ordered, each among themselves.
fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
