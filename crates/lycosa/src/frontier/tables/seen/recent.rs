//! Fingerprints in memory and what is noted of each: an exact set at about seven bytes a fingerprint.
//!
//! A fingerprint is spread first, by a multiplication that can be undone, so that any numbers will do as fingerprints.
//! Its upper bits choose one of 4,096 tables. In a table it belongs to a place by its size (Lemire 2019, "Fast random
//! integer generation in an interval"), so the place holds part of it and only the rest is stored (Cleary 1984, "Compact
//! hash tables using bidirectional linear probing"), with how far from that place it had to go: linear probing in which
//! who is further from home goes first (Celis 1986, "Robin Hood hashing"), so all stand in the order of
//! their fingerprints, and keep it when a table grows.
//! A table grows by an eighth when it is 90 % full, on its own: no moment at which all of it is copied. A probe costs one
//! cache miss, so who asks for many announces them first ([`Recent::announce`]) and the misses overlap. Nothing is
//! ever removed. What it leaves out: the disk.

use std::cmp::Ordering;

use super::super::Mark;
use crate::model::UrlKey;
use crate::model::wire::{self, Damaged, Reader};

/// Bits of the fingerprint that choose the table.
const TABLE_BITS: u32 = 12;
const TABLES: usize = 1 << TABLE_BITS;
/// Bits of the fingerprint that are left to a table.
const REST_BITS: u32 = 64 - TABLE_BITS;
/// Bits of an entry for the note, 0 where nothing is, and above them for the distance from home.
const NOTE_BITS: u32 = 3;
const DISTANCE_BITS: u32 = 6;
const REST_AT: u32 = NOTE_BITS + DISTANCE_BITS;
const FURTHEST: usize = (1 << DISTANCE_BITS) - 1;
/// A table grows when more of its places than this many in a hundred are taken.
const FULLEST: usize = 90;
const LEAST_PLACES: usize = 8;
/// An odd multiplier that spreads neighbours (Knuth, TAOCP vol. 3, §6.4): odd, so it can be undone modulo 2⁶⁴.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// What undoes it.
#[cfg(test)]
const GATHER: u64 = 0xf1de_83e1_9937_733d;

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

    fn of(code: usize) -> Option<Self> {
        match code.checked_sub(1)? {
            number if number < Mark::ALL.len() => Mark::ALL.get(number).copied().map(Self::Known),
            number if number == Mark::ALL.len() => Some(Self::Arriving),
            _ => Some(Self::Arrived),
        }
    }
}

/// Fingerprints and what is noted of them.
#[derive(Debug)]
pub(super) struct Recent {
    tables: Box<[Table]>,
    length: u64,
    /// Bytes of the tables.
    bytes: usize,
}

/// Entries of equal width, one behind the other.
#[derive(Debug, Default)]
struct Table {
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
struct Rest(u64);

/// A fingerprint, spread: what everything here is ordered by.
pub(super) fn spread(key: UrlKey) -> u64 {
    key.0.wrapping_mul(SPREAD)
}

fn divide(spread: u64) -> (usize, Rest) {
    let table = usize::try_from(spread >> REST_BITS).unwrap_or(0);
    (table, Rest(spread & ((1 << REST_BITS) - 1)))
}

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

impl Default for Recent {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| Table::default()).collect(), length: 0, bytes: 0 }
    }
}

impl Recent {
    /// How many fingerprints there are.
    #[cfg(test)]
    fn len(&self) -> u64 {
        self.length
    }

    /// Bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is noted of a fingerprint.
    pub(super) fn get(&self, key: UrlKey) -> Option<Note> {
        let (table, rest) = divide(spread(key));
        let table = self.tables.get(table)?;
        match table.find(rest) {
            Place::Taken(at) => table.entry(at).note(),
            _ => None,
        }
    }

    /// Adds a fingerprint with a note; `false`, and nothing is changed, when it is there.
    pub(super) fn add(&mut self, key: UrlKey, note: Note) -> bool {
        let (table, rest) = divide(spread(key));
        let Some(table) = self.tables.get_mut(table) else { return false };
        let before = table.bytes.len();
        let added = table.add(rest, note);
        self.length += u64::from(added);
        self.bytes += table.bytes.len() - before;
        added
    }

    /// Sets the note of a fingerprint, which is added if it is not there.
    pub(super) fn set(&mut self, key: UrlKey, note: Note) {
        let (table, rest) = divide(spread(key));
        let Some(table) = self.tables.get_mut(table) else { return };
        match table.find(rest) {
            Place::Taken(at) => {
                let there = table.entry(at);
                table.put(at, Entry::new(there.rest(), there.distance(), note));
            }
            _ => drop(self.add(key, note)),
        }
    }

    /// Fetches what these fingerprints will be looked for in, all at once: the memory answers many such questions in
    /// the time of one.
    pub(super) fn announce(&self, keys: impl Iterator<Item = UrlKey>) {
        let first = |key: UrlKey| {
            let (table, rest) = divide(spread(key));
            let table = self.tables.get(table)?;
            let shape = Shape::of(table.places);
            table.bytes.get(shape.home(rest).0 * shape.width).copied()
        };
        std::hint::black_box(keys.filter_map(first).fold(0, |all, byte| all ^ byte));
    }

