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

use super::table::{Note, REST_BITS, Rest, TABLE_BITS, Table};
use crate::model::UrlKey;
use crate::model::wire::{self, Damaged, Reader};

const TABLES: usize = 1 << TABLE_BITS;
/// An odd multiplier that spreads neighbours (Knuth, TAOCP vol. 3, §6.4): odd, so it can be undone modulo 2⁶⁴.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// What undoes it.
const GATHER: u64 = 0xf1de_83e1_9937_733d;

/// Fingerprints and what is noted of them.
#[derive(Debug)]
pub(super) struct Recent {
    tables: Box<[Table]>,
    length: u64,
    /// Bytes of the tables.
    bytes: usize,
}

/// A fingerprint, spread: what everything here is ordered by.
pub(super) fn spread(key: UrlKey) -> u64 {
    key.0.wrapping_mul(SPREAD)
}

/// The fingerprint that was spread so.
pub(super) fn gather(spread: u64) -> UrlKey {
    UrlKey(spread.wrapping_mul(GATHER))
}

fn divide(spread: u64) -> (usize, Rest) {
    let table = usize::try_from(spread >> REST_BITS).unwrap_or(0);
    (table, Rest(spread & ((1 << REST_BITS) - 1)))
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
        self.tables.get(table)?.get(rest)
    }

    /// Adds a fingerprint with a note; `false`, and nothing is changed, when it is there.
    pub(super) fn add(&mut self, key: UrlKey, note: Note) -> bool {
        let (table, rest) = divide(spread(key));
        let Some(table) = self.tables.get_mut(table) else { return false };
        let before = table.bytes();
        let added = table.add(rest, note);
        self.length += u64::from(added);
        self.bytes += table.bytes() - before;
        added
    }

    /// Sets the note of a fingerprint, which is added if it is not there.
    pub(super) fn set(&mut self, key: UrlKey, note: Note) {
        let (table, rest) = divide(spread(key));
        let Some(table) = self.tables.get_mut(table) else { return };
        if !table.set(rest, note) {
            self.add(key, note);
        }
    }

    /// Fetches what these fingerprints will be looked for in, all at once: the memory answers many such questions in
    /// the time of one.
    pub(super) fn announce(&self, keys: impl Iterator<Item = UrlKey>) {
        let first = |key: UrlKey| {
            let (table, rest) = divide(spread(key));
            self.tables.get(table)?.first_byte(rest)
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
            table.store(out);
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
            self.length -= table.len() as u64;
            self.bytes -= table.bytes();
            *table = Table::load(reader)?;
            self.length += table.len() as u64;
            self.bytes += table.bytes();
        }
        if reader.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    /// All fingerprints, spread and in order, and what is noted of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Note)> {
        self.tables.iter().zip(0_u64..).flat_map(|(table, number)| {
            table.all().map(move |(rest, note)| (number << REST_BITS | rest.0, note))
        })
    }
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
        let bytes: usize = seen.tables.iter().map(|table| table.bytes()).sum();
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
            let found = again.iter().map(|(spread, note)| (gather(spread), note));
            prop_assert_eq!(found.collect::<HashMap<_, _>>(), model.clone());
            prop_assert_eq!(again.len(), seen.len());
            prop_assert_eq!(seen.len(), model.len() as u64);
        }
    }
}
