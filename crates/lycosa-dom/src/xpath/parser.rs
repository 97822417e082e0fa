//! Tokens to a syntax tree (XPath 1.0, sections 2 and 3). Chains of one operator are kept flat, so that the depth
//! of the tree is the depth of brackets, which is bounded. Names are not looked up here.

use super::{
    XPathErrorKind,
    error::Fault,
    lexer::{Operator, Placed, Token, tokens},
};

/// A part of an expression and the byte it begins at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) prefix: Box<str>,
    pub(super) local: Box<str>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Literal(Box<str>),
    Variable(Name),
    Call(Name, Vec<Part>),
    /// Operators of one level of precedence, from left to right. A union is one of them.
    Chain(Box<Part>, Vec<(Operator, Part)>),
    Negate(Box<Part>),
    Path(Path),
    Filter(Box<Part>, Vec<Part>),
}

/// A location path, or one that goes on from an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    Context,
    Root,
    Expression(Box<Part>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Part>,
}

/// What a step asks of a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// `node()`
    Any,
    Text,
    Comment,
    ProcessingInstruction(Option<Box<str>>),
    /// `*`
    Star,
    /// `prefix:*` and the byte it begins at.
    PrefixStar(Box<str>, usize),
    /// A name and the byte it begins at.
    Name(Name, usize),
}

/// The thirteen axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    SelfNode,
}

impl Axis {
    pub(super) const ALL: [(&'static str, Self); 13] = [
        ("ancestor", Self::Ancestor),
        ("ancestor-or-self", Self::AncestorOrSelf),
        ("attribute", Self::Attribute),
        ("child", Self::Child),
        ("descendant", Self::Descendant),
        ("descendant-or-self", Self::DescendantOrSelf),
        ("following", Self::Following),
        ("following-sibling", Self::FollowingSibling),
        ("namespace", Self::Namespace),
        ("parent", Self::Parent),
        ("preceding", Self::Preceding),
        ("preceding-sibling", Self::PrecedingSibling),
        ("self", Self::SelfNode),
    ];

    /// Whether it counts backwards (section 2.4).
    pub(super) fn is_reverse(self) -> bool {
        matches!(self, Self::Ancestor | Self::AncestorOrSelf | Self::Preceding | Self::PrecedingSibling)
    }
}

/// The tree of an expression with brackets nested at most this deep.
pub(super) fn parse(text: &str, max_nesting: usize) -> Result<Part, Fault> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, nesting: 0, max_nesting };
    let part = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(part),
        Token::Close => Err(Fault::syntax(parser.at(), "this `)` closes nothing")),
        Token::CloseBracket => Err(Fault::syntax(parser.at(), "this `]` closes nothing")),
        _ => Err(Fault::syntax(parser.at(), "an operator must stand before this")),
    }
}

struct Parser<'t, 'e> {
    tokens: &'t [Placed<'e>],
    next: usize,
    nesting: usize,
    max_nesting: usize,
}

/// How tightly an operator binds.
fn precedence(operator: Operator) -> u8 {
    use Operator as Op;
    match operator {
        Op::Or => 1,
        Op::And => 2,
        Op::Equal | Op::NotEqual => 3,
        Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => 4,
        Op::Plus | Op::Minus => 5,
        Op::Multiply | Op::Divide | Op::Modulo => 6,
        Op::Union => 8,
    }
}

/// A minus before an operand binds tighter than `*` and looser than `|`.
const UNARY: u8 = 7;

