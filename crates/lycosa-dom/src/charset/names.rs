//! Charsets by name, as people type them.

use std::fmt;

use super::coding::Coding;

/// A charset to decode with, named by a label of the Encoding standard (`utf-8`, `latin1`, `sjis`, …) or by `utf-32le`,
/// `utf-32be` or `ibm855`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(pub(super) Coding);

impl Charset {
    /// The charset of a label, in any case.
    ///
    /// ```
    /// use lycosa_dom::Charset;
    /// assert_eq!(Charset::for_label("latin1").map(Charset::name), Ok("windows-1252"));
    /// assert_eq!(Charset::for_label("koi8").map(Charset::name), Ok("KOI8-R"));
    /// assert_eq!(Charset::for_label("shift-jsi").unwrap_err().nearest, Some("shift-jis"));
    /// ```
    ///
    /// # Errors
    ///
    /// When no decoder goes by that label, with the nearest label that has one.
    pub fn for_label(label: &str) -> Result<Self, UnknownCharset> {
        match Coding::for_label(label) {
            Some(coding) if coding != Coding::Standard(encoding_rs::REPLACEMENT) => Ok(Self(coding)),
            _ => Err(UnknownCharset { label: label.to_owned(), nearest: nearest(label) }),
        }
    }

    /// The name in the Encoding standard, or `UTF-32LE`, `UTF-32BE` or `IBM855`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// A label that no decoder goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCharset {
    /// The label as given.
    pub label: String,
    /// The label of a decoder that is spelt most like it, when one is near.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownCharset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "there is no decoder for the charset `{}`", self.label)
    }
}

impl std::error::Error for UnknownCharset {}

/// Labels to suggest: the usual ones of each encoding.
const LABELS: &[&str] = &[
    "utf-8",
    "utf-16le",
    "utf-16be",
    "utf-32le",
    "utf-32be",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-9",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "latin1",
    "koi8-r",
    "koi8-u",
    "ibm855",
    "ibm866",
    "macintosh",
    "x-mac-cyrillic",
    "gbk",
    "gb2312",
    "gb18030",
    "big5",
    "euc-jp",
    "shift_jis",
    "shift-jis",
    "iso-2022-jp",
    "euc-kr",
    "cp1250",
    "cp1251",
    "cp1252",
    "ascii",
    "tis-620",
    "x-user-defined",
];
/// A name longer than this is near to nothing.
const LONGEST: usize = 40;

fn nearest(label: &str) -> Option<&'static str> {
    let label = label.trim().to_ascii_lowercase();
    if label.len() > LONGEST {
        return None;
    }
    let (distance, nearest) = LABELS.iter().map(|known| (distance(&label, known), *known)).min()?;
    (distance * 3 <= label.len().max(3)).then_some(nearest)
}

/// How many letters must be changed, added, left out or swapped with their neighbour (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != against);
            let mut least = changed.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *against {
                least = least.min(before_last[column - 1] + 1);
            }
            next.push(least);
        }
        before_last = std::mem::replace(&mut last, next);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suggestion_is_a_label() {
        for label in LABELS {
            assert!(Charset::for_label(label).is_ok(), "{label}");
        }
    }

    #[test]
    fn a_misspelt_label_is_met_with_its_neighbour_and_nonsense_with_none() {
        let nearest = |label: &str| Charset::for_label(label).unwrap_err().nearest;
        assert_eq!(nearest("uft-8"), Some("utf-8"));
        assert_eq!(nearest("windows-1521"), Some("windows-1251"));
        assert_eq!(nearest("EUC-RK"), Some("euc-kr"));
        assert_eq!(nearest("klingon"), None);
        assert_eq!(nearest(&"x".repeat(1 << 20)), None);
        assert!(Charset::for_label("iso-2022-kr").is_err());
    }
}
