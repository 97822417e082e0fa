//! What a crawler asks of every page: outlinks (`links`), and the facts of its head (`facts`). `scan` collects
//! links without a tree, for pages whose tree had to be cut.

mod facts;
mod links;
mod scan;

#[cfg(test)]
mod tests;

pub use facts::MetaRefresh;
pub use links::{Link, LinkKind, Links};
pub use scan::{ScannedLink, scan_links};
