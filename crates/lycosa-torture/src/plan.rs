//! What happens in one crawl, drawn from the run's seed and the crawl's number.

use std::time::Duration;

use lycosa::frontier::embedded::Durability;
use lycosa::model::{Limits, Pace};
use lycosa::revisit::Bounds;
use lycosa_testkit::synthetic::SyntheticSite;

use crate::dice::Dice;
use crate::disk::{Failure, Fault};
use crate::output::{KINDS, SECOND};
use crate::point::Target;
use crate::wide::Wide;

/// Cycles of one crawl at most: enough of the site must be left for its end.
const CYCLES: u64 = 4;

/// What the crawls of a run are about, one after the other. Two dozen cycles meet all of it.
const SUBJECTS: [Subject; 12] = [
    Subject::Expiry,
    Subject::Depth,
    Subject::Pages,
    Subject::Waiting,
    Subject::Delay,
    Subject::Wide,
    Subject::Visits,
    Subject::HostPages,
    Subject::Requests,
    Subject::Depth,
    Subject::Waiting,
    Subject::Wide,
];

/// What a crawl is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// Leases that run out.
    Expiry,
    /// A depth limit.
    Depth,
    /// A budget of pages.
    Pages,
    /// A budget of pages of each host.
    HostPages,
    /// A pause between two requests to a site.
    Delay,
    /// A budget of requests or bytes.
    Requests,
    /// So much that waits that it does not fit into memory.
    Waiting,
    /// A web of many hosts.
    Wide,
    /// Pages that are visited again and again.
    Visits,
}

/// The budget that is tested first; all but depth are lifted afterwards, so that every crawl ends whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    None,
    Pages(u64),
    /// Pages of each host.
    HostPages(u64),
    Requests(u64),
    Bytes(u64),
    Depth(u32),
    /// Requests for as long as pages are visited again; no visit is made when it is lifted.
    Visits(u64),
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) sites: Vec<SyntheticSite>,
    /// The web of many hosts that takes the place of the sites.
    pub(crate) wide: Option<Wide>,
    /// Whether so much waits that it does not fit into memory.
    pub(crate) waits: bool,
    pub(crate) budget: Budget,
    pub(crate) concurrency: usize,
    pub(crate) pace: Pace,
    pub(crate) output: &'static str,
    /// An output of a part of the records beside the whole.
    pub(crate) second: Option<&'static str>,
    pub(crate) durability: Durability,
    pub(crate) segment: u64,
    /// Bytes of fingerprints in memory; those beyond are on disk.
    pub(crate) seen_memory: usize,
    /// One page in so many is slow: where leases are short, it outlives its own.
    pub(crate) slow: Option<u64>,
    pub(crate) broken: Option<u64>,
    pub(crate) threads: usize,
    /// Interruptions of this crawl.
    pub(crate) cycles: u64,
    /// How pages are visited again, where they are.
    pub(crate) visits: Option<Bounds>,
}

/// How a life ends, if the crawl does not end before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself.
    Natural,
    /// Killed so long after so many commits.
    Kill { commits: u64, after: Duration, power: bool },
    /// Killed inside a change to the disk.
    KillInside { fault: Fault, power: bool },
    /// Killed at a fail point.
    KillPoint { target: Target, power: bool },
    /// The state's disk fails.
    DiskFails { fault: Fault, power: bool },
    /// Killed at a call of an output, before or after it has done its work.
    KillOutput { call: u64, before: bool, power: bool },
    /// The file system below everything becomes read-only after so many commits.
    Breaks { commits: u64 },
    /// The output's disk runs full.
    OutputFails { call: u64 },
    /// Asked to stop after so many commits.
    Stop { commits: u64, drain: Duration },
}

