//! A table of [`Recent`](super::recent::Recent): fingerprints of equal upper bits, each in a few bytes, in order.
//!
//! How they are stored is said there. What it leaves out: other tables.

use std::cmp::Ordering;

use super::super::Mark;
use crate::model::wire::{self, Damaged, Reader};

/// Bits of the fingerprint that choose the table.
pub(super) const TABLE_BITS: u32 = 12;
/// Bits of the fingerprint that are left to a table.
pub(super) const REST_BITS: u32 = 64 - TABLE_BITS;
/// Bits of an entry for the note, 0 where nothing is, and above them for the distance from home.
const NOTE_BITS: u32 = 3;
const DISTANCE_BITS: u32 = 6;
const REST_AT: u32 = NOTE_BITS + DISTANCE_BITS;
const FURTHEST: usize = (1 << DISTANCE_BITS) - 1;
/// A table grows when more of its places than this many in a hundred are taken.
const FULLEST: usize = 90;
const LEAST_PLACES: usize = 8;

/// What is noted of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Its URL was accepted.
    Known(Mark),
    /// It was met in a link, and nobody has looked yet whether it is on disk.
    Arriving,
    /// The same, and it is not on disk: the link is to be accepted.
    Arrived,
}

impl Note {
    fn code(self) -> u64 {
        match self {
            Self::Known(mark) => mark as u64 + 1,
            Self::Arriving => Mark::ALL.len() as u64 + 1,
            Self::Arrived => Mark::ALL.len() as u64 + 2,
        }
    }

    pub(super) fn of(code: usize) -> Option<Self> {
        match code.checked_sub(1)? {
            number if number < Mark::ALL.len() => Mark::ALL.get(number).copied().map(Self::Known),
            number if number == Mark::ALL.len() => Some(Self::Arriving),
            _ => Some(Self::Arrived),
        }
    }
}

/// Entries of equal width, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Filled up with [`size_of::<u64>`] bytes, so that every entry can be read as a word.
    bytes: Box<[u8]>,
    /// Homes; there are a few entries more behind the last of them ([`Shape::entries`]).
    places: usize,
    taken: usize,
}

/// What follows from how many places a table has.
#[derive(Clone, Copy)]
struct Shape {
    places: usize,
    /// Bits of what the place does not tell that are not stored either: they follow.
    shift: u32,
    /// Bytes of an entry.
    width: usize,
}

/// What is stored of a fingerprint at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    const EMPTY: Self = Self(0);

    fn new(rest: u64, distance: usize, note: Note) -> Self {
        Self(rest << REST_AT | (distance as u64) << NOTE_BITS | note.code())
    }

    fn rest(self) -> u64 {
        self.0 >> REST_AT
    }

    fn distance(self) -> usize {
        usize::try_from(self.0 >> NOTE_BITS).unwrap_or(0) & FURTHEST
    }

    fn note(self) -> Option<Note> {
        Note::of(usize::try_from(self.0 & ((1 << NOTE_BITS) - 1)).ok()?)
    }

    fn further(self) -> Self {
        Self(self.0 + (1 << NOTE_BITS))
    }
}

/// The part of a fingerprint that was spread which its table knows it by.
#[derive(Clone, Copy)]
pub(super) struct Rest(pub(super) u64);

impl Shape {
    fn of(places: usize) -> Self {
        let shift = places.checked_ilog2().unwrap_or(0);
        let bits = REST_BITS - shift + REST_AT;
        Self { places, shift, width: bits.div_ceil(8) as usize }
    }

    /// How many entries there are room for: who lives at the last places must be able to give way.
    fn entries(self) -> usize {
        self.places + (self.places / 8 + LEAST_PLACES).min(FURTHEST)
    }

    fn bytes(self) -> usize {
        self.entries() * self.width + size_of::<u64>()
    }

