//! The suite of frontiers: what [`Frontier`] and [`Outbox`] promise, told as stories that any implementation can
//! be asked to live through.
//!
//! A [`Stand`] is one frontier with a clock that only the suite turns, so nothing here waits for real time. After
//! every step the counts must add up. What a file system or a network may do to an implementation is not asked
//! here; each tests that on its own.

mod asked;
mod budgets;
mod control;
mod dates;
mod host_pages;
mod leases;
mod levels;
mod order;
mod outbox;
mod politeness;
mod rests;
mod revisits;
mod robots;
mod templates;
mod urls;
mod wait;
mod world;

pub use wait::{is_ready, wait};

use self::world::Check;
use crate::model::{Discovered, Frontier, Limits, ManualClock, Outbox, Pace};

/// One frontier under test.
pub trait Stand {
    /// The frontier.
    fn frontier(&self) -> &dyn Frontier;

    /// The outbox of the same crawl.
    fn outbox(&self) -> &dyn Outbox;

    /// The clock it was built with.
    fn clock(&self) -> &ManualClock;

    /// Ends the process, kindly or not, and opens what it left under these budgets and rules, on the same clock.
    /// `false`, and nothing happens, when the implementation promises nothing beyond the process.
    fn reopen(&mut self, limits: Limits, pace: Pace) -> bool;

    /// Writes now whatever the implementation writes now and then to open faster; nothing by default.
    fn snapshot(&self) {}

    /// Lets URLs that have an outcome wait again by hand; how many did, `None` when the implementation knows no such thing.
    fn again(&self, batch: Vec<Discovered>) -> Option<usize> {
        drop(batch);
        None
    }
}

/// Makes a fresh, empty stand.
pub type Make<'a> = dyn FnMut(Limits, Pace) -> Box<dyn Stand> + 'a;

type Story = (&'static str, fn(&mut Make<'_>) -> Check);

/// Runs the whole suite.
///
/// # Errors
/// Every violation, a line each, with the story in which it came to light.
pub fn check(make: &mut Make<'_>) -> Result<(), String> {
    let chapters: [&[Story]; 15] = [
        urls::STORIES,
        levels::STORIES,
        leases::STORIES,
        outbox::STORIES,
        budgets::STORIES,
        host_pages::STORIES,
        politeness::STORIES,
        rests::STORIES,
        asked::STORIES,
        order::STORIES,
        templates::STORIES,
        robots::STORIES,
        control::STORIES,
        revisits::STORIES,
        dates::STORIES,
    ];
    let mut violations = Vec::new();
    for (name, story) in chapters.into_iter().flatten() {
        violations.extend(story(make).err().map(|what| format!("{name}: {what}")));
    }
    if violations.is_empty() { Ok(()) } else { Err(violations.join("\n")) }
}
