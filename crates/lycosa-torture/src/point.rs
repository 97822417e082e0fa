//! Named fail points: the places where a life can be made to end, before, inside or right after a step, and how
//! often each was passed and hit. They lie in the file layer and in the wrappers around the sinks and the outbox,
//! so the product knows nothing of them and pays nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::dice::Dice;
use crate::output::is_database;
use crate::plan::Plan;
use crate::verdict::locked;

/// A step of the state or of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    LogBegin,
    LogAppend,
    LogSync,
    LogCut,
    LogTidy,
    SnapshotWrite,
    SnapshotSync,
    SnapshotRename,
    SnapshotTidy,
    BacklogBegin,
    BacklogWrite,
    BacklogSync,
    BacklogTidy,
    /// A run of known URLs: written from memory, or merged from others.
    RunWrite,
    RunSync,
    RunRename,
    RunTidy,
    FolderSync,
    OutputOpen,
    OutputWrite,
    OutputSync,
    OutputClose,
    PartRename,
    DatabaseCommit,
    CursorStore,
    /// What has no name of its own: the identity of a crawl.
    Other,
}

/// Where at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Nothing of the step is done.
    Before,
    /// A part of its bytes is.
    Inside,
    /// All of it is, and whoever asked for it does not hear so.
    After,
}

/// A fail point.
pub(crate) type Place = (Point, Side);

impl Point {
    /// Every point with its name, and whether it is passed often in a life.
    const ALL: [(Self, &'static str, bool); 25] = [
        (Self::LogBegin, "log begin", false),
        (Self::LogAppend, "log append", true),
        (Self::LogSync, "log sync", true),
        (Self::LogCut, "log cut", false),
        (Self::LogTidy, "log tidy", false),
        (Self::SnapshotWrite, "snapshot write", false),
        (Self::SnapshotSync, "snapshot sync", false),
        (Self::SnapshotRename, "snapshot rename", false),
        (Self::SnapshotTidy, "snapshot tidy", false),
        (Self::BacklogBegin, "backlog begin", false),
        (Self::BacklogWrite, "backlog write", false),
        (Self::BacklogSync, "backlog sync", false),
        (Self::BacklogTidy, "backlog tidy", false),
        (Self::RunWrite, "run write", false),
        (Self::RunSync, "run sync", false),
        (Self::RunRename, "run rename", false),
        (Self::RunTidy, "run tidy", false),
        (Self::FolderSync, "folder sync", false),
        (Self::OutputOpen, "output open", false),
        (Self::OutputWrite, "output write", true),
        (Self::OutputSync, "output sync", false),
        (Self::OutputClose, "output close", false),
        (Self::PartRename, "part rename", false),
        (Self::DatabaseCommit, "database commit", false),
        (Self::CursorStore, "cursor store", false),
    ];

    /// The point of a change to a file of the state, by its name: that of the log, a snapshot, the backlog, or a run of
    /// known URLs.
    pub(crate) fn of(path: &Path, [log, snapshot, backlog, run]: [Self; 4]) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.split('-').next() {
            Some("log") => log,
            Some("snapshot") => snapshot,
            Some("backlog") => backlog,
            Some("seen") => run,
            _ => Self::Other,
        }
    }

    /// Whether a part of the step can be done.
    fn is_divisible(self) -> bool {
        use Point::{BacklogWrite, DatabaseCommit, LogAppend, RunWrite, SnapshotWrite};
        matches!(self, LogAppend | SnapshotWrite | BacklogWrite | RunWrite | DatabaseCommit)
    }

    fn is_frequent(self) -> bool {
        Self::ALL.iter().any(|(point, _, frequent)| *point == self && *frequent)
    }

    /// Whether few crawls pass it.
    fn is_rare(self) -> bool {
        use Point::{BacklogBegin, BacklogSync, BacklogTidy, BacklogWrite, DatabaseCommit, PartRename};
        [BacklogBegin, BacklogWrite, BacklogSync, BacklogTidy, DatabaseCommit, PartRename].contains(&self)
            || self.is_of_run()
    }