    /// Where a fingerprint belongs, and what is left of it there. Two that belong to one place differ by a multiple of
    /// `places` in the lower half of the product, so its lowest bits tell nothing.
    fn home(self, rest: Rest) -> (usize, u64) {
        let product = u128::from(rest.0) * self.places as u128;
        let home = usize::try_from(product >> REST_BITS).unwrap_or(0);
        let below = u64::try_from(product & ((1 << REST_BITS) - 1)).unwrap_or(0);
        (home, below >> self.shift)
    }

    /// The fingerprint of which this is left at this place.
    fn rest(self, home: usize, left: u64) -> Rest {
        let product = (home as u128) << REST_BITS | u128::from(left << self.shift);
        // By hand, because a division of 128 bits takes ten times as long.
        let places = self.places as u64;
        let (upper, lower) = ((product >> 32) as u64, (product & u128::from(u32::MAX)) as u64);
        let (quotient, over) = (upper / places, upper % places);
        let lower = over << 32 | lower;
        Rest((quotient << 32) + lower.div_ceil(places))
    }
}

/// Where a fingerprint is, or where it would go.
enum Place {
    Taken(usize),
    /// Here, so far from its home; whoever is there gives way.
    Wanted(usize, usize),
    /// Nowhere: the way from its home is too long.
    TooFar,
}

impl Table {
    fn empty(places: usize) -> Self {
        Self { bytes: vec![0; Shape::of(places).bytes()].into_boxed_slice(), places, taken: 0 }
    }

    /// The entry at a place; none behind the last.
    fn entry(&self, at: usize) -> Entry {
        read(&self.bytes, Shape::of(self.places).width, at)
    }

    fn put(&mut self, at: usize, entry: Entry) {
        let width = Shape::of(self.places).width;
        if let Some(bytes) = self.bytes.get_mut(at * width..at * width + width) {
            bytes.copy_from_slice(entry.0.to_le_bytes().get(..width).unwrap_or_default());
        }
    }

    fn find(&self, rest: Rest) -> Place {
        let shape = Shape::of(self.places);
        if shape.places == 0 {
            return Place::TooFar;
        }
        let (home, left) = shape.home(rest);
        let entries = shape.entries();
        for (at, distance) in (home..entries).zip(0..=FURTHEST) {
            let entry = read(&self.bytes, shape.width, at);
            if entry == Entry::EMPTY {
                return Place::Wanted(at, distance);
            }
            match entry.distance().cmp(&distance).then(left.cmp(&entry.rest())) {
                Ordering::Greater => {}
                Ordering::Equal => return Place::Taken(at),
                Ordering::Less => return Place::Wanted(at, distance),
            }
        }
        Place::TooFar
    }

    /// Adds a fingerprint with a note; `false`, and nothing is changed, when it is there.
    pub(super) fn add(&mut self, rest: Rest, note: Note) -> bool {
        match self.find(rest) {
            Place::Taken(_) => return false,
            Place::Wanted(at, distance)
                if (self.taken + 1) * 100 <= self.places * FULLEST && self.make_way(at) =>
            {
                let (_, left) = Shape::of(self.places).home(rest);
                self.put(at, Entry::new(left, distance, note));
                self.taken += 1;
            }
            _ => {
                self.grow();
                return self.add(rest, note);
            }
        }
        true
    }

    /// Moves whoever is here, and those behind, one place on. `false`, and nothing has moved, when that is too far for one
    /// of them.
    fn make_way(&mut self, at: usize) -> bool {
        let entries = Shape::of(self.places).entries();
        let moving = (at..entries).take_while(|at| self.entry(*at) != Entry::EMPTY).count();
        let end = at + moving;
        if end >= entries || (at..end).any(|at| self.entry(at).distance() == FURTHEST) {
            return false;
        }
        for at in (at..end).rev() {
            self.put(at + 1, self.entry(at).further());
        }
        true
    }

