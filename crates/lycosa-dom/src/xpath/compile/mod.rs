//! The syntax tree to a plan. Names, variables and functions are looked up, types checked as far as they are known,
//! `//x` becomes one step, and what does not depend on the context is marked to be computed once. Parts: `calls`
//! (functions), `steps` (paths and predicates), `shapes` (conditions that have a shorter way).

mod calls;
mod shapes;
mod steps;

pub(super) use calls::regex;

use std::{collections::HashMap, sync::Arc};

use super::{
    XPathErrorKind, XPathOptions,
    error::Fault,
    lexer::Operator,
    nearest,
    parser::{Kind, Name, Part},
    plan::{Arithmetic, Comparison, Downward, Expr, NameId, NameTest, Plan, Type},
};
use crate::{Pattern, name::known_atom};

/// The SVG elements that the HTML parser gives names with capitals (HTML standard, 13.2.6.5).
const SVG_CAPITALS: [&str; 37] = [
    "altGlyph",
    "altGlyphDef",
    "altGlyphItem",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "clipPath",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "foreignObject",
    "glyphRef",
    "linearGradient",
    "radialGradient",
    "textPath",
];

/// The plan of an expression.
pub(super) fn compile(source: &Arc<str>, options: &XPathOptions) -> Result<Plan, Fault> {
    let part = super::parser::parse(source, options.nesting())?;
    let mut compiler = Compiler {
        options,
        names: Vec::new(),
        name_numbers: HashMap::new(),
        variables: Vec::new(),
        variable_numbers: HashMap::new(),
        patterns: HashMap::new(),
        pattern_bytes: 0,
        slots: 0,
        searches: 0,
        depth: 0,
    };
    let Compiled { expr: root, needs } = compiler.expression(&part)?;
    let Compiler { names, variables, slots, searches, .. } = compiler;
    let downward = Downward::of(&root, &names);
    let needs_context = needs.node;
    Ok(Plan { source: Arc::clone(source), root, names, variables, slots, searches, downward, needs_context })
}

/// What an expression needs from around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Needs {
    /// The context node.
    node: bool,
    position: bool,
    last: bool,
}

impl Needs {
    const NODE: Self = Self { node: true, position: false, last: false };

    fn or(self, other: Self) -> Self {
        Self {
            node: self.node || other.node,
            position: self.position || other.position,
            last: self.last || other.last,
        }
    }

    fn any(self) -> bool {
        self.node || self.position || self.last
    }
}

/// An expression and what it needs.
struct Compiled {
    expr: Expr,
    needs: Needs,
}

impl Compiled {
    fn free(expr: Expr) -> Self {
        Self { expr, needs: Needs::default() }
    }
}

struct Compiler<'o> {
    options: &'o XPathOptions,
    names: Vec<NameTest>,
    name_numbers: HashMap<NameTest, usize>,
    variables: Vec<Box<str>>,
    variable_numbers: HashMap<Box<str>, usize>,
    /// The regular expressions in the text, by pattern and whether they ignore case.
    patterns: HashMap<(Box<str>, bool), Pattern>,
    pattern_bytes: usize,
    slots: usize,
    searches: usize,
    /// How many predicates the expression lies in: what is computed there is computed for many nodes.
    depth: usize,
}

