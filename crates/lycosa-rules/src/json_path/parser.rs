//! Reading paths, by recursive descent with a limit.

use serde_json::Value;

use super::filter::{Comparison, Filter, Key, Side};
use super::{Pick, Segment};

/// Characters that a path may have.
const LONGEST: usize = 4096;
/// Brackets and negations in a filter may nest this deep.
const DEEPEST: usize = 16;

/// What is wrong with a path, and at which character, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathMistake {
    pub(crate) column: usize,
    pub(crate) message: &'static str,
}

pub(super) fn parse(text: &str) -> Result<Vec<Segment>, PathMistake> {
    let chars: Vec<char> = text.chars().take(LONGEST + 1).collect();
    let mut parser = Parser { chars: &chars, at: 0 };
    if chars.len() > LONGEST {
        return Err(parser.mistake("the path is longer than 4096 characters"));
    }
    if !parser.eat("$") {
        return Err(parser.mistake("a path begins with `$`"));
    }
    let mut segments = Vec::new();
    while parser.at < chars.len() {
        segments.push(parser.segment()?);
    }
    Ok(segments)
}

struct Parser<'c> {
    chars: &'c [char],
    at: usize,
}

type Parsed<T> = Result<T, PathMistake>;

impl Parser<'_> {
    fn mistake(&self, message: &'static str) -> PathMistake {
        PathMistake { column: self.at + 1, message }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let is_next = text.chars().enumerate().all(|(place, c)| self.chars.get(self.at + place) == Some(&c));
        if is_next {
            self.at += text.chars().count();
        }
        is_next
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn segment(&mut self) -> Parsed<Segment> {
        let is_deep = self.eat("..");
        if self.peek() == Some('[') {
            return Ok(Segment { is_deep, picks: self.bracket()? });
        }
        if !is_deep && !self.eat(".") {
            return Err(self.mistake("expected `.name`, `..name` or `[…]`"));
        }
        let pick = if self.eat("*") { Pick::All } else { Pick::Name(self.name()?) };
        Ok(Segment { is_deep, picks: vec![pick] })
    }

    /// A name after a point. Beyond the standard, `@`, `-` and `$` may be in it, since JSON-LD's names begin so.
    fn name(&mut self) -> Parsed<String> {
        let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '$') || !c.is_ascii();
        let name: String = self.chars.iter().skip(self.at).take_while(|c| is_name(c)).collect();
        if name.is_empty() {
            return Err(self.mistake("expected a name; others are written ['…']"));
        }
        self.at += name.chars().count();
        Ok(name)
    }

    fn bracket(&mut self) -> Parsed<Vec<Pick>> {
        self.at += 1;
        let mut picks = Vec::new();
        loop {
            self.skip_space();
            picks.push(self.pick()?);
            self.skip_space();
            if self.eat("]") {
                return Ok(picks);
            }
            if !self.eat(",") {
                return Err(self.mistake("expected `]` or `,`"));
            }
        }
    }

    fn pick(&mut self) -> Parsed<Pick> {
        match self.peek() {
            Some('\'' | '"') => self.text().map(Pick::Name),
            Some('*') => {
                self.at += 1;
                Ok(Pick::All)
            }
            Some('?') => {
                self.at += 1;
                self.any(0).map(Pick::Filter)
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | ':') => self.index_or_slice(),
            _ => Err(self.mistake("expected an index, a name in quotes, `*` or a filter `?…`")),
        }
    }

    fn index_or_slice(&mut self) -> Parsed<Pick> {
        let start = self.integer()?;
        self.skip_space();
        if let (Some(index), false) = (start, self.peek() == Some(':')) {
            return Ok(Pick::Index(index));
        }
        self.eat(":");
        self.skip_space();
        let end = self.integer()?;
        self.skip_space();
        let step = if self.eat(":") {
            self.skip_space();
            self.integer()?.unwrap_or(1)
        } else {
            1
        };
        Ok(Pick::Slice { start, end, step })
    }

    fn integer(&mut self) -> Parsed<Option<i64>> {
        let is_part = |(place, c): &(usize, &char)| c.is_ascii_digit() || (*place == 0 && **c == '-');
        let digits: String =
            self.chars.iter().skip(self.at).enumerate().take_while(is_part).map(|(_, c)| c).collect();
        if digits.is_empty() {
            return Ok(None);
        }
        let value = digits.parse().map_err(|_| self.mistake("this is no whole number, or too large"))?;
        self.at += digits.len();
        Ok(Some(value))
    }

    /// Text in either kind of quotes; a backslash takes the next character as it is, `\n`, `\t` and `\uXXXX` apart.
    fn text(&mut self) -> Parsed<String> {
        let begin = self.at;
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                self.at = begin;
                return Err(self.mistake("these quotes are not closed"));
            };
            self.at += 1;
            if c == quote {
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            let escaped = self.peek();
            self.at += usize::from(escaped.is_some());
            match escaped {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let hex: String = self.chars.iter().skip(self.at).take(4).collect();
                    let c = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                    text.push(c.ok_or_else(|| self.mistake("expected four hexadecimal digits"))?);
                    self.at += 4;
                }
                other => text.extend(other),
            }
        }
    }

    fn any(&mut self, depth: usize) -> Parsed<Filter> {
        let mut filters = vec![self.all(depth)?];
        while self.eat("||") {
            filters.push(self.all(depth)?);
        }
        Ok(Filter::Any(filters))
    }

    fn all(&mut self, depth: usize) -> Parsed<Filter> {
        let mut filters = vec![self.condition(depth)?];
        while self.eat("&&") {
            filters.push(self.condition(depth)?);
        }
        Ok(Filter::All(filters))
    }

    fn condition(&mut self, depth: usize) -> Parsed<Filter> {
        self.skip_space();
        if depth > DEEPEST {
            return Err(self.mistake("the filter is nested too deeply"));
        }
        let is_not = self.peek() == Some('!');
        if is_not {
            self.at += 1;
            return Ok(Filter::Not(Box::new(self.condition(depth + 1)?)));
        }
        let condition = if self.eat("(") {
            let inner = self.any(depth + 1)?;
            self.skip_space();
            if !self.eat(")") {
                return Err(self.mistake("expected `)`"));
            }
            inner
        } else {
            let left = self.side()?;
            self.skip_space();
            match (self.comparison(), left) {
                (Some(how), left) => {
                    self.skip_space();
                    Filter::Compare(left, how, self.side()?)
                }
                (None, Side::Path(path)) => Filter::Exists(path),
                (None, Side::Literal(_)) => return Err(self.mistake("expected a comparison such as `==`")),
            }
        };
        self.skip_space();
        Ok(condition)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let signs = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        signs.into_iter().find_map(|(sign, how)| self.eat(sign).then_some(how))
    }

    fn side(&mut self) -> Parsed<Side> {
        match self.peek() {
            Some('@') => {
                self.at += 1;
                self.keys().map(Side::Path)
            }
            Some('\'' | '"') => self.text().map(|text| Side::Literal(Value::String(text))),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number().map(Side::Literal),
            _ => {
                let words =
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)];
                let found = words.into_iter().find_map(|(word, value)| self.eat(word).then_some(value));
                found
                    .map(Side::Literal)
                    .ok_or_else(|| self.mistake("expected `@…`, a text in quotes or a number"))
            }
        }
    }

    fn keys(&mut self) -> Parsed<Vec<Key>> {
        let mut keys = Vec::new();
        loop {
            if self.eat(".") {
                keys.push(Key::Name(self.name()?));
            } else if self.eat("[") {
                let key = match self.peek() {
                    Some('\'' | '"') => Key::Name(self.text()?),
                    _ => Key::Index(
                        self.integer()?.ok_or_else(|| self.mistake("expected an index or a name"))?,
                    ),
                };
                keys.push(key);
                if !self.eat("]") {
                    return Err(self.mistake("expected `]`"));
                }
            } else {
                return Ok(keys);
            }
        }
    }

    fn number(&mut self) -> Parsed<Value> {
        let is_part = |c: &&char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let digits: String = self.chars.iter().skip(self.at).take_while(is_part).collect();
        let value = serde_json::from_str(&digits).map_err(|_| self.mistake("this is no number"))?;
        self.at += digits.len();
        Ok(value)
    }
}
