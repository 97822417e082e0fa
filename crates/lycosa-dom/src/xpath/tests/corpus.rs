//! The tables of the corpus: rules that site owners and crawlers wrote, on the pages they are for.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    Document, NodeRef, ParseOptions, XPath, XPathItem, XPathValue, corpus,
};

#[test]
fn wpt_functions_give_what_browsers_give() {
    let Some(rows) = corpus::rows("xpath/wpt-functions-html.jsonl") else { return };
    for row in &rows {
        let html = format!("<div>{}</div>", row["context_inner_html"].as_str().unwrap());
        let document = Document::parse_html(&html, ParseOptions::default());
        let context = document.nodes().find(|node| node.name() == "div").unwrap();
        let value = XPath::compile(row["expression"].as_str().unwrap()).unwrap().evaluate(context).unwrap();
        let expected = &row["expected"];
        let wanted = expected["string"].as_str().or(expected["number"].as_str()).unwrap();
        assert_eq!(value.to_text(), wanted, "{row}");
    }
    println!("{} of {} rows", rows.len(), rows.len());
}

#[test]
fn expressions_from_the_wild_compile_or_say_what_is_wrong() {
    let Some(bytes) = corpus::read("xpath/ftr-expressions.txt") else { return };
    let text = String::from_utf8(bytes).unwrap();
    let document = Document::parse_html("<div id=a class='b c'><p>x<a href=y>z</a></div>", ParseOptions::default());
    let (mut good, mut bad) = (0, 0);
    for line in text.lines() {
        match XPath::compile(line) {
            Ok(xpath) => {
                xpath.evaluate(document.root()).unwrap();
                good += 1;
            }
            Err(error) => {
                println!("{line}\n{}", error.rendering());
                bad += 1;
            }
        }
    }
    println!("{good} compile, {bad} do not");
}

fn pages() -> Option<HashMap<String, Vec<u8>>> {
    Some(corpus::archive("pages/pages.tar.zst")?.into_iter().collect())
}

#[test]
fn rules_for_real_pages_find_what_they_found() {
    let (Some(rows), Some(_)) = (corpus::rows("xpath/real-pages-ftr.jsonl.zst"), corpus::read("pages/README.md")) else { return };
    let pages: HashMap<String, Vec<u8>> = pages().unwrap();
    let mut documents: HashMap<&str, Document> = HashMap::new();
    let mut wrong = 0;
    for row in &rows {
        let page = row["page"].as_str().unwrap();
        let document = documents.entry(page).or_insert_with(|| {
            Document::parse_html(&String::from_utf8_lossy(&pages[page]), ParseOptions::default())
        });
        let value = XPath::compile(row["expression"].as_str().unwrap()).unwrap().evaluate(document.root()).unwrap();
        if let Some(difference) = difference(&row["expected"], &value) {
            println!("{} {} {}: {difference}", row["id"], page, row["expression"]);
            wrong += 1;
        }
    }
    println!("{} of {} rows", rows.len() - wrong, rows.len());
}

fn difference(expected: &Value, value: &XPathValue<'_>) -> Option<String> {
    match value {
        XPathValue::Nodes(nodes) => {
            if expected["type"] != "node-set" { return Some("a node-set".into()); }
            if expected["count"].as_u64().unwrap() as usize != nodes.len() {
                return Some(format!("{} nodes, not {}", nodes.len(), expected["count"]));
            }
            let names: Vec<String> = nodes.iter().take(20).map(name).collect();
            if serde_json::to_value(&names).unwrap() != expected["names"] {
                return Some(format!("{names:?}, not {}", expected["names"]));
            }
            let hashes: Vec<String> = nodes.strings().take(20).map(hash).collect();
            let wanted = expected["string_values_sha256"].as_array().unwrap();
            let different = hashes.iter().zip(wanted).position(|(hash, wanted)| *hash != *wanted)?;
            let text: String = nodes.get(different).unwrap().string_value().split_whitespace().collect::<Vec<_>>().join(" ");
            Some(format!("text {different}: {:?}", text.chars().take(100).collect::<String>()))
        }
        value => {
            (expected["value"].as_str() != Some(&*value.to_text())).then(|| format!("{:?}, not {}", value.to_text(), expected["value"]))
        }
    }
}

fn name(item: XPathItem<'_>) -> String {
    match item.node().filter(|node: &NodeRef| node.is_element()) {
        Some(node) => node.name().to_owned(),
        None => "#attr-or-text".to_owned(),
    }
}

/// The first 16 hexadecimal digits of SHA-256 (FIPS 180-4).
fn hash(text: &str) -> String {
    let primes = || (2_u32..).filter(|&number| (2..number).take_while(|small| small * small <= number).all(|small| number % small != 0));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let fraction = |root: f64| (root.fract() * 4_294_967_296.0) as u32;
    let mut state: Vec<u32> = primes().take(8).map(|prime| fraction(f64::from(prime).sqrt())).collect();
    let constants: Vec<u32> = primes().take(64).map(|prime| fraction(f64::from(prime).cbrt())).collect();
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend((text.len() as u64 * 8).to_be_bytes());
    for block in bytes.chunks(64) {
        let mut words: Vec<u32> = block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for at in 16..64 {
            let (early, late) = (words[at - 15], words[at - 2]);
            let early = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
            let late = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
            words.push(words[at - 16].wrapping_add(early).wrapping_add(words[at - 7]).wrapping_add(late));
        }
        let mut round = state.clone();
        for at in 0..64 {
            let [a, b, c, _, e, f, g, h] = round[..] else { unreachable!() };
            let choice = (e & f) ^ (!e & g);
            let majority = (a & b) ^ (a & c) ^ (b & c);
            let first = h
                .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
                .wrapping_add(choice)
                .wrapping_add(constants[at])
                .wrapping_add(words[at]);
            let second = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22)).wrapping_add(majority);
            round.rotate_right(1);
            round[4] = round[4].wrapping_add(first);
            round[0] = first.wrapping_add(second);
        }
        for (value, round) in state.iter_mut().zip(round) {
            *value = value.wrapping_add(round);
        }
    }
    format!("{:08x}{:08x}", state[0], state[1])
}
