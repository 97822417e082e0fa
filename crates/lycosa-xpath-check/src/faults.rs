//! Faults of the oracles that are known, each with its reason. An entry excuses an oracle only where the other one
//! agrees with ours.

use crate::answer::Answer;

/// Who is outvoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oracle {
    XpathEval,
    Libxml2,
}

/// A fault: whose, why, and how it looks.
struct Fault {
    oracle: Oracle,
    reason: &'static str,
    shows: fn(expression: &str, ours: &Answer, theirs: &Answer) -> bool,
}

const FAULTS: &[Fault] = &[Fault {
    oracle: Oracle::XpathEval,
    reason: "xpath-eval: the sum of no nodes is -0, not 0",
    shows: |expression, _, _| expression.contains("sum("),
}];

/// The reason why an oracle that is outvoted may be wrong here.
pub(crate) fn excuse(
    oracle: Oracle,
    expression: &str,
    ours: &Answer,
    theirs: &Answer,
) -> Option<&'static str> {
    let mut known = FAULTS.iter().filter(|fault| fault.oracle == oracle);
    known.find(|fault| (fault.shows)(expression, ours, theirs)).map(|fault| fault.reason)
}
