//! Records as they are written: names, order, what stands in them when.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::model::{BlockKind, BlockLayer, Discovered, Exclusion, Origin, Request, Scheme, SiteKey, UrlKey};

fn facts() -> PageFacts<'static> {
    PageFacts {
        url: "http://a/?q=\"x\"",
        final_url: "http://a/end",
        status: 200,
        depth: 3,
        parent: Some("http://a/"),
        title: Some("Tab\tand\nbreak"),
        description: None,
        canonical: None,
        lang: Some("de"),
        content_type: Some("text/html"),
        charset: Some("UTF-8"),
        charset_source: Some("header"),
        charset_notes: CharsetNotes::default(),
        bytes: 12_345,
        fetched_at: Timestamp(1_772_368_496_789),
        duration: Duration::from_micros(12_900),
        outlinks: Outlinks::Count(7),
        redirects: &[],
        proxy: None,
        guard_delegated: false,
        tree_cut: None,
        parsed_as: None,
        body_cut: None,
        body_file: None,
        says: PageSays::default(),
        revisited: None,
    }
}

fn parsed(record: &str) -> Value {
    assert!(!record.contains('\n'), "a record is one line");
    serde_json::from_str(record).unwrap()
}

#[test]
fn a_page_record_has_every_column_in_order_and_nothing_else() {
    let record = parsed(&page_record(&facts()));
    let names: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, PAGE_COLUMNS);
    assert_eq!(record["url"], "http://a/?q=\"x\"");
    assert_eq!(record["title"], "Tab\tand\nbreak");
    assert_eq!(record["description"], Value::Null);
    assert_eq!(record["fetched_at"], "2026-03-01T12:34:56.789Z");
    assert_eq!(record["duration_ms"], 12);
    assert_eq!(record["outlinks"], 7);
}

#[test]
fn what_concerns_few_pages_is_there_when_it_applies() {
    let hops = [Hop { url: Arc::from("http://a/old"), status: 301 }];
    let links = ["http://a/1", "http://a/2"];
    let facts = PageFacts {
        redirects: &hops,
        proxy: Some("http://proxy:3128"),
        guard_delegated: true,
        tree_cut: Some("depth"),
        parsed_as: Some(ParsedAs { kind: "html", fallback: Some("line 1, column 2: why") }),
        body_file: Some("a/x.html"),
        charset_notes: CharsetNotes {
            confidence: Some("guess"),
            declared: Some("utf-8"),
            unknown: Some("johab"),
            malformed: 3,
        },
        outlinks: Outlinks::List(&links),
        ..facts()
    };
    let record = parsed(&page_record(&facts));
    assert_eq!(record["redirects"], json!([{ "url": "http://a/old", "status": 301 }]));
    assert_eq!((&record["tree"], &record["tree_reason"]), (&json!("cut"), &json!("depth")));
    assert_eq!(record["outlinks"], json!(links));
    assert_eq!(
        (&record["parsed_as"], &record["parsed_as_reason"]),
        (&json!("html"), &json!("line 1, column 2: why"))
    );
    assert_eq!((&record["proxy"], &record["guard"]), (&json!("http://proxy:3128"), &json!("delegated")));
    assert_eq!(record["body_file"], "a/x.html");
    assert_eq!(
        (&record["charset_declared"], &record["charset_confidence"]),
        (&json!("utf-8"), &json!("guess"))
    );
    assert_eq!((&record["charset_unknown"], &record["charset_malformed"]), (&json!("johab"), &json!(3)));
    assert!(record.get("body").is_none());
}

#[test]
fn a_way_that_left_encryption_is_flagged() {
    let hop = |url: &str| Hop { url: Arc::from(url), status: 302 };
    for (chain, last, flagged) in [
        (vec![hop("https://a/")], "http://a/", true),
        (vec![hop("HTTPS://a/"), hop("http://b/")], "https://c/", true),
        (vec![hop("http://a/"), hop("https://a/")], "https://a/x", false),
        (vec![hop("http://a/")], "http://b/", false),
        (vec![hop("https://a/")], "https://b/", false),
    ] {
        let facts = PageFacts { redirects: &chain, final_url: last, ..facts() };
        let record = parsed(&page_record(&facts));
        assert_eq!(record.get("downgraded"), flagged.then_some(&json!(true)), "{chain:?} {last}");
        assert_eq!(record["redirects"].as_array().unwrap().len(), chain.len());
    }
    assert!(!Hop::downgraded(&[], "http://a/"));
}

fn outcome(outcome: Outcome) -> Value {
    outcome_of(outcome, None)
}

fn outcome_of(outcome: Outcome, repeats: Option<&Repeated>) -> Value {
    let facts = OutcomeFacts {
        url: "http://a/x",
        outcome: &outcome,
        final_url: None,
        content_type: None,
        attempts: 2,
        depth: 1,
        parent: None,
        revisited: None,
        repeats,
    };
    parsed(&outcome_record(&facts))
}

