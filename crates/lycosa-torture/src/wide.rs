//! The synthetic web of many hosts in the place of a few synthetic sites: redirects and their loops, copies, pages that
//! are down once or for ever, every kind of robots.txt, traps. What a crawl of it must leave, by its own oracle.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use lycosa_testkit::web::{Ask, Coverage, Kind, Place, Rules, Settings, Shares, Web};

use crate::dice::Dice;

/// The host whose home page a crawl begins at.
const SEED: u32 = 0;

/// Links of a page that are items.
const LINKS: usize = 3;

/// What keeps a crawl out of traps that have no end.
pub(crate) const TRAPS: &str = r"^http://[^/]*/(calendar/|s/|deep/|find($|\?))";

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide {
    web: Web,
    rules: Rules,
}

/// An answer of the web.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) latency: Duration,
    /// What is wrong with having asked.
    pub(crate) wrong: Option<String>,
}

/// What must be there in the end.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// Titles of pages by URL.
    pub(crate) pages: BTreeMap<String, String>,
    /// Name and price of items by page and own name.
    pub(crate) items: BTreeMap<String, (String, String)>,
    /// URLs that gave no page, with their status if they have one of their own.
    pub(crate) outcomes: BTreeMap<String, Option<u16>>,
}

impl Wide {
    pub(crate) fn new(dice: &mut Dice, max_depth: Option<u32>) -> Self {
        let shares = Shares { flaky: 30, redirects: 80, loops: 10, ..Shares::default() };
        let settings = Settings {
            seed: dice.next(),
            hosts: 12,
            pages: dice.between(120, 200),
            links_per_page: 8,
            shares,
            crawl_delay_ms: (5, 20),
            trap_percent: 30,
            latency_ms: (0, 8),
            page_bytes: 700,
            ..Settings::default()
        };
        Self {
            web: Web::new(settings),
            rules: Rules { max_depth, traps: max_depth.is_some(), ..Rules::default() },
        }
    }

    pub(crate) fn seed(&self) -> String {
        self.web.url(Place::Page(self.web.home(SEED)))
    }

    /// Whether traps are walked into, as far as the depth allows.
    pub(crate) fn has_traps(&self) -> bool {
        self.rules.traps
    }

    pub(crate) fn address(&self, authority: &str, port: u16) -> Option<SocketAddr> {
        let host = self.web.host_of_authority(authority)?;
        Some(SocketAddr::from((self.web.address(host), port)))
    }

    pub(crate) fn answer(&self, authority: &str, target: &str, visit: u64) -> Option<Answered> {
        let host = self.web.host_of_authority(authority)?;
        let wrong = match self.web.place(host, target) {
            None => Some(format!("nothing leads to {target} on {authority}, and it was asked for")),
            Some(place) if !self.web.allows(place) => {
                Some(format!("robots.txt denies {target} on {authority}, and it was asked for"))
            }
            Some(_) => None,
        };
        let (first, now_ms) = (visit == 1, 1_700_000_000_000);
        let ask = Ask { host, target, now_ms, first, if_none_match: None, if_modified_since: None };
        let answer = self.web.answer(&ask);
        let (status, headers, body, latency) = (answer.status, answer.headers, answer.body, answer.latency);
        Some(Answered { status, headers, body, latency, wrong })
    }

    /// The one spelling of a URL, if it leads to a page of this web.
    pub(crate) fn canonical(&self, url: &str) -> Option<String> {
        self.web.place_of_url(url).map(|place| self.web.url(place))
    }

    /// Where the redirects from a URL lead, one after the other, each once.
    pub(crate) fn chain(&self, url: &str) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = self.web.place_of_url(url);
        while let Some(Place::Page(page)) = at
            && let Kind::Redirect(_, to) = self.web.kind(page)
        {
            let next = self.web.url(Place::Page(to));
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
            at = Some(Place::Page(to));
        }
        chain
    }

    pub(crate) fn whole(&self) -> Whole {
        let mut whole = Whole::default();
        let coverage: Coverage = self.web.coverage(self.rules, &[SEED]);
        for page in coverage.pages(0..self.web.hosts()) {
            let url = self.web.url(Place::Page(page));
            match self.web.kind(page) {
                Kind::Dead(status) => drop(whole.outcomes.insert(url, Some(status))),
                Kind::Redirect(..) => drop(whole.outcomes.insert(url, None)),
                _ => {
                    let content = self.web.content_of(page);
                    let title = self.web.title(content);
                    whole.items.insert(format!("{url} h1"), (title.clone(), String::new()));
                    let mut number = 0;
                    self.web.links(content, |link| {
                        if number < LINKS {
                            let name = format!("to {}", link.to.host());
                            whole.items.insert(format!("{url} {number}"), (name, String::new()));
                        }
                        number += 1;
                    });
                    whole.pages.insert(url, title);
                }
            }
        }
        for trap in coverage.traps() {
            let title = format!("{:?} {}", trap.family, trap.state);
            whole.pages.insert(self.web.url(Place::Trap(trap)), title);
        }
        whole
    }
}

/// The items of a page of this web, by its heading and the texts of its list of links.
pub(crate) fn items(heading: Option<&str>, links: &[&str]) -> Vec<(String, String)> {
    let named = links.iter().filter(|text| text.starts_with("to ")).take(LINKS).enumerate();
    let named = named.map(|(number, text)| (number.to_string(), (*text).to_owned()));
    heading.map(|text| ("h1".to_owned(), text.to_owned())).into_iter().chain(named).collect()
}