    /// What is in it, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Rest, Note)> {
        self.entries().filter_map(|(rest, entry)| Some((rest, entry.note()?)))
    }

    fn entries(&self) -> impl Iterator<Item = (Rest, Entry)> {
        self.range().filter_map(|at| self.at(at))
    }

    /// Where something can be.
    fn range(&self) -> std::ops::Range<usize> {
        0..if self.places == 0 { 0 } else { Shape::of(self.places).entries() }
    }

    /// What is at a place.
    fn at(&self, at: usize) -> Option<(Rest, Entry)> {
        let entry = self.entry(at);
        let home = at.checked_sub(entry.distance())?;
        (entry != Entry::EMPTY).then(|| (Shape::of(self.places).rest(home, entry.rest()), entry))
    }

    fn grow(&mut self) {
        let mut places = self.places;
        loop {
            places += places / 8 + LEAST_PLACES;
            if let Some(grown) = self.with(places) {
                *self = grown;
                return;
            }
        }
    }

    /// The same with so many places: its entries are in the order of their fingerprints, and stay so. `None` when one would have
    /// to go too far.
    fn with(&self, places: usize) -> Option<Self> {
        let shape = Shape::of(places);
        let mut table = Self::empty(places);
        let mut free = 0;
        for (rest, entry) in self.entries() {
            let (home, left) = shape.home(rest);
            let at = home.max(free);
            if at - home > FURTHEST || at >= shape.entries() {
                return None;
            }
            table.put(at, Entry::new(left, at - home, entry.note()?));
            free = at + 1;
        }
        table.taken = self.taken;
        Some(table)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.taken
    }

    /// Bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// What is noted of a fingerprint.
    pub(super) fn get(&self, rest: Rest) -> Option<Note> {
        match self.find(rest) {
            Place::Taken(at) => self.entry(at).note(),
            _ => None,
        }
    }

    /// Sets what is noted of a fingerprint; `false`, and nothing is changed, when it is not there.
    pub(super) fn set(&mut self, rest: Rest, note: Note) -> bool {
        let Place::Taken(at) = self.find(rest) else { return false };
        let there = self.entry(at);
        self.put(at, Entry::new(there.rest(), there.distance(), note));
        true
    }

    /// The first byte of where a fingerprint belongs: fetching it fetches what looking for it needs.
    pub(super) fn first_byte(&self, rest: Rest) -> Option<u8> {
        let shape = Shape::of(self.places);
        self.bytes.get(shape.home(rest).0 * shape.width).copied()
    }

    /// Writes it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.places as u64);
        wire::put_bytes(out, &self.bytes);
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let places = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        let bytes = reader.bytes()?;
        if places == 0 && bytes.is_empty() {
            return Ok(Self::default());
        }
        // What a place tells of a fingerprint is worked out for as many as there can be.
        if places == 0 || places > bytes.len() {
            return Err(Damaged);
        }
        let shape = Shape::of(places);
        if shape.bytes() != bytes.len() {
            return Err(Damaged);
        }
        let mut table = Self { bytes: bytes.into(), places, taken: 0 };
        // Whatever is found must be what looking for it finds.
        let mut least = (0, 0);
        for at in 0..shape.entries() {
            let entry = table.entry(at);
            if entry == Entry::EMPTY {
                least = (at + 1, 0);
                continue;
            }
            let home = at.checked_sub(entry.distance()).ok_or(Damaged)?;
            let is_sound = home < places
                && (home, entry.rest()) >= least
                && entry.note().is_some()
                && shape.home(shape.rest(home, entry.rest())) == (home, entry.rest());
            if !is_sound {
                return Err(Damaged);
            }
            least = (home, entry.rest() + 1);
            table.taken += 1;
        }
        if table.taken * 100 <= places * FULLEST { Ok(table) } else { Err(Damaged) }
    }
}

/// An entry out of a table's bytes.
fn read(bytes: &[u8], width: usize, at: usize) -> Entry {
    let word = bytes.get(at * width..).and_then(|rest| rest.first_chunk::<8>());
    let word = word.map_or(0, |word| u64::from_le_bytes(*word));
    Entry(word & (u64::MAX >> (64 - 8 * width)))
}
