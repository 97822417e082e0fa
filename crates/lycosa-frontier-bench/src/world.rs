//! The URLs of the measurement: nothing is stored, each follows from its number by a hash. Hosts have sizes by a power
//! law; a page links mostly to its own host.

use std::sync::Arc;

use lycosa::model::{Discovered, Origin, Request, Scheme, SiteKey};
use lycosa::scope::Fingerprint;

/// Exponent of the power law.
const EXPONENT: f64 = 1.1;
/// Links out of a hundred that stay on the host of their page.
const OWN: u64 = 80;

/// The last step of SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Hosts and URLs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    hosts: u64,
    fingerprint: Fingerprint,
}

impl World {
    /// As many hosts as make a hundred URLs each on average.
    pub(crate) fn new(urls: u64, fingerprint: Fingerprint) -> Self {
        Self { hosts: (urls / 100).max(10), fingerprint }
    }

    pub(crate) fn hosts(self) -> u64 {
        self.hosts
    }

    /// A host by the power law: the inverse of the continuous distribution.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a number below the count of hosts"
    )]
    fn host(self, chance: u64) -> u64 {
        let part = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        let power = 1.0 - EXPONENT;
        let most = (self.hosts as f64).powf(power);
        (((most - 1.0) * part + 1.0).powf(1.0 / power) as u64).min(self.hosts) - 1
    }

    /// The URL of a number, as found on the page of another number: it is the same whoever finds it.
    pub(crate) fn url(self, number: u64, parent: &Arc<str>) -> Discovered {
        let page = number / 50;
        let own = mix(number ^ 0x5eed) % 100 < OWN;
        let host = self.host(mix(if own { page ^ 0xa5a5_0000 } else { number ^ 0x77_0000_0000 }));
        let chance = mix(number);
        let name = format!("www.site-{host}.example");
        let path = format!(
            "/{}/{:02}/{}-{number}.html",
            WORDS[(chance >> 8) as usize % WORDS.len()],
            chance >> 16 & 63,
            WORDS[(chance >> 24) as usize % WORDS.len()]
        );
        let request = Request {
            depth: number.ilog10(),
            parent: Some(parent.clone()),
            ..Request::get(format!("https://{name}{path}"))
        };
        let origin = Origin { scheme: Scheme::Https, host: name.into(), port: 443 };
        let key = self.fingerprint.plain(&origin, &path);
        Discovered { key, site: SiteKey(format!("site-{host}.example").into()), origin, request }
    }

    /// The URLs of these numbers, all found on one page.
    pub(crate) fn batch(self, numbers: impl Iterator<Item = u64>) -> Vec<Discovered> {
        let mut numbers = numbers.peekable();
        let first = numbers.peek().copied().unwrap_or(1);
        let page = self.host(mix((first / 50) ^ 0xa5a5_0000));
        let parent: Arc<str> = format!("https://www.site-{page}.example/index-{}.html", first / 50).into();
        numbers.map(|number| self.url(number, &parent)).collect()
    }
}

const WORDS: [&str; 16] = [
    "articles",
    "products",
    "category",
    "archive",
    "news",
    "people",
    "places",
    "reviews",
    "recipes",
    "threads",
    "questions",
    "papers",
    "records",
    "stories",
    "galleries",
    "events",
];
