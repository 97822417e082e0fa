//! Pair tables of alphabets: how likely a letter follows another inside a word, begins a word or ends one.
//!
//! Inside words the frequencies of the source are used as they are; it does not know where words begin and end, so
//! that part is counted in its sentences.

use std::collections::BTreeMap;

use super::sources::Sources;
use super::{cost, push_char, push_length};
use crate::failure::Result;

/// A letter rarer than this is no member of the alphabet: foreign names bring in letters of everywhere.
const RARE: f64 = 3e-5;
/// How many observed pairs weigh as much as the assumption that letters follow one another by chance.
const SMOOTHING: f64 = 12.0;
/// The share of what is not in the tables of the source.
const UNSEEN: f64 = 1e-4;
/// The tones of Vietnamese, which windows-1258 writes as combining marks.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// The table of a language: two bytes of code, the number of letters, the letters, then a row for what stands before
/// (a boundary first, then each letter) with a cost for what follows (a boundary first, then each letter).
pub(super) fn table(sources: &Sources, name: &str, code: &str) -> Result<Vec<u8>> {
    let sentences = sources.sentences(name)?.to_lowercase();
    let words: Vec<Vec<char>> = words(&sentences, code);
    let mut single = BTreeMap::new();
    for letter in words.iter().flatten() {
        *single.entry(*letter).or_insert(0.0) += 1.0;
    }
    let total: f64 = single.values().sum();
    single.values_mut().for_each(|count| *count /= total);
    let mut pairs = BTreeMap::new();
    if code != "vi" {
        single = sources
            .frequencies(name, 1)?
            .into_iter()
            .filter_map(|(text, p)| Some((text.chars().next()?, p)))
            .collect();
        for (text, p) in sources.frequencies(name, 2)? {
            let mut letters = text.chars();
            if let (Some(first), Some(second)) = (letters.next(), letters.next()) {
                pairs.insert((first, second), p);
            }
        }
    }
    let alphabet: Vec<char> = single
        .iter()
        .filter(|(_, p)| **p >= RARE)
        .map(|(letter, _)| *letter)
        .filter(|letter| is_letter(*letter))
        .collect();
    let counts = Counts::new(&words, &alphabet);
    let mut table = code.as_bytes().to_vec();
    push_length(&mut table, alphabet.len());
    alphabet.iter().for_each(|letter| push_char(&mut table, *letter));
    let share = |letter: char| single.get(&letter).copied().unwrap_or(UNSEEN);
    for before in 0..=alphabet.len() {
        let ends = counts.smoothed(before, 0, 0.15);
        table.push(cost(ends));
        for (at, letter) in alphabet.iter().enumerate() {
            let p = if before == 0 || pairs.is_empty() {
                counts.smoothed(before, at + 1, share(*letter))
            } else {
                let known = pairs.get(&(alphabet[before - 1], *letter)).copied().unwrap_or_default();
                (1.0 - ends) * (known * (1.0 - UNSEEN) + share(*letter) * UNSEEN)
            };
            table.push(cost(p));
        }
    }
    Ok(table)
}

/// The words of a text as detection will see them.
fn words(text: &str, code: &str) -> Vec<Vec<char>> {
    let letters: String = if code == "vi" { text.chars().flat_map(apart).collect() } else { text.to_owned() };
    letters
        .split(|c: char| !is_letter(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().collect())
        .collect()
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic()
        || TONES.contains(&c)
        || matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{200c}')
}

/// A Vietnamese letter as windows-1258 writes it: the vowel, then its tone.
fn apart(letter: char) -> Vec<char> {
    const ROWS: [(char, &str); 12] = [
        ('a', "àáãảạ"),
        ('ă', "ằắẵẳặ"),
        ('â', "ầấẫẩậ"),
        ('e', "èéẽẻẹ"),
        ('ê', "ềếễểệ"),
        ('i', "ìíĩỉị"),
        ('o', "òóõỏọ"),
        ('ô', "ồốỗổộ"),
        ('ơ', "ờớỡởợ"),
        ('u', "ùúũủụ"),
        ('ư', "ừứữửự"),
        ('y', "ỳýỹỷỵ"),
    ];
    for (vowel, toned) in ROWS {
        if let Some(tone) = toned.chars().position(|c| c == letter) {
            return vec![vowel, TONES[tone]];
        }
    }
    vec![letter]
}

/// Counted pairs; index 0 is the boundary of a word.
struct Counts {
    width: usize,
    pairs: Vec<f64>,
    rows: Vec<f64>,
}

impl Counts {
    fn new(words: &[Vec<char>], alphabet: &[char]) -> Self {
        let width = alphabet.len() + 1;
        let (mut pairs, mut rows) = (vec![0.0; width * width], vec![0.0; width]);
        for word in words {
            let classes = word.iter().map(|letter| alphabet.binary_search(letter).map_or(0, |at| at + 1));
            let mut before = 0;
            for class in classes.chain([0]) {
                pairs[before * width + class] += 1.0;
                rows[before] += 1.0;
                before = class;
            }
        }
        Self { width, pairs, rows }
    }

    fn smoothed(&self, before: usize, after: usize, share: f64) -> f64 {
        (self.pairs[before * self.width + after] + SMOOTHING * share) / (self.rows[before] + SMOOTHING)
    }
}
