//! Text for people: what a page shows, not what its nodes hold. For the latter see `NodeRef::text`; for its
//! words alone [`words`].

mod words;

pub use words::words;

use std::borrow::Cow;

use crate::{
    document::{Document, NodeRef},
    name::{Atom, NodeName, atoms},
};

/// Text with runs of ASCII whitespace as one space and none at the ends.
pub fn collapse_whitespace(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(is_space);
    let mut previous = b'x';
    let is_collapsed = trimmed.bytes().all(|byte| {
        let is_fine = byte != b'\t'
            && byte != b'\n'
            && byte != b'\r'
            && byte != 12
            && (byte != b' ' || previous != b' ');
        previous = byte;
        is_fine
    });
    if is_collapsed {
        return Cow::Borrowed(trimmed);
    }
    let mut out = String::with_capacity(trimmed.len());
    for word in trimmed.split(is_space).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

impl NodeRef<'_> {
    /// The text as a reader would copy it from the page, without style sheets at hand: blocks begin on lines of
    /// their own, paragraphs and headings are set off by an empty line, cells of a row by a tab, `<br>` breaks
    /// the line, other whitespace is collapsed except in `<pre>` and `<textarea>`; scripts, styles, templates,
    /// `noscript` and elements with the `hidden` attribute are left out. Close to DOM `innerText`.
    pub fn visible_text(self) -> String {
        let mut writer = Writer::default();
        read(self, &mut writer);
        writer.out
    }
}

/// What an element does to the text around it.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    Inline,
    Hidden,
    /// At least this many line breaks before and after.
    Block(u8),
    Break,
    Cell,
    Preformatted,
}

fn effect(atom: Atom) -> Effect {
    match atom {
        atoms::SCRIPT
        | atoms::STYLE
        | atoms::NOSCRIPT
        | atoms::TEMPLATE
        | atoms::HEAD
        | atoms::IFRAME
        | atoms::NOFRAMES
        | atoms::NOEMBED
        | atoms::OBJECT
        | atoms::DATALIST
        | atoms::CANVAS
        | atoms::AUDIO
        | atoms::VIDEO
        | atoms::RP => Effect::Hidden,
        atoms::P | atoms::H1 | atoms::H2 | atoms::H3 | atoms::H4 | atoms::H5 | atoms::H6 => Effect::Block(2),
        atoms::PRE | atoms::TEXTAREA | atoms::LISTING | atoms::XMP | atoms::PLAINTEXT => Effect::Preformatted,
        atoms::BR => Effect::Break,
        atoms::TD | atoms::TH => Effect::Cell,
        _ if is_block(atom) => Effect::Block(1),
        _ => Effect::Inline,
    }
}

/// Elements displayed as blocks by the standard's style sheet (HTML standard, 15.3), tables included.
fn is_block(atom: Atom) -> bool {
    matches!(
        atom,
        atoms::ADDRESS
            | atoms::ARTICLE
            | atoms::ASIDE
            | atoms::BLOCKQUOTE
            | atoms::BODY
            | atoms::CAPTION
            | atoms::CENTER
            | atoms::DD
            | atoms::DETAILS
            | atoms::DIALOG
            | atoms::DIR
            | atoms::DIV
            | atoms::DL
            | atoms::DT
            | atoms::FIELDSET
            | atoms::FIGCAPTION
            | atoms::FIGURE
            | atoms::FOOTER
            | atoms::FORM
            | atoms::HEADER
            | atoms::HGROUP
            | atoms::HR
            | atoms::HTML
            | atoms::LEGEND
            | atoms::LI
            | atoms::MAIN
            | atoms::MENU
            | atoms::NAV
            | atoms::OL
            | atoms::OPTGROUP
            | atoms::OPTION
            | atoms::SEARCH
            | atoms::SECTION
            | atoms::SUMMARY
            | atoms::TABLE
            | atoms::TBODY
            | atoms::TFOOT
            | atoms::THEAD
            | atoms::TR
            | atoms::UL
    )
}

/// Takes in what is shown, in order.
trait Reading {
    /// A text.
    fn text(&mut self, text: &str);
    /// An element begins.
    fn begins(&mut self, effect: Effect);
    /// An element whose beginning was told ends.
    fn ends(&mut self, effect: Effect);
}

/// Tells what is shown of a node, which itself always is.
fn read(node: NodeRef<'_>, reading: &mut impl Reading) {
    let (document, start) = (node.document(), node.number());
    let end = document.end_of(start);
    let mut id = start;
    while id < end {
        let name = document.name(id);
        let (next, mut left) = if name == NodeName::TEXT {
            reading.text(document.text_of(id));
            (id + 1, Some(id))
        } else if id == start || is_shown(document, id, name) {
            reading.begins(effect_of(document, id, name));
            (id + 1, Some(id))
        } else {
            (document.end_of(id), document.parent_of(id))
        };
        // The nodes, outwards, whose subtree is over.
        while let Some(id) = left.filter(|&id| id >= start && document.end_of(id) == next) {
            reading.ends(effect_of(document, id, document.name(id)));
            left = document.parent_of(id);
        }
        id = next;
    }
}

