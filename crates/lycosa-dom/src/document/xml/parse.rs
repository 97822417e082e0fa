//! Parsing XML: tokens to tree, with the texts of entities read in place. A stack of texts instead of recursion.
//! What is ill-formed never ends the parsing; limits do.

use super::{
    super::{
        CutReason, Document, ParseOptions,
        parse::{MAX_TEXT, PIECE},
    },
    dtd::Dtd,
    entity::{Expansion, Replacement, may_enter},
    problem::{Problems, XmlProblemKind as Kind},
    token::{Token, Tokens},
    tree::Tree,
};
use crate::{
    name::{NodeName, atoms},
    page::scan_links,
    tokenize::normalise_newlines,
};

/// A text that is being read.
struct Frame<'a> {
    tokens: Tokens<'a>,
    /// The name of the entity; empty for the document.
    entity: &'a str,
    /// How many elements were open before it.
    floor: usize,
}

struct Parser<'a, 'o> {
    options: ParseOptions<'o>,
    dtd: &'a Dtd,
    tree: Tree<'a>,
    expansion: Expansion,
    frames: Vec<Frame<'a>>,
    /// Where in the document the current token is, or the reference that led to it.
    at: usize,
    has_doctype: bool,
    /// Bytes read since the last look at the time.
    unlooked: usize,
}

impl Document {
    /// Parses an XML document (XML 1.0, fifth edition, and Namespaces in XML 1.0) within limits. Never fails:
    /// what is ill-formed is read in the most likely sense, [`xml_problems`](Self::xml_problems) says what and
    /// where, and [`tree_state`](Self::tree_state) whether a limit cut the tree short. A byte order mark at the
    /// beginning is passed over; the encoding of the XML declaration is for [`decode`](crate::decode).
    ///
    /// Entities of the internal subset are replaced (32 deep at most, and no more than four times the
    /// document's length plus 1 MiB in all), its attribute defaults are filled in. Nothing external is ever
    /// loaded. Undeclared entities of HTML (`&nbsp;`) are understood. CDATA sections become text, and text is
    /// one node between two tags. White space outside the root element is dropped.
    ///
    /// ```
    /// use lycosa_dom::{Document, ParseOptions};
    /// let feed = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Wolf &amp; spider</title></feed>";
    /// let document = Document::parse_xml(feed, ParseOptions::default());
    /// let title = document.nodes().find(|node| node.name() == "title").unwrap();
    /// assert_eq!(title.text(), "Wolf & spider");
    /// assert_eq!(title.namespace_uri(), "http://www.w3.org/2005/Atom");
    /// assert!(document.is_well_formed_xml());
    /// ```
    pub fn parse_xml(text: &str, options: ParseOptions<'_>) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_too_long = text.len() > MAX_TEXT;
        let text = normalise_newlines(&text[..text.floor_char_boundary(MAX_TEXT)]);
        let mut tree = Tree::new(&text, options.max_depth);
        let mut expansion = Expansion::new(text.len());
        let dtd = find_doctype(&text, &mut expansion, &mut tree.problems);
        let document = Frame { tokens: Tokens::new(&text), entity: "", floor: 0 };
        let mut parser = Parser {
            options,
            dtd: &dtd,
            tree,
            expansion,
            frames: vec![document],
            at: 0,
            has_doctype: false,
            unlooked: 0,
        };
        let stopped = parser.run();
        let Parser { tree, expansion, .. } = parser;
        let limit = match (tree.is_pruned, is_too_long || expansion.is_exceeded) {
            (true, _) => Some(CutReason::Depth),
            (_, true) => Some(CutReason::Size),
            _ => None,
        };
        let cut = stopped.or(limit);
        let mut document = tree.finish(cut);
        let is_page =
            document.root_element().is_some_and(|root| root.node_name() == NodeName::html(atoms::HTML));
        if cut.is_some() && is_page {
            document.scanned_links = scan_links(&text);
        }
        document
    }
}

