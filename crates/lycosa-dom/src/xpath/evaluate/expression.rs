//! The value of an expression: as what it is, or at once as the boolean, number, string or node-set that is wanted.

use super::{
    Focus, Outcome, Run, Text, Value,
    nodes::{Key, NodeSet},
    path::Want,
};
use crate::xpath::{
    XPathErrorKind,
    error::Fault,
    number::{format_number, is_space, parse_number},
    plan::{Arithmetic, Expr, Type},
    value::XPathValue,
};

impl<'e, 'd> Run<'e, 'd> {
    pub(in crate::xpath) fn value(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<Value<'e, 'd>> {
        match expr {
            Expr::Variable(number, at) => self.variable(*number, *at),
            _ => Ok(match expr.type_of() {
                Type::Nodes => Value::Nodes(self.nodes(expr, focus)?),
                Type::Number => Value::Number(self.number(expr, focus)?),
                Type::Boolean => Value::Boolean(self.boolean(expr, focus)?),
                Type::Text => Value::Text(self.text(expr, focus)?),
                // A variable inside `Once` would be that; variables are never put there.
                Type::Unknown => Value::Nodes(NodeSet::EMPTY),
            }),
        }
    }

    fn variable(&mut self, number: usize, at: usize) -> Outcome<Value<'e, 'd>> {
        let name = self.plan.variables.get(number).map_or("", |name| name);
        match self.environment.find_variable(name) {
            Some(XPathValue::Number(number)) => Ok(Value::Number(*number)),
            Some(XPathValue::Boolean(truth)) => Ok(Value::Boolean(*truth)),
            Some(XPathValue::String(text)) => Ok(Value::Text(Text::Plan(text))),
            Some(XPathValue::Nodes(nodes)) if std::ptr::eq(nodes.document(), self.document) => {
                self.charge(nodes.len() as u64)?;
                Ok(Value::Nodes(nodes.set().clone()))
            }
            Some(XPathValue::Nodes(_)) => {
                let message = format!("the nodes in `${name}` belong to another document");
                Err(Box::new(Fault::new(XPathErrorKind::Type, at, message)))
            }
            None => {
                let message = format!("the variable `${name}` has no value");
                Err(Box::new(Fault::new(XPathErrorKind::UnboundVariable, at, message)))
            }
        }
    }

    /// Uses a value that is computed once.
    pub(super) fn with_slot<T>(
        &mut self,
        slot: usize,
        inner: &'e Expr,
        focus: Focus,
        user: impl FnOnce(&mut Self, &Value<'e, 'd>) -> Outcome<T>,
    ) -> Outcome<T> {
        let value = match self.slots.get_mut(slot).and_then(Option::take) {
            Some(value) => value,
            None => {
                let mark = self.held;
                let value = self.value(inner, focus)?;
                self.held = mark;
                self.kept += value.memory();
                self.hold(0)?;
                value
            }
        };
        let result = user(self, &value);
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(value);
        }
        result
    }

