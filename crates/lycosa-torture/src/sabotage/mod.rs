//! The built-in defects: each is a plausible bug, put between the engine and a sound part by a decorator, and each
//! must make the torture fail. A proof that cannot fail proves nothing.
//!
//! The decorators stand in `frontier`, `outbox`, `sink` and `files`; a defect that is a wrong number is made here.

mod files;
mod frontier;
mod outbox;
mod sink;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lycosa::frontier::embedded::FileLayer;
use lycosa::model::{Frontier, Limits, Lsn, Outbox, Pace, Record, Sink};

use self::files::SabotagedFiles;
use self::frontier::SabotagedFrontier;
use self::outbox::SabotagedOutbox;
use self::sink::SabotagedSink;
use crate::output::Output;
use crate::point::{Place, Point, Side};
use crate::verdict::locked;

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    SkipSync,
    SkipFolderSync,
    ItemBeforeLeaseEnd,
    OutlinksAfterEnd,
    OffsetBeforeSync,
    OffsetAhead,
    ForgottenReservation,
    BudgetPerRun,
    HostPageUncounted,
    DoubleExport,
    ResumeForgetsCursor,
    StaleFenceAccepted,
    EarlyAcknowledgement,
    LostNack,
    LostOutlink,
    LostVisit,
    SeenSetForgets,
    DelayUndercut,
    RobotsIgnored,
    DepthFirst,
    FailPointIgnored,
    SkipBacklogSync,
    SkipRunSync,
    DatabaseCursorFirst,
}

impl Sabotage {
    /// Every defect with its name and what is wrong.
    pub(crate) const ALL: [(&'static str, Self, &'static str); 24] = [
        ("skip-sync", Self::SkipSync, "the log says it is synced and is not"),
        ("skip-folder-sync", Self::SkipFolderSync, "new files are synced, their names are not"),
        (
            "item-before-lease-end",
            Self::ItemBeforeLeaseEnd,
            "items are exported before their commit is durable",
        ),
        ("outlinks-after-end", Self::OutlinksAfterEnd, "a lease ends before its outlinks are kept"),
        (
            "offset-before-sync",
            Self::OffsetBeforeSync,
            "the output's position is stored before its bytes are durable",
        ),
        ("offset-ahead", Self::OffsetAhead, "the output's cursor names a commit that was not exported"),
        (
            "forgotten-reservation",
            Self::ForgottenReservation,
            "the page budget does not count leases that are open",
        ),
        ("budget-per-run", Self::BudgetPerRun, "the page budget begins anew at every resume"),
        ("double-export", Self::DoubleExport, "a commit is written twice now and then"),
        (
            "resume-forgets-cursor",
            Self::ResumeForgetsCursor,
            "a resumed export begins some commits too early",
        ),
        ("stale-fence-accepted", Self::StaleFenceAccepted, "a lease that has run out can still be committed"),
        (
            "host-page-uncounted",
            Self::HostPageUncounted,
            "a page is not counted against the budget of its host now and then",
        ),
        (
            "early-acknowledgement",
            Self::EarlyAcknowledgement,
            "a commit is acknowledged before it is durable",
        ),
        ("lost-nack", Self::LostNack, "a lease that is given back stays open"),
        ("lost-outlink", Self::LostOutlink, "an outlink is forgotten now and then"),
        ("lost-visit", Self::LostVisit, "that a page is to be visited again is forgotten now and then"),
        ("seen-set-forgets", Self::SeenSetForgets, "a known URL is taken for a new one now and then"),
        ("delay-undercut", Self::DelayUndercut, "a site is asked more often than its delay allows"),
        ("robots-ignored", Self::RobotsIgnored, "every robots.txt is taken to allow everything"),
        ("depth-first", Self::DepthFirst, "with a depth limit, levels are not served one by one"),
        (
            "skip-backlog-sync",
            Self::SkipBacklogSync,
            "a snapshot names blocks of waiting URLs that are not synced",
        ),
        ("skip-run-sync", Self::SkipRunSync, "a snapshot names a run of known URLs that is not synced"),
        (
            "database-cursor-first",
            Self::DatabaseCursorFirst,
            "a database's cursor moves in a transaction of its own, before the rows",
        ),
        ("fail-point-ignored", Self::FailPointIgnored, "one of the fail points never ends a life"),
    ];

