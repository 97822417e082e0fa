//! Outlinks of a document: one pass over the array of names, picking elements by integer comparison.

use crate::{
    document::{Document, NodeId},
    name::{Atom, Namespace, NodeName, atoms},
};

/// Anchors of SVG images are links too, with their address in either of two attributes.
const SVG_ANCHOR: NodeName = NodeName::new(Namespace::Svg, atoms::A);
const XLINK_HREF: NodeName = NodeName::new(Namespace::XLink, atoms::HREF);

/// Which element a link comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkKind {
    /// `<a href>`, in SVG also `<a xlink:href>`
    A,
    /// `<area href>`
    Area,
    /// `<link href>`
    Link,
    /// `<iframe src>`
    Iframe,
    /// `<frame src>`
    Frame,
    /// `<img src>`
    Img,
    /// `<script src>`
    Script,
    /// `<form action>`
    Form,
    /// `<source src>` of a video, audio or picture
    Source,
    /// `<meta http-equiv=refresh>`
    MetaRefresh,
    /// `<input type=image src>`
    Input,
    /// `<button formaction>`, `<input formaction>`
    FormAction,
    /// `<embed src>`
    Embed,
    /// `<object data>`
    Object,
    /// `<video src>`
    Video,
    /// `<audio src>`
    Audio,
    /// `<track src>`
    Track,
    /// `<video poster>`
    Poster,
    /// `<blockquote cite>`, and of `<q>`, `<ins>` and `<del>`
    Cite,
    /// What a feed says of itself: the page it belongs to, its next part, its entries
    Feed,
}

impl LinkKind {
    /// Whether a person or a crawler moves on to another page by it: anchors, areas and frames.
    pub fn is_navigation(self) -> bool {
        matches!(self, Self::A | Self::Area | Self::Iframe | Self::Frame)
    }

    /// Its name in output: that of the element, or of the attribute where that is not the usual one of the element
    /// (`formaction`, `poster`, `cite`); `meta-refresh` for a refresh, `feed` for links of feeds.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::Area => "area",
            Self::Link => "link",
            Self::Iframe => "iframe",
            Self::Frame => "frame",
            Self::Img => "img",
            Self::Script => "script",
            Self::Form => "form",
            Self::Source => "source",
            Self::MetaRefresh => "meta-refresh",
            Self::Input => "input",
            Self::FormAction => "formaction",
            Self::Embed => "embed",
            Self::Object => "object",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Track => "track",
            Self::Poster => "poster",
            Self::Cite => "cite",
            Self::Feed => "feed",
        }
    }

    /// Further attributes of an element that hold addresses, for those who want every address of a page.
    pub(super) const fn further(element: Atom) -> &'static [(Self, Atom)] {
        match element {
            atoms::INPUT => &[(Self::Input, atoms::SRC), (Self::FormAction, atoms::FORMACTION)],
            atoms::BUTTON => &[(Self::FormAction, atoms::FORMACTION)],
            atoms::EMBED => &[(Self::Embed, atoms::SRC)],
            atoms::OBJECT => &[(Self::Object, atoms::DATA)],
            atoms::VIDEO => &[(Self::Video, atoms::SRC), (Self::Poster, atoms::POSTER)],
            atoms::AUDIO => &[(Self::Audio, atoms::SRC)],
            atoms::TRACK => &[(Self::Track, atoms::SRC)],
            atoms::BLOCKQUOTE | atoms::Q | atoms::INS | atoms::DEL => &[(Self::Cite, atoms::CITE)],
            _ => &[],
        }
    }

    /// The kind an element is, and its attribute that holds the address.
    pub(crate) const fn of(element: Atom) -> Option<(Self, Atom)> {
        Some(match element {
            atoms::A => (Self::A, atoms::HREF),
            atoms::AREA => (Self::Area, atoms::HREF),
            atoms::LINK => (Self::Link, atoms::HREF),
            atoms::IFRAME => (Self::Iframe, atoms::SRC),
            atoms::FRAME => (Self::Frame, atoms::SRC),
            atoms::IMG => (Self::Img, atoms::SRC),
            atoms::SCRIPT => (Self::Script, atoms::SRC),
            atoms::FORM => (Self::Form, atoms::ACTION),
            atoms::SOURCE => (Self::Source, atoms::SRC),
            _ => return None,
        })
    }
}

/// A link as written on the page. Resolving it against [`Document::base_href`] and the page's address is the
/// caller's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'d> {
    /// The element it comes from.
    pub kind: LinkKind,
    /// The address, without surrounding ASCII whitespace, else as written.
    pub href: &'d str,
    /// The `rel` attribute (`nofollow`, `canonical`).
    pub rel: Option<&'d str>,
    /// For which width or density an image of a `srcset` is (`640w`, `2x`, often empty); `None` for other links.
    pub descriptor: Option<&'d str>,
    /// The element; `None` when the tree was cut and the link comes from a scan of the text.
    pub node: Option<NodeId>,
}

/// Links in document order, see [`Document::links`].
#[derive(Clone, Debug)]
pub struct Links<'d> {
    document: &'d Document,
    next: u32,
    scanned: usize,
    is_cut: bool,
}

impl Document {
    /// The links of the page in document order: anchors, areas, frames, `<link>`, images, media, scripts and forms;
    /// for `srcset`, refreshes and rarer attributes too see [`all_links`](Self::all_links).
    /// Elements without the attribute and links in a `<template>` are left out; an empty address is a link.
    ///
    /// Of a cut tree these are the links found by scanning the whole text, so that a limit loses none; that scan
    /// cannot tell templates and other contexts apart.
    pub fn links(&self) -> Links<'_> {
        let is_cut = !self.scanned_links().is_empty();
        Links { document: self, next: 0, scanned: 0, is_cut }
    }
}

impl<'d> Links<'d> {
    fn next_scanned(&mut self) -> Option<Link<'d>> {
        let link = self.document.scanned_links().get(self.scanned)?;
        self.scanned += 1;
        Some(Link {
            kind: link.kind,
            href: trim(&link.href),
            rel: link.rel.as_deref(),
            descriptor: None,
            node: None,
        })
    }
}

impl<'d> Iterator for Links<'d> {
    type Item = Link<'d>;

    fn next(&mut self) -> Option<Link<'d>> {
        if self.is_cut {
            return self.next_scanned();
        }
        loop {
            let id = self.next;
            let name = *self.document.names().get(id as usize)?;
            self.next += 1;
            let is_svg = name == SVG_ANCHOR;
            let Some(atom) = name.html_atom().or(is_svg.then_some(atoms::A)) else { continue };
            if atom == atoms::TEMPLATE {
                self.next = self.document.end_of(id);
                continue;
            }
            let Some((kind, attribute)) = LinkKind::of(atom) else { continue };
            let plain = self.document.attribute_value(id, NodeName::plain(attribute));
            let xlink = || self.document.attribute_value(id, XLINK_HREF).filter(|_| is_svg);
            let Some(href) = plain.or_else(xlink) else { continue };
            let rel = self.document.attribute_value(id, NodeName::plain(atoms::REL));
            return Some(Link { kind, href: trim(href), rel, descriptor: None, node: Some(NodeId::new(id)) });
        }
    }
}

/// Without surrounding ASCII whitespace, as the URL standard strips it.
pub(crate) fn trim(value: &str) -> &str {
    value.trim_matches(|character: char| character.is_ascii_whitespace())
}
