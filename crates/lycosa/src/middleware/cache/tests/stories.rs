//! Stories of several answers: validation, failures, changes, sessions, life without the network.

use super::*;

const DATE: &str = "date: Sun, 01 Mar 2026 12:00:00 GMT\n";

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
    kit.pass(99);
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
async fn a_request_may_forbid_to_keep_its_answer() {
    let kit = Kit::new();
    let origin = Origin::new(|_, _| Ok(response(200, "cache-control: max-age=60", "one")));
    ask(&kit.cache, &origin, get(URL, "cache-control: no-store")).await.unwrap();
    assert_eq!(ask(&kit.cache, &origin, get(URL, "")).await.unwrap().how, Some(CacheUse::Miss));
    let head = of(get(URL, ""), |request| request.method = Method::HEAD);
    ask(&kit.cache, &origin, head).await.unwrap();
    assert_eq!(origin.hits(), 3, "HEAD passes by");
    assert_eq!(ask(&kit.cache, &origin, get(URL, "")).await.unwrap().how, Some(CacheUse::Hit), "and is safe");
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
