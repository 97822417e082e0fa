//! What a decoded text costs in a language: the negative logarithm of how probable it is, in nats. Readings of the
//! same bytes in different encodings can be compared by it, since each reading accounts for all the bytes.
//!
//! The text is a sample of words beyond ASCII (`sample`). Costs outside the model are round figures for what the
//! model does not count: symbols, capitals, letters of other languages.

use super::model::{Ideographs, Letters};

/// A malformed sequence.
const MALFORMED: f32 = 22.0;
/// A control character of C1, private use or nothing at all.
const NOTHING: f32 = 16.0;
/// A letter that is not of the language.
const FOREIGN_LETTER: f32 = 10.5;
/// An ASCII letter inside a text of another script.
const FOREIGN_ASCII: f32 = 3.2;
/// A letter next to one of another script within a word.
const MIXED_SCRIPTS: f32 = 6.0;
/// The same in Chinese, Japanese and Korean, which put no space between them.
const MIXED_IDEOGRAPHS: f32 = 2.5;
/// A word after an ASCII word in a text of another script.
const AFTER_ASCII_WORD: f32 = 1.5;
/// An ASCII bracket or the like right after a character beyond ASCII: it may be the second half of another one.
const STUCK_BRACKET: f32 = 2.5;
/// A symbol between two letters.
const SYMBOL_IN_WORD: f32 = 4.0;
/// A line goes on.
const REPEATED: f32 = 0.5;
/// The least for a half-width katakana: nearly any byte is one in Shift_JIS, and few pages have them.
const HALF_WIDTH: f32 = 9.5;
/// A character of Chinese, Japanese or Korean that is not in the list.
const RARE_IDEOGRAPH: f32 = 13.5;

/// A character and what is asked of it in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    character: char,
    lower: char,
    is_letter: bool,
}

impl From<char> for Glyph {
    fn from(character: char) -> Self {
        let is_letter = is_letter(character);
        Self { character, lower: if is_letter { lowered(character) } else { character }, is_letter }
    }
}

/// The language a text is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Language<'a> {
    Letters(&'a Letters),
    /// The same written from right to left as stored, the way of Hebrew before 2000.
    Mirrored(&'a Letters),
    Ideographs(&'a Ideographs),
}

impl Language<'_> {
    /// The cost of a text; `None` as soon as it exceeds `limit`.
    pub(super) fn cost(&self, text: &[Glyph], limit: f32) -> Option<f32> {
        match self {
            Self::Letters(letters) => of_letters(text.iter(), letters, limit),
            Self::Mirrored(letters) => of_letters(text.iter().rev(), letters, limit),
            Self::Ideographs(list) => of_ideographs(text, list, limit),
        }
    }
}

/// How the letter before was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// No letter, or of a script without capitals.
    None,
    Lower,
    /// A capital that begins a word.
    Initial,
    /// A capital after a capital.
    Upper,
}

fn of_letters<'a>(text: impl Iterator<Item = &'a Glyph>, language: &Letters, limit: f32) -> Option<f32> {
    let mut cost = 0.0;
    let (mut before, mut case) = (0, Case::None);
    // Whether the character before is beyond ASCII; whether a symbol before it stood after a letter.
    let (mut beyond, mut symbol_after_letter, mut was_ascii) = (false, false, false);
    // A language with none of the ASCII letters.
    let mut after_space = false;
    let is_foreign = language.class('a') == 0;
    for &Glyph { character, lower: letter, is_letter } in text {
        if is_letter {
            let is_upper = letter != character;
            let class = language.class(letter);
            if is_foreign && letter.is_ascii() != was_ascii {
                if case != Case::None {
                    cost += MIXED_SCRIPTS;
                } else if was_ascii && after_space {
                    cost += AFTER_ASCII_WORD;
                }
            }
            was_ascii = letter.is_ascii();
            cost += case_cost(case, is_upper);
            case = next_case(case, is_upper, letter);
            cost += if class != 0 {
                language.cost(before, class)
            } else if letter.is_ascii() {
                FOREIGN_ASCII
            } else {
                FOREIGN_LETTER
            };
            if symbol_after_letter {
                cost += SYMBOL_IN_WORD;
            }
            symbol_after_letter = false;
            before = class;
            after_space = false;
        } else {
            after_space = character == ' ' && case != Case::None;
            symbol_after_letter = case != Case::None && !character.is_ascii() && !joins(character);
            cost += if before == 0 { 0.0 } else { language.cost(before, 0) };
            cost += symbol_cost(character, beyond);
            (before, case) = (0, Case::None);
        }
        beyond = !character.is_ascii();
        if cost > limit {
            return None;
        }
    }
    Some(cost)
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
        || (!character.is_ascii() && (character.is_alphabetic() || is_mark(character)))
            && !matches!(character, 'ª' | 'º')
}

