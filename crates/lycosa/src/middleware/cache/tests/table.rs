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
