//! A web of many hosts computed from a seed: nothing is stored, every answer follows from `(settings, host, page)` by
//! a keyed hash, so a web of ten million pages is as large as its settings.
//!
//! - `settings`: what can be chosen; [`Web::new`];
//! - `prf`, `sizes`: the hash, and what is drawn from it (host sizes and choices by Zipf's law);
//! - `hosts`, `pages`, `paths`, `traps`: which hosts there are, what each page is and whom it links, how URLs are
//!   written and read back, and the places without end;
//! - `robots`, `sitemaps`, `dates`, `markup`, `answer`: what a server says about all this;
//! - `access_log`, `serve`, `dns`: a server over real sockets on many addresses of 127/8, and a log of fixed size;
//! - `coverage`, `digest`, `oracle`, `measures`, `freshness`: what a crawl must fetch, and how well it did.
//!
//! A crawl in one process, under a clock of its own, asks [`Web::answer`] directly; this crate knows no crawler.
//! Left out: TLS, cookies, scripts, languages; `traps` beside this module has hostile answers.

mod access_log;
mod answer;
mod coverage;
mod dates;
mod digest;
mod dns;
mod freshness;
mod hosts;
mod markup;
mod measures;
mod oracle;
mod pages;
mod paths;
mod prf;
mod robots;
mod serve;
mod settings;
mod sitemaps;
mod sizes;
#[cfg(test)]
mod tests;
mod traps;

pub use access_log::{AccessLog, Arrival, Asked, Counts, Manners};
pub use answer::{Answer, Ask};
pub use coverage::{Coverage, Mismatch, Numbering};
pub use digest::Digest;
pub use dns::NameServer;
pub use freshness::FreshTime;
pub use measures::{Freshness, in_degrees, mass_of_first};
pub use oracle::Rules;
pub use pages::{Kind, Link, PageId};
pub use paths::Place;
pub use robots::Policy;
pub use serve::WebServer;
pub use settings::{LastmodShares, Settings, Shares, Web};
pub use sitemaps::{Lastmod, SitemapRule};
pub use traps::{Family, Trap};
