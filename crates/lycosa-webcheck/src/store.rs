//! The frontiers that a crawl can stand on. The crawlers know the traits alone.

use std::path::Path;
use std::sync::Arc;

use lycosa::Result;
use lycosa::frontier::Memory;
use lycosa::frontier::embedded::{CrawlIdentity, Disk, Durability, Embedded, FORMAT_VERSION, Opening};
use lycosa::model::{Clock, Frontier, Limits, Outbox, Pace};
use lycosa::scope::versions;

use crate::arguments::Store;
use crate::clock::VirtualClock;

/// A frontier and the reader of what it commits.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) frontier: Arc<dyn Frontier>,
    pub(crate) outbox: Arc<dyn Outbox>,
}

/// A new frontier of this kind; a state goes to the folder, with so many bytes of memory for fingerprints.
///
/// # Errors
/// When the state cannot be made.
pub(crate) fn open(
    (store, seen_memory): (Store, usize),
    limits: Limits,
    pace: Pace,
    clock: &VirtualClock,
    folder: &Path,
) -> Result<Opened> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let durability = match store {
        Store::Memory => {
            let memory = Arc::new(Memory::new(limits, pace, clock));
            return Ok(Opened { frontier: memory.clone(), outbox: memory });
        }
        Store::Embedded => Durability::Process,
        Store::Durable => Durability::Power,
    };
    let folder = folder.join("state");
    let opening = Opening {
        folder,
        limits,
        pace,
        clock,
        files: Arc::new(Disk),
        durability,
        history: true,
        seen_memory,
    };
    let identity = CrawlIdentity::random(versions(FORMAT_VERSION), String::new())?;
    let embedded = Arc::new(Embedded::create(opening, identity)?);
    Ok(Opened { frontier: embedded.clone(), outbox: embedded })
}
