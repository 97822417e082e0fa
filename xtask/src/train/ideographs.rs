//! Frequency lists of the characters of Chinese, Japanese and Korean.
//!
//! The source's Chinese mixes simplified and traditional text; each character counts for both lists, as the form
//! that list writes (by ICU's transliterator, one character at a time).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::sources::Sources;
use super::{cost, push_char, push_length};
use crate::failure::{Context as _, Failure, Result};

/// The sources' names.
pub(super) const NAMES: [&str; 3] = ["chinese", "japanese", "korean"];
/// Characters rarer than this are left out; detection gives them one high cost.
const RARE: f64 = 2e-6;
/// The share of a character in a list that would write it otherwise: names and quotations.
const FOREIGN: f64 = 0.03;

type Shares = BTreeMap<char, f64>;

/// The tables: code of two bytes, number of characters, then character and cost, in order of the characters.
pub(super) fn tables(sources: &Sources) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let chinese = shares(sources, "chinese")?;
    let simplified = converted(&chinese, "Hant-Hans")?;
    let traditional = converted(&chinese, "Hans-Hant")?;
    let japanese = shares(sources, "japanese")?;
    let korean = shares(sources, "korean")?;
    let lists = [("zs", simplified), ("zt", traditional), ("ja", japanese), ("ko", korean)];
    Ok(lists.into_iter().map(|(code, shares)| (code, table(code, &shares))).collect())
}

fn table(code: &str, shares: &Shares) -> Vec<u8> {
    let kept: Vec<_> = shares.iter().filter(|(c, p)| **p >= RARE && u32::from(**c) <= 0xffff).collect();
    let mut table = code.as_bytes().to_vec();
    push_length(&mut table, kept.len());
    for (character, share) in kept {
        push_char(&mut table, *character);
        table.push(cost(*share));
    }
    table
}

/// Letters from the source's list, punctuation from its sentences, in one scale.
fn shares(sources: &Sources, name: &str) -> Result<Shares> {
    let sentences = sources.sentences(name)?;
    let beyond_ascii: Vec<char> = sentences.chars().filter(|c| !c.is_ascii() && !c.is_whitespace()).collect();
    let marks: Vec<char> = beyond_ascii.iter().copied().filter(|c| !c.is_alphabetic()).collect();
    let mark = 1.0 / beyond_ascii.len().max(1) as f64;
    let mut shares = Shares::new();
    marks.iter().for_each(|c| *shares.entry(*c).or_default() += mark);
    let rest = 1.0 - mark * marks.len() as f64;
    for (text, share) in sources.frequencies(name, 1)? {
        if let Some(character) = text.chars().next().filter(|c| !c.is_ascii()) {
            *shares.entry(character).or_default() += share * rest;
        }
    }
    Ok(shares)
}

fn converted(shares: &Shares, transliterator: &str) -> Result<Shares> {
    let text: String = shares.keys().flat_map(|c| [*c, '\n']).collect();
    let missing = || Failure::new("uconv cannot be run").hint("on Debian: apt-get install icu-devtools");
    let mut child = Command::new("uconv")
        .args(["-f", "utf-8", "-t", "utf-8", "-x", transliterator])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| missing())?;
    let mut input = child.stdin.take().ok_or_else(missing)?;
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let answer = child.wait_with_output().context("run uconv")?;
    writer.join().map_err(|_| missing())?.context("write to uconv")?;
    let said = String::from_utf8_lossy(&answer.stdout);
    let mut converted = Shares::new();
    for ((from, share), line) in shares.iter().zip(said.lines()) {
        let to = line.chars().next().unwrap_or(*from);
        let moved = if to == *from { 0.0 } else { FOREIGN };
        *converted.entry(to).or_default() += share * (1.0 - moved);
        *converted.entry(*from).or_default() += share * moved;
    }
    Ok(converted)
}
