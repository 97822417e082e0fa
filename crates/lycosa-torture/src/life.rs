//! One life of a crawl: the state is opened, the engine runs, and something ends it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use lycosa::engine::{End, Engine, NoHooks, Parts, Report, Revisits, RobotsTags, Settings};
use lycosa::extract::{LinkExtractor, LinkOptions};
use lycosa::frontier::embedded::{CrawlIdentity, Embedded, FORMAT_VERSION, FileLayer, Opening};
use lycosa::ledger::Ledger;
use lycosa::middleware::{StackOptions, built_in};
use lycosa::model::{Clock, Extract, FetchLimits, Finish, Frontier, Limits, Pace, Sink};
use lycosa::politeness::{RetryOptions, RetryPolicy};
use lycosa::scope::{Identity, ScopeMode, ScopeOptions, ScopeRules, versions};
use lycosa::telemetry::Telemetry;
use lycosa::{Error, ErrorKind, Result};

use crate::crawl::World;
use crate::dice::Dice;
use crate::disk::LifeDisk;
use crate::items::Items;
use crate::judge;
use crate::mount::SmallFiles;
use crate::output::Output;
use crate::output_life::{Fate, LifeSink, Trouble};
use crate::plan::Ending;
use crate::point::{Aim, Point};
use crate::sabotage;
use crate::switch::{Moment, Switch};
use crate::time::{FastClock, HOUR};
use crate::watched::{WatchedFrontier, WatchedOutbox};
use crate::web::{OpenDoor, Wire};
use crate::wide::TRAPS;

/// Real time after which a life that has not ended hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Real time that a life is left to end by itself after it was killed.
const GRACE: Duration = Duration::from_secs(2);

/// How a life ended.
#[derive(Debug)]
pub(crate) enum Death {
    /// The frontier had no more.
    Finished(Finish),
    /// It was asked to stop and did.
    Stopped,
    /// It was killed.
    Killed(Moment),
    /// It ended with an error; whether something had been made to fail.
    Failed(Error, bool),
    /// It did not end.
    Hung,
}

/// Lives once.
pub(crate) fn live(world: &World, ending: Ending, lifted: bool, dice: &mut Dice) -> Result<Death> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(world.plan.threads)
        .enable_time()
        .build()
        .map_err(|cause| Error::io("starting a runtime", cause))?;
    let switch = Arc::new(Switch::new(world.observer.clone()));
    let life = Life::new(world, ending, switch.clone(), dice);
    let disk = life.disk.clone();
    let oversleeps = life.jolt.kind == Jolt::OVERSLEEP;
    if world.clock.life_begins() {
        world.observer.clock_put_back();
    }
    let mut held = Weak::new();
    let ended = runtime.block_on(life.run(lifted, &mut held));
    if ended.is_none() {
        switch.kill();
    }
    // Waits for the exporter's thread, and drops whatever task is left.
    drop(runtime);
    let output_failed = matches!(ending, Ending::OutputFails { .. }) || world.mount.is_some();
    if held.strong_count() > 0 {
        world.verdict.violated("the state is still held after its crawl has ended");
    }
    if ended.is_none() {
        return Ok(Death::Hung);
    }
    if let Some(moment) = switch.moment() {
        return Ok(Death::Killed(moment));
    }
    switch.kill();
    Ok(match ended {
        None => Death::Hung,
        Some(Err(error)) => Death::Failed(error, disk.struck() || output_failed),
        Some(Ok(report)) => {
            check_end(world, &report, world.plan.leases_run_out() || oversleeps);
            match report.end {
                End::Finished(finish) => Death::Finished(finish),
                End::Interrupted | End::OutputClosed => Death::Stopped,
            }
        }
    })
}

/// What must hold whenever a run ends in peace.
fn check_end(world: &World, report: &Report, run_out: bool) {
    if !report.open.is_empty() {
        world.verdict.violated(format!("the ledger is not empty at the end: {:?}", report.open));
    }
    // A lease that runs out at the very end is not missed before the next opening.
    if report.crawl.leased != 0 && (!run_out || report.end != End::Interrupted) {
        world.verdict.violated(format!("{} URLs are leased after the end", report.crawl.leased));
    }
    world.observer.balanced(&report.crawl);
    if report.end == End::Finished(Finish::Complete) && report.crawl.pending != 0 {
        world.verdict.violated(format!("complete, with {} URLs pending", report.crawl.pending));
    }
    if report.end == End::Finished(Finish::Complete) && world.plan.visits.is_some() {
        judge::visits(world, report.crawl.revisits_waiting);
    }
}

struct Life<'w> {
    world: &'w World,
    ending: Ending,
    switch: Arc<Switch>,
    disk: LifeDisk,
    aim: Aim,
    snapshot_at: u64,
    jolt: Jolt,
}

