//! Stories of the jar: the browsers' own tests, and the rules they do not reach.

use proptest::prelude::*;

use super::*;
use crate::corpus;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn asked(url: &Url) -> CookieRequest<'_> {
    CookieRequest { url, same_site: true, safe: true, now: NOW }
}

fn sent(jar: &mut Jar, to: &str) -> String {
    let to = url(to);
    String::from_utf8(jar.header(asked(&to), None).unwrap_or_default()).unwrap()
}

fn store(jar: &mut Jar, from: &str, field: &str) -> Result<(), Refusal> {
    jar.store(field.as_bytes(), &url(from), NOW)
}

fn jar_with(fields: &[(&str, &str)]) -> Jar {
    let mut jar = Jar::default();
    for (from, field) in fields {
        store(&mut jar, from, field).unwrap_or_else(|why| panic!("{from} {field}: {why:?}"));
    }
    jar
}

/// Cases that are about more than HTTP, with the reason: here only what HTTP can carry of them is run.
const NOT_HTTP: [(&str, &str); 1] =
    [("wpt-cookie-143", "a line feed ends a header line: what follows it never reaches the parser")];

#[test]
fn every_case_of_the_browsers_cookie_tests_ends_as_in_browsers() {
    let Some(rows) = corpus::rows("cookies/wpt-cookies.jsonl") else { return };
    let mut wrong = Vec::new();
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let (id, file) = (text("id"), text("file"));
        // As the harness does it: set by a script in `resources`, looked at there, from the redirect's target, or
        // from the test's own page.
        let scheme = if file.contains(".https.") { "https" } else { "http" };
        let at = match (row["location"].as_str(), row["defaultPath"].as_bool()) {
            (Some(location), _) => location.to_owned(),
            (None, Some(false)) => format!("/{file}"),
            (None, _) => "/cookies/resources/echo-cookie.html".to_owned(),
        };
        let from = url(&format!("{scheme}://home.example.org/cookies/resources/cookie.py"));
        let fields =
            row["cookie"].as_array().map_or_else(|| vec![&row["cookie"]], |list| list.iter().collect());
        let mut jar = Jar::default();
        for field in fields {
            let mut field = field.as_str().unwrap();
            if NOT_HTTP.iter().any(|(other, _)| *other == id) {
                field = field.split('\n').next().unwrap();
            }
            let _ = jar.store(field.as_bytes(), &from, NOW);
        }
        let got = sent(&mut jar, &format!("{scheme}://home.example.org{at}"));
        if got != text("expected") {
            wrong.push(format!("{id} {}: sent {got:?}, expected {:?}", text("name"), text("expected")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(rows.len(), 153, "all of them were run");
}

#[test]
fn the_dialogue_of_the_rfc_goes_as_it_is_printed() {
    let site = "https://site.example/";
    let mut jar = jar_with(&[
        (site, "SID=31d4d96e407aad42; Path=/; Secure; HttpOnly"),
        (site, "lang=en-US; Path=/; Domain=site.example"),
    ]);
    assert_eq!(sent(&mut jar, site), "SID=31d4d96e407aad42; lang=en-US");
    store(&mut jar, site, "lang=en-US; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Domain=site.example; Path=/")
        .unwrap();
    assert_eq!(sent(&mut jar, site), "SID=31d4d96e407aad42; lang=en-US");
    assert_eq!(sent(&mut jar, "https://www.site.example/"), "lang=en-US");
    store(&mut jar, site, "lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=site.example; Path=/")
        .unwrap();
    assert_eq!(sent(&mut jar, site), "SID=31d4d96e407aad42");
}

#[test]
fn a_domain_attribute_widens_to_the_site_and_never_beyond() {
    for (from, domain, expected) in [
        ("http://www.example.com/", "example.com", Ok(())),
        ("http://www.example.com/", ".EXAMPLE.com", Ok(())),
        ("http://www.example.com/", "www.example.com", Ok(())),
        ("http://www.example.com/", "", Ok(())),
        ("http://example.com/", "www.example.com", Err(Refusal::ForeignDomain)),
        ("http://www.example.com/", "other.com", Err(Refusal::ForeignDomain)),
        ("http://www.example.com/", "ample.com", Err(Refusal::ForeignDomain)),
        ("http://www.example.com/", "com", Err(Refusal::PublicSuffix)),
        ("http://www.example.com/", "com.", Err(Refusal::PublicSuffix)),
        ("http://www.example.co.uk/", "co.uk", Err(Refusal::PublicSuffix)),
        ("http://a.github.io/", "github.io", Err(Refusal::PublicSuffix)),
        ("http://github.io/", "github.io", Ok(())),
        ("http://a.localhost/", "localhost", Err(Refusal::PublicSuffix)),
        ("http://localhost/", "localhost", Ok(())),
        ("http://www.example.com/", "example.com.", Err(Refusal::ForeignDomain)),
        ("http://a..example.com/", ".example.com", Ok(())),
        ("http://a..example.com/", "..example.com", Err(Refusal::ForeignDomain)),
        ("http://127.0.0.1/", "127.0.0.1", Ok(())),
        ("http://127.0.0.1/", "0.0.1", Err(Refusal::ForeignDomain)),
        ("http://[::1]/", "[::1]", Ok(())),
        ("http://bücher.example/", "bücher.example", Err(Refusal::ForeignDomain)),
        ("http://bücher.example/", "xn--bcher-kva.example", Ok(())),
    ] {
        let got = store(&mut Jar::default(), from, &format!("a=b; Domain={domain}"));
        assert_eq!(got, expected, "{from} {domain}");
    }
    let mut jar = jar_with(&[
        ("http://www.example.com/", "wide=1; Domain=example.com"),
        ("http://www.example.com/", "own=1"),
        ("http://github.io/", "suffix=1; Domain=github.io"),
    ]);
    assert_eq!(sent(&mut jar, "http://www.example.com/"), "wide=1; own=1");
    assert_eq!(sent(&mut jar, "http://www.example.com:8080/"), "wide=1; own=1", "ports do not matter");
    assert_eq!(sent(&mut jar, "http://deep.www.example.com/"), "wide=1", "the other is the host's alone");
    assert_eq!(sent(&mut jar, "http://badexample.com/"), "");
    assert_eq!(sent(&mut jar, "http://a.github.io/"), "", "a suffix's own cookie is not its tenants'");
}

#[test]
fn secure_cookies_come_and_go_over_tls_alone_and_are_not_covered_without_it() {
    let mut jar = jar_with(&[("https://www.example.com/a/b", "s=1; Secure; Path=/a; Domain=example.com")]);
    assert_eq!(sent(&mut jar, "https://example.com/a"), "s=1");
    assert_eq!(sent(&mut jar, "http://example.com/a"), "");
    let plain = "http://www.example.com/a/b";
    assert_eq!(store(&mut jar, plain, "x=1; Secure"), Err(Refusal::NotSecure));
    for covering in ["s=2; Path=/a; Domain=example.com", "s=2; Path=/a/b", "s=2", "s=; Max-Age=0; Path=/a"] {
        assert_eq!(store(&mut jar, plain, covering), Err(Refusal::CoversSecure), "{covering}");
    }
    for beside in ["s=3; Path=/", "s=3; Path=/ab", "other=3; Path=/a"] {
        assert_eq!(store(&mut jar, plain, beside), Ok(()), "{beside}");
    }
    assert_eq!(store(&mut jar, "http://other.example/a", "s=2; Path=/a"), Ok(()));
    assert_eq!(store(&mut jar, "https://www.example.com/a", "s=4; Path=/a; Domain=example.com"), Ok(()));
    assert_eq!(sent(&mut jar, "http://example.com/a"), "s=4", "over TLS it may be replaced by an open one");
}

#[test]
fn names_that_promise_something_keep_it() {
    let (https, http) = ("https://www.example.com/", "http://www.example.com/");
    for (from, field, kept) in [
        (https, "__Secure-a=1; Secure", true),
        (https, "__secure-a=1; Secure; Domain=example.com", true),
        (https, "__Secure-a=1", false),
        (https, "__SECURE-a=1", false),
        (http, "__Secure-a=1", false),
        (https, "__Host-a=1; Secure; Path=/", true),
        (https, "__host-a=1; Secure; Path=/; Domain=", true),
        (https, "__Host-a=1; Secure", false),
        (https, "__Host-a=1; Path=/", false),
        (https, "__hOsT-a=1; Secure; Path=/x", false),
        (https, "__Host-a=1; Secure; Path=/; Domain=www.example.com", false),
        (https, "=__Secure-a=1; Secure", false),
        (https, "__Host-a; Secure; Path=/", false),
        (https, "=__hOsT-a", false),
        (https, "__Hosta=1", true),
        (https, "x__Host-a=1", true),
    ] {
        let expected = if kept { Ok(()) } else { Err(Refusal::Prefix) };
        assert_eq!(store(&mut Jar::default(), from, field), expected, "{field}");
    }
}

#[test]
fn same_site_decides_by_the_page_that_led_here_and_by_the_method() {
    let site = "https://www.example.com/";
    assert_eq!(store(&mut Jar::default(), site, "n=1; SameSite=None"), Err(Refusal::NoneNotSecure));
    let mut jar = jar_with(&[
        (site, "strict=1; SameSite=Strict"),
        (site, "lax=1; SameSite=lax"),
        (site, "unset=1"),
        (site, "unknown=1; SameSite=Strict; SameSite=perhaps"),
        (site, "none=1; SameSite=NONE; Secure"),
    ]);
    let site = url(site);
    for (same_site, safe, expected) in [
        (true, true, "strict=1; lax=1; unset=1; unknown=1; none=1"),
        (true, false, "strict=1; lax=1; unset=1; unknown=1; none=1"),
        (false, true, "lax=1; unset=1; unknown=1; none=1"),
        (false, false, "none=1"),
    ] {
        let field = jar.header(CookieRequest { same_site, safe, ..asked(&site) }, None).unwrap();
        assert_eq!(String::from_utf8(field).unwrap(), expected, "{same_site} {safe}");
    }
}

#[test]
fn cookies_age_by_the_time_that_is_told() {
    let site = url("http://a.example/");
    let end_of = |field: &str| {
        let mut jar = Jar::default();
        jar.store(field.as_bytes(), &site, NOW).unwrap();
        jar.cookies().first().map(|cookie| cookie.expires.map(|end| end.since(NOW).as_secs()))
    };
    const DAY: u64 = 86_400;
    assert_eq!(end_of("a=b"), Some(None));
    assert_eq!(end_of("a=b; Max-Age=60"), Some(Some(60)));
    assert_eq!(end_of("a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT"), Some(Some(DAY)));
    assert_eq!(end_of("a=b; Max-Age=60; Expires=Fri, 02 Jan 2026 00:00:00 GMT"), Some(Some(60)));
    assert_eq!(end_of("a=b; Expires=Fri, 02 Jan 1970 00:00:00 GMT; Max-Age=60"), Some(Some(60)));
    assert_eq!(end_of("a=b; Max-Age=99999999999999999999"), Some(Some(400 * DAY)), "400 days at most");
    assert_eq!(end_of("a=b; Expires=Fri, 01 Jan 2100 00:00:00 GMT"), Some(Some(400 * DAY)));
    assert_eq!(end_of("a=b; Max-Age=0"), None);
    assert_eq!(end_of("a=b; Max-Age=-5; Expires=Fri, 02 Jan 2026 00:00:00 GMT"), None);
    assert_eq!(end_of("a=b; Expires=Fri, 01 Jan 1800 00:00:00 GMT"), None);
    let mut jar = jar_with(&[("http://a.example/", "a=b; Max-Age=60"), ("http://a.example/", "c=d")]);
    for (after, expected) in [(0, "a=b; c=d"), (59, "a=b; c=d"), (60, "c=d"), (1 << 40, "c=d")] {
        let now = NOW.after(std::time::Duration::from_secs(after));
        let field = jar.header(CookieRequest { now, ..asked(&site) }, None).unwrap();
        assert_eq!(String::from_utf8(field).unwrap(), expected, "{after}");
    }
}

#[test]
fn a_namesake_is_replaced_at_its_place_and_removed_by_an_expired_one() {
    let site = "http://a.example/x/y";
    let mut jar = jar_with(&[(site, "a=1"), (site, "b=1"), (site, "a=2")]);
    assert_eq!(sent(&mut jar, site), "a=2; b=1", "the age of the first is kept");
    store(&mut jar, site, "a=3; Domain=a.example").unwrap();
    store(&mut jar, site, "a=4; Path=/x/y").unwrap();
    assert_eq!(sent(&mut jar, site), "a=4; a=2; b=1; a=3", "another domain flag or path is another cookie");
    store(&mut jar, site, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
    assert_eq!(sent(&mut jar, site), "a=4; b=1; a=3");
    assert_eq!(jar.len(), 3);
}

#[test]
fn what_the_user_wrote_comes_first_and_its_names_once() {
    let site = url("http://a.example/");
    let mut jar = jar_with(&[
        ("http://a.example/", "sid=jar"),
        ("http://a.example/", "lang=de"),
        ("http://a.example/", "bare"),
    ]);
    let field = jar.header(asked(&site), Some(b" sid=user ; theme=dark")).unwrap();
    assert_eq!(String::from_utf8(field).unwrap(), "sid=user ; theme=dark; lang=de; bare");
    assert_eq!(Jar::default().header(asked(&site), Some(b"a=1; ")).unwrap(), b"a=1");
    assert_eq!(Jar::default().header(asked(&site), None), None);
}

#[test]
fn octets_that_are_no_text_go_back_as_they_came() {
    let site = url("http://a.example/");
    let mut jar = Jar::default();
    jar.store(b"n\xFF=v\xE9\x80", &site, NOW).unwrap();
    assert_eq!(jar.header(asked(&site), None).unwrap(), b"n\xFF=v\xE9\x80");
}

#[test]
fn a_full_domain_loses_what_is_expired_then_not_secure_then_unused_for_longest() {
    let mut jar = Jar::new(JarLimits { per_domain: 3, total: 100 });
    let site = "https://a.example/";
    let names = |jar: &Jar| {
        let names = jar.cookies().into_iter().map(|cookie| String::from_utf8(cookie.name.clone()).unwrap());
        names.collect::<Vec<_>>().join(" ")
    };
    for field in ["short=1; Max-Age=1", "plain=1; Path=/p", "safe=1; Secure; Path=/s"] {
        store(&mut jar, site, field).unwrap();
    }
    let later = NOW.after(std::time::Duration::from_secs(5));
    jar.store(b"fourth=1; Secure; Path=/q", &url(site), later).unwrap();
    assert_eq!(names(&jar), "plain safe fourth");
    sent(&mut jar, "https://a.example/p");
    store(&mut jar, site, "fifth=1; Secure; Path=/q").unwrap();
    assert_eq!(names(&jar), "safe fourth fifth", "the one that is not secure, though it was used last");
    sent(&mut jar, "https://a.example/s");
    store(&mut jar, site, "sixth=1; Secure").unwrap();
    assert_eq!(names(&jar), "safe fifth sixth", "the one that was not used for longest");
}

#[test]
fn counts_are_bounded_per_domain_and_in_all() {
    let mut jar = Jar::default();
    for number in 0..60 {
        store(&mut jar, "http://one.example/", &format!("c{number}=1")).unwrap();
    }
    assert_eq!(jar.len(), 50);
    assert!(sent(&mut jar, "http://one.example/").starts_with("c10=1; c11=1"));
    for number in 0..3600 {
        store(&mut jar, &format!("http://h{number}.example/"), "c=1").unwrap();
        assert!(jar.len() <= 3300);
    }
    assert_eq!(jar.len(), 3048, "evicted down to 3,000 whenever a tenth more had come together");
    assert_eq!(sent(&mut jar, "http://one.example/"), "", "used before all others");
    assert_eq!(sent(&mut jar, "http://h551.example/"), "");
    assert_eq!(sent(&mut jar, "http://h552.example/"), "c=1");
}

#[test]
fn debug_output_tells_no_values() {
    let jar = jar_with(&[("http://a.example/", "sid=hunter2")]);
    assert!(!format!("{jar:?} {:?}", jar.cookies()).contains("hunter2"));
}

proptest! {
    #[test]
    fn whatever_is_stored_comes_back_only_where_it_belongs(
        steps in proptest::collection::vec((0..6_usize, "[ab]=[0-9]{0,3}(; (Secure|Path=/[ab]?|Domain=(a\\.example|b\\.a\\.example|example)|Max-Age=[0-9]|SameSite=(Strict|None))){0,3}"), 0..40)
    ) {
        const HOSTS: [&str; 6] = ["http://a.example/", "https://a.example/a/", "https://b.a.example/b", "http://c.example/", "http://127.0.0.1/", "http://b.a.example/a/x"];
        let mut jar = Jar::new(JarLimits { per_domain: 3, total: 7 });
        for (host, field) in steps {
            let _ = jar.store(field.as_bytes(), &url(HOSTS[host]), NOW);
            prop_assert!(jar.len() <= 7 && jar.len() == jar.cookies().len());
            for to in HOSTS {
                let to = url(to);
                let host = to.host_str().unwrap().to_owned();
                for cookie in jar.select(asked(&to)) {
                    prop_assert!(!cookie.secure || to.scheme() == "https");
                    let below = host.ends_with(&format!(".{}", cookie.domain));
                    prop_assert!(host == cookie.domain || (below && !cookie.host_only));
                    prop_assert!(to.path().starts_with(&cookie.path) && cookie.fault().is_none());
                }
            }
        }
    }
}
