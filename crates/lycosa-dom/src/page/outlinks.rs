//! Every address on a page with what is said about it: what `links` gives, the images of `srcset`, and refreshes.

use super::{
    facts::parse_refresh,
    links::{Link, LinkKind, Links, trim},
    srcset::{ImageCandidates, image_candidates},
};
use crate::{
    document::{Document, NodeId},
    name::{Atom, NodeName, atoms},
    text::collapse_whitespace,
};

/// How much of a link's text is looked at, in bytes. Links may lie in links, and all of them have the text.
const MAX_TEXT: usize = 4096;

/// All links in document order, see [`Document::all_links`].
#[derive(Clone, Debug)]
pub struct AllLinks<'d> {
    document: &'d Document,
    links: Links<'d>,
    /// The link after those of the current element.
    following: Option<Link<'d>>,
    /// The next node to look at for `srcset` and refreshes.
    next: u32,
    /// The images of the element that was looked at last.
    candidates: Option<(Link<'d>, ImageCandidates<'d>)>,
    /// Attributes still to look at, and the element that may have them.
    further: (u32, &'static [(LinkKind, Atom)]),
}

impl Document {
    /// What [`links`](Self::links) gives, and the addresses in `srcset` attributes, in
    /// `<meta http-equiv=refresh>`, and in the attributes of media, embedded objects, buttons and quotations. Of a cut tree it gives the links of the scan alone.
    pub fn all_links(&self) -> AllLinks<'_> {
        let mut links = self.links();
        let following = links.next();
        let next = if self.scanned_links().is_empty() { 0 } else { u32::MAX };
        AllLinks { document: self, links, following, next, candidates: None, further: (0, &[]) }
    }
}

impl<'d> AllLinks<'d> {
    /// The first of what a node has besides the links that `links` gives.
    fn besides(&mut self, id: u32) -> Option<Link<'d>> {
        let value = |attribute| self.document.attribute_value(id, NodeName::plain(attribute));
        let link = |kind, href| Link { kind, href, rel: None, descriptor: None, node: Some(NodeId::new(id)) };
        let (kind, srcset) = match self.document.names().get(id as usize)?.html_atom()? {
            atoms::IMG => (LinkKind::Img, value(atoms::SRCSET)),
            atoms::SOURCE => (LinkKind::Source, value(atoms::SRCSET)),
            atoms::LINK => (LinkKind::Link, value(atoms::IMAGESRCSET)),
            atoms::META => {
                let is_refresh = trim(value(atoms::HTTP_EQUIV)?).eq_ignore_ascii_case("refresh");
                let content = value(atoms::CONTENT).filter(|_| is_refresh)?;
                return Some(link(LinkKind::MetaRefresh, parse_refresh(content)?.url?));
            }
            element => {
                self.further = (id, LinkKind::further(element));
                return self.one_of_further();
            }
        };
        let rel = value(atoms::REL).filter(|_| kind == LinkKind::Link);
        let candidates = image_candidates(srcset?);
        self.candidates = Some((Link { rel, ..link(kind, "") }, candidates));
        self.candidate()
    }

    /// The next of the attributes that the current element may have.
    fn one_of_further(&mut self) -> Option<Link<'d>> {
        let value = |id, attribute| self.document.attribute_value(id, NodeName::plain(attribute));
        while let (id, [(kind, attribute), rest @ ..]) = self.further {
            self.further = (id, rest);
            let is_image =
                || value(id, atoms::TYPE).is_some_and(|kind| trim(kind).eq_ignore_ascii_case("image"));
            if *kind == LinkKind::Input && !is_image() {
                continue;
            }
            if let Some(href) = value(id, *attribute) {
                let node = Some(NodeId::new(id));
                return Some(Link { kind: *kind, href: trim(href), rel: None, descriptor: None, node });
            }
        }
        None
    }

    fn candidate(&mut self) -> Option<Link<'d>> {
        let (link, candidates) = self.candidates.as_mut()?;
        let Some(image) = candidates.next() else {
            self.candidates = None;
            return None;
        };
        Some(Link { href: image.url, descriptor: Some(image.descriptor), ..*link })
    }
}

