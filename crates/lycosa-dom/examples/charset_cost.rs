//! What decoding costs beside bare encoding_rs, and what detection says of files; `cargo xtask bench charset` runs
//! it. Not part of the library.
//!
//! `charset_cost detect` reads paths from standard input and prints, tab-separated, path, charset, source, confidence
//! and the label outside the Encoding standard. `charset_cost decode LABEL FILE ROUNDS` prints pairs of gigabytes a
//! second, library first, one a round; with the label `auto` nothing is declared and the other side is told what was
//! found.

#![expect(clippy::disallowed_methods, reason = "a stopwatch is what this is")]

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use lycosa_dom::{DecodeOptions, decode_with};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["detect"] => detect(),
        ["decode", label, file, rounds] => compare(label, &std::fs::read(file)?, rounds.parse()?),
        _ => Err("charset_cost detect | decode LABEL FILE ROUNDS".into()),
    }
}

fn detect() -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let path = path?;
        let bytes = std::fs::read(&path)?;
        let found = lycosa_dom::decode(&bytes, None, None);
        let (source, confidence) = (found.source.as_str(), found.confidence.as_str());
        let unknown = found.unknown_label.unwrap_or_default();
        writeln!(out, "{path}\t{}\t{source}\t{confidence}\t{unknown}", found.charset)?;
    }
    Ok(())
}

fn compare(label: &str, bytes: &[u8], rounds: usize) -> Outcome<()> {
    let transport = (label != "auto").then_some(label);
    let options = DecodeOptions { transport, ..DecodeOptions::default() };
    let found = decode_with(bytes, &options)?;
    let encoding = encoding_rs::Encoding::for_label(found.charset.as_bytes()).ok_or("no such encoding")?;
    // Long enough to be timed, short enough to leave the processor's caches to both alike.
    let repeats = (64_000_000 / bytes.len().max(1)).clamp(1, 100_000);
    let speed = |run: &dyn Fn() -> usize| {
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(run());
        }
        (bytes.len() * repeats) as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    let library = || decode_with(black_box(bytes), &options).map_or(0, |decoded| decoded.text.len());
    let bare = || encoding.decode_without_bom_handling(black_box(bytes)).0.len();
    let mut out = std::io::stdout().lock();
    for round in 0..rounds {
        // Who goes first changes, so that a drift of the clock's rate meets both.
        let (one, other) = if round % 2 == 0 {
            let one = speed(&library);
            (one, speed(&bare))
        } else {
            let other = speed(&bare);
            (speed(&library), other)
        };
        writeln!(out, "{one:.4} {other:.4}")?;
    }
    Ok(())
}
