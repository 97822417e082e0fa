//! Configuration: every option of a crawl in one struct, from `lycosa.toml`, `--set` and flags.
//!
//! `options` is the struct, `profiles`, `sessions`, `judgement`, `order`, `span`, `size`, `secret`, `proxy_list` and `header` are what it is made of. `layers` puts
//! defaults, file, `--set` and flags on top of each other; `inspect` reads one of them and finds every mistake,
//! with `names` for typos and `place` for lines and columns; `verify` tries out what the options say (selectors,
//! patterns, addresses, names of outputs), `outputs` turns them into sinks. `problem` is how mistakes are told, `schema` describes the file.
//!
//! # For faces
//! A command turns each flag that was given into a text under its key and lets [`Layers`] do the rest, so that
//! a wrong value reads the same wherever it was written:
//!
//! ```
//! use lycosa::config::Layers;
//! let mut layers = Layers::new();
//! layers.text("lycosa.toml", "max_pages = 100\ndelay = '250ms'");
//! layers.set("max_pages=50")?;
//! layers.flag("--delay", "delay", ["1s"]);
//! layers.flag("--include", "include", ["/docs/", "/blog/"]);
//! let options = layers.build()?;
//! assert_eq!(options.max_pages, Some(50));
//! assert_eq!(options.delay.unwrap().0.as_secs(), 1);
//! assert_eq!(options.include, ["/docs/", "/blog/"]);
//! # Ok::<(), lycosa::config::ConfigError>(())
//! ```

mod crawl;
mod header;
mod inspect;
mod judgement;
mod layers;
mod names;
mod options;
mod order;
mod outputs;
mod place;
mod problem;
mod profiles;
mod proxy_list;
mod recrawl;
mod schema;
mod secret;
mod sessions;
mod size;
mod span;
mod verify;

#[cfg(test)]
mod tests;

pub use crawl::Occasion;
pub use header::HeaderLine;
pub use judgement::{CanonicalFields, DuplicatesField, RobotsTagsField};
pub use layers::{Layers, check, load};
pub use options::{
    CrawlOptions, Durability, MalformedField, OutlinksField, RetryFailure, RetryFields, Timeouts,
};
pub use order::{OrderField, OrderFields, ScoreField};
pub use problem::{ConfigError, Problem, Source};
pub use profiles::{HostFields, ProfileFields};
pub use recrawl::{RecrawlFields, RecrawlRecordsField};
pub use schema::{EXAMPLE, schema};
pub use secret::Secret;
pub use sessions::{SessionFields, SessionRotation};
pub use size::ByteSize;
pub use span::Span;