/// Marks that are written as characters of their own: tones of Vietnamese, vowels of Thai and Hebrew, and the joiner
/// of Persian.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{323}' | '\u{5b0}'..='\u{5c2}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{200c}')
}

fn lowered(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    character.to_lowercase().next().unwrap_or(character)
}

fn case_cost(before: Case, is_upper: bool) -> f32 {
    match (before, is_upper) {
        (Case::None, true) => 1.5,
        (Case::Lower, true) => 5.0,
        (Case::Initial, true) => 1.5,
        (Case::Upper, true) => 0.2,
        (Case::Upper, false) => 4.0,
        _ => 0.0,
    }
}

fn next_case(before: Case, is_upper: bool, letter: char) -> Case {
    match (before, is_upper) {
        (Case::None, true) => Case::Initial,
        (_, true) => Case::Upper,
        _ if is_mark(letter) && before != Case::None => before,
        _ => Case::Lower,
    }
}

/// Characters at home inside words.
fn joins(character: char) -> bool {
    matches!(character, '’' | '·' | '\u{ad}' | '‐' | '\u{a0}' | '—' | '–')
}

/// What a character that is no letter costs.
fn symbol_cost(character: char, is_after_beyond_ascii: bool) -> f32 {
    match character {
        '@' | '[' | '\\' | ']' | '^' | '_' | '`' | '{' | '|' | '}' | '~' if is_after_beyond_ascii => {
            STUCK_BRACKET
        }
        '\0'..='\x7f' => 0.0,
        char::REPLACEMENT_CHARACTER => MALFORMED,
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' => NOTHING,
        '’' | '“' | '”' | '–' | '—' | '«' | '»' | '„' | '\u{a0}' | '…' => 5.5,
        '‘' | '•' | '·' | '°' | '©' | '®' | '™' | '§' | '€' | '£' | '№' | '¿' | '¡' | 'º' | 'ª' | '،'
        | '؟' => 7.0,
        '½' | '¼' | '²' | '³' | '‹' | '›' | '‚' | '±' | '×' | '\u{ad}' | '´' | '؛' | 'ـ' => {
            8.5
        }
        _ => 11.5,
    }
}

fn of_ideographs(text: &[Glyph], language: &Ideographs, limit: f32) -> Option<f32> {
    let mut cost = 0.0;
    let (mut beyond, mut after_letter) = (false, false);
    let mut last = None;
    for &Glyph { character, .. } in text {
        if last.replace(character) == Some(character) && is_drawing(character) {
            cost += REPEATED;
            continue;
        }
        let is_ascii_letter = character.is_ascii_alphabetic();
        if (is_ascii_letter && beyond) || (after_letter && !character.is_ascii()) {
            cost += MIXED_IDEOGRAPHS;
        }
        after_letter = is_ascii_letter;
        cost += if is_ascii_letter {
            FOREIGN_ASCII
        } else if character.is_ascii() {
            symbol_cost(character, beyond)
        } else {
            let listed = language.cost(character).unwrap_or_else(|| unlisted(character));
            if is_half_width(character) { listed.max(HALF_WIDTH) } else { listed }
        };
        beyond = !character.is_ascii();
        if cost > limit {
            return None;
        }
    }
    Some(cost)
}

/// Lines, boxes and the like.
fn is_drawing(character: char) -> bool {
    matches!(character, '\u{2010}'..='\u{25ff}' | '＝' | '－' | '＊' | '・' | '。' | '\u{3000}')
}

/// Half-width katakana, one byte each in Shift_JIS.
fn is_half_width(character: char) -> bool {
    matches!(character, '\u{ff61}'..='\u{ff9f}')
}

/// A character that a list of ideographs does not have.
fn unlisted(character: char) -> f32 {
    match character {
        '\u{3000}'..='\u{303f}' | '\u{2010}'..='\u{2026}' => 7.5,
        '\u{3040}'..='\u{30ff}' => 10.0,
        '\u{ff01}'..='\u{ff5e}' | '\u{ff61}'..='\u{ff9f}' => 8.0,
        '\u{2460}'..='\u{2473}'
        | '\u{2500}'..='\u{257f}'
        | '\u{25a0}'..='\u{25ff}'
        | '★'
        | '☆'
        | '→'
        | '←'
        | '↑'
        | '↓'
        | '※' => 8.5,
        '\u{4e00}'..='\u{9fff}' => RARE_IDEOGRAPH,
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' => NOTHING,
        char::REPLACEMENT_CHARACTER => MALFORMED,
        _ => 14.0,
    }
}
