//! The switch that turns a life off: from one moment on, nothing it does reaches a disk.
//!
//! Every access to a disk takes a turn, so that the moment lies between two accesses, or inside one that chose to
//! be the last.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio_util::sync::CancellationToken;

use crate::observer::Observer;
use crate::verdict::locked;

/// How a life was turned off.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    /// Commits that became durable in this life.
    pub(crate) commits: u64,
    /// Leases that were open.
    pub(crate) open: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Switch {
    dead: AtomicBool,
    turn: Mutex<()>,
    off: CancellationToken,
    observer: Arc<Observer>,
    moment: Mutex<Option<Moment>>,
}

impl Switch {
    pub(crate) fn new(observer: Arc<Observer>) -> Self {
        Self {
            dead: AtomicBool::new(false),
            turn: Mutex::new(()),
            off: CancellationToken::new(),
            observer,
            moment: Mutex::new(None),
        }
    }

    /// Takes a turn at the disk.
    ///
    /// # Errors
    /// After the end of this life.
    pub(crate) fn turn(&self) -> io::Result<MutexGuard<'_, ()>> {
        let turn = locked(&self.turn);
        if self.dead.load(Ordering::Acquire) { Err(gone()) } else { Ok(turn) }
    }

    /// Ends this life now, between two turns.
    pub(crate) fn kill(&self) {
        let turn = locked(&self.turn);
        self.kill_in_turn(&turn);
    }

    /// Ends this life in the middle of an access.
    pub(crate) fn kill_in_turn(&self, _turn: &MutexGuard<'_, ()>) {
        if !self.dead.swap(true, Ordering::AcqRel) {
            *locked(&self.moment) = Some(self.observer.life_ends());
            self.off.cancel();
        }
    }

    pub(crate) fn moment(&self) -> Option<Moment> {
        *locked(&self.moment)
    }

    /// Resolves at the end of this life.
    pub(crate) async fn killed(&self) {
        self.off.cancelled().await;
    }
}

/// What the dead are told.
pub(crate) fn gone() -> io::Error {
    io::Error::other("this process was killed")
}
