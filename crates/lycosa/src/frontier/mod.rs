//! The frontier: which URL is next, and never twice.
//!
//! `tables` is what every implementation knows; `memory` is that and nothing else, `embedded` puts a commit log
//! below it, `conformance` is the suite that each runs. It does not fetch, does not parse robots.txt, and asks its
//! clock for the time.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
pub mod memory;
mod tables;
#[cfg(test)]
mod tests;

pub use embedded::Embedded;
pub use memory::Memory;
