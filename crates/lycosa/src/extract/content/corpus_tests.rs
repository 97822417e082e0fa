//! How well main content is found on pages whose text is known, with a floor a little below what was reached. The same
//! scores beside others: `cargo xtask bench content`.

use std::collections::HashMap;

use lycosa_dom::{Document, ParseOptions, decode};
use serde_json::Value;

use super::{Content, ContentOptions};
use crate::corpus;

/// The files of the corpus by name.
type Files = HashMap<String, Vec<u8>>;

/// Tokens of a shingle.
const SHINGLE: usize = 4;

fn main_text(html: &[u8]) -> String {
    let document = Document::parse_html(&decode(html, None, None).text, ParseOptions::default());
    Content::main(&document, &ContentOptions::default()).to_text()
}

/// Words in lower case; letters of scripts without spaces one by one.
fn tokens(text: &str) -> Vec<String> {
    let is_alone = |c: char| matches!(u32::from(c), 0x0e00..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff);
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.to_lowercase().chars() {
        if is_alone(c) {
            tokens.push(c.to_string());
            in_word = false;
        } else if c.is_alphanumeric() {
            if !in_word {
                tokens.push(String::new());
            }
            tokens.last_mut().unwrap().push(c);
            in_word = true;
        } else {
            in_word = false;
        }
    }
    tokens
}

fn shingles(text: &str) -> HashMap<Vec<String>, u32> {
    let tokens = tokens(text);
    let mut counts = HashMap::new();
    for shingle in tokens.windows(SHINGLE.min(tokens.len()).max(1)) {
        *counts.entry(shingle.to_vec()).or_default() += 1;
    }
    counts
}

/// Precision and recall.
fn overlap(found: &str, expected: &str) -> (f64, f64) {
    let (found, expected) = (shingles(found), shingles(expected));
    let common: u32 =
        expected.iter().map(|(shingle, count)| count.min(found.get(shingle).unwrap_or(&0))).sum();
    let part = |whole: &HashMap<_, u32>| f64::from(common) / f64::from(whole.values().sum::<u32>().max(1));
    (part(&found), part(&expected))
}

fn f1(precision: f64, recall: f64) -> f64 {
    2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE)
}

/// Pages and rows of the index, and what their expected text is, if it is known as a whole.
fn pages() -> Option<(Files, Vec<Value>)> {
    let rows = corpus::rows("pages/index.jsonl.zst")?;
    let files = corpus::archive("pages/pages.tar.zst")?;
    let named = files.into_iter().map(|(name, bytes)| (name.trim_start_matches("./").to_owned(), bytes));
    Some((named.collect(), rows))
}

fn expected(row: &Value, files: &Files) -> Option<String> {
    if let Some(text) = row["expected"]["articleBody"].as_str() {
        return Some(text.to_owned());
    }
    let file = |kind: &str| files.get(row["expected_files"][kind].as_str()?);
    if let Some(text) = file("expected.txt") {
        return Some(String::from_utf8_lossy(text).into_owned());
    }
    let html = String::from_utf8_lossy(file("expected.html")?).into_owned();
    let document = Document::parse_html(&html, ParseOptions::default());
    Some(document.root().visible_text())
}

#[test]
fn whole_texts_are_found() {
    let Some((files, rows)) = pages() else { return };
    for (source, floor) in
        [("article-extraction-benchmark", 0.95), ("readability", 0.93), ("newspaper4k", 0.90)]
    {
        let (mut precisions, mut recalls) = (Vec::new(), Vec::new());
        for row in rows.iter().filter(|row| row["source"] == source) {
            let Some(expected) = expected(row, &files) else { continue };
            let (precision, recall) = overlap(&main_text(&files[row["file"].as_str().unwrap()]), &expected);
            precisions.push(precision);
            recalls.push(recall);
        }
        #[expect(clippy::cast_precision_loss, reason = "there are few pages")]
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (precision, recall) = (mean(&precisions), mean(&recalls));
        let f1 = f1(precision, recall);
        println!(
            "{source}: {} pages, precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}",
            recalls.len()
        );
        assert!(f1 >= floor, "{source}: F1 {f1:.3}");
    }
}

#[test]
fn snippets_of_texts_are_found_and_those_beside_are_not() {
    let Some((files, rows)) = pages() else { return };
    let one_space = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut kept, mut missed, mut taken) = (0_u32, 0_u32, 0_u32);
    for row in rows.iter().filter(|row| row["source"] == "trafilatura") {
        let text = one_space(&main_text(&files[row["file"].as_str().unwrap()]));
        let count = |name: &str| {
            let snippets = row["expected"][name].as_array().into_iter().flatten().filter_map(Value::as_str);
            let (found, lost): (Vec<_>, Vec<_>) = snippets
                .map(one_space)
                .filter(|snippet| !snippet.is_empty())
                .partition(|snippet| text.contains(snippet.as_str()));
            (u32::try_from(found.len()).unwrap(), u32::try_from(lost.len()).unwrap())
        };
        let (found, lost) = count("with");
        (kept, missed, taken) = (kept + found, missed + lost, taken + count("without").0);
    }
    let (precision, recall) =
        (f64::from(kept) / f64::from(kept + taken), f64::from(kept) / f64::from(kept + missed));
    let f1 = f1(precision, recall);
    println!("snippets: precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}");
    assert!(f1 >= 0.92, "F1 {f1:.3}");
}
