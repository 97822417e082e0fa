//! Tokens of one text: quick-xml's, and where it gives up, the nearest thing that lets reading go on. What ends
//! nowhere would be searched for again at every turn, so each such search is made a bounded number of times and
//! the whole stays linear.

use quick_xml::{Reader, events::Event};

use super::problem::XmlProblemKind as Kind;

/// After so many tags without an end that quick-xml can find, ends are found here.
const MAX_FAILURES: u32 = 4;

/// A piece of markup or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// What stands between the angle brackets, the slash of an empty element left out.
    Start {
        content: &'a str,
        is_empty: bool,
    },
    /// The name and what follows it.
    End(&'a str),
    Text(&'a str),
    Cdata(&'a str),
    Comment(&'a str),
    /// Target and data.
    Instruction(&'a str),
    /// An XML declaration.
    Declaration,
    /// From the name on.
    Doctype(&'a str),
    /// What stands between `&` and `;`, not checked.
    Reference(&'a str),
    /// Nothing that counts.
    Skipped,
}

/// Reads one text: the document or the text of an entity.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the reader began, and whether it has read anything yet.
    start: usize,
    /// Where the last token began.
    pub(super) at: usize,
    /// What was wrong with the last token.
    pub(super) problem: Option<Kind>,
    failures: u32,
    is_doctype_over: bool,
    has_instruction_end: bool,
}

/// A reader that reports only what it cannot get past.
fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            reader: reader(text),
            start: 0,
            at: 0,
            problem: None,
            failures: 0,
            is_doctype_over: false,
            has_instruction_end: true,
        }
    }

    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.start + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn resume_at(&mut self, position: usize) {
        self.start = position.min(self.text.len());
        self.reader = reader(&self.text[self.start..]);
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        self.at = self.position();
        self.problem = None;
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some(token) = self.before_reader(rest) {
            return Some(token);
        }
        let event = self.reader.read_event();
        let raw = self.text.get(self.at..self.position()).unwrap_or_default();
        let inner = |before: usize, after: usize| {
            raw.get(before..raw.len().saturating_sub(after)).unwrap_or_default()
        };
        Some(match event {
            Ok(Event::Start(_)) => Token::Start { content: inner(1, 1), is_empty: false },
            Ok(Event::Empty(_)) => Token::Start { content: inner(1, 2), is_empty: true },
            Ok(Event::End(_)) => Token::End(inner(2, 1)),
            Ok(Event::Text(_)) => {
                self.problem = raw.starts_with('&').then_some(Kind::InvalidReference);
                Token::Text(raw)
            }
            Ok(Event::CData(_)) => Token::Cdata(inner(9, 3)),
            Ok(Event::Comment(_)) => Token::Comment(inner(4, 3)),
            Ok(Event::PI(_)) => Token::Instruction(inner(2, 2)),
            Ok(Event::Decl(_)) => Token::Declaration,
            Ok(Event::DocType(_)) => {
                self.is_doctype_over = true;
                Token::Doctype(inner(9, 1).trim_start())
            }
            Ok(Event::GeneralRef(_)) => Token::Reference(inner(1, 1)),
            Ok(Event::Eof) => return None,
            Err(_) => self.recover(rest),
        })
    }

    /// What the reader would misread, or must not be asked about again.
    fn before_reader(&mut self, rest: &'a str) -> Option<Token<'a>> {
        // The reader takes a byte order mark at its beginning for one, and does not count it.
        if self.at == self.start && rest.starts_with('\u{feff}') {
            self.resume_at(self.at + '\u{feff}'.len_utf8());
            return Some(Token::Text("\u{feff}"));
        }
        let after = rest.strip_prefix('<')?;
        match after.chars().next() {
            Some('!') => {
                let is_doctype = after.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("!doctype"));
                let is_known = after.starts_with("!--") || after.starts_with("![CDATA[");
                if is_known || (is_doctype && !self.is_doctype_over) {
                    return None;
                }
                let kind = if is_doctype { Kind::Misplaced } else { Kind::StrayLessThan };
                Some(self.skip_to_end(rest, kind))
            }
            Some('?') => {
                (!self.has_instruction_end || after.starts_with("?>")).then(|| self.instruction(rest))
            }
            first => {
                let name = if first == Some('/') { &after[1..] } else { after };
                if !name.starts_with(is_name_start) {
                    self.problem = Some(Kind::StrayLessThan);
                    self.resume_at(self.at + 1);
                    return Some(Token::Text("<"));
                }
                (self.failures > MAX_FAILURES).then(|| self.tag(rest))
            }
        }
    }

    /// Markup whose end the reader has not found before the end of the text.
    fn recover(&mut self, rest: &'a str) -> Token<'a> {
        self.problem = Some(Kind::UnclosedMarkup);
        let is_comment = rest.starts_with("<!--");
        if is_comment || rest.starts_with("<![CDATA[") {
            self.resume_at(self.text.len());
            return if is_comment { Token::Comment(&rest[4..]) } else { Token::Cdata(&rest[9..]) };
        }
        if rest.starts_with("<!") {
            self.is_doctype_over = true;
            return self.skip_to_end(rest, Kind::InvalidDoctype);
        }
        if rest.starts_with("<?") {
            return self.instruction(rest);
        }
        self.failures += 1;
        self.tag(rest)
    }

    fn skip_to_end(&mut self, rest: &str, kind: Kind) -> Token<'a> {
        self.problem = Some(kind);
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        self.resume_at(self.at + end);
        Token::Skipped
    }

    /// A processing instruction without `?>` anywhere, ended by the next `>` as in SGML; or without a target.
    fn instruction(&mut self, rest: &'a str) -> Token<'a> {
        self.problem = Some(Kind::UnclosedMarkup);
        self.has_instruction_end = self.has_instruction_end && rest.contains("?>");
        let end = rest.find('>').unwrap_or(rest.len());
        self.resume_at(self.at + end + 1);
        Token::Instruction(rest.get(2..end).unwrap_or_default().trim_end_matches('?'))
    }

    /// A tag that ends at the first `>` outside quotes, where quotes open after `=` alone and nothing in them
    /// may look like a tag; or before the next `<`.
    fn tag(&mut self, rest: &'a str) -> Token<'a> {
        self.problem = Some(Kind::UnclosedMarkup);
        let bytes = rest.as_bytes();
        let (mut at, mut end, mut after) = (1, rest.len(), rest.len());
        let mut is_after_equals = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'>' => {
                    (end, after) = (at, at + 1);
                    break;
                }
                b'<' => {
                    (end, after) = (at, at);
                    break;
                }
                b'"' | b'\'' if is_after_equals => {
                    let inside = &bytes[at + 1..];
                    let close = inside.iter().position(|&inner| inner == byte || inner == b'<');
                    if let Some(close) = close.filter(|&close| inside[close] == byte) {
                        at += close + 1;
                    }
                }
                _ => {}
            }
            is_after_equals = byte == b'=' || (is_after_equals && byte.is_ascii_whitespace());
            at += 1;
        }
        self.resume_at(self.at + after);
        let content = &rest[1..end];
        if let Some(name) = content.strip_prefix('/') {
            return Token::End(name);
        }
        match content.strip_suffix('/') {
            Some(content) => Token::Start { content, is_empty: true },
            None => Token::Start { content, is_empty: false },
        }
    }
}

/// The characters a name can begin with (XML 1.0, production 4).
pub(super) fn is_name_start(character: char) -> bool {
    matches!(character,
        'a'..='z' | 'A'..='Z' | ':' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// The characters of a name (XML 1.0, production 4a).
fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The name a text begins with and the rest; the name may be empty.
pub(super) fn split_name(text: &str) -> (&str, &str) {
    if !text.starts_with(is_name_start) {
        return ("", text);
    }
    text.split_at(text.find(|character| !is_name_character(character)).unwrap_or(text.len()))
}

/// The white space of XML.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}
