//! The runs outside of memory, oldest first, and the work on them that is done beside the crawl.
//!
//! What was full in memory becomes a run, and runs are merged with those after them when these together are no longer
//! small beside them, as the levels of a log-structured merge tree are (O'Neil et al. 1996): few runs are looked through,
//! and each fingerprint is written a few times however many there come. Work is taken as a [`Job`], done by whoever has
//! the time, with no look at the tables, and handed back; until then the runs it reads are what counts. What it leaves
//! out: memory, files, and when a file is needed no more.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::Mark;
use super::recent::Recent;
use super::run::{Entries, Run, Runs, Search, merge};
use super::table::Note;
use crate::error::Result;

/// A run is merged with those after it unless it holds more than so many times what they hold.
const SHARE: u64 = 4;
/// From so many runs on the last two are merged whatever they hold.
const MANY: usize = 6;
/// With so many runs, memory is not emptied before some of them are merged.
const MOST: usize = 12;

/// Runs, oldest first; where two have a fingerprint, the mark in the younger one counts.
#[derive(Debug, Default)]
pub(super) struct Pile {
    runs: Vec<Arc<Run>>,
    /// A number that no run has had, from which on none has.
    next: u32,
    /// Numbers of runs that are being written.
    writing: Option<u32>,
    merging: Option<u32>,
}

/// Work on runs.
#[derive(Debug)]
pub(crate) struct Job {
    number: u32,
    sources: Sources,
    runs: Box<dyn Runs>,
}

#[derive(Debug)]
enum Sources {
    Memory(Arc<Recent>),
    Runs(Vec<Arc<Run>>),
}

/// Work that was done.
#[derive(Debug)]
pub(crate) struct Done {
    run: Run,
    is_merged: bool,
}

impl Job {
    /// Does it, unless it is told to stop meanwhile.
    ///
    /// # Errors
    /// When a run cannot be read or written, or this was stopped; no run is left half written then.
    pub(crate) fn run(&self, stop: &AtomicBool) -> Result<Done> {
        let runs = &*self.runs;
        let (sources, is_merged): (Vec<Entries<'_>>, _) = match &self.sources {
            Sources::Memory(recent) => {
                let known = recent.iter().filter_map(|(spread, note)| match note {
                    Note::Known(mark) => Some(Ok((spread, mark))),
                    Note::Arriving | Note::Arrived => None,
                });
                (vec![Box::new(known)], false)
            }
            Sources::Runs(old) => (old.iter().map(|run| run.all(runs)).collect(), true),
        };
        merge(sources, self.number, runs, stop).map(|run| Done { run, is_merged })
    }
}

impl Done {
    /// Whether it holds what other runs held, and not what was in memory.
    pub(super) fn is_merged(&self) -> bool {
        self.is_merged
    }
}

impl Pile {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many fingerprints they hold; one that several hold counts for each.
    pub(super) fn len(&self) -> u64 {
        self.runs.iter().map(|run| run.len()).sum()
    }

    /// Puts a stored run behind the others.
    pub(super) fn push(&mut self, run: Run) {
        self.next = self.next.max(run.number().saturating_add(1));
        self.runs.push(Arc::new(run));
    }

    /// Looks through all of them.
    pub(super) fn search<'a>(&'a self, runs: &'a dyn Runs) -> Searches<'a> {
        Searches(self.runs.iter().rev().map(|run| Search::new(run, runs)).collect())
    }

    /// Writes where each of them is, oldest first.
    pub(super) fn store<E>(&self, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Vec::new();
        self.runs.iter().try_for_each(|run| {
            out.clear();
            run.store(&mut out);
            put(&out)
        })
    }

    /// The numbers of all that are needed or being written, and the first number that none has yet.
    pub(super) fn numbers(&self) -> (Vec<u32>, u32) {
        let there = self.runs.iter().map(|run| run.number());
        (there.chain(self.writing).chain(self.merging).collect(), self.next)
    }

    /// Whether nothing is done or to be done.
    #[cfg(test)]
    pub(super) fn rests(&self) -> bool {
        self.writing.is_none() && self.merging.is_none() && self.due().is_none()
    }

    /// Whether a run more would be one too many.
    pub(super) fn is_full(&self) -> bool {
        self.runs.len() >= MOST
    }

    /// The work of writing down what was in memory; `None` when it is being done.
    pub(super) fn write(&mut self, memory: &Arc<Recent>, runs: &dyn Runs) -> Option<Job> {
        if self.writing.is_some() {
            return None;
        }
        let number = self.take_number();
        self.writing = Some(number);
        Some(Job { number, sources: Sources::Memory(memory.clone()), runs: runs.beside() })
    }

    /// The work of merging, when there is some and it is not being done.
    pub(super) fn merge(&mut self, runs: &dyn Runs) -> Option<Job> {
        let due = self.due().filter(|_| self.merging.is_none())?;
        let sources = Sources::Runs(self.runs.get(due)?.to_vec());
        let number = self.take_number();
        self.merging = Some(number);
        Some(Job { number, sources, runs: runs.beside() })
    }

    fn take_number(&mut self) -> u32 {
        let number = self.next.max(1);
        self.next = number.saturating_add(1);
        number
    }

    /// The last runs, each of which is not much larger than those after it.
    fn due(&self) -> Option<Range<usize>> {
        let end = self.runs.len();
        let (mut first, mut after) = (end, 0_u64);
        for run in self.runs.iter().rev() {
            if first < end && run.len() > after.saturating_mul(SHARE) {
                break;
            }
            after = after.saturating_add(run.len());
            first -= 1;
        }
        if end >= MANY {
            first = first.min(end - 2);
        }
        (end - first > 1).then_some(first..end)
    }

