//! The rules as a table, in the manner of the http-cache-tests: an answer is stored, time passes, the URL is asked for
//! again. What happens: it is used, validated, or fetched anew.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Used without a request.
    Used,
    /// Asked for with a condition.
    Validated,
    /// Asked for as if nothing were stored.
    Fetched,
}
use Then::{Fetched, Used, Validated};

/// Name, status and fields of the first answer, seconds that pass, fields of the second request, what happens.
type Row = (&'static str, u16, &'static str, u64, &'static str, Then);

const DATE: &str = "date: Sun, 01 Mar 2026 12:00:00 GMT\n";

const ROWS: &[Row] = &[
    // Freshness (§4.2)
    ("max-age, fresh", 200, "cache-control: max-age=60", 59, "", Used),
    ("max-age, just stale", 200, "cache-control: max-age=60", 60, "", Fetched),
    ("max-age, stale with a tag", 200, "cache-control: max-age=60\netag: \"a\"", 61, "", Validated),
    (
        "max-age, stale with a date of change",
        200,
        "cache-control: max-age=60\nlast-modified: Sun, 01 Mar 2026 10:00:00 GMT",
        61,
        "",
        Validated,
    ),
    ("max-age=0", 200, "cache-control: max-age=0\netag: \"a\"", 0, "", Validated),
    ("max-age in capitals", 200, "Cache-Control: MaX-aGe=60", 30, "", Used),
    ("max-age quoted", 200, "cache-control: max-age=\"60\"", 30, "", Used),
    ("max-age negative", 200, "cache-control: max-age=-60", 0, "", Fetched),
    ("max-age that is no number", 200, "cache-control: max-age=soon", 0, "", Fetched),
    ("max-age beyond all numbers", 200, "cache-control: max-age=99999999999999999999999", 86_400, "", Used),
    ("max-age in another list line", 200, "cache-control: public\ncache-control: max-age=60", 30, "", Used),
    ("max-age inside a quoted string", 200, "cache-control: x=\"max-age=60\"", 30, "", Fetched),
    (
        "max-age before expires",
        200,
        "cache-control: max-age=60\nexpires: Sun, 01 Mar 2026 11:00:00 GMT",
        30,
        "",
        Used,
    ),
    (
        "max-age 0 before expires",
        200,
        "cache-control: max-age=0\nexpires: Sun, 01 Mar 2026 13:00:00 GMT",
        0,
        "",
        Fetched,
    ),
    ("s-maxage is not for us", 200, "cache-control: s-maxage=3600, max-age=0", 0, "", Fetched),
    ("s-maxage does not shorten", 200, "cache-control: s-maxage=0, max-age=60", 30, "", Used),
    (
        "proxy-revalidate is not for us",
        200,
        "cache-control: max-age=10, proxy-revalidate",
        20,
        "cache-control: max-stale=60",
        Used,
    ),
    (
        "expires, fresh",
        200,
        "date: Sun, 01 Mar 2026 12:00:00 GMT\nexpires: Sun, 01 Mar 2026 12:01:00 GMT",
        59,
        "",
        Used,
    ),
    (
        "expires, stale",
        200,
        "date: Sun, 01 Mar 2026 12:00:00 GMT\nexpires: Sun, 01 Mar 2026 12:01:00 GMT",
        60,
        "",
        Fetched,
    ),
    ("expires without a date", 200, "expires: Sun, 01 Mar 2026 12:01:00 GMT", 30, "", Used),
    (
        "expires against the server's own clock",
        200,
        "date: Sun, 01 Mar 2026 14:00:00 GMT\nexpires: Sun, 01 Mar 2026 14:01:00 GMT",
        30,
        "",
        Used,
    ),
    (
        "expires in the past",
        200,
        "date: Sun, 01 Mar 2026 12:00:00 GMT\nexpires: Sun, 01 Mar 2026 11:59:00 GMT",
        0,
        "",
        Fetched,
    ),
    ("expires: 0", 200, "expires: 0", 0, "", Fetched),
    ("expires: -1", 200, "expires: -1", 0, "", Fetched),
    (
        "expires twice",
        200,
        "expires: Sun, 01 Mar 2026 13:00:00 GMT\nexpires: Sun, 01 Mar 2026 14:00:00 GMT",
        0,
        "",
        Fetched,
    ),
    ("expires in the old form", 200, "expires: Sunday, 01-Mar-26 12:01:00 GMT", 30, "", Used),
    // Age (§4.2.3)
    ("age uses freshness up", 200, "cache-control: max-age=60\nage: 50", 9, "", Used),
    ("age used freshness up", 200, "cache-control: max-age=60\nage: 50", 10, "", Fetched),
    ("age that is no number", 200, "cache-control: max-age=60\nage: old", 30, "", Used),
    ("age of several values", 200, "cache-control: max-age=60\nage: 50, 0", 30, "", Fetched),
    (
        "an old date is age",
        200,
        "cache-control: max-age=60\ndate: Sun, 01 Mar 2026 11:59:10 GMT",
        10,
        "",
        Fetched,
    ),
    (
        "a date to come is none",
        200,
        "cache-control: max-age=60\ndate: Sun, 01 Mar 2026 13:00:00 GMT",
        59,
        "",
        Used,
    ),
    // Guesses (§4.2.2)
    (
        "a tenth of the time since the change",
        200,
        "date: Sun, 01 Mar 2026 12:00:00 GMT\nlast-modified: Sun, 01 Mar 2026 11:00:00 GMT",
        359,
        "",
        Used,
    ),
    (
        "more than a tenth",
        200,
        "date: Sun, 01 Mar 2026 12:00:00 GMT\nlast-modified: Sun, 01 Mar 2026 11:00:00 GMT",
        360,
        "",
        Validated,
    ),
    ("a day at most", 200, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 86_399, "", Used),
    ("more than a day", 200, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 86_400, "", Validated),
    ("nothing to guess by", 200, "etag: \"a\"", 0, "", Validated),
    ("nothing at all", 200, "", 0, "", Fetched),
    ("a guess for 404", 404, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 60, "", Used),
    ("a guess for 301", 301, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 60, "", Used),
    ("no guess for 302", 302, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 0, "", Fetched),
    ("no guess for 500", 500, "last-modified: Sun, 01 Mar 2020 12:00:00 GMT", 0, "", Fetched),
    (
        "a guess for 403 that is public",
        403,
        "cache-control: public\nlast-modified: Sun, 01 Mar 2020 12:00:00 GMT",
        60,
        "",
        Used,
    ),
    // What is stored (§3)
    ("302 that says how long", 302, "cache-control: max-age=60", 30, "", Used),
    ("500 that says how long", 500, "cache-control: max-age=60", 30, "", Used),
    ("599 that says how long", 599, "cache-control: max-age=60", 30, "", Used),
    ("206 is a part", 206, "cache-control: max-age=60", 0, "", Fetched),
    ("no-store", 200, "cache-control: no-store, max-age=60", 0, "", Fetched),
    ("no-store in capitals", 200, "cache-control: No-StOrE, max-age=60", 0, "", Fetched),
    (
        "no-store with must-understand and a known status",
        200,
        "cache-control: no-store, must-understand, max-age=60",
        30,
        "",
        Used,
    ),
    (
        "must-understand and an unknown status",
        499,
        "cache-control: must-understand, max-age=60",
        0,
        "",
        Fetched,
    ),
    ("private is for us", 200, "cache-control: private, max-age=60", 30, "", Used),
    ("unknown directives say nothing", 200, "cache-control: max-age=60, foo=bar", 30, "", Used),
    ("set-cookie does not forbid", 200, "cache-control: max-age=60\nset-cookie: a=1", 30, "", Used),
    ("pragma of an answer says nothing", 200, "cache-control: max-age=60\npragma: no-cache", 30, "", Used),
    // What an answer asks for (§5.2.2)
    ("no-cache", 200, "cache-control: no-cache, max-age=60\netag: \"a\"", 0, "", Validated),
    (
        "no-cache for a field",
        200,
        "cache-control: no-cache=\"set-cookie\", max-age=60\netag: \"a\"",
        0,
        "",
        Validated,
    ),
    ("must-revalidate while fresh", 200, "cache-control: max-age=60, must-revalidate", 30, "", Used),
    (
        "must-revalidate against max-stale",
        200,
        "cache-control: max-age=60, must-revalidate\netag: \"a\"",
        90,
        "cache-control: max-stale=3600",
        Validated,
    ),
    (
        "immutable against max-age=0",
        200,
        "cache-control: max-age=60, immutable",
        30,
        "cache-control: max-age=0",
        Used,
    ),
    ("immutable and stale", 200, "cache-control: max-age=60, immutable\netag: \"a\"", 60, "", Validated),
    // What a request asks for (§5.2.1)
    (
        "request no-cache",
        200,
        "cache-control: max-age=60\netag: \"a\"",
        0,
        "cache-control: no-cache",
        Validated,
    ),
    ("request pragma", 200, "cache-control: max-age=60\netag: \"a\"", 0, "pragma: no-cache", Validated),
    (
        "request pragma beside cache-control",
        200,
        "cache-control: max-age=60",
        0,
        "pragma: no-cache\ncache-control: max-stale=1",
        Used,
    ),
    (
        "request max-age, young enough",
        200,
        "cache-control: max-age=60",
        10,
        "cache-control: max-age=10",
        Used,
    ),
    (
        "request max-age, too old",
        200,
        "cache-control: max-age=60\netag: \"a\"",
        11,
        "cache-control: max-age=10",
        Validated,
    ),
    ("request min-fresh, enough", 200, "cache-control: max-age=60", 40, "cache-control: min-fresh=20", Used),
    (
        "request min-fresh, too little",
        200,
        "cache-control: max-age=60\netag: \"a\"",
        41,
        "cache-control: min-fresh=20",
        Validated,
    ),
    ("request max-stale, within", 200, "cache-control: max-age=60", 70, "cache-control: max-stale=10", Used),
    (
        "request max-stale, beyond",
        200,
        "cache-control: max-age=60\netag: \"a\"",
        71,
        "cache-control: max-stale=10",
        Validated,
    ),
    (
        "request max-stale for ever",
        200,
        "cache-control: max-age=60",
        86_400,
        "cache-control: max-stale",
        Used,
    ),
    ("a range goes by", 200, "cache-control: max-age=60", 0, "range: bytes=0-1", Fetched),
    ("a condition goes by", 200, "cache-control: max-age=60", 0, "if-match: \"b\"", Fetched),
    // Variants (§4.1)
    ("vary, the same", 200, "cache-control: max-age=60\nvary: accept-language", 0, "", Used),
    (
        "vary, another value",
        200,
        "cache-control: max-age=60\nvary: Accept-Language",
        0,
        "accept-language: de",
        Fetched,
    ),
    ("vary on what nobody sends", 200, "cache-control: max-age=60\nvary: foo, bar", 0, "", Used),
    ("vary on everything", 200, "cache-control: max-age=60\nvary: *", 0, "", Fetched),
    ("vary on everything among others", 200, "cache-control: max-age=60\nvary: foo, *", 0, "", Fetched),
    (
        "vary on a second line",
        200,
        "cache-control: max-age=60\nvary: foo\nvary: accept-language",
        0,
        "accept-language: de",
        Fetched,
    ),
];

async fn happens(row: &Row) -> Then {
    let (_, status, first, seconds, second, _) = *row;
    let kit = Kit::new();
    let origin = Origin::new(move |number, _| match number {
        0 => Ok(response(status, first, "one")),
        _ => Ok(response(200, "", "two")),
    });
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.status, &*got.body, got.how), (status, &b"one"[..], Some(CacheUse::Miss)));
    kit.pass(seconds);
    let got = ask(&kit.cache, &origin, get(URL, second)).await.unwrap();
    if origin.hits() == 1 {
        assert_eq!((got.status, &*got.body, got.how), (status, &b"one"[..], Some(CacheUse::Hit)));
        return Used;
    }
    assert_eq!(&*got.body, b"two");
    let asked = origin.last().headers;
    let conditional = asked.contains_key("if-none-match") || asked.contains_key("if-modified-since");
    if conditional { Validated } else { Fetched }
}

