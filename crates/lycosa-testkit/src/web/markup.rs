//! The markup of pages: the links, written in many ways, and text up to the length drawn for the page.

use super::prf::{Question, mix, unit};
use super::{Kind, Link, PageId, Place, Trap, Web};
use crate::synthetic::Spelling;
use std::fmt::Write;
use std::sync::OnceLock;

/// The text that pages are filled with, cut out anywhere.
const PROSE_BYTES: usize = 64 << 10;
/// Bytes of it that stand together: so few words that the next page has none of its sentences.
const PIECE: usize = 24;

const WORDS: [&str; 16] = [
    "burrow", "silk", "meadow", "at", "dusk", "eight", "eyes", "shine", "under", "bark", "and", "wait",
    "for", "the", "quiet", "rain",
];

impl Web {
    /// The markup of a page in a version.
    pub(super) fn html(&self, page: PageId, version: u64) -> String {
        let content = self.content_of(page);
        let length = self.length(content) as usize;
        let mut html = String::with_capacity(length + 2_048);
        let _ = write!(html, "<!doctype html><html lang=en><head><title>{}</title>", self.title(content));
        self.meta(page, &mut html);
        let head = html.len();
        let _ = write!(html, "</head><body><h1>{}</h1><p>Version {version}.", self.title(content));
        if let Kind::NearCopy { .. } = self.kind(page) {
            let _ = write!(html, " Printed as No. {}.", page.index);
        }
        html.push_str("</p><ul>");
        // The original's links: a copy's own `rel=canonical` stands in its head.
        let mut position = 0;
        self.links(content, |link| {
            self.anchor(content, position, link, &mut html);
            position += 1;
        });
        html.push_str("</ul><p>");
        self.fill(content, head + length, &mut html);
        html.push_str("</p></body></html>");
        html
    }

    /// The markup of a page in a trap.
    pub(super) fn trap_html(&self, trap: Trap) -> String {
        let mut html = format!("<!doctype html><title>{:?} {}</title><ul>", trap.family, trap.state);
        self.trap_links(trap, |link| match link.to {
            Place::Trap(next) if trap.family == super::Family::Deep && next.state > trap.state => {
                html.push_str("<li><a href=\"in/\">Further in</a>");
            }
            to => {
                let _ = write!(html, "<li><a href=\"{}\">on</a>", escaped(&self.path(to)));
            }
        });
        html.push_str("</ul>");
        html
    }

    /// The title of a page, different for every page that is no copy.
    pub fn title(&self, page: PageId) -> String {
        let hash = self.hash(Question::Title, page);
        format!("{} {} {}", WORDS[hash as usize % 16], page.host, page.index)
    }

    /// The length drawn for a page: log-normal.
    fn length(&self, page: PageId) -> u64 {
        let mean = self.settings.page_bytes as f64;
        let hash = self.hash(Question::Length, page);
        // Box and Muller; the mean of a log-normal distribution with σ = 1 is e^½ times its median.
        let (u, v) = (1.0 - unit(hash), unit(mix(hash)));
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        ((normal - 0.5).exp() * mean).min(mean * 50.0) as u64
    }

    fn meta(&self, page: PageId, html: &mut String) {
        if let Kind::Copy { of, says_so: true } = self.kind(page) {
            let url = self.url(Place::Page(PageId { index: of, ..page }));
            let _ = write!(html, "<link rel=canonical href=\"{}\">", escaped(&url));
        }
        let words = [(self.says_noindex(page), "noindex"), (self.says_nofollow(page), "nofollow")];
        for (_, word) in words.iter().filter(|(says, _)| *says) {
            let _ = write!(html, "<meta name=robots content={word}>");
        }
    }

    fn anchor(&self, from: PageId, position: u32, link: Link, html: &mut String) {
        let host = link.to.host();
        let (path, authority) = (self.path(link.to), self.authority(host));
        let hash = self.part_of_link(Question::Spelling, from, position) as usize;
        let href = if host == from.host {
            Spelling::ALL[hash % Spelling::ALL.len()].write(&path, &authority)
        } else {
            Spelling::ABROAD[hash % Spelling::ABROAD.len()].write(&path, &authority)
        };
        let rel = if link.nofollow { " rel=\"ugc nofollow\"" } else { "" };
        let _ = write!(html, "<li><a href=\"{}\"{rel}>to {host}</a>", escaped(&href));
    }

    fn fill(&self, page: PageId, length: usize, html: &mut String) {
        let prose = prose();
        let mut hash = self.hash(Question::Filler, page);
        while html.len() < length {
            hash = mix(hash);
            let at = hash as usize % (prose.len() - PIECE);
            html.push_str(&prose[at..at + PIECE.min(length - html.len())]);
        }
    }
}

/// A stretch of prose in ASCII, the same for every web.
fn prose() -> &'static str {
    static PROSE: OnceLock<String> = OnceLock::new();
    PROSE.get_or_init(|| {
        let mut text = String::with_capacity(PROSE_BYTES + 16);
        let mut hash = 1;
        while text.len() < PROSE_BYTES {
            hash = mix(hash);
            text.push_str(WORDS[hash as usize % 16]);
            text.push(' ');
        }
        text
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
