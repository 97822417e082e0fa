//! Paths and predicates: steps that belong together become one, and predicates are told apart by what they need
//! to know.

use super::{Compiled, Compiler, Needs, boolify, calls::check_nodes};
use crate::xpath::{
    error::Fault,
    parser::{self, Part},
    plan::{Axis, Comparison, Expr, Filter, NameId, Needed, Path, Predicate, Start, Step, Test, Type},
};

impl Compiler<'_> {
    pub(super) fn path(&mut self, path: &parser::Path) -> Result<Compiled, Fault> {
        let (start, needs) = match &path.start {
            parser::Start::Context => (Start::Context, Needs::NODE),
            parser::Start::Root => (Start::Root, Needs::default()),
            parser::Start::Expression(inner) => {
                let part = self.expression(inner)?;
                check_nodes(&part.expr, inner.at, "what stands before `/`")?;
                (Start::Expression(part.expr), part.needs)
            }
        };
        let mut steps: Vec<Step> = Vec::with_capacity(path.steps.len());
        for step in &path.steps {
            let step = self.step(step)?;
            push(&mut steps, step);
        }
        let path = match start {
            // A path that only goes on from another path is one path.
            Start::Expression(Expr::Path(inner)) => {
                let mut joined = *inner;
                for step in steps {
                    push(&mut joined.steps, step);
                }
                joined
            }
            start => Path { start, steps },
        };
        Ok(Compiled { expr: Expr::Path(Box::new(path)), needs })
    }

    pub(super) fn filter(&mut self, primary: &Part, predicates: &[Part]) -> Result<Compiled, Fault> {
        let inner = self.expression(primary)?;
        check_nodes(&inner.expr, primary.at, "what stands before `[`")?;
        let (predicates, _) = self.predicates(predicates)?;
        let filter = Filter { primary: inner.expr, predicates };
        Ok(Compiled { expr: Expr::Filter(Box::new(filter)), needs: inner.needs })
    }

    fn step(&mut self, step: &parser::Step) -> Result<Step, Fault> {
        let is_attribute = step.axis == Axis::Attribute;
        let test = match &step.test {
            parser::Test::Any => Test::Any,
            parser::Test::Text => Test::Text,
            parser::Test::Comment => Test::Comment,
            parser::Test::ProcessingInstruction(target) => Test::ProcessingInstruction(target.clone()),
            parser::Test::Star => Test::Star,
            parser::Test::PrefixStar(prefix, at) => Test::Name(self.name(is_attribute, prefix, None, *at)?),
            parser::Test::Name(name, at) => {
                Test::Name(self.name(is_attribute, &name.prefix, Some(&name.local), *at)?)
            }
        };
        let (predicates, is_positional) = self.predicates(&step.predicates)?;
        let needed = needed(&predicates);
        Ok(Step { axis: step.axis, is_deep: false, test, predicates, is_positional, needed })
    }

    /// The predicates, and whether one of them counts.
    fn predicates(&mut self, parts: &[Part]) -> Result<(Vec<Predicate>, bool), Fault> {
        let mut predicates = Vec::with_capacity(parts.len());
        self.depth += 1;
        for part in parts {
            let compiled = self.expression(part)?;
            self.predicate(compiled, &mut predicates);
        }
        self.depth -= 1;
        let is_positional = predicates.iter().any(|predicate| !matches!(predicate, Predicate::Condition(_)));
        Ok((predicates, is_positional))
    }

    fn predicate(&mut self, part: Compiled, out: &mut Vec<Predicate>) {
        let Needs { position, last, .. } = part.needs;
        let type_of = part.expr.type_of();
        if let Some(short) = counted(&part.expr) {
            out.push(short);
        } else if position || last || matches!(type_of, Type::Number | Type::Unknown) {
            let expression = if part.needs.any() { part.expr } else { self.once(part) };
            out.push(Predicate::Counting { expression, uses_last: last });
        } else {
            let needs = part.needs;
            match boolify(part.expr) {
                Expr::And(conditions) if needs.any() => {
                    out.extend(conditions.into_iter().map(Predicate::Condition))
                }
                expr => out.push(Predicate::Condition(self.once(Compiled { expr, needs }))),
            }
        }
    }
}

