//! The built-in middlewares and their order.
//!
//! `stack` holds the one list that says who wraps whom: [`Retry`] outermost, then [`Headers`], then
//! [`Credentials`], then [`Sessions`], [`Cache`] and [`Proxies`] next to the fetch, each when there is one. Each has a
//! file of its own and knows nothing of the others. The trait and the chain are words of
//! [`model`](crate::model::Middleware).

mod cache;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod credentials;
mod headers;
mod proxy;
mod retry;
#[cfg(test)]
mod script;
mod session;
mod stack;
#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use credentials::Credentials;
pub use headers::{Headers, USER_AGENT, parse_field};
pub use proxy::Proxies;
pub use retry::Retry;
pub use session::Sessions;
pub use stack::{ORDER, Place, StackOptions, built_in, insert};