#[tokio::test]
async fn every_row_of_the_table() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let got = happens(row).await;
        if got != row.5 {
            wrong.push(format!("{}: {got:?}, wanted {:?}", row.0, row.5));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ROWS.len() >= 70, "{}", ROWS.len());
}

#[tokio::test]
async fn a_hit_has_the_age_it_has() {
    let kit = Kit::new();
    let origin = Origin::new(|_, _| Ok(response(200, "cache-control: max-age=60\nage: 5", "one")));
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    kit.pass(7);
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!(got.headers["age"], "12");
}

#[tokio::test]
async fn a_304_makes_an_entry_fresh_and_brings_its_fields() {
    let kit = Kit::new();
    let first = format!(
        "{DATE}cache-control: max-age=60\netag: W/\"a\"\nx-old: 1\nx-both: 1\ncontent-type: text/html"
    );
    let news = "cache-control: max-age=100\netag: \"a\"\nx-both: 2\nx-both: 3\ncontent-length: 0\ncontent-type: text/plain\nconnection: x-hop\nx-hop: 1";
    let origin = Origin::new(move |number, _| match number {
        0 => Ok(response(200, &first, "one")),
        _ => Ok(response(304, news, "")),
    });
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    kit.pass(61);
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.status, &*got.body, got.how), (200, &b"one"[..], Some(CacheUse::Revalidated)));
    assert_eq!(origin.last().headers["if-none-match"], "W/\"a\"");
    kit.pass(30);
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((origin.hits(), got.how), (2, Some(CacheUse::Hit)), "fresh for a hundred seconds more");
    assert_eq!(got.headers["content-type"], "text/html", "what describes the body stays");
    assert_eq!(got.headers.get_all("x-both").iter().collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(got.headers["x-old"], "1");
    assert!(!got.headers.contains_key("x-hop"));
}

