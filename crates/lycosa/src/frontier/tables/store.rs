//! The tables as bytes: what a snapshot holds, and reading it again.
//!
//! Open leases are stored as such, because the log after the snapshot goes on to end them. The heap is derived.

use super::arrivals::Arrivals;
use super::breaker::Breakers;
use super::degrees::Degrees;
use super::entry::Entry;
use super::{InUse, OpenLease, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{Discovered, Order, Stats, Timestamp};

/// Bytes after which a part is left and the next one begun.
const PART: usize = 256 << 10;

/// What a part of the stored tables holds. Codes are stored (only append).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Counts, and by which rules things were put where they are. One, before the others.
    Counts,
    /// Fingerprints.
    Seen,
    /// Sites and what waits for them, in order.
    Sites,
    /// Open leases. One, the last of the tables.
    Leases,
    /// Visits to come, after the sites.
    Revisits,
    /// Sites that are not well. One, after the sites.
    Breakers,
    /// Budgets of shapes and what is parked, after the sites; the first differs from the others.
    Templates,
    /// Which of two entries of a URL counts. One, after the sites.
    Degrees,
    /// Sites that rest by hand. At most one, before the leases.
    Barred,
    /// Where fingerprints are that are not in memory. One for each run, oldest first, before the leases.
    Run,
    /// Links that are looked for there. At most one, before the leases.
    Arrivals,
    /// Dates that sitemaps gave. At most one, before the leases.
    Told,
}

impl Part {
    pub(crate) const ALL: [Self; 12] = [
        Self::Counts,
        Self::Seen,
        Self::Sites,
        Self::Leases,
        Self::Revisits,
        Self::Breakers,
        Self::Templates,
        Self::Degrees,
        Self::Barred,
        Self::Run,
        Self::Arrivals,
        Self::Told,
    ];
}

impl Tables {
    /// Writes everything that must outlive the process, part by part.
    pub(crate) fn store<E>(&self, mut put: impl FnMut(Part, &[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Vec::new();
        self.store_counts(&mut out);
        put(Part::Counts, &out)?;
        let mut next = Some(0);
        while let Some(first) = next {
            out.clear();
            next = self.seen.store(first, PART, &mut out);
            put(Part::Seen, &out)?;
        }
        out.clear();
        let mut site = Vec::new();
        for number in self.sites.numbers() {
            site.clear();
            self.sites.store(number, &mut site);
            wire::put_bytes(&mut out, &site);
            if out.len() > PART {
                put(Part::Sites, &out)?;
                out.clear();
            }
        }
        put(Part::Sites, &out)?;
        self.seen.store_runs(|bytes| put(Part::Run, bytes))?;
        let mut whole = |part, store: &dyn Fn(&mut Vec<u8>)| {
            out.clear();
            store(&mut out);
            put(part, &out)
        };
        if self.seen.has_run() {
            whole(Part::Arrivals, &|out| self.arrivals.store(out))?;
        }
        if !self.barred.is_empty() {
            whole(Part::Barred, &|out| self.store_barred(out))?;
        }
        if !self.revisits.told.is_empty() {
            whole(Part::Told, &|out| self.revisits.told.store(out))?;
        }
        whole(Part::Revisits, &|out| self.revisits.store(out))?;
        whole(Part::Breakers, &|out| self.breakers.store(out))?;
        whole(Part::Degrees, &|out| self.degrees.store(out))?;
        self.templates.store(PART, |bytes| put(Part::Templates, bytes))?;
        out.clear();
        self.store_leases(&mut out);
        put(Part::Leases, &out)
    }

    fn store_barred(&self, out: &mut Vec<u8>) {
        let barred: Vec<_> = self.barred.iter().collect();
        wire::put_list(out, &barred, |out, (site, until)| {
            wire::put_number(out, u64::from(**site));
            wire::put_number(out, until.0);
        });
    }

    fn store_counts(&self, out: &mut Vec<u8>) {
        for number in [
            self.next_token,
            self.stats.known,
            self.stats.done,
            self.stats.pages,
            self.stats.requests,
            self.stats.bytes,
            self.stats.fetched,
            self.stats.redirected,
            self.stats.excluded,
            self.stats.failed,
            self.stats.records,
            self.stats.pending,
            self.stats.parked,
            self.stats.revisited,
        ] {
            wire::put_number(out, number);
        }
        wire::put_option(out, self.limits.max_depth, |out, depth| wire::put_number(out, u64::from(depth)));
        out.push(u8::from(self.pace.robots) | wire::code_of(&Order::ALL, &self.pace.order) << 1);
        let levels: Vec<_> = self.open_by_depth().into_iter().collect();
        wire::put_list(out, &levels, |out, (depth, open)| {
            wire::put_number(out, u64::from(*depth));
            wire::put_number(out, *open);
        });
    }

    fn store_leases(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.leases.len() as u64);
        let mut leases: Vec<_> = self.leases.iter().collect();
        leases.sort_unstable_by_key(|(token, _)| **token);
        for (token, lease) in leases {
            wire::put_number(out, *token);
            wire::put_number(out, u64::from(lease.site));
            wire::put_number(out, lease.expires.0);
            wire::put_number(out, lease.bytes);
            wire::put_option(out, lease.before, |out, at| wire::put_number(out, at.0));
            if let Some(found) = self.discovered(lease) {
                wire::put_discovered(out, &found, None);
            }
        }
    }

    pub(super) fn discovered(&self, lease: &OpenLease) -> Option<Discovered> {
        let site = self.sites.awake(lease.site)?;
        let origin = &site.origins.get(lease.entry.origin as usize)?.origin;
        let request = lease.entry.request(origin);
        Some(Discovered { key: lease.key, site: site.key.clone(), origin: origin.clone(), request })
    }

    fn load_counts(&mut self, reader: &mut Reader<'_>) -> Result<(Option<u32>, u8), Damaged> {
        self.next_token = reader.number()?;
        self.stats = Stats {
            known: reader.number()?,
            done: reader.number()?,
            pages: reader.number()?,
            requests: reader.number()?,
            bytes: reader.number()?,
            fetched: reader.number()?,
            redirected: reader.number()?,
            excluded: reader.number()?,
            failed: reader.number()?,
            records: reader.number()?,
            pending: reader.number()?,
            parked: reader.number()?,
            revisited: reader.number()?,
            ..Stats::default()
        };
        let rules = (reader.option(Reader::small)?, reader.byte()?);
        self.levels = reader.list(|reader| Ok((reader.small()?, reader.number()?)))?.into_iter().collect();
        Ok(rules)
    }

    fn load_site(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        self.sites.add_stored(reader.bytes()?, &mut self.overflow)?;
        self.stats.sites += 1;
        Ok(())
    }

    /// Opens a stored lease again.
    fn load_lease(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        let token = reader.number()?;
        let index = reader.small()?;
        let (expires, bytes) = (reader.time()?, reader.number()?);
        let before = reader.option(Reader::time)?;
        let found = wire::read_discovered(reader, None)?;
        let site = self.sites.wake(index, &mut self.overflow).ok_or(Damaged)?;
        let origin = site.origin(&found.origin);
        let (key, fingerprint) = (found.key, self.fingerprint);
        let entry = Entry::new(key, origin, &found.origin, found.request, fingerprint);
        let page = entry.kind.yields_page();
        site.lease_begins(origin, page);
        if entry.kind != crate::model::RequestKind::Robots {
            self.stats.leased += 1;
        }
        self.reserved_pages += u64::from(page);
        self.reserved_bytes = self.reserved_bytes.saturating_add(bytes);
        self.expiries.insert((expires, token));
        self.leases.insert(token, OpenLease { site: index, key, entry, expires, bytes, page, before });
        Ok(())
    }
}

/// Tables that are being read part by part.
#[derive(Debug)]
pub(crate) struct Loading {
    tables: Tables,
    /// The depth limit, and whether pages waited for robots.txt and in which order, when they were stored.
    rules: Option<(Option<u32>, u8)>,
    has_leases: bool,
    has_templates: bool,
}

impl Loading {
    pub(crate) fn new(tables: Tables) -> Self {
        Self { tables, rules: None, has_leases: false, has_templates: false }
    }

