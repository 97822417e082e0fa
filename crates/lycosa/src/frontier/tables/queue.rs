//! What waits on one level of a site: four classes that share turns, and in each a queue per origin.
//!
//! The origins of a class go round, so that one that is full costs nothing while it is: it leaves the round when it
//! is met and comes back when it has room again. First in, first out within an origin.

use std::collections::VecDeque;

use super::entry::Entry;
use super::overflow::Overflow;
use super::waiting::Waiting;
use crate::model::wire::{self, Damaged, Reader};

/// Turns a class gets in a round: class 0 goes first always, the others share what it leaves.
const TURNS: [u8; 4] = [u8::MAX, 8, 4, 2];

/// The four classes of one level.
#[derive(Debug, Default)]
pub(super) struct Level {
    classes: [Class; 4],
    turns: [u8; 4],
}

/// One class of a level.
#[derive(Debug, Default)]
struct Class {
    /// Sorted by origin. One that has become empty keeps its place for as long as the level lives.
    queues: Vec<Queue>,
    /// Whose turn is next. Whoever has entries and room is in it; others may still be.
    round: VecDeque<u32>,
    length: usize,
}

/// The entries of one origin, and whether its turn comes.
#[derive(Debug)]
struct Queue {
    origin: u32,
    entries: Waiting,
    in_round: bool,
}

impl Level {
    pub(super) fn is_empty(&self) -> bool {
        self.classes.iter().all(|class| class.length == 0)
    }

    /// How many entries wait.
    pub(super) fn len(&self) -> usize {
        self.classes.iter().map(|class| class.length).sum()
    }

    /// The same, class by class.
    pub(super) fn lengths(&self) -> [usize; 4] {
        self.classes.each_ref().map(|class| class.length)
    }

    /// Puts an entry at the end of its origin's queue in its class.
    pub(super) fn push(&mut self, entry: &Entry, overflow: &mut Overflow) {
        let class = usize::from(entry.class).min(self.classes.len() - 1);
        self.classes[class].push(entry, overflow);
    }

    /// Takes the next entry of an origin that has room.
    pub(super) fn pop(&mut self, room: impl Fn(u32) -> bool, overflow: &mut Overflow) -> Option<Entry> {
        for _round in 0..2 {
            let classes = self.classes.iter_mut().zip(&mut self.turns).zip(TURNS);
            for ((class, taken), turns) in classes.filter(|((_, taken), turns)| **taken < *turns) {
                if let Some(entry) = class.pop(&room, overflow) {
                    // The first class has no bound: its turns are not counted.
                    *taken += u8::from(turns != u8::MAX);
                    return Some(entry);
                }
            }
            // Every class that has something has had its turns: a new round.
            self.turns = [0; 4];
        }
        None
    }

    /// Whether [`Self::pop`] would find something.
    pub(super) fn has_room(&mut self, room: impl Fn(u32) -> bool) -> bool {
        self.classes.iter_mut().any(|class| class.turn(&room).is_some())
    }

    /// Takes the entry of this origin that this is true of.
    pub(super) fn take(
        &mut self,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<Entry> {
        self.classes.iter_mut().find_map(|class| class.take(origin, &wanted, overflow))
    }

    /// Shows every entry.
    pub(super) fn each(&self, overflow: &mut Overflow, show: &mut impl FnMut(&Entry)) {
        for queue in self.classes.iter().flat_map(|class| &class.queues) {
            queue.entries.each(queue.origin, overflow, show);
        }
    }

    /// Shows every entry of the first class.
    pub(super) fn each_urgent(&self, overflow: &mut Overflow, show: &mut impl FnMut(&Entry)) {
        let [first, ..] = &self.classes;
        first.queues.iter().for_each(|queue| queue.entries.each(queue.origin, overflow, show));
    }

    /// This origin may have room again.
    pub(super) fn readmit(&mut self, origin: u32) {
        for class in &mut self.classes {
            class.readmit(origin);
        }
    }

    /// Every origin may have room again.
    pub(super) fn readmit_all(&mut self) {
        for class in &mut self.classes {
            let waiting =
                class.queues.iter_mut().filter(|queue| !queue.in_round && !queue.entries.is_empty());
            class.round.extend(waiting.map(|queue| {
                queue.in_round = true;
                queue.origin
            }));
        }
    }

    /// Takes an entry out, whoever's turn it is: who asks until there is none empties it.
    pub(super) fn next(&mut self, overflow: &mut Overflow) -> Option<Entry> {
        let mut queues = self.classes.iter_mut().flat_map(|class| &mut class.queues);
        queues.find_map(|queue| queue.entries.pop(queue.origin, overflow))
    }

    /// Moves entries out of memory where that many bytes of them wait in one place.
    pub(super) fn shed(&mut self, least: usize, overflow: &mut Overflow) {
        for queue in self.classes.iter_mut().flat_map(|class| &mut class.queues) {
            queue.entries.shed(queue.origin, least, overflow);
        }
    }

    /// What waits, origin by origin.
    pub(super) fn all(&self) -> impl Iterator<Item = &Waiting> {
        self.classes.iter().flat_map(|class| &class.queues).map(|queue| &queue.entries)
    }

    /// What waits, origin by origin.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.classes.iter_mut().flat_map(|class| &mut class.queues).map(|queue| &mut queue.entries)
    }