#[tokio::test]
async fn a_304_about_another_body_is_not_believed() {
    let kit = Kit::new();
    let origin = Origin::new(|number, _| match number {
        0 => Ok(response(200, "cache-control: max-age=1\netag: \"a\"", "one")),
        1 => Ok(response(304, "etag: \"b\"", "")),
        _ => Ok(response(200, "etag: \"b\"", "two")),
    });
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    kit.pass(2);
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.status, &*got.body, origin.hits()), (200, &b"two"[..], 3));
    assert!(!origin.last().headers.contains_key("if-none-match"));
}

#[tokio::test]
async fn a_stale_answer_stands_in_for_a_failure_when_it_may() {
    for (said, seconds, stands_in) in [
        ("max-age=10, stale-if-error=60", 60, true),
        ("max-age=10, stale-if-error=60", 71, false),
        ("max-age=10", 11, false),
        ("max-age=10, stale-if-error=60, must-revalidate", 20, false),
        ("no-cache, stale-if-error=60", 0, false),
    ] {
        let failures: [fn() -> Result<Response>; 2] =
            [|| Ok(response(503, "", "down")), || Err(Error::new(ErrorKind::Connect, "no way"))];
        for fail in failures {
            let kit = Kit::new();
            let head = format!("cache-control: {said}");
            let origin = Origin::new(move |number, _| match number {
                0 => Ok(response(200, &head, "one")),
                _ => fail(),
            });
            ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
            kit.pass(seconds);
            let got = ask(&kit.cache, &origin, get(URL, "")).await;
            let is_old = got.is_ok_and(|got| &*got.body == b"one");
            assert_eq!(is_old, stands_in, "{said} after {seconds}");
        }
    }
}

