//! Which pages say the same: a hash of the bytes for exact duplicates, a SimHash of the text for near ones, and a
//! bounded memory of pages seen.
//!
//! The SimHash (Charikar 2002; for pages Manku, Jain and Das Sarma 2007) has one bit for each of 64 questions put to
//! all runs of three words of the text; texts that share most runs agree in most bits. Two pages count as nearly the
//! same when at most [`NEAR_BITS`] bits differ. Without spaces between words (Chinese, Japanese, Thai) each letter
//! counts as one. Markup, case and punctuation do not matter.
//!
//! The memory holds the latest pages only, so what it finds is a help and no proof: two pages far apart in a large
//! crawl are not compared.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Bits in which the SimHashes of nearly equal pages may differ.
pub const NEAR_BITS: u32 = 3;

/// Runs of words that a text must have for a SimHash: shorter ones agree by chance or are all the same notice.
const LEAST_RUNS: u32 = 32;

/// Words of one run.
const RUN: usize = 3;

/// Pages that are remembered. With their addresses about 25 MB.
pub const CAPACITY: usize = 1 << 16;

/// Pages that are compared for each quarter of a SimHash: of more that share it, those beyond are not.
const MOST_CANDIDATES: usize = 64;

/// The hash of a body (XXH3, 128 bits): the same for the same bytes, and only by chance or malice for others.
#[must_use]
pub fn content_hash(body: &[u8]) -> u128 {
    xxh3_128(body)
}

/// The SimHash of a text; `None` when it is too short to tell.
#[must_use]
pub fn simhash(text: &str) -> Option<u64> {
    let mut runs = Runs::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if bytes.get(at + length).is_none_or(u8::is_ascii) {
            runs.word(ascii_hash(&bytes[at..at + length]));
            at += length;
        } else {
            at += runs.letters(&text[at..]);
        }
    }
    runs.tally.finish()
}

/// The hash of a word of ASCII letters and digits, of which bit 5 tells nothing but the case.
fn ascii_hash(word: &[u8]) -> u64 {
    word.chunks(8).fold(0, |hash, chunk| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        stir(hash ^ (u64::from_le_bytes(eight) | 0x2020_2020_2020_2020))
    })
}

fn stir(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^ (hash >> 29)
}

/// The last words of a text, and the tally of their runs.
#[derive(Debug, Default)]
struct Runs {
    run: [u64; RUN],
    words: usize,
    tally: Tally,
}

impl Runs {
    fn word(&mut self, hash: u64) {
        self.run.rotate_left(1);
        self.run[RUN - 1] = hash;
        self.words = self.words.saturating_add(1);
        if self.words >= RUN {
            self.tally.add(mix(&self.run));
        }
    }

    /// Takes the word at the beginning of a text that is not ASCII alone, and says how many bytes were read: one at
    /// least, for what is no letter.
    fn letters(&mut self, text: &str) -> usize {
        let mut word = String::new();
        let mut read = 0;
        for character in text.chars() {
            if !character.is_alphanumeric() || stands_alone(character) {
                break;
            }
            read += character.len_utf8();
            word.extend(character.to_lowercase());
        }
        if !word.is_empty() {
            self.word(xxh3_64(word.as_bytes()));
            return read;
        }
        let Some(character) = text.chars().next() else { return 1 };
        if character.is_alphanumeric() {
            self.word(stir(u64::from(u32::from(character))));
        }
        character.len_utf8()
    }
}

