//! What a visit to a site must be worth, so that the site's visits just fit.
//!
//! A controller with one number. When visits come later than they were due, there is more to do than can be done and the
//! threshold rises; when they come on time, it falls. How fast does not depend on how many pages there are: in the time
//! between two visits to a page it changes by a factor of e^0.3 at most, so that what it has caused is seen before it goes
//! on. Being a little late is the aim, since a server that is never waited for is idle part of the time.

use std::time::Duration;

use crate::model::{Timestamp, Visit};

use super::lastmod::Hint;
use super::worth::{Bounds, worth};

/// How fast it may change.
const SPEED: f64 = 0.3;
/// Turns by which a visit may be late.
const TURNS: f64 = 3.0;
/// The part of its interval by which a visit may be late beside that.
const PART: f64 = 0.02;
/// A visit worth this part of the threshold is made: putting it off costs something too.
const GOOD_ENOUGH: f64 = 0.8;
/// Where it begins: with little to do, everything is worth a visit.
const BEGINNING: f64 = 60.0;
const LEAST: f64 = 1.0;
const MOST: f64 = 365.0 * 86_400.0;

/// The threshold of one site, in seconds of a page that is up to date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    worth: f64,
    /// The last visit that was due, the last that dates had no part in or that they made worth it, and how long one takes
    /// when others wait.
    last: Option<Timestamp>,
    made: Option<Timestamp>,
    turn: f64,
}

impl Default for Threshold {
    fn default() -> Self {
        Self { worth: BEGINNING, last: None, made: None, turn: 0.0 }
    }
}

impl Threshold {
    /// The worth a visit must have now.
    #[must_use]
    pub fn worth(&self) -> f64 {
        self.worth
    }

    /// A page of the site has its turn: learns from how late it is, and says whether it is to be visited. One that was not
    /// for `max` is in any case. What sitemaps said of it since is the `hint`.
    pub fn admits(
        &mut self,
        visit: &Visit,
        hint: Hint,
        due: Timestamp,
        now: Timestamp,
        bounds: Bounds,
    ) -> bool {
        let interval = due.since(visit.at).max(Duration::from_secs(1)).as_secs_f64();
        let late = now.since(due).as_secs_f64();
        let since = |last: Option<Timestamp>| last.map_or(interval, |last| now.since(last).as_secs_f64());
        // One that is due because of a date that is worth nothing takes no turn, and says nothing of those that do.
        let is_idle = hint.grace().is_some() && !self.is_worth(visit, hint, now, bounds);
        let waited = since(self.made);
        if late > waited && waited > 0.0 && !is_idle {
            // It waited for the one before: that took a turn.
            self.turn = if self.turn == 0.0 { waited } else { self.turn + (waited - self.turn) / 8.0 };
        }
        let grace = hint.grace().unwrap_or_default().as_secs_f64();
        let aim = TURNS * self.turn + PART * interval + 1.0 + grace;
        let excess = ((late - aim) / aim).clamp(-1.0, if is_idle { 0.0 } else { 1.0 });
        let part = (since(self.last) / interval.max(4.0 * self.turn)).min(1.0);
        self.worth = (self.worth * (SPEED * excess * part).exp()).clamp(LEAST, MOST);
        self.last = Some(now);
        if !is_idle {
            self.made = Some(now);
        }
        self.is_worth(visit, hint, now, bounds)
    }

    fn is_worth(&self, visit: &Visit, hint: Hint, now: Timestamp, bounds: Bounds) -> bool {
        now.since(visit.at) >= bounds.max || hint.worth(visit, now) >= self.worth * GOOD_ENOUGH
    }

    /// Begins where a page's due time says that it stood: for a site that was forgotten.
    #[must_use]
    pub fn resumed(visit: &Visit, due: Timestamp) -> Self {
        Self { worth: worth(visit, due).clamp(LEAST, MOST), ..Self::default() }
    }
}
