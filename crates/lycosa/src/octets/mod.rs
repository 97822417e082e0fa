//! Conventions about single octets that URLs, robots.txt and sitemaps share: percent escapes and byte-order
//! marks; and how much of a text a message repeats.
//!
//! Layer 0, private to the library: pure functions over bytes. What a URL *is* stays with `scope`; the charset of
//! pages stays with `lycosa-dom`, which knows many more encodings than the three that a mark can announce.

mod escape;
mod mark;

pub(crate) use escape::{is_normal, push_normal};
pub(crate) use lycosa_rules::{excerpt, without_middle};
pub(crate) use mark::{Unmarked, unmarked};
