//! The frontier: which URL is next, and never twice.
//!
//! `tables` is what every implementation knows; `memory` is that and nothing else, `embedded` puts a
//! commit log below it. It does not fetch, does not
//! parse robots.txt, and asks its clock for the time.

pub mod embedded;
pub mod memory;
mod tables;

pub use embedded::Embedded;
pub use memory::Memory;