    fn is_of_run(self) -> bool {
        matches!(self, Self::RunWrite | Self::RunSync | Self::RunRename | Self::RunTidy)
    }

    /// Whether a crawl of this plan passes it. What is half done is there to be cut after certain lives only.
    fn is_reached_by(self, plan: &Plan) -> bool {
        use Point::{BacklogBegin, BacklogSync, BacklogTidy, BacklogWrite};
        let outputs = || [Some(plan.output), plan.second].into_iter().flatten();
        match self {
            Self::LogCut => false,
            Self::PartRename => plan.output.ends_with('/'),
            Self::DatabaseCommit => outputs().any(is_database),
            BacklogBegin | BacklogSync | BacklogTidy | BacklogWrite => plan.waits,
            _ if self.is_of_run() => plan.seen_memory < Plan::ROOM_FOR_MANY,
            _ => true,
        }
    }

    /// Whether it is reached by a snapshot.
    pub(crate) fn needs_snapshot(self) -> bool {
        use Point::{
            BacklogSync, BacklogTidy, LogTidy, SnapshotRename, SnapshotSync, SnapshotTidy, SnapshotWrite,
        };
        let by_snapshot =
            [LogTidy, SnapshotWrite, SnapshotSync, SnapshotRename, SnapshotTidy, BacklogSync, BacklogTidy];
        by_snapshot.contains(&self)
    }
}

/// The fail point that leaves half a frame at the end of the log.
const TEARS: Place = (Point::LogAppend, Side::Inside);

/// All fail points, in order.
pub(crate) fn places() -> Vec<Place> {
    let sides = |point: Point| {
        let inside = point.is_divisible().then_some((point, Side::Inside));
        [(point, Side::Before)].into_iter().chain(inside).chain([(point, Side::After)])
    };
    Point::ALL.iter().flat_map(|(point, ..)| sides(*point)).collect()
}

/// How often the fail points of a run were passed and hit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<Place, (u64, u64)>>>);

impl Tally {
    /// Names of those that were never hit.
    pub(crate) fn never_hit(&self) -> Vec<String> {
        let counts = locked(&self.0);
        let missed = |place: &Place| counts.get(place).is_none_or(|(_, hit)| *hit == 0);
        places().iter().filter(|place| missed(place)).map(name).collect()
    }

    pub(crate) fn hits(&self) -> u64 {
        locked(&self.0).values().map(|(_, hit)| hit).sum()
    }

    /// A table: a line for each point.
    pub(crate) fn table(&self) -> String {
        let counts = locked(&self.0);
        let count = |place: Place| counts.get(&place).copied().unwrap_or_default();
        let mut text =
            format!("{:18}{:>10}{:>10}{:>10}{:>10}", "fail point", "passed", "before", "inside", "after");
        for (point, name, _) in Point::ALL {
            let inside = match point.is_divisible() {
                true => count((point, Side::Inside)).1.to_string(),
                false => "-".to_owned(),
            };
            let ((passed, before), (_, after)) = (count((point, Side::Before)), count((point, Side::After)));
            // Writing to a text cannot fail.
            let _ = write!(text, "\n{name:18}{passed:>10}{before:>10}{inside:>10}{after:>10}");
        }
        text
    }
}

fn name(place: &Place) -> String {
    let (point, side) = place;
    let name = Point::ALL.iter().find(|(other, ..)| other == point).map_or("other", |(_, name, _)| name);
    let side = match side {
        Side::Before => "before",
        Side::Inside => "inside",
        Side::After => "after",
    };
    format!("{side} {name}")
}

/// The fail point that one life ends at, if it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) place: Place,
    /// Passings that are let by.
    pub(crate) skip: u64,
}

