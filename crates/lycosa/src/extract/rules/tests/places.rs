//! Records that are values in JSON or matches in a text, bodies that are JSON, and what hostile pages cost.

use http::HeaderValue;

use super::*;

const EMBEDDED: &str = r#"<html><title>List</title><h1>Shop</h1>
  <script type="application/ld+json">{"@graph": [
    {"@type": "Product", "name": "Kettle", "text": "Weight: 5 kg, 3 l", "offers": [
      {"shop": "Ulm", "price": "12,50"}, {"shop": "Bonn"}, null]},
    {"@type": "Page", "name": "no"}, {"@type": "Product", "name": "Pan", "offers": []}]}</script>
  <script id=state>window.state = {"rows": [[1, 2], [3]]};</script>
  <pre>Red kettle: 12.50 EUR (Ulm=1, Bonn=22)
Pan: 7 EUR ()
no price</pre></html>"#;

/// What these rules take out of a body of this type that is no document.
fn of_body(extract: &dyn Extract, media_type: &'static str, text: &str) -> Findings {
    let url = Url::parse("http://api.test/search").unwrap();
    let request = Request::get(url.as_str());
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(media_type));
    let page = Page {
        request: &request,
        url: &url,
        base: &url,
        status: 200,
        headers: &headers,
        body: text.as_bytes(),
        text,
        fetched_at: Timestamp(0),
        document: None,
    };
    let mut findings = Findings::default();
    extract.extract(&page, &mut findings).unwrap();
    findings
}

fn fields(findings: Findings) -> Value {
    findings.items.into_iter().map(|item| Value::Object(item.fields)).collect()
}

#[test]
fn values_of_a_path_are_records_and_paths_in_them_are_relative() {
    let text = "[p]\nfor_each = \"json:$['@graph'][?@.@type=='Product']\"\n[p.fields]\nname = 'json:$.name'\n\
                heading = 'h1'\ntitle = 'fact:title'\nkilos = { regex = 'Weight: (\\d+) kg', type = 'integer' }\n\
                first_row = { json = '$.rows[0][0]', from = '#state' }\n\
                [p.fields.offers]\nfor_each = 'json:$.offers'\n[p.fields.offers.fields]\nshop = 'json:$.shop'\n\
                price = { json = '$.price', type = 'number', locale = 'de', required = true }";
    assert_eq!(
        items(text, EMBEDDED),
        json!([
            { "name": "Kettle", "heading": "Shop", "title": "List", "kilos": 5, "first_row": 1,
              "offers": [{ "shop": "Ulm", "price": 12.5 }] },
            { "name": "Pan", "heading": "Shop", "title": "List", "kilos": null, "first_row": 1, "offers": [] },
        ])
    );
}

#[test]
fn matches_are_records_and_their_groups_are_values() {
    let text = "[p]\nfor_each = ['.gone', 'json:$.gone', 'regex:(?m)^(?P<name>.+): (?P<price>[0-9.]+) EUR \\((.*)\\)$']\n\
                [p.fields]\nname = { group = 'name' }\nprice = { select = ['css:.gone', 'group:price'], type = 'number' }\n\
                last = 'group:3'\nwhole = { regex = '^\\w+' }\nheading = 'h1'\nrow = { json = '$.rows[1][0]', from = '#state' }\n\
                [p.fields.places]\nfor_each = 'regex:(\\w+)=(\\d+)'\n[p.fields.places.fields]\ncity = 'group:1'\n\
                count = { group = 2, type = 'integer' }\n[p.fields.places.fields.own.fields]\ncity = 'group:1'";
    assert_eq!(
        items(text, EMBEDDED),
        json!([
            { "name": "Red kettle", "price": 12.5, "last": "Ulm=1, Bonn=22", "whole": "Red", "heading": "Shop", "row": 3,
              "places": [{ "city": "Ulm", "count": 1, "own": { "city": "Ulm" } },
                         { "city": "Bonn", "count": 22, "own": { "city": "Bonn" } }] },
            { "name": "Pan", "price": 7.0, "last": null, "whole": "Pan", "heading": "Shop", "row": 3, "places": [] },
        ])
    );
    let inner =
        "[p]\nfor_each = 'pre'\n[p.fields.rows]\nfor_each = 'regex:(\\w+): (\\d+)'\nfields.name = 'group:1'";
    assert_eq!(items(inner, EMBEDDED), json!([{ "rows": [{ "name": "kettle" }, { "name": "Pan" }] }]));
}

