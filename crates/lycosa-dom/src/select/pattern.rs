//! Regular expressions in selectors: the linear-time `regex` crate under a size limit. The one place that knows
//! which engine it is.

use regex::{Regex, RegexBuilder};

/// A compiled expression may take this much memory, in bytes, and its lazy automaton as much again.
const MAX_SIZE: usize = 1 << 20;

/// A compiled expression, equal to another of the same source.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// `Err` is the sentence to show.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(source).size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build();
        match built {
            Ok(regex) => Ok(Self { source: source.into(), regex }),
            Err(regex::Error::CompiledTooBig(_)) => Err("the regular expression is too big".to_owned()),
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                let reason = last.strip_prefix("error: ").unwrap_or(last);
                Err(format!("the regular expression cannot be read: {reason}"))
            }
        }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}
