//! Building a document with html5ever's tree builder under limits. The tree builder is quadratic in nesting depth and has no
//! limit of its own, so it gets the tokens of a small piece of text at a time and is looked at in between.

use html5ever::{
    interface::{QuirksMode, TreeSink},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};

use super::{CutReason, Document, Quirks, TreeState, arena::Arena, freeze::freeze, sink::Sink};
use crate::{
    page::scan_links,
    tokenize::{Tokenizer, normalise_newlines},
};

/// The size of the pieces, in bytes: what can go wrong before the next look is bounded by it.
pub(super) const PIECE: usize = 4096;
/// Longer texts are cut: offsets are 32 bits wide.
pub(super) const MAX_TEXT: usize = 1 << 30;

/// The deepest tree there is, whatever the options say: `:has()` recurses as deep as the tree.
pub(super) const DEEPEST: u32 = 2048;

/// A question asked between pieces: has this page taken long enough?
pub type Cancel<'a> = &'a dyn Fn() -> bool;

/// Limits and modes of [`Document::parse_html`] and [`Document::parse_xml`].
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ParseOptions<'a> {
    /// Elements below this depth are left out (the `html` element has depth 1). Default 512, as in browsers; at
    /// most 2048.
    pub max_depth: u32,
    /// Building stops soon after this many nodes, attributes not counted. Default one million.
    pub max_nodes: u32,
    /// Asked about every 4 KiB of text; `true` stops building. Default `None`.
    pub cancel: Option<Cancel<'a>>,
    /// Whether to parse HTML as a browser that runs scripts does, with `<noscript>` being plain text. Default
    /// `false`: its contents are nodes. Means nothing to XML.
    pub scripting: bool,
}

impl Default for ParseOptions<'_> {
    fn default() -> Self {
        Self { max_depth: 512, max_nodes: 1_000_000, cancel: None, scripting: false }
    }
}

impl std::fmt::Debug for ParseOptions<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ParseOptions")
            .field("max_depth", &self.max_depth)
            .field("max_nodes", &self.max_nodes)
            .field("cancel", &self.cancel.is_some())
            .field("scripting", &self.scripting)
            .finish()
    }
}

impl<'a> ParseOptions<'a> {
    /// Sets [`max_depth`](Self::max_depth).
    #[must_use]
    pub fn max_depth(mut self, depth: u32) -> Self {
        self.max_depth = depth;
        self
    }

    /// Sets [`max_nodes`](Self::max_nodes).
    #[must_use]
    pub fn max_nodes(mut self, nodes: u32) -> Self {
        self.max_nodes = nodes;
        self
    }

    /// Sets [`cancel`](Self::cancel).
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel<'a>) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Sets [`scripting`](Self::scripting).
    #[must_use]
    pub fn scripting(mut self, scripting: bool) -> Self {
        self.scripting = scripting;
        self
    }

    fn exceeded(&self, arena: &mut Arena) -> Option<CutReason> {
        if arena.nodes.len() > self.max_nodes as usize {
            Some(CutReason::Nodes)
        } else if arena.overflow {
            Some(CutReason::Size)
        } else if arena.is_deeper_than(self.max_depth.min(DEEPEST)) {
            Some(CutReason::Depth)
        } else if self.cancel.is_some_and(|cancel| cancel()) {
            Some(CutReason::Cancelled)
        } else {
            None
        }
    }
}

impl Document {
    /// Parses a page as the HTML standard says, within limits. Never fails: whatever the text is, there is a
    /// tree, and [`tree_state`](Self::tree_state) says whether a limit cut it short. A byte order mark at the
    /// beginning is passed over.
    ///
    /// ```
    /// use lycosa_dom::{Document, ParseOptions};
    /// let document = Document::parse_html("<p>One<p>Two", ParseOptions::default());
    /// assert_eq!(document.root().text(), "OneTwo");
    /// ```
    pub fn parse_html(text: &str, options: ParseOptions<'_>) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_too_long = text.len() > MAX_TEXT;
        let text = normalise_newlines(&text[..text.floor_char_boundary(MAX_TEXT)]);
        let builder_options =
            TreeBuilderOpts { scripting_enabled: options.scripting, ..TreeBuilderOpts::default() };
        let builder = TreeBuilder::new(Sink::new(text.len()), builder_options);
        let mut tokenizer = Tokenizer::new(&text, builder);
        let mut stopped = None;
        while stopped.is_none() && tokenizer.run(PIECE) {
            stopped = tokenizer.sink.sink.look(|arena| options.exceeded(arena));
        }
        if stopped.is_none() {
            tokenizer.end();
            stopped = tokenizer.sink.sink.look(|arena| options.exceeded(arena));
        }
        let cut = stopped.or(is_too_long.then_some(CutReason::Size));
        let state = tokenizer.sink.sink.finish();
        let dynamic = state.interner.into_dynamic();
        let (mut document, pruned) = freeze(state.arena, dynamic, options.max_depth.min(DEEPEST));
        document.quirks = match state.quirks {
            QuirksMode::Quirks => Quirks::Quirks,
            QuirksMode::LimitedQuirks => Quirks::Limited,
            QuirksMode::NoQuirks => Quirks::None,
        };
        if let Some(reason) = cut.or(pruned.then_some(CutReason::Depth)) {
            document.tree_state = TreeState::Cut { reason };
            document.scanned_links = scan_links(&text);
        }
        document
    }
}
