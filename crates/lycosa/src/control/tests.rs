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
    ] {
        let error = of(&[pair]).map(drop).unwrap_err();
        let all = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(all.contains(said), "{pair:?}: {all}");
    }
}
