//! The built-in middlewares and their order.
//!
//! `stack` holds the one list that says who wraps whom: [`Retry`] outermost, then [`Headers`], then
//! [`Credentials`], then [`Sessions`] and, when there is one, [`Cache`] next to the fetch. Each has a file of its own
//! and knows nothing of the others. The trait and the chain are words of [`model`](crate::model::Middleware).

mod cache;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod credentials;
mod headers;
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
pub use retry::Retry;
pub use session::Sessions;
pub use stack::{ORDER, Place, StackOptions, built_in, insert};
