//! Looking at the tables, and changing by hand what they say of a URL or a site.
//!
//! Looking at what waits takes it out, a block at a time: for tables that are thrown away afterwards, and in as little
//! memory as serving takes.

use super::entry::Entry;
use super::{Mark, Place, Site, Tables};
use crate::model::{
    Discovered, HostRecord, Origin, Outcome, Parking, RequestKind, Revisit, SiteKey, Timestamp, UrlKey,
};

/// Where a URL of the tables is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// In a queue, or held until robots.txt of its origin is there; not before this moment if there is one.
    Waiting(Option<Timestamp>),
    /// Held back.
    Parked(Parking),
    /// Handed out.
    Leased,
}

impl Tables {
    /// The URL of an open lease.
    pub(crate) fn leased(&self, token: u64) -> Option<Discovered> {
        let lease = self.leases.get(&token)?;
        self.discovered(lease)
    }

    /// What is known of a URL.
    pub(crate) fn mark(&self, key: UrlKey) -> Option<Mark> {
        self.seen.get(key)
    }

    /// Keeps to the depth limit and the rule about robots.txt that a stored state has.
    pub(crate) fn keep_rules(&mut self) {
        self.keeps_rules = true;
    }

    /// Every site, in the order in which they were met, until `visit` says `false`.
    pub(crate) fn visit_sites(&self, visit: impl FnMut(HostRecord) -> bool) {
        self.sites.numbers().filter_map(|number| self.record(number)).all(visit);
    }

    /// Takes out and shows what is open, of one site or of all, until `visit` says `false`.
    pub(crate) fn drain(
        &mut self,
        only: Option<&SiteKey>,
        mut visit: impl FnMut(Discovered, Whereabouts) -> bool,
    ) {
        let range = match only {
            None => self.sites.numbers(),
            Some(site) => match self.sites.find(site) {
                Some(index) => index..index + 1,
                None => return,
            },
        };
        let mut tokens: Vec<u64> = self.leases.keys().copied().collect();
        tokens.sort_unstable();
        let leased = tokens.into_iter().filter_map(|token| self.leased(token));
        for found in leased.filter(|found| only.is_none_or(|site| *site == found.site)) {
            if !visit(found, Whereabouts::Leased) {
                return;
            }
        }
        range.into_iter().all(|index| self.drain_site(index, &mut visit));
    }

    fn drain_site(&mut self, index: u32, visit: &mut impl FnMut(Discovered, Whereabouts) -> bool) -> bool {
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return true };
        let parked = std::mem::take(&mut site.parked);
        let mut waiting = site.empty();
        let (site, origins) = (site.key.clone(), site.origins.iter().map(|state| state.origin.clone()));
        let origins: Vec<Origin> = origins.collect();
        let fingerprint = self.fingerprint;
        let whole = |entry: &Entry| {
            let origin = origins.get(entry.origin as usize)?.clone();
            let (key, request) = (entry.key(&origin, fingerprint), entry.request(&origin));
            Some(Discovered { key, site: site.clone(), origin, request })
        };
        while let Some((at, entry)) = waiting.next(&mut self.overflow) {
            if whole(&entry).is_some_and(|found| !visit(found, Whereabouts::Waiting(at))) {
                return false;
            }
        }
        let too_deep = parked.iter().filter_map(|(_, entry)| whole(entry));
        if !too_deep.into_iter().all(|found| visit(found, Whereabouts::Parked(Parking::Depth))) {
            return false;
        }
        self.templates.drain(index, &mut self.overflow, |entry, why| {
            whole(entry).is_none_or(|found| visit(found, Whereabouts::Parked(why)))
        })
    }

    /// Where everything is that waits outside of memory, each block once.
    pub(crate) fn places(&mut self) -> Vec<Place> {
        let mut places = Vec::new();
        for number in self.sites.numbers() {
            // Not woken: one that wakes sends another to sleep, which then may move something.
            places.extend(self.sites.look(number, Site::all_places).unwrap_or_default());
        }
        let others = self.revisits.places().chain(self.templates.places()).chain(self.arrivals.places());
        places.extend(others.map(|place| *place));
        places
    }

    /// How many robots.txt requests wait at a site: its record counts them with what waits.
    pub(crate) fn waiting_robots(&mut self, key: &SiteKey) -> u64 {
        let Some(index) = self.sites.find(key) else { return 0 };
        let Some(site) = self.sites.wake(index, &mut self.overflow) else { return 0 };
        // What may be among them is looked at where there may be some.
        if !site.origins.iter().any(|origin| origin.robots_pending) && !site.has_errands() {
            return 0;
        }
        let mut count = 0;
        let mut count_one = |entry: &Entry| count += u64::from(entry.kind == RequestKind::Robots);
        site.retries.values().for_each(&mut count_one);
        site.each_urgent(&mut self.overflow, count_one);
        count
    }

    /// The next visit of a URL. Visits looked through are taken out.
    pub(crate) fn next_visit(&mut self, key: UrlKey) -> Option<Revisit> {
        let mut effort = usize::MAX;
        while let Some((due, bytes)) = self.revisits.pop(Timestamp(u64::MAX), &mut effort, &mut self.overflow)
        {
            let (_, found, entry) = self.read_revisit(&bytes).ok()?;
            if found == key && !self.revisits.returns.is_dropped(key, entry.generation()) {
                // What was planned by a clock that was set back since lies where it is meant now.
                let mut revisit = Revisit { due, ..entry.revisit()?.clone() };
                if let Some(date) = self.revisits.told.get(key) {
                    revisit.hear(date, revisit.due);
                }
                return Some(revisit);
            }
        }
        None
    }

    /// Takes in a URL with its outcome; `false` when it is known.
    pub(crate) fn take_in(&mut self, found: &Discovered, outcome: &Outcome) -> bool {
        let mark = Mark::of(outcome);
        if !self.seen.add(found.key, mark) {
            return false;
        }
        *self.outcomes(mark) += 1;
        self.stats.known += 1;
        self.stats.done += 1;
        let index = self.site(&found.site);
        if let Some(site) = self.sites.wake(index, &mut self.overflow) {
            site.done += 1;
            site.failed += u64::from(mark == Mark::Failed);
        }
        true
    }

    /// Lets a site rest until a moment, whatever clocks say when the state is opened again; 0 ends every rest but what
    /// politeness asks for: its delay, and its turn at a network when it comes there.
    pub(crate) fn bar(&mut self, key: &SiteKey, until: Timestamp, now: Timestamp) {
        let index = self.site(key);
        if let Some(site) = self.sites.wake(index, &mut self.overflow) {
            site.blocked_until = until;
        }
        if until.0 == 0 {
            self.barred.remove(&index);
            self.breakers.end_rest(index, now);
            self.gates.let_go(index);
        } else {
            self.barred.insert(index, until);
        }
        self.schedule(index, now);
    }

    /// Until when a site rests by hand.
    pub(crate) fn barred_until(&self, key: &SiteKey) -> Option<Timestamp> {
        self.barred.get(&self.sites.find(key)?).copied()
    }
}

impl Mark {
    /// What an outcome is remembered as.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Fetched { .. } => Self::Fetched,
            Outcome::Redirect { .. } | Outcome::Alias { .. } => Self::Redirected,
            Outcome::Excluded { .. } => Self::Excluded,
            Outcome::Failed { .. } => Self::Failed,
        }
    }
}
