//! Which URLs were ever accepted, and what became of each: an exact set of fingerprints at about ten bytes a URL.
//!
//! A fingerprint is spread first, by a multiplication that can be undone, so that any numbers will do as fingerprints.
//! Then its upper bits choose one of 4,096 tables; the rest and the mark share a word of 64 bits, so nothing is lost. Each table is open-addressed with linear probing (Knuth, TAOCP vol. 3, §6.4) and
//! grows by an eighth when it is 86 % full, on its own: no moment at which all of it is copied. A probe costs one
//! cache miss, so who asks for many announces them first ([`SeenSet::announce`]) and the misses overlap. Nothing is
//! ever removed. What it leaves out: the disk.

use super::Mark;
use crate::model::UrlKey;
use crate::model::wire::{self, Damaged, Reader};

/// Bits of the fingerprint that choose the table.
const TABLE_BITS: u32 = 12;
const TABLES: usize = 1 << TABLE_BITS;
/// Bits of a word below the fingerprint's rest: as many as the choice of the table saves.
const MARK_BITS: u32 = TABLE_BITS;
/// A table grows when more of its places than this many in a hundred are taken.
const FULLEST: usize = 86;
const LEAST_PLACES: usize = 8;
/// An odd multiplier that spreads neighbours (Knuth, TAOCP vol. 3, §6.4): odd, so it can be undone modulo 2⁶⁴.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// What undoes it.
#[cfg(test)]
const GATHER: u64 = 0xf1de_83e1_9937_733d;

/// Fingerprints and their marks.
#[derive(Debug)]
pub(super) struct SeenSet {
    tables: Box<[Table]>,
    length: u64,
}

#[derive(Debug, Default)]
struct Table {
    /// 0 where nothing is: every mark has a code of 1 or more.
    words: Box<[u64]>,
    taken: usize,
}

/// A fingerprint that was spread.
#[derive(Clone, Copy)]
struct Spread(u64);

impl Spread {
    fn of(key: UrlKey) -> Self {
        Self(key.0.wrapping_mul(SPREAD))
    }

    #[cfg(test)]
    fn key(self) -> UrlKey {
        UrlKey(self.0.wrapping_mul(GATHER))
    }

    fn table(self) -> usize {
        usize::try_from(self.0 >> (64 - TABLE_BITS)).unwrap_or(0)
    }

    fn word(self, mark: Mark) -> u64 {
        self.0 << MARK_BITS | (mark as u64 + 1)
    }

    /// Where it belongs among so many places: its rest as a fraction of them (Lemire 2019, "Fast random integer
    /// generation in an interval"), so a table that grows keeps its order.
    fn home(self, places: usize) -> usize {
        let product = u128::from(self.0 << TABLE_BITS) * places as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }
}

/// Where a fingerprint is, or where it would go.
enum Place {
    Taken(usize),
    Free(usize),
}

impl Default for SeenSet {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| Table::default()).collect(), length: 0 }
    }
}

impl SeenSet {
    /// How many fingerprints there are.
    #[cfg(test)]
    fn len(&self) -> u64 {
        self.length
    }

    /// The mark of a fingerprint.
    pub(super) fn get(&self, key: UrlKey) -> Option<Mark> {
        let key = Spread::of(key);
        let table = self.tables.get(key.table())?;
        match table.find(key) {
            Some(Place::Taken(at)) => table.words.get(at).and_then(|word| mark_of(*word)),
            _ => None,
        }
    }

    /// Whether it is there.
    pub(super) fn contains(&self, key: UrlKey) -> bool {
        self.get(key).is_some()
    }

    /// Adds a fingerprint with a mark; `false`, and nothing is changed, when it is there.
    pub(super) fn add(&mut self, key: UrlKey, mark: Mark) -> bool {
        let key = Spread::of(key);
        let Some(table) = self.tables.get_mut(key.table()) else { return false };
        let added = table.add(key, mark);
        self.length += u64::from(added);
        added
    }

    /// Sets the mark of a fingerprint, which is added if it is not there.
    pub(super) fn set(&mut self, key: UrlKey, mark: Mark) {
        let spread = Spread::of(key);
        let Some(table) = self.tables.get_mut(spread.table()) else { return };
        if let Some(Place::Taken(at)) = table.find(spread)
            && let Some(word) = table.words.get_mut(at)
        {
            *word = spread.word(mark);
        } else {
            self.add(key, mark);
        }
    }

    /// Fetches what these fingerprints will be looked for in, all at once: the memory answers many such questions in
    /// the time of one.
    pub(super) fn announce(&self, keys: impl Iterator<Item = UrlKey>) {
        let first = |key: UrlKey| {
            let key = Spread::of(key);
            let table = self.tables.get(key.table())?;
            table.words.get(key.home(table.words.len())).copied()
        };
        std::hint::black_box(keys.filter_map(first).fold(0, |all, word| all ^ word));
    }

