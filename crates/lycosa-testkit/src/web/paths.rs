//! How a URL of the web is written, and what it stands for. Every place has one canonical path; a request may write
//! its escapes in either case.

use super::pages::page_word;
use super::prf::Question;
use super::{PageId, Trap, Web};

/// Everything that has a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A page.
    Page(PageId),
    /// A page in a trap.
    Trap(Trap),
    /// The robots.txt of a host.
    Robots(u32),
    /// Where the robots.txt of some hosts has moved to.
    MovedRobots(u32),
    /// The sitemap of a host: the only one, or the index.
    Sitemap(u32),
    /// Where the sitemap of some hosts has moved to.
    MovedSitemap(u32),
    /// The part of this number of a host's sitemap.
    SitemapPart(u32, u32),
}

impl Place {
    /// The host it is on.
    pub fn host(self) -> u32 {
        match self {
            Self::Page(page) => page.host,
            Self::Trap(trap) => trap.host,
            Self::Robots(host)
            | Self::MovedRobots(host)
            | Self::Sitemap(host)
            | Self::MovedSitemap(host)
            | Self::SitemapPart(host, _) => host,
        }
    }
}

/// Where on its host a page lies: what rules of robots.txt are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// Under one of the plain folders.
    Folder(&'static str),
    /// `/view?id=…&lang=en`.
    Query,
    /// `/private/…`.
    Private,
    /// `/private/open/…`.
    Open,
    /// `/notes/p…/draft`.
    Draft,
    /// `/bots/…`.
    Bots,
}

/// Plain folders. One has an escaped letter, so that the case of escapes matters.
const FOLDERS: [&str; 5] = ["a", "b/c", "caf%C3%A9", "notes/2024", "products"];

impl Web {
    /// The branch of a page.
    pub(super) fn branch(&self, page: PageId) -> Branch {
        if page.index == 0 {
            return Branch::Folder("");
        }
        let (part, denied) = (self.part(Question::Branch, page), self.settings.denied);
        let special = [Branch::Private, Branch::Open, Branch::Draft, Branch::Bots];
        if denied > 0
            && let Some(branch) = special.get((part / denied) as usize)
        {
            return *branch;
        }
        match part % 8 {
            7 => Branch::Query,
            folder => Branch::Folder(FOLDERS[folder as usize % FOLDERS.len()]),
        }
    }

    /// The canonical path and query of a place.
    pub fn path(&self, place: Place) -> String {
        match place {
            Place::Page(page) => self.page_path(page),
            Place::Trap(trap) => trap.path(),
            Place::Robots(_) => "/robots.txt".to_owned(),
            Place::MovedRobots(_) => "/meta/robots.txt".to_owned(),
            Place::Sitemap(_) => "/sitemap.xml".to_owned(),
            Place::MovedSitemap(_) => "/maps/sitemap.xml".to_owned(),
            Place::SitemapPart(_, part) => format!("/sitemap-{part}.xml"),
        }
    }

    /// The canonical URL of a place.
    pub fn url(&self, place: Place) -> String {
        format!("http://{}{}", self.authority(place.host()), self.path(place))
    }

    /// A fingerprint of a place, for whoever needs one and no URL.
    pub fn key(&self, place: Place) -> u64 {
        let (word, which) = match place {
            Place::Page(page) => (page_word(page), 0),
            Place::Trap(trap) => (trap.state, 1 + u64::from(trap.host)),
            Place::Robots(host) => (host.into(), u64::MAX),
            Place::MovedRobots(host) => (host.into(), u64::MAX - 1),
            Place::Sitemap(host) => (host.into(), u64::MAX - 2),
            Place::SitemapPart(host, part) => (u64::from(host) << 32 | u64::from(part), u64::MAX - 3),
            Place::MovedSitemap(host) => (host.into(), u64::MAX - 4),
        };
        self.prf.draw(Question::Key, word, which)
    }

    /// The place that a request target on a host stands for, whatever the case of its escapes.
    pub fn place(&self, host: u32, target: &str) -> Option<Place> {
        let place = match target {
            "/" => Place::Page(self.home(host)),
            "/robots.txt" => Place::Robots(host),
            "/meta/robots.txt" => Place::MovedRobots(host),
            "/sitemap.xml" => Place::Sitemap(host),
            "/maps/sitemap.xml" => Place::MovedSitemap(host),
            _ => {
                let page = page_number(target).filter(|index| *index < self.size(host));
                let part = || target.strip_prefix("/sitemap-")?.strip_suffix(".xml")?.parse().ok();
                let trap = || {
                    let family = self.trap_family(host)?;
                    Some(Trap { host, family, state: Trap::state_at(family, target)? })
                };
                match page {
                    Some(index) => Place::Page(PageId { host, index }),
                    None => match part() {
                        Some(part) => Place::SitemapPart(host, part),
                        None => Place::Trap(trap()?),
                    },
                }
            }
        };
        self.path(place).eq_ignore_ascii_case(target).then_some(place)
    }

    /// The place that an absolute URL stands for.
    pub fn place_of_url(&self, url: &str) -> Option<Place> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        self.place(self.host_of_authority(authority)?, if path.is_empty() { "/" } else { path })
    }

    fn page_path(&self, page: PageId) -> String {
        let index = page.index;
        match self.branch(page) {
            Branch::Folder("") => "/".to_owned(),
            Branch::Folder(folder) => format!("/{folder}/p{index}.html"),
            Branch::Query => format!("/view?id={index}&lang=en"),
            Branch::Private => format!("/private/p{index}.html"),
            Branch::Open => format!("/private/open/p{index}.html"),
            Branch::Draft => format!("/notes/p{index}/draft"),
            Branch::Bots => format!("/bots/p{index}.html"),
        }
    }
}

/// The number in a path that looks like a page's.
fn page_number(target: &str) -> Option<u32> {
    let number = match target.strip_prefix("/view?id=") {
        Some(rest) => rest.split('&').next()?,
        None => {
            let (_, rest) = target.rsplit_once("/p")?;
            rest.strip_suffix(".html").or_else(|| rest.strip_suffix("/draft"))?
        }
    };
    number.parse().ok()
}
