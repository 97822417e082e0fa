//! The keyed hash that everything is drawn from: splitmix64's finaliser over the key, the question and two numbers.
//! Fast, well mixed, and no secret: a test may be repeated by whoever knows the seed.

/// What is asked about a host, page or link. The numbers decide the web: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Question {
    Domain = 1,
    Suffix,
    Www,
    IsSubdomain,
    Parent,
    SharesAddress,
    Address,
    IsTrap,
    TrapFamily,
    TrapLink,
    TrapState,
    Kind,
    Loop,
    Status,
    Target,
    TargetHost,
    Original,
    Canonical,
    Branch,
    Link,
    LinkHost,
    LinkPage,
    Nofollow,
    MetaNofollow,
    Noindex,
    Spelling,
    Policy,
    CrawlDelay,
    HasSitemap,
    Latency,
    Length,
    Phase,
    Period,
    Filler,
    Title,
    Key,
    Lastmod,
    SitemapPlace,
}

/// The hash under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prf(u64);

impl Prf {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6c79_636f_7361_2121))
    }

    /// 64 bits for a question about two numbers.
    pub(super) fn draw(self, question: Question, a: u64, b: u64) -> u64 {
        let first = mix(self.0 ^ (question as u64).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ a);
        mix(first ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// From 0 to 99, or to 999 with `of` 1,000, and so on.
    pub(super) fn part(self, of: u32, question: Question, a: u64, b: u64) -> u32 {
        below(self.draw(question, a, b), of.into()) as u32
    }
}

/// splitmix64's finaliser, a bijection that spreads every bit.
pub(super) fn mix(mut state: u64) -> u64 {
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// A hash as a number below `bound`, evenly.
pub(super) fn below(hash: u64, bound: u64) -> u64 {
    ((u128::from(hash) * u128::from(bound)) >> 64) as u64
}

/// A hash as a number from 0 up to, not including, 1.
pub(super) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}
