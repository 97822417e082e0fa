//! What is run how often, and what is printed about it: progress on standard error, the result on standard output.

use std::io::Write as _;
use std::time::Duration;

use lycosa::Result;

use crate::arguments::{ALL, Arguments};
use crate::counts::Counts;
use crate::crawl::{Job, crawl};
use crate::frozen::{Frozen, freeze};
use crate::mount::{Break, Mount};
use crate::plan::Plan;
use crate::point::Tally;
use crate::sabotage::{Defect, Sabotage};
use crate::time::Stopwatch;

/// Real time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// How many times the cycles asked for may become until every fail point is hit.
const MOST_MORE: u64 = 4;
/// Cycles from which on a fail point that was never hit is a failure.
const ENOUGH: u64 = 50;

/// A violation, and where to find it again.
struct Caught {
    what: String,
    crawl: u64,
}

/// Runs what the arguments ask for; whether all is as it must be.
///
/// # Errors
/// When the torture itself cannot go on.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let watch = Stopwatch::start();
    match arguments.sabotage.as_deref() {
        None => clean(arguments, watch),
        Some(ALL) => {
            let clean = clean(arguments, watch)?;
            let caught = sabotages(arguments, watch)?;
            Ok(clean && caught)
        }
        Some(name) => {
            let (counts, caught) = cycles(arguments, Sabotage::named(name), watch)?;
            report(name, &counts, caught.as_ref(), arguments.seed);
            Ok(caught.is_none())
        }
    }
}

fn clean(arguments: &Arguments, watch: Stopwatch) -> Result<bool> {
    let (counts, caught) = cycles(arguments, None, watch)?;
    report("clean", &counts, caught.as_ref(), arguments.seed);
    Ok(caught.is_none() && frozen(arguments)? && mounts(arguments)?)
}

/// Processes that stand still; whether all was well.
fn frozen(arguments: &Arguments) -> Result<bool> {
    let mut frozen = Frozen::default();
    for number in 0..arguments.frozen {
        if let Some(what) = freeze(arguments.seed, number, &mut frozen)? {
            say(&format!("VIOLATION: {what}"));
            return Ok(false);
        }
    }
    if arguments.frozen > 0 {
        let Frozen { stops, fenced } = frozen;
        say(&format!(
            "frozen: {} processes stopped {stops} times for longer than a lease, {fenced} leases fenced; 0 violations",
            arguments.frozen
        ));
    }
    if arguments.frozen > 0 && frozen.fenced == 0 {
        say("VIOLATION: no lease ran out while a process stood still");
    }
    Ok(arguments.frozen == 0 || frozen.fenced > 0)
}

/// Real file systems that break; whether all was well.
fn mounts(arguments: &Arguments) -> Result<bool> {
    Ok(breaking(arguments, Break::Full, arguments.mounts)?
        && breaking(arguments, Break::ReadOnly, arguments.ext4)?)
}

/// Crawls on real file systems that break in one way; whether all was well.
fn breaking(arguments: &Arguments, kind: Break, crawls: u64) -> Result<bool> {
    let (mut counts, tally, mut times) = (Counts::default(), Tally::default(), 0);
    for number in 0..crawls {
        let mount = match Mount::new(kind) {
            Ok(mount) => mount,
            Err(why) => {
                // The simulated disk does it too, in the cycles above.
                say(&format!(
                    "no file system that {kind} can be made here ({why}): only the simulated one was run"
                ));
                return Ok(true);
            }
        };
        let job = Job {
            seed: arguments.seed,
            number: Plan::unlimited(number),
            defect: Defect::new(None),
            tally: tally.clone(),
            lease: None,
            mount: Some(mount.clone()),
        };
        if let Some(what) = crawl(&job, &mut counts)? {
            say(&format!("VIOLATION: {what} (on a file system that {kind}, crawl {number})"));
            return Ok(false);
        }
        times += mount.times();
    }
    if crawls > 0 {
        let Counts { pages, items, .. } = counts;
        say(&format!(
            "a real file system that {kind}: {crawls} crawls, broken {times} times; {pages} pages and {items} items, \
             each once; 0 violations"
        ));
    }
    Ok(true)
}

/// Every defect; whether each was caught.
fn sabotages(arguments: &Arguments, watch: Stopwatch) -> Result<bool> {
    let mut missed = Vec::new();
    for (name, sabotage, _) in Sabotage::ALL {
        let (counts, caught) = cycles(arguments, Some(sabotage), watch)?;
        match caught {
            Some(caught) => say(&format!("{name}: caught after {} cycles: {}", counts.cycles, caught.what)),
            None => {
                say(&format!("{name}: NOT CAUGHT in {counts}"));
                missed.push(name);
            }
        }
    }
    let (all, missing) = (Sabotage::ALL.len(), missed.len());
    say(&format!("{} of {all} defects caught", all - missing));
    Ok(missed.is_empty())
}

/// Crawls until enough cycles are through, a promise is broken, or the time is over.
fn cycles(
    arguments: &Arguments,
    sabotage: Option<Sabotage>,
    watch: Stopwatch,
) -> Result<(Counts, Option<Caught>)> {
    let (mut counts, tally) = (Counts::default(), Tally::default());
    let mut told = watch.elapsed();
    let mut number = arguments.crawl;
    let limit = Duration::from_secs(60 * arguments.minutes);
    // The rarest fail points may need more crawls than the cycles do; a point that is never hit ends this too.
    let most = arguments.cycles.saturating_mul(MOST_MORE);
    let goes_on = |counts: &Counts| {
        counts.cycles < arguments.cycles
            || !arguments.plain && counts.cycles < most && !tally.never_hit().is_empty()
    };
    while goes_on(&counts) && watch.elapsed() < limit {
        let (seed, defect) = (arguments.seed, Defect::new(sabotage));
        let lease = arguments.lease.map(Duration::from_secs);
        let job = Job { seed, number, defect, tally: tally.clone(), lease, mount: None };
        if let Some(what) = crawl(&job, &mut counts)? {
            return Ok((counts, Some(Caught { what, crawl: number })));
        }
        counts.points = tally.hits();
        number += 1;
        if watch.elapsed().saturating_sub(told) > PROGRESS_EVERY {
            told = watch.elapsed();
            tell(&format!("{} s: {counts}", told.as_secs()));
        }
    }
    if sabotage.is_none() && !arguments.plain {
        say(&tally.table());
    }
    let never = tally.never_hit();
    if never.is_empty() || arguments.cycles < ENOUGH || arguments.plain {
        return Ok((counts, None));
    }
    let what = format!("fail points that were never hit: {}", never.join(", "));
    Ok((counts, Some(Caught { what, crawl: number })))
}

fn report(name: &str, counts: &Counts, caught: Option<&Caught>, seed: u64) {
    say(&format!("{name}: {counts}; {} violations", u32::from(caught.is_some())));
    if let Some(Caught { what, crawl }) = caught {
        say(&format!("VIOLATION: {what} (repeat with --seed {seed} --crawl {crawl})"));
    }
}

/// A line of the result.
fn say(line: &str) {
    // Whoever reads the output may have gone away; the exit status still tells.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A line beside the result.
pub(crate) fn tell(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
