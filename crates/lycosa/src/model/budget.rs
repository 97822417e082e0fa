//! How many URLs of one shape a site may have before they prove useful, and what is said of one that is beyond.

use super::Exclusion;

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

/// Why an accepted URL is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parking {
    /// It is deeper than the depth limit has become.
    Depth,
    /// Its site has too many URLs of its shape.
    Shape(ParkedShape),
}

impl Parking {
    /// The reason in a word.
    #[must_use]
    pub fn reason(&self) -> Exclusion {
        match self {
            Self::Depth => Exclusion::Depth,
            Self::Shape(shape) => shape.reason,
        }
    }
}

/// The shape of a parked URL, and how its budget stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ParkedShape {
    /// What its URLs have in common: `/calendar/{n}/{n}`.
    pub shape: String,
    /// [`Exclusion::Template`], or [`Exclusion::Trap`] when it looks like a trap's.
    pub reason: Exclusion,
    /// URLs of it that were let through.
    pub admitted: u32,
    /// URLs of it that may be.
    pub budget: u32,
    /// URLs of it that are parked.
    pub parked: u32,
    /// Whether its pages were found to repeat one another, so that no more are let through under this budget.
    pub is_closed: bool,
    /// Whether the budget is one that several rare shapes of a site with very many share.
    pub is_shared: bool,
}
