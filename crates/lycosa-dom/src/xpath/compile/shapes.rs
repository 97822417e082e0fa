//! Conditions in the shapes people write again and again, and the shorter way each has: an attribute that is
//! there, is something or has a word, a text that contains another. A shape means exactly what it replaces.

use memchr::memmem::Finder;

use super::Compiler;
use crate::xpath::{
    error::Fault,
    functions::Function,
    number::is_space,
    plan::{AttributeCondition, AttributeTest, Axis, Call, Comparison, Expr, NameId, Start, Test},
};

/// The attribute, when this is `@name` from the context.
fn attribute(expr: &Expr) -> Option<NameId> {
    let Expr::Path(path) = expr else { return None };
    match (&path.start, &*path.steps) {
        (Start::Context, [step])
            if step.axis == Axis::Attribute && !step.is_deep && step.predicates.is_empty() =>
        {
            match step.test {
                Test::Name(name) => Some(name),
                _ => None,
            }
        }
        _ => None,
    }
}

fn on_attribute(name: NameId, kind: AttributeTest, text: &str) -> Expr {
    let finder = Finder::new(text).into_owned();
    Expr::Attribute(Box::new(AttributeCondition { name, kind, text: text.into(), finder }))
}

/// The boolean that a value is.
pub(super) fn condition(expr: Expr) -> Expr {
    if let Some(name) = attribute(&expr) {
        return on_attribute(name, AttributeTest::Exists, "");
    }
    match expr {
        Expr::Number(number) => Expr::Boolean(number != 0.0 && !number.is_nan()),
        Expr::Text(text) => Expr::Boolean(!text.is_empty()),
        Expr::Call(call) => match normalized(call) {
            Ok(inner) => Expr::NotBlank(Box::new(inner)),
            Err(call) => Expr::Boolify(Box::new(Expr::Call(call))),
        },
        expr => Expr::Boolify(Box::new(expr)),
    }
}

/// What is normalised, when this is a call of `normalize-space`.
fn normalized(mut call: Box<Call>) -> Result<Expr, Box<Call>> {
    if call.function != Function::NormalizeSpace {
        return Err(call);
    }
    call.arguments.pop().ok_or(call)
}

/// A comparison.
pub(super) fn compare(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    let (left, right) = match (&left, comparison) {
        (Expr::Text(_), Comparison::Equal | Comparison::NotEqual) => (right, left),
        _ => (left, right),
    };
    if let Expr::Text(text) = &right {
        match (attribute(&left), comparison, &left) {
            (Some(name), Comparison::Equal, _) => return on_attribute(name, AttributeTest::Is, text),
            (Some(name), Comparison::NotEqual, _) => return on_attribute(name, AttributeTest::IsNot, text),
            (None, Comparison::Equal | Comparison::NotEqual, Expr::Call(call))
                if call.function == Function::NormalizeSpace =>
            {
                let (Expr::Call(call), Expr::Text(text)) = (left, right) else { return Expr::Boolean(false) };
                return match normalized(call) {
                    Ok(inner) if comparison == Comparison::Equal => Expr::NormalizedIs(Box::new(inner), text),
                    Ok(inner) => Expr::Not(Box::new(Expr::NormalizedIs(Box::new(inner), text))),
                    Err(_) => Expr::Boolean(false),
                };
            }
            _ => {}
        }
    }
    Expr::Compare(comparison, Box::new((left, right)))
}

/// The condition that a node has all these classes.
fn has_class(name: NameId, classes: &[Expr]) -> Option<Expr> {
    let mut conditions = Vec::new();
    for class in classes {
        let Expr::Text(word) = class else { return None };
        conditions.push(on_attribute(name, AttributeTest::HasClass, word));
    }
    if conditions.len() == 1 { conditions.pop() } else { Some(Expr::And(conditions)) }
}

impl Compiler<'_> {
    /// The short form of a call, if it has one.
    pub(super) fn shape(
        &mut self,
        function: Function,
        arguments: &mut [Expr],
    ) -> Result<Option<Expr>, Fault> {
        if function == Function::HasClass {
            let name = self.name(true, "", Some("class"), 0)?;
            return Ok(has_class(name, arguments));
        }
        let (Function::Contains | Function::StartsWith, [subject, Expr::Text(text)]) = (function, arguments)
        else {
            return Ok(None);
        };
        if let Some(name) = attribute(subject) {
            let kind = match function {
                Function::Contains => AttributeTest::Contains,
                _ => AttributeTest::StartsWith,
            };
            return Ok(Some(on_attribute(name, kind, text)));
        }
        if function == Function::StartsWith {
            return Ok(None);
        }
        if is_own_text(subject) && !text.is_empty() {
            self.searches += 1;
            return Ok(Some(Expr::Contains(self.searches - 1, Box::new(Finder::new(&**text).into_owned()))));
        }
        let word = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
        let word = word.filter(|word| !word.is_empty() && !word.bytes().any(is_space));
        Ok(match (word, padded_attribute(subject)) {
            (Some(word), Some((name, kind))) => Some(on_attribute(name, kind, word)),
            _ => None,
        })
    }
}

/// Whether it is the string-value of the context.
fn is_own_text(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) if call.function == Function::String => call.arguments.iter().all(Expr::is_self),
        _ => expr.is_self(),
    }
}

/// `concat(' ', @name, ' ')`, with or without `normalize-space`.
fn padded_attribute(expr: &Expr) -> Option<(NameId, AttributeTest)> {
    let Expr::Call(call) = expr else { return None };
    let (Function::Concat, [Expr::Text(before), inner, Expr::Text(after)]) =
        (call.function, &*call.arguments)
    else {
        return None;
    };
    if &**before != " " || &**after != " " {
        return None;
    }
    if let Some(name) = attribute(inner) {
        return Some((name, AttributeTest::HasSpacedWord));
    }
    match inner {
        Expr::Call(call) if call.function == Function::NormalizeSpace => {
            Some((call.arguments.first().and_then(attribute)?, AttributeTest::HasWord))
        }
        _ => None,
    }
}

impl Expr {
    /// An attribute that the context must have for this condition to hold, and the value it must have, if only
    /// one will do.
    pub(super) fn needed_attribute(&self) -> Option<(NameId, Option<&str>)> {
        match self {
            Self::Attribute(condition) if condition.needs_attribute() => {
                let value = (condition.kind == AttributeTest::Is).then_some(&*condition.text);
                Some((condition.name, value))
            }
            Self::Or(sides) => {
                let mut names = sides.iter().map(|side| side.needed_attribute().map(|(name, _)| name));
                let first = names.next()??;
                names.all(|name| name == Some(first)).then_some((first, None))
            }
            Self::And(sides) => sides.iter().find_map(Self::needed_attribute),
            _ => None,
        }
    }

    /// Whether it is a condition on this attribute and on nothing else.
    pub(super) fn is_about(&self, name: NameId) -> bool {
        match self {
            Self::Attribute(condition) => condition.name == name,
            Self::Or(sides) | Self::And(sides) => sides.iter().all(|side| side.is_about(name)),
            Self::Not(inner) => inner.is_about(name),
            _ => false,
        }
    }
}