#[test]
fn the_first_place_that_finds_something_counts_and_a_list_is_taken_apart() {
    let text = "[p]\nfor_each = ['json:$.rows', 'xpath://pre']\nfrom = '#state'\nfields.all = 'json:$'\n\
                fields.text = { regex = 'Pan' }";
    assert_eq!(items(text, EMBEDDED), json!([{ "all": [1, 2], "text": null }, { "all": [3], "text": null }]));
    let other = text.replace("$.rows'", "$.gone'");
    assert_eq!(items(&other, EMBEDDED)[0]["text"], "Pan");
}

#[test]
fn mistakes_in_places_are_told_with_what_was_meant() {
    for (rule, key, message, hint) in [
        ("for_each = 'json:x'\nfields.a = 'b'", "for_each", "JSONPath", ""),
        ("for_each = 'regex:('\nfields.a = 'b'", "for_each", "regular expression", ""),
        ("for_each = 'value:x'\nfields.a = 'b'", "for_each", "`for_each` finds records", "json:"),
        ("for_each = 'jsn:$.a'\nfields.a = 'b'", "for_each", "no kind of source `jsn:`", "json:"),
        ("for_each = 'b'\nfrom = 'c'\nfields.a = 'b'", "from", "says nothing", ""),
        ("fields.a = 'group:x'", "select", "without `regex`", "for_each"),
        ("fields.a = { group = 1 }", "group", "without `regex`", "for_each"),
        ("for_each = 'regex:(?P<name>x)'\nfields.a = { group = 'nam' }", "group", "no group `nam`", "`name`"),
        ("for_each = 'regex:(x)'\nfields.a = 'group:2'", "select", "no group 2", ""),
    ] {
        let mistakes = Rules::compile(&rules(&format!("[p]\n{rule}"))).unwrap_err();
        let found = &mistakes[0];
        assert_eq!((mistakes.len(), found.key), (1, Some(key)), "{rule}: {mistakes:?}");
        assert!(found.message.contains(message), "{rule}: {found:?}");
        assert!(found.hint.as_deref().unwrap_or_default().contains(hint), "{rule}: {found:?}");
    }
}

#[test]
fn bodies_that_are_json_are_read_by_the_rules_that_read_json() {
    let text = "[hit]\nfor_each = 'json:$.hits[*]'\nfields.name = 'json:$.name'\nfields.status = 'fact:status'\n\
                fields.link = { json = '$.link', type = 'url' }\n[total.fields]\ncount = 'json:$.total'\n\
                [page.fields]\nname = { css = 'h1', required = true }\n\
                [script.fields]\nname = { json = '$.total', from = 'script' }";
    let rules = Rules::compile(&rules(text)).unwrap();
    let body = r#"{"total": 2, "hits": [{"name": "a", "link": "/a"}, {"name": "b"}]}"#;
    let expected = json!([
        { "name": "a", "status": 200, "link": "http://api.test/a" },
        { "name": "b", "status": 200, "link": null },
        { "count": 2 },
    ]);
    for media_type in ["application/json", "application/ld+json; charset=utf-8", "text/plain"] {
        let found = of_body(&rules, media_type, body);
        assert_eq!((found.rejects.len(), fields(found)), (0, expected.clone()), "{media_type}");
    }
    for (written, count) in [("{\"total\": 1}\n{\"total\": 2}", None), ("call({\"total\": 3});", Some(3))] {
        let found = fields(of_body(&rules, "application/json", written));
        assert_eq!(found[0]["count"], json!(count), "{written}");
    }
    let broken = of_body(&rules, "application/json", "{\"total\": ");
    assert!(
        broken.items.is_empty() && broken.notes[0].contains("could not be read as JSON"),
        "{:?}",
        broken.notes
    );
    assert_eq!(of_body(&rules, "text/plain", "total: 2").items.len(), 0);
    let lines =
        Rules::compile(&super::rules("[p]\nfor_each = 'regex:(\\w)=(\\d)'\nfields.n = 'group:2'")).unwrap();
    assert_eq!(fields(of_body(&lines, "text/plain", "a=1 b=2")), json!([{ "n": "1" }, { "n": "2" }]));
}

#[test]
fn links_stand_in_json_too() {
    let rule = |json: &str, from: Option<&str>| FollowRule {
        json: Some(json.to_owned()),
        from: from.map(str::to_owned),
        label: Some("detail".to_owned()),
        matching: Some("/p/".to_owned()),
        ..FollowRule::default()
    };
    let rules = FollowRules::compile(&[rule("$.hits[*].url", None)], false, &Default::default()).unwrap();
    let body = r#"{"hits": [{"url": "/p/1"}, {"url": "/q/2"}, {"url": 3}, {"url": "http://b.test/p/3#x"}, {"url": "/p/1"}]}"#;
    let found = of_body(&rules, "application/json", body);
    let urls: Vec<_> = found.outlinks.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(urls, ["http://api.test/p/1", "http://b.test/p/3"]);
    assert_eq!(found.outlinks[0].label.as_deref(), Some("detail"));
    assert_eq!(found.notes, ["`$.hits[*].url` gives what is no address"]);
    let rules = FollowRules::compile(&[rule("$.next", Some("#state"))], false, &Default::default()).unwrap();
    let html = "<script id=state>let s = {\"next\": \"/p/2\"}</script>";
    assert_eq!(findings(&rules, html, None).outlinks[0].url.as_str(), "http://shop.test/p/2");
    let both = FollowRule { css: Some("a".to_owned()), ..rule("$.a", None) };
    assert!(FollowRules::compile(&[both], false, &Default::default()).is_err());
    let alone = FollowRule { from: Some("a".to_owned()), ..FollowRule::default() };
    assert!(FollowRules::compile(&[alone], false, &Default::default()).is_err());
}

