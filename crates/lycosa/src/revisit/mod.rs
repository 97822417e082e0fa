//! When is a page visited again? Pure: no clock, no I/O; time goes in and comes out as a value.
//!
//! - `estimate`: what visits tell about a page: its rate of change, whether it changes regularly, whether its dates can be
//!   believed;
//! - `worth`: what one more visit is worth (the time for which what is held is up to date again), and from when on it is
//!   worth a given threshold;
//! - `lastmod`: what a date in a sitemap changes about that, and when a sitemap is worth another reading;
//! - `threshold`: the worth that a site's visits must have so that they just fit into what politeness and budgets leave.
//!
//! The policy is the one that is optimal for a known rate: to visit every page at the moment when its worth reaches a
//! threshold common to all, chosen so that the bandwidth is used up (Cho and Garcia-Molina, "Effective page refresh
//! policies for web crawlers", ACM TODS 2003; Azar, Horvitz, Lubetzky, Peres and Shahaf, "Tractable near-optimal policies
//! for crawling", PNAS 2018). Pages that change too fast to be kept up are left alone by the same rule. docs/recrawl.md
//! says more. Left out: fetching, storing, and what counts as a page's content.

mod estimate;
mod lastmod;
#[cfg(test)]
mod simulation;
mod threshold;
mod worth;

pub use estimate::{Seen, again, first, is_condition_due};
pub use lastmod::{HARDLY_EVER, Hint, next_reading};
pub use threshold::Threshold;
pub use worth::{Bounds, lifetime, next_due, worth};