    /// Puts a run in the place of what it was made of.
    pub(super) fn adopt(&mut self, job: &Job, done: Done, runs: &dyn Runs) {
        let Done { run, is_merged } = done;
        if let (Sources::Runs(old), true) = (&job.sources, is_merged) {
            let is_old = |run: &Arc<Run>| old.iter().any(|old| Arc::ptr_eq(old, run));
            let at = self.runs.iter().position(is_old).unwrap_or(self.runs.len());
            self.runs.retain(|run| !is_old(run));
            self.runs.insert(at.min(self.runs.len()), Arc::new(run));
            old.iter().for_each(|run| runs.close(run.number()));
        } else {
            self.push(run);
        }
        self.leave(job);
    }

    /// The work is done, or will never be.
    pub(super) fn leave(&mut self, job: &Job) {
        match job.sources {
            Sources::Memory(_) => self.writing = None,
            Sources::Runs(_) => self.merging = None,
        }
    }
}

/// Looks fingerprints up in runs; those that come in order are found with one reading of each block.
pub(super) struct Searches<'a>(Vec<Search<'a>>);

impl Searches<'_> {
    /// The mark of a fingerprint, which is spread.
    pub(super) fn find(&mut self, spread: u64) -> Result<Option<Mark>> {
        for search in &mut self.0 {
            if let Some(mark) = search.find(spread)? {
                return Ok(Some(mark));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::Ordering;

    use proptest::prelude::*;

    use super::super::recent::spread;
    use super::super::run::tests::{Held, any_mark};
    use super::*;
    use crate::frontier::tables::seen::run;
    use crate::model::UrlKey;

    /// Memory with these keys.
    fn memory(batch: &BTreeMap<u64, Mark>) -> Arc<Recent> {
        let mut recent = Recent::default();
        batch.iter().for_each(|(key, mark)| recent.set(UrlKey(*key), Note::Known(*mark)));
        Arc::new(recent)
    }

    fn write(pile: &mut Pile, batch: &BTreeMap<u64, Mark>, runs: &Held) {
        let job = pile.write(&memory(batch), runs).unwrap();
        let done = job.run(&AtomicBool::new(false)).unwrap();
        pile.adopt(&job, done, runs);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_youngest_mark_counts_whichever_runs_were_merged_when(
            batches in prop::collection::vec((prop::collection::btree_map(0_u64..900, any_mark(), 1..300), 0..3), 1..24)
        ) {
            let (runs, mut pile, mut model) = (Held::default(), Pile::default(), BTreeMap::new());
            let mut under_way: Option<Job> = None;
            for (batch, turn) in batches {
                write(&mut pile, &batch, &runs);
                model.extend(batch);
                // Runs come while others are merged, and now and then work is left undone.
                match (turn, under_way.take()) {
                    (0, None) => under_way = pile.merge(&runs),
                    (1, Some(job)) => pile.leave(&job),
                    (_, Some(job)) => {
                        prop_assert!(pile.merge(&runs).is_none(), "one at a time");
                        let done = job.run(&AtomicBool::new(false)).unwrap();
                        pile.adopt(&job, done, &runs);
                    }
                    _ => {}
                }
                let mut search = pile.search(&runs);
                for key in 0..900 {
                    prop_assert_eq!(search.find(spread(UrlKey(key))).unwrap(), model.get(&key).copied());
                }
            }
        }

        #[test]
        fn runs_stay_few_and_each_is_written_a_few_times(sizes in prop::collection::vec(1_u64..40, 200..300)) {
            let (runs, mut pile, mut written, mut come) = (Held::default(), Pile::default(), 0, 0);
            for (size, number) in sizes.into_iter().zip(0_u64..) {
                let batch = (0..size).map(|step| (number * 1000 + step, Mark::Open)).collect();
                write(&mut pile, &batch, &runs);
                come += size;
                while let Some(job) = pile.merge(&runs) {
                    let done = job.run(&AtomicBool::new(false)).unwrap();
                    written += done.run.len();
                    pile.adopt(&job, done, &runs);
                }
                prop_assert_eq!(pile.len(), come);
                prop_assert!(pile.runs.len() < MANY && !pile.is_full());
            }
            prop_assert!(written < come * 20, "{} for {}", written, come);
        }
    }

    #[test]
    fn work_that_is_told_to_stop_leaves_nothing_and_can_be_taken_again() {
        let (runs, mut pile) = (Held::default(), Pile::default());
        for turn in 0..2 {
            let batch = (0..2_000_u64).map(|number| (2 * number + turn, Mark::Open)).collect();
            write(&mut pile, &batch, &runs);
        }
        let stop = AtomicBool::new(true);
        let job = pile.merge(&runs).unwrap();
        assert!(job.run(&stop).is_err());
        pile.leave(&job);
        assert_eq!(pile.numbers(), (vec![1, 2], 4), "and its number is never given again");
        assert_eq!(run::tests::numbers(&runs), [1, 2]);
        stop.store(false, Ordering::Relaxed);
        let job = pile.merge(&runs).unwrap();
        assert_eq!(pile.numbers(), (vec![1, 2, 4], 5));
        let done = job.run(&stop).unwrap();
        pile.adopt(&job, done, &runs);
        assert_eq!(pile.numbers(), (vec![4], 5));
    }
}
