//! Lycosa, a web crawler engine: polite, resumable, bounded, with output that is written exactly once.
//!
//! The modules stand in the order in which a URL travels through them.

pub mod error;
pub mod ledger;
pub mod model;

pub mod basic_auth;
pub mod clock;

pub mod fetch;
pub mod middleware;

pub use error::{Error, ErrorKind, Phase, Result};
