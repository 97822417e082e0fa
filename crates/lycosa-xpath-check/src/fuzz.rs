//! Random expressions over random and real documents, put to three engines; where ours stands alone, the case is made
//! small and shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::case::{Case, Ready, Verdict, parse};
use crate::corpus;
use crate::dice::Dice;
use crate::grammar::{Grammar, Vocabulary};
use crate::lxml::Lxml;
use crate::random_page;
use crate::shrink::shrink;

/// Expressions put to a document before the next is taken.
const EXPRESSIONS: usize = 40;
/// Real pages of at most this many bytes and nodes take part: the oracles need the square of that, or worse.
const LARGEST_PAGE: usize = 40_000;
const MOST_NODES: usize = 900;
/// Disagreements after which a run ends.
const MOST_SHOWN: usize = 12;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) cases: usize,
    pub(crate) seed: u64,
    /// Whether `xpath-eval` is asked always, or only where ours and libxml2 differ.
    pub(crate) thorough: bool,
}

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) cases: usize,
    pub(crate) documents: usize,
    pub(crate) agreed: usize,
    /// Answers that were not empty, NaN or false.
    pub(crate) fruitful: usize,
    pub(crate) excused: BTreeMap<&'static str, usize>,
    pub(crate) skipped: BTreeMap<&'static str, usize>,
    /// Each a small case with the answers, for people.
    pub(crate) disagreements: Vec<String>,
}

impl Report {
    /// The counts, a line each.
    pub(crate) fn counts(&self) -> String {
        let Self { cases, documents, agreed, fruitful, disagreements, .. } = self;
        let mut text = format!(
            "{cases} cases over {documents} documents: {agreed} agreed, {fruitful} found something, \
             {} disagreed",
            disagreements.len()
        );
        for (kind, reasons) in [("excused", &self.excused), ("skipped", &self.skipped)] {
            for (reason, count) in reasons {
                let _ = write!(text, "\n{kind} {count}: {reason}");
            }
        }
        text
    }
}

/// Runs a plan. `say` is told how far it is.
///
/// # Errors
/// When the oracle in Python cannot be started.
pub(crate) fn run(plan: Plan, mut say: impl FnMut(&str)) -> Result<Report, String> {
    let Plan { cases, seed, .. } = plan;
    let mut lxml = Lxml::new()?;
    let pages = corpus::pages(|_, size| size <= LARGEST_PAGE);
    say(&format!("{} pages of the corpus take part", pages.len()));
    let mut dice = Dice::new(seed);
    let mut report = Report::default();
    while report.cases < cases && report.disagreements.len() < MOST_SHOWN {
        let (source, html) = source(&mut dice, &pages);
        let document = parse(&source, html);
        if document.len() > MOST_NODES {
            continue;
        }
        let (vocabulary, nodes) = (Vocabulary::of(&document), document.len());
        let Some(ready) = Ready::new(&source, html, plan.thorough, &mut lxml) else { continue };
        report.documents += 1;
        let most_nested = match nodes {
            ..60 => 3,
            60..250 => 2,
            _ => 1,
        };
        for _ in 0..EXPRESSIONS.min(cases - report.cases) {
            let expression = Grammar::new(&vocabulary, dice.number(), most_nested, !html).expression();
            let context = if dice.percent(60) { 0 } else { dice.below(nodes) };
            let case = Case { source: source.clone(), html, context, expression };
            let shown = report.disagreements.len();
            put(&case, &ready, &mut lxml, &mut report);
            report.disagreements.iter().skip(shown).for_each(|case| say(&format!("\n{case}")));
            if report.disagreements.len() >= MOST_SHOWN {
                break;
            }
            if report.cases.is_multiple_of(10_000) {
                say(&report.counts());
            }
        }
    }
    Ok(report)
}

/// Half of the documents are small and random, half real pages.
fn source(dice: &mut Dice, pages: &[(String, String)]) -> (String, bool) {
    let page = if dice.percent(50) { dice.pick(pages) } else { None };
    match page {
        Some((_, text)) => (text.clone(), true),
        None => {
            let (html, nodes) = (dice.percent(50), 2 + dice.below(60));
            (random_page::source(dice, html, nodes), html)
        }
    }
}

fn put(case: &Case, ready: &Ready, lxml: &mut Lxml, report: &mut Report) {
    let Some(answers) = ready.put(case, lxml) else { return };
    report.cases += 1;
    report.fruitful += usize::from(answers.is_fruitful());
    match answers.verdict() {
        Verdict::Agreed => report.agreed += 1,
        Verdict::Excused(reason) => *report.excused.entry(reason).or_default() += 1,
        Verdict::Skipped(reason) => *report.skipped.entry(reason).or_default() += 1,
        Verdict::Disagreed => {
            let small = shrink(case.clone(), |case| disagrees(case, lxml));
            report.disagreements.push(shown(&small, lxml));
            // The oracle has the small document now.
            let _ = Ready::new(&case.source, case.html, true, lxml);
        }
    }
}

fn disagrees(case: &Case, lxml: &mut Lxml) -> bool {
    let Some(ready) = Ready::new(&case.source, case.html, true, lxml) else { return false };
    ready.put(case, lxml).is_some_and(|answers| answers.verdict() == Verdict::Disagreed)
}

/// A case for people.
fn shown(case: &Case, lxml: &mut Lxml) -> String {
    let kind = if case.html { "HTML" } else { "XML" };
    let mut text = format!("{}\n  {kind}: {}\n", case.expression, case.source);
    if let Some(ready) = Ready::new(&case.source, case.html, true, lxml)
        && let Some((context, answers)) = ready.describe(case, lxml)
    {
        let _ = write!(text, "  context: {context}\n{answers}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The long run is `cargo xtask fuzz xpath`.
    #[test]
    fn our_engine_answers_as_two_others_do() {
        let report = match run(Plan { cases: 3_000, seed: 1, thorough: false }, |line| println!("{line}")) {
            Ok(report) => report,
            Err(reason) => return println!("skipped: {reason}"),
        };
        println!("{}", report.counts());
        assert!(report.disagreements.is_empty(), "{}", report.disagreements.join("\n\n"));
        assert!(report.fruitful * 3 > report.cases, "most expressions find nothing: {}", report.counts());
        assert!(report.agreed * 100 > report.cases * 95, "too little was compared: {}", report.counts());
    }
}
