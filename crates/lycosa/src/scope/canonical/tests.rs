//! Published tables of canonical URLs, with every difference named, and the laws of canonicalisation.

use proptest::prelude::*;

use super::*;
use crate::corpus;

fn canonical_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(canonical(&url).as_str().to_owned())
}

#[test]
fn dump() {
    for (file, from, to) in [
        ("url/crawler-commons-normalize.jsonl", "input", "normalized"),
        ("url/urlcanon-semantic_precise.jsonl", "input", "canonical"),
        ("url/urlcanon-supplemental_whatwg.jsonl", "input", "canonical"),
        ("url/urlcanon-aggressive.jsonl", "input", "canonical"),
        ("url/safebrowsing-canonical.jsonl", "input_latin1", "output_latin1"),
    ] {
        for (n, row) in corpus::rows(file).unwrap().iter().enumerate() {
            if row.get("kind").is_some_and(|k| k != "CanonicalURL") {
                continue;
            }
            let text = row[from].as_str().unwrap();
            let want = row[to].as_str();
            let got = canonical_of(text);
            if got.as_deref() != want {
                println!("{file} {} {text:?} want {want:?} got {got:?}", n + 1);
            }
        }
    }
}