/// Scripts that do not part their words.
pub(crate) fn stands_alone(character: char) -> bool {
    matches!(character, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn mix(run: &[u64; RUN]) -> u64 {
    let joined =
        run.iter().fold(0_u64, |all, hash| (all.rotate_left(23) ^ hash).wrapping_mul(0x9FB2_1C65_1E98_DF25));
    joined ^ (joined >> 29)
}

/// How many runs answered each of the 64 questions with yes. Eight counters of one byte share a word; they are emptied
/// before one can overflow.
#[derive(Debug)]
struct Tally {
    bytes: [u64; 8],
    pending: u8,
    counts: [u32; 64],
    runs: u32,
}

impl Default for Tally {
    fn default() -> Self {
        Self { bytes: [0; 8], pending: 0, counts: [0; 64], runs: 0 }
    }
}

impl Tally {
    fn add(&mut self, hash: u64) {
        // Bit n of each byte goes into the lanes of word n.
        for (bit, lanes) in self.bytes.iter_mut().enumerate() {
            *lanes += (hash >> bit) & 0x0101_0101_0101_0101;
        }
        self.runs = self.runs.saturating_add(1);
        self.pending += 1;
        if self.pending == u8::MAX {
            self.empty();
        }
    }

    fn empty(&mut self) {
        for (bit, lanes) in self.bytes.iter_mut().enumerate() {
            for (byte, count) in lanes.to_le_bytes().into_iter().enumerate() {
                let total = &mut self.counts[byte * 8 + bit];
                *total = total.saturating_add(u32::from(count));
            }
            *lanes = 0;
        }
        self.pending = 0;
    }

    fn finish(mut self) -> Option<u64> {
        self.empty();
        if self.runs < LEAST_RUNS {
            return None;
        }
        let half = self.runs / 2;
        let bits = self.counts.iter().enumerate().filter(|(_, count)| **count > half);
        Some(bits.fold(0, |hash, (bit, _)| hash | 1 << bit))
    }
}

/// What the memory knows of a page's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Nothing like it was seen lately.
    New,
    /// The page at this address has the very same bytes.
    Same(Arc<str>),
    /// The page at this address has nearly the same text.
    Near(Arc<str>),
}

/// A memory of the pages seen last, for one crawl. Its size is bounded; the oldest page makes room.
#[derive(Debug, Default)]
pub struct SeenContent {
    pages: Vec<SeenPage>,
    /// The place that is taken next when all are.
    next: usize,
    exact: HashMap<u128, usize>,
    /// Places by quarter of the SimHash and its value: of two that differ in three bits one quarter is equal.
    near: HashMap<(u8, u16), Vec<usize>>,
}

/// A page as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPage {
    /// Its address.
    pub url: Arc<str>,
    /// The hash of its bytes ([`content_hash`]).
    pub exact: u128,
    /// The SimHash of its text, when texts are compared and it is long enough.
    pub near: Option<u64>,
}

impl SeenContent {
    /// Says what is known of a page with these hashes, and remembers it unless the very same was. A page is no duplicate
    /// of itself: its own address does not count.
    pub fn see(&mut self, url: &str, exact: u128, near: Option<u64>) -> Likeness {
        if let Some(seen) = self.exact.get(&exact).and_then(|&place| self.pages.get(place)) {
            return if &*seen.url == url { Likeness::New } else { Likeness::Same(seen.url.clone()) };
        }
        let likeness = near.and_then(|near| self.nearest(url, near)).map_or(Likeness::New, Likeness::Near);
        self.remember(SeenPage { url: url.into(), exact, near });
        likeness
    }

    /// Whether a page of these bytes is remembered, so that another is not.
    #[must_use]
    pub fn knows(&self, exact: u128) -> bool {
        self.exact.contains_key(&exact)
    }

    /// Remembers a page that an earlier run saw, unless one of the same bytes is.
    pub fn restore(&mut self, page: SeenPage) {
        if !self.knows(page.exact) {
            self.remember(page);
        }
    }

    fn nearest(&self, url: &str, near: u64) -> Option<Arc<str>> {
        let candidates = quarters(near).into_iter().filter_map(|quarter| self.near.get(&quarter)).flatten();
        let distances = candidates.filter_map(|&place| {
            let seen = self.pages.get(place).filter(|seen| &*seen.url != url)?;
            Some(((seen.near? ^ near).count_ones(), place))
        });
        let (distance, place) = distances.min()?;
        (distance <= NEAR_BITS).then(|| self.pages.get(place).map(|seen| seen.url.clone())).flatten()
    }

    fn remember(&mut self, seen: SeenPage) {
        let place = if self.pages.len() < CAPACITY { self.pages.len() } else { self.next };
        self.exact.insert(seen.exact, place);
        for quarter in seen.near.into_iter().flat_map(quarters) {
            let places = self.near.entry(quarter).or_default();
            if places.len() < MOST_CANDIDATES {
                places.push(place);
            }
        }
        if place == self.pages.len() {
            self.pages.push(seen);
            return;
        }
        self.next = (place + 1) % CAPACITY;
        let Some(slot) = self.pages.get_mut(place) else { return };
        let old = std::mem::replace(slot, seen);
        self.forget(&old, place);
    }

    /// Takes an old page out of the tables, where the new one of its place may stand already.
    fn forget(&mut self, old: &SeenPage, place: usize) {
        let new = self.pages.get(place);
        if new.is_none_or(|new| new.exact != old.exact) {
            self.exact.remove(&old.exact);
        }
        let kept: Vec<_> = new.and_then(|new| new.near).into_iter().flat_map(quarters).collect();
        for quarter in old.near.into_iter().flat_map(quarters).filter(|quarter| !kept.contains(quarter)) {
            if let Some(places) = self.near.get_mut(&quarter) {
                places.retain(|known| *known != place);
                if places.is_empty() {
                    self.near.remove(&quarter);
                }
            }
        }
    }
}

