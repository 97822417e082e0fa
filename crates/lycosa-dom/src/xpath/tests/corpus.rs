//! The tables of the corpus: rules that site owners and crawlers wrote, on the pages they are for.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    Document, NodeRef, ParseOptions, XPath, XPathEnvironment, XPathItem, XPathOptions, XPathValue, corpus,
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
    let document =
        Document::parse_html("<div id=a class='b c'><p>x<a href=y>z</a></div>", ParseOptions::default());
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

#[test]
fn wpt_expressions_on_xml_find_their_one_element() {
    let Some(rows) = corpus::rows("xpath/wpt-domxpath.jsonl.zst") else { return };
    let mut wrong = 0;
    for row in &rows {
        let document = Document::parse_xml(row["document"].as_str().unwrap(), ParseOptions::default());
        let context = document.root_element().unwrap();
        let value = XPath::compile(row["expression"].as_str().unwrap()).unwrap().evaluate(context).unwrap();
        let (nodes, expected) = (value.nodes().unwrap(), &row["expected"]);
        let found = nodes.first().and_then(XPathItem::node).unwrap();
        let same_name = document.nodes().filter(|node| node.is_element() && node.name() == found.name());
        let place = same_name.take_while(|node| *node != found).count();
        let is_right = expected["count"] == nodes.len()
            && expected["namespace"] == found.namespace_uri()
            && expected["local_name"] == found.name()
            && expected["nth_among_same_name"] == place;
        if !is_right {
            println!("{}: {expected}, not {found:?}, {} nodes, place {place}", row["id"], nodes.len());
            wrong += 1;
        }
    }
    println!("{} of {} rows", rows.len() - wrong, rows.len());
    assert_eq!(wrong, 0);
}

/// The functions that rows of Jaxen use and XPath 1.0 does not have.
const NOT_XPATH_1: [&str; 5] = ["evaluate(", "document(", "upper-case(", "lower-case(", "ends-with("];

#[test]
fn jaxen_rows_give_what_they_say() {
    let Some(rows) = corpus::rows("xpath/jaxen.jsonl") else { return };
    let documents: HashMap<String, Document> = corpus::rows("xpath/jaxen-documents.jsonl.zst")
        .unwrap()
        .iter()
        .map(|row| {
            let document = Document::parse_xml(row["xml"].as_str().unwrap(), ParseOptions::default());
            (row["document"].as_str().unwrap().to_owned(), document)
        })
        .collect();
    let (mut right, mut wrong, mut other) = (0, 0, 0);
    for row in &rows {
        let expression = row["expression"].as_str().unwrap();
        if NOT_XPATH_1.iter().any(|name| expression.contains(name)) {
            assert!(XPath::compile(expression).is_err(), "{row}");
            other += 1;
            continue;
        }
        match jaxen_difference(row, &documents[row["document"].as_str().unwrap()]) {
            None => right += 1,
            Some(difference) => {
                println!("{row}: {difference}");
                wrong += 1;
            }
        }
    }
    println!("{right} of {} rows, {other} more are not XPath 1.0 and are refused", right + wrong);
    assert_eq!(wrong, 0);
}

