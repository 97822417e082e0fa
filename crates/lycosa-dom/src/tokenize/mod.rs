//! The tokenizer: from text to html5ever's tokens, as the HTML standard says (13.2.5). The text is whole and in
//! memory, so a token is read in one go, values are slices of one shared buffer, and there is no state machine
//! to suspend; that makes it several times as fast as html5ever's own, whose tree builder it feeds. Parts:
//! `tag`, `markup` (comments, doctypes, CDATA), `raw` (scripts and the like), `reference` (`&amp;`).
//! Parse errors are not reported.

mod markup;
mod raw;
mod reference;
mod tag;

#[cfg(test)]
mod tests;

use html5ever::{
    LocalName,
    tendril::StrTendril,
    tokenizer::{Token, TokenSink, TokenSinkResult, states::RawKind},
};

use self::reference::Reference;
pub(crate) use self::reference::of_name as html_entity;

/// How text is to be read until an end tag says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Markup.
    Data,
    /// Text with character references: `<title>`.
    Rcdata,
    /// Text: `<style>`.
    Rawtext,
    /// Text with the rules of scripts.
    Script,
    /// Text to the end.
    Plaintext,
    /// The content of a CDATA section in foreign content.
    Cdata,
}

/// Reads a text and hands tokens to a sink.
pub(crate) struct Tokenizer<'t, S> {
    pub(crate) sink: S,
    text: &'t str,
    /// The same text, to take slices of that the sink may keep.
    shared: StrTendril,
    /// The next byte to read.
    at: usize,
    mode: Mode,
    last_start_tag: LocalName,
    names: tag::NameCache,
}

impl<'t, S: TokenSink> Tokenizer<'t, S> {
    /// The text must not be longer than 4 GiB and has its line ends normalised.
    pub(crate) fn new(text: &'t str, sink: S) -> Self {
        Self {
            sink,
            text,
            shared: StrTendril::from_slice(text),
            at: 0,
            mode: Mode::Data,
            last_start_tag: LocalName::default(),
            names: tag::NameCache::new(),
        }
    }

    #[cfg(test)]
    fn start_in(&mut self, mode: Mode, last_start_tag: LocalName) {
        self.mode = mode;
        self.last_start_tag = last_start_tag;
    }

    /// Reads tokens until about `bytes` more are read; `false` at the end of the text.
    pub(crate) fn run(&mut self, bytes: usize) -> bool {
        let stop = self.at.saturating_add(bytes).min(self.text.len());
        while self.at < stop {
            match self.mode {
                Mode::Data => self.data(),
                Mode::Cdata => self.cdata(),
                _ => self.raw(),
            }
        }
        self.at < self.text.len()
    }

    /// Tells the sink that the text is over.
    pub(crate) fn end(&mut self) {
        self.emit(Token::EOFToken);
        self.sink.end();
    }

    fn emit(&mut self, token: Token) {
        match self.sink.process_token(token, 1) {
            TokenSinkResult::Plaintext => self.mode = Mode::Plaintext,
            TokenSinkResult::RawData(RawKind::Rcdata) => self.mode = Mode::Rcdata,
            TokenSinkResult::RawData(RawKind::Rawtext) => self.mode = Mode::Rawtext,
            TokenSinkResult::RawData(_) => self.mode = Mode::Script,
            _ => {}
        }
    }

    fn slice(&self, start: usize, end: usize) -> StrTendril {
        let (offset, length) = (u32::try_from(start).unwrap_or(0), u32::try_from(end - start).unwrap_or(0));
        self.shared.subtendril(offset, length)
    }

    /// The bytes not yet read.
    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Where a byte comes next, or the end.
    fn find(&self, from: usize, byte: char) -> usize {
        self.text[from..].find(byte).map_or(self.text.len(), |position| from + position)
    }

    fn emit_text(&mut self, start: usize, end: usize) {
        if start < end {
            let text = self.slice(start, end);
            self.emit(Token::CharacterTokens(text));
        }
    }

    /// Text with U+0000 replaced.
    fn emit_replaced(&mut self, start: usize, end: usize) {
        let text = &self.text[start..end];
        if text.contains('\0') {
            self.emit(Token::CharacterTokens(text.replace('\0', "\u{fffd}").into()));
        } else {
            self.emit_text(start, end);
        }
    }

    /// Text up to the next tag, and that tag.
    fn data(&mut self) {
        let bytes = self.text.as_bytes();
        let mut start = self.at;
        loop {
            let rest = &bytes[self.at..];
            let Some(length) = rest.iter().position(|byte| matches!(byte, b'<' | b'&' | 0)) else {
                self.at = bytes.len();
                return self.emit_text(start, self.at);
            };
            self.at += length;
            match bytes[self.at] {
                b'&' => match reference::read(&bytes[self.at..], false) {
                    Some(found) => {
                        self.emit_text(start, self.at);
                        self.emit_reference(&found);
                        start = self.at;
                    }
                    None => self.at += 1,
                },
                0 => {
                    self.emit_text(start, self.at);
                    self.at += 1;
                    self.emit(Token::NullCharacterToken);
                    start = self.at;
                }
                _ if opens_markup(&bytes[self.at + 1..]) => {
                    self.emit_text(start, self.at);
                    return self.markup();
                }
                _ => self.at += 1,
            }
        }
    }

    fn emit_reference(&mut self, found: &Reference) {
        self.at += found.length;
        let mut text = StrTendril::new();
        found.push_to(&mut text);
        self.emit(Token::CharacterTokens(text));
    }

    /// What begins with `<`.
    fn markup(&mut self) {
        match self.rest() {
            [_, b'!', ..] => self.declaration(),
            [_, b'?', ..] => self.bogus_comment(1),
            [_, b'/', b'>', ..] => self.at += 3,
            [_, b'/', first, ..] if !first.is_ascii_alphabetic() => self.bogus_comment(2),
            _ => self.tag(),
        }
    }
}

/// Whether a `<` before this is more than text.
fn opens_markup(after: &[u8]) -> bool {
    match after {
        [b'!' | b'?', ..] | [b'/', _, ..] => true,
        [first, ..] => first.is_ascii_alphabetic(),
        [] => false,
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b' ' | b'\r')
}

/// The text with CR and CR LF as LF (HTML standard, 13.2.3.5).
pub(crate) fn normalise_newlines(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\r') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('\r') {
        out.push_str(&rest[..position]);
        out.push('\n');
        rest = &rest[position + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
    out.into()
}
