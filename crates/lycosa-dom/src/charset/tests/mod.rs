//! Charset decoding: which step decides, told in small stories. `judge` tests overruling, `detection` real text and
//! feeds, `tables` the standards' and Python's tables, `hostile` anything at all.

mod detection;
mod hostile;
mod judge;
mod tables;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::coding::Coding;
use super::*;
use crate::corpus;

#[test]
fn valid_utf8_is_borrowed_not_copied() {
    for (bytes, transport) in [("plain", None), ("naïve €", None), ("naïve", Some("utf-8"))] {
        let decoded = decode(bytes.as_bytes(), transport, None);
        assert!(matches!(decoded.text, Cow::Borrowed(text) if text == bytes));
        assert_eq!(decoded.charset, "UTF-8");
    }
}

#[test]
fn each_source_is_asked_in_order_and_named() {
    let of = |bytes: &[u8], transport: Option<&str>| {
        let decoded = decode(bytes, transport, None);
        (decoded.charset, decoded.source)
    };
    let meta = b"<meta charset=koi8-r>x";
    assert_eq!(of(b"\xef\xbb\xbfx", Some("koi8-r")), ("UTF-8", CharsetSource::Bom));
    assert_eq!(of(b"\xff\xfex\0", None), ("UTF-16LE", CharsetSource::Bom));
    assert_eq!(of(b"\xff\xfe\0\0x\0\0\0", None), ("UTF-32LE", CharsetSource::Bom));
    assert_eq!(of(meta, Some("text/html; charset=\"Shift_JIS\"")), ("Shift_JIS", CharsetSource::Header));
    assert_eq!(of(meta, Some("text/html")), ("KOI8-R", CharsetSource::Meta));
    assert_eq!(of(meta, None), ("KOI8-R", CharsetSource::Meta));
    assert_eq!(of("žluťoučký kůň".as_bytes(), None), ("UTF-8", CharsetSource::Detector));
    assert_eq!(of(b"plain", None), ("UTF-8", CharsetSource::Default));
}

#[test]
fn an_unknown_declaration_is_passed_over_and_told() {
    let decoded = decode(b"x", Some("text/html; charset=euc-tw"), None);
    assert_eq!((decoded.charset, decoded.unknown_label.as_deref()), ("UTF-8", Some("euc-tw")));
    let decoded = decode(b"<meta charset=viscii>", None, None);
    assert_eq!(decoded.unknown_label.as_deref(), Some("viscii"));
}

#[test]
fn encodings_without_a_decoder_are_named() {
    let unknown = |bytes: &[u8], transport| decode(bytes, transport, None).unknown_label;
    assert_eq!(unknown(b"x", Some("iso-2022-kr")).as_deref(), Some("iso-2022-kr"));
    assert_eq!(unknown(b"<meta charset=hz-gb-2312>", None).as_deref(), Some("hz-gb-2312"));
    assert_eq!(unknown(b"\x1b$)C\x0e3*\x0f", None).as_deref(), Some("iso-2022-kr"));
    assert_eq!(unknown(b"\x1b$)A\x0e=;\x0f", None).as_deref(), Some("iso-2022-cn"));
    assert_eq!(unknown(b"x ~{<:Ky2;~} y", None).as_deref(), Some("hz-gb-2312"));
    assert_eq!(unknown(b"a ~{ b ~} c ~~", None), None);
    assert_eq!(unknown(b"plain", None), None);
}

#[test]
fn malformed_sequences_are_counted() {
    let decoded = decode(b"a\xffb\xe2\x82c", Some("utf-8"), None);
    assert_eq!((&*decoded.text, decoded.malformed), ("a\u{fffd}b\u{fffd}c", 2));
}

#[test]
fn files_with_byte_order_marks_are_read() {
    for (file, charset) in [("utf8", "UTF-8"), ("utf16be", "UTF-16BE"), ("utf32be", "UTF-32BE")] {
        let Some(bytes) = corpus::read(&format!("html-oddities/bomtests__bom_{file}.html")) else { return };
        let decoded = decode(&bytes, Some("windows-1252"), None);
        assert_eq!((decoded.charset, decoded.source, decoded.malformed), (charset, CharsetSource::Bom, 0));
        assert!(decoded.text.contains("<title>"), "{file}: {}", decoded.text);
    }
}

#[test]
fn html5lib_prescan_cases_find_the_declared_encoding() {
    let (mut passed, mut failed) = (0, Vec::new());
    for file in corpus::list("html5lib/encoding", ".dat") {
        let Some(bytes) = corpus::read(&file) else { return };
        for case in byte_cases(&bytes) {
            let (data, label) = case;
            let expected = Encoding::for_label(label.as_bytes()).unwrap();
            // The tables take windows-1252 for what declares nothing.
            let marked = Encoding::for_bom(data).map(|(encoding, _)| encoding);
            let found =
                marked.or(prescan::prescan(data).declared.map(standard)).unwrap_or(encoding_rs::WINDOWS_1252);
            if found == expected {
                passed += 1;
            } else {
                failed.push(format!(
                    "{file}: {label} not {}: {:?}",
                    found.name(),
                    String::from_utf8_lossy(data)
                ));
            }
        }
    }
    println!("prescan: {passed} passed, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(passed == 0 || passed >= 42);
}

fn standard((coding, _): (Coding, String)) -> &'static Encoding {
    match coding {
        Coding::Standard(encoding) => encoding,
        other => panic!("{other:?}"),
    }
}