impl<'d> Iterator for AllLinks<'d> {
    type Item = Link<'d>;

    fn next(&mut self) -> Option<Link<'d>> {
        loop {
            if let Some(link) = self.candidate().or_else(|| self.one_of_further()) {
                return Some(link);
            }
            let at = self.following.map(|link| link.node.map_or(0, NodeId::number));
            if at.is_some_and(|at| at <= self.next) {
                // A `src` comes before the `srcset` of the same element.
                return std::mem::replace(&mut self.following, self.links.next());
            }
            let id = self.next;
            let Some(&name) = self.document.names().get(id as usize) else {
                return std::mem::replace(&mut self.following, self.links.next());
            };
            self.next =
                if name == NodeName::html(atoms::TEMPLATE) { self.document.end_of(id) } else { id + 1 };
            if let Some(link) = self.besides(id) {
                return Some(link);
            }
        }
    }
}

impl Link<'_> {
    /// What a reader of the page is told about where the link leads: the text of an anchor, or without one the
    /// description of the image in it; the description of an image or area; the title of a frame or `<link>`. White
    /// space is collapsed and at most 4 KiB are taken. Links of a cut tree have none.
    pub fn text(&self, document: &Document) -> String {
        let Some(node) = self.node.and_then(|id| document.node(id)) else { return String::new() };
        let value = |attribute| document.attribute_value(node.number(), NodeName::plain(attribute));
        let text = match self.kind {
            LinkKind::A => {
                let text = clip(node.text());
                if text.trim_ascii().is_empty() { image_in(document, node.range()) } else { Some(text) }
            }
            LinkKind::Img | LinkKind::Area | LinkKind::Input => value(atoms::ALT),
            LinkKind::Iframe | LinkKind::Frame | LinkKind::Link => value(atoms::TITLE),
            _ => None,
        };
        collapse_whitespace(clip(text.unwrap_or_default())).into_owned()
    }
}

