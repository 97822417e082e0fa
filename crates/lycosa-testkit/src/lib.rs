//! Servers for Lycosa's own tests: they speak raw HTTP/1.1 over TCP on loopback, so that they can do what a
//! well-behaved library refuses to do (lie about lengths, stop half-way, reset, never end).
//!
//! - [`Server`] runs one site on a thread of its own and keeps a log of every request that arrived;
//! - [`Response`] says what to answer *and how to misbehave while answering*;
//! - [`traps`] has a name for each hostile answer a crawler meets;
//! - [`synthetic`] is a whole site computed from a seed, with an oracle that says what a crawl must find;
//! - [`web`] is a web of many hosts and any number of pages, computed likewise, with addresses, manners and traps.
//!
//! The crate must not depend on `lycosa`: an oracle that shares code with what it judges proves nothing.
//! It fails by panicking, as test code does. No TLS, no HTTP/2 of its own: those come from real servers that
//! [`daemon`] starts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
mod body;
pub mod daemon;
mod gate;
mod log;
mod request;
mod response;
mod server;
pub mod synthetic;
pub mod traps;
pub mod web;

pub use body::{Body, gzip, gzip_bomb};
pub use gate::Gate;
pub use log::{Hit, monotonic_micros};
pub use request::Request;
pub use response::Response;
pub use server::{Reserved, Server, Site};
