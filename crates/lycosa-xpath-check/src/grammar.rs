//! Random expressions of all of XPath 1.0, drawn towards the names, values and words of a document, so that most of
//! them find something.

use std::collections::BTreeMap;

use lycosa_dom::{Document, Namespace};

use crate::dice::Dice;
use crate::expression::{Expression, Path, Step};

/// What a document has to offer to expressions.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    elements: Vec<String>,
    /// Names with a value each, as often as they occur.
    attributes: Vec<(String, String)>,
    words: Vec<String>,
}

/// Entries of a kind that are kept; more would only take memory.
const MOST_ENTRIES: usize = 400;

impl Vocabulary {
    pub(crate) fn of(document: &Document) -> Self {
        let mut elements: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = Self::default();
        for node in document.nodes() {
            if node.is_element() && is_name(node.name()) {
                *elements.entry(node.qualified_name().into_owned()).or_default() += 1;
            }
            for attribute in
                node.attrs().filter(|one| is_name(one.name()) && one.namespace() != Namespace::Xmlns)
            {
                found
                    .attributes
                    .push((attribute.qualified_name().into_owned(), attribute.value().to_owned()));
            }
            if node.is_text() {
                found.words.extend(node.text().split_whitespace().take(3).map(str::to_owned));
            }
        }
        // A name that occurs a thousand times is drawn more often than a rare one, and not a thousand times so.
        for (name, count) in elements {
            let times = 1 + usize::try_from(count.ilog2()).unwrap_or(0);
            found.elements.extend(std::iter::repeat_n(name, times));
        }
        thin(&mut found.attributes);
        thin(&mut found.words);
        found
    }
}

/// Keeps entries from all of a list.
fn thin<T>(list: &mut Vec<T>) {
    let step = list.len() / MOST_ENTRIES + 1;
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        at % step == 0 || step == 1
    });
}

/// Whether a name can stand in an expression (a plain part of the names of XML).
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The axes but `attribute` and the one of namespaces, weighted by what scrapers use and by where engines go wrong.
const AXES: &[(usize, &str)] = &[
    (34, "child"),
    (8, "descendant"),
    (5, "descendant-or-self"),
    (6, "parent"),
    (4, "self"),
    (6, "ancestor"),
    (4, "ancestor-or-self"),
    (7, "following-sibling"),
    (7, "preceding-sibling"),
    (5, "following"),
    (5, "preceding"),
];
/// Literals that lie on the edges of the conversions.
const NUMBERS: &[&str] = &["0", "1", "2", "3", "4", "10", "0.5", "1.5", "2.5", "100", ".5", "7.", "1000000"];
const TEXTS: &[&str] = &["", " ", "a", "e", "-", "12", " 3 ", "1.5", "-0", "x y", "é", "NaN", "0x10", "1e3"];

/// Makes expressions.
#[derive(Debug)]
pub(crate) struct Grammar<'v> {
    vocabulary: &'v Vocabulary,
    dice: Dice,
    /// How many more steps and operators the expression may get.
    fuel: usize,
    /// How many predicates may lie in one another: each multiplies the work by the number of nodes.
    most_nested: usize,
    /// Whether the document has namespaces; one of HTML has none.
    namespaces: bool,
}

impl<'v> Grammar<'v> {
    pub(crate) fn new(vocabulary: &'v Vocabulary, seed: u64, most_nested: usize, namespaces: bool) -> Self {
        Self { vocabulary, dice: Dice::new(seed), fuel: 0, most_nested, namespaces }
    }

    /// An expression of any kind.
    pub(crate) fn expression(&mut self) -> Expression {
        self.fuel = 2 + self.dice.below(14);
        match self.dice.below(100) {
            0..62 => self.nodes(0),
            62..75 => self.number(0),
            75..88 => self.text(0),
            _ => self.truth(0),
        }
    }

    fn burn(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }

    fn nodes(&mut self, nested: usize) -> Expression {
        if !self.burn() {
            return Expression::Path(self.path(nested));
        }
        match self.dice.below(100) {
            0..78 => Expression::Path(self.path(nested)),
            78..88 => Expression::Binary("|", Box::new(self.nodes(nested)), Box::new(self.nodes(nested))),
            _ => {
                let primary = Box::new(self.nodes(nested));
                let predicates = self.predicates(nested, 60);
                let steps = if self.dice.percent(40) { self.steps(nested) } else { Vec::new() };
                if predicates.is_empty() && steps.is_empty() {
                    return *primary;
                }
                Expression::Filter(primary, predicates, steps)
            }
        }
    }