impl Compiler<'_> {
    fn expression(&mut self, part: &Part) -> Result<Compiled, Fault> {
        match &part.kind {
            Kind::Number(number) => Ok(Compiled::free(Expr::Number(*number))),
            Kind::Literal(text) => Ok(Compiled::free(Expr::Text(text.clone()))),
            Kind::Variable(name) => self.variable(name, part.at),
            Kind::Call(name, arguments) => self.call(name, arguments, part.at),
            Kind::Chain(first, rest) => self.chain(first, rest),
            Kind::Negate(inner) => {
                let inner = self.expression(inner)?;
                let expr = match inner.expr {
                    Expr::Number(number) => Expr::Number(-number),
                    other => Expr::Negate(Box::new(other)),
                };
                Ok(Compiled { expr, needs: inner.needs })
            }
            Kind::Path(path) => self.path(path),
            Kind::Filter(primary, predicates) => self.filter(primary, predicates),
        }
    }

    /// Several expressions that one is made of. When that one depends on the context, those that do not are
    /// computed once.
    fn together(&mut self, parts: Vec<Compiled>) -> (Vec<Expr>, Needs) {
        let needs = parts.iter().fold(Needs::default(), |needs, part| needs.or(part.needs));
        let exprs = parts.into_iter().map(|part| if needs.any() { self.once(part) } else { part.expr });
        (exprs.collect(), needs)
    }

    /// The expression, computed once if it is worth it.
    fn once(&mut self, part: Compiled) -> Expr {
        let is_cheap = matches!(
            part.expr,
            Expr::Number(_) | Expr::Text(_) | Expr::Boolean(_) | Expr::Variable(..) | Expr::Once(..)
        );
        if self.depth == 0 || part.needs.any() || is_cheap {
            return part.expr;
        }
        self.slots += 1;
        Expr::Once(self.slots - 1, Box::new(part.expr))
    }

    fn variable(&mut self, name: &Name, at: usize) -> Result<Compiled, Fault> {
        let full = if name.prefix.is_empty() {
            name.local.clone()
        } else {
            self.namespace(&name.prefix, at)?;
            format!("{}:{}", name.prefix, name.local).into()
        };
        let variables = &mut self.variables;
        let number = *self.variable_numbers.entry(full).or_insert_with_key(|full| {
            variables.push(full.clone());
            variables.len() - 1
        });
        Ok(Compiled::free(Expr::Variable(number, at)))
    }

    fn chain(&mut self, first: &Part, rest: &[(Operator, Part)]) -> Result<Compiled, Fault> {
        let mut parts = vec![self.expression(first)?];
        for (_, part) in rest {
            parts.push(self.expression(part)?);
        }
        match rest.first().map(|(operator, _)| *operator) {
            Some(Operator::Union) => {
                for (part, source) in
                    parts.iter().zip(std::iter::once(first).chain(rest.iter().map(|(_, part)| part)))
                {
                    calls::check_nodes(&part.expr, source.at, "a side of `|`")?;
                }
                let (exprs, needs) = self.together(parts);
                Ok(Compiled { expr: Expr::Union(exprs), needs })
            }
            Some(Operator::Or) => {
                let (exprs, needs) = self.together(parts);
                Ok(Compiled { expr: Expr::Or(exprs.into_iter().map(boolify).collect()), needs })
            }
            Some(Operator::And) => {
                let (exprs, needs) = self.together(parts);
                Ok(Compiled { expr: Expr::And(exprs.into_iter().map(boolify).collect()), needs })
            }
            _ => Ok(self.binary(parts, rest)),
        }
    }

    /// Comparisons and arithmetic from left to right.
    fn binary(&mut self, parts: Vec<Compiled>, rest: &[(Operator, Part)]) -> Compiled {
        let operators: Vec<Operation> = rest.iter().map(|(operator, _)| operation(*operator)).collect();
        let mut comparisons = operators.iter().filter_map(|operation| match operation {
            Operation::Compare(comparison) => Some(*comparison),
            Operation::Calculate(_) => None,
        });
        let mut parts = parts.into_iter();
        let first = match (comparisons.next(), parts.next(), parts.len()) {
            (Some(comparison), Some(left), 1..) => match parts.next() {
                Some(right) => self.compare(comparison, left, right),
                None => left,
            },
            (_, Some(left), _) => left,
            (_, None, _) => return Compiled::free(Expr::Boolean(false)),
        };
        if parts.len() == 0 {
            return first;
        }
        let (mut exprs, needs) = self.together(std::iter::once(first).chain(parts).collect());
        let first = Box::new(exprs.remove(0));
        let comparisons: Vec<Comparison> = comparisons.collect();
        let expr = if comparisons.is_empty() {
            let arithmetic = operators.into_iter().filter_map(|operation| match operation {
                Operation::Calculate(arithmetic) => Some(arithmetic),
                Operation::Compare(_) => None,
            });
            Expr::Calculate(first, arithmetic.zip(exprs).collect())
        } else {
            Expr::Comparisons(first, comparisons.into_iter().zip(exprs).collect())
        };
        Compiled { expr, needs }
    }

    fn compare(&mut self, comparison: Comparison, left: Compiled, right: Compiled) -> Compiled {
        let needs = left.needs.or(right.needs);
        let (left, right) =
            if needs.any() { (self.once(left), self.once(right)) } else { (left.expr, right.expr) };
        Compiled { expr: shapes::compare(comparison, left, right), needs }
    }

    /// The address that a prefix is bound to.
    fn namespace(&self, prefix: &str, at: usize) -> Result<Arc<str>, Fault> {
        if let Some(found) = self.options.find_namespace(prefix) {
            return Ok(found);
        }
        let fault = Fault::new(
            XPathErrorKind::UnboundPrefix,
            at,
            format!("the prefix `{prefix}` is not bound to a namespace"),
        );
        Err(match nearest(prefix, self.options.prefixes()) {
            Some(near) if near.len() > 1 => fault.hint(format!("did you mean `{near}`?")),
            _ => fault.hint(format!("bind it in the options, or write `*[name()='{prefix}:…']`")),
        })
    }

    /// The number of a name that a step asks for.
    fn name(
        &mut self,
        is_attribute: bool,
        prefix: &str,
        local: Option<&str>,
        at: usize,
    ) -> Result<NameId, Fault> {
        let namespace = if prefix.is_empty() { None } else { Some(self.namespace(prefix, at)?) };
        let lower: Box<str> = local.unwrap_or_default().to_ascii_lowercase().into();
        let known = local.and(known_atom(&lower));
        let capitals = SVG_CAPITALS.iter().copied().find(|name| name.eq_ignore_ascii_case(&lower));
        let local = local.map(Into::into);
        let test = NameTest { is_attribute, namespace, local, lower, known, capitals };
        let names = &mut self.names;
        Ok(NameId(*self.name_numbers.entry(test).or_insert_with_key(|test| {
            names.push(test.clone());
            names.len() - 1
        })))
    }
}

/// A boolean of any value.
fn boolify(expr: Expr) -> Expr {
    match expr.type_of() {
        Type::Boolean => expr,
        _ => shapes::condition(expr),
    }
}

enum Operation {
    Compare(Comparison),
    Calculate(Arithmetic),
}

fn operation(operator: Operator) -> Operation {
    match operator {
        Operator::NotEqual => Operation::Compare(Comparison::NotEqual),
        Operator::Less => Operation::Compare(Comparison::Less),
        Operator::LessEqual => Operation::Compare(Comparison::LessEqual),
        Operator::Greater => Operation::Compare(Comparison::Greater),
        Operator::GreaterEqual => Operation::Compare(Comparison::GreaterEqual),
        Operator::Plus => Operation::Calculate(Arithmetic::Add),
        Operator::Minus => Operation::Calculate(Arithmetic::Subtract),
        Operator::Multiply => Operation::Calculate(Arithmetic::Multiply),
        Operator::Divide => Operation::Calculate(Arithmetic::Divide),
        Operator::Modulo => Operation::Calculate(Arithmetic::Modulo),
        Operator::Equal | Operator::Or | Operator::And | Operator::Union => {
            Operation::Compare(Comparison::Equal)
        }
    }
}