impl<'w> Life<'w> {
    fn new(world: &'w World, ending: Ending, switch: Arc<Switch>, dice: &mut Dice) -> Self {
        let fault = match ending {
            Ending::KillInside { fault, .. } | Ending::DiskFails { fault, .. } => Some(fault),
            _ => None,
        };
        let target = match ending {
            Ending::KillPoint { target, .. } => Some(target),
            _ => None,
        };
        let aim = Aim::new(target, world.tally.clone(), sabotage::blind(&world.defect));
        let disk = LifeDisk::new(
            world.disk.clone(),
            switch.clone(),
            fault,
            aim.clone(),
            world.plan.segment,
            Dice::new(dice.next(), 0),
        );
        // Some of what waited must have been served before a file of it can go.
        let late = target.is_some_and(|target| target.place.0 == Point::BacklogTidy);
        let soon = !late && target.is_some_and(|target| target.place.0.needs_snapshot());
        Self {
            world,
            ending,
            switch,
            disk,
            aim,
            snapshot_at: if soon { dice.between(0, 8) } else { dice.below(40) },
            jolt: Jolt::any(dice),
        }
    }

    /// `None` when it hung.
    async fn run(&self, lifted: bool, held: &mut Weak<Embedded>) -> Option<Result<Report>> {
        let engine = match self.engine(lifted) {
            Ok(engine) => engine,
            Err(error) => return Some(Err(error)),
        };
        let (engine, embedded) = engine;
        *held = Arc::downgrade(&embedded);
        let stop = engine.stop_token();
        let crawl = async { engine.run(&self.world.seeds, self.sinks()?).await };
        let fate = async {
            match self.ending {
                Ending::Kill { commits, after, .. } => {
                    self.world.observer.committed(commits).await;
                    tokio::time::sleep(after).await;
                    self.switch.kill();
                }
                Ending::Stop { commits, .. } => {
                    self.world.observer.committed(commits).await;
                    stop.cancel();
                }
                Ending::Breaks { commits } => {
                    self.world.observer.committed(commits).await;
                    let struck = self.world.mount.as_ref().map_or(Ok(()), |mount| mount.strike());
                    if let Err(why) = struck {
                        self.world.verdict.violated(format!("the file system could not be broken: {why}"));
                    }
                }
                _ => {}
            }
            std::future::pending::<()>().await;
        };
        let snapshot = async {
            self.world.observer.committed(self.snapshot_at).await;
            // Only a faster opening is lost when this fails.
            drop(embedded.snapshot());
            std::future::pending::<()>().await;
        };
        let jolt = async {
            self.world.observer.committed(self.jolt.commits).await;
            self.jolt.strike(&self.world.clock);
            std::future::pending::<()>().await;
        };
        // Killed beside the crawl, where nobody waits for an answer: it may not notice before it asks for something.
        let dead = async {
            self.switch.killed().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = crawl => Some(ended),
            () = dead => Some(Err(Error::new(ErrorKind::Cancelled, "the process is dead"))),
            () = fate => None,
            () = jolt => None,
            () = snapshot => None,
            () = tokio::time::sleep(PATIENCE) => None,
        }
    }

    fn sinks(&self) -> Result<Vec<Box<dyn Sink>>> {
        let fate = match self.ending {
            Ending::OutputFails { call } => Some((call, Fate::Fails)),
            Ending::KillOutput { call, before, .. } => Some((call, Fate::Dies { before })),
            _ => None,
        };
        let trouble = Arc::new(Trouble::new(fate));
        let sink = |output: &Output| {
            let sink = LifeSink {
                inner: output.plain_sink()?,
                output: output.clone(),
                switch: self.switch.clone(),
                trouble: trouble.clone(),
                aim: self.aim.clone(),
                dice: Dice::new(self.snapshot_at, self.world.seed),
                syncs_late: sabotage::syncs_late(&self.world.defect),
            };
            Ok(sabotage::sink(&self.world.defect, Box::new(sink)))
        };
        self.world.outputs.iter().map(sink).collect()
    }

    fn open(&self, limits: Limits, pace: Pace) -> Result<Embedded> {
        let world = self.world;
        let folder = world.folder.path().join("state");
        let files: Arc<dyn FileLayer> = match world.mount {
            Some(_) => Arc::new(SmallFiles { segment: world.plan.segment }),
            None => Arc::new(self.disk.clone()),
        };
        let opening = Opening {
            folder: folder.clone(),
            limits: sabotage::limits(&world.defect, limits),
            pace: sabotage::pace(&world.defect, pace),
            clock: world.clock.clone(),
            files: sabotage::files(&world.defect, files),
            durability: world.plan.durability,
            history: true,
            // A file system that gets a little more room with each life must not end one at every other commit.
            seen_memory: world.plan.seen_memory.max(if world.mount.is_some() { 20_000 } else { 0 }),
        };
        let versions = versions(FORMAT_VERSION);
        let identity = folder.join("crawl.json");
        if world.disk.holds(&identity) || world.mount.is_some() && identity.exists() {
            return Embedded::open(opening, versions);
        }
        let identity = CrawlIdentity {
            crawl: lycosa::model::CrawlId(u128::from(world.seed)),
            fingerprint_key: u128::from(world.seed).to_le_bytes(),
            versions,
            shards: lycosa::frontier::embedded::SHARDS,
            meta: String::new(),
        };
        Embedded::create(opening, identity)
    }

