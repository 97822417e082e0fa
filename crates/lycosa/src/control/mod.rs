//! The control socket of a running crawl, and the configuration that is read again while it runs.
//!
//! `protocol` is what is said over the socket, `adjust` turns named values into a change of rules, `server` serves them,
//! `client` asks, `place` is where the socket is, `reload` watches a configuration file. What a change means is the
//! crawler's ([`Controls`](crate::crawler::Controls)).

mod adjust;
mod client;
mod place;
mod protocol;
mod reload;
mod server;
#[cfg(test)]
mod tests;

pub use adjust::{ADJUSTABLE, adjustable, adjustment, twice};
pub use client::ask;
pub use place::{FILE, path as socket_path};
pub use protocol::{Order, Reply};
pub use reload::{ConfigState, Reload};
pub use server::ControlServer;
