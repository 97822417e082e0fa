//! Detection of real text without declarations: the corpus, feeds, and what must not be mistaken.

use std::collections::BTreeMap;

use super::super::*;
use crate::corpus;

/// The decoder for a label of the corpus: the one of its family in the Encoding standard.
fn decoder_of(label: &str) -> Option<Charset> {
    let label = label.to_ascii_lowercase().replace('_', "-");
    let label = match label.as_str() {
        "utf-8-sig" => "utf-8",
        "utf-16" => "utf-16le",
        "utf-32" => "utf-32le",
        "cp932" | "shift-jisx0213" => "shift_jis",
        "cp949" => "euc-kr",
        "maccyrillic" => "x-mac-cyrillic",
        "macroman" => "macintosh",
        other => other,
    };
    Charset::for_label(label).ok()
}

/// The text in the labelled encoding; a mark of either order decides between the two.
fn labelled(bytes: &[u8], label: &str) -> String {
    let charset = match bytes {
        [0xfe, 0xff, ..] => Charset::for_label("utf-16be").ok(),
        [0, 0, 0xfe, 0xff, ..] => Charset::for_label("utf-32be").ok(),
        _ => decoder_of(label),
    };
    decode_with(bytes, &DecodeOptions { charset, ..DecodeOptions::default() }).unwrap().text.into_owned()
}

/// Encodings the Encoding standard does not have: there is no decoder, so they are scored apart.
fn is_supported(label: &str) -> bool {
    decoder_of(label).is_some()
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
        let is_right = decoded.text == labelled(bytes, label);
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
    assert!(right * 100 >= all * 98, "{right} of {all}");
    assert!(unsupported.keys().all(|told| told.ends_with(" named")), "{unsupported:?}");
}

/// Feeds whose expectation is not what a crawler should do, with the reason.
const OTHER_FEEDS: &[(&str, &str)] = &[
    (
        "encoding__bozo_linenoise.xml",
        "windows-1252 is expected of bytes that are UTF-8 but for one, which gives `â€™` for an apostrophe",
    ),
    ("encoding__demoronize-2.xml", "a character reference, which is the parser's to resolve"),
];

#[test]
fn feeds_decode_to_what_their_comments_expect() {
    let (mut encodings, mut texts, mut others, mut exempt) = (0, 0, 0, 0);
    for file in corpus::list("feeds-encoding", ".xml") {
        let bytes = corpus::read(&file).unwrap();
        // The comments are ASCII in every encoding used here once the zeros are gone.
        let plain: String = bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
        let field = |name: &str| {
            let line = plain.lines().find_map(|line| line.trim().strip_prefix(name))?;
            Some(line.trim().to_owned())
        };
        let transport = field("Header:")
            .and_then(|header| header.split_once(':').map(|(_, value)| value.trim().to_owned()));
        let expected = field("Expect:").unwrap();
        let decoded = decode(&bytes, transport.as_deref(), None);
        if OTHER_FEEDS.iter().any(|(exempted, _)| file.ends_with(exempted)) {
            exempt += 1;
        } else if let Some(label) = quoted_after(&expected, "encoding == '") {
            // A pure ASCII feed reads the same in all of them.
            assert_eq!(decoded.text, labelled(&bytes, &label), "{file}: {expected}, not {}", decoded.charset);
            encodings += 1;
        } else if let Some(text) = quoted_after(&expected, " == '") {
            assert!(decoded.text.contains(&unescaped(&text)), "{file}: {expected}, not {}", decoded.text);
            texts += 1;
        } else {
            assert_eq!(decoded.malformed, 0, "{file}");
            others += 1;
        }
    }
    println!("feeds: {encodings} encodings, {texts} texts, {others} not about encodings, {exempt} exempt");
}

fn quoted_after(expected: &str, before: &str) -> Option<String> {
    let (_, rest) = expected.split_once(before)?;
    rest.split('\'').next().map(str::to_owned)
}

/// `\xNN` and `\uNNNN` of a Python string.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let length = if rest[at..].starts_with("\\u") { 6 } else { 4 };
        let point = u32::from_str_radix(&rest[at + 2..at + length], 16).unwrap();
        out.push(char::from_u32(point).unwrap());
        rest = &rest[at + length..];
    }
    out + rest
}

#[test]
fn what_is_no_text_is_not_mistaken_for_a_language() {
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x06\0\0\0\xf8\x1f\xd2\xb0";
    let mut noise = vec![0x1f, 0x8b, 8, 0];
    let mut state = 1_u32;
    noise.extend((0..4096).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    for bytes in [&picture[..], &noise] {
        let decoded = decode(bytes, None, None);
        assert_eq!((decoded.charset, decoded.source), ("windows-1252", CharsetSource::Default));
        assert_eq!((decoded.confidence, decoded.unknown_label), (Confidence::Guess, None));
    }
}

#[test]
fn short_texts_of_many_languages_are_told_apart() {
    let cases = [
        ("windows-1251", "Паук охотится ночью"),
        ("koi8-r", "Паук охотится ночью"),
        ("ibm866", "Паук охотится ночью"),
        ("ibm855", "Паук охотится ночью"),
        ("windows-1251", "Це моя улюблена книга"),
        ("gbk", "蜘蛛在夜里捕猎"),
        ("big5", "蜘蛛在夜裡捕獵"),
        ("shift_jis", "クモは夜に狩りをする"),
        ("euc-jp", "クモは夜に狩りをする"),
        ("euc-kr", "거미는 밤에 사냥한다"),
        ("windows-1250", "Příliš žluťoučký kůň"),
        ("iso-8859-2", "Příliš žluťoučký kůň"),
        ("windows-1252", "Die Spinne jagt bei Nacht über Wiesen"),
        ("windows-1253", "Η αράχνη κυνηγά τη νύχτα"),
        ("windows-1254", "Örümcek geceleri avlanır, ağ kurmaz ve yavrularını taşır"),
        ("windows-1255", "העכביש צד בלילה"),
        ("windows-1256", "العنكبوت يصطاد في الليل"),
        ("windows-874", "แมงมุมล่าเหยื่อในเวลากลางคืน"),
        ("windows-1257", "Voras medžioja naktį ir neaudžia tinklų"),
    ];
    for (label, text) in cases {
        let charset = Charset::for_label(label).unwrap();
        let table = coding::ibm855();
        let bytes: Vec<u8> = match encoding_rs::Encoding::for_label(label.as_bytes()) {
            Some(encoding) => encoding.encode(text).0.into_owned(),
            None => text
                .chars()
                .map(|c| table.iter().position(|known| *known == c).map_or(c as u8, |at| at as u8 + 0x80))
                .collect(),
        };
        let decoded = decode(&bytes, None, None);
        assert_eq!(decoded.text, text, "{} taken for {}", charset.name(), decoded.charset);
    }
}
