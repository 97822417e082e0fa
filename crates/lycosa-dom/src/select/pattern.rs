//! Regular expressions in selectors: the linear-time `regex` crate under a size limit. The one place that knows
//! which engine it is.

use std::fmt::{self, Write};

use cssparser::{Parser as CssParser, Token};
use regex::{Regex, RegexBuilder};

use super::parser::raw;

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

    /// Writes it between quotes.
    pub(super) fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        destination.write_char('"')?;
        let mut is_escaped = false;
        for character in self.source.chars() {
            if character == '"' && !is_escaped {
                destination.write_char('\\')?;
            }
            is_escaped = character == '\\' && !is_escaped;
            destination.write_char(character)?;
        }
        destination.write_char('"')
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// The expression that fills a block: what stands there, or what stands between its quotes. Either is taken as it
/// is written, for the escapes of CSS would take the backslashes of the expression away.
pub(super) fn expression<'i>(block: &mut CssParser<'i>) -> &'i str {
    block.skip_whitespace();
    let start = block.state();
    let is_string = matches!(block.next(), Ok(Token::QuotedString(_))) && block.is_exhausted();
    block.reset(&start);
    let text = raw(block);
    if is_string { text.get(1..text.len() - 1).unwrap_or_default() } else { text }
}
