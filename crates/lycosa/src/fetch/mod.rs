//! The HTTP client: one exchange, every phase limited, every connection seen.
//!
//! [`Client`] implements [`Fetch`](crate::model::Fetch) . `client` is the journey of one exchange;
//! `connect`, `proxy`, `tls` open a connection; `connection` speaks over a `stream`, HTTP/1.1 by `http1` and HTTP/2
//! by hyper; `pool` keeps idle ones, as long as `keep_alive` allows, and bounds the open ones; `body` and `decode`
//! bound what comes back; `deadline` turns limits into typed errors. `dns` and `resolve` are DNS from here and by
//! the system, `guard` the refusal of internal addresses.
//!
//! Left out here: redirects, retries, cookies and the choice of headers, which belong to the layers above.

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
mod http1;
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