impl Target {
    /// The cutting of what another life left half done.
    pub(crate) fn cut(dice: &mut Dice) -> Self {
        let side = if dice.one_in(2) { Side::Before } else { Side::After };
        Self { place: (Point::LogCut, side), skip: 0 }
    }

    /// Whether it leaves the log with half a frame at its end.
    pub(crate) fn tears(self) -> bool {
        self.place == TEARS
    }

    /// Any of those that a crawl of this plan can reach; where there are some that few can, rather one of these.
    pub(crate) fn any(dice: &mut Dice, plan: &Plan) -> Self {
        let reached = |place: &&Place| place.0.is_reached_by(plan);
        let all: Vec<Place> = places().iter().filter(reached).copied().collect();
        let rare = all.iter().filter(|(point, side)| point.is_rare() || (*point, *side) == TEARS);
        // Of the rarest thrice as many as of others.
        let times = |place: &Place| if place.0 == Point::BacklogTidy { 3 } else { 1 };
        let rare: Vec<Place> = rare.flat_map(|place| vec![*place; times(place)]).collect();
        let from = if dice.one_in(if rare.len() > 1 { 2 } else { 6 }) { &rare } else { &all };
        let last = from.len().saturating_sub(1);
        let place = from.get(dice.place(0, last)).copied().unwrap_or((Point::LogAppend, Side::Before));
        let skip = match place.0.is_frequent() {
            true => dice.below(40),
            false if place.0 == Point::BacklogTidy || dice.one_in(2) => 0,
            // Some are written from memory, some merged.
            false if place.0.is_of_run() => dice.below(8),
            false => dice.below(3),
        };
        Self { place, skip }
    }
}

/// The fail points as one life passes them.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    target: Arc<Mutex<Option<Target>>>,
    tally: Tally,
    /// A defect: points that are passed as if they were none.
    blind: Option<Place>,
}

impl Aim {
    pub(crate) fn new(target: Option<Target>, tally: Tally, blind: Option<Place>) -> Self {
        Self { target: Arc::new(Mutex::new(target)), tally, blind }
    }

    /// Whether the life ends here.
    pub(crate) fn strikes(&self, point: Point, side: Side) -> bool {
        let mut target = locked(&self.target);
        let mut counts = locked(&self.tally.0);
        let (passed, hit) = counts.entry((point, side)).or_default();
        *passed += 1;
        let Some(aimed) = target.as_mut().filter(|aimed| aimed.place == (point, side)) else { return false };
        if let Some(left) = aimed.skip.checked_sub(1) {
            aimed.skip = left;
            return false;
        }
        if self.blind == Some((point, side)) {
            return false;
        }
        *hit += 1;
        *target = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_hit_once_after_what_is_let_by_and_all_passings_are_counted() {
        let tally = Tally::default();
        let place = (Point::LogSync, Side::After);
        let aim = Aim::new(Some(Target { place, skip: 2 }), tally.clone(), None);
        let struck: Vec<bool> = (0..5).map(|_| aim.strikes(place.0, place.1)).collect();
        assert_eq!(struck, [false, false, true, false, false]);
        assert!(!aim.strikes(Point::LogSync, Side::Before));
        assert_eq!((tally.hits(), tally.never_hit().len()), (1, places().len() - 1));
        assert!(!tally.never_hit().contains(&"after log sync".to_owned()));
        assert!(
            tally.table().contains("log sync                   1         0         -         1"),
            "{}",
            tally.table()
        );
    }

    #[test]
    fn every_point_is_drawn() {
        let mut dice = Dice::new(1, 1);
        let plans: Vec<Plan> = (0..60).map(|number| Plan::new(1, number)).collect();
        let any = (0..6_000).map(|turn: usize| Target::any(&mut dice, &plans[turn % plans.len()]).place);
        let cut = [Side::Before, Side::After].map(|side| (Point::LogCut, side));
        assert_eq!(
            any.chain(cut).collect::<std::collections::BTreeSet<Place>>(),
            places().into_iter().collect()
        );
    }
}