/// The predicates that are about positions alone.
fn counted(expr: &Expr) -> Option<Predicate> {
    match expr {
        Expr::Number(number) => Some(at(*number)),
        Expr::Last => Some(Predicate::Last),
        Expr::Compare(comparison, sides) => match (comparison, &**sides) {
            (Comparison::Equal, (Expr::Position, Expr::Last) | (Expr::Last, Expr::Position)) => {
                Some(Predicate::Last)
            }
            (
                Comparison::Equal,
                (Expr::Position, Expr::Number(number)) | (Expr::Number(number), Expr::Position),
            ) => Some(at(*number)),
            (Comparison::LessEqual, (Expr::Position, Expr::Number(number)))
            | (Comparison::GreaterEqual, (Expr::Number(number), Expr::Position)) => {
                Some(up_to(number.floor()))
            }
            (Comparison::Less, (Expr::Position, Expr::Number(number)))
            | (Comparison::Greater, (Expr::Number(number), Expr::Position)) => {
                Some(up_to(number.ceil() - 1.0))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The predicate that a number is.
fn at(number: f64) -> Predicate {
    match whole(number) {
        Some(position) if position > 0 => Predicate::At(position),
        _ => Predicate::Condition(Expr::Boolean(false)),
    }
}

fn up_to(number: f64) -> Predicate {
    if number.is_nan() || number < 1.0 {
        Predicate::Condition(Expr::Boolean(false))
    } else {
        Predicate::UpTo(whole(number).unwrap_or(u32::MAX))
    }
}

/// The number as an integer, if it is one that can be a position.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && number >= 0.0 && number < f64::from(u32::MAX)).then_some(number as u32)
}

/// Adds a step, joined with the one before where the two are one walk: `//` is a step of its own in the syntax.
fn push(steps: &mut Vec<Step>, mut step: Step) {
    let is_plain = |step: &Step| step.test == Test::Any && step.predicates.is_empty() && !step.is_deep;
    if step.axis == Axis::SelfNode && is_plain(&step) {
        return;
    }
    let follows_all = steps.last().is_some_and(|last| last.axis == Axis::DescendantOrSelf && is_plain(last));
    if follows_all && !step.is_deep {
        let joined = match step.axis {
            Axis::Child if step.is_positional => {
                step.is_deep = true;
                Some(Axis::Child)
            }
            Axis::Child => Some(Axis::Descendant),
            Axis::Attribute if !step.is_positional => {
                step.is_deep = true;
                Some(Axis::Attribute)
            }
            Axis::Descendant | Axis::DescendantOrSelf if !step.is_positional => Some(step.axis),
            Axis::SelfNode if !step.is_positional => Some(Axis::DescendantOrSelf),
            _ => None,
        };
        if let Some(axis) = joined {
            step.axis = axis;
            steps.pop();
        }
    }
    steps.push(step);
}

/// An attribute that a node must have to pass the first predicates, before any that counts.
fn needed(predicates: &[Predicate]) -> Option<Needed> {
    let mut found: Option<(NameId, Option<&str>)> = None;
    for predicate in predicates {
        let Predicate::Condition(expr) = predicate else { break };
        match expr.needed_attribute() {
            Some((name, Some(value))) => {
                found = Some((name, Some(value)));
                break;
            }
            Some((name, None)) if found.is_none() => found = Some((name, None)),
            _ => {}
        }
    }
    let (name, value) = found?;
    let is_all = predicates.iter().all(|predicate| match predicate {
        Predicate::Condition(expr) => expr.is_about(name),
        _ => false,
    });
    Some(Needed { name, value: value.map(Into::into), is_all })
}
