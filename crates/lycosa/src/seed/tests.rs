//! Stories about seeds.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn seeds(text: &str) -> Vec<Result<Url>> {
    SeedReader::new(text.as_bytes(), "seeds.txt").collect()
}

#[test]
fn a_seed_is_a_url_or_a_host_as_people_type_it() {
    let table = [
        ("https://example.com/a?b#c", "https://example.com/a?b#c"),
        ("example.com", "http://example.com/"),
        ("example.com:8080/x", "http://example.com:8080/x"),
        ("localhost:3000", "http://localhost:3000/"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("[::1]:8080/", "http://[::1]:8080/"),
        (" HTTP://Example.com ", "http://example.com/"),
        ("bücher.de/über", "http://xn--bcher-kva.de/%C3%BCber"),
        ("user:8080@example.com", "http://user:8080@example.com/"),
    ];
    for (typed, expected) in table {
        let url = parse(typed).map(String::from);
        if typed.starts_with("user") {
            // A name before a colon without a port is read as a scheme; credentials need the whole URL.
            assert!(url.is_err(), "{typed}");
        } else {
            assert_eq!(url.expect(typed), expected);
        }
    }
}

#[test]
fn what_cannot_be_crawled_is_refused_with_the_reason() {
    let message = |text: &str| parse(text).expect_err(text).message().to_owned();
    assert_eq!(
        message("ftp://example.com/"),
        "seed `ftp://example.com/` has the scheme `ftp`, but only http and https can be crawled"
    );
    assert!(message("mailto:a@example.com").contains("the scheme `mailto`"));
    assert!(message("http://").contains("empty host"));
    assert!(message("exa mple.com").contains("is not a URL"));
    assert!(message("http://a:99999/").contains("invalid port"));
    assert!(message("  ").contains("is empty"));
    assert!(parse("http://[::1/").expect_err("bracket").hint().is_some());
    assert!(message(&"é".repeat(5000)).len() < 500);
}

#[test]
fn a_host_with_an_empty_part_is_none() {
    for typed in ["../kettle.html", "./x", "http://../x", "http://%2e%2e/x", "a..b", ".a.test", "a.test.."] {
        let error = parse(typed).expect_err(typed);
        assert!(error.message().contains("names no host"), "{error}");
    }
    assert_eq!(parse("a.test./x").expect("absolute names end so").as_str(), "http://a.test./x");
    assert!(parse("[::1]").is_ok() && parse("127.0.0.1").is_ok());
}

#[test]
fn comments_and_blank_lines_are_passed_over_and_the_wrong_line_is_named() {
    let found = seeds(
        "\u{FEFF}# start here\r\n\r\nexample.com\r\n  https://example.org/#a\nht!tp://x\nexample.net\n",
    );
    let urls: Vec<&str> = found.iter().flatten().map(Url::as_str).collect();
    assert_eq!(urls, ["http://example.com/", "https://example.org/#a"]);
    let error = found[2].as_ref().expect_err("line 5");
    assert!(error.message().starts_with("line 5 of seeds.txt cannot be used: seed `ht!tp://x`"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Url);
    assert_eq!(found.len(), 3, "nothing follows an error");
}

#[test]
fn a_list_is_read_with_every_mark_that_text_files_have() {
    let text = "# ü\r\nexample.com/ü\r\nhttps://example.org/\r\n";
    let wide = |bytes: fn(u16) -> [u8; 2]| {
        format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    for bytes in
        [format!("\u{FEFF}{text}").into_bytes(), wide(u16::to_le_bytes), wide(u16::to_be_bytes), text.into()]
    {
        let urls: Vec<Url> =
            SeedReader::new(bytes.as_slice(), "seeds.txt").map(|seed| seed.expect("a seed")).collect();
        let urls: Vec<&str> = urls.iter().map(Url::as_str).collect();
        assert_eq!(urls, ["http://example.com/%C3%BC", "https://example.org/"], "{bytes:?}");
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let found = seeds(&"a".repeat(1 << 20));
    assert_eq!(found.len(), 1);
    assert!(found[0].as_ref().expect_err("too long").message().contains("longer than 65536 bytes"));
}

#[test]
fn a_file_is_read_and_a_missing_one_named() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(b"example.com\n\nexample.org/last").expect("written");
    let urls: Vec<Url> = seeds_in_file(file.path()).expect("open").flatten().collect();
    assert_eq!(urls.len(), 2);
    let error = seeds_in_file(Path::new("no/such/file.txt")).expect_err("missing");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.message().contains("no/such/file.txt"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SeedReader::new(bytes.as_slice(), "bytes").count();
    }
}

#[test]
fn a_seed_with_a_password_is_refused_without_telling_it() {
    let error = parse("http://me:hunter2@a.example/x").unwrap_err();
    assert!(error.hint().unwrap().contains("-u USER:PASSWORD"));
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