/// Steps that these rules take on a page.
fn steps(text: &str, html: &str) -> u64 {
    let rules = Rules::compile(&rules(text)).unwrap();
    with_page(html, None, |page| rules.examine(page).steps)
}

#[test]
fn what_is_asked_for_twice_is_searched_for_once() {
    let html =
        format!("{}<h1>Shop</h1>{}", "<p>filler</p>".repeat(2_000), "<article><b>x</b></article>".repeat(50));
    let field = |name: usize, rule: &str| format!("f{name} = {rule}\n");
    for rule in ["'.gone'", "'xpath://p[. = \"no\"]'", "{ select = ['css:.gone', 'xpath://p[. = \"no\"]'] }"]
    {
        let one = steps(&format!("[p.fields]\n{}", field(0, rule)), &html);
        let twenty: String = (0..20).map(|name| field(name, rule)).collect();
        let twenty = steps(&format!("[p.fields]\n{twenty}"), &html);
        assert!(twenty <= one + 20, "{rule}: {one} {twenty}");
    }
    // What does not depend on the record is not searched for again with each.
    for rule in ["'xpath://h1[. = \"Shop\"]'", "'json:$.a'"] {
        let one = steps(&format!("[p]\nfor_each = 'h1'\nfields.a = {rule}"), &html);
        let fifty = steps(&format!("[p]\nfor_each = 'article'\nfields.a = {rule}"), &html);
        assert!(fifty <= one + 50 * 20, "{rule}: {one} {fifty}");
    }
}

#[test]
fn a_thousand_fields_on_a_large_page_end_with_a_note_or_a_result() {
    let html = "<p>word 1</p>".repeat(80_000);
    let field = |rule: &dyn Fn(usize) -> String| -> String {
        (0..1_000).map(|n| format!("f{n} = {}\n", rule(n))).collect()
    };
    for (rule, is_cut) in [
        (&(|_| "{ regex = 'word (\\d)' }".to_owned()) as &dyn Fn(usize) -> String, false),
        (&|_| "'json:$.a'".to_owned(), false),
        (&|n| format!("'.c{n}'"), false),
        (&|n| format!("'xpath://p[contains(., \"no{n}\")]'"), true),
    ] {
        let rules = Rules::compile(&rules(&format!("[p.fields]\n{}", field(rule)))).unwrap();
        let found = findings(&rules, &html, None);
        assert_eq!(found.items.len(), 1);
        let notes = found.notes.iter().any(|note| note.contains("given up"));
        assert!(notes || !is_cut, "{:?}", found.notes);
        assert!(found.notes.len() <= 1_001);
    }
}

#[test]
fn a_match_at_every_byte_ends_at_the_limit_with_a_note() {
    let rules = Rules::compile(&rules("[p]\nfor_each = 'regex:x'\nfields.a = { group = 0 }")).unwrap();
    let found = of_body(&rules, "text/plain", &"x".repeat(10 << 20));
    assert_eq!(found.items.len(), 100_000);
    assert_eq!(
        found.notes,
        ["a page was given up: it gives more than 100,000 records; the rest is left out"]
    );
}

#[test]
fn a_path_to_everything_ends_with_a_note_or_a_result() {
    let text = "[p]\nfor_each = 'json:$..*'\nfields.a = 'json:$'\n[q.fields]\na = { json = '$..*', many = true }\n\
                b = { json = '$..*..*..*', many = true }";
    let rules = Rules::compile(&rules(text)).unwrap();
    for body in [format!("[{}1]", "1,".repeat(2_500_000)), format!("[{}{}]", "[1],".repeat(1_000_000), 1)] {
        let found = of_body(&rules, "application/json", &body);
        assert_eq!(found.items.iter().filter(|item| &*item.kind == "p").count().min(99_999), 99_999);
        assert!(found.notes.iter().any(|note| note.contains("given up")), "{:?}", found.notes);
    }
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(!of_body(&rules, "application/json", &deep).items.is_empty());
}