/// The description of the first described image among a few nodes.
fn image_in(document: &Document, nodes: std::ops::Range<u32>) -> Option<&str> {
    const LOOKED_AT: usize = 64;
    let images = nodes.take(LOOKED_AT).filter(|&id| document.name(id) == NodeName::html(atoms::IMG));
    let mut described = images.filter_map(|id| document.attribute_value(id, NodeName::plain(atoms::ALT)));
    described.find(|alt| !alt.trim_ascii().is_empty())
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ParseOptions;

    fn parse(html: &str) -> Document {
        Document::parse_html(html, ParseOptions::default())
    }

    #[test]
    fn every_address_comes_once_in_document_order_with_its_kind() {
        let page = parse(
            "<meta http-equiv=refresh content='3; url=later'><link rel=preload imagesrcset='p.png 2x'>\
             <script src=s.js></script><a href=one>1</a><picture><source srcset='w.webp, v.webp 2x'>\
             <img srcset='i2.png 2x' src=i.png alt=I></picture><video><source src=m.mp4></video>\
             <template><img srcset=hidden.png></template><form action=go></form><area href=two>",
        );
        let found: Vec<_> = page.all_links().map(|link| (link.kind, link.href, link.descriptor)).collect();
        let expected = [
            (LinkKind::MetaRefresh, "later", None),
            (LinkKind::Link, "p.png", Some("2x")),
            (LinkKind::Script, "s.js", None),
            (LinkKind::A, "one", None),
            (LinkKind::Source, "w.webp", Some("")),
            (LinkKind::Source, "v.webp", Some("2x")),
            (LinkKind::Img, "i.png", None),
            (LinkKind::Img, "i2.png", Some("2x")),
            (LinkKind::Source, "m.mp4", None),
            (LinkKind::Form, "go", None),
            (LinkKind::Area, "two", None),
        ];
        assert_eq!(found, expected);
        assert_eq!(page.all_links().nth(1).unwrap().rel, Some("preload"));
    }

    #[test]
    fn media_objects_buttons_and_quotations_have_addresses_too() {
        let page = parse(
            "<video src=v.mp4 poster=v.png><track src=t.vtt></video><audio src=a.ogg></audio><embed src=e.swf>\
             <object data=o.pdf></object><form><input type=' Image' src=i.png alt=go formaction=f>\
             <input type=text src=no><button formaction='g'>x</button></form><blockquote cite=b></blockquote>\
             <q cite=q></q><ins cite=n></ins><del cite=d></del><template><q cite=hidden></q></template>",
        );
        let found: Vec<_> = page.all_links().map(|link| (link.kind.as_str(), link.href)).collect();
        let expected = [
            ("video", "v.mp4"),
            ("poster", "v.png"),
            ("track", "t.vtt"),
            ("audio", "a.ogg"),
            ("embed", "e.swf"),
            ("object", "o.pdf"),
            ("input", "i.png"),
            ("formaction", "f"),
            ("formaction", "g"),
            ("cite", "b"),
            ("cite", "q"),
            ("cite", "n"),
            ("cite", "d"),
        ];
        assert_eq!(found, expected);
        assert!(page.all_links().all(|link| !link.kind.is_navigation()));
    }

    #[test]
    fn the_text_of_a_link_is_what_a_reader_is_told() {
        let page = parse(
            "<a href=1> to <b>the</b>\n shop </a><a href=2><img src=i alt='a  picture'></a><a href=3></a>\
             <map><area href=4 alt=west></map><iframe src=5 title=frame></iframe><script src=6></script>",
        );
        let found: Vec<_> = page.all_links().map(|link| (link.href, link.text(&page))).collect();
        let found: Vec<_> = found.iter().map(|(href, text)| (*href, text.as_str())).collect();
        let expected = [
            ("1", "to the shop"),
            ("2", "a picture"),
            ("i", "a picture"),
            ("3", ""),
            ("4", "west"),
            ("5", "frame"),
            ("6", ""),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn hostile_pages_cost_what_they_are_long() {
        let nested = format!("<svg>{}{}", "<a href=x>".repeat(400), "long text ".repeat(100_000));
        let page = parse(&nested);
        let length: usize = page.all_links().map(|link| link.text(&page).len()).sum();
        assert!(length <= 400 * MAX_TEXT);
        assert_eq!(parse(&"<img srcset='a 1x, b 2x' src=c>".repeat(10_000)).all_links().count(), 30_000);
        // Of a cut tree the scan gives the links.
        let deep = format!("{}<a href=deep>", "<div>".repeat(2_000));
        assert_eq!(parse(&deep).all_links().map(|link| link.text(&parse(&deep))).collect::<Vec<_>>(), [""]);
    }

    proptest! {
        #[test]
        fn all_links_are_those_of_links_and_more(pieces in proptest::collection::vec(prop_oneof![
            Just("<a href=1>"), Just("</a>"), Just("<img src=2>"), Just("<img srcset='3 1x,4'>"), Just("<template>"),
            Just("</template>"), Just("<svg>"), Just("<meta http-equiv=refresh content='1;url=5'>"), Just("<form action>"),
            Just("text"), Just("<source srcset=x src=y>"), Just("</svg>")], 0..30)) {
            let page = parse(&pieces.concat());
            let plain: Vec<_> = page.links().collect();
            let is_plain = |link: &Link<'_>| link.descriptor.is_none() && link.kind != LinkKind::MetaRefresh;
            let all: Vec<_> = page.all_links().filter(is_plain).collect();
            prop_assert_eq!(all, plain);
            prop_assert!(page.all_links().map(|link| link.node).is_sorted());
            for link in page.all_links() {
                let _ = link.text(&page);
            }
        }
    }
}
