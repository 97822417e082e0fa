//! Selection against published tables. Each table is run whole; the rows that do not hold are listed by their id
//! with the reason, a row listed in vain fails, and the counts are asserted, so that nothing can get worse unseen.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Document, NodeRef, ParseOptions, Selector, ids, parse};
use crate::{corpus, decode};

/// Rows of a table that do not hold, and why.
type Exempt = &'static [(&'static str, &'static str)];

fn sorted(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_unstable();
    ids
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// Results of one table.
struct Score {
    exempt: Exempt,
    passed: usize,
    excused: usize,
    failed: Vec<String>,
}

impl Score {
    fn new(exempt: Exempt) -> Self {
        Self { exempt, passed: 0, excused: 0, failed: Vec::new() }
    }

    fn note(&mut self, row: &Value, is_right: bool, story: impl FnOnce() -> String) {
        let is_exempt = self.exempt.iter().any(|(id, _)| row["id"] == *id);
        match (is_right, is_exempt) {
            (true, false) => self.passed += 1,
            (false, true) => self.excused += 1,
            (true, true) => self.failed.push(format!("{} holds and need not be exempt", row["id"])),
            (false, false) => {
                self.failed.push(
                    format!("{} {}: {}", row["id"], row["selector"], story()).chars().take(700).collect(),
                );
            }
        }
    }

    fn report(&self, table: &str, at_least: usize) {
        println!("{table}: {} passed, {} exempt, {} failed", self.passed, self.excused, self.failed.len());
        for (id, reason) in self.exempt {
            println!("  exempt {id}: {reason}");
        }
        for story in &self.failed {
            println!("  {story}");
        }
        assert!(self.failed.is_empty(), "{table}");
        assert!(self.passed >= at_least, "{table}: {} of at least {at_least}", self.passed);
    }
}

fn parse_xml(text: &str) -> Document {
    Document::parse_xml(text, ParseOptions::default())
}

fn text_of(name: &str) -> Option<String> {
    corpus::read(name).map(|bytes| decode(&bytes, None, None).text.into_owned())
}

#[test]
fn w3c_selectors_find_the_expected_elements() {
    const EXEMPT: Exempt = &[
        ("w3c-valid-097", "cascadia's version of the row takes whitespace for nothing; browsers do not"),
        ("w3c-valid-141", "asks for elements that the upstream test makes with a script"),
        ("w3c-valid-143", "asks for elements that the upstream test makes with a script"),
        ("w3c-valid-101", "`:target` is the element that the address names, and a document has no address"),
    ];
    let Some(rows) = corpus::rows("css/w3c-selectors.jsonl") else { return };
    let html = parse(&text_of("css/w3c-content.html").unwrap());
    let xhtml = parse_xml(&text_of("css/w3c-content.xhtml").unwrap());
    let mut score = Score::new(EXEMPT);
    for row in &rows {
        let parsed = Selector::parse(row["selector"].as_str().unwrap());
        if row["expect_error"] == Value::Bool(true) {
            score.note(row, parsed.is_err(), || "should not parse".to_owned());
            continue;
        }
        let is_excluded = |context: &str| {
            row["exclude"].as_array().is_some_and(|list| list.iter().any(|excluded| excluded == context))
        };
        let mut found = Vec::new();
        for (context, document) in [("html", &html), ("xhtml", &xhtml)] {
            if !is_excluded(context) {
                found.push(parsed.as_ref().map(|selector| ids(document, selector)));
            }
        }
        let expected = strings(&row["expect"]);
        let is_right = found.iter().all(|found| found.as_deref() == Ok(&expected));
        score.note(row, is_right, || format!("{expected:?} {found:?}"));
    }
    score.report("w3c", 108);
}

#[test]
fn cssselect_rows_find_the_expected_elements() {
    const EXEMPT: Exempt = &[(
        "cssselect-123",
        "hidden inputs can be disabled (HTML standard 4.16.3); cssselect leaves them out",
    )];
    let Some(rows) = corpus::rows("css/cssselect.jsonl") else { return };
    let mut score = Score::new(EXEMPT);
    for row in &rows {
        let name = row["document"].as_str().unwrap();
        let text = text_of(&format!("css/{name}")).unwrap();
        // cssselect reads its first document as XML, except for what is about HTML.
        let is_xml = name == "cssselect-ids.html" && row["html_only"] != Value::Bool(true);
        let document = if is_xml { parse_xml(&text) } else { parse(&text) };
        let parsed = Selector::parse(row["selector"].as_str().unwrap());
        if let Some(expected) = row["expect_ids"].as_array() {
            let found = parsed.as_ref().map(|selector| ids(&document, selector));
            let is_right = found.as_ref().is_ok_and(|found| expected == found);
            score.note(row, is_right, || format!("{expected:?} {found:?}"));
            continue;
        }
        // The counts are of the body and what is in it.
        let body = document.nodes().find(|node| node.name() == "body").unwrap();
        let count = |selector: &Selector| body.select(selector).count() + usize::from(body.matches(selector));
        let count = parsed.as_ref().map(count);
        score.note(
            row,
            count.as_ref().ok().map(|count| *count as u64) == row["expect_count"].as_u64(),
            || format!("{} {count:?}", row["expect_count"]),
        );
    }
    score.report("cssselect", 86);
}

#[test]
fn soupsieve_rows_find_the_expected_elements() {
    const LXML: &str = "the row is about the tree that libxml2 makes of nested fieldsets";
    const CUSTOM: &str = "custom selectors are declared in Soup Sieve's Python, which the row does not show";
    const PREFIX: &str =
        "an undeclared prefix is an error in CSS (Selectors 4, 5.1.1), not a match of nothing";
    const EXEMPT: Exempt = &[
        ("soupsieve-005", CUSTOM),
        ("soupsieve-007", CUSTOM),
        ("soupsieve-009", CUSTOM),
        ("soupsieve-013", "the error is in an argument of Soup Sieve, the selector is `div`"),
        ("soupsieve-015", "the error is in an argument of Soup Sieve, the selector is `div`"),
        ("soupsieve-069", "`:before` is CSS; Soup Sieve refuses all pseudo-elements"),
        ("soupsieve-139", LXML),
        ("soupsieve-147", LXML),
        ("soupsieve-145", "Soup Sieve takes whitespace for nothing in `:empty`; browsers do not"),
        ("soupsieve-161", PREFIX),
        ("soupsieve-171", PREFIX),
        ("soupsieve-247", "elements that are not HTML are defined (DOM, 4.9)"),
        (
            "soupsieve-253",
            "`dir=auto` without a letter is left to right (HTML, 3.2.6.4), not what the parent is",
        ),
        ("soupsieve-259", "`dir=auto` looks into `math` (HTML, 3.2.6.4)"),
        ("soupsieve-307", "the list of `:is()` forgives (Selectors 4, 4.2)"),
        ("soupsieve-323", "an element without a language has the empty one (HTML, 3.2.6.2)"),
    ];
    let Some(rows) = corpus::rows("css/soupsieve.jsonl") else { return };
    let mut score = Score::new(EXEMPT);
    for row in &rows {
        let source = row["selector"].as_str().unwrap();
        let namespaces = row["namespaces"].as_object().into_iter().flatten();
        let namespaces: Vec<_> = namespaces.map(|(prefix, url)| (&**prefix, url.as_str().unwrap())).collect();
        let parsed = Selector::parse_with_namespaces(source, &namespaces);
        if row["expect_error"] == Value::Bool(true) {
            score.note(row, parsed.is_err(), || "should not parse".to_owned());
            continue;
        }
        let markup = row["markup"].as_str().unwrap();
        let is_xml = matches!(row["parse_as"].as_str(), Some("XML" | "XHTML"));
        let document = if is_xml { parse_xml(markup) } else { parse(markup) };
        // The table lists sets, not orders.
        let expected = sorted(strings(&row["expect"]));
        let found = parsed.as_ref().map(|selector| sorted(ids(&document, selector)));
        score.note(row, found.as_deref() == Ok(&expected), || {
            format!("{} {}: {expected:?} {found:?}", row["test"], row["parse_as"])
        });
    }
    score.report("soupsieve", 172);
}

#[test]
fn wpt_rows_are_accepted_or_refused_and_written_as_browsers_write_them() {
    let Some(rows) = corpus::rows("css/wpt-parsing.jsonl") else { return };
    let mut score = Score::new(&[]);
    for row in &rows {
        let parsed = Selector::parse(row["selector"].as_str().unwrap());
        let written = parsed.as_ref().map(Selector::to_css);
        let is_right = match (&row["serializes_to"], &written) {
            (Value::String(expected), Ok(written)) => expected == written,
            (Value::Array(several), Ok(written)) => several.iter().any(|expected| expected == written),
            (_, written) => row["valid"].as_bool() == Some(written.is_ok()),
        };
        score.note(row, is_right, || format!("{} {written:?}", row["serializes_to"]));
        // What is written means the same: it is written the same again.
        if let Ok(written) = written {
            let again = Selector::parse(&written).map(|selector| selector.to_css());
            assert_eq!(again.as_ref(), Ok(&written));
        }
    }
    score.report("wpt-parsing", 69);
}

#[test]
fn sizzle_rows_find_the_expected_elements() {
    const SCRIPT: &str = "the upstream test makes the elements with a script first";
    const EXEMPT: Exempt = &[
        ("sizzle-001", "`//[a]` is no CSS: the row is an accident of the table"),
        ("sizzle-015", SCRIPT),
        ("sizzle-071", SCRIPT),
        ("sizzle-073", SCRIPT),
        ("sizzle-075", SCRIPT),
        ("sizzle-125", "a number is no identifier: browsers want `[value=\"1\"]`"),
        ("sizzle-161", SCRIPT),
        ("sizzle-177", SCRIPT),
        ("sizzle-209", SCRIPT),
        ("sizzle-271", "the upstream test sets the focus first"),
        ("sizzle-327", "`:first` counts matches; jQuery's own in another case"),
        ("sizzle-375", "`:target` is the element that the address names, and a document has no address"),
    ];
    let Some(rows) = corpus::rows("css/sizzle.jsonl") else { return };
    let fixture = text_of("css/sizzle-fixtures.html").unwrap();
    let document =
        parse(&format!("<!doctype html><html id=html><head></head><body id=body>{fixture}</body></html>"));
    let (mut score, mut extensions) = (Score::new(EXEMPT), (0, Vec::new()));
    for row in &rows {
        let parsed = Selector::parse(row["selector"].as_str().unwrap());
        let found = parsed.as_ref().map(|selector| ids(&document, selector));
        let is_right = found.as_deref() == Ok(&strings(&row["expect"]));
        if row["jquery_extension"] == Value::Bool(true) {
            extensions.0 += usize::from(is_right);
            if !is_right {
                extensions.1.push(row["selector"].as_str().unwrap());
            }
            continue;
        }
        score.note(row, is_right, || format!("{} {found:?}", row["expect"]));
    }
    println!("sizzle, jQuery's own: {} hold, {} not: {:?}", extensions.0, extensions.1.len(), extensions.1);
    assert!(extensions.0 >= 15, "{extensions:?}");
    score.report("sizzle", 107);
}

#[test]
fn selectors_of_real_extractors_find_what_another_engine_finds() {
    const EXEMPT: Exempt = &[("postlight-dev-01194", "the other engine does not look into templates")];
    let Some(rows) = corpus::rows("css/real-pages-postlight.jsonl.zst") else { return };
    let pages: BTreeMap<_, _> = corpus::archive("pages/pages.tar.zst").unwrap().into_iter().collect();
    let mut score = Score::new(EXEMPT);
    let mut documents: BTreeMap<&str, Document> = BTreeMap::new();
    for row in &rows {
        let (page, source) = (row["page"].as_str().unwrap(), row["selector"].as_str().unwrap());
        let document =
            documents.entry(page).or_insert_with(|| parse(&decode(&pages[page], Some("utf-8"), None).text));
        let found = Selector::parse(source).map(|selector| {
            let nodes: Vec<_> = document.select(&selector).collect();
            let words = |node: &NodeRef<'_>| node.text().split_whitespace().collect::<Vec<_>>().join(" ");
            let text = nodes.first().map(words);
            (nodes.len() as u64, nodes.iter().map(|node| node.name()).collect::<Vec<_>>(), text)
        });
        let expected = &row["expected"];
        let wanted_text = expected["first_text_normalised"].as_str().unwrap_or_default();
        let is_right = found.as_ref().is_ok_and(|(count, tags, text)| {
            Some(*count) == expected["count"].as_u64()
                && tags.iter().take(20).copied().collect::<Vec<_>>() == strings(&expected["tags"])
                && text.as_deref().unwrap_or_default().starts_with(wanted_text)
        });
        score.note(row, is_right, || format!("{expected}: {found:?}"));
    }
    score.report("postlight", 2363);
}
