//! What Google's extensions of the protocol say of an entry: images, videos, news and other languages. Addresses and
//! titles are taken; what only search results show (captions, durations, prices) is not.

use url::Url;

use crate::model::Timestamp;

/// Images and videos together, and languages, that are kept of one entry.
const MOST_OF_ENTRY: usize = 1_000;

/// Addresses and titles of extensions that are kept of one file.
const MOST_OF_FILE: usize = 200_000;

/// Bytes of an address or title that are kept.
const LONGEST: usize = 2_083;

/// The same page in another language: `<xhtml:link rel="alternate" hreflang="de" href="…"/>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternate {
    /// The language as written, such as `de-AT` or `x-default`.
    pub lang: Box<str>,
    /// The page's absolute URL.
    pub url: Url,
}

/// `<news:news>`: an article of the last days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// When it was published.
    pub published: Option<Timestamp>,
    /// Its title.
    pub title: Option<Box<str>>,
}

/// What the extensions say of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extensions {
    /// The same page in other languages, itself among them.
    pub alternates: Vec<Alternate>,
    /// Images on the page: `<image:loc>`.
    pub images: Vec<Url>,
    /// Videos on the page, or their players: `<video:content_loc>`, `<video:player_loc>`.
    pub videos: Vec<Url>,
    /// The article it is.
    pub news: Option<News>,
}

/// The elements of an entry that belong to an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Image,
    Video,
    News,
}

impl Container {
    /// By local name: prefixes and namespaces are wrong as often as right.
    pub(super) fn of(local: &str) -> Option<Self> {
        let known = [("image", Self::Image), ("video", Self::Video), ("news", Self::News)];
        known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(local)).map(|(_, container)| container)
    }
}

/// A field of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Image,
    Video,
    Published,
    Title,
}

impl Extra {
    pub(super) fn of(container: Container, local: &str) -> Option<Self> {
        let is = |name: &str| local.eq_ignore_ascii_case(name);
        match container {
            Container::Image if is("loc") => Some(Self::Image),
            Container::Video if is("content_loc") || is("player_loc") => Some(Self::Video),
            Container::News if is("publication_date") => Some(Self::Published),
            Container::News if is("title") => Some(Self::Title),
            _ => None,
        }
    }
}

impl Extensions {
    /// Takes a field up; `kept` counts what is kept of the file.
    pub(super) fn take(&mut self, extra: Extra, text: &str, base: &Url, kept: &mut usize) {
        if text.len() > LONGEST || *kept >= MOST_OF_FILE {
            return;
        }
        *kept += 1;
        let url = || base.join(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let has_room = self.images.len() + self.videos.len() < MOST_OF_ENTRY;
        match extra {
            Extra::Image if has_room => self.images.extend(url()),
            Extra::Video if has_room => self.videos.extend(url()),
            Extra::Image | Extra::Video => {}
            Extra::Published => self.news.get_or_insert_default().published = super::parse_date(text),
            Extra::Title => self.news.get_or_insert_default().title = Some(text.into()),
        }
    }

    /// Takes a language up, likewise.
    pub(super) fn alternate(&mut self, lang: &str, href: &str, base: &Url, kept: &mut usize) {
        let is_short = href.len() <= LONGEST && (1..=40).contains(&lang.len());
        if !is_short || *kept >= MOST_OF_FILE || self.alternates.len() >= MOST_OF_ENTRY {
            return;
        }
        if let Some(url) = base.join(href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        {
            *kept += 1;
            self.alternates.push(Alternate { lang: lang.into(), url });
        }
    }
}
