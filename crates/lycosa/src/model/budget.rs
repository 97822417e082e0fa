//! How many URLs of one shape a site may have before they prove useful.

/// The budget of URLs that have one shape (`/calendar/{n}/{n}`) on one site: more are parked. Where their pages say
/// something of their own the budget doubles, again and again; where they repeat one another no more are let through.
/// The first 25 URLs of a site are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateBudget {
    /// URLs of a shape, 1 or more.
    pub urls: u32,
    /// Whether URLs whose address looks like a trap's (sessions, repeated segments, far years) are a shape of their own
    /// with an eighth of that.
    pub trap_signs: bool,
}

impl Default for TemplateBudget {
    fn default() -> Self {
        Self { urls: Self::URLS, trap_signs: true }
    }
}

impl TemplateBudget {
    /// The default budget: large enough that most shapes of most sites never meet it, small enough that a trap on every
    /// hundredth host costs a crawl one or two percent.
    pub const URLS: u32 = 100;
}
