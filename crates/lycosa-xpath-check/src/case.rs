//! A document, a context and an expression, put to three engines, and what their answers say about ours.

use std::fmt;

use lycosa_dom::{Document, NodeRef, ParseOptions};

use crate::answer::{Answer, Numbered};
use crate::expression::Expression;
use crate::faults::{Oracle, excuse};
use crate::lxml::Lxml;
use crate::markup::Xml;
use crate::{markup, ours, peer};

/// What is put to the engines.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) source: String,
    /// HTML, else XML.
    pub(crate) html: bool,
    /// Which element is the context node, counted in document order and from the start again when there are fewer.
    pub(crate) context: usize,
    pub(crate) expression: Expression,
}

impl Case {
    pub(crate) fn document(&self) -> Document {
        parse(&self.source, self.html)
    }
}

/// The document of a source.
pub(crate) fn parse(source: &str, html: bool) -> Document {
    if html { Document::parse_html(source, ParseOptions::default()) } else { ours::parse_xml(source) }
}

/// A document that all engines have read.
#[derive(Debug)]
pub(crate) struct Ready {
    numbered: Numbered,
    thorough: bool,
}

impl Ready {
    /// `None` when XML cannot say exactly this document, so that another engine would read another.
    pub(crate) fn new(source: &str, html: bool, thorough: bool, lxml: &mut Lxml) -> Option<Self> {
        let document = parse(source, html);
        let xml = if html { markup::xml(&document) } else { Xml { text: source.to_owned(), changed: 0 } };
        let numbered = Numbered::new(document);
        let last = numbered.document.nodes().last()?;
        let nodes = lxml.read(&xml.text)?;
        let is_same = xml.changed == 0 && nodes == u64::from(numbered.number(last)) + 1;
        is_same.then_some(Self { numbered, thorough })
    }

    fn context(&self, nth: usize) -> Option<NodeRef<'_>> {
        let count = self.numbered.document.nodes().filter(|node| node.is_element()).count();
        self.numbered.document.nodes().filter(|node| node.is_element()).nth(nth % count.max(1))
    }

    /// The context node for people, and what the engines say.
    pub(crate) fn describe(&self, case: &Case, lxml: &mut Lxml) -> Option<(String, Answers)> {
        let context = self.context(case.context)?;
        let name = format!("element <{}>, node {}", context.name(), self.numbered.number(context));
        Some((name, self.put(case, lxml)?))
    }

    /// What the engines say. The slowest is asked first: it can be stopped. `xpath-eval` may be asked only where the
    /// two others differ.
    pub(crate) fn put(&self, case: &Case, lxml: &mut Lxml) -> Option<Answers> {
        let context = self.context(case.context)?;
        let expression = case.expression.to_string();
        let libxml2 = lxml.answer(self.numbered.number(context), &expression);
        if let Answer::Silent(reason) = libxml2 {
            let [ours, peer] = [Answer::Silent(reason), Answer::Silent(reason)];
            return Some(Answers { expression, ours, peer, libxml2 });
        }
        let ours = ours::answer(&self.numbered, context, &expression);
        let peer = if self.thorough || !ours.agrees(&libxml2) {
            peer::answer(&self.numbered, context, &expression)
        } else {
            Answer::Silent("not asked")
        };
        Some(Answers { expression, ours, peer, libxml2 })
    }
}

/// What three engines said.
#[derive(Debug)]
pub(crate) struct Answers {
    expression: String,
    ours: Answer,
    peer: Answer,
    libxml2: Answer,
}

/// What follows from the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Agreed,
    /// One oracle is known to be wrong in this way; the other agrees with ours.
    Excused(&'static str),
    /// Nothing to compare.
    Skipped(&'static str),
    Disagreed,
}

impl Answers {
    pub(crate) fn verdict(&self) -> Verdict {
        if let Answer::Silent(reason) = self.ours {
            return Verdict::Skipped(reason);
        }
        let is_silent = matches!(self.peer, Answer::Silent(_));
        match (is_silent || self.ours.agrees(&self.peer), self.ours.agrees(&self.libxml2)) {
            (true, true) => Verdict::Agreed,
            (true, false) => self.excused(Oracle::Libxml2, &self.libxml2),
            (false, true) => self.excused(Oracle::XpathEval, &self.peer),
            (false, false) => Verdict::Disagreed,
        }
    }

    fn excused(&self, oracle: Oracle, theirs: &Answer) -> Verdict {
        excuse(oracle, &self.expression, &self.ours, theirs).map_or(Verdict::Disagreed, Verdict::Excused)
    }

    /// Whether any answer found or said something.
    pub(crate) fn is_fruitful(&self) -> bool {
        match &self.libxml2 {
            Answer::Nodes(keys) => !keys.is_empty(),
            Answer::Number(number) => !number.is_nan(),
            Answer::Text(text) => !text.is_empty(),
            Answer::Boolean(truth) => *truth,
            Answer::Refused(_) | Answer::Silent(_) => false,
        }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  ours:       {}", self.ours)?;
        writeln!(formatter, "  xpath-eval: {}", self.peer)?;
        write!(formatter, "  libxml2:    {}", self.libxml2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Key;

    fn verdict(expression: &str, ours: Answer, peer: Answer, libxml2: Answer) -> Verdict {
        Answers { expression: expression.to_owned(), ours, peer, libxml2 }.verdict()
    }

    #[test]
    fn ours_alone_is_a_disagreement_and_so_is_an_oracle_without_a_known_fault() {
        use Answer::{Boolean, Number, Refused, Silent, Text};
        let nodes =
            |numbers: &[u32]| Answer::Nodes(numbers.iter().map(|number| Key::Node(*number)).collect());
        assert_eq!(verdict("//a", nodes(&[1, 2]), nodes(&[2, 1]), nodes(&[1, 2])), Verdict::Agreed);
        assert_eq!(verdict("//a", nodes(&[1]), nodes(&[1, 2]), nodes(&[1, 2])), Verdict::Disagreed);
        assert_eq!(verdict("//a", nodes(&[1]), nodes(&[1]), nodes(&[2])), Verdict::Disagreed);
        assert_eq!(verdict("'1'", Text("1".to_owned()), Number(1.0), Number(1.0)), Verdict::Disagreed);
        assert_eq!(verdict("x", Number(0.0), Number(-0.0), Number(0.0)), Verdict::Disagreed);
        let excused = verdict("sum(x)", Number(0.0), Number(-0.0), Number(0.0));
        assert!(matches!(excused, Verdict::Excused(_)), "{excused:?}");
        // A fault of one oracle is no excuse when the other disagrees as well.
        assert_eq!(verdict("sum(x)", Number(0.0), Number(-0.0), Number(1.0)), Verdict::Disagreed);
        let refused = |words: &str| Refused(words.to_owned());
        assert_eq!(verdict("(", refused("a"), refused("b"), refused("c")), Verdict::Agreed);
        assert_eq!(verdict("(", refused("a"), Boolean(true), Boolean(true)), Verdict::Disagreed);
        let met = Silent("ours met a limit");
        assert_eq!(verdict("//a", met, nodes(&[1]), nodes(&[1])), Verdict::Skipped("ours met a limit"));
        assert_eq!(verdict("//a", nodes(&[1]), Silent("not asked"), nodes(&[1])), Verdict::Agreed);
    }
}
