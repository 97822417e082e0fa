//! Comparisons (XPath 1.0, section 3.4). A node-set compares by any of its nodes; two node-sets by any pair of
//! nodes, which is decided from a set of strings or from the least and the greatest number, not pair by pair.

use std::collections::HashSet;

use super::{Focus, Outcome, Run, Text, Value, nodes::NodeSet};
use crate::xpath::plan::{Comparison, Expr, Type};

impl<'e, 'd> Run<'e, 'd> {
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        left: &'e Expr,
        right: &'e Expr,
        focus: Focus,
    ) -> Outcome<bool> {
        match (left.type_of(), right.type_of()) {
            (Type::Unknown, _) | (_, Type::Unknown) => {
                let (left, right) = (self.value(left, focus)?, self.value(right, focus)?);
                self.compare_values(comparison, &left, &right)
            }
            (Type::Nodes, Type::Nodes) => self.compare_sets(comparison, left, right, focus),
            (Type::Nodes, _) => self.compare_set(comparison, left, right, focus),
            (_, Type::Nodes) => self.compare_set(comparison.turned(), right, left, focus),
            (left_type, right_type) => {
                let is_equality = comparison.is_equality();
                if is_equality && (left_type == Type::Boolean || right_type == Type::Boolean) {
                    let (left, right) = (self.boolean(left, focus)?, self.boolean(right, focus)?);
                    return Ok(comparison.holds(&left, &right));
                }
                if is_equality && left_type == Type::Text && right_type == Type::Text {
                    let (left, right) = (self.text(left, focus)?, self.text(right, focus)?);
                    return self.compare_texts(comparison, &left, &right);
                }
                let (left, right) = (self.number(left, focus)?, self.number(right, focus)?);
                Ok(comparison.holds(&left, &right))
            }
        }
    }

    fn compare_texts(&mut self, comparison: Comparison, left: &str, right: &str) -> Outcome<bool> {
        if left.len() == right.len() {
            self.charge_text(left.len())?;
        }
        Ok(comparison.holds(left, right))
    }

    /// A node-set with something else.
    fn compare_set(
        &mut self,
        comparison: Comparison,
        set: &'e Expr,
        other: &'e Expr,
        focus: Focus,
    ) -> Outcome<bool> {
        match other.type_of() {
            Type::Boolean => {
                let (exists, other) = (self.boolean(set, focus)?, self.boolean(other, focus)?);
                Ok(if comparison.is_equality() {
                    comparison.holds(&exists, &other)
                } else {
                    comparison.holds(&number(exists), &number(other))
                })
            }
            Type::Text if comparison.is_equality() => {
                let other = self.text(other, focus)?;
                self.any_node(set, focus, |run, key| {
                    let text = run.string_value(key);
                    run.compare_texts(comparison, text, &other)
                })
            }
            _ => {
                let other = self.number(other, focus)?;
                self.any_node(set, focus, |run, key| {
                    let text = run.string_value(key);
                    Ok(comparison.holds(&run.parse(text)?, &other))
                })
            }
        }
    }

    fn compare_sets(
        &mut self,
        comparison: Comparison,
        left: &'e Expr,
        right: &'e Expr,
        focus: Focus,
    ) -> Outcome<bool> {
        // One side is the same for every context: its strings are put into a set once.
        for (fixed, other) in [(left, right), (right, left)] {
            if let (Comparison::Equal, Expr::Once(slot, inner)) = (comparison, fixed) {
                if !self.slot_strings.contains_key(slot) {
                    let strings = self.with_slot(*slot, inner, focus, |run, value| match value {
                        Value::Nodes(set) => run.strings(set),
                        _ => Ok(HashSet::new()),
                    })?;
                    self.kept += strings.capacity() * size_of::<&str>();
                    self.hold(0)?;
                    self.slot_strings.insert(*slot, strings);
                }
                return self.any_node(other, focus, |run, key| {
                    let text = run.string_value(key);
                    run.charge_text(text.len())?;
                    Ok(run.slot_strings.get(slot).is_some_and(|strings| strings.contains(text)))
                });
            }
        }
        let (left, right) = (self.nodes(left, focus)?, self.nodes(right, focus)?);
        self.sets(comparison, &left, &right)
    }

    /// The different string-values of a set.
    pub(in crate::xpath) fn strings(&mut self, set: &NodeSet<'d>) -> Outcome<HashSet<&'d str>> {
        let mut strings = HashSet::with_capacity(set.len());
        for key in set.iter() {
            let text = self.string_value(key);
            self.charge_text(text.len())?;
            strings.insert(text);
        }
        Ok(strings)
    }

    fn sets(&mut self, comparison: Comparison, left: &NodeSet<'d>, right: &NodeSet<'d>) -> Outcome<bool> {
        if left.is_empty() || right.is_empty() {
            return Ok(false);
        }
        match comparison {
            Comparison::Equal => {
                let (small, large) = if left.len() <= right.len() { (left, right) } else { (right, left) };
                let strings = self.strings(small)?;
                for key in large.iter() {
                    let text = self.string_value(key);
                    self.charge_text(text.len())?;
                    if strings.contains(text) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Comparison::NotEqual => {
                // Only if all strings on both sides are one and the same does no pair differ.
                let first = left.first().map_or("", |key| self.string_value(key));
                for key in left.iter().chain(right.iter()) {
                    let text = self.string_value(key);
                    if self.compare_texts(Comparison::NotEqual, text, first)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => {
                let (left, right) = (self.extremes(left)?, self.extremes(right)?);
                Ok(match (left, right) {
                    (Some(left), Some(right)) => match comparison {
                        Comparison::Less | Comparison::LessEqual => comparison.holds(&left.0, &right.1),
                        _ => comparison.holds(&left.1, &right.0),
                    },
                    _ => false,
                })
            }
        }
    }

    /// The least and the greatest number in a set, if there is a number.
    fn extremes(&mut self, set: &NodeSet<'d>) -> Outcome<Option<(f64, f64)>> {
        let mut found: Option<(f64, f64)> = None;
        for key in set.iter() {
            let text = self.string_value(key);
            let number = self.parse(text)?;
            if !number.is_nan() {
                let (least, greatest) = found.unwrap_or((number, number));
                found = Some((least.min(number), greatest.max(number)));
            }
        }
        Ok(found)
    }

    pub(super) fn compare_values(
        &mut self,
        comparison: Comparison,
        left: &Value<'e, 'd>,
        right: &Value<'e, 'd>,
    ) -> Outcome<bool> {
        match (left, right) {
            (Value::Nodes(left), Value::Nodes(right)) => self.sets(comparison, left, right),
            (Value::Nodes(set), other) => self.set_and_value(comparison, set, other),
            (other, Value::Nodes(set)) => self.set_and_value(comparison.turned(), set, other),
            (left, right) if comparison.is_equality() => match (left, right) {
                (Value::Boolean(_), _) | (_, Value::Boolean(_)) => {
                    Ok(comparison.holds(&left.to_boolean(), &right.to_boolean()))
                }
                (Value::Text(left), Value::Text(right)) => self.compare_texts(comparison, left, right),
                _ => Ok(comparison.holds(&self.value_number(left)?, &self.value_number(right)?)),
            },
            _ => Ok(comparison.holds(&self.value_number(left)?, &self.value_number(right)?)),
        }
    }

    fn set_and_value(
        &mut self,
        comparison: Comparison,
        set: &NodeSet<'d>,
        other: &Value<'e, 'd>,
    ) -> Outcome<bool> {
        if let Value::Boolean(truth) = other {
            return Ok(comparison.holds(&number(!set.is_empty()), &number(*truth)));
        }
        let wanted = match other {
            Value::Text(text) if comparison.is_equality() => Wanted::Text(text),
            other => Wanted::Number(self.value_number(other)?),
        };
        for key in set.iter() {
            let text = self.string_value(key);
            let holds = match &wanted {
                Wanted::Text(wanted) => self.compare_texts(comparison, text, wanted)?,
                Wanted::Number(wanted) => comparison.holds(&self.parse(text)?, wanted),
            };
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

enum Wanted<'w, 'e, 'd> {
    Text(&'w Text<'e, 'd>),
    Number(f64),
}

fn number(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

impl Comparison {
    fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// The comparison with its sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            equality => equality,
        }
    }

    fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }
}
