//! A site as bytes: what it is while it sleeps, and what a snapshot holds of it. Its name comes first.
//!
//! Open leases are not among them (a site that has some does not sleep; a snapshot stores them apart), nor is what
//! follows from the rest. Names of hosts are written beside the site's own, which most of them end in.

use std::time::Duration;

use super::entry::Entry;
use super::overflow::{Overflow, Place};
use super::packed::Packed;
use super::site::{OriginState, Site};
use super::waiting::Waiting;
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Origin, Robots, Scheme, SiteKey, Timestamp};

/// Bits of an origin's first byte.
mod flag {
    pub(super) const HTTPS: u8 = 1;
    pub(super) const OWN_PORT: u8 = 2;
    pub(super) const UNDER_SITE: u8 = 4;
    pub(super) const ROBOTS_PENDING: u8 = 8;
    pub(super) const RULES_ELSEWHERE: u8 = 16;
    pub(super) const HOLDS: u8 = 32;
}

impl Site {
    /// Whether it may be packed: nothing of it is lent, and it is not large.
    pub(super) fn may_sleep(&self) -> bool {
        let timed = self.retries.len() + self.parked.len();
        self.leased == 0 && timed * 64 + self.packed_size() < super::sites::LARGE
    }

    /// Gets ready to be packed: what is elsewhere already is dropped, and what need not be here goes elsewhere.
    pub(super) fn lie_down(&mut self, overflow: &mut Overflow) {
        self.shorten_copies();
        if let Some(least) = overflow.least_to_shed() {
            self.shed(least, overflow);
        }
        for origin in &mut self.origins {
            origin.put_rules_elsewhere(overflow);
        }
    }

    /// Writes all of it but its open leases.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_text(out, &self.key.0);
        wire::put_number(out, self.started.map_or(0, |at| at.0.saturating_add(1)));
        wire::put_number(out, self.blocked_until.0);
        wire::put_span(out, self.response_time);
        wire::put_number(out, self.done);
        wire::put_number(out, self.failed);
        wire::put_number(out, self.pages);
        wire::put_list(out, &self.origins, |out, state| state.store(&self.key, out));
        self.store_queues(out);
        wire::put_number(out, self.retries.len() as u64);
        self.retries.iter().for_each(|((at, _), entry)| put_timed(out, Some(*at), entry));
        wire::put_number(out, self.parked.len() as u64);
        self.parked.iter().for_each(|(at, entry)| put_timed(out, *at, entry));
        if let Some(dates) = &self.dates {
            wire::put_site_dates(out, dates);
        }
    }

    /// The mean response time of what [`Self::store`] wrote, and how many URLs are done.
    pub(super) fn peek(bytes: &[u8]) -> Result<(Duration, u64), Damaged> {
        let mut reader = Reader::new(bytes);
        reader.text()?;
        reader.number()?;
        reader.time()?;
        Ok((reader.span()?, reader.number()?))
    }

    /// Reads what [`Self::store`] wrote. What comes from a file is looked at throughout and counted as in use (`check`).
    pub(super) fn load(
        reader: &mut Reader<'_>,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<Self, Damaged> {
        let mut site = Self::new(SiteKey(reader.text()?.into()));
        site.started = reader.number()?.checked_sub(1).map(Timestamp);
        site.blocked_until = reader.time()?;
        site.response_time = reader.span()?;
        site.done = reader.number()?;
        site.failed = reader.number()?;
        site.pages = reader.number()?;
        for _ in 0..reader.number()? {
            let state = OriginState::load(reader, &site.key, check, overflow)?;
            site.add_origin(state)?;
        }
        site.load_queues(reader, check, overflow)?;
        let count = u32::try_from(site.origins.len()).map_err(|_| Damaged)?;
        for (at, entry) in reader.list(|reader| read_timed(reader, count))? {
            site.retry(at.ok_or(Damaged)?, entry);
        }
        site.parked = reader.list(|reader| read_timed(reader, count))?;
        if !reader.is_empty() {
            site.dates = Some(Box::new(wire::read_site_dates(reader)?));
        }
        if reader.is_empty() { Ok(site) } else { Err(Damaged) }
    }
}

fn put_timed(out: &mut Vec<u8>, at: Option<Timestamp>, entry: &Entry) {
    wire::put_option(out, at, |out, at| wire::put_number(out, at.0));
    wire::put_number(out, u64::from(entry.origin));
    let mut one = Packed::default();
    one.push(entry);
    one.store(out);
}

