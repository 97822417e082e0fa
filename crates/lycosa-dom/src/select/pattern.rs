//! Regular expressions in selectors: how they are read out of a selector and written into one. What they are is
//! `crate::pattern`.

use std::fmt::{self, Write};

use cssparser::{Parser as CssParser, Token};

use super::parser::raw;
use crate::pattern::{Pattern as Compiled, PatternLimits};

/// A compiled expression, equal to another of the same source.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Compiled);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.source() == other.0.source()
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// `Err` is the sentence to show.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let compiled = Compiled::compile(source, &PatternLimits::default());
        compiled
            .map(Self)
            .map_err(|error| format!("the regular expression cannot be used: {}", error.message))
    }

    /// Writes it between quotes.
    pub(super) fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        destination.write_char('"')?;
        let mut is_escaped = false;
        for character in self.0.source().chars() {
            if character == '"' && !is_escaped {
                destination.write_char('\\')?;
            }
            is_escaped = character == '\\' && !is_escaped;
            destination.write_char(character)?;
        }
        destination.write_char('"')
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
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
