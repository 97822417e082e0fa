//! From a host to its site: the unit of politeness, of queues and of shards.
//!
//! A site is the registrable domain: one label more than the public suffix, the private section of the list
//! included, so that `a.github.io` and `b.github.io` are two sites and `www.example.co.uk` belongs to
//! `example.co.uk`. A literal address is its own site, and so is a host without a registrable domain (`localhost`,
//! a public suffix itself). An override puts a domain and everything below it into a site of its own choice.
//!
//! The list is compiled in and pinned to one release, because another list can move a host to another site.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use url::{Host, Url};

use crate::domain::registrable;
use crate::model::SiteKey;

/// Release number of the compiled-in public-suffix list (the patch number of the pinned `psl` release).
pub const SUFFIX_LIST_VERSION: u32 = 247;

/// Counts up whenever the rule from host to site changes, the list apart.
pub const SITE_KEY_VERSION: u32 = 1;

/// The host of an absolute http(s) URL, as URLs write it (IPv6 in brackets).
pub(crate) fn host_of(url: &Url) -> Option<&str> {
    match url.host()? {
        Host::Domain("") => None,
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => url.host_str(),
    }
}

/// Rules from host to site, with a bounded memory of what was worked out before.
#[derive(Debug, Default)]
pub struct SiteRules {
    overrides: BTreeMap<Box<str>, SiteKey>,
    shards: [Mutex<Generations>; SHARDS],
}

const SHARDS: usize = 16;
/// Hosts remembered per generation of a shard: 16 × 2 × 512 hosts, about 2 MB.
const GENERATION: usize = 512;

/// Hosts met lately and before: when `young` is full it becomes `old`, so what is in use survives.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Arc<str>, SiteKey>,
    old: HashMap<Arc<str>, SiteKey>,
}

impl SiteRules {
    /// Rules with overrides: domain → site. A domain stands for itself and everything below it; of several that
    /// fit, the longest decides. Domains are compared in lower case.
    #[must_use]
    pub fn new(overrides: impl IntoIterator<Item = (String, String)>) -> Self {
        let overrides = overrides
            .into_iter()
            .map(|(domain, site)| {
                let domain = domain.trim_matches('.').to_ascii_lowercase();
                (domain.into_boxed_str(), SiteKey(site.to_ascii_lowercase().into()))
            })
            .collect();
        Self { overrides, shards: Default::default() }
    }

    /// The site of a canonical host, and the host as a shared string.
    #[must_use]
    pub fn site(&self, host: &str) -> (Arc<str>, SiteKey) {
        let shard = host.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let mut shard = self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, site)) = shard.young.get_key_value(host) {
            return (name.clone(), site.clone());
        }
        let (name, site) = match shard.old.remove_entry(host) {
            Some(known) => known,
            None => self.work_out(host),
        };
        if shard.young.len() >= GENERATION {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(name.clone(), site.clone());
        (name, site)
    }

    fn work_out(&self, host: &str) -> (Arc<str>, SiteKey) {
        let name: Arc<str> = host.into();
        if let Some(site) = self.overridden(host) {
            return (name, site);
        }
        let registrable = registrable(host);
        let site = if registrable == host { name.clone() } else { registrable.into() };
        (name, SiteKey(site))
    }

    fn overridden(&self, host: &str) -> Option<SiteKey> {
        let mut domain = host;
        loop {
            if let Some(site) = self.overrides.get(domain) {
                return Some(site.clone());
            }
            domain = domain.split_once('.')?.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(host: &str) -> String {
        SiteRules::default().site(host).1.0.to_string()
    }

    #[test]
    fn a_site_is_the_registrable_domain_with_the_private_section() {
        let table = [
            ("www.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("a.github.io", "a.github.io"),
            ("x.a.github.io", "a.github.io"),
            ("github.io", "github.io"),
            ("co.uk", "co.uk"),
            ("localhost", "localhost"),
            ("intranet.corp", "intranet.corp"),
            ("web.intranet.corp", "intranet.corp"),
            ("127.0.0.1", "127.0.0.1"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ];
        for (host, expected) in table {
            assert_eq!(site(host), expected, "{host}");
        }
    }

    #[test]
    fn the_longest_override_decides_for_everything_below_it() {
        let rules = SiteRules::new([
            ("github.io".to_owned(), "github.io".to_owned()),
            ("Alone.github.io".to_owned(), "alone".to_owned()),
        ]);
        assert_eq!(&*rules.site("a.github.io").1.0, "github.io");
        assert_eq!(&*rules.site("x.alone.github.io").1.0, "alone");
        assert_eq!(&*rules.site("github.com").1.0, "github.com");
    }

    #[test]
    fn the_memory_of_hosts_is_bounded_and_shares_strings() {
        let rules = SiteRules::default();
        for number in 0..100_000 {
            let host = format!("h{number}.example.org");
            assert_eq!(&*rules.site(&host).1.0, "example.org");
        }
        let kept: usize = rules
            .shards
            .iter()
            .map(|shard| shard.lock().map_or(0, |shard| shard.young.len() + shard.old.len()))
            .sum();
        assert!(kept <= SHARDS * 2 * GENERATION, "{kept}");
        let (first, _) = rules.site("h1.example.org");
        let (second, _) = rules.site("h1.example.org");
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn the_version_names_the_list_that_is_compiled_in() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let Ok(text) = std::fs::read_to_string(lock) else {
            println!("skipped: no lock file beside the workspace");
            return;
        };
        let after = text.split("name = \"psl\"\nversion = \"").nth(1).expect("psl is locked");
        let version = after.split('"').next().unwrap_or_default();
        assert_eq!(version, format!("2.1.{SUFFIX_LIST_VERSION}"));
    }
}