#[tokio::test]
async fn a_change_makes_what_it_names_invalid() {
    for (status, location, gone) in [
        (200, "", vec![URL]),
        (201, "location: /other", vec![URL, "http://a.example/other"]),
        (204, "content-location: http://a.example/other", vec![URL, "http://a.example/other"]),
        (302, "location: http://b.example/page", vec![URL]),
        (403, "", vec![]),
        (500, "", vec![]),
    ] {
        let kit = Kit::new();
        let origin = Origin::new(move |_, exchange| match exchange.request.method {
            Method::GET => Ok(response(200, "cache-control: max-age=60", "one")),
            _ => Ok(response(status, location, "")),
        });
        let urls = [URL, "http://a.example/other", "http://b.example/page"];
        for url in urls {
            ask(&kit.cache, &origin, get(url, "")).await.unwrap();
        }
        ask(&kit.cache, &origin, post(URL)).await.unwrap();
        for url in urls {
            let got = ask(&kit.cache, &origin, get(url, "")).await.unwrap();
            assert_eq!(got.how == Some(CacheUse::Miss), gone.contains(&url), "{status} {location} {url}");
        }
    }
}

#[tokio::test]
async fn a_later_answer_that_may_not_be_kept_takes_the_old_one_away() {
    let kit = Kit::new();
    let origin = Origin::new(|number, _| match number {
        0 => Ok(response(200, "cache-control: max-age=10\netag: \"a\"", "one")),
        _ => Ok(response(200, "cache-control: no-store", "two")),
    });
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    kit.pass(11);
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert!(!origin.last().headers.contains_key("if-none-match"), "nothing is left to validate");
}

