//! Politeness: what a site asks of its visitors, and how long to wait between two requests.
//!
//! Question of this module: *may this path be fetched, and when next?* [`robots`] reads robots.txt and says what
//! the outcome of fetching it means, [`PageRobots`] what a page says of itself, [`retry_after()`] reads the header of that name, [`RetryPolicy`] says what is tried again, [`block`] tells answers that
//! keep the crawler out from content, [`site_delay`] joins every wish to one delay, and [`breaker_rest`] and [`refusal_rest`] say how long a site rests. All pure: bytes, statuses and the present moment come in as
//! arguments. The delay itself is kept by the frontier, which owns all waiting.

pub mod block;
mod delay;
mod page_robots;
mod rest;
mod retry;
mod retry_after;
pub mod robots;

pub use delay::{delay_cause, mean_response_time, site_delay};
pub use page_robots::PageRobots;
pub use rest::{
    ASKED, FIRST_OVERLOAD, INVITED, LONGEST_REFUSAL, OVERLOADS, Sign, asked_for, breaker_rest, overload_time,
    refusal_rest, sign_of, sign_of_failure,
};
pub use retry::{Pause, RetryOptions, RetryPolicy};
pub use retry_after::{MAX_RETRY_AFTER, retry_after};
