//! A page measured in one pass over its bytes: its title, and how much text a person would see. No document is
//! built; what is lost thereby (CSS that hides, entities) does not matter for telling a notice from an article.

use memchr::{memchr, memchr_iter, memmem};

/// What a page looks like from afar.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    /// The title: lower case, white space collapsed, the usual references undone.
    pub(super) title: String,
    /// Bytes of visible text, white space apart; counting stops soon after the limit.
    pub(super) visible: usize,
    /// The tags alone: a marker there is part of the page, in the text it may be a quotation.
    pub(super) tags: Vec<u8>,
}

/// Elements whose content nobody sees.
const HIDDEN: [&[u8]; 4] = [b"script", b"style", b"template", b"title"];

/// Bytes of a title that are kept.
const TITLE: usize = 200;

impl Sketch {
    /// Measures until more than `most` bytes of text were seen.
    pub(super) fn of(body: &[u8], most: usize) -> Self {
        let mut sketch = Self::default();
        let mut rest = body;
        while sketch.visible <= most {
            let Some(open) = memchr(b'<', rest) else {
                sketch.see(rest);
                break;
            };
            let (text, tag) = rest.split_at(open);
            sketch.see(text);
            rest = sketch.skip(tag);
        }
        sketch
    }

    fn see(&mut self, text: &[u8]) {
        self.visible += text.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    }

    /// What follows a tag, and after it the content of a hidden element.
    fn skip<'b>(&mut self, tag: &'b [u8]) -> &'b [u8] {
        if tag.starts_with(b"<!--") {
            let end = memmem::find(tag, b"-->");
            return end.and_then(|at| tag.get(at + 3..)).unwrap_or_default();
        }
        let name = HIDDEN.into_iter().find(|name| is_tag(tag, name));
        let content = memchr(b'>', tag).and_then(|at| tag.get(at + 1..)).unwrap_or_default();
        self.tags.extend_from_slice(tag.get(..tag.len() - content.len()).unwrap_or_default());
        let Some(name) = name else { return content };
        let end = end_tag(content, name);
        let (inside, rest) = content.split_at(end);
        if name == b"title" && self.title.is_empty() {
            self.title = normal(inside);
        }
        rest
    }
}

fn is_tag(tag: &[u8], name: &[u8]) -> bool {
    let ends = tag.get(1 + name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-');
    ends && tag.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// Where the end tag of a hidden element begins; the end when there is none.
fn end_tag(content: &[u8], name: &[u8]) -> usize {
    let is_end = |at: &usize| {
        let tag = content.get(*at..).unwrap_or_default();
        let found = tag.strip_prefix(b"</").and_then(|rest| rest.get(..name.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    memchr_iter(b'<', content).find(is_end).unwrap_or(content.len())
}

fn normal(title: &[u8]) -> String {
    let text = String::from_utf8_lossy(title.get(..TITLE).unwrap_or(title)).to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let references = [
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("\u{2019}", "'"),
        ("&amp;", "&"),
        ("&hellip;", "..."),
        ("\u{2026}", "..."),
    ];
    references.into_iter().fold(text, |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_people_see_is_counted() {
        let page = b"<!-- <b>no</b> --><TITLE lang=en> Just\n a  moment&hellip; </TITLE><script>if (1 < 2) {}</SCRIPT>\
            <style>p {}</style><p class=\"a\">Two words</p><templates>x";
        let sketch = Sketch::of(page, usize::MAX);
        assert_eq!(sketch.title, "just a moment...");
        assert_eq!(sketch.visible, "Twowordsx".len());
    }

    #[test]
    fn counting_stops_at_the_limit() {
        let page = "<p>word ".repeat(10_000);
        assert!(Sketch::of(page.as_bytes(), 100).visible < 110);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_measured(body in prop::collection::vec(prop::sample::select(b"<>!-/ script=title\"a".to_vec()), 0..300)) {
            prop_assert!(Sketch::of(&body, usize::MAX).visible <= body.len());
        }
    }
}
