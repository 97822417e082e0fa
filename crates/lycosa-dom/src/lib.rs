//! Bytes to text to tree to nodes. No I/O, no clock, no runtime.
mod charset;
#[cfg(test)]
mod corpus;
mod document;
mod name;
mod page;
mod select;
mod text;
mod tokenize;

pub use charset::{CharsetSource, Decoded, decode};
pub use document::{
    Ancestors, Attribute, AttributeId, Attributes, Cancel, Children, CutReason, Descendants, Document,
    NodeId, NodeKind, NodeRef, ParseOptions, Quirks, TreeState,
};
pub use name::Namespace;
pub use page::{Link, LinkKind, Links, MetaRefresh, ScannedLink, scan_links};
pub use select::{Output, Select, Selector, SelectorError};
pub use text::collapse_whitespace;