fn is_shown(document: &Document, id: u32, name: NodeName) -> bool {
    let hidden = NodeName::plain(atoms::HIDDEN);
    name.html_atom()
        .is_none_or(|atom| effect(atom) != Effect::Hidden && document.attribute_value(id, hidden).is_none())
}

/// What a node does to the text around it; the first cell of a row nothing.
fn effect_of(document: &Document, id: u32, name: NodeName) -> Effect {
    match name.html_atom().map_or(Effect::Inline, effect) {
        Effect::Cell if document.previous_sibling_of(id).is_none() => Effect::Inline,
        effect => effect,
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks owed before the next text.
    breaks: u8,
    /// A space owed before the next text.
    space: bool,
    tab: bool,
    preformatted: u32,
}

impl Reading for Writer {
    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.pay();
            self.out.push_str(text);
            return;
        }
        let mut words = text.split(is_space);
        if let Some(first) = words.next() {
            self.word(first);
        }
        for word in words {
            self.space |= self.breaks == 0;
            self.word(word);
        }
    }

    fn begins(&mut self, effect: Effect) {
        match effect {
            Effect::Block(breaks) => self.owe(breaks),
            Effect::Preformatted => {
                self.owe(1);
                self.preformatted += 1;
            }
            Effect::Break => self.line_break(),
            Effect::Cell => self.tab = true,
            Effect::Inline | Effect::Hidden => {}
        }
    }

    fn ends(&mut self, effect: Effect) {
        match effect {
            Effect::Block(breaks) => self.owe(breaks),
            Effect::Preformatted => {
                self.owe(1);
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            _ => {}
        }
    }
}

impl Writer {
    fn owe(&mut self, breaks: u8) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
        self.tab = false;
    }

    fn line_break(&mut self) {
        self.pay();
        self.out.push('\n');
        self.space = false;
    }

    /// Writes what is owed before text.
    fn pay(&mut self) {
        if !self.out.is_empty() {
            let owed = usize::from(self.breaks);
            let have = self.out.bytes().rev().take(owed).take_while(|&byte| byte == b'\n').count();
            for _ in have..owed {
                self.out.push('\n');
            }
            if self.tab {
                self.out.push('\t');
            } else if self.space && !self.out.ends_with(['\n', '\t']) {
                self.out.push(' ');
            }
        }
        (self.breaks, self.space, self.tab) = (0, false, false);
    }

    fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.pay();
            self.out.push_str(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParseOptions;

    fn shown(html: &str) -> String {
        Document::parse_html(html, ParseOptions::default()).root().visible_text()
    }

    #[test]
    fn blocks_stand_on_lines_of_their_own_and_paragraphs_apart() {
        assert_eq!(shown("<div>a</div><div>b <b>c</b>\n d</div>e"), "a\nb c d\ne");
        assert_eq!(shown("<h1>T</h1><p>one<p>two<ul><li>x<li>y</ul>"), "T\n\none\n\ntwo\n\nx\ny");
        assert_eq!(shown("a<br>b<br><br>c"), "a\nb\n\nc");
    }

    #[test]
    fn inline_elements_do_not_part_words() {
        assert_eq!(shown("<p>un<b>break</b>able <i> spaced </i> out"), "unbreakable spaced out");
        assert_eq!(shown("<span>a</span><span>b</span> <span>c</span>"), "ab c");
    }

    #[test]
    fn cells_are_parted_by_tabs_and_rows_by_lines() {
        assert_eq!(shown("<table><tr><td>1<td>2<tr><td>3<td>4</table>"), "1\t2\n3\t4");
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        let html = "<title>t</title><p>a<script>x</script><style>y</style><noscript>n</noscript>\
                    <template>z</template><span hidden>h</span><pre hidden>h</pre><!-- c -->b";
        assert_eq!(shown(html), "a\n\nb");
    }

    #[test]
    fn preformatted_text_keeps_its_whitespace() {
        assert_eq!(shown("<p>a<pre>x\n  y </pre><p>b  c"), "a\n\nx\n  y \n\nb c");
    }

    #[test]
    fn the_node_asked_for_is_always_shown() {
        let document = Document::parse_html("<script>a  b</script>", ParseOptions::default());
        let script = document.nodes().find(|node| node.name() == "script").unwrap();
        assert_eq!(script.visible_text(), "a b");
    }

    #[test]
    fn collapsing_copies_only_when_it_must() {
        assert!(matches!(collapse_whitespace("  a b "), Cow::Borrowed("a b")));
        assert_eq!(collapse_whitespace("\ta \n b\u{a0}"), "a b\u{a0}");
        assert_eq!(collapse_whitespace("\n\t"), "");
    }
}
