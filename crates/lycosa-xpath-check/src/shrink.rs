//! Makes a case on which engines disagree as small as it gets, by trying simpler ones.

use lycosa_dom::NodeKind;

use crate::case::Case;
use crate::expression::{Expression, Path, Step};
use crate::markup::{Edit, edited};

/// Attempts at most; a case that is not small then is shown as it is.
const MOST_ATTEMPTS: usize = 4_000;

/// The smallest case found on which `fails` still holds. It holds on the case given.
pub(crate) fn shrink(case: Case, mut fails: impl FnMut(&Case) -> bool) -> Case {
    let mut left = MOST_ATTEMPTS;
    let mut attempt = move |case: &Case| {
        left = left.saturating_sub(1);
        left > 0 && fails(case)
    };
    // Written out, so that sources are compared with their implied tags.
    let written =
        Case { source: edited(&case.document(), case.html, Edit::Remove(u32::MAX)), ..case.clone() };
    let mut best = if attempt(&written) { written } else { case };
    loop {
        let before = (best.source.len(), best.expression.to_string().len());
        best = smaller_expression(best, &mut attempt);
        best = smaller_document(best, &mut attempt);
        if (best.source.len(), best.expression.to_string().len()) >= before {
            return best;
        }
    }
}

fn smaller_expression(mut best: Case, fails: &mut impl FnMut(&Case) -> bool) -> Case {
    'again: loop {
        let length = best.expression.to_string().len();
        for expression in simpler(&best.expression) {
            let candidate = Case { expression, ..best.clone() };
            if candidate.expression.to_string().len() < length && fails(&candidate) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

fn smaller_document(mut best: Case, fails: &mut impl FnMut(&Case) -> bool) -> Case {
    let mut id = 1;
    'next: loop {
        let document = best.document();
        let Some(node) = document.node(lycosa_dom::NodeId::new(id)) else { return best };
        // The parser would put these back.
        let is_implied = best.html && ["html", "head", "body"].contains(&node.name());
        let mut edits = if is_implied { Vec::new() } else { vec![Edit::Remove(id)] };
        match node.kind() {
            NodeKind::Element if !is_implied => edits.push(Edit::Unwrap(id)),
            NodeKind::Text => edits.push(Edit::Halve(id)),
            _ => {}
        }
        edits.extend(node.attrs().map(|attribute| Edit::Bare(attribute.id().number())));
        for edit in edits {
            let source = edited(&document, best.html, edit);
            let candidate = Case { source, ..best.clone() };
            if candidate.source.len() < best.source.len() && fails(&candidate) {
                best = candidate;
                continue 'next;
            }
        }
        id += 1;
    }
}

/// Expressions with a part left out or made plain, the greatest leaps first.
fn simpler(expression: &Expression) -> Vec<Expression> {
    let mut found: Vec<Expression> = parts(expression).into_iter().cloned().collect();
    match expression {
        Expression::Path(path) => {
            let remade = |steps| Expression::Path(Path { from_root: path.from_root, steps });
            found.extend(simpler_steps(&path.steps, usize::from(!path.from_root)).into_iter().map(remade));
            if path.from_root && !path.steps.is_empty() {
                found.push(Expression::Path(Path { from_root: false, steps: path.steps.clone() }));
            }
        }
        Expression::Filter(primary, predicates, steps) => {
            let remade = |primary: &Expression, predicates: &[Expression], steps: &[Step]| {
                Expression::Filter(Box::new(primary.clone()), predicates.to_vec(), steps.to_vec())
            };
            found.extend(simpler_list(predicates).iter().map(|list| remade(primary, list, steps)));
            found.extend(simpler_steps(steps, 0).iter().map(|list| remade(primary, predicates, list)));
            found.extend(simpler(primary).iter().map(|one| remade(one, predicates, steps)));
        }
        Expression::Binary(operator, left, right) => {
            let remade = |left: Expression, right: Expression| {
                Expression::Binary(operator, Box::new(left), Box::new(right))
            };
            found.extend(simpler(left).into_iter().map(|one| remade(one, (**right).clone())));
            found.extend(simpler(right).into_iter().map(|one| remade((**left).clone(), one)));
        }
        Expression::Negative(inner) => {
            found.extend(simpler(inner).into_iter().map(|one| Expression::Negative(Box::new(one))));
        }
        Expression::Call(name, arguments) => {
            for (at, argument) in arguments.iter().enumerate() {
                found.extend(simpler(argument).into_iter().map(|one| {
                    let mut changed = arguments.clone();
                    changed[at] = one;
                    Expression::Call(name, changed)
                }));
            }
        }
        Expression::Text(text) => {
            let count = text.chars().count();
            found.extend([0, count / 2].map(|end| Expression::Text(text.chars().take(end).collect())));
            found.push(Expression::Text(text.chars().skip(count / 2).collect()));
        }
        Expression::Number(_) => found.push(Expression::Number("1".to_owned())),
    }
    found
}

/// The expressions directly in one.
fn parts(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Path(path) => path.steps.iter().flat_map(|step| &step.predicates).collect(),
        Expression::Filter(primary, predicates, steps) => {
            let mut found: Vec<&Expression> = vec![primary];
            found.extend(predicates);
            found.extend(steps.iter().flat_map(|step| &step.predicates));
            found
        }
        Expression::Binary(_, left, right) => vec![left, right],
        Expression::Negative(inner) => vec![inner],
        Expression::Call(_, arguments) => arguments.iter().collect(),
        Expression::Text(_) | Expression::Number(_) => Vec::new(),
    }
}

/// Lists of expressions with one left out or made simpler.
fn simpler_list(list: &[Expression]) -> Vec<Vec<Expression>> {
    let mut found = Vec::new();
    for at in 0..list.len() {
        let mut without = list.to_vec();
        without.remove(at);
        found.push(without);
        for one in simpler(&list[at]) {
            let mut changed = list.to_vec();
            changed[at] = one;
            found.push(changed);
        }
    }
    found
}

/// Paths with a step left out or made plain; `least` steps stay.
fn simpler_steps(steps: &[Step], least: usize) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut with = |changed: Step| {
            let mut all = steps.to_vec();
            all[at] = changed;
            found.push(all);
        };
        for predicates in simpler_list(&step.predicates) {
            with(Step { predicates, ..step.clone() });
        }
        with(Step { short: true, deep: false, ..step.clone() });
        with(Step { test: "*".to_owned(), ..step.clone() });
        with(Step { axis: "child", short: true, ..step.clone() });
        if steps.len() > least {
            let mut without = steps.to_vec();
            without.remove(at);
            found.push(without);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_shrinks_to_what_makes_it_fail() {
        let step = |test: &str, predicates| Step {
            deep: true,
            axis: "child",
            test: test.to_owned(),
            predicates,
            short: true,
        };
        let inner = Expression::Path(Path { from_root: true, steps: vec![step("b", Vec::new())] });
        let path = Path { from_root: true, steps: vec![step("p", vec![inner]), step("i", Vec::new())] };
        let case = Case {
            source: "<!doctype html><h1>x</h1><div id=a><p>one<b>two</b></div><p>three".to_owned(),
            html: true,
            context: 0,
            expression: Expression::Binary(
                "|",
                Box::new(Expression::Path(path.clone())),
                Box::new(Expression::Path(path)),
            ),
        };
        let small =
            shrink(case, |case| case.source.contains("<b>") && case.expression.to_string().contains('b'));
        assert_eq!(small.expression.to_string(), "b");
        assert_eq!(small.source, "<html><head></head><body><b></b></body></html>");
    }
}