#[test]
fn an_outcome_record_tells_what_became_of_a_url() {
    let error = Error::new(ErrorKind::Connect, "no connection could be made").in_phase(Phase::Connect);
    assert_eq!(
        outcome(Outcome::Failed { error }),
        json!({ "url": "http://a/x", "outcome": "failed", "error": "connect", "phase": "connect",
                "message": "no connection could be made", "attempts": 2, "depth": 1, "parent": null })
    );
    assert_eq!(outcome(Outcome::Excluded { reason: Exclusion::Robots })["reason"], "robots");
    for (nearly, name) in [(false, "duplicate_of"), (true, "near_duplicate_of")] {
        let repeated = Repeated { url: "http://a/first".into(), nearly };
        let record = outcome_of(Outcome::Excluded { reason: Exclusion::Duplicate }, Some(&repeated));
        assert_eq!((&record["reason"], &record[name]), (&json!("duplicate"), &json!("http://a/first")));
    }
    assert_eq!(outcome(Outcome::Fetched { status: 404 })["status"], 404);
    let alias = outcome(Outcome::Alias { status: 302, of: Arc::from("http://a/y") });
    assert_eq!((&alias["alias_of"], &alias["status"]), (&json!("http://a/y"), &json!(302)));
    let to = Discovered {
        key: UrlKey(1),
        site: SiteKey(Arc::from("a")),
        origin: Origin { scheme: Scheme::Http, host: Arc::from("a"), port: 80 },
        request: Request::get("http://a/z"),
    };
    let redirect = outcome(Outcome::Redirect { status: 301, to: Box::new(to), if_known: Vec::new() });
    assert_eq!((&redirect["outcome"], &redirect["to"]), (&json!("redirected"), &json!("http://a/z")));
}

#[test]
fn a_blocked_url_tells_by_whom_and_why() {
    let (kind, layer) = (BlockKind::Challenge, BlockLayer::Edge);
    let block = Block { kind, layer, status: 200, evidence: "a \"page\"".into() };
    assert_eq!(
        outcome(Outcome::Failed { error: Error::blocked(block) }),
        json!({ "url": "http://a/x", "outcome": "blocked", "error": "blocked", "phase": null,
                "message": "the answer is a block, not content: a \"page\"", "status": 200,
                "block": { "kind": "challenge", "layer": "edge", "evidence": "a \"page\"" },
                "attempts": 2, "depth": 1, "parent": null })
    );
}

#[test]
fn an_item_record_keeps_the_order_of_its_fields() {
    let mut fields = serde_json::Map::new();
    fields.insert("zeta \"z\"".to_owned(), json!("a\nb"));
    fields.insert("alpha".to_owned(), json!(["x", null]));
    let item = Item { kind: Arc::from("product"), fields };
    assert_eq!(
        &*item_record(&item, "http://a/"),
        r#"{"type":"product","page":"http://a/","zeta \"z\"":"a\nb","alpha":["x",null]}"#
    );
}

#[test]
fn what_a_page_says_and_is_like_follows_when_there_is_any() {
    use crate::model::{SignalPlace, UseSignal};
    assert!(!page_record(&facts()).contains("robots"));
    let robots = ["noindex".into(), "max-snippet:20".into()];
    let uses = [
        UseSignal::new(SignalPlace::RobotsTxt, "Content-Signal", "ai-train", Some(false), "no"),
        UseSignal::new(SignalPlace::Meta, "tdm-policy", "tdm", None, "https://a.test/\"p\""),
    ];
    let alternates = [("de".to_owned(), "https://a.test/de".to_owned())];
    let says = PageSays {
        robots: &robots,
        uses: &uses,
        alternates: &alternates,
        declared_alias_of: Some("https://a.test/own"),
        sitemap_lastmod: Some(Timestamp(1_104_537_600_000)),
        content_hash: Some(0xAB),
        simhash: Some(0xCD),
        duplicate_of: Some("https://a.test/1"),
        near_duplicate_of: None,
    };
    let json: serde_json::Value = serde_json::from_str(&page_record(&PageFacts { says, ..facts() })).unwrap();
    assert_eq!(json["robots"], serde_json::json!(["noindex", "max-snippet:20"]));
    assert_eq!(
        json["content_use"],
        serde_json::json!([
            { "from": "robots.txt", "name": "content-signal", "use": "ai-train", "allowed": false },
            { "from": "meta", "name": "tdm-policy", "use": "tdm", "value": "https://a.test/\"p\"" },
        ])
    );
    assert_eq!(json["alternates"], serde_json::json!([{ "lang": "de", "url": "https://a.test/de" }]));
    assert_eq!(json["declared_alias_of"], "https://a.test/own");
    assert_eq!(json["sitemap_lastmod"], "2005-01-01T00:00:00.000Z");
    assert_eq!(json["content_hash"], "000000000000000000000000000000ab");
    assert_eq!(
        (&json["simhash"], &json["duplicate_of"]),
        (&"00000000000000cd".into(), &"https://a.test/1".into())
    );
    assert!(json.get("near_duplicate_of").is_none());
}
