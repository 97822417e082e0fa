//! Proxies: which one an exchange goes through, and which ones rest because they failed.
//!
//! A [`ProxyPool`] lets proxies take turns, ejects those that fail and lets them back in. [`NoProxy`] says what goes
//! past them, and [`ProxyRoutes`] joins both: the pool for a URL, as the user gave it or as the environment says.
//! Pure: time and variables are arguments. The `proxy` middleware joins them to exchanges; greetings of proxies and
//! the reading of their URLs belong to `fetch`.
//!
//! ```
//! # use std::sync::Arc;
//! use lycosa::proxies::{ProxyOptions, ProxyPolicy, ProxyPool};
//!
//! let options = ProxyOptions { policy: ProxyPolicy::Sticky, ..ProxyOptions::default() };
//! let pool = Arc::new(ProxyPool::new(["http://one.example:3128", "socks5h://two.example"], options));
//! let crawler = lycosa::Crawler::new("https://example.org").options(|options| options.proxies = Some(pool.clone()));
//! // Afterwards `pool.stats()` tells how often each was used, failed and was ejected.
//! ```

mod no_proxy;
mod pool;
mod routes;

pub use no_proxy::NoProxy;
pub use pool::{Chosen, ProxyOptions, ProxyOutcome, ProxyPolicy, ProxyPool, ProxyStats};
pub use routes::ProxyRoutes;
