//! Places without end. A trap is a family of pages numbered by a state; every one answers 200 and leads on.

use super::prf::Question;
use super::{Link, Place, Web};
use std::fmt::Write;

/// How a trap goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Months, each with the next and the one before.
    Calendar,
    /// A new session id in the path of every link.
    Session,
    /// A relative link that makes the path longer.
    Deep,
    /// The same filters in every order: 109,601 URLs on each host.
    Filters,
}

/// A page in a trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trap {
    /// The host.
    pub host: u32,
    /// How it goes on.
    pub family: Family,
    /// Where in it: months since January 2000, a session id, segments, or digits of base 9 that name filters.
    pub state: u64,
}

/// Filters of [`Family::Filters`], each used once in a URL.
const FILTERS: u64 = 8;

impl Web {
    /// The trap of a host, if it has one. The first host has none.
    pub fn trap_family(&self, host: u32) -> Option<Family> {
        let has = self.prf.part(100, Question::IsTrap, host.into(), 0) < self.settings.trap_percent;
        let families = [Family::Calendar, Family::Session, Family::Deep, Family::Filters];
        let family = families[self.prf.draw(Question::TrapFamily, host.into(), 0) as usize % 4];
        (has && host > 0).then_some(family)
    }

    pub(super) fn trap_root(&self, host: u32, family: Family) -> Trap {
        let state = match family {
            Family::Calendar => 12 * 24,
            Family::Session => self.prf.draw(Question::TrapState, host.into(), 0),
            Family::Deep => 1,
            Family::Filters => 0,
        };
        Trap { host, family, state }
    }

    /// Calls `each` for every link of a trap's page: further in, then home.
    pub fn trap_links(&self, trap: Trap, mut each: impl FnMut(Link)) {
        let mut lead = |state| {
            each(Link { to: Place::Trap(Trap { state, ..trap }), nofollow: false });
        };
        match trap.family {
            Family::Calendar => {
                lead(trap.state + 1);
                if trap.state > 0 {
                    lead(trap.state - 1);
                }
            }
            Family::Session => (0..3).for_each(|k| lead(self.prf.draw(Question::TrapState, trap.state, k))),
            Family::Deep => lead(trap.state + 1),
            Family::Filters => {
                let used = digits(trap.state);
                let unused = (1..=FILTERS).filter(|digit| !used.contains(digit));
                unused.for_each(|digit| lead(trap.state * (FILTERS + 1) + digit));
            }
        }
        each(Link { to: Place::Page(self.home(trap.host)), nofollow: false });
    }
}

impl Trap {
    /// Its path and query.
    pub(super) fn path(self) -> String {
        match self.family {
            Family::Calendar => format!("/calendar/{}/{:02}", 2000 + self.state / 12, self.state % 12 + 1),
            Family::Session => format!("/s/{:016x}/list", self.state),
            Family::Deep => format!("/deep/{}", "in/".repeat(self.state as usize)),
            Family::Filters => {
                let mut path = "/find?".to_owned();
                for digit in digits(self.state) {
                    let _ = write!(path, "f{digit}=1&");
                }
                path.pop();
                path
            }
        }
    }

    /// The state a path stands for.
    pub(super) fn state_at(family: Family, path: &str) -> Option<u64> {
        match family {
            Family::Calendar => {
                let (year, month) = path.strip_prefix("/calendar/")?.split_once('/')?;
                let (year, month): (u64, u64) = (year.parse().ok()?, month.parse().ok()?);
                (1..=12).contains(&month).then(|| Some(year.checked_sub(2000)? * 12 + month - 1))?
            }
            Family::Session => u64::from_str_radix(path.strip_prefix("/s/")?.strip_suffix("/list")?, 16).ok(),
            Family::Deep => {
                let rest = path.strip_prefix("/deep/")?;
                rest.len().is_multiple_of(3).then_some(rest.len() as u64 / 3)
            }
            Family::Filters => {
                let Some(query) = path.strip_prefix("/find?") else { return (path == "/find").then_some(0) };
                query.split('&').take(FILTERS as usize + 1).try_fold(0_u64, |state, part| {
                    let digit: u64 = part.strip_prefix('f')?.strip_suffix("=1")?.parse().ok()?;
                    (1..=FILTERS).contains(&digit).then(|| state * (FILTERS + 1) + digit)
                })
            }
        }
    }
}

/// The digits of a number of base 9, first first.
fn digits(mut state: u64) -> Vec<u64> {
    let mut digits = Vec::new();
    while state > 0 {
        digits.push(state % (FILTERS + 1));
        state /= FILTERS + 1;
    }
    digits.reverse();
    digits
}
