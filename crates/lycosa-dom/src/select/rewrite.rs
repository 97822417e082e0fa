//! Two operators of attribute selectors that are not CSS: `[a!=b]` of jQuery, which is `:not([a=b])`, and
//! `[a#=re]` of cascadia. The `selectors` crate reads attribute selectors itself, so they are rewritten before it sees
//! them, and positions in the rewritten text are led back.

use std::{borrow::Cow, fmt::Write};

use cssparser::{Parser as CssParser, Token, serialize_identifier, serialize_string};

use super::pattern::expression;

/// The pseudo-class that `[a#=re]` becomes.
pub(super) const ATTRIBUTE_MATCHES: &str = "-lycosa-attribute-matches";

/// A selector with what it was before.
pub(super) struct Rewritten<'s> {
    pub(super) text: Cow<'s, str>,
    /// Pieces: where each starts in the new text and in the source, ascending.
    pieces: Vec<(usize, usize)>,
}

impl Rewritten<'_> {
    /// Where a position of the new text was in the source.
    pub(super) fn origin(&self, byte: usize) -> usize {
        let (new, old) = self.pieces.iter().rev().find(|(new, _)| *new <= byte).copied().unwrap_or((0, 0));
        old + (byte - new)
    }
}

/// One attribute selector to replace: its range in the source and the new text.
struct Change {
    start: usize,
    end: usize,
    text: String,
}

pub(super) fn rewrite(source: &str, max_nesting: u8) -> Rewritten<'_> {
    let mut changes = Vec::new();
    if source.contains("!=") || source.contains("#=") {
        let mut parser = CssParser::new(source);
        parser.set_nested_block_limit(max_nesting);
        collect(&mut parser, &mut changes);
    }
    if changes.is_empty() {
        return Rewritten { text: Cow::Borrowed(source), pieces: Vec::new() };
    }
    let (mut text, mut pieces, mut at) = (String::with_capacity(source.len() + 64), vec![(0, 0)], 0);
    for change in changes {
        text.push_str(&source[at..change.start]);
        pieces.push((text.len(), change.start));
        text.push_str(&change.text);
        pieces.push((text.len(), change.end));
        at = change.end;
    }
    text.push_str(&source[at..]);
    Rewritten { text: Cow::Owned(text), pieces }
}

fn collect(parser: &mut CssParser<'_>, changes: &mut Vec<Change>) {
    loop {
        let start = parser.position().byte_index();
        let Ok(token) = parser.next_including_whitespace_and_comments() else { return };
        let is_attribute = matches!(token, Token::SquareBracketBlock);
        if !matches!(token, Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock) {
            continue;
        }
        let mut replacement = None;
        let block = parser.parse_nested_block(|block| -> Result<(), cssparser::ParseError<()>> {
            if is_attribute {
                replacement = replaced(block);
                while block.next().is_ok() {}
            } else {
                collect(block, changes);
            }
            Ok(())
        });
        if let (Ok(()), Some(text)) = (block, replacement) {
            changes.push(Change { start, end: parser.position().byte_index(), text });
        }
    }
}

/// What an attribute selector becomes, if it has one of the two operators.
fn replaced(block: &mut CssParser<'_>) -> Option<String> {
    let name = block.expect_ident().ok()?.to_string();
    let operator = match block.next().ok()? {
        Token::Delim(operator @ ('!' | '#')) => *operator,
        _ => return None,
    };
    match block.next_including_whitespace().ok()? {
        Token::Delim('=') => {}
        _ => return None,
    }
    let mut text = String::new();
    if operator == '!' {
        let value = block.expect_ident_or_string().ok()?.to_string();
        block.expect_exhausted().ok()?;
        text.push_str(":not([");
        serialize_identifier(&name, &mut text).ok()?;
        text.push('=');
        serialize_string(&value, &mut text).ok()?;
        text.push_str("])");
    } else {
        write!(text, ":{ATTRIBUTE_MATCHES}(").ok()?;
        serialize_string(&name, &mut text).ok()?;
        text.push(',');
        serialize_string(expression(block), &mut text).ok()?;
        text.push(')');
    }
    Some(text)
}
