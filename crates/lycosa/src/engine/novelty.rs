//! Whether a page says something of its own: asked of pages whose shape of URL has used up its budget, so that a
//! catalogue is told from a trap.
//!
//! What counts is phrases: words of which five in a row stood so on no watched page before. A word of a page's own makes
//! five such rows, and where two known phrases meet (a list of teasers in another order) there are four, so rows tell how
//! many words are its own. So neither a frame, however large, hides the few sentences that a page has of its own, nor do a
//! visitor's name or a tip of the day make one of a page that has none. A title of its own counts for some words.
//! Numbers do not count, nor words with digits: the months of a calendar differ in them and say nothing new.
//! The memory is bounded and of this run: the older half of it is let go of when it is full.

use std::sync::{Mutex, PoisonError};

use super::journey::Journey;
use super::shown::Shown;
use crate::extract::stands_alone;
use crate::model::{Content, Page};

/// Words in a row that are looked for.
const ROW: usize = 5;
/// Words of its own that make a page new.
const ENOUGH: usize = 5;
/// For how many of them a title of its own counts over a text that is not short.
const TITLE: usize = 4;
/// Words of a text that is short: a title of its own is enough there.
const SHORT: usize = 24;
/// So much of a page's words, one in so many, make it new when it is short.
const PART: usize = 4;
/// Bits of a half of the memory: four megabytes.
const BITS: usize = 1 << 25;
/// A half is full when so many of its bits are set: then one row in eight is taken for known, at most one in four in both.
const FULL: usize = BITS / 8;

impl Journey {
    /// Whether a page says what no page of a watched shape said before; none when its shape is not watched.
    pub(super) fn novelty(&self, page: &Page<'_>, shown: &Shown<'_>) -> Option<Content> {
        if !self.lease.watched {
            return None;
        }
        let title = page.document.and_then(|document| document.title()).unwrap_or_default();
        Some(self.shared.novelties.judge(&title, shown.words()))
    }
}

/// What pages of watched shapes said, shared by all journeys.
#[derive(Debug, Default)]
pub(super) struct Novelties(Mutex<Phrases>);

impl Novelties {
    fn judge(&self, title: &str, text: &str) -> Content {
        // What takes time, before the lock.
        let (title, rows) = (whole(title), rows(text));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.make_room();
        let words = rows.len() + 1 - ROW;
        let of_title = match known.put(title) {
            true if words < SHORT => ENOUGH,
            true => TITLE,
            false => 0,
        };
        let of_text = known.learn(&rows);
        if of_title + of_text >= ENOUGH || of_text * PART > words { Content::New } else { Content::Repeats }
    }
}

/// Rows of words, by their hashes.
#[derive(Debug, Default)]
struct Phrases {
    newer: Vec<u64>,
    older: Vec<u64>,
    count: usize,
}

impl Phrases {
    /// Lets go of the older half when the newer is full.
    fn make_room(&mut self) {
        if self.newer.is_empty() || self.count > FULL {
            self.older = std::mem::replace(&mut self.newer, vec![0; BITS / 64]);
            self.count = 0;
        }
    }

    /// Takes the rows of a text in; how many of its words are its own.
    fn learn(&mut self, rows: &[u64]) -> usize {
        let (mut words, mut new) = (0, 0);
        for row in rows {
            new = if self.put(*row) { new + 1 } else { 0 };
            words += usize::from(new >= ROW);
        }
        words
    }

    /// Whether it was not known before.
    fn put(&mut self, row: u64) -> bool {
        // The upper bits are the best mixed.
        let bit = usize::try_from(row >> 39).unwrap_or_default();
        let (word, mask) = (bit / 64, 1 << (bit % 64));
        let was_known = self.older.get(word).is_some_and(|bits| bits & mask != 0);
        let Some(bits) = self.newer.get_mut(word) else { return false };
        if *bits & mask != 0 {
            return false;
        }
        *bits |= mask;
        self.count += 1;
        !was_known
    }
}

/// What stands before the first word and behind the last.
const END: u64 = 0;

/// Every row of words in a text, those that its ends are part of too.
fn rows(text: &str) -> Vec<u64> {
    let (mut rows, mut row) = (Vec::new(), [END; ROW]);
    let mut push = |word| {
        row.rotate_left(1);
        row[ROW - 1] = word;
        rows.push(row.iter().fold(END, |all, word| stir(all.rotate_left(23) ^ word)));
    };
    words(text, &mut push);
    (1..ROW).for_each(|_| push(END));
    rows
}

/// All words of a text as one.
fn whole(text: &str) -> u64 {
    let mut all = END;
    words(text, |word| all = stir(all.rotate_left(23) ^ word));
    stir(!all)
}

