//! The HTTP client: one exchange, every phase limited, every connection seen.
//!
//! [`Client`] implements [`Fetch`](crate::model::Fetch) over hyper's connection types, without hyper's pool or
//! connector. `client` is the journey of one exchange; `connect`, `proxy`, `tls` open a connection; `connection`
//! drives one (inline, by whoever uses it: an HTTP/1 connection has no task of its own, so dropping it closes
//! it) over a `stream`; `pool` keeps idle ones, as long as `keep_alive` allows, and bounds the open ones; `body` and `decode` bound what comes back; `deadline` turns limits into typed
//! errors. `dns` and `resolve` are DNS from here and by the system, `guard` the refusal of internal addresses.
//!
//! Left out here: redirects, retries, cookies and the choice of headers, which belong to the layers above.

mod bell;
mod body;
mod client;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod connect;
mod connection;
mod deadline;
mod decode;
pub mod dns;
pub mod guard;
mod keep_alive;
mod options;
mod pool;
mod proxy;
pub mod resolve;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

pub use client::Client;
pub use dns::DnsResolver;
pub use guard::{AddressGuard, Allowance};

pub use options::{ClientOptions, HttpVersion, PoolOptions, Timeouts, TlsOptions};
pub use proxy::Proxy;
pub use resolve::SystemResolver;
