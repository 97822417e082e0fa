//! What begins with `<!`, `<?` or a broken `</`: comments, doctypes, CDATA sections.

use html5ever::{
    tendril::StrTendril,
    tokenizer::{Doctype, Token, TokenSink},
};

use super::{Mode, Tokenizer, is_space};

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Markup declaration open state: the text goes on with `<!`.
    pub(super) fn declaration(&mut self) {
        let rest = self.rest();
        let begins =
            |word: &[u8]| rest.get(2..2 + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
        if begins(b"--") {
            self.at += 4;
            self.comment();
        } else if begins(b"doctype") {
            self.at += 9;
            let doctype = self.doctype();
            self.emit(Token::DoctypeToken(doctype));
        } else if rest[2..].starts_with(b"[CDATA[")
            && self.sink.adjusted_current_node_present_but_not_in_html_namespace()
        {
            self.at += 7 + 2;
            self.mode = Mode::Cdata;
        } else {
            self.bogus_comment(2);
        }
    }

    /// A comment from some bytes on to the next `>`.
    pub(super) fn bogus_comment(&mut self, skip: usize) {
        let start = self.at + skip;
        let end = self.find(start, '>');
        self.at = (end + 1).min(self.text.len());
        self.emit_comment(start, end);
    }

    fn emit_comment(&mut self, start: usize, end: usize) {
        let text = self.replaced(start, end);
        self.emit(Token::CommentToken(text));
    }

    fn replaced(&self, start: usize, end: usize) -> StrTendril {
        let text = &self.text[start..end];
        if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { self.slice(start, end) }
    }

    /// A comment behind its `<!--`. Ends at `-->` or `--!>`, whose dashes may not be those of the beginning,
    /// except in `<!-->` and `<!--->`.
    fn comment(&mut self) {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        for short in ["<!-->", "<!--->"] {
            if self.text[start - 4..].starts_with(short) {
                self.at = start - 4 + short.len();
                return self.emit_comment(start, start);
            }
        }
        let mut from = start;
        loop {
            let close = self.find(from, '>');
            let inside = &bytes[start..close];
            let mark = if close == bytes.len() {
                [&b"--!"[..], b"--", b"-"].into_iter().find(|mark| inside.ends_with(mark)).unwrap_or_default()
            } else if let Some(mark) = [&b"--!"[..], b"--"].into_iter().find(|mark| inside.ends_with(mark)) {
                mark
            } else {
                from = close + 1;
                continue;
            };
            self.at = (close + 1).min(bytes.len());
            return self.emit_comment(start, close - mark.len());
        }
    }

    /// A doctype behind the word; what follows its useful part is skipped up to `>`.
    fn doctype(&mut self) -> Doctype {
        let mut doctype = Doctype::default();
        let is_clean = self.doctype_parts(&mut doctype);
        doctype.force_quirks |= is_clean.is_none();
        // Only a `>` that is inside an identifier has been read already.
        if self.rest().first() != Some(&b'>') {
            self.at = self.find(self.at, '>');
        }
        self.at = (self.at + 1).min(self.text.len());
        doctype
    }

    /// `None` when the doctype is broken in a way that forces quirks mode.
    fn doctype_parts(&mut self, doctype: &mut Doctype) -> Option<()> {
        self.skip_spaces();
        let start = self.at;
        let length =
            self.rest().iter().position(|&byte| is_space(byte) || byte == b'>').unwrap_or(self.rest().len());
        self.at += length;
        if length == 0 {
            return None;
        }
        doctype.name = Some(self.replaced(start, self.at).to_ascii_lowercase().into());
        self.skip_spaces();
        if self.peek()? == b'>' {
            return Some(());
        }
        let keyword = self.rest().get(..6)?;
        let (is_public, is_system) =
            (keyword.eq_ignore_ascii_case(b"public"), keyword.eq_ignore_ascii_case(b"system"));
        if !is_public && !is_system {
            return None;
        }
        self.at += 6;
        self.skip_spaces();
        if is_public {
            self.identifier(&mut doctype.public_id)?;
            self.skip_spaces();
            if self.peek()? == b'>' {
                return Some(());
            }
        }
        self.identifier(&mut doctype.system_id)?;
        self.skip_spaces();
        self.peek().map(|_| ())
    }

    /// A quoted identifier; `None` if there is none or it does not end.
    fn identifier(&mut self, identifier: &mut Option<StrTendril>) -> Option<()> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let start = self.at + 1;
        let length = self.text.as_bytes()[start..].iter().position(|&byte| byte == quote || byte == b'>');
        let end = length.map_or(self.text.len(), |length| start + length);
        *identifier = Some(self.replaced(start, end));
        self.at = end;
        if self.peek()? == b'>' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// The content of a CDATA section up to its end.
    pub(super) fn cdata(&mut self) {
        let length = self.text[self.at..].find("]]>");
        let end = length.map_or(self.text.len(), |length| self.at + length);
        let mut start = self.at;
        while let Some(position) = self.text[start..end].find('\0') {
            self.emit_text(start, start + position);
            self.emit(Token::NullCharacterToken);
            start += position + 1;
        }
        self.emit_text(start, end);
        self.at = (end + 3).min(self.text.len());
        self.mode = Mode::Data;
    }
}
