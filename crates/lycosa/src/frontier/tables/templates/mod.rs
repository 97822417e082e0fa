//! Budgets of shapes: which URLs of a site are parked because it has many like them, and when they are let through.
//!
//! "Delay, do not discard" (BEAST in IRLbot: Lee et al., WWW 2008): what is over its budget stays in the state, in
//! queues that live on disk when there are many. Counting begins with the URL after the first [`FREE`] of a site, so
//! most sites cost a byte. Beyond the shapes that a site has shown to be worth it ([`variety`]), or [`MOST_IN_ALL`] of all, new
//! ones share budgets. Everything follows from what was added and committed, in order: a replay counts the same.

mod stored;
mod variety;

use std::collections::{BTreeMap, HashMap};

use self::variety::Variety;
use super::entry::Entry;
use super::overflow::{Overflow, Place};
use super::waiting::Waiting;
use super::{OpenLease, Tables};
use crate::model::{
    Attempt, Content, Exclusion, ParkedShape, Parking, RequestKind, TemplateBudget, Timestamp,
};
use crate::scope::{is_suspect_path, path_shape, path_template};

/// URLs of a site that are not counted.
const FREE: u8 = 25;
/// Shapes counted apart on all sites, about 100 MB.
const MOST_IN_ALL: usize = 1 << 20;
/// Pages after which it is decided, at least; an eighth of the budget when that is more.
const WINDOW: u32 = 16;
/// URLs let through at once: one commit must not take long.
const AT_ONCE: u32 = 256;
/// A suspect shape has so much of the budget.
const SUSPECT_PART: u32 = 8;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    /// URLs of each site, up to [`FREE`].
    met: Vec<u8>,
    sites: HashMap<u32, Shapes>,
    shapes: usize,
    /// The rule by which budgets were given.
    rule: Option<TemplateBudget>,
    /// Sites that have more parked than a moment ago: they may have nothing else to do.
    parked_on: Vec<u32>,
}

/// The shapes of one site, and what is parked of each, by origin.
#[derive(Debug, Default)]
struct Shapes {
    counts: BTreeMap<u64, Counts>,
    queues: BTreeMap<(u64, u32), Waiting>,
    variety: Variety,
}

/// One shape. Its number is odd when it is suspect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    admitted: u32,
    budget: u32,
    /// Pages since the last decision that said something of their own, and those that did not.
    fresh: u32,
    stale: u32,
    parked: u32,
    /// Its pages repeat one another: no more of them, unless the budget is raised.
    closed: bool,
}

impl Counts {
    fn window(&self) -> u32 {
        WINDOW.max(self.budget / 8)
    }

    fn told(self, shape: u64, entry: &Entry) -> ParkedShape {
        ParkedShape {
            shape: path_shape(entry.path()),
            reason: reason(shape),
            admitted: self.admitted,
            budget: self.budget,
            parked: self.parked,
            is_closed: self.closed,
            is_shared: (path_template(entry.path()) | 1) != (shape | 1),
        }
    }

    /// One more page is known. Whether it was the one that decides.
    fn learn(&mut self, fresh: bool) {
        self.fresh += u32::from(fresh);
        self.stale += u32::from(!fresh);
        let all = self.fresh + self.stale;
        if all < self.window() {
            return;
        }
        if self.fresh * 2 > all {
            self.budget = self.budget.saturating_mul(2);
        } else if self.fresh * 4 > all {
            self.budget = self.budget.saturating_add(all);
        } else {
            (self.budget, self.closed) = (self.budget / 2, true);
        }
        (self.fresh, self.stale) = (0, 0);
    }
}

/// The number of a shape as parked for this reason.
fn reason(shape: u64) -> Exclusion {
    if shape & 1 == 1 { Exclusion::Trap } else { Exclusion::Template }
}

fn shape_of(entry: &Entry, rule: TemplateBudget, now: Timestamp) -> u64 {
    /// Milliseconds of a mean year of the Gregorian calendar.
    const YEAR: u64 = 31_556_952_000;
    let path = entry.linked_path();
    let this_year = u32::try_from(1970 + now.0 / YEAR).unwrap_or(u32::MAX);
    let is_suspect = rule.trap_signs && is_suspect_path(path, this_year);
    (path_template(path) & !1) | u64::from(is_suspect)
}

/// Whether what became of a URL like this says something of its shape.
fn is_judged(entry: &Entry) -> bool {
    is_counted(entry) || entry.kind == RequestKind::Redirect && entry.parent().is_some()
}

/// Whether URLs like this are counted: those found on pages. A seed is wanted, a redirect is on its way already.
fn is_counted(entry: &Entry) -> bool {
    matches!(entry.kind, RequestKind::Page | RequestKind::Render)
        && entry.class > 0
        && entry.parent().is_some()
}