    /// Writes tables from this one on, until there are this many bytes; the next table, if there is one.
    pub(super) fn store(&self, first: usize, bytes: usize, out: &mut Vec<u8>) -> Option<usize> {
        wire::put_number(out, first as u64);
        for (number, table) in self.tables.iter().enumerate().skip(first) {
            if out.len() > bytes {
                return Some(number);
            }
            wire::put_number(out, table.places as u64);
            wire::put_bytes(out, &table.bytes);
        }
        None
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        let first = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        for table in self.tables.get_mut(first..).ok_or(Damaged)? {
            if reader.is_empty() {
                break;
            }
            self.length -= table.taken as u64;
            self.bytes -= table.bytes.len();
            *table = Table::load(reader)?;
            self.length += table.taken as u64;
            self.bytes += table.bytes.len();
        }
        if reader.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    /// All fingerprints, spread and in order, and what is noted of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Note)> {
        self.tables.iter().zip(0_u64..).flat_map(|(table, number)| {
            table.all().filter_map(move |(rest, entry)| Some((number << REST_BITS | rest.0, entry.note()?)))
        })
    }

    /// Changes notes in the order of the fingerprints, which are spread; `change` says which note comes instead.
    pub(super) fn change(&mut self, mut change: impl FnMut(u64, Note) -> Note) {
        for (table, number) in self.tables.iter_mut().zip(0_u64..) {
            for at in table.range() {
                if let Some((rest, entry)) = table.at(at)
                    && let Some(before) = entry.note()
                {
                    let note = change(number << REST_BITS | rest.0, before);
                    if note != before {
                        table.put(at, Entry::new(entry.rest(), entry.distance(), note));
                    }
                }
            }
        }
    }
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

    fn add(&mut self, rest: Rest, note: Note) -> bool {
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
    fn all(&self) -> impl Iterator<Item = (Rest, Entry)> {
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
        for (rest, entry) in self.all() {
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

    fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let places = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        let bytes = reader.bytes()?;
        if places == 0 && bytes.is_empty() {
            return Ok(Self::default());
        }
        let shape = Shape::of(places);
        if places == 0 || places > bytes.len() || shape.bytes() != bytes.len() {
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_thousand_random_fingerprints_are_all_there_with_their_marks_and_no_other() {
        let mut seen = Recent::default();
        let key = |number: u64| UrlKey(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
        let note = |number: u64| Note::of(number as usize % 7 + 1).unwrap();
        for number in 0..100_000 {
            assert!(seen.add(key(number), note(number)));
        }
        assert!((0..100_000).all(|number| !seen.add(key(number), Note::Arriving)));
        assert!((0..100_000).all(|number| seen.get(key(number)) == Some(note(number))));
        assert!((100_000..200_000).all(|number| seen.get(key(number)).is_none()));
        assert_eq!(seen.len(), 100_000);
        let bytes: usize = seen.tables.iter().map(|table| table.bytes.len()).sum();
        assert_eq!(bytes, seen.bytes());
        assert!(bytes < 14 * 100_000, "{} bytes each", bytes / 100_000);
    }

    proptest! {
        #[test]
        fn it_is_a_map_from_fingerprints_to_marks(
            // Few of them, at the borders of tables and of words too.
            steps in prop::collection::vec((prop_oneof![0_u64..40, u64::MAX - 40..=u64::MAX, (0_u64..40).prop_map(|n| n.wrapping_mul(GATHER)), (0_u64..40).prop_map(|n| (n << 52).wrapping_mul(GATHER))], 1_usize..8, any::<bool>()), 0..400)
        ) {
            let (mut seen, mut model) = (Recent::default(), HashMap::new());
            for (key, mark, sets) in steps {
                let (key, mark) = (UrlKey(key), Note::of(mark).unwrap());
                seen.announce([key].into_iter());
                if sets {
                    seen.set(key, mark);
                    model.insert(key, mark);
                } else {
                    let new = !model.contains_key(&key);
                    prop_assert_eq!(seen.add(key, mark), new);
                    model.entry(key).or_insert(mark);
                }
                prop_assert_eq!(seen.get(key), model.get(&key).copied());
            }
            let (mut again, mut next) = (Recent::default(), Some(0));
            while let Some(first) = next {
                let mut out = Vec::new();
                next = seen.store(first, 5000, &mut out);
                again.load(&mut Reader::new(&out)).unwrap();
            }
            prop_assert!(again.iter().is_sorted_by_key(|(spread, _)| spread));
            let found = again.iter().map(|(spread, note)| (UrlKey(spread.wrapping_mul(GATHER)), note));
            prop_assert_eq!(found.collect::<HashMap<_, _>>(), model.clone());
            prop_assert_eq!(again.len(), seen.len());
            prop_assert_eq!(seen.len(), model.len() as u64);
        }
    }
}
