//! One crawl from its seeds to its end, over as many lives as its plan takes, and the judgement at the end.

use std::sync::Arc;
use std::time::Duration;

use lycosa::model::Finish;
use lycosa::{Error, Result};
use tempfile::TempDir;
use url::Url;

use crate::counts::Counts;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::judge;
use crate::life::{Death, is_typed, live};
use crate::mount::{Break, Mount};
use crate::observer::Observer;
use crate::output::Output;
use crate::plan::{Budget, Ending, Plan};
use crate::point::{Tally, Target};
use crate::sabotage::Defect;
use crate::time::{FastClock, HOUR};
use crate::verdict::Verdict;
use crate::web::{Web, host};

/// Lives after which a crawl that has not come to its end never will.
const MOST_LIVES: u64 = 60;

/// What outlives every life of a crawl.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    pub(crate) seeds: Vec<Url>,
    pub(crate) web: Arc<Web>,
    pub(crate) disk: Disk,
    pub(crate) folder: TempDir,
    /// The whole output, and perhaps one of the items alone.
    pub(crate) outputs: Vec<Output>,
    pub(crate) clock: Arc<FastClock>,
    pub(crate) tally: Tally,
    pub(crate) observer: Arc<Observer>,
    pub(crate) verdict: Verdict,
    pub(crate) defect: Defect,
    /// The file system below state and outputs, if it is a real one that breaks.
    pub(crate) mount: Option<Arc<Mount>>,
}

/// Which crawl, and under what conditions.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) seed: u64,
    pub(crate) number: u64,
    pub(crate) defect: Defect,
    pub(crate) tally: Tally,
    /// How long leases last, when the plan shall not say.
    pub(crate) lease: Option<Duration>,
    pub(crate) mount: Option<Arc<Mount>>,
}

impl World {
    fn new(job: &Job) -> Result<Self> {
        let Job { seed, number, defect, tally, mount, .. } = job.clone();
        let mut plan = Plan::new(seed, number);
        if let Some(lease) = job.lease {
            (plan.pace.lease, plan.slow) = (lease, None);
        }
        let verdict = Verdict::default();
        let folder = match &mount {
            Some(mount) => TempDir::new_in(mount.path()),
            None => TempDir::new(),
        };
        let folder = folder.map_err(|cause| Error::io("making a folder", cause))?;
        let parse = |url: String| {
            Url::parse(&url).map_err(|cause| {
                Error::new(lycosa::ErrorKind::Internal, "a seed is no URL").with_source(cause)
            })
        };
        let sites = (0..plan.sites.len()).map(|number| format!("http://{}/", host(number)));
        let seeds = sites.chain(plan.wide.map(|wide| wide.seed()));
        Ok(Self {
            seed: seed.wrapping_mul(1_000_003).wrapping_add(number),
            seeds: seeds.map(parse).collect::<Result<_>>()?,
            web: Arc::new(Web::new(&plan, verdict.clone())),
            disk: Disk::default(),
            outputs: outputs(&plan, &folder),
            folder,
            clock: Arc::new(FastClock::start()),
            tally,
            observer: Arc::new(Observer::new(verdict.clone(), &plan)),
            verdict,
            defect,
            mount,
            plan,
        })
    }
}

impl World {
    /// `torn`: the last life may have left a write half done, which the next one cuts off.
    fn ending(&self, cycles: u64, torn: bool, dice: &mut Dice) -> Ending {
        let goes_on = cycles < self.plan.cycles;
        if torn && self.mount.is_none() {
            return Ending::KillPoint { target: Target::cut(dice), power: false };
        }
        match self.mount.as_ref().map(|mount| mount.kind) {
            // It breaks by itself.
            Some(Break::Full) => Ending::Natural,
            Some(Break::ReadOnly) if goes_on => Ending::Breaks { commits: dice.between(2, 14) },
            None if goes_on => self.plan.ending(dice),
            _ => Ending::Natural,
        }
    }
}

fn outputs(plan: &Plan, folder: &TempDir) -> Vec<Output> {
    let whole = Output::whole(folder.path(), plan.output);
    let second = plan.second.map(|kind| Output::second(folder.path(), kind));
    std::iter::once(whole).chain(second).collect()
}