fn read_timed(reader: &mut Reader<'_>, origins: u32) -> Result<(Option<Timestamp>, Entry), Damaged> {
    let at = reader.option(Reader::time)?;
    let origin = reader.small()?;
    let mut one = Packed::load(reader)?;
    match one.pop(origin) {
        Some(entry) if one.is_empty() && origin < origins => Ok((at, entry)),
        _ => Err(Damaged),
    }
}

impl OriginState {
    fn put_rules_elsewhere(&mut self, overflow: &mut Overflow) {
        if let Robots::Rules { body, .. } = &mut self.robots
            && !body.is_empty()
        {
            if self.rules_elsewhere.is_none() {
                self.rules_elsewhere = overflow.put_text(body);
            }
            if self.rules_elsewhere.is_some() {
                *body = [].into();
            }
        }
    }

    /// Takes in what robots.txt says.
    pub(super) fn set_robots(&mut self, robots: Robots, overflow: &mut Overflow) {
        if let Some(place) = self.rules_elsewhere.take() {
            overflow.release(place);
        }
        self.robots = robots;
    }

    /// What robots.txt says, brought back from where it is.
    pub(super) fn robots(&mut self, overflow: &mut Overflow) -> Robots {
        if let (Some(place), Robots::Rules { body, .. }) = (self.rules_elsewhere, &mut self.robots)
            && body.is_empty()
            && let Some(text) = overflow.get_text(place)
        {
            *body = text.into();
        }
        self.robots.clone()
    }

    fn store(&self, key: &SiteKey, out: &mut Vec<u8>) {
        let Origin { scheme, host, port } = &self.origin;
        let under = host.strip_suffix(&*key.0);
        let flags = [
            (*scheme == Scheme::Https, flag::HTTPS),
            (*port == scheme.default_port(), flag::OWN_PORT),
            (under.is_some(), flag::UNDER_SITE),
            (self.robots_pending, flag::ROBOTS_PENDING),
            (self.rules_elsewhere.is_some(), flag::RULES_ELSEWHERE),
            (!self.held.is_empty(), flag::HOLDS),
        ];
        out.push(flags.iter().fold(0, |all, (is, bit)| if *is { all | bit } else { all }));
        wire::put_text(out, under.unwrap_or(host));
        if *port != scheme.default_port() {
            wire::put_number(out, u64::from(*port));
        }
        match (self.rules_elsewhere, &self.robots) {
            (Some(place), Robots::Rules { until, .. }) => {
                place.store(out);
                wire::put_number(out, until.0);
            }
            _ => wire::put_robots(out, &self.robots),
        }
        wire::put_span(out, self.crawl_delay);
        if !self.held.is_empty() {
            self.held.store(out);
        }
    }

    fn load(
        reader: &mut Reader<'_>,
        key: &SiteKey,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<Self, Damaged> {
        let flags = reader.byte()?;
        let is = |bit: u8| flags & bit != 0;
        let scheme = if is(flag::HTTPS) { Scheme::Https } else { Scheme::Http };
        let name = reader.text()?;
        let host = match (is(flag::UNDER_SITE), name) {
            (true, "") => key.0.clone(),
            (true, name) => [name, &key.0].concat().into(),
            (false, name) => name.into(),
        };
        let port = match is(flag::OWN_PORT) {
            true => scheme.default_port(),
            false => u16::try_from(reader.number()?).map_err(|_| Damaged)?,
        };
        let mut rules_elsewhere = None;
        let robots = if is(flag::RULES_ELSEWHERE) {
            let place = Place::load(reader)?;
            if check {
                overflow.note_use(place);
            }
            rules_elsewhere = Some(place);
            Robots::Rules { body: [].into(), until: reader.time()? }
        } else {
            wire::read_robots(reader)?
        };
        let crawl_delay = reader.span()?;
        let held = if is(flag::HOLDS) { Waiting::load(reader, check, overflow)? } else { Waiting::default() };
        Ok(Self {
            origin: Origin { scheme, host, port },
            robots,
            rules_elsewhere,
            crawl_delay,
            leased: 0,
            robots_pending: is(flag::ROBOTS_PENDING),
            held,
        })
    }
}
