//! Whether a page says something of its own: asked of pages whose shape of URL has used up its budget, so that a
//! catalogue is told from a trap.
//!
//! Numbers do not count: the months of a calendar and the results of a filter differ in them and say nothing new. Two
//! pages whose letters are the same are one; so are two that are nearly the same (SimHash) and bear the same title, but
//! for numbers. The memory is that of [`SeenContent`]: bounded, of this run.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::contents::Contents;
use super::journey::Journey;
use super::shown::Shown;
use crate::extract::{Likeness, simhash};
use crate::model::{Content, Page};

impl Journey {
    /// Whether a page says what no page of a watched shape said before; none when its shape is not watched.
    pub(super) fn novelty(&self, page: &Page<'_>, shown: &Shown<'_>) -> Option<Content> {
        if !self.lease.watched {
            return None;
        }
        let title = page.document.and_then(|document| document.title()).unwrap_or_default();
        Some(judge(&self.shared.novelties, page.url.as_str(), &title, shown.words()))
    }
}

fn judge(seen: &Contents, url: &str, title: &str, text: &str) -> Content {
    let mut said = Vec::with_capacity(title.len() + 1 + text.len());
    push_letters(&mut said, title);
    let under = xxh3_64(&said);
    said.push(b'\n');
    push_letters(&mut said, text);
    let whole = xxh3_128(&said);
    // Texts under one title keep their distance, texts under different ones are far apart.
    let near = simhash(text).map(|near| near ^ under);
    match seen.see(url, whole, near) {
        Likeness::New => Content::New,
        Likeness::Same(_) | Likeness::Near(_) => Content::Repeats,
    }
}

/// The letters of a text, in lower case.
fn push_letters(out: &mut Vec<u8>, text: &str) {
    for character in text.chars() {
        if character.is_ascii_alphabetic() {
            out.push(u8::try_from(character.to_ascii_lowercase()).unwrap_or_default());
        } else if !character.is_ascii() && character.is_alphabetic() {
            for lower in character.to_lowercase() {
                out.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pages: &[(&str, &str)]) -> Vec<Content> {
        let seen = Contents::default();
        let pages = pages.iter().enumerate();
        pages.map(|(at, (title, text))| judge(&seen, &format!("http://a.test/{at}"), title, text)).collect()
    }

    #[test]
    fn what_differs_in_numbers_alone_says_nothing_new() {
        let told = told(&[
            ("Calendar 288", "May 2024: no events. 1 2 3"),
            ("Calendar 289", "May 2025: no events. 1 2 3 4"),
            ("Calendar 290", "Fair of the village"),
        ]);
        assert_eq!(told, [Content::New, Content::Repeats, Content::New]);
    }

    #[test]
    fn products_in_one_frame_are_told_apart_by_their_titles() {
        let frame = "imprint contact shipping and returns ".repeat(60);
        let page = |name: &str| format!("{frame} {name} is made of oak");
        let texts = [page("chair"), page("table"), page("lamp")];
        let titles = ["Chair", "Table", "Lamp"];
        let pages: Vec<_> = titles.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        assert_eq!(told(&pages), [Content::New; 3]);
        let sorted: Vec<_> = texts.iter().map(|text| ("Search", text.as_str())).collect();
        assert_eq!(
            told(&sorted)[1..],
            [Content::Repeats; 2],
            "one title for the same frame: results of a search"
        );
    }
}
