//! What a crawler asks of every page: outlinks (`links`), and the facts of its head (`facts`). `outlinks` has every
//! address with what is said about it, those in `srcset` included. `scan` collects links without a tree, for pages
//! whose tree had to be cut.

mod facts;
mod links;
mod outlinks;
mod scan;
mod srcset;

#[cfg(test)]
mod tests;

pub use facts::MetaRefresh;
pub use links::{Link, LinkKind, Links};
pub use outlinks::AllLinks;
pub use scan::{ScannedLink, scan_links};
pub use srcset::{ImageCandidate, ImageCandidates, image_candidates};
