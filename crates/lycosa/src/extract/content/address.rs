//! Addresses of links and images in content: absolute when the page's address is known, and only such as lead
//! somewhere.

use lycosa_dom::{Document, NodeRef, image_candidates};
use url::Url;

use crate::extract::declared_base;
use crate::model::resolve;

/// Addresses of one page together, in bytes; later ones are left out.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The longest address, in bytes.
const LONGEST: usize = 8 * 1024;
/// Attributes in which pages keep the address of an image that is loaded when it comes into view.
const LAZY: [&str; 7] = [
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-original-src",
    "data-url",
    "data-hi-res-src",
    "data-image",
];

/// Resolves what a page refers to.
#[derive(Debug)]
pub(super) struct Addresses<'d> {
    document: &'d Document,
    base: Option<Url>,
    left: usize,
}

impl<'d> Addresses<'d> {
    /// For a page from this address, if it is known.
    pub(super) fn new(document: &'d Document, url: Option<&Url>) -> Self {
        let base = match url {
            Some(url) => Some(declared_base(document, url).unwrap_or_else(|| url.clone())),
            None => document.base_href().and_then(|href| Url::parse(href).ok()),
        };
        Self { document, base, left: MOST_BYTES }
    }

    /// Where a link leads; `None` for scripts, data and what cannot be resolved.
    pub(super) fn link(&mut self, link: NodeRef<'d>) -> Option<String> {
        self.absolute(link.attr("href")?)
    }

    /// Where an image is: what stands in `src`, unless that is a placeholder and the image is loaded later.
    pub(super) fn image(&mut self, image: NodeRef<'d>) -> Option<String> {
        let lazy = LAZY.iter().find_map(|name| image.attr(name)).filter(|address| !address.trim().is_empty());
        let src = image.attr("src").filter(|src| !is_placeholder(src));
        let set = || image.attr("data-srcset").or_else(|| image.attr("srcset"));
        let from_set = || set().and_then(|set| image_candidates(set).map(|candidate| candidate.url).last());
        let address = lazy.or(src).or_else(from_set)?;
        self.absolute(address)
    }

    /// The address once more, if there is room for it.
    pub(super) fn again(&mut self, address: String) -> Option<String> {
        self.left = self.left.checked_sub(address.len())?;
        Some(address)
    }

    fn absolute(&mut self, reference: &str) -> Option<String> {
        let reference = reference.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_control());
        if reference.is_empty() || reference.len() > LONGEST {
            return None;
        }
        let address = match &self.base {
            Some(base) => {
                let url = resolve(base, reference, Some(self.document))?;
                if is_script(url.scheme()) {
                    return None;
                }
                String::from(url)
            }
            None => {
                let address: String =
                    reference.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
                let scheme = address.split([':', '/', '?', '#']).next().unwrap_or_default();
                if address.contains(':') && is_script(&scheme.to_ascii_lowercase()) {
                    return None;
                }
                address
            }
        };
        self.left = self.left.checked_sub(address.len())?;
        Some(address)
    }
}

fn is_script(scheme: &str) -> bool {
    matches!(scheme, "javascript" | "vbscript" | "data" | "blob")
}

/// Whether an image only holds a place: nothing, inline data, or a picture called so.
fn is_placeholder(src: &str) -> bool {
    let src = src.trim();
    let name = src.rsplit('/').next().unwrap_or_default();
    src.is_empty()
        || src.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        || ["blank.gif", "spacer.gif", "pixel.gif", "placeholder", "lazy", "loading.gif", "1x1"]
            .iter()
            .any(|known| name.starts_with(known))
}
