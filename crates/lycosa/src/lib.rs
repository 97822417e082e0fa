//! Lycosa, a web crawler engine: polite, resumable, bounded, with output that is written exactly once.
//!
//! The modules stand in the order in which a URL travels through them.

// Layer 0: words.
pub mod basic_auth;
mod domain;
pub mod error;
mod host_pattern;
pub mod ledger;
pub mod model;
mod octets;
pub mod telemetry;

// Layer 1: pure stages.
#[cfg(test)]
mod corpus;
pub mod extract;
pub mod politeness;
pub mod profiles;
pub mod proxies;
pub mod scope;
pub mod session;
pub mod sitemap;

// Layer 2: stages that touch the world.
pub mod clock;
pub mod fetch;
pub mod frontier;
pub mod seed;
pub mod sink;

// Layer 3: what wraps a fetch.
pub mod middleware;

// Layer 4: the loop that joins them.
pub mod engine;

// Layer 5: the faces.
pub mod config;
pub mod crawler;

pub use crawler::Crawler;
pub use error::{Error, ErrorKind, Phase, Result};
pub use extract::item::Item;
#[cfg(feature = "derive")]
pub use lycosa_derive::Item;
/// The URL type of this library's signatures.
pub use url;

/// The README's programs, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