impl Shapes {
    /// The shape as which a URL with this own one is counted, when its budget is used up.
    fn pressed(&self, own: u64, entry: &Entry) -> Option<u64> {
        let has_own = self.counts.contains_key(&own);
        let shape = if has_own { own } else { self.variety.shared(own, entry.linked_path()) };
        let counts = self.counts.get(&shape)?;
        (counts.parked > 0 || counts.admitted >= counts.budget).then_some(shape)
    }

    /// Whether a page of this shape says whether more shapes are worth it: those that have few URLs do.
    fn listen_to(&self, own: u64) -> bool {
        self.variety.asks(self.counts.len())
            && self.counts.get(&own).is_none_or(|counts| variety::is_rare(counts.admitted))
    }
}

impl Templates {
    /// Counts a URL of this site; the shape to park it under when there are enough of these.
    fn admit(&mut self, site: u32, entry: &Entry, rule: TemplateBudget, now: Timestamp) -> Option<u64> {
        self.rule = Some(rule);
        let place = site as usize;
        if self.met.len() <= place {
            self.met.resize(place + 1, 0);
        }
        let met = self.met.get_mut(place)?;
        if *met < FREE {
            *met += 1;
            return None;
        }
        let shapes = self.sites.entry(site).or_default();
        let mut shape = shape_of(entry, rule, now);
        let is_full = shapes.counts.len() >= shapes.variety.allowed() || self.shapes >= MOST_IN_ALL;
        if is_full && !shapes.counts.contains_key(&shape) {
            shape = shapes.variety.shared(shape, entry.path());
        }
        let is_doubtful = shape & 1 == 1 || is_full && !shapes.variety.is_proven();
        let part = if is_doubtful { SUSPECT_PART } else { 1 };
        let counts = shapes.counts.entry(shape).or_insert_with(|| {
            self.shapes += 1;
            Counts { budget: (rule.urls / part).max(1), ..Counts::default() }
        });
        if counts.parked > 0 || counts.closed || counts.admitted >= counts.budget {
            return Some(shape);
        }
        counts.admitted += 1;
        None
    }

    /// A site has more parked; its neighbours among the links of a page are mostly its own.
    fn park_on(&mut self, site: u32) {
        if self.parked_on.last() != Some(&site) {
            self.parked_on.push(site);
        }
    }

    fn park(&mut self, site: u32, shape: u64, entry: &Entry, overflow: &mut Overflow) {
        let shapes = self.sites.entry(site).or_default();
        shapes.counts.entry(shape).or_default().parked += 1;
        shapes.queues.entry((shape, entry.origin)).or_default().push(entry, overflow);
    }

    /// The shapes of a site, and the own one of a URL whose page says something of them.
    fn judged(&self, site: u32, entry: &Entry, now: Timestamp) -> Option<(&Shapes, u64)> {
        let (shapes, rule) = (self.sites.get(&site)?, self.rule?);
        is_judged(entry).then(|| (shapes, shape_of(entry, rule, now)))
    }

    /// Whether a URL like this one may be parked.
    pub(super) fn may_park(&self, site: u32, entry: &Entry, now: Timestamp) -> bool {
        self.judged(site, entry, now).is_some_and(|(shapes, own)| shapes.pressed(own, entry).is_some())
    }

    /// Whether what this URL's page says decides about others.
    pub(super) fn watches(&self, site: u32, entry: &Entry, now: Timestamp) -> bool {
        let judged = self.judged(site, entry, now);
        judged.is_some_and(|(shapes, own)| shapes.listen_to(own) || shapes.pressed(own, entry).is_some())
    }

    fn counts(&mut self, site: u32, shape: u64) -> Option<&mut Counts> {
        self.sites.get_mut(&site)?.counts.get_mut(&shape)
    }

    /// Takes the next parked URL of a shape out, whatever its budget.
    fn pop(&mut self, site: u32, shape: u64, overflow: &mut Overflow) -> Option<Entry> {
        let shapes = self.sites.get_mut(&site)?;
        let (&(_, origin), queue) = shapes.queues.range_mut((shape, 0)..=(shape, u32::MAX)).next()?;
        let entry = queue.pop(origin, overflow)?;
        if queue.is_empty() {
            shapes.queues.remove(&(shape, origin));
        }
        let counts = shapes.counts.get_mut(&shape)?;
        counts.parked -= 1;
        counts.admitted = counts.admitted.saturating_add(1);
        Some(entry)
    }

    fn has_shapes(&self, site: u32) -> bool {
        self.sites.contains_key(&site)
    }

