//! In which order a site's URLs are served.

/// The order of a crawl. Sites take turns in any order; it is about the URLs of one.
///
/// With a depth limit, levels are served one by one, whatever the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// First found, first served, within four classes that share turns.
    #[default]
    Breadth,
    /// The deepest first; of equally deep ones the first found.
    Depth,
    /// By class, which follows from a score at discovery; a URL that waits is moved to a better class when many links
    /// lead to it.
    Best,
}

impl Order {
    /// All, in the order of their stored codes (only append).
    pub(crate) const ALL: [Self; 3] = [Self::Breadth, Self::Depth, Self::Best];
}
