//! Selection against published tables. Each table is run whole; what does not hold is counted under a reason,
//! and the counts are asserted, so that nothing can get worse unseen.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{ParseOptions, corpus, decode};

fn parse(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

/// The ids of the matches, `nil` for one without.
fn ids(document: &Document, selector: &Selector) -> Vec<String> {
    document.select(selector).map(|node| node.attr("id").unwrap_or("nil").to_owned()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Results of one table.
#[derive(Default)]
struct Score {
    passed: usize,
    excused: BTreeMap<&'static str, usize>,
    failed: Vec<String>,
}

impl Score {
    fn note(&mut self, is_right: bool, excuse: Option<&'static str>, story: impl FnOnce() -> String) {
        match (is_right, excuse) {
            (true, _) => self.passed += 1,
            (false, Some(reason)) => *self.excused.entry(reason).or_default() += 1,
            (false, None) => self.failed.push(story()),
        }
    }

    fn report(&self, table: &str, at_least: usize) {
        println!("{table}: {} passed, excused {:?}, failed {}", self.passed, self.excused, self.failed.len());
        for story in &self.failed {
            println!("  {story}");
        }
        assert!(self.failed.is_empty(), "{table}");
        assert!(self.passed >= at_least, "{table}: {} of at least {at_least}", self.passed);
    }
}

fn text_of(name: &str) -> Option<String> {
    corpus::read(name).map(|bytes| decode(&bytes, None, None).text.into_owned())
}

#[test]
fn w3c_selectors_find_the_expected_elements() {
    let Some(rows) = corpus::rows("css/w3c-selectors.jsonl") else { return };
    let document = parse(&text_of("css/w3c-content.html").unwrap());
    let mut score = Score::default();
    for row in rows {
        let source = row["selector"].as_str().unwrap();
        let parsed = Selector::parse(source);
        if row["expect_error"] == Value::Bool(true) {
            score.note(parsed.is_err(), None, || format!("{source} should not parse"));
            continue;
        }
        let expected = strings(&row["expect"]);
        let found = parsed.as_ref().map(|selector| ids(&document, selector));
        let excluded = row["exclude"]
            .as_array()
            .is_some_and(|list| list.iter().any(|context| context == "html" || context == "document"));
        let excuse = match row["id"].as_str().unwrap() {
            _ if excluded => Some("row is not for HTML documents"),
            "w3c-valid-101" => Some(":target needs an address"),
            "w3c-valid-097" => Some("whitespace counts in :empty, as in browsers"),
            _ if source.starts_with("#pseudo-element:") => {
                Some("pseudo-elements, which match nothing, are refused")
            }
            "w3c-valid-141" | "w3c-valid-143" => Some("XML namespaces"),
            _ => None,
        };
        score.note(found.as_ref() == Ok(&expected), excuse, || {
            format!("{} {source}: expected {expected:?}, found {found:?}", row["id"])
        });
    }
    score.report("w3c", 104);
}

#[test]
fn cssselect_rows_find_the_expected_elements() {
    let Some(rows) = corpus::rows("css/cssselect.jsonl") else { return };
    let mut score = Score::default();
    for row in rows {
        let source = row["selector"].as_str().unwrap();
        let document = parse(&text_of(&format!("css/{}", row["document"].as_str().unwrap())).unwrap());
        let parsed = Selector::parse(source);
        let found = parsed.as_ref().map(|selector| ids(&document, selector));
        let count = parsed.as_ref().map(|selector| document.select(selector).count() as u64);
        let is_right = match (row.get("expect_ids"), row.get("expect_count")) {
            (Some(expected), _) if !expected.is_null() => found == Ok(strings(expected)),
            (_, Some(expected)) => count.as_ref().ok() == expected.as_u64().as_ref(),
            _ => panic!("{row}"),
        };
        let excuse = match row["id"].as_str().unwrap() {
            "cssselect-025" => Some("lang as an XML attribute"),
            "cssselect-067" | "cssselect-125" => Some("tree of another parser"),
            "cssselect-123" => Some("hidden inputs can be disabled by the HTML standard"),
            "cssselect-169" => Some("!= of cssselect"),
            "cssselect-171" | "cssselect-173" => Some(":scope of a body searched alone"),
            _ => None,
        };
        score.note(is_right, excuse, || format!("{row}: found {found:?} {count:?}"));
    }
    score.report("cssselect", 80);
}

#[test]
fn soupsieve_rows_find_the_expected_elements() {
    let Some(rows) = corpus::rows("css/soupsieve.jsonl") else { return };
    let mut score = Score::default();
    for row in rows {
        let source = row["selector"].as_str().unwrap();
        let parsed = Selector::parse(source);
        if row["expect_error"] == Value::Bool(true) {
            let excuse = match source {
                "div" => Some("arguments of Soup Sieve"),
                ":is(> div)" => Some("forgiving lists of Selectors 4"),
                _ => None,
            };
            score.note(parsed.is_err(), excuse, || format!("{source} should not parse"));
            continue;
        }
        let document = parse(row["markup"].as_str().unwrap());
        // The table lists sets, not orders.
        let expected = sorted(strings(&row["expect"]));
        let found = parsed.as_ref().map(|selector| sorted(ids(&document, selector)));
        let excuse = match source {
            _ if matches!(row["parse_as"].as_str(), Some("XML" | "XHTML")) => Some("XML document"),
            _ if row["parse_as"] == "LXML_HTML" => Some("tree of another parser"),
            _ if source.contains(":--") => Some("custom selectors of Soup Sieve"),
            _ if source.contains("!=") => Some("!= of Soup Sieve"),
            _ if source.contains("-soup-") => Some("-soup- pseudo-classes"),
            _ if [":dir(", "-range", ":current(", ":muted"].iter().any(|class| source.contains(class)) => {
                Some("pseudo-classes not supported: :dir, :in-range, :out-of-range, :current(), :muted")
            }
            _ if source.starts_with('&') => Some("nesting selector"),
            "body :empty" => Some("whitespace counts in :empty, as in browsers"),
            "[xlink\\:href*=forw]" => Some("namespaced attribute by its prefixed name"),
            "div:lang('')" | "mtext:lang(en)" => Some("details of :lang()"),
            _ => None,
        };
        score.note(found.as_ref() == Ok(&expected), excuse, || {
            format!("{} {source:?} {}: expected {expected:?}, found {found:?}", row["test"], row["parse_as"])
        });
    }
    score.report("soupsieve", 140);
}

#[test]
fn wpt_parsing_rows_are_accepted_or_refused() {
    let Some(rows) = corpus::rows("css/wpt-parsing.jsonl") else { return };
    let mut score = Score::default();
    for row in rows {
        let source = row["selector"].as_str().unwrap();
        let parsed = Selector::parse(source);
        let is_right = row["valid"].as_bool() == Some(parsed.is_ok());
        score.note(is_right, None, || format!("{row}: {parsed:?}"));
    }
    score.report("wpt-parsing", 69);
}

#[test]
fn sizzle_rows_find_the_expected_elements() {
    let Some(rows) = corpus::rows("css/sizzle.jsonl") else { return };
    let fixture = text_of("css/sizzle-fixtures.html").unwrap();
    let document =
        parse(&format!("<!doctype html><html id=html><head></head><body id=body>{fixture}</body></html>"));
    let mut score = Score::default();
    for row in rows {
        let source = row["selector"].as_str().unwrap();
        let found = Selector::parse(source).map(|selector| ids(&document, &selector));
        let expected = strings(&row["expect"]);
        score.note(
            found.as_ref() == Ok(&expected),
            Some("jQuery's own, or the test changes the page first"),
            String::new,
        );
    }
    score.report("sizzle", 113);
}

#[test]
fn selectors_of_real_extractors_find_what_another_engine_finds() {
    let Some(rows) = corpus::rows("css/real-pages-postlight.jsonl.zst") else { return };
    let pages: BTreeMap<_, _> = corpus::archive("pages/pages.tar.zst").unwrap().into_iter().collect();
    let mut score = Score::default();
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    for row in rows {
        let (page, source) = (row["page"].as_str().unwrap(), row["selector"].as_str().unwrap());
        let document = documents
            .entry(page.to_owned())
            .or_insert_with(|| parse(&decode(&pages[page], Some("utf-8"), None).text));
        let found = Selector::parse(source).map(|selector| {
            let nodes: Vec<_> = document.select(&selector).collect();
            let text = nodes.first().map(|node| node.text().split_whitespace().collect::<Vec<_>>().join(" "));
            (nodes.len() as u64, nodes.iter().map(|node| node.name().to_owned()).collect::<Vec<_>>(), text)
        });
        let expected = &row["expected"];
        let wanted_text = expected["first_text_normalised"].as_str().unwrap_or_default();
        let is_right = found.as_ref().is_ok_and(|(count, tags, text)| {
            Some(*count) == expected["count"].as_u64()
                && tags.iter().take(20).cloned().collect::<Vec<_>>() == strings(&expected["tags"])
                && text.as_deref().unwrap_or_default().starts_with(wanted_text)
        });
        // The other engine does not look into templates.
        let excuse = (row["id"] == "postlight-dev-01194").then_some("template contents");
        score.note(is_right, excuse, || format!("{row}: {found:?}").chars().take(600).collect());
    }
    score.report("postlight", 2363);
}

#[test]
fn errors_say_what_and_where() {
    let error = |source: &str| Selector::parse(source).unwrap_err();
    assert_eq!(error("p, ä >").column, 7);
    assert!(error("p:nosuch").message.contains("pseudo-class"));
    assert_eq!(error("a::text b").column, 9);
    assert!(Selector::parse("").is_err());
    assert!(Selector::parse("a,,b").is_err());
    assert!(Selector::parse(&"x".repeat(70_000)).is_err());
    assert!(Selector::parse(&":not(".repeat(10_000)).is_err());
}

#[test]
fn pseudo_elements_say_what_to_take_in_each_branch() {
    let document = parse("<div id=d>1<b>2</b>3<a href=/x>4</a></div>");
    let values = |source: &str| {
        let selector = Selector::parse(source).unwrap();
        selector.values(document.root()).map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(values("div::text"), ["1", "3"]);
    assert_eq!(values("div ::text"), ["2", "4"]);
    assert_eq!(values("div *::text"), ["2", "4"]);
    assert_eq!(values("div > ::text"), ["2", "4"]);
    assert_eq!(values("a::attr(href), b::text"), ["2", "/x"]);
    assert_eq!(values("a::attr('href')"), ["/x"]);
    assert_eq!(values("b::attr(href)"), Vec::<String>::new());
    assert_eq!(values("b"), ["<b>2</b>"]);
    assert_eq!(*Selector::parse("a::attr(href)").unwrap().output(), Output::Attr("href".into()));
    assert_eq!(values("a[title='::text, x'], b::TEXT"), ["2"]);
}

#[test]
fn a_search_under_a_node_finds_descendants_and_sees_the_whole_document() {
    let document = parse("<div class=a><p id=p><b id=b><i id=i></i></b></p></div><b id=other></b>");
    let p = document.select(&Selector::parse("p").unwrap()).next().unwrap();
    let found = |source: &str| {
        let selector = Selector::parse(source).unwrap();
        p.select(&selector).filter_map(|node| node.attr("id")).collect::<Vec<_>>()
    };
    assert_eq!(found("b"), ["b"]);
    assert_eq!(found(".a i"), ["i"]);
    assert_eq!(found(":scope > *"), ["b"]);
    assert!(found("p").is_empty());
    assert_eq!(found(":scope > b, :scope"), ["b"]);
    let texts = Selector::parse(":scope > b::attr(id), i::attr(id)").unwrap();
    assert_eq!(texts.values(p).collect::<Vec<_>>(), ["b", "i"]);
    assert!(p.matches(&Selector::parse(".a > p:scope").unwrap()));
    assert!(!document.root().matches(&Selector::parse("*").unwrap()));
}

#[test]
fn quirks_mode_compares_classes_and_ids_without_case() {
    let selector = Selector::parse(".AA, #BB").unwrap();
    let class = Selector::parse(".AA").unwrap();
    let quirky = parse("<p class=aa><p id=bb>");
    assert_eq!((quirky.select(&selector).count(), quirky.select(&class).count()), (2, 1));
    let standard = parse("<!doctype html><p class=aa><p id=bb>");
    assert_eq!((standard.select(&selector).count(), standard.select(&class).count()), (0, 0));
}

#[test]
fn names_fold_case_in_html_and_not_in_svg() {
    let document =
        parse("<DIV><svg><foreignObject></foreignObject><my-el></my-el></svg><My-El></My-El></DIV>");
    let count = |source: &str| document.select(&Selector::parse(source).unwrap()).count();
    assert_eq!(count("DIV"), 1);
    assert_eq!(count("foreignObject"), 1);
    assert_eq!(count("foreignobject"), 0);
    assert_eq!(count("MY-EL"), 1);
    assert_eq!(count("my-el"), 2);
    assert_eq!(count("svg|*"), 3);
    assert_eq!(count("svg|svg"), 1);
}

#[test]
fn a_selector_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Selector::parse("a > b").unwrap());
}

proptest! {
    #[test]
    fn any_selector_text_parses_or_fails(source in "\\PC{0,60}") {
        let _ = Selector::parse(&source);
    }

    #[test]
    fn any_mix_of_selector_parts_runs(
        source in "(a|div|\\*|\\.c|#i|\\[x\\]|\\[x=y\\]|:not\\(|:is\\(|:has\\(|:nth-child\\(2n\\+1|\\)| |>|\\+|~|,|::text|::attr\\(x\\)|:lang\\(en\\)|:root|:empty|:scope){0,12}"
    ) {
        let document = parse("<div class=c id=i x=y><a x>t</a><a lang=en><b class=c></b></a></div>");
        if let Ok(selector) = Selector::parse(&source) {
            let found: Vec<_> = document.select(&selector).collect();
            // The search by keys must agree with asking every element.
            let plain: Vec<_> = document.nodes().filter(|node| node.matches(&selector)).collect();
            if !source.contains(":scope") {
                prop_assert_eq!(found, plain);
            }
            let _ = selector.values(document.root()).count();
        }
    }
}
