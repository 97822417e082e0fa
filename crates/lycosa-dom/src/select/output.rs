//! `::text` and `::attr(name)`, the pseudo-elements that scrapers end selectors with. They say what to take from
//! the matches and are cut off before the selector is parsed, in each branch of the list on its own.

use std::borrow::Cow;

use cssparser::{Parser as CssParser, Token};

use crate::document::NodeRef;

/// What a selector asks to take from what it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// The node.
    #[default]
    Node,
    /// `::text`: each text node directly in it.
    Text,
    /// `::attr(name)`: the value of an attribute, where there is one.
    Attr(String),
}

impl Output {
    /// Takes it from a match: the text nodes directly in it, an attribute if it is there, or the node as HTML.
    pub fn take<'d>(&self, node: NodeRef<'d>) -> Vec<Cow<'d, str>> {
        match self {
            Self::Node => vec![Cow::Owned(node.html())],
            Self::Attr(name) => node.attr(name).map(Cow::Borrowed).into_iter().collect(),
            Self::Text => {
                let texts = node.children().filter(|child| child.is_text());
                texts.map(|child| Cow::Borrowed(child.text())).collect()
            }
        }
    }
}

/// One branch of a selector list: its selector and what to take.
#[derive(Debug)]
pub(super) struct BranchText<'s> {
    pub(super) start: usize,
    pub(super) selector: &'s str,
    pub(super) output: Output,
}

/// Splits a selector list at its top-level commas. `Err` holds the byte position of what is wrong.
pub(super) fn split(source: &str) -> Result<Vec<BranchText<'_>>, (usize, &'static str)> {
    let mut parser = CssParser::new(source);
    let mut branches = Vec::new();
    let mut branch = OpenBranch::at(0);
    loop {
        let before = parser.position().byte_index();
        let token = match parser.next_including_whitespace_and_comments() {
            Ok(token) => token.clone(),
            Err(_) => break,
        };
        let after = parser.position().byte_index();
        match token {
            Token::Comma => {
                branches.push(branch.end(source, before));
                branch = OpenBranch::at(after);
            }
            Token::WhiteSpace(_) | Token::Comment(_) => branch.colons = 0,
            _ if branch.output.is_some() => {
                return Err((before, "nothing may follow `::text` or `::attr()`"));
            }
            Token::Colon => {
                if branch.colons == 0 {
                    branch.colon_at = before;
                }
                branch.colons += 1;
            }
            Token::Ident(ref name) if branch.colons == 2 && name.eq_ignore_ascii_case("text") => {
                branch.output = Some(Output::Text);
            }
            Token::Function(ref name) if branch.colons == 2 && name.eq_ignore_ascii_case("attr") => {
                let name = parser.parse_nested_block(|arguments| {
                    arguments.expect_ident_or_string().map(|name| name.to_string()).map_err(Into::into)
                });
                let name =
                    name.map_err(|_: cssparser::ParseError<()>| (after, "`::attr()` takes one name"))?;
                branch.output = Some(Output::Attr(name));
            }
            Token::Function(_)
            | Token::ParenthesisBlock
            | Token::SquareBracketBlock
            | Token::CurlyBracketBlock => {
                branch.colons = 0;
                // Consumed here so that the next position is the one behind the block.
                let _ = parser.parse_nested_block(|block| -> Result<(), cssparser::ParseError<()>> {
                    while block.next().is_ok() {}
                    Ok(())
                });
            }
            _ => branch.colons = 0,
        }
    }
    branches.push(branch.end(source, source.len()));
    Ok(branches)
}

/// A branch whose end has not been reached.
struct OpenBranch {
    start: usize,
    colons: u8,
    colon_at: usize,
    output: Option<Output>,
}

impl OpenBranch {
    fn at(start: usize) -> Self {
        Self { start, colons: 0, colon_at: start, output: None }
    }

    fn end(self, source: &str, end: usize) -> BranchText<'_> {
        let end = if self.output.is_some() { self.colon_at } else { end };
        let selector = &source[self.start..end];
        BranchText { start: self.start, selector, output: self.output.unwrap_or_default() }
    }
}
