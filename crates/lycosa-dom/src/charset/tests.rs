//! Charset decoding against the standards' tables and real pages.

use std::{borrow::Cow, collections::BTreeMap};

use encoding_rs::Encoding;
use proptest::prelude::*;

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

/// Labels of one family count as the same.
fn family(label: &str) -> String {
    let label = label.to_ascii_lowercase().replace('_', "-").replace("-sig", "");
    let families: &[(&str, &[&str])] = &[
        ("gb18030", &["gb2312", "gbk", "gb18030"]),
        ("shift_jis", &["shift-jis", "cp932", "windows-31j", "shift-jisx0213"]),
        ("euc-kr", &["euc-kr", "cp949", "uhc"]),
        ("windows-1252", &["iso-8859-1", "windows-1252", "ascii", "iso-8859-15"]),
        ("windows-1255", &["iso-8859-8", "windows-1255", "iso-8859-8-i"]),
        ("windows-1254", &["iso-8859-9", "windows-1254"]),
        ("windows-874", &["tis-620", "windows-874", "iso-8859-11"]),
        ("big5", &["big5", "big5hkscs", "cp950"]),
    ];
    families.iter().find(|(_, members)| members.contains(&label.as_str())).map_or_else(
        || Encoding::for_label(label.as_bytes()).map_or(label.clone(), |e| e.name().to_lowercase()),
        |(name, _)| (*name).to_owned(),
    )
}

/// Encodings the Encoding standard does not have: there is no decoder, so they are scored apart.
fn is_supported(label: &str) -> bool {
    let replaced = ["iso-2022-kr", "iso-2022-cn", "iso-2022-cn-ext", "hz-gb-2312"];
    let label = label.to_ascii_lowercase();
    label.starts_with("utf-32")
        || (Encoding::for_label(family(&label).as_bytes()).is_some() && !replaced.contains(&&*label))
}

#[test]
fn the_charset_corpus_is_detected_as_well_as_measured() {
    let Some(rows) = corpus::rows("charset/index.jsonl") else { return };
    let files: BTreeMap<_, _> = corpus::archive("charset/charset.tar.zst").unwrap().into_iter().collect();
    let mut table: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut unsupported: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let (file, label) = (row["file"].as_str().unwrap(), row["encoding"].as_str().unwrap());
        let Some(bytes) = files.get(file) else { panic!("{file} is not in the archive") };
        let decoded = decode(bytes, None, None);
        if !is_supported(label) {
            let told = if decoded.unknown_label.is_some() { "named" } else { "mistaken" };
            *unsupported.entry(format!("{label} {told}")).or_default() += 1;
            continue;
        }
        let by_mark = decoded.source == CharsetSource::Bom && decoded.charset.starts_with(label);
        let is_right = family(decoded.charset) == family(label) || bytes.is_ascii() || by_mark;
        let cell = table.entry(label.to_owned()).or_default();
        cell.0 += u32::from(is_right);
        cell.1 += 1;
        if !is_right {
            wrong.push(format!("{file}: {label} taken for {} by {:?}", decoded.charset, decoded.source));
        }
    }
    let (right, all) = table.values().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    for (label, (right, all)) in &table {
        println!("{label:20} {right:3} of {all:3}");
    }
    println!("all {right} of {all}; without a decoder: {unsupported:?}\n{}", wrong.join("\n"));
    assert!(right * 100 >= all * 94, "{right} of {all}");
}

#[test]
fn legacy_encodings_follow_the_published_tables() {
    for label in ["big5", "euc-jp", "euc-kr", "iso-2022-jp", "shift_jis"] {
        let Some(table) = corpus::read(&format!("charset-tables/{label}.tsv.zst")) else { return };
        let (mut rows, mut wrong) = (0, Vec::new());
        for line in String::from_utf8(table).unwrap().lines() {
            let Some((bytes, point)) = line.split_once('\t') else { continue };
            // Yen sign, overline and minus are written as these bytes, which are read as something similar.
            if matches!(bytes, "5C" | "7E" | "81 7C") {
                continue;
            }
            let Ok(bytes) =
                bytes.split(' ').map(|hex| u8::from_str_radix(hex, 16)).collect::<Result<Vec<_>, _>>()
            else {
                continue;
            };
            let wanted: String = point
                .split_whitespace()
                .map(|hex| {
                    char::from_u32(u32::from_str_radix(hex.trim_start_matches("U+"), 16).unwrap()).unwrap()
                })
                .collect();
            let decoded = decode(&bytes, Some(label), None);
            rows += 1;
            if decoded.text != wanted {
                wrong.push(format!("{line}: {:?}", decoded.text));
            }
        }
        println!(
            "{label}: {rows} rows, {} wrong: {:?}",
            wrong.len(),
            wrong.iter().take(5).collect::<Vec<_>>()
        );
        assert!(rows > 1000 && wrong.is_empty(), "{label}");
    }
}

proptest! {
    #[test]
    fn any_bytes_decode(bytes: Vec<u8>, transport in "\\PC{0,30}", tld in "\\PC{0,6}") {
        let decoded = decode(&bytes, Some(&transport), Some(&tld));
        prop_assert!(decoded.malformed <= bytes.len());
        decode(&bytes, None, None);
    }

    #[test]
    fn any_declaration_is_scanned(head in "(<meta |charset|=|http-equiv|content|\"|'|;| |>|/|<!--|-->|utf-8|x|<\\?xml|encoding){0,40}") {
        decode(head.as_bytes(), None, None);
    }

    #[test]
    fn any_text_survives_utf16_and_utf32(text in "\\PC{0,40}") {
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        // Text that begins with U+0000 makes the mark of UTF-16 look like that of UTF-32.
        prop_assert_eq!(&*decode(&utf16, None, None).text, &*text);
        let utf32: Vec<u8> =
            [0, 0, 0xfe, 0xff].into_iter().chain(text.chars().flat_map(|c| u32::from(c).to_be_bytes())).collect();
        prop_assert_eq!(&*decode(&utf32, None, None).text, &*text);
    }
}