/// Runs the crawl of this number. Answers the first violation, if there was one.
///
/// # Errors
/// When the torture itself cannot go on.
pub(crate) fn crawl(job: &Job, counts: &mut Counts) -> Result<Option<String>> {
    let world = World::new(job)?;
    let mut dice = Dice::new(job.seed, job.number.wrapping_add(1 << 32));
    let mut lifted = false;
    let (mut cycles, mut torn) = (0, false);
    for _ in 0..MOST_LIVES {
        let ending = world.ending(cycles, torn, &mut dice);
        let death = live(&world, ending, lifted, &mut dice)?;
        counts.lives += 1;
        torn = matches!((ending, &death), (Ending::KillPoint { target, .. }, Death::Killed(_)) if target.tears());
        let counted = aftermath(&world, ending, &death, &mut dice, counts)?;
        cycles += u64::from(counted);
        if let Some(violation) = world.verdict.violation() {
            return Ok(Some(violation));
        }
        if let (Some(mount), Death::Failed(..)) = (&world.mount, &death)
            // On one that is still read-only the next life must fail, and do no harm.
            && (mount.kind == Break::Full || dice.one_in(2))
        {
            mount.mend()?;
        }
        let Death::Finished(finish) = death else { continue };
        judge::budget(&world, finish, lifted)?;
        if finish == Finish::Complete {
            judge::whole(&world, counts)?;
            return Ok(world.verdict.violation());
        }
        if lifted || matches!(world.plan.budget, Budget::None | Budget::Depth(_)) {
            return Ok(Some(format!("a crawl without a budget ended by {finish:?}")));
        }
        lifted = true;
        if let Some(violation) = world.verdict.violation() {
            return Ok(Some(violation));
        }
    }
    Ok(Some(format!("the crawl did not end in {MOST_LIVES} lives")))
}

/// What the end of a life leaves behind; whether it counts as a cycle.
fn aftermath(
    world: &World,
    ending: Ending,
    death: &Death,
    dice: &mut Dice,
    counts: &mut Counts,
) -> Result<bool> {
    let loses_power = match ending {
        Ending::Kill { power, .. }
        | Ending::KillInside { power, .. }
        | Ending::KillPoint { power, .. }
        | Ending::KillOutput { power, .. }
        | Ending::DiskFails { power, .. } => power,
        _ => false,
    };
    if !matches!(death, Death::Killed(_)) {
        world.observer.life_ends();
    }
    match death {
        Death::Hung => world.verdict.violated("a life neither ended nor went on"),
        Death::Failed(error, true) if is_typed(error, world.mount.is_some()) => counts.failures += 1,
        Death::Failed(error, _) => {
            world.verdict.violated(format!("a life ended with an error of its own: {}", in_full(error)));
        }
        Death::Killed(moment) if moment.commits > 0 && moment.open > 0 => {
            counts.kills += 1;
            counts.power_losses += u64::from(loses_power);
        }
        Death::Stopped => counts.stops += 1,
        Death::Killed(_) | Death::Finished(_) => {}
    }
    let thawed = world.outputs.iter().try_for_each(Output::thaw);
    thawed.map_err(|cause| Error::io("leaving a database as a death left it", cause))?;
    let left = world.defect.after_life(&world.outputs);
    left.map_err(|cause| Error::new(lycosa::ErrorKind::Internal, "a defect failed").with_source(cause))?;
    if loses_power && matches!(death, Death::Killed(_) | Death::Failed(..)) {
        world.disk.lose_power(dice);
        for output in &world.outputs {
            let lost = output.lose_power(dice);
            lost.map_err(|cause| Error::io("taking away what was not synced", cause))?;
        }
    }
    let counted = match death {
        Death::Killed(moment) => moment.commits > 0 && moment.open > 0,
        Death::Failed(..) | Death::Stopped => true,
        Death::Finished(_) | Death::Hung => false,
    };
    counts.cycles += u64::from(counted);
    match dice.below(15) {
        // Longer than any robots.txt is valid.
        0 => world.clock.jump(30 * HOUR, Duration::ZERO),
        1 => world.clock.jump(Duration::from_secs(dice.below(60)), Duration::ZERO),
        2 => world.clock.jump(Duration::ZERO, Duration::from_millis(dice.below(2_000))),
        3 => world.clock.jump(HOUR, Duration::ZERO),
        4 => world.clock.jump(Duration::ZERO, HOUR),
        _ => {}
    }
    Ok(counted)
}

/// An error with everything behind it, on one line.
pub(crate) fn in_full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sabotage::Sabotage;

    /// The first crawls of a run, each of another subject.
    fn first_violation(kind: Option<Sabotage>) -> (Option<String>, Counts) {
        let (mut counts, tally) = (Counts::default(), Tally::default());
        let crawls = (0..8).map(|number| {
            let (defect, tally) = (Defect::new(kind), tally.clone());
            let job = Job { seed: 3, number, defect, tally, lease: None, mount: None };
            crawl(&job, &mut counts).unwrap()
        });
        let violation = crawls.into_iter().flatten().next();
        (violation, counts)
    }

    #[test]
    fn a_sound_frontier_passes_every_subject() {
        let (violation, counts) = first_violation(None);
        assert_eq!(violation, None);
        assert_eq!(counts.crawls, 8);
        assert!(counts.kills > 3 && counts.pages > 200, "{counts}");
    }

    #[test]
    fn a_log_that_is_never_synced_does_not() {
        let (violation, counts) = first_violation(Some(Sabotage::SkipSync));
        assert!(violation.is_some(), "{counts}");
    }

    #[test]
    fn a_page_that_its_host_does_not_count_is_one_too_many() {
        let (violation, counts) = first_violation(Some(Sabotage::HostPageUncounted));
        let violation = violation.unwrap_or_else(|| panic!("{counts}"));
        assert!(violation.contains("of each host"), "{violation}");
    }
}