    /// A shape of a site that has parked URLs and was not closed, and how many of them tell whether it is
    /// useful.
    fn undecided(&self, site: u32) -> Option<(u64, u32)> {
        let counts = &self.sites.get(&site)?.counts;
        let open = counts.iter().filter(|(_, counts)| counts.parked > 0 && !counts.closed);
        // In turn: one that never tells anything must not hold up the others.
        open.min_by_key(|(_, counts)| counts.admitted).map(|(shape, counts)| (*shape, counts.window()))
    }

    /// Takes out the entry of this origin that this is true of.
    fn take(
        &mut self,
        site: u32,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<(u64, Entry)> {
        let shapes = self.sites.get_mut(&site)?;
        let mut queues = shapes.queues.iter_mut().filter(|((_, of), _)| *of == origin);
        let (key, entry) =
            queues.find_map(|(key, queue)| Some((*key, queue.take(origin, &wanted, overflow)?)))?;
        if shapes.queues.get(&key).is_some_and(Waiting::is_empty) {
            shapes.queues.remove(&key);
        }
        let counts = shapes.counts.get_mut(&key.0)?;
        counts.parked -= 1;
        counts.admitted = counts.admitted.saturating_add(1);
        Some((key.0, entry))
    }

    /// Gives every shape at least what the rule says now, and another chance, when it says more than before.
    fn raise(&mut self, rule: TemplateBudget) {
        let before = self.rule.replace(rule);
        let is_more =
            before.is_some_and(|before| rule.urls > before.urls || (before.trap_signs && !rule.trap_signs));
        if !is_more {
            return;
        }
        for (shape, counts) in self.sites.values_mut().flat_map(|shapes| &mut shapes.counts) {
            let part = if shape & 1 == 1 && rule.trap_signs { SUSPECT_PART } else { 1 };
            counts.budget = counts.budget.max(rule.urls / part);
            (counts.closed, counts.fresh, counts.stale) = (false, 0, 0);
        }
    }

    /// The shapes that have parked URLs.
    fn parked(&self) -> Vec<(u32, u64)> {
        let mut parked: Vec<_> = self
            .sites
            .iter()
            .flat_map(|(site, shapes)| shapes.counts.iter().map(|(shape, counts)| (*site, *shape, counts)))
            .filter(|(_, _, counts)| counts.parked > 0)
            .map(|(site, shape, _)| (site, shape))
            .collect();
        parked.sort_unstable();
        parked
    }

    /// Where it has something elsewhere.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.sites.values_mut().flat_map(|shapes| shapes.queues.values_mut()).flat_map(Waiting::places)
    }

    /// Bytes of entries in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.sites.values().flat_map(|shapes| shapes.queues.values()).map(Waiting::held).sum()
    }

    /// Moves entries out of memory where that many bytes of them wait in one place.
    pub(super) fn shed(&mut self, least: usize, overflow: &mut Overflow) {
        for ((_, origin), queue) in self.sites.values_mut().flat_map(|shapes| &mut shapes.queues) {
            queue.shed(*origin, least, overflow);
        }
    }

    /// How many URLs of a site are parked.
    pub(super) fn parked_of(&self, site: u32) -> u64 {
        let shapes = self.sites.get(&site).into_iter();
        shapes.flat_map(|shapes| shapes.counts.values()).map(|counts| u64::from(counts.parked)).sum()
    }

    /// Takes out what is parked of a site and shows it with its shape, until `visit` says `false`.
    pub(super) fn drain(
        &mut self,
        site: u32,
        overflow: &mut Overflow,
        mut visit: impl FnMut(&Entry, Parking) -> bool,
    ) -> bool {
        let Some(Shapes { counts, queues, .. }) = self.sites.remove(&site) else { return true };
        for ((shape, origin), mut queue) in queues {
            let counts = counts.get(&shape).copied().unwrap_or_default();
            while let Some(entry) = queue.pop(origin, overflow) {
                if !visit(&entry, Parking::Shape(counts.told(shape, &entry))) {
                    return false;
                }
            }
        }
        true
    }

    /// How many URLs are parked as over their budget, and how many as suspect.
    pub(super) fn parked_by_reason(&self) -> (u64, u64) {
        let all = self.sites.values().flat_map(|shapes| &shapes.counts);
        all.fold((0, 0), |(templates, traps), (shape, counts)| match reason(*shape) {
            Exclusion::Trap => (templates, traps + u64::from(counts.parked)),
            _ => (templates + u64::from(counts.parked), traps),
        })
    }
}

impl Tables {
    fn template_budget(&self) -> Option<TemplateBudget> {
        self.limits.templates.filter(|_| !self.serves_by_level())
    }

