//! Stories of jars as text: nothing is lost on the way there and back, and a bad line is named.

use proptest::prelude::*;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn jar_of(fields: &[&[u8]]) -> Jar {
    let site = "https://www.example.com/a/b".parse().unwrap();
    let mut jar = Jar::default();
    for field in fields {
        let _ = jar.store(field, &site, NOW);
    }
    jar
}

fn everything() -> Jar {
    jar_of(&[
        b"sid=1; HttpOnly; Secure; SameSite=Strict; Path=/",
        b"wide=a=b; Domain=example.com; Max-Age=3600",
        b"nameless",
        b"empty=",
        b"\xFF\xFE=\xE9",
        b"tab=a\tb",
        b"__Host-x=1; Secure; Path=/; SameSite=None",
    ])
}

fn owned(jar: &Jar) -> Vec<Cookie> {
    jar.cookies().into_iter().cloned().collect()
}

#[test]
fn json_keeps_everything() {
    let jar = everything();
    assert_eq!(jar.len(), 7);
    let text = jar.to_json(NOW);
    let back = Jar::from_json(text.as_bytes(), JarLimits::default(), NOW).unwrap();
    assert_eq!(owned(&back), owned(&jar));
    assert_eq!(back.to_json(NOW), text);
}

#[test]
fn cookies_txt_is_what_other_tools_write_and_read() {
    let written = everything().to_cookies_txt(NOW);
    assert_eq!(written.left_out, 1, "the one with a tab");
    let text = String::from_utf8_lossy(&written.text);
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"), "{text}");
    assert!(text.contains("\n#HttpOnly_www.example.com\tFALSE\t/\tTRUE\t0\tsid\t1\n"), "{text}");
    assert!(text.contains("\n.example.com\tTRUE\t/a\tFALSE\t1767229200\twide\ta=b\n"), "{text}");
    assert!(text.contains("\nwww.example.com\tFALSE\t/a\tFALSE\t0\t\tnameless\n"), "{text}");

    let theirs = "\u{feff}# HTTP Cookie File\r\n\r\n# a comment\n#HttpOnly_.Example.com\tTRUE\t/\tTRUE\t1800000000\tsid\tx\r\n\
         127.0.0.1\tFALSE\t/\tFALSE\t0\tflag\n.old.example\tTRUE\t/\tFALSE\t1\tgone\tx\n\
         .older.example\tTRUE\t/\tFALSE\t-1\tgone\tx\nlocalhost\tTRUE\t/\tFALSE\t0\tdev\t1";
    let jar = Jar::from_cookies_txt(theirs.as_bytes(), JarLimits::default(), NOW).unwrap();
    let seen: Vec<_> = owned(&jar)
        .into_iter()
        .map(|cookie| (cookie.domain, cookie.host_only, cookie.http_only, cookie.secure, cookie.expires))
        .collect();
    assert_eq!(
        seen,
        [
            ("example.com".to_owned(), false, true, true, Some(Timestamp(1_800_000_000_000))),
            ("127.0.0.1".to_owned(), true, false, false, None),
            ("localhost".to_owned(), true, false, false, None),
        ]
    );
}

#[test]
fn a_bad_line_is_named_and_its_value_is_not() {
    for (line, part) in [
        ("a.example\tFALSE\t/\tFALSE\t0", "seven fields"),
        ("a.example FALSE / FALSE 0 n hunter2", "seven fields"),
        ("a.example\tmaybe\t/\tFALSE\t0\tn\thunter2", "TRUE nor FALSE"),
        ("a.example\tFALSE\t/\tFALSE\tsoon\tn\thunter2", "no whole number"),
        ("a.example\tFALSE\t/\tFALSE\t99999999999999999\tn\thunter2", "too long"),
        ("a b\tFALSE\t/\tFALSE\t0\tn\thunter2", "no host name"),
        ("\tFALSE\t/\tFALSE\t0\tn\thunter2", "no host name"),
        ("a..example\tTRUE\t/\tFALSE\t0\tn\thunter2", "no host name"),
        ("a.example\tFALSE\tx\tFALSE\t0\tn\thunter2", "begin with `/`"),
        ("a.example\tFALSE\t/\tFALSE\t0\t\t", "neither a name nor a value"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\thun;ter2", "semicolon"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\thun\u{1}ter2", "control character"),
        ("a.example\tFALSE\t/\tFALSE\t0\t__Host-n\thunter2", "promise"),
    ] {
        let text = format!("# comment\n\n{line}\nb.example\tFALSE\t/\tFALSE\t0\tn\tv\n");
        let error = Jar::from_cookies_txt(text.as_bytes(), JarLimits::default(), NOW).unwrap_err();
        assert_eq!(error.line, 3, "{line}: {error}");
        assert!(error.to_string().contains(part) && !error.to_string().contains("hun"), "{line}: {error}");
    }
}