/// Shows the hashes of a text's words, in lower case, without those that have digits.
fn words(text: &str, mut show: impl FnMut(u64)) {
    for word in text.split_whitespace().filter(|word| !word.contains(char::is_numeric)) {
        let mut hash = END;
        for character in word.chars().filter(|character| character.is_alphabetic()) {
            if stands_alone(character) {
                show(stir(u64::from(character)));
                continue;
            }
            let lower = character.to_lowercase();
            hash = lower.fold(hash, |hash, character| stir(hash ^ u64::from(character)));
        }
        if hash != END {
            show(hash);
        }
    }
}

/// The last steps of MurmurHash3's finaliser (Appleby).
fn stir(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many pages, made by number, how many say something new.
    fn fresh(pages: usize, make: impl Fn(usize) -> (String, String)) -> usize {
        let seen = Novelties::default();
        let pages = (0..pages).map(make);
        pages.filter(|(title, text)| seen.judge(title, text) == Content::New).count()
    }

    fn told(pages: &[(&str, &str)]) -> Vec<Content> {
        let seen = Novelties::default();
        pages.iter().map(|(title, text)| seen.judge(title, text)).collect()
    }

    /// A word that only this number has.
    fn word(number: usize) -> String {
        format!("{number:06}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    }

    fn words_of(from: usize, count: usize) -> String {
        (from..from + count).map(|number| word(number) + " ").collect()
    }

    /// A frame of so many different words.
    fn frame(words: usize) -> String {
        words_of(900_000, words)
    }

    #[test]
    fn what_differs_in_numbers_alone_says_nothing_new() {
        let told = told(&[
            ("Calendar 288", "May 2024: no events. 1 2 3"),
            ("Calendar 289", "May 2025: no events. 1 2 3 4"),
            ("Calendar 290", "Fair of the village"),
        ]);
        assert_eq!(told, [Content::New, Content::Repeats, Content::New]);
    }

    #[test]
    fn products_in_one_frame_are_told_apart_by_their_titles() {
        let frame = "imprint contact shipping and returns ".repeat(60);
        let page = |name: &str| format!("{frame} {name} is made of oak");
        let texts = [page("chair"), page("table"), page("lamp")];
        let titles = ["Chair", "Table", "Lamp"];
        let pages: Vec<_> = titles.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        assert_eq!(told(&pages), [Content::New; 3]);
        let sorted: Vec<_> = texts.iter().map(|text| ("Search", text.as_str())).collect();
        assert_eq!(
            told(&sorted)[1..],
            [Content::Repeats; 2],
            "one title for the same frame: results of a search"
        );
    }

    #[test]
    fn tickets_of_one_title_in_a_large_frame_are_told_apart_by_what_they_say() {
        for (in_frame, own) in [(300, 5), (300, 20), (600, 10), (3_000, 12)] {
            let made = fresh(150, |number| {
                let title = format!("Ticket {number} - Tracker");
                (title, format!("{}{}", frame(in_frame), words_of(number * own, own)))
            });
            assert_eq!(made, 150, "{own} words in a frame of {in_frame}");
        }
    }

    #[test]
    fn names_tips_and_teasers_make_no_page_new() {
        let hello = fresh(500, |number| ("Welcome".into(), format!("Hello {}! {}", word(number), frame(24))));
        let tip = fresh(500, |number| {
            ("Home".into(), format!("{} Tip: {}", frame(10), words_of(number % 20 * 9, 9)))
        });
        let teasers = fresh(500, |number| {
            let teaser = |place: usize| words_of((number * 7 + place * number * number) % 30 * 6, 6);
            ("Calendar".into(), format!("{} {}", frame(150), (1..6).map(teaser).collect::<String>()))
        });
        assert!(hello <= 1 && tip <= 20 && teasers <= 30, "{hello}, {tip}, {teasers}");
    }

    #[test]
    fn a_short_page_is_told_by_its_title_and_an_empty_one_says_nothing() {
        assert_eq!(fresh(100, |number| (word(number), "home".into())), 100);
        assert!(fresh(100, |_| (String::new(), String::new())) <= 1);
    }

    #[test]
    fn a_text_without_spaces_is_compared_by_its_characters() {
        let page = |number: u32| {
            let own = (0..9).filter_map(|place| char::from_u32(0x4E00 + number * 9 + place));
            ("日本".to_owned(), format!("案内 会社 連絡 {}", own.collect::<String>()))
        };
        assert_eq!(fresh(200, |number| page(u32::try_from(number).unwrap())), 200);
        assert_eq!(fresh(200, |_| page(1)), 1);
    }

    #[test]
    fn a_memory_that_is_full_lets_go_of_the_older_half() {
        let mut known = Phrases::default();
        let rows: Vec<u64> = (1..).map(stir).take(FULL * 5 / 2).collect();
        let mut learn = |rows: &[u64]| {
            known.make_room();
            rows.iter().filter(|row| known.put(**row)).count()
        };
        for part in rows.chunks(1_000) {
            let new = learn(part);
            assert!(new * 3 > part.len() * 2, "{new} of {}", part.len());
        }
        assert_eq!(learn(&rows[rows.len() - 1_000..]), 0);
        assert!(learn(&rows[..1_000]) > 666);
    }
}
