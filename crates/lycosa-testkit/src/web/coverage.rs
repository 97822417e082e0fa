//! Which pages a crawl has fetched, or must: one bit for each, and the pages of traps by name. Two of these are
//! compared by digest, and a difference is looked for by halving the range of hosts.

use super::{Digest, PageId, Place, Trap, Web};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Pages that a comparison names.
const NAMED: usize = 8;

/// Numbers for all pages of a web, host after host: eight bytes for each host, none for a page.
#[derive(Debug, Clone)]
pub struct Numbering {
    /// The first number of each host, and the number of pages.
    first: Arc<[u64]>,
}

impl Numbering {
    /// The numbering of a web's pages.
    pub fn new(web: &Web) -> Self {
        let mut next = 0;
        let mut first = Vec::with_capacity(web.hosts() as usize + 1);
        for host in 0..web.hosts() {
            first.push(next);
            next += u64::from(web.size(host));
        }
        first.push(next);
        Self { first: first.into() }
    }

    /// All pages.
    pub fn pages(&self) -> u64 {
        self.first[self.first.len() - 1]
    }

    /// The number of a page.
    pub fn number(&self, page: PageId) -> u64 {
        self.first[page.host as usize] + u64::from(page.index)
    }

    /// The page of a number.
    pub fn page(&self, number: u64) -> PageId {
        let host = self.first.partition_point(|first| *first <= number) - 1;
        PageId { host: host as u32, index: (number - self.first[host]) as u32 }
    }

    fn range(&self, hosts: Range<u32>) -> Range<u64> {
        self.first[hosts.start as usize]..self.first[hosts.end as usize]
    }
}

/// A set of numbers below a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(bound: u64) -> Self {
        Self(vec![0; bound.div_ceil(64) as usize])
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.0[(number / 64) as usize] >> (number % 64) & 1 == 1
    }

    /// Puts a number in; whether it was not there.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let (word, bit) = (&mut self.0[(number / 64) as usize], 1 << (number % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// The numbers of a range that are in, in order.
    pub(super) fn ones(&self, range: Range<u64>) -> impl Iterator<Item = u64> + '_ {
        let words = range.start / 64..range.end.div_ceil(64);
        words
            .flat_map(|at| {
                let mut word = self.0[at as usize];
                std::iter::from_fn(move || {
                    let bit = word.trailing_zeros();
                    word &= word.checked_sub(1)?;
                    Some(at * 64 + u64::from(bit))
                })
            })
            .filter(move |number| range.contains(number))
    }
}

/// A set of pages, with those of traps.
#[derive(Debug, Clone)]
pub struct Coverage {
    web: Web,
    numbering: Numbering,
    pages: Bits,
    traps: BTreeSet<Trap>,
}

impl Coverage {
    /// Nothing yet.
    pub fn new(web: Web, numbering: Numbering) -> Self {
        let pages = Bits::new(numbering.pages());
        Self { web, numbering, pages, traps: BTreeSet::new() }
    }

    /// Puts a page or a trap's page in; whether it was not there. Other places are left out.
    pub fn insert(&mut self, place: Place) -> bool {
        match place {
            Place::Page(page) => self.pages.insert(self.numbering.number(page)),
            Place::Trap(trap) => self.traps.insert(trap),
            _ => false,
        }
    }

    /// Whether a place is in.
    pub fn has(&self, place: Place) -> bool {
        match place {
            Place::Page(page) => self.pages.has(self.numbering.number(page)),
            Place::Trap(trap) => self.traps.contains(&trap),
            _ => false,
        }
    }

