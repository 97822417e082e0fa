//! Text that is not markup: the contents of `<title>`, `<style>`, `<script>` and after `<plaintext>`.

use html5ever::tokenizer::TokenSink;

use super::{Mode, Tokenizer, is_space, reference};

/// Where a script stands with its `<!--` and `<script` (script data escaped states).
#[derive(Clone, Copy, PartialEq)]
enum Escape {
    None,
    Escaped,
    Double,
}

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Text up to the end tag of the element, and that tag.
    pub(super) fn raw(&mut self) {
        let start = self.at;
        let end = match self.mode {
            Mode::Plaintext => self.text.len(),
            Mode::Script => self.end_of_script(),
            _ => self.end_of_raw_text(),
        };
        if self.mode == Mode::Rcdata {
            self.rcdata(start, end);
        } else {
            self.emit_replaced(start, end);
        }
        self.at = end;
        if end < self.text.len() {
            self.raw_end_tag();
        }
    }

    fn rcdata(&mut self, start: usize, end: usize) {
        let mut from = start;
        self.at = start;
        while let Some(position) = self.text[self.at..end].find('&') {
            self.at += position;
            match reference::read(&self.text.as_bytes()[self.at..end], false) {
                Some(found) => {
                    self.emit_replaced(from, self.at);
                    self.emit_reference(&found);
                    from = self.at;
                }
                None => self.at += 1,
            }
        }
        self.emit_replaced(from, end);
    }

    fn end_of_raw_text(&self) -> usize {
        let mut from = self.at;
        loop {
            let open = self.find(from, '<');
            if open == self.text.len() || self.is_end_tag(open) {
                return open;
            }
            from = open + 1;
        }
    }

    /// Whether the text goes on with the end tag of the last start tag.
    fn is_end_tag(&self, open: usize) -> bool {
        let after = &self.text.as_bytes()[open + 1..];
        after.first() == Some(&b'/') && names(&after[1..], &self.last_start_tag)
    }

    fn end_of_script(&self) -> usize {
        let bytes = self.text.as_bytes();
        let (mut escape, mut at, mut dashes_from) = (Escape::None, self.at, 0);
        loop {
            let Some(length) = bytes[at..].iter().position(|byte| matches!(byte, b'<' | b'>')) else {
                return bytes.len();
            };
            at += length;
            let after = &bytes[at + 1..];
            if bytes[at] == b'>' {
                if escape != Escape::None && at >= dashes_from + 2 && bytes[..at].ends_with(b"--") {
                    escape = Escape::None;
                }
            } else if escape != Escape::Double && self.is_end_tag(at) {
                return at;
            } else {
                match escape {
                    Escape::None if after.starts_with(b"!--") => {
                        escape = Escape::Escaped;
                        dashes_from = at + 2;
                    }
                    Escape::Escaped if names(after, "script") => escape = Escape::Double,
                    Escape::Double if after.first() == Some(&b'/') && names(&after[1..], "script") => {
                        escape = Escape::Escaped;
                    }
                    _ => {}
                }
            }
            at += 1;
        }
    }
}

/// Whether the bytes begin with this name, whole and in any case.
fn names(bytes: &[u8], name: &str) -> bool {
    !name.is_empty()
        && bytes.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_some_and(|&byte| is_space(byte) || matches!(byte, b'/' | b'>'))
}
