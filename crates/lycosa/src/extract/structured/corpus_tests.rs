//! Structured data as others find it in the same pages: extruct's expected output, and schema.org's own examples,
//! which say the same facts in each format.

use std::collections::BTreeMap;

use lycosa_dom::{Document, ParseOptions};
use serde_json::{Map, Value};
use url::Url;

use super::Structured;
use crate::corpus;

fn structured(html: &str, base: Option<&str>) -> Structured {
    let document = Document::parse_html(html, ParseOptions::default());
    Structured::of(&document, base.map(|base| Url::parse(base).unwrap()).as_ref())
}

/// The files of extruct's samples by name.
fn samples() -> Option<BTreeMap<String, String>> {
    let files = corpus::archive("structured/extruct.tar.zst")?;
    let named = files.into_iter().map(|(name, bytes)| {
        let name = name.rsplit('/').next().unwrap().to_owned();
        (name, String::from_utf8_lossy(&bytes).into_owned())
    });
    Some(named.collect())
}

/// A list of one value and the value are the same, white space in text is one space.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        Value::Array(values) if values.len() == 1 => plain(&values[0]),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The page and the address that a file of expected microdata is about.
fn page_of(expected: &str) -> Option<(String, Option<&'static str>)> {
    let stem = expected.strip_suffix(".json")?;
    let about = match stem {
        "w3c__microdata.object" => (stem, Some("http://www.example.com/microdata/test.html")),
        "schema.org__product_custom_url" => ("schema.org__product", Some("http://some-example.com")),
        "w3c__microdata.4.2.strings.unclean" => ("w3c__microdata.4.2.strings", None),
        _ => (stem, None),
    };
    Some((format!("{}.html", about.0), about.1))
}

/// Expected output that is not of the standard, and why.
const NOT_COMPARED: [(&str, &str); 4] = [
    ("w3c__microdata.5.2.flat.json", "an option of extruct's: nested items by number"),
    ("w3c__microdata.5.2.withtext.json", "an option of extruct's: the text of the whole item beside it"),
    ("schema.org__product_custom_url_and_node_id.json", "an option of extruct's: the id of the element"),
    ("schema.org__product-ref.json", "its page is not in the corpus"),
];

#[test]
fn microdata_is_what_extruct_expects() {
    let Some(files) = samples() else { return };
    let (mut compared, mut skipped) = (0, 0);
    for (name, expected) in &files {
        let is_microdata = ["w3c__", "schema.org__"].iter().any(|folder| name.starts_with(folder));
        if !is_microdata || !name.ends_with(".json") {
            continue;
        }
        if NOT_COMPARED.iter().any(|(left_out, _)| left_out == name) {
            skipped += 1;
            continue;
        }
        let (page, base) = page_of(name).unwrap();
        let found = structured(&files[&page], base);
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(plain(&found.microdata.into()), plain(&expected), "{name}");
        compared += 1;
    }
    println!("microdata: {compared} pages as expected, {skipped} not compared");
    assert!(compared >= 11, "{compared}");
}

#[test]
fn json_ld_is_what_extruct_expects() {
    let Some(files) = samples() else { return };
    let mut compared = 0;
    for (name, expected) in &files {
        let (page, expected) = if let Some(stem) = name.strip_suffix(".jsonld") {
            let expected: Value = serde_json::from_str(expected).unwrap();
            // One file has a list for each script, in an object.
            let lists = expected["items"].as_array().map(|lists| lists.iter().map(|list| &list[0]));
            let expected = lists.map_or(expected.clone(), |lists| lists.cloned().collect());
            (format!("{stem}.html"), expected)
        } else if name.starts_with("songkick__elysianfields.json") {
            let expected: Value = serde_json::from_str(expected).unwrap();
            ("songkick__elysianfields.html".to_owned(), expected["json-ld"].clone())
        } else {
            continue;
        };
        let Some(html) = files.get(&page) else {
            println!("not compared, its page is not in the corpus: {name}");
            continue;
        };
        assert_eq!(Value::from(structured(html, None).json_ld), expected, "{name}");
        compared += 1;
    }
    println!("JSON-LD: {compared} pages as expected");
    assert!(compared >= 7, "{compared}");
}

#[test]
fn json_ld_of_every_example_of_schema_org_is_read_whole() {
    let Some(rows) = corpus::rows("structured/schemaorg-examples.jsonl.zst") else { return };
    let (mut read, mut none) = (0, 0);
    for row in rows {
        let written = row["json"].as_str().unwrap_or_default();
        if row["json_parses"] != true {
            assert_eq!(structured(written, None).json_ld, Vec::<Value>::new(), "{}", row["id"]);
            none += 1;
            continue;
        }
        // Some examples are the JSON alone.
        let html = if written.contains("<script") {
            written.to_owned()
        } else {
            format!("<script type=application/ld+json>{written}</script>")
        };
        let found = structured(&html, None);
        assert_eq!(found.notes, [], "{}", row["id"]);
        let json = html.split_once("<script").and_then(|(_, rest)| rest.split_once('>')).unwrap().1;
        let json: Value = serde_json::from_str(json.split("</script").next().unwrap()).unwrap();
        let wanted = json.as_array().cloned().unwrap_or_else(|| vec![json]);
        assert_eq!(found.json_ld[..wanted.len()], wanted, "{}", row["id"]);
        read += 1;
    }
    println!("JSON-LD of schema.org: {read} examples read, {none} have none");
    assert!(read >= 240, "{read}");
}

