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
            let first = nodes.first().map_or("", XPathItem::string_value);
            let wanted = expected["first_text"].as_str().unwrap_or_default();
            if !first.starts_with(wanted) && first != wanted { return Some(format!("{first:?}, not {wanted:?}")); }
            None
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
