//! `cargo xtask train charset`: makes the language model of charset detection again, from published statistics.
//!
//! The sources are the language models of the Lingua project (Apache-2.0), one package for each language from the
//! package registry: relative frequencies of letters and pairs in a million sentences, and some hundred sentences.
//! [`sources`] fetches and reads them, [`letters`] makes pair tables of alphabets, [`ideographs`] frequency lists
//! of Chinese, Japanese and Korean. Only counts end up in the model. No text of the test corpus is read here.

mod ideographs;
mod letters;
mod sources;

use std::fs;

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;
use sources::Sources;

pub(crate) const SUMMARY: &str = "Make the language model of charset detection again.";
pub(crate) const HELP: &str = "
Usage: cargo xtask train charset

Fetches the language models of the Lingua project (Apache-2.0) with cargo, at fixed
versions, and writes the frequencies that charset detection uses to
crates/lycosa-dom/src/charset/detect/model.bin. The result is the same each time.
Needs `uconv` (Debian: icu-devtools) to tell simplified from traditional characters.";

/// Where the model goes.
const MODEL: &str = "crates/lycosa-dom/src/charset/detect/model.bin";
/// The first byte of the model: its format.
const FORMAT: u8 = 1;
/// Costs are negative natural logarithms in sixteenths, in a byte.
const UNITS_PER_NAT: f64 = 16.0;

/// Languages with an alphabet: the name of the source and the code in the model. The order is the model's.
const LETTERS: &[(&str, &str)] = &[
    ("albanian", "sq"),
    ("arabic", "ar"),
    ("belarusian", "be"),
    ("bokmal", "nb"),
    ("bulgarian", "bg"),
    ("catalan", "ca"),
    ("croatian", "hr"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("esperanto", "eo"),
    ("estonian", "et"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hebrew", "he"),
    ("hungarian", "hu"),
    ("icelandic", "is"),
    ("irish", "ga"),
    ("italian", "it"),
    ("latvian", "lv"),
    ("lithuanian", "lt"),
    ("macedonian", "mk"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("serbian", "sr"),
    ("slovak", "sk"),
    ("slovene", "sl"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("thai", "th"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("vietnamese", "vi"),
    ("welsh", "cy"),
];

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let what = arguments.word().unwrap_or_default();
    arguments.finish()?;
    if what != "charset" {
        return Err(Failure::new(format!("there is no model `{what}`")).hint("cargo xtask train charset"));
    }
    let mut names: Vec<&str> = LETTERS.iter().map(|(name, _)| *name).collect();
    names.extend(ideographs::NAMES);
    let sources = Sources::fetch(&names)?;
    let mut model = vec![FORMAT, u8::try_from(LETTERS.len()).unwrap_or(u8::MAX)];
    for (name, code) in LETTERS {
        let table = letters::table(&sources, name, code)?;
        say(&format!("{name}: {} bytes", table.len()));
        model.extend_from_slice(&table);
    }
    for (code, table) in ideographs::tables(&sources)? {
        say(&format!("{code}: {} bytes", table.len()));
        model.extend_from_slice(&table);
    }
    fs::write(workspace::root().join(MODEL), &model).context(format!("write {MODEL}"))?;
    say(&format!("{} bytes written to {MODEL}", model.len()));
    Ok(())
}

/// A probability as a byte of the model.
fn cost(probability: f64) -> u8 {
    let units = (-probability.max(1e-9).ln() * UNITS_PER_NAT).round();
    // In range by construction: clamped just here.
    units.clamp(0.0, 255.0) as u8
}

/// Appends a character, which is in the basic plane.
fn push_char(model: &mut Vec<u8>, character: char) {
    model.extend_from_slice(&u16::try_from(u32::from(character)).unwrap_or_default().to_le_bytes());
}

/// Appends the length of a list.
fn push_length(model: &mut Vec<u8>, length: usize) {
    model.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
}
