//! The lines of an import: what each is, and whether all are there that an export had.

use std::io::BufRead;

use super::line::{ExportEnd, ExportHead, UrlLine};
use crate::error::{Error, Result};
use crate::octets::Unmarked;

/// Bytes that a line of an import may have.
const LONGEST_LINE: u64 = 1 << 20;

/// What a line is, with its number.
pub(super) enum Line {
    Head(ExportHead),
    /// So many URLs the export had.
    End(u64),
    Url(u64, Box<UrlLine>),
    Wrong(u64),
}

impl Line {
    /// Whether it is a URL of a crawl.
    pub(super) fn is_usable(&self) -> bool {
        let Self::Url(_, line) = self else { return false };
        let is_url = crate::seed::parse(&line.url).is_ok();
        is_url && line.outcome().is_some() && line.to_request().is_some()
    }
}

/// The lines of a file as they come.
pub(super) struct Lines<'r> {
    input: Unmarked<&'r mut (dyn BufRead + Send)>,
    number: u64,
}

impl<'r> Lines<'r> {
    pub(super) fn new(input: &'r mut (dyn BufRead + Send)) -> Self {
        Self { input: Unmarked::new(input), number: 0 }
    }

    /// The next line that says something.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let reading = |cause| Error::io("reading the URLs to import", cause);
            let mut part = std::io::Read::take(&mut self.input, LONGEST_LINE);
            if part.read_until(b'\n', &mut bytes).map_err(reading)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes.len() as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
                self.skip_line().map_err(reading)?;
                return Ok(Some(Line::Wrong(self.number)));
            }
            let text = String::from_utf8_lossy(&bytes);
            // Lists that were put together have a mark in their middle.
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if !text.is_empty() && !text.starts_with('#') {
                return Ok(Some(self.line(text)));
            }
        }
    }

    fn line(&mut self, text: &str) -> Line {
        if !text.starts_with('{') {
            return match crate::seed::parse(text) {
                Ok(url) => {
                    Line::Url(self.number, Box::new(UrlLine { url: url.to_string(), ..UrlLine::default() }))
                }
                Err(_) => Line::Wrong(self.number),
            };
        }
        if let Ok(head) = serde_json::from_str::<ExportHead>(text) {
            return Line::Head(head);
        }
        if let Ok(end) = serde_json::from_str::<ExportEnd>(text) {
            return Line::End(end.lycosa_export_end);
        }
        serde_json::from_str(text)
            .map_or(Line::Wrong(self.number), |line| Line::Url(self.number, Box::new(line)))
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let piece = self.input.fill_buf()?;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(piece.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() || used == 0 {
                return Ok(());
            }
        }
    }
}

/// Whether the exports in a file are whole. A file may be several, one behind the other, and URLs of no export.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// URLs of each export that began and has not ended.
    open: Vec<u64>,
    /// URLs outside of exports, and of one whose first line is missing.
    outside: u64,
    missing: u64,
}

impl Tally {
    pub(super) fn begin(&mut self) {
        self.open.push(0);
    }

    /// A URL that could be read.
    pub(super) fn url(&mut self) {
        *self.open.last_mut().unwrap_or(&mut self.outside) += 1;
    }

    /// An export ends that had so many.
    pub(super) fn end(&mut self, had: u64) {
        let found = self.open.pop().unwrap_or_else(|| std::mem::take(&mut self.outside));
        self.missing = self.missing.saturating_add(had.saturating_sub(found));
    }

    /// URLs that exports had and that could not be read.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Whether an export has no end.
    pub(super) fn is_cut(&self) -> bool {
        !self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_export_had_and_is_not_there_is_missing() {
        let of = |lines: &str| {
            let mut tally = Tally::default();
            for line in lines.chars() {
                match line {
                    '<' => tally.begin(),
                    '.' => tally.url(),
                    had => tally.end(had.to_digit(10).unwrap().into()),
                }
            }
            (tally.missing(), tally.is_cut())
        };
        for (lines, missing, is_cut) in [
            ("", 0, false),
            ("...", 0, false),
            ("<..2", 0, false),
            ("<..5", 3, false),
            ("..<.3..", 2, false),
            ("<..4<.1<3", 5, false),
            ("<..", 0, true),
            ("<..<.2", 1, true),
            // The first line is gone, with URLs and without.
            ("..2", 0, false),
            (".2", 1, false),
            // Somebody added a URL.
            ("<...2", 0, false),
        ] {
            assert_eq!(of(lines), (missing, is_cut), "{lines}");
        }
    }
}
