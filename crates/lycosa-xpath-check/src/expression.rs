//! XPath expressions as trees that can be written and taken apart.

use std::fmt;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Path(Path),
    /// `(primary)[predicates]/steps`
    Filter(Box<Expression>, Vec<Expression>, Vec<Step>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Negative(Box<Expression>),
    Call(&'static str, Vec<Expression>),
    Text(String),
    Number(String),
}

/// A location path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) from_root: bool,
    pub(crate) steps: Vec<Step>,
}

/// A step and what stands before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// `//` before it, which in a first step needs the root or a primary before that.
    pub(crate) deep: bool,
    pub(crate) axis: &'static str,
    pub(crate) test: String,
    pub(crate) predicates: Vec<Expression>,
    /// Whether to write `@`, `.`, `..` or no axis where the grammar allows it.
    pub(crate) short: bool,
}

/// How tightly an operator binds; what is no operator binds most.
fn tightness(expression: &Expression) -> u8 {
    match expression {
        Expression::Binary(operator, ..) => match *operator {
            "or" => 1,
            "and" => 2,
            "=" | "!=" => 3,
            "<" | "<=" | ">" | ">=" => 4,
            "+" | "-" => 5,
            "*" | "div" | "mod" => 6,
            _ => 8,
        },
        Expression::Negative(_) => 7,
        _ => 9,
    }
}

/// Writes an operand, in brackets when it binds less than `least`.
fn operand(formatter: &mut fmt::Formatter<'_>, expression: &Expression, least: u8) -> fmt::Result {
    if tightness(expression) < least {
        write!(formatter, "({expression})")
    } else {
        write!(formatter, "{expression}")
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(formatter, "{path}"),
            Self::Filter(primary, predicates, steps) => {
                match &**primary {
                    Self::Call(..) => write!(formatter, "{primary}")?,
                    other => write!(formatter, "({other})")?,
                }
                predicates.iter().try_for_each(|predicate| write!(formatter, "[{predicate}]"))?;
                write_steps(formatter, steps, true)
            }
            Self::Binary(operator, left, right) => {
                let least = tightness(self);
                operand(formatter, left, least)?;
                write!(formatter, " {operator} ")?;
                operand(formatter, right, least + 1)
            }
            Self::Negative(inner) => {
                formatter.write_str("-")?;
                operand(formatter, inner, 7)
            }
            Self::Call(name, arguments) => {
                write!(formatter, "{name}(")?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{argument}")?;
                }
                formatter.write_str(")")
            }
            Self::Text(text) if text.contains('\'') => write!(formatter, "\"{text}\""),
            Self::Text(text) => write!(formatter, "'{text}'"),
            Self::Number(text) => formatter.write_str(text),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from_root && self.steps.is_empty() {
            return formatter.write_str("/");
        }
        write_steps(formatter, &self.steps, self.from_root)
    }
}

fn write_steps(formatter: &mut fmt::Formatter<'_>, steps: &[Step], joined: bool) -> fmt::Result {
    for (at, step) in steps.iter().enumerate() {
        match (at > 0 || joined, step.deep) {
            (true, true) => formatter.write_str("//")?,
            (true, false) => formatter.write_str("/")?,
            (false, true) => formatter.write_str(".//")?,
            (false, false) => {}
        }
        write!(formatter, "{step}")?;
    }
    Ok(())
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { axis, test, predicates, short, .. } = self;
        match (*axis, test.as_str()) {
            ("self", "node()") if *short && predicates.is_empty() => return formatter.write_str("."),
            ("parent", "node()") if *short && predicates.is_empty() => return formatter.write_str(".."),
            ("child", test) if *short => formatter.write_str(test)?,
            ("attribute", test) if *short => write!(formatter, "@{test}")?,
            (axis, test) => write!(formatter, "{axis}::{test}")?,
        }
        predicates.iter().try_for_each(|predicate| write!(formatter, "[{predicate}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Box<Expression> {
        Box::new(Expression::Number(text.to_owned()))
    }

    #[test]
    fn brackets_stand_where_the_tree_says_otherwise_than_the_grammar() {
        let sum = Expression::Binary("+", number("1"), number("2"));
        let product = Expression::Binary("*", Box::new(sum.clone()), number("3"));
        assert_eq!(product.to_string(), "(1 + 2) * 3");
        assert_eq!(Expression::Binary("-", number("3"), Box::new(sum.clone())).to_string(), "3 - (1 + 2)");
        assert_eq!(Expression::Binary("-", Box::new(sum), number("3")).to_string(), "1 + 2 - 3");
    }

    #[test]
    fn steps_are_written_long_and_short() {
        let step = |deep, axis, test: &str, short| Step {
            deep,
            axis,
            test: test.to_owned(),
            predicates: Vec::new(),
            short,
        };
        let steps = vec![step(true, "child", "a", true), step(false, "attribute", "href", true)];
        assert_eq!(Path { from_root: true, steps: steps.clone() }.to_string(), "//a/@href");
        assert_eq!(Path { from_root: false, steps }.to_string(), ".//a/@href");
        let parent = vec![step(false, "parent", "node()", true), step(false, "self", "b", true)];
        assert_eq!(Path { from_root: false, steps: parent }.to_string(), "../self::b");
        assert_eq!(Path { from_root: true, steps: Vec::new() }.to_string(), "/");
    }
}