    fn engine(&self, lifted: bool) -> Result<(Engine, Arc<Embedded>)> {
        let world = self.world;
        let limits = world.plan.limits(lifted);
        let now = world.clock.now();
        let embedded = Arc::new(self.open(limits, world.plan.pace(lifted))?);
        // Before the turn is taken: who works beside the crawl may wait for its own while it holds the tables.
        let stats = embedded.stats();
        // The life may have ended already, inside a write that nobody waited for.
        if let Ok(_turn) = self.switch.turn() {
            world.observer.life_begins(&stats, embedded.recovery().reopened, now);
        }
        let defect = &world.defect;
        let (frontier, outbox) = sabotage::state(defect, embedded.clone(), embedded.clone(), limits);
        let (crawl, key) = (embedded.identity().crawl, embedded.identity().fingerprint_key);
        let clock: Arc<dyn Clock> = world.clock.clone();
        let ledger = Ledger::default();
        let telemetry = Telemetry::default();
        let retry = RetryOptions {
            first: Duration::from_millis(200),
            // The web is flaky on purpose: every page that answers in the end must be had.
            budget_floor: 1_000_000,
            ..RetryOptions::default()
        };
        let retry = Arc::new(RetryPolicy::new(retry, telemetry.clone()));
        let stack = StackOptions { retry: retry.clone(), ..StackOptions::default() };
        let extractors: Vec<Arc<dyn Extract>> = vec![
            Arc::new(LinkExtractor::new(LinkOptions::default())),
            Arc::new(Items::new(world.plan.wide.is_some())?),
        ];
        let parts = Parts {
            frontier: Arc::new(WatchedFrontier { observer: world.observer.clone(), inner: frontier }),
            outbox: Arc::new(WatchedOutbox {
                observer: world.observer.clone(),
                switch: self.switch.clone(),
                aim: self.aim.clone(),
                inner: outbox,
            }),
            fetch: Arc::new(Wire { web: world.web.clone(), switch: self.switch.clone() }),
            middlewares: built_in(&stack, clock.clone(), ledger.clone())?.into(),
            guard: Arc::new(OpenDoor),
            scope: Arc::new(scope(world, limits.max_depth)?),
            extractors: extractors.into(),
            hooks: Arc::new(NoHooks),
            feed: None,
            contents: lycosa::engine::ContentMemory::default(),
            identity: Arc::new(Identity::new(crawl, key)),
            clock,
            retry,
            telemetry,
            ledger,
            settings: self.settings(),
        };
        Ok((Engine::new(parts), embedded))
    }

    fn settings(&self) -> Settings {
        let drain = match self.ending {
            Ending::Stop { drain, .. } => drain,
            _ => Duration::from_secs(1),
        };
        Settings {
            concurrency: self.world.plan.concurrency,
            limits: FetchLimits::default(),
            drain,
            all_outcomes: true,
            robots_tags: RobotsTags::Ignore,
            // Real time goes by: a host of the web whose robots.txt fails does so for ever.
            robots_patience: Duration::ZERO,
            revisits: self.world.plan.visits.map(|bounds| Revisits { bounds, ..Revisits::default() }),
            ..Settings::default()
        }
    }
}

/// What happens to the clocks while a life goes on.
#[derive(Clone, Copy, Debug)]
struct Jolt {
    commits: u64,
    kind: u64,
}

impl Jolt {
    const OVERSLEEP: u64 = 2;

    fn any(dice: &mut Dice) -> Self {
        Self { commits: dice.between(1, 20), kind: dice.below(8) }
    }

    fn strike(self, clock: &FastClock) {
        match self.kind {
            // Unnoticed until the next life.
            0 => clock.jump(HOUR, Duration::ZERO),
            1 => clock.jump(Duration::ZERO, HOUR),
            // Every lease that is open has run out.
            Self::OVERSLEEP => clock.oversleep(),
            _ => {}
        }
    }
}

fn scope(world: &World, max_depth: Option<u32>) -> Result<ScopeRules> {
    let wide = world.plan.wide.as_ref();
    let is_closed = wide.is_some_and(|wide| !wide.has_traps());
    ScopeRules::new(ScopeOptions {
        mode: if wide.is_some() { ScopeMode::Any } else { ScopeMode::Host },
        seeds: world.seeds.clone(),
        exclude: if is_closed { vec![TRAPS.to_owned()] } else { Vec::new() },
        max_depth,
        ..ScopeOptions::default()
    })
}

/// Whether an error is one that a failing disk may end a crawl with. A real one says why, and what helps is known.
pub(crate) fn is_typed(error: &Error, is_real: bool) -> bool {
    matches!(error.kind(), ErrorKind::State | ErrorKind::Io | ErrorKind::Output)
        && !error.message().is_empty()
        && (!is_real || error.hint().is_some())
}
