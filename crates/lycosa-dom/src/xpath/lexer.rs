//! Text to tokens, with the rules that tell a name from an operator (XPath 1.0, section 3.7).

use super::error::Fault;

/// A token of an expression. Names keep their place in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'e> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Dot,
    DotDot,
    At,
    Comma,
    ColonColon,
    Dollar,
    Slash,
    SlashSlash,
    Operator(Operator),
    /// `*` where a name may stand.
    Star,
    /// `prefix:*`
    PrefixStar(&'e str),
    /// A name; the prefix is empty when there is none.
    Name {
        prefix: &'e str,
        local: &'e str,
    },
    Literal(&'e str),
    Number(f64),
    End,
}

/// An operator between two expressions, or the minus before one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
    Union,
}

/// A token and the byte it begins at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'e> {
    pub(super) token: Token<'e>,
    pub(super) at: usize,
}

/// All tokens, `End` last.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed<'_>>, Fault> {
    let mut lexer = Lexer { text, at: 0, previous: None };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let at = lexer.at;
        let token = lexer.token()?;
        tokens.push(Placed { token, at });
        if token == Token::End {
            return Ok(tokens);
        }
        lexer.previous = Some(token);
    }
}

struct Lexer<'e> {
    text: &'e str,
    at: usize,
    previous: Option<Token<'e>>,
}

impl<'e> Lexer<'e> {
    fn rest(&self) -> &'e str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Whether a name or `*` here is an operator: there is a token before it, and that one is neither an operator
    /// nor something an operand must follow.
    fn follows_operand(&self) -> bool {
        use Token::{At, ColonColon, Comma, Dollar, Open, OpenBracket, Operator, Slash, SlashSlash};
        !matches!(
            self.previous,
            None | Some(
                At | ColonColon | Open | OpenBracket | Comma | Dollar | Operator(_) | Slash | SlashSlash
            )
        )
    }

    fn token(&mut self) -> Result<Token<'e>, Fault> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        if let Some((token, length)) = self.symbol(rest) {
            self.at += length;
            return Ok(token);
        }
        match first {
            '"' | '\'' => self.literal(first),
            '0'..='9' | '.' => Ok(self.number()),
            _ if is_name_start(first) => self.name(),
            _ => Err(Fault::syntax(self.at, format!("`{}` has no meaning here", first.escape_debug()))),
        }
    }

    fn symbol(&self, rest: &str) -> Option<(Token<'static>, usize)> {
        use Operator as Op;
        let bytes = rest.as_bytes();
        let second = bytes.get(1).copied().unwrap_or(0);
        Some(match (bytes.first().copied()?, second) {
            (b'(', _) => (Token::Open, 1),
            (b')', _) => (Token::Close, 1),
            (b'[', _) => (Token::OpenBracket, 1),
            (b']', _) => (Token::CloseBracket, 1),
            (b'@', _) => (Token::At, 1),
            (b',', _) => (Token::Comma, 1),
            (b'$', _) => (Token::Dollar, 1),
            (b':', b':') => (Token::ColonColon, 2),
            (b'.', b'.') => (Token::DotDot, 2),
            (b'.', digit) if !digit.is_ascii_digit() => (Token::Dot, 1),
            (b'/', b'/') => (Token::SlashSlash, 2),
            (b'/', _) => (Token::Slash, 1),
            (b'|', _) => (Token::Operator(Op::Union), 1),
            (b'+', _) => (Token::Operator(Op::Plus), 1),
            (b'-', _) => (Token::Operator(Op::Minus), 1),
            (b'=', _) => (Token::Operator(Op::Equal), 1),
            (b'!', b'=') => (Token::Operator(Op::NotEqual), 2),
            (b'<', b'=') => (Token::Operator(Op::LessEqual), 2),
            (b'<', _) => (Token::Operator(Op::Less), 1),
            (b'>', b'=') => (Token::Operator(Op::GreaterEqual), 2),
            (b'>', _) => (Token::Operator(Op::Greater), 1),
            (b'*', _) if self.follows_operand() => (Token::Operator(Op::Multiply), 1),
            (b'*', _) => (Token::Star, 1),
            _ => return None,
        })
    }

    fn literal(&mut self, quote: char) -> Result<Token<'e>, Fault> {
        let inner = &self.rest()[1..];
        let Some(end) = inner.find(quote) else {
            return Err(Fault::syntax(self.at, "this string has no end")
                .hint(format!("close it with `{quote}`, or use the other kind of quote around it")));
        };
        self.at += end + 2;
        Ok(Token::Literal(&inner[..end]))
    }

    fn number(&mut self) -> Token<'e> {
        let rest = self.rest();
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = whole;
        if rest.as_bytes().get(whole) == Some(&b'.') {
            length += 1 + rest[whole + 1..].bytes().take_while(u8::is_ascii_digit).count();
        }
        self.at += length;
        Token::Number(rest[..length].parse().unwrap_or(f64::NAN))
    }

    fn name(&mut self) -> Result<Token<'e>, Fault> {
        let first = self.ncname();
        if self.follows_operand() {
            let operator = match first {
                "or" => Operator::Or,
                "and" => Operator::And,
                "div" => Operator::Divide,
                "mod" => Operator::Modulo,
                _ => {
                    let at = self.at - first.len();
                    return Err(Fault::syntax(at, format!("an operator must stand before `{first}`")));
                }
            };
            return Ok(Token::Operator(operator));
        }
        let rest = self.rest();
        if !rest.starts_with(':') || rest.starts_with("::") {
            return Ok(Token::Name { prefix: "", local: first });
        }
        match rest[1..].chars().next() {
            Some('*') => {
                self.at += 2;
                Ok(Token::PrefixStar(first))
            }
            Some(next) if is_name_start(next) => {
                self.at += 1;
                Ok(Token::Name { prefix: first, local: self.ncname() })
            }
            _ => Err(Fault::syntax(self.at, format!("a name must follow `{first}:`"))),
        }
    }

    fn ncname(&mut self) -> &'e str {
        let rest = self.rest();
        let end = rest.find(|character| !is_name_part(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

/// Whether a name may begin with it (XML 1.0, fifth edition, production 4, without the colon).
fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// Whether it may stand in a name (production 4a).
fn is_name_part(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