    /// Writes tables from this one on, until there are this many bytes; the next table, if there is one.
    pub(super) fn store(&self, first: usize, bytes: usize, out: &mut Vec<u8>) -> Option<usize> {
        wire::put_number(out, first as u64);
        for (number, table) in self.tables.iter().enumerate().skip(first) {
            if out.len() > bytes {
                return Some(number);
            }
            wire::put_number(out, table.words.len() as u64);
            table.words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
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
            *table = Table::load(reader)?;
            self.length += table.taken as u64;
        }
        if reader.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    /// All fingerprints and marks, in no order.
    #[cfg(test)]
    fn iter(&self) -> impl Iterator<Item = (UrlKey, Mark)> {
        self.tables.iter().zip(0_u64..).flat_map(|(table, number)| {
            table.words.iter().filter_map(move |word| {
                let spread = Spread(number << (64 - TABLE_BITS) | word >> MARK_BITS);
                Some((spread.key(), mark_of(*word)?))
            })
        })
    }
}

fn mark_of(word: u64) -> Option<Mark> {
    let code = usize::try_from(word & ((1 << MARK_BITS) - 1)).ok()?;
    Mark::ALL.get(code.checked_sub(1)?).copied()
}

impl Table {
    fn find(&self, key: Spread) -> Option<Place> {
        let places = self.words.len();
        let mut at = key.home(places);
        // There is always a free place, so the loop ends; an empty table has none and is asked for none.
        for _ in 0..places {
            let word = *self.words.get(at)?;
            if word == 0 {
                return Some(Place::Free(at));
            }
            if (word ^ key.0 << MARK_BITS) >> MARK_BITS == 0 {
                return Some(Place::Taken(at));
            }
            at = if at + 1 == places { 0 } else { at + 1 };
        }
        None
    }

    fn add(&mut self, key: Spread, mark: Mark) -> bool {
        match self.find(key) {
            Some(Place::Taken(_)) => return false,
            Some(Place::Free(at)) if (self.taken + 1) * 100 <= self.words.len() * FULLEST => {
                if let Some(word) = self.words.get_mut(at) {
                    *word = key.word(mark);
                    self.taken += 1;
                }
            }
            _ => {
                self.grow();
                return self.add(key, mark);
            }
        }
        true
    }

    fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let places = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        if places > reader.left() / size_of::<u64>() {
            return Err(Damaged);
        }
        let words = (0..places).map(|_| reader.fixed64()).collect::<Result<Box<[u64]>, Damaged>>()?;
        let taken = words.iter().filter(|word| **word != 0).count();
        let is_sound = words.iter().all(|word| *word == 0 || mark_of(*word).is_some());
        if is_sound && taken * 100 <= places * FULLEST { Ok(Self { words, taken }) } else { Err(Damaged) }
    }

    fn grow(&mut self) {
        let places = self.words.len() + self.words.len() / 8 + LEAST_PLACES;
        let words = std::mem::replace(&mut self.words, vec![0; places].into_boxed_slice());
        for word in words.into_iter().filter(|word| *word != 0) {
            if let Some(Place::Free(at)) = self.find(Spread(word >> MARK_BITS))
                && let Some(place) = self.words.get_mut(at)
            {
                *place = word;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_thousand_random_fingerprints_are_all_there_with_their_marks_and_no_other() {
        let mut seen = SeenSet::default();
        let key = |number: u64| UrlKey(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
        let mark = |number: u64| Mark::ALL[number as usize % Mark::ALL.len()];
        for number in 0..100_000 {
            assert!(seen.add(key(number), mark(number)));
        }
        assert!((0..100_000).all(|number| !seen.add(key(number), Mark::Open)));
        assert!((0..100_000).all(|number| seen.get(key(number)) == Some(mark(number))));
        assert!((100_000..200_000).all(|number| !seen.contains(key(number))));
        assert_eq!(seen.len(), 100_000);
        let words: usize = seen.tables.iter().map(|table| table.words.len()).sum();
        assert!(words * 8 < 13 * 100_000, "{} bytes each", words * 8 / 100_000);
    }

    proptest! {
        #[test]
        fn it_is_a_map_from_fingerprints_to_marks(
            // Few of them, at the borders of tables and of words too.
            steps in prop::collection::vec((prop_oneof![0_u64..40, u64::MAX - 40..=u64::MAX, (0_u64..40).prop_map(|n| n.wrapping_mul(GATHER)), (0_u64..40).prop_map(|n| (n << 52).wrapping_mul(GATHER))], 0_usize..5, any::<bool>()), 0..400)
        ) {
            let (mut seen, mut model) = (SeenSet::default(), HashMap::new());
            for (key, mark, sets) in steps {
                let (key, mark) = (UrlKey(key), Mark::ALL[mark]);
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
            let (mut again, mut next) = (SeenSet::default(), Some(0));
            while let Some(first) = next {
                let mut out = Vec::new();
                next = seen.store(first, 5000, &mut out);
                again.load(&mut Reader::new(&out)).unwrap();
            }
            prop_assert_eq!(again.iter().collect::<HashMap<_, _>>(), model.clone());
            prop_assert_eq!(again.len(), seen.len());
            prop_assert_eq!(seen.len(), model.len() as u64);
        }
    }
}
