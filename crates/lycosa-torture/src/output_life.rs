//! The sinks of one life: its calls can end the life or fail, at random or at a fail point.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard};

use lycosa::model::{Committed, Lsn, Position, Sink};
use lycosa::{Error, ErrorKind, Result};

use crate::dice::Dice;
use crate::output::Output;
use crate::point::{Aim, Point, Side};
use crate::switch::{Switch, gone};

/// What happens at one call of a life's sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The disk is full from then on.
    Fails,
    /// The life ends, before the call does its work or right after it.
    Dies { before: bool },
}

/// The calls of all sinks of one life, and the one that goes wrong, counted from 0.
#[derive(Debug)]
pub(crate) struct Trouble {
    fate: Option<(u64, Fate)>,
    calls: AtomicU64,
}

impl Trouble {
    pub(crate) fn new(fate: Option<(u64, Fate)>) -> Self {
        Self { fate, calls: AtomicU64::new(0) }
    }

    fn next(&self) -> Option<Fate> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.fate.filter(|(at, _)| number >= *at).map(|(_, fate)| fate)
    }
}

/// A sink of one life.
#[derive(Debug)]
pub(crate) struct LifeSink {
    pub(crate) inner: Box<dyn Sink>,
    pub(crate) output: Output,
    pub(crate) switch: Arc<Switch>,
    pub(crate) trouble: Arc<Trouble>,
    pub(crate) aim: Aim,
    pub(crate) dice: Dice,
    /// A defect: positions are told before what leads to them is durable.
    pub(crate) syncs_late: bool,
}

impl LifeSink {
    fn call<T>(&mut self, point: Point, call: impl FnOnce(&mut dyn Sink) -> Result<T>) -> Result<T> {
        let switch = self.switch.clone();
        let turn = switch.turn().map_err(dead)?;
        let fate = self.trouble.next();
        if fate == Some(Fate::Fails) {
            return Err(failed("the output cannot be written", io::ErrorKind::StorageFull.into()));
        }
        if self.aim.strikes(point, Side::Before) || fate == Some(Fate::Dies { before: true }) {
            return Err(self.die(&turn));
        }
        let before = self.before(point)?;
        let answer = call(&mut *self.inner);
        if answer.is_ok() && self.dies_inside(point, before)? {
            return Err(self.die(&turn));
        }
        if self.aim.strikes(point, Side::After) || fate == Some(Fate::Dies { before: false }) {
            return Err(self.die(&turn));
        }
        answer
    }

    /// What is needed to leave a step half done: the parts that are complete.
    fn before(&self, point: Point) -> Result<Step> {
        let looked = |cause| failed("the output cannot be looked at", cause);
        let image = match point {
            Point::DatabaseCommit => Some(self.output.image().map_err(looked)?),
            _ => None,
        };
        Ok(Step { parts: self.output.complete_parts().map_err(looked)?, image })
    }

    /// Takes back a part of the step that was just done, when the life shall end in it.
    fn dies_inside(&mut self, point: Point, before: Step) -> Result<bool> {
        let looked = |cause| failed("the output cannot be looked at", cause);
        if let Some(image) = before.image
            && self.aim.strikes(point, Side::Inside)
        {
            let after = self.output.image().map_err(looked)?;
            self.output.freeze(image.half_way_to(after, &mut self.dice));
            return Ok(true);
        }
        let now = self.output.complete_parts().map_err(looked)?;
        let Some(newest) = now.iter().rfind(|part| !before.parts.contains(part)) else { return Ok(false) };
        if self.aim.strikes(Point::PartRename, Side::Before) {
            self.output.unname(newest).map_err(looked)?;
            return Ok(true);
        }
        Ok(self.aim.strikes(Point::PartRename, Side::After))
    }

    fn die(&self, turn: &MutexGuard<'_, ()>) -> Error {
        self.switch.kill_in_turn(turn);
        dead(gone())
    }

    fn sync_point(&self) -> Point {
        if self.output.is_database() { Point::DatabaseCommit } else { Point::OutputSync }
    }

    fn note(&self) -> Result<()> {
        self.output.synced().map_err(|cause| failed("the output cannot be looked at", cause))
    }
}

/// An output before a call.
struct Step {
    parts: Vec<PathBuf>,
    image: Option<crate::database::Image>,
}

fn dead(cause: io::Error) -> Error {
    failed("the output is out of reach", cause)
}

fn failed(what: &str, cause: io::Error) -> Error {
    Error::new(ErrorKind::Output, what).with_source(cause)
}

impl Drop for LifeSink {
    fn drop(&mut self) {
        if self.output.is_database()
            && self.switch.moment().is_some()
            && let Ok(image) = self.output.image()
        {
            self.output.freeze(image);
        }
    }
}

impl Sink for LifeSink {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.call(Point::OutputOpen, |sink| sink.open(position))
    }

    fn holds(&self, position: &Position) -> Result<Option<Lsn>> {
        self.inner.holds(position)
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        self.call(Point::OutputWrite, |sink| sink.write(commit))
    }

    fn sync(&mut self) -> Result<Position> {
        let point = self.sync_point();
        if self.syncs_late {
            self.note()?;
            return self.call(point, |sink| sink.sync());
        }
        let position = self.call(point, |sink| sink.sync())?;
        self.note()?;
        Ok(position)
    }

    fn close(&mut self) -> Result<Position> {
        let position = self.call(Point::OutputClose, |sink| sink.close())?;
        self.note()?;
        Ok(position)
    }
}