/// Nodes by identifier, all nameless ones alike, and the statements of each without order.
fn statements(nodes: &[Value]) -> Vec<String> {
    let nameless = |id: &str| if id.starts_with("_:") { "_:".to_owned() } else { id.to_owned() };
    let mut found = Vec::new();
    for node in nodes {
        let id = nameless(node["@id"].as_str().unwrap());
        for (property, values) in node.as_object().unwrap().iter().filter(|(name, _)| *name != "@id") {
            for value in values.as_array().unwrap() {
                let value = match value["@id"].as_str() {
                    Some(id) => nameless(id),
                    None => value.to_string(),
                };
                found.push(format!("{id} {property} {value}"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn rdfa_lite_is_what_extruct_expects() {
    let Some(files) = samples() else { return };
    let mut compared = 0;
    for (name, expected) in &files {
        // The page of Wikipedia's uses `rel`, which is not in the Lite language.
        let Some(stem) = name.strip_suffix(".expanded.json").filter(|stem| !stem.contains("wikipedia"))
        else {
            continue;
        };
        let found = structured(&files[&format!("{stem}.html")], Some("http://www.example.com/index.html"));
        let expected: Vec<Value> = serde_json::from_str(expected).unwrap();
        assert_eq!(statements(&found.rdfa), statements(&expected), "{name}");
        compared += 1;
    }
    let page = &files["songkick__elysianfields.html"];
    let found = structured(page, Some("http://www.songkick.com/artists/236156-elysian-fields"));
    let expected: Value = serde_json::from_str(&files["songkick__elysianfields.json"]).unwrap();
    // The page says lang=en, which counts in HTML; the expectation knows xml:lang alone.
    let found = statements(&found.rdfa)
        .iter()
        .map(|text| text.replace("\"@language\":\"en\",", ""))
        .collect::<Vec<_>>();
    assert_eq!(found, statements(expected["rdfa"].as_array().unwrap()));
    println!("RDFa Lite: {} pages as expected", compared + 1);
    assert!(compared >= 6, "{compared}");
}

/// Every property with its value, in any order; things without a name are all alike.
fn told_in_microdata(item: &Value, told: &mut Vec<(String, String)>) {
    for (name, values) in item["properties"].as_object().unwrap() {
        for value in values.as_array().unwrap() {
            let is_thing = value["properties"].is_object();
            if is_thing {
                told_in_microdata(value, told);
            }
            let id = value["id"].as_str().filter(|_| is_thing).or(value.as_str());
            told.push((name.rsplit('/').next().unwrap().to_owned(), id.unwrap_or("thing").to_owned()));
        }
    }
}

fn told_in_rdfa(nodes: &[Value]) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for (name, values) in nodes.iter().flat_map(|node| node.as_object().unwrap()) {
        if name.starts_with('@') || name.ends_with("#usesVocabulary") {
            continue;
        }
        for value in values.as_array().unwrap() {
            let text = value["@value"].as_str().or_else(|| value["@id"].as_str()).unwrap();
            let text = if text.starts_with("_:") { "thing" } else { text };
            told.push((name.rsplit('/').next().unwrap().to_owned(), text.to_owned()));
        }
    }
    told
}

#[test]
fn most_examples_of_schema_org_say_the_same_in_microdata_and_rdfa() {
    let Some(rows) = corpus::rows("structured/schemaorg-examples.jsonl.zst") else { return };
    let (mut alike, mut compared) = (0, 0);
    for row in rows {
        let (Some(microdata), Some(rdfa)) = (row["microdata"].as_str(), row["rdfa"].as_str()) else {
            continue;
        };
        // Some examples are in one format alone, and some use `rel`, which is not in the Lite language.
        if !microdata.contains("itemprop=") || !rdfa.contains("property=") || rdfa.contains(" rel=") {
            continue;
        }
        let base = Some("http://site.test/page");
        let mut left = Vec::new();
        structured(microdata, base).microdata.iter().for_each(|item| told_in_microdata(item, &mut left));
        let mut right = told_in_rdfa(&structured(rdfa, base).rdfa);
        // Both are sets: in microdata a thing that is two properties is read twice.
        for told in [&mut left, &mut right] {
            told.sort();
            told.dedup();
        }
        compared += 1;
        alike += usize::from(left == right);
        if left != right {
            println!("{}: {:?}", row["id"], difference(&left, &right));
        }
    }
    println!("schema.org: {alike} of {compared} examples say the same in microdata and RDFa");
    // The others do say different things: other dates and links, a part that one leaves out, a slip in one of them.
    assert!(alike >= 60, "{alike} of {compared}");
}

/// What only one of two sorted lists has.
fn difference<'a>(
    left: &'a [(String, String)],
    right: &'a [(String, String)],
) -> [Vec<&'a (String, String)>; 2] {
    let only = |here: &'a [(String, String)], there: &[(String, String)]| {
        here.iter().filter(|pair| !there.contains(pair)).collect()
    };
    [only(left, right), only(right, left)]
}