    /// Writes all of it. Queues come in the order of their turns.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.turns);
        for class in &self.classes {
            let waiting = class.by_turn();
            wire::put_number(out, waiting.len() as u64);
            for queue in waiting {
                wire::put_number(out, u64::from(queue.origin));
                queue.entries.store(out);
            }
        }
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(
        reader: &mut Reader<'_>,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<Self, Damaged> {
        let mut level = Self::default();
        for turns in &mut level.turns {
            *turns = reader.byte()?;
        }
        for class in &mut level.classes {
            class.queues = reader.list(|reader| {
                let origin = reader.small()?;
                Ok(Queue { origin, entries: Waiting::load(reader, check, overflow)?, in_round: true })
            })?;
            class.round = class.queues.iter().map(|queue| queue.origin).collect();
            class.queues.sort_unstable_by_key(|queue| queue.origin);
            class.length = class.queues.iter().map(|queue| queue.entries.len()).sum();
        }
        Ok(level)
    }
}

impl Class {
    /// The queues that are not empty: those whose turn comes next first, then those that have no room.
    fn by_turn(&self) -> Vec<&Queue> {
        let find = |origin: &u32| {
            let place = self.queues.binary_search_by_key(origin, |queue| queue.origin).ok()?;
            self.queues.get(place)
        };
        let rest = self.queues.iter().filter(|queue| !queue.in_round);
        let all = self.round.iter().filter_map(find).chain(rest);
        all.filter(|queue| !queue.entries.is_empty()).collect()
    }

    fn push(&mut self, entry: &Entry, overflow: &mut Overflow) {
        let origin = entry.origin;
        let place = self.queues.binary_search_by_key(&origin, |queue| queue.origin).unwrap_or_else(|place| {
            // Most classes have one origin for ever.
            self.queues.reserve_exact(usize::from(self.queues.is_empty()));
            self.queues.insert(place, Queue { origin, entries: Waiting::default(), in_round: false });
            place
        });
        let Some(queue) = self.queues.get_mut(place) else { return };
        queue.entries.push(entry, overflow);
        self.length += 1;
        self.readmit(origin);
    }

    fn queue(&mut self, origin: u32) -> Option<&mut Queue> {
        let place = self.queues.binary_search_by_key(&origin, |queue| queue.origin).ok()?;
        self.queues.get_mut(place)
    }

    fn readmit(&mut self, origin: u32) {
        let Some(queue) = self.queue(origin) else { return };
        if !queue.in_round && !queue.entries.is_empty() {
            queue.in_round = true;
            self.round.push_back(origin);
        }
    }

    /// The origin whose turn it is; those before it that are full or have nothing leave the round.
    fn turn(&mut self, room: impl Fn(u32) -> bool) -> Option<u32> {
        loop {
            let origin = *self.round.front()?;
            let queue = self.queue(origin)?;
            if room(origin) && !queue.entries.is_empty() {
                return Some(origin);
            }
            queue.in_round = false;
            self.round.pop_front();
        }
    }

    fn pop(&mut self, room: impl Fn(u32) -> bool, overflow: &mut Overflow) -> Option<Entry> {
        let origin = self.turn(room)?;
        let entry = self.queue(origin)?.entries.pop(origin, overflow)?;
        self.length -= 1;
        // To the end of the round; it leaves when it is met again and has nothing.
        self.round.rotate_left(1);
        Some(entry)
    }

    fn take(
        &mut self,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<Entry> {
        let queue = self.queue(origin)?;
        let entry = queue.entries.take(origin, wanted, overflow)?;
        self.length -= 1;
        Some(entry)
    }
}
