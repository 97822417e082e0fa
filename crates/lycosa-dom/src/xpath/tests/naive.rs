//! A plain evaluator: the recommendation written down as it stands, without plan, index or shortcut, on the syntax
//! tree. Slow on purpose; the engine must agree with it.

use std::collections::BTreeSet;

use super::super::{
    evaluate::{
        names::{local_name, namespace_uri, qualified_name, string_value},
        nodes::{Key, Place},
    },
    lexer::Operator,
    number::{format_number, parse_number},
    parser::{Axis, Kind, Name, Part, Start, Step, Test},
};
use crate::{Attribute, Document, DocumentKind, NodeKind, NodeRef};

/// A value, node-sets as sorted sets of keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plain {
    Nodes(BTreeSet<Key>),
    Number(f64),
    Text(String),
    Boolean(bool),
}

#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) node: Key,
    pub(super) position: usize,
    pub(super) size: usize,
}

pub(super) struct Naive<'d>(pub(super) &'d Document);

impl Naive<'_> {
    pub(super) fn value(&self, part: &Part, at: At) -> Plain {
        match &part.kind {
            Kind::Number(number) => Plain::Number(*number),
            Kind::Literal(text) => Plain::Text(text.to_string()),
            Kind::Variable(_) => unreachable!("none are generated"),
            Kind::Call(name, arguments) => self.call(name, arguments, at),
            Kind::Chain(first, rest) => {
                let mut left = self.value(first, at);
                for (operator, right) in rest {
                    left = self.operate(*operator, left, right, at);
                }
                left
            }
            Kind::Negate(inner) => Plain::Number(-self.number(&self.value(inner, at))),
            Kind::Path(path) => {
                let mut nodes = match &path.start {
                    Start::Context => BTreeSet::from([at.node]),
                    Start::Root => BTreeSet::from([Key::node(0)]),
                    Start::Expression(inner) => self.nodes(self.value(inner, at)),
                };
                for step in &path.steps {
                    nodes = nodes.into_iter().flat_map(|node| self.step(node, step)).collect();
                }
                Plain::Nodes(nodes)
            }
            Kind::Filter(primary, predicates) => {
                let nodes = self.nodes(self.value(primary, at)).into_iter().collect();
                Plain::Nodes(self.filter(nodes, predicates).into_iter().collect())
            }
        }
    }

    fn nodes(&self, value: Plain) -> BTreeSet<Key> {
        let Plain::Nodes(nodes) = value else { unreachable!("only node-sets are generated here") };
        nodes
    }

    fn step(&self, node: Key, step: &Step) -> Vec<Key> {
        let nodes = self.axis(node, step.axis).into_iter().filter(|&node| self.test(node, step)).collect();
        self.filter(nodes, &step.predicates)
    }

    fn filter(&self, mut nodes: Vec<Key>, predicates: &[Part]) -> Vec<Key> {
        for predicate in predicates {
            let size = nodes.len();
            let mut kept = Vec::new();
            for (index, &node) in nodes.iter().enumerate() {
                let at = At { node, position: index + 1, size };
                let passes = match self.value(predicate, at) {
                    Plain::Number(number) => number == at.position as f64,
                    other => self.boolean(&other),
                };
                if passes {
                    kept.push(node);
                }
            }
            nodes = kept;
        }
        nodes
    }

    fn node(&self, key: Key) -> Option<NodeRef<'_>> {
        (key.place() == Place::Node).then(|| NodeRef::new(self.0, key.owner()))
    }

    fn parent(&self, key: Key) -> Option<Key> {
        match self.node(key) {
            Some(node) => node.parent().map(|parent| Key::node(parent.number())),
            None => Some(Key::node(key.owner())),
        }
    }

    fn children(&self, key: Key) -> Vec<Key> {
        let children = self.node(key).into_iter().flat_map(NodeRef::children);
        children
            .filter(|node| node.kind() != NodeKind::Doctype)
            .map(|node| Key::node(node.number()))
            .collect()
    }

    fn descendants(&self, key: Key) -> Vec<Key> {
        let mut found = Vec::new();
        for child in self.children(key) {
            found.push(child);
            found.extend(self.descendants(child));
        }
        found
    }

    fn ancestors(&self, key: Key) -> Vec<Key> {
        let mut found = Vec::new();
        let mut at = self.parent(key);
        while let Some(node) = at {
            found.push(node);
            at = self.parent(node);
        }
        found
    }

    /// The nodes of an axis in its order.
    pub(super) fn axis(&self, key: Key, axis: Axis) -> Vec<Key> {
        let is_node = key.place() == Place::Node;
        let siblings = || match self.parent(key).filter(|_| is_node) {
            Some(parent) => self.children(parent),
            None => Vec::new(),
        };
        let or_self = |mut nodes: Vec<Key>| {
            nodes.insert(0, key);
            nodes
        };
        match axis {
            Axis::SelfNode => vec![key],
            Axis::Child => self.children(key),
            Axis::Parent => self.parent(key).into_iter().collect(),
            Axis::Descendant => self.descendants(key),
            Axis::DescendantOrSelf => or_self(self.descendants(key)),
            Axis::Ancestor => self.ancestors(key),
            Axis::AncestorOrSelf => or_self(self.ancestors(key)),
            Axis::FollowingSibling => siblings().into_iter().filter(|&node| node > key).collect(),
            Axis::PrecedingSibling => siblings().into_iter().rev().filter(|&node| node < key).collect(),
            Axis::Following => {
                let inside = self.descendants(key);
                let all = self.descendants(Key::node(0));
                all.into_iter().filter(|node| *node > key && !inside.contains(node)).collect()
            }
            Axis::Preceding => {
                let around = self.ancestors(key);
                let all = self.descendants(Key::node(0));
                all.into_iter().rev().filter(|node| *node < key && !around.contains(node)).collect()
            }
            Axis::Attribute => {
                let attributes = self.node(key).into_iter().flat_map(NodeRef::attrs);
                let attributes =
                    attributes.filter(|attribute| attribute.namespace() != crate::Namespace::Xmlns);
                attributes.map(|attribute| Key::attribute(key.owner(), attribute.id().number())).collect()
            }
            Axis::Namespace => {
                let pairs = if is_node {
                    super::super::evaluate::names::namespaces(self.0, key.owner()).0
                } else {
                    Vec::new()
                };
                pairs.into_iter().map(|number| Key::namespace(key.owner(), number)).collect()
            }
        }
    }

    fn test(&self, key: Key, step: &Step) -> bool {
        let kind = self.node(key).map(NodeRef::kind);
        let is_principal = match step.axis {
            Axis::Attribute => matches!(key.place(), Place::Attribute(_)),
            Axis::Namespace => matches!(key.place(), Place::Namespace(_)),
            _ => kind == Some(NodeKind::Element),
        };
        match &step.test {
            Test::Any => true,
            Test::Text => kind == Some(NodeKind::Text),
            Test::Comment => kind == Some(NodeKind::Comment),
            Test::ProcessingInstruction(None) => kind == Some(NodeKind::ProcessingInstruction),
            Test::ProcessingInstruction(Some(target)) => {
                kind == Some(NodeKind::ProcessingInstruction) && local_name(self.0, key) == &**target
            }
            Test::Star => is_principal,
            Test::Name(name, _) => is_principal && self.is_named(key, name),
            Test::PrefixStar(prefix, _) => is_principal && namespace_uri(self.0, key) == address(prefix),
        }
    }

    fn is_named(&self, key: Key, name: &Name) -> bool {
        let (local, wanted) = (local_name(self.0, key), &*name.local);
        if !name.prefix.is_empty() {
            return local == wanted && namespace_uri(self.0, key) == address(&name.prefix);
        }
        match key.place() {
            Place::Node if self.0.kind() == DocumentKind::Xml => {
                local == wanted && namespace_uri(self.0, key).is_empty()
            }
            Place::Node => local.eq_ignore_ascii_case(wanted),
            Place::Namespace(_) | Place::Made(_) => local == wanted,
            Place::Attribute(number) => {
                let attribute = Attribute::new(self.0, number).unwrap();
                let is_html = self.0.kind() == DocumentKind::Html
                    && attribute.owner().namespace() == crate::Namespace::Html;
                let wanted = if is_html { wanted.to_ascii_lowercase() } else { wanted.to_owned() };
                attribute.namespace() == crate::Namespace::None && local == wanted
            }
        }
    }

    fn first(&self, nodes: &BTreeSet<Key>) -> String {
        nodes.first().map_or(String::new(), |&key| string_value(self.0, key).to_owned())
    }

    pub(super) fn boolean(&self, value: &Plain) -> bool {
        match value {
            Plain::Nodes(nodes) => !nodes.is_empty(),
            Plain::Number(number) => *number != 0.0 && !number.is_nan(),
            Plain::Text(text) => !text.is_empty(),
            Plain::Boolean(truth) => *truth,
        }
    }

    fn number(&self, value: &Plain) -> f64 {
        match value {
            Plain::Number(number) => *number,
            Plain::Boolean(truth) => f64::from(u8::from(*truth)),
            other => parse_number(&self.text(other)),
        }
    }

    fn text(&self, value: &Plain) -> String {
        match value {
            Plain::Nodes(nodes) => self.first(nodes),
            Plain::Number(number) => format_number(*number),
            Plain::Text(text) => text.clone(),
            Plain::Boolean(truth) => truth.to_string(),
        }
    }

    fn operate(&self, operator: Operator, left: Plain, right: &Part, at: At) -> Plain {
        use Operator as Op;
        let right = self.value(right, at);
        let numbers = || (self.number(&left), self.number(&right));
        match operator {
            Op::Or => Plain::Boolean(self.boolean(&left) || self.boolean(&right)),
            Op::And => Plain::Boolean(self.boolean(&left) && self.boolean(&right)),
            Op::Plus => Plain::Number(numbers().0 + numbers().1),
            Op::Minus => Plain::Number(numbers().0 - numbers().1),
            Op::Multiply => Plain::Number(numbers().0 * numbers().1),
            Op::Divide => Plain::Number(numbers().0 / numbers().1),
            Op::Modulo => Plain::Number(numbers().0 % numbers().1),
            Op::Union => {
                Plain::Nodes(self.nodes(left.clone()).union(&self.nodes(right.clone())).copied().collect())
            }
            _ => Plain::Boolean(self.compare(operator, &left, &right)),
        }
    }

    /// Section 3.4, sentence by sentence.
    fn compare(&self, operator: Operator, left: &Plain, right: &Plain) -> bool {
        let strings = |nodes: &BTreeSet<Key>| -> Vec<Plain> {
            nodes.iter().map(|&key| Plain::Text(string_value(self.0, key).to_owned())).collect()
        };
        match (left, right) {
            (Plain::Nodes(left), Plain::Nodes(right)) => strings(left)
                .iter()
                .any(|left| strings(right).iter().any(|right| self.compare(operator, left, right))),
            (Plain::Nodes(nodes), Plain::Boolean(_)) => {
                self.compare(operator, &Plain::Boolean(!nodes.is_empty()), right)
            }
            (Plain::Boolean(_), Plain::Nodes(nodes)) => {
                self.compare(operator, left, &Plain::Boolean(!nodes.is_empty()))
            }
            (Plain::Nodes(nodes), right) => {
                strings(nodes).iter().any(|left| self.compare(operator, left, right))
            }
            (left, Plain::Nodes(nodes)) => {
                strings(nodes).iter().any(|right| self.compare(operator, left, right))
            }
            _ => self.compare_simple(operator, left, right),
        }
    }

    fn compare_simple(&self, operator: Operator, left: &Plain, right: &Plain) -> bool {
        let (a, b) = (self.number(left), self.number(right));
        let equal = match (left, right) {
            (Plain::Boolean(_), _) | (_, Plain::Boolean(_)) => self.boolean(left) == self.boolean(right),
            (Plain::Number(_), _) | (_, Plain::Number(_)) => a == b,
            _ => self.text(left) == self.text(right),
        };
        match operator {
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
            Operator::Less => a < b,
            Operator::LessEqual => a <= b,
            Operator::Greater => a > b,
            _ => a >= b,
        }
    }

    fn call(&self, name: &Name, arguments: &[Part], at: At) -> Plain {
        let values: Vec<Plain> = arguments.iter().map(|argument| self.value(argument, at)).collect();
        let own = || Plain::Nodes(BTreeSet::from([at.node]));
        let value = |index: usize| values.get(index).cloned().unwrap_or_else(own);
        let text = |index: usize| self.text(&value(index));
        let first = || self.nodes(value(0)).first().copied();
        match &*name.local {
            "position" => Plain::Number(at.position as f64),
            "last" => Plain::Number(at.size as f64),
            "true" => Plain::Boolean(true),
            "false" => Plain::Boolean(false),
            "not" => Plain::Boolean(!self.boolean(&value(0))),
            "boolean" => Plain::Boolean(self.boolean(&value(0))),
            "count" => Plain::Number(self.nodes(value(0)).len() as f64),
            "sum" => {
                let numbers =
                    self.nodes(value(0)).into_iter().map(|key| parse_number(string_value(self.0, key)));
                Plain::Number(numbers.fold(0.0, |sum, number| sum + number))
            }
            "number" => Plain::Number(self.number(&value(0))),
            "floor" => Plain::Number(self.number(&value(0)).floor()),
            "ceiling" => Plain::Number(self.number(&value(0)).ceil()),
            "string" => Plain::Text(text(0)),
            "concat" => Plain::Text((0..values.len()).map(text).collect()),
            "contains" => Plain::Boolean(text(0).contains(&text(1))),
            "starts-with" => Plain::Boolean(text(0).starts_with(&text(1))),
            "substring-before" => Plain::Text(
                text(0).split_once(&text(1)).map_or(String::new(), |(before, _)| before.to_owned()),
            ),
            "substring-after" => {
                Plain::Text(text(0).split_once(&text(1)).map_or(String::new(), |(_, after)| after.to_owned()))
            }
            "string-length" => Plain::Number(text(0).chars().count() as f64),
            "normalize-space" => {
                let text = text(0);
                let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
                Plain::Text(words.collect::<Vec<_>>().join(" "))
            }
            "name" => {
                Plain::Text(first().map_or(String::new(), |key| qualified_name(self.0, key).into_owned()))
            }
            "local-name" => {
                Plain::Text(first().map_or(String::new(), |key| local_name(self.0, key).to_owned()))
            }
            "has-class" => {
                let class = self.node(at.node).and_then(|node| node.attr("class")).unwrap_or_default();
                Plain::Boolean(
                    (0..values.len())
                        .all(|index| class.split_ascii_whitespace().any(|word| word == text(index))),
                )
            }
            other => unreachable!("{other} is not generated"),
        }
    }
}

fn address(prefix: &str) -> &'static str {
    match prefix {
        "html" => crate::Namespace::Html.url(),
        "svg" => crate::Namespace::Svg.url(),
        "xml" => crate::Namespace::Xml.url(),
        other => unreachable!("{other} is not generated"),
    }
}
