//! Tests of what the socket's values may be; the socket itself is tested through the command.

use std::collections::BTreeMap;

use super::adjustment;
use crate::crawler::Adjustment;

fn of(pairs: &[(&str, &str)]) -> crate::Result<Adjustment> {
    let values: BTreeMap<String, String> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    adjustment(&values)
}

#[test]
fn values_read_as_in_a_configuration_file() {
    let change = of(&[
        ("max-pages", "100"),
        ("max-pages-per-host", "7"),
        ("max_bytes", "10MB"),
        ("delay", "250ms"),
        ("max_depth", "3"),
        ("max_time", "none"),
        ("exclude", "/private/"),
    ])
    .unwrap();
    let expected = Adjustment {
        max_pages: Some(Some(100)),
        max_pages_per_host: Some(Some(7)),
        max_bytes: Some(Some(10_000_000)),
        delay: Some(Some(std::time::Duration::from_millis(250))),
        depth: Some(Some(3)),
        max_time: Some(None),
        exclude: Some(vec!["/private/".to_owned()]),
        ..Adjustment::default()
    };
    assert_eq!(change, expected);
}

#[test]
fn a_wrong_name_or_value_is_refused_with_what_would_do() {
    for (pair, said) in [
        (("user_agent", "x"), "cannot be set while a crawl runs"),
        (("max_pages", "many"), "max_pages"),
        (("delay", "soon"), "delay"),
        (("concurrency", "0"), "concurrency"),
        (("concurrency", "none"), "concurrency"),
        (("include", "("), "include"),
        (("max_bytes", "1"), "128KiB"),
        (("include", ""), "include=none lifts it"),
        (("concurrency", " "), "write concurrency=VALUE"),
        (("allowed_domains", "a.example,,b.example"), "allowed_domains"),
    ] {
        let error = of(&[pair]).map(drop).unwrap_err();
        let all = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(all.contains(said), "{pair:?}: {all}");
    }
}

#[test]
fn none_empties_a_list_and_commas_part_domains() {
    let list = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let none = of(&[("include", "none"), ("exclude", " none"), ("allowed-domains", "none")]).unwrap();
    let expected = Adjustment {
        include: list(&[]),
        exclude: list(&[]),
        allowed_domains: list(&[]),
        ..Adjustment::default()
    };
    assert_eq!(none, expected);
    let some = of(&[
        ("include", r#"["/a/","none"]"#),
        ("exclude", "/a{1,2}/"),
        ("allowed_domains", "a.example, b.example"),
    ])
    .unwrap();
    let expected = Adjustment {
        include: list(&["/a/", "none"]),
        exclude: list(&["/a{1,2}/"]),
        allowed_domains: list(&["a.example", "b.example"]),
        ..Adjustment::default()
    };
    assert_eq!(some, expected);
    assert_eq!(of(&[("allowed_domains", r#"["a.example"]"#)]).unwrap().allowed_domains, list(&["a.example"]));
    let error = of(&[("max-pages", "1"), ("max_pages", "2")]).map(drop).unwrap_err();
    assert!(error.to_string().contains("given twice"), "{error}");
}