impl<'e> Parser<'_, 'e> {
    fn peek(&self) -> Token<'e> {
        self.tokens.get(self.next).map_or(Token::End, |placed| placed.token)
    }

    fn peek_second(&self) -> Token<'e> {
        self.tokens.get(self.next + 1).map_or(Token::End, |placed| placed.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |placed| placed.at)
    }

    fn eat(&mut self, token: Token<'_>) -> bool {
        let is_there = self.peek() == token;
        self.next += usize::from(is_there);
        is_there
    }

    /// Goes one bracket deeper.
    fn enter(&mut self) -> Result<(), Fault> {
        self.nesting += 1;
        if self.nesting > self.max_nesting {
            let message = format!("brackets are nested deeper than {}", self.max_nesting);
            return Err(Fault::new(XPathErrorKind::TooDeep, self.at(), message));
        }
        Ok(())
    }

    fn close(&mut self, token: Token<'_>, what: &str) -> Result<(), Fault> {
        self.nesting -= 1;
        if self.eat(token) {
            return Ok(());
        }
        Err(Fault::syntax(self.at(), format!("a `{what}` is missing here")))
    }

    /// An expression of operators that bind tighter than `above`.
    fn expression(&mut self, above: u8) -> Result<Part, Fault> {
        let mut left = self.operand(above)?;
        while let Token::Operator(operator) = self.peek() {
            let level = precedence(operator);
            if level <= above {
                break;
            }
            let mut rest = Vec::new();
            while let Token::Operator(operator) = self.peek() {
                if precedence(operator) != level {
                    break;
                }
                self.next += 1;
                rest.push((operator, self.expression(level)?));
            }
            left = Part { at: left.at, kind: Kind::Chain(Box::new(left), rest) };
        }
        Ok(left)
    }

    fn operand(&mut self, above: u8) -> Result<Part, Fault> {
        let at = self.at();
        if above >= UNARY || self.peek() != Token::Operator(Operator::Minus) {
            return self.path();
        }
        let mut is_odd = false;
        while self.eat(Token::Operator(Operator::Minus)) {
            is_odd = !is_odd;
        }
        let inner = Part { at, kind: Kind::Negate(Box::new(self.expression(UNARY)?)) };
        // Two minus signs still make a number of what they stand before.
        Ok(if is_odd { inner } else { Part { at, kind: Kind::Negate(Box::new(inner)) } })
    }

    /// A location path, or a primary expression with what follows it.
    fn path(&mut self) -> Result<Part, Fault> {
        let at = self.at();
        if self.is_primary() {
            let mut part = self.primary()?;
            let predicates = self.predicates()?;
            if !predicates.is_empty() {
                part = Part { at, kind: Kind::Filter(Box::new(part), predicates) };
            }
            if !matches!(self.peek(), Token::Slash | Token::SlashSlash) {
                return Ok(part);
            }
            let mut steps = Vec::new();
            self.more_steps(&mut steps)?;
            return Ok(Part {
                at,
                kind: Kind::Path(Path { start: Start::Expression(Box::new(part)), steps }),
            });
        }
        let mut steps = Vec::new();
        let start = match self.peek() {
            Token::Slash => {
                self.next += 1;
                if !self.is_step() {
                    return Ok(Part { at, kind: Kind::Path(Path { start: Start::Root, steps }) });
                }
                Start::Root
            }
            Token::SlashSlash => {
                self.next += 1;
                self.eat(Token::Slash);
                steps.push(any(Axis::DescendantOrSelf));
                Start::Root
            }
            _ => Start::Context,
        };
        steps.push(self.step()?);
        self.more_steps(&mut steps)?;
        Ok(Part { at, kind: Kind::Path(Path { start, steps }) })
    }

    fn more_steps(&mut self, steps: &mut Vec<Step>) -> Result<(), Fault> {
        loop {
            if self.eat(Token::SlashSlash) {
                // One slash too many, as in `///a`, is common in the wild, and libxml2 passes over it.
                self.eat(Token::Slash);
                steps.push(any(Axis::DescendantOrSelf));
            } else if !self.eat(Token::Slash) {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn is_step(&self) -> bool {
        matches!(
            self.peek(),
            Token::Dot | Token::DotDot | Token::At | Token::Star | Token::PrefixStar(_) | Token::Name { .. }
        )
    }

    fn is_primary(&self) -> bool {
        match self.peek() {
            Token::Dollar | Token::Open | Token::Literal(_) | Token::Number(_) => true,
            Token::Name { prefix, local } => {
                self.peek_second() == Token::Open && !(prefix.is_empty() && is_node_type(local))
            }
            _ => false,
        }
    }

    fn primary(&mut self) -> Result<Part, Fault> {
        let (at, token) = (self.at(), self.peek());
        self.next += 1;
        let kind = match token {
            Token::Number(number) => Kind::Number(number),
            Token::Literal(text) => Kind::Literal(text.into()),
            Token::Dollar => match self.peek() {
                Token::Name { prefix, local } => {
                    self.next += 1;
                    Kind::Variable(Name { prefix: prefix.into(), local: local.into() })
                }
                _ => return Err(Fault::syntax(self.at(), "a variable's name must follow the `$`")),
            },
            Token::Name { prefix, local } => {
                Kind::Call(Name { prefix: prefix.into(), local: local.into() }, self.arguments()?)
            }
            _ => {
                self.enter()?;
                let inner = self.expression(0)?;
                self.close(Token::Close, ")")?;
                return Ok(inner);
            }
        };
        Ok(Part { at, kind })
    }

    fn arguments(&mut self) -> Result<Vec<Part>, Fault> {
        self.enter()?;
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek() != Token::Close {
            arguments.push(self.expression(0)?);
            while self.eat(Token::Comma) {
                arguments.push(self.expression(0)?);
            }
        }
        self.close(Token::Close, ")")?;
        Ok(arguments)
    }

    fn predicates(&mut self) -> Result<Vec<Part>, Fault> {
        let mut predicates = Vec::new();
        while self.peek() == Token::OpenBracket {
            self.enter()?;
            self.next += 1;
            predicates.push(self.expression(0)?);
            self.close(Token::CloseBracket, "]")?;
        }
        Ok(predicates)
    }

    fn step(&mut self) -> Result<Step, Fault> {
        if self.eat(Token::Dot) {
            return Ok(any(Axis::SelfNode));
        }
        if self.eat(Token::DotDot) {
            return Ok(any(Axis::Parent));
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis, Fault> {
        if self.eat(Token::At) {
            return Ok(Axis::Attribute);
        }
        if self.peek_second() != Token::ColonColon {
            return Ok(Axis::Child);
        }
        let Token::Name { prefix: "", local } = self.peek() else {
            return Err(Fault::syntax(self.at(), "an axis must stand before `::`"));
        };
        let Some((_, axis)) = Axis::ALL.into_iter().find(|(name, _)| *name == local) else {
            let fault = Fault::syntax(self.at(), format!("there is no axis `{local}`"));
            let names = Axis::ALL.iter().map(|(name, _)| *name);
            return Err(match super::nearest(local, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            });
        };
        self.next += 2;
        Ok(axis)
    }

    fn test(&mut self) -> Result<Test, Fault> {
        let (at, token) = (self.at(), self.peek());
        match token {
            Token::Star => {
                self.next += 1;
                Ok(Test::Star)
            }
            Token::PrefixStar(prefix) => {
                self.next += 1;
                Ok(Test::PrefixStar(prefix.into(), at))
            }
            Token::Name { prefix: "", local } if self.peek_second() == Token::Open && is_node_type(local) => {
                self.next += 2;
                self.node_type(local)
            }
            Token::Name { prefix, local } => {
                self.next += 1;
                Ok(Test::Name(Name { prefix: prefix.into(), local: local.into() }, at))
            }
            Token::End => Err(Fault::syntax(at, "the expression ends where something must follow")),
            _ => Err(Fault::syntax(at, "a step or a value must stand here")),
        }
    }

    fn node_type(&mut self, name: &str) -> Result<Test, Fault> {
        let test = match name {
            "text" => Test::Text,
            "comment" => Test::Comment,
            "node" => Test::Any,
            _ => match self.peek() {
                Token::Literal(target) => {
                    self.next += 1;
                    Test::ProcessingInstruction(Some(target.into()))
                }
                _ => Test::ProcessingInstruction(None),
            },
        };
        if self.eat(Token::Close) {
            return Ok(test);
        }
        Err(Fault::syntax(self.at(), format!("`{name}()` must be closed here")))
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "comment" | "text" | "processing-instruction" | "node")
}

/// A step without predicates to any node.
fn any(axis: Axis) -> Step {
    Step { axis, test: Test::Any, predicates: Vec::new() }
}