impl Plan {
    /// Bytes of fingerprints that not every crawl fills.
    pub(crate) const ROOM_FOR_MANY: usize = 20_000;

    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed, number);
        let turn = usize::try_from(number).unwrap_or(0) % SUBJECTS.len();
        let subject = SUBJECTS[turn];
        let is_one = matches!(subject, Subject::Depth | Subject::Waiting);
        let count = if is_one { 1 } else { dice.place(if subject == Subject::HostPages { 2 } else { 1 }, 3) };
        let sites = (0..count).map(|_| site(&mut dice, count, subject)).collect();
        let lease = Duration::from_secs(600);
        let mut plan = Self {
            sites,
            wide: None,
            waits: subject == Subject::Waiting,
            budget: Budget::None,
            concurrency: dice.place(2, 12),
            pace: Pace {
                delay: Duration::ZERO,
                response_factor: 0.0,
                per_origin: u32::try_from(dice.between(2, 8)).unwrap_or(2),
                lease,
                ..Pace::default()
            },
            output: KINDS[dice.place(0, KINDS.len() - 1)],
            second: dice.one_in(2).then(|| SECOND[dice.place(0, SECOND.len() - 1)]),
            durability: Durability::Power,
            segment: 1 << dice.between(10, 18),
            seen_memory: usize::MAX,
            slow: None,
            broken: dice.one_in(2).then(|| dice.between(7, 20)),
            threads: dice.place(1, 2),
            cycles: dice.between(2, CYCLES),
            visits: None,
        };
        plan.choose(subject, &mut dice);
        plan.seen_memory = [usize::MAX, Self::ROOM_FOR_MANY, 2_000][dice.place(0, 2)];
        plan
    }

    fn choose(&mut self, subject: Subject, dice: &mut Dice) {
        let pages: u64 = self.sites.iter().map(|site| u64::from(site.pages)).sum();
        match subject {
            Subject::Expiry => {
                // A lease of a second, a fiftieth of that in truth, which some pages outlive.
                self.pace.lease = Duration::from_secs(1);
                self.slow = Some(dice.between(2, 4));
                self.concurrency = self.concurrency.max(6);
                self.pace.per_origin = self.pace.per_origin.max(4);
            }
            Subject::Pages => {
                self.budget = Budget::Pages(dice.between(10, pages / 3));
                self.concurrency = self.concurrency.max(8);
                self.pace.per_origin = self.pace.per_origin.max(6);
            }
            Subject::HostPages => {
                // Some hosts have fewer pages than that.
                self.budget = Budget::HostPages(dice.between(5, 30));
                self.concurrency = self.concurrency.max(8);
                self.pace.per_origin = self.pace.per_origin.max(6);
            }
            Subject::Requests if dice.one_in(2) => self.budget = Budget::Requests(dice.between(10, pages)),
            Subject::Requests => self.budget = Budget::Bytes(dice.between(200_000, 1_000_000)),
            Subject::Depth => {
                self.budget = Budget::Depth(u32::try_from(dice.between(3, 5)).unwrap_or(3));
                self.slow = Some(dice.between(2, 3));
                self.concurrency = self.concurrency.max(6);
                self.pace.per_origin = self.pace.per_origin.max(4);
            }
            Subject::Wide => {
                self.sites.clear();
                self.broken = None;
                let depth =
                    dice.one_in(2).then(|| dice.between(2, 3)).and_then(|depth| u32::try_from(depth).ok());
                self.budget = depth.map_or(Budget::None, Budget::Depth);
                self.wide = Some(Wide::new(dice, depth));
            }
            Subject::Visits => {
                // Soon, or so late that a visit lies among those to come and not with its site.
                let (min, max) = if dice.one_in(2) { (1, 4) } else { (70, 90) };
                self.visits = Some(Bounds { min: Duration::from_secs(min), max: Duration::from_secs(max) });
                self.budget = Budget::Visits(pages * dice.between(2, 3));
                self.concurrency = self.concurrency.max(6);
            }
            Subject::Waiting => self.concurrency = self.concurrency.min(4),
            Subject::Delay => {
                self.pace.delay = Duration::from_millis(dice.between(20, 150));
                if dice.one_in(3) {
                    self.durability = Durability::Process;
                }
            }
        }
    }

    /// The number of the crawl that is the n-th without a budget that is lifted.
    pub(crate) fn unlimited(n: u64) -> u64 {
        let turns = [1, 4, 3, 5];
        n / 4 * SUBJECTS.len() as u64 + turns[usize::try_from(n % 4).unwrap_or(0)]
    }

    /// Whether leases are so short that some run out.
    pub(crate) fn leases_run_out(&self) -> bool {
        self.pace.lease < Duration::from_secs(60)
    }

    /// The limits while the budget holds.
    pub(crate) fn limits(&self, lifted: bool) -> Limits {
        let mut limits = Limits::default();
        match self.budget {
            Budget::Depth(depth) => limits.max_depth = Some(depth),
            _ if lifted => {}
            Budget::Pages(most) => limits.max_pages = Some(most),
            Budget::HostPages(most) => limits.max_pages_per_host = Some(most),
            Budget::Requests(most) | Budget::Visits(most) => limits.max_requests = Some(most),
            Budget::Bytes(most) => limits.max_bytes = Some(most),
            Budget::None => {}
        }
        limits
    }

    /// The rules of a life.
    pub(crate) fn pace(&self, lifted: bool) -> Pace {
        Pace { revisits: self.visits.is_some() && !lifted, ..self.pace }
    }

    /// How long the slow pages take on their first and second visit, in real time: where a lease lasts 20 ms, the
    /// first holder comes back while the second is still waiting.
    pub(crate) const SLOWNESS: [Duration; 2] = [Duration::from_millis(30), Duration::from_millis(14)];

    /// How the next life ends.
    pub(crate) fn ending(&self, dice: &mut Dice) -> Ending {
        let power = self.durability == Durability::Power && !dice.one_in(4);
        let commits = dice.between(2, 14);
        if dice.one_in(2) {
            return Ending::KillPoint { target: Target::any(dice, self), power };
        }
        match dice.below(14) {
            12..=13 => Ending::KillOutput { call: dice.between(3, 45), before: dice.one_in(2), power },
            0..=4 => Ending::Kill { commits, after: Duration::from_micros(dice.below(6_000)), power },
            5..=7 => Ending::KillInside { fault: Fault::KillAt(dice.below(60)), power },
            8 => {
                let failures = [Failure::Full, Failure::Write, Failure::Sync, Failure::ReadOnly];
                let failure = failures[dice.place(0, 3)];
                Ending::DiskFails { fault: Fault::FailAt(dice.between(0, 50), failure), power }
            }
            9 => Ending::OutputFails { call: dice.between(0, 40) },
            _ => Ending::Stop { commits, drain: Duration::from_millis(dice.below(300)) },
        }
    }
}

fn site(dice: &mut Dice, count: usize, subject: Subject) -> SyntheticSite {
    let share = u32::try_from(count).unwrap_or(1);
    let is_wide = subject == Subject::Waiting;
    // Few links beside the tree's own: a link that is lost is not found again by another way. With a depth limit
    // many: a page that is met by several ways must be met by the shortest.
    let links = if subject == Subject::Depth { dice.between(6, 9) } else { dice.between(2, 5) };
    SyntheticSite {
        seed: dice.next(),
        pages: if is_wide { 300 } else { u32::try_from(dice.between(60, 120)).unwrap_or(60) / share },
        links_per_page: u32::try_from(links).unwrap_or(3),
        branching: if is_wide { 30 } else { u32::try_from(dice.between(2, 3)).unwrap_or(2) },
        flaky_percent: if dice.one_in(2) { 3 } else { 0 },
        page_bytes: if subject == Subject::Requests { 12_000 } else { 600 },
        ..SyntheticSite::default()
    }
}