/// The cases of an encoding table, whose data is bytes.
fn byte_cases(bytes: &[u8]) -> Vec<(&[u8], String)> {
    let mut cases = Vec::new();
    let find = |from: usize, what: &[u8]| {
        bytes[from..].windows(what.len()).position(|window| window == what).map(|position| from + position)
    };
    let mut at = 0;
    while let Some(start) = find(at, b"#data\n") {
        let Some(middle) = find(start, b"#encoding\n") else { break };
        let data = &bytes[start + 6..middle];
        let label = &bytes[middle + 10..];
        let end = label.iter().position(|&byte| byte == b'\n').unwrap_or(label.len());
        cases.push((data, String::from_utf8(label[..end].to_vec()).unwrap()));
        at = middle + 10 + end;
    }
    cases
}

#[test]
fn a_text_without_a_mark_is_known_as_utf16_or_utf32_by_its_zeros() {
    let text = "<p>Wolf spiders hunt at night, žluťoučký kůň.";
    let le16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let le32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let be32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    for (bytes, charset) in [(le16, "UTF-16LE"), (be16, "UTF-16BE"), (le32, "UTF-32LE"), (be32, "UTF-32BE")] {
        let decoded = decode(&bytes, None, None);
        assert_eq!(
            (decoded.charset, decoded.source, &*decoded.text),
            (charset, CharsetSource::Detector, text)
        );
    }
    // Chinese has few zeros: those of its markup and line ends.
    let chinese = format!("<p>{}</p>\n", "狼蛛不結網在地面上追捕獵物".repeat(3));
    let bytes: Vec<u8> = chinese.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode(&bytes, None, None).charset, "UTF-16LE");
    // XML declares itself so (XML 1.0, appendix F).
    let xml: Vec<u8> = "<?xml version='1.0'?><a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode(&xml, None, None).charset, "UTF-16BE");
}

#[test]
fn malformed_bytes_are_replaced_skipped_or_refused_as_asked() {
    let of = |malformed| {
        decode_with(
            b"a\xffb\xffc",
            &DecodeOptions { transport: Some("euc-kr"), malformed, ..DecodeOptions::default() },
        )
    };
    // So short and so broken that a detector would have a say: two of five bytes.
    assert_eq!(of(Malformed::Replace).unwrap().malformed, 2);
    assert_eq!(of(Malformed::Skip).unwrap().text, "abc");
    let error = of(Malformed::Fail).unwrap_err();
    assert_eq!((error.charset, error.offset), ("EUC-KR", 2));
    assert_eq!(error.to_string(), "the bytes before offset 2 are not valid EUC-KR");
    assert_eq!(Malformed::ALL.map(|(name, _)| Malformed::named(name).is_some()), [true; 3]);
    // A body cut in a character is malformed like any other.
    let cut = DecodeOptions { malformed: Malformed::Fail, ..DecodeOptions::default() };
    assert!(decode_with(&"naïve".as_bytes()[..3], &cut).is_err());
}

#[test]
fn the_caller_overrides_everything() {
    let charset = Charset::for_label("koi8-r").ok();
    let options = DecodeOptions { charset, transport: Some("utf-8"), ..DecodeOptions::default() };
    let decoded = decode_with(b"<meta charset=big5>\xf0\xc1\xd5\xcb", &options).unwrap();
    assert_eq!((&*decoded.text, decoded.source), ("<meta charset=big5>Паук", CharsetSource::Override));
    let options = DecodeOptions { charset: Charset::for_label("utf-16le").ok(), ..DecodeOptions::default() };
    assert_eq!(decode_with(b"\xff\xfeo\0k\0", &options).unwrap().text, "ok");
}

#[test]
fn the_domain_decides_when_the_bytes_tell_too_little() {
    let of = |bytes: &[u8], tld: Option<&str>| {
        let decoded = decode(bytes, None, tld);
        (decoded.charset, decoded.source)
    };
    // One symbol that every encoding reads as some symbol or letter.
    let bytes = b"<p>50 \xb1 2";
    assert_eq!(of(bytes, None), ("windows-1252", CharsetSource::Detector));
    assert_eq!(of(b"<p>50 \xa9 2", Some("pl")).1, CharsetSource::Tld);
    assert_eq!(of(b"<p>\xd1\xe2", Some("ru")), ("windows-1251", CharsetSource::Tld));
    // Text tells more than its domain.
    let russian = encoding_rs::WINDOWS_1251.encode("Тарантул живёт в норе, которую роет сам").0;
    assert_eq!(of(&russian, Some("jp")), ("windows-1251", CharsetSource::Detector));
    assert_eq!(of(b"plain", Some("jp")), ("UTF-8", CharsetSource::Default));
}

#[test]
fn how_sure_it_is_is_told() {
    let of = |bytes: &[u8], transport| decode(bytes, transport, None).confidence;
    assert_eq!(of(b"plain", None), Confidence::Certain);
    assert_eq!(of("žluťoučký kůň".as_bytes(), None), Confidence::Certain);
    assert_eq!(of(b"\xef\xbb\xbfx", None), Confidence::Certain);
    assert_eq!(of(b"caf\xe9", Some("latin1")), Confidence::Likely);
    let russian = encoding_rs::KOI8_R.encode("Тарантул живёт в норе, которую роет сам").0;
    assert_eq!(of(&russian, None), Confidence::Likely);
    assert_eq!(of(b"\xb1", None), Confidence::Guess);
    assert!(Confidence::Guess < Confidence::Likely && Confidence::Likely < Confidence::Certain);
}
