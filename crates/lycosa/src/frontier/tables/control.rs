//! What is changed for the whole frontier: pausing, budgets, the depth limit, the rules of politeness and the order.
//!
//! A change that decides where things wait places all of them anew, one site after the other. What it leaves out: rests of
//! single sites (`look`).

use super::Tables;
use super::site::Site;
use crate::model::{Control, Limits, Timestamp};

impl Tables {
    /// Makes a change.
    pub(crate) fn control(&mut self, control: Control, now: Timestamp) {
        match control {
            Control::Bar(site, until) => return self.bar(&site, until, now),
            // Who may be asked when does not change, nor with a budget of all: no site need be looked at.
            Control::Pause => return self.paused = true,
            Control::Resume => return self.paused = false,
            Control::Limits(limits) => {
                let before = std::mem::replace(&mut self.limits, limits);
                let placing =
                    |limits: &Limits| (limits.templates, limits.max_depth, limits.max_pages_per_host);
                if placing(&before) == placing(&limits) {
                    return;
                }
                if before.max_depth != limits.max_depth {
                    self.place_all(now);
                } else if before.max_pages_per_host != limits.max_pages_per_host {
                    self.set_all_aside(now);
                }
                self.note_spent();
                self.apply_template_budget(now);
            }
            Control::Pace(pace) => {
                let order = std::mem::replace(&mut self.pace, pace).order;
                if order != pace.order {
                    self.place_all(now);
                    self.begin_degrees();
                }
                if !pace.robots {
                    self.place_held(now);
                }
                self.breakers.heed(&pace.patience);
            }
        }
        self.schedule_all(now, |_| {});
    }

    /// Looks at every site anew, after a rule or something about all of them has changed.
    pub(super) fn schedule_all(&mut self, now: Timestamp, change: impl Fn(&mut Site)) {
        self.waiting_sites.clear();
        for index in self.sites.numbers() {
            self.sites.set_waits_for(index, None);
            if let Some(site) = self.sites.wake(index, &mut self.overflow) {
                change(site);
                site.readmit_all();
            }
            self.schedule(index, now);
        }
    }

    /// Queues what is held for robots.txt, which nobody asks for any more.
    pub(super) fn place_held(&mut self, now: Timestamp) {
        for index in self.sites.numbers() {
            let Some(site) = self.sites.wake(index, &mut self.overflow) else { return };
            let held: Vec<_> =
                site.origins.iter_mut().map(|origin| std::mem::take(&mut origin.held)).collect();
            for (held, origin) in held.into_iter().zip(0..) {
                self.release(index, origin, held, now);
            }
        }
    }
}
