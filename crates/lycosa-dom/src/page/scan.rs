//! Links without a tree: the tokenizer alone, which takes linear time whatever the nesting. It knows
//! comments, scripts and character references, but no contexts, so a link in a template counts here.

use std::cell::RefCell;

use html5ever::{
    LocalName, local_name,
    tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, states::RawKind},
};

use super::links::LinkKind;
use crate::{
    name::{KNOWN, known_atom},
    tokenize::{Tokenizer, normalise_newlines},
};

/// A link found without a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedLink {
    /// The element it comes from.
    pub kind: LinkKind,
    /// The address as written, character references resolved.
    pub href: String,
    /// The `rel` attribute.
    pub rel: Option<String>,
}

impl ScannedLink {
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.href.capacity() + self.rel.as_ref().map_or(0, String::capacity)
    }
}

/// The links of a page in the order of the text, in time linear in its length and without building a tree.
pub fn scan_links(text: &str) -> Vec<ScannedLink> {
    let text = normalise_newlines(text);
    let mut tokenizer = Tokenizer::new(&text, Collector::default());
    tokenizer.run(usize::MAX);
    tokenizer.end();
    tokenizer.sink.links.into_inner()
}

#[derive(Debug, Default)]
struct Collector {
    links: RefCell<Vec<ScannedLink>>,
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind == TagKind::EndTag {
            return TokenSinkResult::Continue;
        }
        if let Some(link) = link_of(&tag) {
            self.links.borrow_mut().push(link);
        }
        raw_kind(&tag.name).map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }
}

fn link_of(tag: &Tag) -> Option<ScannedLink> {
    let (kind, attribute) = LinkKind::of(known_atom(&tag.name)?)?;
    let named = |name: &str| {
        let found = tag.attrs.iter().find(|attribute| *attribute.name.local == *name);
        found.map(|attribute| attribute.value.to_string())
    };
    let name = KNOWN.get(attribute.0 as usize)?;
    Some(ScannedLink { kind, href: named(name)?, rel: named("rel") })
}

/// How the content of an element is to be read when it is not markup.
fn raw_kind(name: &LocalName) -> Option<RawKind> {
    match *name {
        local_name!("title") | local_name!("textarea") => Some(RawKind::Rcdata),
        local_name!("style")
        | local_name!("xmp")
        | local_name!("iframe")
        | local_name!("noembed")
        | local_name!("noframes") => Some(RawKind::Rawtext),
        local_name!("script") => Some(RawKind::ScriptData),
        _ => None,
    }
}
