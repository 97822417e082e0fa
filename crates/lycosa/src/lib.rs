//! Lycosa, a web crawler engine: polite, resumable, bounded, with output that is written exactly once.
//!
//! The modules stand in the order in which a URL travels through them.

pub mod error;
pub mod ledger;
pub mod model;
mod octets;

pub mod clock;

pub mod seed;

pub mod scope;

pub mod politeness;

pub mod sitemap;

pub mod extract;

pub mod sink;

pub mod config;

#[cfg(test)]
mod corpus;

pub use error::{Error, ErrorKind, Phase, Result};