    /// Reads into empty tables a part that [`Tables::store`] wrote; they come in the order in which it wrote them.
    pub(crate) fn part(&mut self, part: Part, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        if self.has_leases || self.rules.is_some() == (part == Part::Counts) {
            return Err(Damaged);
        }
        match part {
            Part::Counts => self.rules = Some(self.tables.load_counts(reader)?),
            Part::Seen => self.tables.seen.load(reader)?,
            Part::Sites => {
                while !reader.is_empty() {
                    self.tables.load_site(reader)?;
                }
            }
            Part::Run => self.tables.seen.load_run(reader)?,
            Part::Arrivals => self.tables.arrivals = Arrivals::load(reader, &mut self.tables.overflow)?,
            Part::Barred => {
                self.tables.barred =
                    reader.list(|reader| Ok((reader.small()?, reader.time()?)))?.into_iter().collect();
            }
            Part::Told => self.tables.revisits.told.load(reader)?,
            Part::Revisits => self.tables.revisits.load(reader, &mut self.tables.overflow)?,
            Part::Breakers => self.tables.breakers = Breakers::load(reader)?,
            Part::Degrees => self.tables.degrees = Degrees::load(reader)?,
            Part::Templates => {
                let is_first = !std::mem::replace(&mut self.has_templates, true);
                let (templates, overflow) = (&mut self.tables.templates, &mut self.tables.overflow);
                templates.load(reader, is_first, overflow)?;
            }
            Part::Leases => {
                for _ in 0..reader.number()? {
                    self.tables.load_lease(reader)?;
                }
                self.has_leases = true;
            }
        }
        if reader.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    /// How many bytes of blocks are in use, by file.
    pub(crate) fn in_use(&mut self) -> InUse {
        self.tables.in_use()
    }

    /// The tables, when all parts were there. What the present rules put elsewhere is put there.
    pub(crate) fn finish(self) -> Result<Tables, Damaged> {
        let Self { mut tables, rules: Some((max_depth, rules)), has_leases: true, .. } = self else {
            return Err(Damaged);
        };
        tables.seen.end_loading();
        (tables.stats.parked_templates, tables.stats.parked_traps) = tables.templates.parked_by_reason();
        if tables.keeps_rules {
            (tables.limits.max_depth, tables.pace.robots) = (max_depth, rules & 1 == 1);
            tables.pace.order = Order::ALL.get(usize::from(rules >> 1)).copied().ok_or(Damaged)?;
        }
        tables.begin_degrees();
        // The time zero makes stored robots.txt valid for as long as they say.
        let order = Order::ALL.get(usize::from(rules >> 1)).copied().ok_or(Damaged)?;
        if max_depth != tables.limits.max_depth || order != tables.pace.order {
            tables.place_all(Timestamp::default());
        }
        if rules & 1 == 1 && !tables.pace.robots {
            tables.place_held(Timestamp::default());
        }
        Ok(tables)
    }
}