    /// The defect of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, ..)| *other == name).map(|(_, sabotage, _)| *sabotage)
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, other, _)| other == self).map_or("", |(name, ..)| name);
        f.write_str(name)
    }
}

/// The defect of one crawl, if it has one, and what its decorators share in one life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defect {
    kind: Option<Sabotage>,
    /// Items on their way past the commit.
    early: Arc<Mutex<Vec<Record>>>,
    /// Where a database's cursor went before its rows did not follow.
    ahead: Arc<Mutex<Option<Lsn>>>,
}

impl Defect {
    pub(crate) fn new(kind: Option<Sabotage>) -> Self {
        Self { kind, early: Arc::default(), ahead: Arc::default() }
    }

    /// What the defect leaves of the databases of a life that is over.
    pub(crate) fn after_life(&self, outputs: &[Output]) -> rusqlite::Result<()> {
        let Some(ahead) = locked(&self.ahead).take() else { return Ok(()) };
        outputs.iter().filter(|output| output.is_database()).try_for_each(|output| output.move_cursor(ahead))
    }

    fn is(&self, kind: Sabotage) -> bool {
        self.kind == Some(kind)
    }
}

/// The budgets that the frontier is told.
pub(crate) fn limits(defect: &Defect, limits: Limits) -> Limits {
    match defect.kind {
        Some(Sabotage::ForgottenReservation | Sabotage::BudgetPerRun) => Limits { max_pages: None, ..limits },
        Some(Sabotage::DepthFirst) => Limits { max_depth: None, ..limits },
        _ => limits,
    }
}

/// The pace that the frontier is told.
pub(crate) fn pace(defect: &Defect, pace: Pace) -> Pace {
    if defect.is(Sabotage::DelayUndercut) { Pace { delay: pace.delay / 2, ..pace } } else { pace }
}

/// The file layer that the frontier is given.
pub(crate) fn files(defect: &Defect, inner: Arc<dyn FileLayer>) -> Arc<dyn FileLayer> {
    match defect.kind {
        Some(
            kind @ (Sabotage::SkipSync
            | Sabotage::SkipFolderSync
            | Sabotage::SkipBacklogSync
            | Sabotage::SkipRunSync),
        ) => Arc::new(SabotagedFiles { inner, kind }),
        _ => inner,
    }
}

/// The frontier and outbox that the engine is given in a new life; `limits` as they should be.
pub(crate) fn state(
    defect: &Defect,
    frontier: Arc<dyn Frontier>,
    outbox: Arc<dyn Outbox>,
    limits: Limits,
) -> (Arc<dyn Frontier>, Arc<dyn Outbox>) {
    locked(&defect.early).clear();
    let Some(kind) = defect.kind else { return (frontier, outbox) };
    let frontier = SabotagedFrontier::new(frontier, kind, defect.early.clone(), limits);
    (Arc::new(frontier), Arc::new(SabotagedOutbox::new(outbox, kind)))
}

/// Whether the output's positions are told before its bytes are durable.
pub(crate) fn syncs_late(defect: &Defect) -> bool {
    defect.is(Sabotage::OffsetBeforeSync)
}

/// The fail point that does not work.
pub(crate) fn blind(defect: &Defect) -> Option<Place> {
    defect.is(Sabotage::FailPointIgnored).then_some((Point::LogSync, Side::After))
}

/// The sink that the engine is given.
pub(crate) fn sink(defect: &Defect, inner: Box<dyn Sink>) -> Box<dyn Sink> {
    match defect.kind {
        Some(
            kind @ (Sabotage::DoubleExport | Sabotage::ItemBeforeLeaseEnd | Sabotage::DatabaseCursorFirst),
        ) => Box::new(SabotagedSink::new(inner, kind, defect.early.clone(), defect.ahead.clone())),
        _ => inner,
    }
}

/// How late a defect that is late is, in real time.
const LATE: Duration = Duration::from_millis(8);