#[test]
fn json_that_is_no_jar_is_refused() {
    let cookie = r#"{"name":"n","value":"hunter2","domain":"a.example","host_only":true,"path":"/","expires":null,
        "secure":false,"http_only":false,"same_site":"unset","created":0,"used":0}"#;
    let whole = |version: u32, cookie: &str| format!("{{\"version\":{version},\"cookies\":[{cookie}]}}");
    let read = |text: &str| Jar::from_json(text.as_bytes(), JarLimits::default(), NOW);
    assert_eq!(read(&whole(1, cookie)).unwrap().len(), 1);
    for (text, part) in [
        (whole(2, cookie), "version is 2"),
        (whole(1, &cookie.replace("\"/\"", "\"x\"")), "cookie 1 has a path"),
        (whole(1, &cookie.replace("unset", "none")), "not secure"),
        (whole(1, &cookie.replace("a.example", "A.example")), "no host name"),
        (whole(1, &cookie.replace("\"name\"", "\"nome\"")), "line 1 of the cookies: not the JSON of a jar"),
        (whole(1, &cookie.replace("hunter2", "hun\\u0001ter2")), "control character"),
        (whole(1, cookie).replace(']', ""), "syntax is wrong"),
        (String::new(), "ends too early"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(part) && !error.contains("hun"), "{text}: {error}");
    }
}

#[test]
fn files_fill_a_jar_no_further_than_its_limits() {
    let limits = JarLimits { per_domain: 2, total: 3 };
    let lines: String =
        (0..9).map(|n| format!("h{}.example\tFALSE\t/\tFALSE\t0\tc{n}\tv\n", n % 3)).collect();
    assert_eq!(Jar::from_cookies_txt(lines.as_bytes(), limits, NOW).unwrap().len(), 3);
}

#[test]
fn debug_output_of_a_text_is_only_its_size() {
    let shown = format!("{:?}", jar_of(&[b"sid=hunter2"]).to_cookies_txt(NOW));
    assert!(!shown.contains("hunter2") && shown.contains("left_out: 0"), "{shown}");
}

/// Fields of every kind, and hosts to set them from.
fn fields() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let name = proptest::collection::vec(any::<u8>(), 0..6);
    let attributes = "(; (Secure|HttpOnly|Path=/[ab\u{e9} ]{0,3}|Domain=a\\.example|Max-Age=[0-9]{1,12}|SameSite=(Strict|Lax|None))){0,4}";
    let field = (name.clone(), name, attributes)
        .prop_map(|(name, value, rest)| [&name[..], b"=", &value, rest.as_bytes()].concat());
    proptest::collection::vec((0..4_usize, field), 0..20)
}

fn filled(fields: Vec<(usize, Vec<u8>)>) -> Jar {
    const FROM: [&str; 4] =
        ["https://a.example/x;y/", "http://b.a.example/", "https://[::1]/", "http://a..b.example./"];
    let mut jar = Jar::default();
    for (from, field) in fields {
        let _ = jar.store(&field, &FROM[from].parse().unwrap(), NOW);
    }
    jar
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_jar(fields in fields()) {
        let jar = filled(fields);
        let back = Jar::from_json(jar.to_json(NOW).as_bytes(), JarLimits::default(), NOW);
        prop_assert_eq!(back.map(|jar| owned(&jar)), Ok(owned(&jar)));
    }

    #[test]
    fn there_and_back_by_cookies_txt_is_the_same_jar_but_for_what_it_cannot_hold(fields in fields()) {
        let jar = filled(fields);
        let tab = |cookie: &Cookie| [&cookie.name, &cookie.value].iter().any(|part| part.contains(&b'\t'));
        let plain = |cookie: Cookie| Cookie { same_site: SameSite::Unset, created: 0, used: 0, ..cookie };
        let written = jar.to_cookies_txt(NOW);
        let back = Jar::from_cookies_txt(&written.text, JarLimits::default(), NOW);
        let expected: Vec<_> = owned(&jar).into_iter().filter(|cookie| !tab(cookie)).map(plain).collect();
        prop_assert_eq!(written.left_out, jar.len() - expected.len());
        prop_assert_eq!(back.map(|jar| owned(&jar).into_iter().map(plain).collect::<Vec<_>>()), Ok(expected));
    }

    #[test]
    fn no_bytes_at_all_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lines in "((#HttpOnly_)?(\\.?a\\.example|localhost|\\[::1\\]|)\t(TRUE|FALSE|x)\t(/|)\t(TRUE|FALSE)\t-?[0-9]{0,20}\t[a=; ]{0,2}\t[a\t; ]{0,3}\r?\n){0,4}",
        json in "\\{\"version\":[01],\"cookies\":\\[(\\{\"name\":(\"[a=]?\"|\\[[0-9]{1,3}\\])\\}|1|null)?\\]?\\}?") {
        for text in [&bytes[..], lines.as_bytes(), json.as_bytes()] {
            let _ = Jar::from_cookies_txt(text, JarLimits::default(), NOW);
            let _ = Jar::from_json(text, JarLimits::default(), NOW);
        }
    }
}