    pub(in crate::xpath) fn boolean(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<bool> {
        match expr {
            Expr::Attribute(condition) => self.attribute_holds(condition, focus.key),
            Expr::Boolean(truth) => Ok(*truth),
            Expr::Or(sides) => {
                for side in sides {
                    self.charge(1)?;
                    if self.boolean(side, focus)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::And(sides) => {
                for side in sides {
                    self.charge(1)?;
                    if !self.boolean(side, focus)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Not(inner) => Ok(!self.boolean(inner, focus)?),
            Expr::Boolify(inner) => self.boolean(inner, focus),
            Expr::Compare(comparison, sides) => self.compare(*comparison, &sides.0, &sides.1, focus),
            Expr::Comparisons(first, rest) => {
                let mut result = self.boolean(first, focus)?;
                for (comparison, side) in rest {
                    self.charge(1)?;
                    let side = self.value(side, focus)?;
                    result = self.compare_values(*comparison, &Value::Boolean(result), &side)?;
                }
                Ok(result)
            }
            Expr::Contains(search, text) => self.contains(*search, text, focus.key),
            Expr::NotBlank(inner) => {
                let text = self.text(inner, focus)?;
                let blank = text.bytes().take_while(|&byte| is_space(byte)).count();
                self.charge_text(blank)?;
                Ok(blank < text.len())
            }
            Expr::NormalizedIs(inner, text) => self.normalized_is(inner, text, focus),
            Expr::Once(slot, inner) => self.with_slot(*slot, inner, focus, |_, value| Ok(value.to_boolean())),
            Expr::Path(path) => self.exists(path, focus),
            Expr::Union(sides) => {
                for side in sides {
                    self.charge(1)?;
                    if self.boolean(side, focus)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::Call(call) if call.result == Type::Boolean => self.call_boolean(call, focus),
            _ => Ok(self.value(expr, focus)?.to_boolean()),
        }
    }

    pub(in crate::xpath) fn number(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<f64> {
        match expr {
            Expr::Number(number) => Ok(*number),
            Expr::Calculate(first, rest) => {
                let mut result = self.number(first, focus)?;
                for (operator, operand) in rest {
                    self.charge(1)?;
                    let operand = self.number(operand, focus)?;
                    result = calculate(*operator, result, operand);
                }
                Ok(result)
            }
            Expr::Negate(inner) => Ok(-self.number(inner, focus)?),
            #[allow(clippy::cast_precision_loss, reason = "positions are far below 2^53")]
            Expr::Position => Ok(focus.position as f64),
            #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
            Expr::Last => Ok(focus.size as f64),
            Expr::Once(slot, inner) => {
                self.with_slot(*slot, inner, focus, |run, value| run.value_number(value))
            }
            Expr::Call(call) if call.result == Type::Number => self.call_number(call, focus),
            Expr::Path(_) | Expr::Filter(_) | Expr::Union(_) => {
                let text = self.text(expr, focus)?;
                self.parse(&text)
            }
            _ => {
                let value = self.value(expr, focus)?;
                self.value_number(&value)
            }
        }
    }

    /// The number a text stands for, paid for.
    pub(in crate::xpath) fn parse(&mut self, text: &str) -> Outcome<f64> {
        self.charge_text(text.len())?;
        Ok(parse_number(text))
    }

    pub(super) fn value_number(&mut self, value: &Value<'e, 'd>) -> Outcome<f64> {
        match value {
            Value::Number(number) => Ok(*number),
            Value::Boolean(truth) => Ok(f64::from(u8::from(*truth))),
            Value::Text(text) => self.parse(text),
            Value::Nodes(set) => {
                let text = set.first().map_or("", |key| self.string_value(key));
                self.parse(text)
            }
        }
    }

    pub(in crate::xpath) fn text(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<Text<'e, 'd>> {
        match expr {
            Expr::Text(text) => Ok(Text::Plan(text)),
            Expr::Path(_) | Expr::Filter(_) | Expr::Union(_) => {
                let first = self.first(expr, focus)?;
                Ok(Text::Document(first.map_or("", |key| self.string_value(key))))
            }
            Expr::Call(call) if call.result == Type::Text => {
                let text = self.call_text(call, focus)?;
                if let Text::Owned(owned) = &text {
                    self.hold(owned.capacity())?;
                }
                Ok(text)
            }
            Expr::Once(slot, inner) => self.with_slot(*slot, inner, focus, |run, value| {
                if let Value::Text(text @ Text::Owned(_)) = value {
                    run.charge_text(text.len())?;
                }
                Ok(run.value_text(value.clone()))
            }),
            _ => {
                let value = self.value(expr, focus)?;
                Ok(self.value_text(value))
            }
        }
    }

    fn value_text(&self, value: Value<'e, 'd>) -> Text<'e, 'd> {
        match value {
            Value::Text(text) => text,
            Value::Number(number) => Text::Owned(format_number(number)),
            Value::Boolean(truth) => Text::Plan(if truth { "true" } else { "false" }),
            Value::Nodes(set) => Text::Document(set.first().map_or("", |key| self.string_value(key))),
        }
    }

    pub(in crate::xpath) fn nodes(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<NodeSet<'d>> {
        match expr {
            Expr::Path(path) => self.path(path, focus, Want::All),
            Expr::Filter(filter) => self.filtered(filter, focus),
            Expr::Union(sides) => {
                let mut sets = Vec::with_capacity(sides.len());
                for side in sides {
                    self.charge(1)?;
                    sets.push(self.nodes(side, focus)?);
                }
                self.union(sets)
            }
            Expr::Call(call) if call.result == Type::Nodes => self.call_nodes(call, focus),
            Expr::Once(slot, inner) => self.with_slot(*slot, inner, focus, |run, value| match value {
                Value::Nodes(set) => {
                    run.charge(set.memory() as u64 / 16)?;
                    Ok(set.clone())
                }
                _ => Ok(NodeSet::EMPTY),
            }),
            Expr::Variable(number, at) => match self.variable(*number, *at)? {
                Value::Nodes(set) => Ok(set),
                _ => Err(Box::new(Fault::new(
                    XPathErrorKind::Type,
                    *at,
                    "this variable must be a node-set here, and it is not",
                ))),
            },
            _ => Ok(NodeSet::EMPTY),
        }
    }

    /// All sets together: in pairs, so that no node is moved more often than the logarithm of their number.
    fn union(&mut self, mut sets: Vec<NodeSet<'d>>) -> Outcome<NodeSet<'d>> {
        while sets.len() > 1 {
            let mut joined = Vec::with_capacity(sets.len().div_ceil(2));
            let mut rest = sets.into_iter();
            while let Some(left) = rest.next() {
                let both = match rest.next() {
                    Some(right) => left.union(right),
                    None => left,
                };
                self.charge(both.len() as u64)?;
                self.hold(both.memory())?;
                joined.push(both);
            }
            sets = joined;
        }
        Ok(sets.pop().unwrap_or(NodeSet::EMPTY))
    }

    /// The first node in document order.
    pub(in crate::xpath) fn first(&mut self, expr: &'e Expr, focus: Focus) -> Outcome<Option<Key>> {
        match expr {
            Expr::Path(path) => self.first_of_path(path, focus),
            Expr::Once(slot, inner) => self.with_slot(*slot, inner, focus, |_, value| match value {
                Value::Nodes(set) => Ok(set.first()),
                _ => Ok(None),
            }),
            Expr::Union(sides) => {
                let mut first: Option<Key> = None;
                for side in sides {
                    self.charge(1)?;
                    let other = self.first(side, focus)?;
                    first = match (first, other) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
                Ok(first)
            }
            _ => Ok(self.nodes(expr, focus)?.first()),
        }
    }
}

fn calculate(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left % right,
    }
}

impl Value<'_, '_> {
    pub(super) fn to_boolean(&self) -> bool {
        match self {
            Self::Nodes(set) => !set.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(truth) => *truth,
        }
    }
}