    fn path(&mut self, nested: usize) -> Path {
        let from_root = self.dice.percent(if nested == 0 { 75 } else { 15 });
        if from_root && self.dice.percent(1) {
            return Path { from_root, steps: Vec::new() };
        }
        let mut steps = self.steps(nested);
        if let Some(first) = steps.first_mut() {
            first.deep = self.dice.percent(if from_root { 85 } else { 15 });
        }
        Path { from_root, steps }
    }

    fn steps(&mut self, nested: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            steps.push(self.step(nested));
            if !self.burn() || self.dice.percent(45) {
                return steps;
            }
        }
    }

    fn step(&mut self, nested: usize) -> Step {
        let axis = match self.dice.below(1000) {
            0..150 => "attribute",
            _ => self.dice.weighted(AXES).unwrap_or("child"),
        };
        let test = self.test(axis);
        let predicates = self.predicates(nested, 35);
        Step { deep: self.dice.percent(18), axis, test, predicates, short: self.dice.percent(80) }
    }

    fn test(&mut self, axis: &str) -> String {
        let name = match axis {
            "attribute" => self.dice.pick(&self.vocabulary.attributes).map(|(name, _)| name.clone()),
            _ => self.dice.pick(&self.vocabulary.elements).cloned(),
        };
        match self.dice.below(100) {
            0..58 => name.unwrap_or_else(|| "*".to_owned()),
            58..78 => "*".to_owned(),
            78..88 => "node()".to_owned(),
            88..95 => "text()".to_owned(),
            95..97 => "comment()".to_owned(),
            97..98 if self.namespaces => self.dice.pick(&["n:*", "m:*"]).copied().unwrap_or("n:*").to_owned(),
            97..98 => "processing-instruction()".to_owned(),
            _ => "nosuch".to_owned(),
        }
    }

    fn predicates(&mut self, nested: usize, percent: usize) -> Vec<Expression> {
        let mut predicates = Vec::new();
        while nested < self.most_nested && self.dice.percent(percent) && predicates.len() < 3 {
            self.burn();
            predicates.push(match self.dice.below(100) {
                0..25 => self.position(nested + 1),
                25..50 => self.nodes(nested + 1),
                50..53 => self.text(nested + 1),
                _ => self.truth(nested + 1),
            });
        }
        predicates
    }

    /// A number that chooses by position.
    fn position(&mut self, nested: usize) -> Expression {
        let last = || Expression::Call("last", Vec::new());
        match self.dice.below(10) {
            0..6 => Expression::Number((1 + self.dice.below(4)).to_string()),
            6..8 => last(),
            8 => Expression::Binary("-", Box::new(last()), Box::new(Expression::Number("1".to_owned()))),
            _ => self.number(nested),
        }
    }

    /// The value of an attribute, a piece of one, or a word.
    fn literal(&mut self) -> Expression {
        let value = match self.dice.below(10) {
            0..5 => self.dice.pick(&self.vocabulary.attributes).map(|(_, value)| value.as_str()),
            5..8 => self.dice.pick(&self.vocabulary.words).map(String::as_str),
            _ => self.dice.pick(TEXTS).copied(),
        };
        let value = value.unwrap_or_default();
        let count = value.chars().count();
        let piece: String = if self.dice.percent(50) || count == 0 {
            value.chars().take(24).collect()
        } else {
            value.chars().skip(self.dice.below(count)).take(1 + self.dice.below(6)).collect()
        };
        let has_both = piece.contains('\'') && piece.contains('"');
        Expression::Text(if has_both { piece.replace('"', "") } else { piece })
    }

    fn text(&mut self, nested: usize) -> Expression {
        if !self.burn() {
            return self.literal();
        }
        let one = |grammar: &mut Self| grammar.any(nested);
        match self.dice.below(12) {
            0 => self.literal(),
            1 => Expression::Call("string", vec![one(self)]),
            2 => Expression::Call("concat", vec![one(self), one(self), self.literal()]),
            3 => Expression::Call("substring-before", vec![one(self), self.literal()]),
            4 => Expression::Call("substring-after", vec![one(self), self.literal()]),
            5 => Expression::Call("substring", vec![one(self), self.number(nested)]),
            6 => Expression::Call("substring", vec![one(self), self.number(nested), self.number(nested)]),
            7 | 8 => Expression::Call("normalize-space", vec![one(self)]),
            9 => Expression::Call("translate", vec![one(self), self.literal(), self.literal()]),
            10 => {
                let names = ["name", "local-name", if self.namespaces { "namespace-uri" } else { "name" }];
                let name = self.dice.pick(&names).copied().unwrap_or("name");
                Expression::Call(name, vec![self.nodes(nested)])
            }
            _ => self.of_context(),
        }
    }

    /// A function that looks at the context node.
    fn of_context(&mut self) -> Expression {
        let names = ["string", "normalize-space", "name", "local-name"];
        Expression::Call(self.dice.pick(&names).copied().unwrap_or("string"), Vec::new())
    }

    fn number(&mut self, nested: usize) -> Expression {
        if !self.burn() {
            return self.digits();
        }
        let operators = ["+", "-", "*", "div", "mod"];
        match self.dice.below(14) {
            0 | 1 => self.digits(),
            2 | 3 => Expression::Call("count", vec![self.nodes(nested)]),
            4 => Expression::Call("sum", vec![self.nodes(nested)]),
            5 => Expression::Call("string-length", vec![self.any(nested)]),
            6 => Expression::Call("number", vec![self.any(nested)]),
            // Outside a predicate lxml has no position.
            7 if nested > 0 => Expression::Call("position", Vec::new()),
            8 if nested > 0 => Expression::Call("last", Vec::new()),
            9 => {
                let name = self.dice.pick(&["floor", "ceiling", "round"]).copied().unwrap_or("round");
                Expression::Call(name, vec![self.any(nested)])
            }
            10 => Expression::Negative(Box::new(self.any(nested))),
            _ => {
                let operator = self.dice.pick(&operators).copied().unwrap_or("+");
                Expression::Binary(operator, Box::new(self.any(nested)), Box::new(self.number(nested)))
            }
        }
    }

    fn digits(&mut self) -> Expression {
        Expression::Number(self.dice.pick(NUMBERS).copied().unwrap_or("1").to_owned())
    }

    fn truth(&mut self, nested: usize) -> Expression {
        if !self.burn() {
            return Expression::Call(if self.dice.percent(50) { "true" } else { "false" }, Vec::new());
        }
        match self.dice.below(13) {
            0 if self.namespaces && self.dice.percent(20) => {
                let lang = self.dice.pick(&["en", "en-GB", "d", "de"]).copied().unwrap_or("en");
                Expression::Call("lang", vec![Expression::Text(lang.to_owned())])
            }
            0..4 => {
                let operators = ["=", "=", "!=", "<", "<=", ">", ">="];
                let operator = self.dice.pick(&operators).copied().unwrap_or("=");
                let right = if self.dice.percent(50) { self.literal() } else { self.any(nested) };
                Expression::Binary(operator, Box::new(self.any(nested)), Box::new(right))
            }
            4 | 5 => {
                let operator = if self.dice.percent(50) { "and" } else { "or" };
                Expression::Binary(operator, Box::new(self.any(nested)), Box::new(self.truth(nested)))
            }
            6..8 => Expression::Call("not", vec![self.any(nested)]),
            8 => Expression::Call("boolean", vec![self.any(nested)]),
            9 | 10 => Expression::Call("contains", vec![self.any(nested), self.literal()]),
            11 if nested > 0 => {
                let divisor = Box::new(Expression::Number((1 + self.dice.below(3)).to_string()));
                let position = Box::new(Expression::Call("position", Vec::new()));
                let rest = Box::new(Expression::Number(self.dice.below(3).to_string()));
                Expression::Binary("=", Box::new(Expression::Binary("mod", position, divisor)), rest)
            }
            _ => Expression::Call("starts-with", vec![self.any(nested), self.literal()]),
        }
    }

    fn any(&mut self, nested: usize) -> Expression {
        match self.dice.below(10) {
            0..6 => self.nodes(nested),
            6 | 7 => self.text(nested),
            8 => self.number(nested),
            _ => self.truth(nested),
        }
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::ParseOptions;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_expressions_and_every_axis_and_function_occurs() {
        let page = "<p id=a class='b c'>one two<a href=/x>three</a></p>";
        let document = Document::parse_html(page, ParseOptions::default());
        let vocabulary = Vocabulary::of(&document);
        let made = |seed| Grammar::new(&vocabulary, seed, 3, true).expression().to_string();
        assert_eq!((0..50).map(made).collect::<Vec<_>>(), (0..50).map(made).collect::<Vec<_>>());
        let all: String = (0..3000).map(made).collect::<Vec<_>>().join("\n");
        for (_, axis) in AXES.iter().filter(|(_, axis)| *axis != "child") {
            assert!(all.contains(&format!("{axis}::")), "{axis}");
        }
        for name in [
            "last",
            "position",
            "count",
            "local-name",
            "name",
            "string",
            "concat",
            "starts-with",
            "contains",
            "substring-before",
            "substring-after",
            "substring",
            "string-length",
            "normalize-space",
            "translate",
            "boolean",
            "not",
            "true",
            "false",
            "number",
            "sum",
            "floor",
            "ceiling",
            "round",
        ] {
            assert!(all.contains(&format!("{name}(")), "{name}");
        }
    }
}