/// What the document type says, which must stand before the first element.
fn find_doctype(text: &str, expansion: &mut Expansion, problems: &mut Problems<'_>) -> Dtd {
    let mut tokens = Tokens::new(text);
    loop {
        match tokens.next() {
            Some(Token::Doctype(content)) => return Dtd::read(content, tokens.at, expansion, problems),
            None | Some(Token::Start { .. }) => return Dtd::default(),
            Some(_) => {}
        }
    }
}

impl<'a> Parser<'a, '_> {
    /// Reads everything; the reason why it stopped before the end.
    fn run(&mut self) -> Option<CutReason> {
        while let Some(frame) = self.frames.last_mut() {
            let is_document = frame.entity.is_empty();
            let token = frame.tokens.next();
            if is_document {
                self.at = frame.tokens.at;
            }
            self.unlooked += frame.tokens.position() - frame.tokens.at;
            if let Some(kind) = frame.tokens.problem {
                self.tree.problems.add(kind, self.at, "");
            }
            match token {
                Some(token) => self.token(token, is_document),
                None => {
                    let floor = frame.floor;
                    self.frames.pop();
                    self.tree.close_to(floor);
                }
            }
            if let Some(reason) = self.exceeded() {
                return Some(reason);
            }
        }
        if !self.tree.has_root {
            self.tree.problems.add(Kind::NoRoot, self.at, "");
        }
        None
    }

    fn exceeded(&mut self) -> Option<CutReason> {
        if self.tree.arena.nodes.len() > self.options.max_nodes as usize {
            return Some(CutReason::Nodes);
        }
        if self.tree.arena.overflow {
            return Some(CutReason::Size);
        }
        if self.unlooked < PIECE {
            return None;
        }
        self.unlooked = 0;
        self.options.cancel.is_some_and(|cancel| cancel()).then_some(CutReason::Cancelled)
    }

    fn token(&mut self, token: Token<'a>, is_document: bool) {
        let at = self.at;
        match token {
            Token::Start { content, is_empty } => {
                self.tree.start(content, is_empty, at, self.dtd, &mut self.expansion);
            }
            Token::End(content) => {
                let floor = self.frames.last().map_or(0, |frame| frame.floor);
                self.tree.end(content, floor, at);
            }
            Token::Text(text) => {
                if text.contains("]]>") {
                    self.tree.problems.add(Kind::InvalidCharacter, at, "");
                }
                self.tree.text(text, at);
            }
            Token::Cdata(text) => self.tree.text(text, at),
            Token::Comment(data) => self.tree.comment(data, at),
            Token::Instruction(content) => self.tree.instruction(content, at),
            Token::Declaration if is_document && at == 0 => {}
            Token::Declaration => self.tree.problems.add(Kind::Misplaced, at, "xml"),
            Token::Doctype(_) if is_document && !self.tree.has_root && !self.has_doctype => {
                self.has_doctype = true;
                self.tree.doctype(self.dtd);
            }
            Token::Doctype(_) => self.tree.problems.add(Kind::Misplaced, at, "DOCTYPE"),
            Token::Reference(reference) => self.reference(reference),
            Token::Skipped => {}
        }
    }

    fn reference(&mut self, reference: &'a str) {
        let at = self.at;
        match self.dtd.entities.resolve(reference, at, &mut self.tree.problems) {
            Replacement::Plain(text) => self.tree.text(&text, at),
            Replacement::Nothing => {}
            Replacement::Literal => {
                for text in ["&", reference, ";"] {
                    self.tree.text(text, at);
                }
            }
            Replacement::Entity(text) => {
                let is_open = self.frames.iter().any(|frame| frame.entity == reference);
                let (depth, problems) = (self.frames.len(), &mut self.tree.problems);
                if may_enter(is_open, depth, text, &mut self.expansion, (at, reference), problems) {
                    let floor = self.tree.depth();
                    self.frames.push(Frame { tokens: Tokens::new(text), entity: reference, floor });
                }
            }
        }
    }
}