#[tokio::test]
async fn nobody_gets_what_belongs_to_another() {
    let kit = Kit::new();
    let origin = Origin::new(|number, _| Ok(response(200, "cache-control: max-age=60", number.to_string())));
    let mine = |head| get(URL, head);
    let asks = [
        (mine(""), "0"),
        (in_session(mine(""), 1), "1"),
        (mine("cookie: sid=1"), "2"),
        (mine("cookie: sid=2"), "3"),
        (mine("authorization: Basic bWU6c2VjcmV0"), "4"),
        (in_session(mine("cookie: sid=1"), 1), "5"),
    ];
    for _ in 0..2 {
        for (exchange, wanted) in &asks {
            let got = ask(&kit.cache, &origin, exchange.clone()).await.unwrap();
            assert_eq!(got.body, wanted.as_bytes());
        }
    }
    assert_eq!(origin.hits(), 6);
}

#[tokio::test]
async fn offline_the_cache_answers_alone() {
    let kit = Kit::new();
    let heads = [
        ("http://a.example/fresh", "cache-control: max-age=60", true),
        ("http://a.example/stale", "cache-control: max-age=1", true),
        ("http://a.example/plain", "etag: \"a\"", true),
        ("http://a.example/strict", "cache-control: max-age=1, must-revalidate", false),
        ("http://a.example/asks", "cache-control: no-cache", false),
    ];
    let origin = Origin::new(move |_, exchange| {
        let (_, head, _) = heads.iter().find(|(url, ..)| *url == exchange.url.as_str()).unwrap();
        Ok(response(200, head, "one"))
    });
    for (url, ..) in heads {
        ask(&kit.cache, &origin, get(url, "")).await.unwrap();
    }
    kit.pass(30);
    let cache = kit.again(SIZE, true);
    let nobody = Origin::new(|_, _| panic!("the network is not to be used"));
    for (url, _, had) in heads {
        match ask(&cache, &nobody, get(url, "")).await {
            Ok(got) => assert!(had && got.how == Some(CacheUse::Offline), "{url}"),
            Err(error) => assert!(!had && error.kind() == ErrorKind::Offline, "{url}: {error}"),
        }
    }
    for lost in [get("http://a.example/never", ""), post(URL)] {
        let error = ask(&cache, &nobody, lost).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Offline);
        assert!(!error.is_transient() && error.hint().is_some());
    }
    let error =
        ask(&kit.cache, &nobody, get("http://a.example/never", "cache-control: only-if-cached")).await;
    assert_eq!(error.err().unwrap().kind(), ErrorKind::Offline);
}