fn quarters(hash: u64) -> [(u8, u16); 4] {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    let quarter = |number, low, high| (number, u16::from_le_bytes([low, high]));
    [quarter(0, a, b), quarter(1, c, d), quarter(2, e, f), quarter(3, g, h)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text of so many words, different for each number.
    fn text(seed: u64, words: usize) -> String {
        let word = |place: usize| format!("w{:x} ", xxh3_64(format!("{seed}/{place}").as_bytes()) % 5_000);
        (0..words).map(word).collect()
    }

    fn distance(one: &str, other: &str) -> u32 {
        (simhash(one).unwrap() ^ simhash(other).unwrap()).count_ones()
    }

    #[test]
    fn markup_case_and_punctuation_do_not_matter_but_the_words_do() {
        let plain = text(1, 400);
        assert_eq!(distance(&plain, &plain.to_uppercase().replace(' ', ",\n ")), 0);
        assert!(distance(&plain, &text(2, 400)) > 12);
        let chinese =
            "春眠不覺曉處處聞啼鳥夜來風雨聲花落知多少白日依山盡黃河入海流欲窮千里目更上一層樓".repeat(3);
        assert!(simhash(&chinese).is_some(), "letters count as words");
        let german: String = (0..60).map(|n| format!("Straße{n} über ÄRGER{n}! ")).collect();
        assert_eq!(distance(&german, &german.to_lowercase()), 0);
    }

    #[test]
    fn a_changed_date_is_near_and_another_half_is_not() {
        let mut near = 0;
        for seed in 0..50 {
            let page = text(seed, 600);
            let changed = format!("{page} printed on the 3rd of May");
            near += u32::from(distance(&page, &changed) <= NEAR_BITS);
            let half = format!("{}{}", text(seed, 300), text(seed + 1_000, 300));
            assert!(distance(&page, &half) > NEAR_BITS, "{seed}");
        }
        assert!(near >= 40, "{near} of 50");
    }

    #[test]
    fn too_short_a_text_has_none() {
        assert_eq!(simhash(""), None);
        assert_eq!(simhash("Please wait while the page is loading"), None);
        assert!(simhash(&text(1, 34)).is_some());
        assert_eq!(simhash(&text(1, 33)), None);
    }

    #[test]
    fn pages_are_found_again_by_bytes_or_by_text() {
        let mut seen = SeenContent::default();
        let hash = |text: &str| (content_hash(text.as_bytes()), simhash(text));
        let (page, other) = (text(7, 500), text(8, 500));
        let changed = page.replacen("w", "x", 1);
        let mut see = |url: &str, text: &str| {
            let (exact, near) = hash(text);
            seen.see(url, exact, near)
        };
        assert_eq!(see("a", &page), Likeness::New);
        assert_eq!(see("b", &page), Likeness::Same("a".into()));
        assert_eq!(see("a", &page), Likeness::New, "fetched again");
        assert_eq!(see("c", &other), Likeness::New);
        assert_eq!(see("d", &changed), Likeness::Near("a".into()));
        assert_eq!(see("e", &changed), Likeness::Same("d".into()));
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let mut seen = SeenContent::default();
        // All share three quarters of their SimHash, as nothing but malice would make them.
        for number in 0..CAPACITY as u64 + 10 {
            seen.see(&number.to_string(), u128::from(number), Some(number << 48));
        }
        assert_eq!((seen.pages.len(), seen.exact.len()), (CAPACITY, CAPACITY));
        assert!(seen.near.values().all(|places| places.len() <= MOST_CANDIDATES));
        assert!(seen.near.len() <= CAPACITY + 3);
        assert!(!seen.exact.contains_key(&3) && seen.exact.contains_key(&10));
    }

    proptest! {
        #[test]
        fn the_tally_counts_as_plain_counting_does(hashes in proptest::collection::vec(any::<u64>(), 32..700)) {
            let mut tally = Tally::default();
            hashes.iter().for_each(|hash| tally.add(*hash));
            let plain = (0..64).filter(|bit| hashes.iter().filter(|hash| *hash >> bit & 1 == 1).count() > hashes.len() / 2);
            prop_assert_eq!(tally.finish(), Some(plain.fold(0_u64, |all, bit| all | 1 << bit)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = simhash(&text);
        }
    }
}