    /// The pages on a range of hosts, in order.
    pub fn pages(&self, hosts: Range<u32>) -> impl Iterator<Item = PageId> + '_ {
        self.pages.ones(self.numbering.range(hosts)).map(|number| self.numbering.page(number))
    }

    /// The pages of traps, in order.
    pub fn traps(&self) -> impl Iterator<Item = Trap> + '_ {
        self.traps.iter().copied()
    }

    /// The same without pages of traps.
    #[must_use]
    pub fn without_traps(self) -> Self {
        Self { traps: BTreeSet::new(), ..self }
    }

    /// The digest of everything.
    pub fn digest(&self) -> Digest {
        self.digest_of(0..self.web.hosts())
    }

    /// The digest of what is on a range of hosts.
    pub fn digest_of(&self, hosts: Range<u32>) -> Digest {
        let mut digest = Digest::default();
        let mut traps = self.traps.iter().filter(|trap| hosts.contains(&trap.host));
        traps.by_ref().for_each(|trap| digest.add(&self.web.url(Place::Trap(*trap))));
        for host in hosts {
            let mut url = format!("http://{}", self.web.authority(host));
            let origin = url.len();
            for number in self.pages.ones(self.numbering.range(host..host + 1)) {
                let index = (number - self.numbering.first[host as usize]) as u32;
                url.truncate(origin);
                url.push_str(&self.web.path(Place::Page(PageId { host, index })));
                digest.add(&url);
            }
        }
        digest
    }

    /// The most pages fetched of one host, for crawls with a budget for each.
    pub fn most_of_a_host(&self) -> u64 {
        let count = |host| self.pages.ones(self.numbering.range(host..host + 1)).count() as u64;
        (0..self.web.hosts()).map(count).max().unwrap_or(0)
    }

    /// Compares what a crawl fetched with this, what it had to.
    ///
    /// # Errors
    /// The first host where they differ, and pages there that are missing or too many.
    pub fn compare(&self, found: &Self) -> Result<(), Box<Mismatch>> {
        let (expected, got) = (self.digest(), found.digest());
        if expected == got {
            return Ok(());
        }
        let mut hosts = 0..self.web.hosts();
        while hosts.len() > 1 {
            let middle = hosts.start + (hosts.end - hosts.start) / 2;
            let left = hosts.start..middle;
            hosts = if self.digest_of(left.clone()) == found.digest_of(left.clone()) {
                middle..hosts.end
            } else {
                left
            };
        }
        let host = hosts.start;
        Err(Box::new(Mismatch {
            expected,
            found: got,
            host: self.web.authority(host),
            missing: self.without(found, host),
            extra: found.without(self, host),
        }))
    }

    /// What this has on a host and the other has not: a few, described.
    fn without(&self, other: &Self, host: u32) -> Vec<String> {
        let pages = self.pages(host..host + 1).map(Place::Page);
        let traps = self.traps().filter(|trap| trap.host == host).map(Place::Trap);
        let only = pages.chain(traps).filter(|place| !other.has(*place)).take(NAMED);
        only.map(|place| self.web.describe(place)).collect()
    }
}

impl Web {
    /// A place for people: its URL and what is known of it.
    pub fn describe(&self, place: Place) -> String {
        let url = self.url(place);
        let allowed = if self.allows(place) { "allowed" } else { "denied" };
        let policy = self.policy(place.host());
        match place {
            Place::Page(page) => {
                format!(
                    "{url} (page {}, {:?}, robots.txt {policy:?}: {allowed})",
                    page.index,
                    self.kind(page)
                )
            }
            Place::Trap(trap) => format!("{url} ({:?} trap, {allowed})", trap.family),
            _ => url,
        }
    }
}

/// How a crawl differs from what it had to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What it had to fetch.
    pub expected: Digest,
    /// What it fetched.
    pub found: Digest,
    /// The first host where they differ.
    pub host: String,
    /// A few URLs there that it did not fetch.
    pub missing: Vec<String>,
    /// A few URLs there that it should not have fetched.
    pub extra: Vec<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found, host, missing, extra } = self;
        writeln!(f, "{found} were fetched, not {expected}; the first difference is on {host}")?;
        missing.iter().try_for_each(|url| writeln!(f, "  missing  {url}"))?;
        extra.iter().try_for_each(|url| writeln!(f, "  too many {url}"))
    }
}

impl std::error::Error for Mismatch {}
