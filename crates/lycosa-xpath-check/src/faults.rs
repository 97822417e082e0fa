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

const FAULTS: &[Fault] = &[
    Fault {
        oracle: Oracle::XpathEval,
        reason: "xpath-eval: the sum of no nodes is -0, not 0",
        shows: |expression, _, _| expression.contains("sum("),
    },
    Fault {
        oracle: Oracle::XpathEval,
        reason: "xpath-eval: its nodes have no prefixes, so name() leaves them out",
        shows: |expression, _, _| expression.contains("name("),
    },
    Fault {
        oracle: Oracle::Libxml2,
        reason: "libxml2: a minus sign without digits is the number -0, not NaN",
        shows: |expression, _, _| expression.contains("'-'"),
    },
    Fault {
        oracle: Oracle::Libxml2,
        reason: "libxml2: numbers may have exponents, which XPath 1.0 (4.4) does not know",
        shows: |expression, _, _| expression.contains("1e3"),
    },
    Fault {
        oracle: Oracle::Libxml2,
        reason: "libxml2: what is in the element of an attribute does not follow the attribute (XPath 1.0, 2.2)",
        shows: |expression, _, _| {
            expression.contains("following::")
                && (expression.contains('@') || expression.contains("attribute::"))
        },
    },
    Fault {
        oracle: Oracle::Libxml2,
        reason: "libxml2: `.//.` leaves out the context node when that is childless",
        shows: |expression, _, _| expression.contains("//."),
    },
    Fault {
        oracle: Oracle::Libxml2,
        reason: "libxml2: writes 15 significant digits, and not as many as tell the number apart (XPath 1.0, 4.2)",
        shows: |_, ours, _| matches!(ours, Answer::Text(text) if has_long_fraction(text)),
    },
];

/// Whether more than fifteen digits follow a point somewhere.
fn has_long_fraction(text: &str) -> bool {
    let after_points = text.split('.').skip(1);
    after_points.map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count()).any(|digits| digits > 14)
}

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
