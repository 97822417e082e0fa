//! The words that a page shows, for whoever compares pages: fast, since it is asked of every page that is fetched.
//! What is shown is decided as for `visible_text`, whose words these are; what stands between them does not matter.

use super::{Effect, Reading, read};
use crate::document::NodeRef;

impl NodeRef<'_> {
    /// The words of [`visible_text`](Self::visible_text), parted and followed by one space each: what is between them,
    /// be it white space in the source or the edge of a block, makes no difference.
    pub fn visible_words(self) -> String {
        let mut words = Words::default();
        read(self, &mut words);
        words.end();
        words.out
    }
}

/// The words of a text, parted and followed by one space each. White space is what Unicode says it is.
pub fn words(text: &str) -> String {
    let mut words = Words::default();
    words.out.reserve(text.len() + 1);
    words.text(text);
    words.end();
    words.out
}

#[derive(Default)]
struct Words {
    out: String,
    /// The word that `out` ends with is over.
    is_over: bool,
}

impl Reading for Words {
    fn text(&mut self, text: &str) {
        let mut begin = 0;
        for (at, &byte) in text.as_bytes().iter().enumerate() {
            if !MAY_BE_BLANK[usize::from(byte)] || at < begin {
                continue;
            }
            // Copied with what it parts: most words stand so.
            let next = text.as_bytes().get(at + 1);
            if byte == b' ' && at > begin && next.is_some_and(|next| !MAY_BE_BLANK[usize::from(*next)]) {
                continue;
            }
            let blank = blank(text, at, byte);
            if blank > 0 {
                self.word(text.get(begin..at).unwrap_or_default());
                self.is_over = true;
                begin = at + blank;
            }
        }
        self.word(text.get(begin..).unwrap_or_default());
    }

    fn begins(&mut self, effect: Effect) {
        self.is_over |= !matches!(effect, Effect::Inline | Effect::Hidden);
    }

    fn ends(&mut self, effect: Effect) {
        self.is_over |= matches!(effect, Effect::Block(_) | Effect::Preformatted);
    }
}

impl Words {
    fn end(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }

    /// Puts a word at the end, or several with a space between each two.
    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        if self.is_over {
            self.end();
            self.is_over = false;
        }
        self.out.push_str(word);
    }
}

/// Which bytes may begin a white space character; those that are not ASCII are the first of U+0085 to U+3000.
static MAY_BE_BLANK: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = [9, 10, 11, 12, 13, b' ', 0xC2, 0xE1, 0xE2, 0xE3];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

/// How many bytes the white space character takes that may be here; 0 when there is none.
fn blank(text: &str, at: usize, byte: u8) -> usize {
    if byte.is_ascii() {
        return 1;
    }
    let character = text.get(at..).and_then(|rest| rest.chars().next());
    character.filter(|character| character.is_whitespace()).map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, ParseOptions, corpus};

    fn expected(text: &str) -> String {
        text.split_whitespace().flat_map(|word| [word, " "]).collect()
    }

    fn check(html: &str) {
        let document = Document::parse_html(html, ParseOptions::default());
        for node in document.nodes().step_by(7) {
            assert_eq!(node.visible_words(), expected(&node.visible_text()));
        }
        assert_eq!(words(html), expected(html));
    }

    #[test]
    fn words_are_those_of_the_text_that_is_shown() {
        let pages = [
            "",
            " \u{a0}\u{3000} ",
            "<h1>T</h1><p>one<p>un<b>break</b>able <i> spaced </i>out<br>x<br><br>y",
            "a<div>b</div>c<span hidden>h</span>d<script>x</script>e<pre> 1\n  2\u{2003}3 </pre>4",
            "<table><tr><td>1<td>2<tr><td>3<th>4</table><ul><li>x<li>y</ul>z",
            "<p>\u{2014}\u{2028}\u{e9}\u{85}b\u{a0}\u{c2}c \u{3042}\u{3000}\u{1680}d\u{e000}",
        ];
        pages.into_iter().for_each(check);
        let document = Document::parse_html(pages[2], ParseOptions::default());
        assert_eq!(document.root().visible_words(), "T one unbreakable spaced out x y ");
    }

    #[test]
    fn words_of_real_pages_are_those_of_their_text() {
        let pages = corpus::archive("pages/pages.tar.zst").unwrap_or_default();
        for (_, bytes) in pages.iter().step_by(8) {
            let document = Document::parse_html(&String::from_utf8_lossy(bytes), ParseOptions::default());
            assert_eq!(document.root().visible_words(), expected(&document.root().visible_text()));
        }
        let oddities = corpus::list("html-oddities", "");
        oddities
            .iter()
            .filter_map(|name| corpus::read(name))
            .for_each(|bytes| check(&String::from_utf8_lossy(&bytes)));
    }

    proptest::proptest! {
        #[test]
        fn words_of_any_text_are_those_between_white_space(text in "\\PC*[ \t\u{a0}\u{2003}\u{3000}x\u{c2}]*\\PC*") {
            proptest::prop_assert_eq!(words(&text), expected(&text));
        }
    }
}