fn jaxen_difference(row: &Value, document: &Document) -> Option<String> {
    let mut options = XPathOptions::default();
    for (prefix, address) in row["namespaces"].as_object().into_iter().flatten() {
        options = options.namespace(prefix, address.as_str().unwrap());
    }
    let mut environment = XPathEnvironment::default();
    for (name, value) in row["variables"].as_object().into_iter().flatten() {
        environment = match value {
            Value::Number(number) => environment.variable(name, number.as_f64().unwrap()),
            value => environment.variable(name, value.as_str().unwrap().to_owned()),
        };
    }
    let evaluate = |expression: &str, context: XPathItem<'_>| {
        XPath::compile_with(expression, &options)?
            .evaluate_with(context, &environment)
            .map(|value| (value.nodes().map(|nodes| nodes.len()), value.to_text().into_owned()))
    };
    let context = XPath::compile_with(row["context"].as_str().unwrap(), &options).unwrap();
    let context = context.evaluate(document.root()).unwrap().nodes().unwrap().first().unwrap();
    let (expression, expected) = (row["expression"].as_str().unwrap(), &row["expected"]);
    let (count, text) = match (evaluate(expression, context), expected["error"] == true) {
        (Err(_), true) => return None,
        (Ok(_), true) => return Some("no error".into()),
        (Err(error), false) => return Some(error.to_string()),
        (Ok(found), false) => found,
    };
    let is_right = expected["count"].as_u64().is_none_or(|wanted| count == Some(wanted as usize))
        && expected["string_value"].as_str().is_none_or(|wanted| text == wanted);
    for more in expected["relative_values_of_first_result"].as_array().into_iter().flatten() {
        let from =
            XPath::compile_with(expression, &options).unwrap().evaluate_with(context, &environment).unwrap();
        let (_, text) =
            evaluate(more["expression"].as_str().unwrap(), from.nodes().unwrap().first().unwrap()).unwrap();
        if text != more["string_value"].as_str().unwrap() {
            return Some(format!("{text:?} for {more}"));
        }
    }
    (!is_right).then(|| format!("{count:?} nodes, {text:?}"))
}

fn pages() -> Option<HashMap<String, Vec<u8>>> {
    Some(corpus::archive("pages/pages.tar.zst")?.into_iter().collect())
}

#[test]
fn rules_for_real_pages_find_what_they_found() {
    let (Some(rows), Some(_)) =
        (corpus::rows("xpath/real-pages-ftr.jsonl.zst"), corpus::read("pages/README.md"))
    else {
        return;
    };
    let pages: HashMap<String, Vec<u8>> = pages().unwrap();
    let mut documents: HashMap<&str, Document> = HashMap::new();
    let mut wrong = 0;
    for row in &rows {
        let page = row["page"].as_str().unwrap();
        let document = documents.entry(page).or_insert_with(|| {
            Document::parse_html(&String::from_utf8_lossy(&pages[page]), ParseOptions::default())
        });
        let value =
            XPath::compile(row["expression"].as_str().unwrap()).unwrap().evaluate(document.root()).unwrap();
        if let Some(difference) = difference(&row["expected"], &value) {
            println!("{} {} {}: {difference}", row["id"], page, row["expression"]);
            wrong += 1;
        }
    }
    println!("{} of {} rows", rows.len() - wrong, rows.len());
    assert_eq!(wrong, 0);
}

fn difference(expected: &Value, value: &XPathValue<'_>) -> Option<String> {
    match value {
        XPathValue::Nodes(nodes) => {
            if expected["type"] != "node-set" {
                return Some("a node-set".into());
            }
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
            let text: String =
                nodes.get(different).unwrap().string_value().split_whitespace().collect::<Vec<_>>().join(" ");
            Some(format!("text {different}: {:?}", text.chars().take(100).collect::<String>()))
        }
        value => (expected["value"].as_str() != Some(&*value.to_text()))
            .then(|| format!("{:?}, not {}", value.to_text(), expected["value"])),
    }
}

fn name(item: XPathItem<'_>) -> String {
    match item.node().filter(|node: &NodeRef| node.is_element()) {
        // The expected names say the namespace of SVG and MathML, and no other.
        Some(node) if node.namespace() != crate::Namespace::Html => {
            format!("{{{}}}{}", node.namespace_uri(), node.name())
        }
        Some(node) => node.name().to_owned(),
        None => "#attr-or-text".to_owned(),
    }
}

/// The first 16 hexadecimal digits of SHA-256 (FIPS 180-4).
fn hash(text: &str) -> String {
    let primes = || {
        (2_u32..).filter(|&number| {
            (2..number).take_while(|small| small * small <= number).all(|small| number % small != 0)
        })
    };
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
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
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