    /// Parks a URL that is over the budget of its shape; why, if so.
    pub(super) fn park_excess(&mut self, site: u32, entry: &Entry, now: Timestamp) -> Option<Exclusion> {
        let rule = self.template_budget().filter(|_| is_counted(entry))?;
        let shape = self.templates.admit(site, entry, rule, now)?;
        self.templates.park(site, shape, entry, &mut self.overflow);
        self.stats.pending -= 1;
        self.stats.parked += 1;
        *self.parked_for(shape) += 1;
        self.leave_level(entry.depth, now);
        self.templates.park_on(site);
        Some(reason(shape))
    }

    fn parked_for(&mut self, shape: u64) -> &mut u64 {
        match reason(shape) {
            Exclusion::Trap => &mut self.stats.parked_traps,
            _ => &mut self.stats.parked_templates,
        }
    }

    /// Learns what became of a URL, and lets others of its shape through when that was good.
    pub(super) fn learn_of_shape(&mut self, lease: &OpenLease, content: Option<Content>, now: Timestamp) {
        let Some((shapes, own)) = self.templates.judged(lease.site, &lease.entry, now) else { return };
        let (is_heard, pressed) = (shapes.listen_to(own), shapes.pressed(own, &lease.entry));
        if let (true, Some(content), Some(shapes)) =
            (is_heard, content, self.templates.sites.get_mut(&lease.site))
        {
            shapes.variety.learn(content);
        }
        let Some(shape) = pressed else { return };
        // Only a page tells: what is gone or leads to what is known has no links either, so there is an end to it.
        if let (Some(content), Some(counts)) = (content, self.templates.counts(lease.site, shape)) {
            counts.learn(content == Content::New);
        }
        let room = self.templates.counts(lease.site, shape).filter(|counts| !counts.closed);
        let room = room.map_or(0, |counts| counts.budget.saturating_sub(counts.admitted));
        self.let_through(lease.site, shape, room.min(AT_ONCE), now);
    }

    /// Looks whether sites on which URLs were parked have anything else to do; after what else a commit brings is known.
    pub(super) fn rouse_parked(&mut self, now: Timestamp) {
        if self.templates.parked_on.is_empty() {
            return;
        }
        // Once each, however many URLs of a page were parked.
        let mut sites = std::mem::take(&mut self.templates.parked_on);
        sites.sort_unstable();
        sites.dedup();
        for site in sites.drain(..) {
            self.rouse(site, now);
        }
        self.templates.parked_on = sites;
    }

    /// A site that has nothing else to do gets a few parked URLs of a shape about which nothing is decided.
    pub(super) fn rouse(&mut self, index: u32, now: Timestamp) {
        // Most sites park nothing, and most of the others have something to do: shapes are looked through after that.
        if !self.templates.has_shapes(index) {
            return;
        }
        let is_idle = self.sites.look(index, |site| {
            site.leased == 0
                && site.queued == 0
                && site.retries.is_empty()
                && site.origins.iter().all(|origin| origin.held.is_empty())
        });
        if is_idle == Some(true)
            && let Some((shape, count)) = self.templates.undecided(index)
        {
            self.let_through(index, shape, count.min(AT_ONCE), now);
        }
    }

    /// Queues that many parked URLs of a shape.
    fn let_through(&mut self, index: u32, shape: u64, count: u32, now: Timestamp) {
        for _ in 0..count {
            let Some(entry) = self.templates.pop(index, shape, &mut self.overflow) else { return };
            *self.parked_for(shape) -= 1;
            self.unpark(entry.counted_depth());
            self.let_wait(index, None, entry, now);
            self.shed_excess();
        }
    }

    /// Takes out a parked entry, which counts as waiting then.
    pub(super) fn take_from_shapes(
        &mut self,
        site: u32,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Option<Entry> {
        let (shape, entry) = self.templates.take(site, origin, wanted, &mut self.overflow)?;
        *self.parked_for(shape) -= 1;
        self.unpark(entry.counted_depth());
        Some(entry)
    }

    /// Takes in the rule of this run: a budget that was raised, or is no more.
    pub(super) fn apply_template_budget(&mut self, now: Timestamp) {
        let rule = self.template_budget();
        if let Some(rule) = rule {
            self.templates.raise(rule);
        }
        for (site, shape) in self.templates.parked() {
            let room = match self.templates.counts(site, shape) {
                Some(_) if rule.is_none() => u32::MAX,
                Some(counts) if !counts.closed => counts.budget.saturating_sub(counts.admitted),
                _ => 0,
            };
            self.let_through(site, shape, room, now);
            self.rouse(site, now);
        }
    }
}

/// What the last page of these says.
pub(super) fn content_of(attempts: &[Attempt]) -> Option<Content> {
    attempts.last().and_then(|attempt| attempt.content)
}
