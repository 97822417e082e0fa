//! Any bytes with any options: no panic, no text lost, no time lost.

use encoding_rs::Encoding;
use proptest::prelude::*;

use super::super::*;

const LABELS: [&str; 40] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "utf-32le",
    "utf-32be",
    "ibm855",
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
];

fn label() -> impl Strategy<Value = &'static str> {
    prop::sample::select(LABELS.to_vec())
}

fn policy() -> impl Strategy<Value = Malformed> {
    prop::sample::select(vec![Malformed::Replace, Malformed::Skip, Malformed::Fail])
}

/// Bytes as they come: random, or words of a legacy encoding with markup.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = "([\u{80}-\u{ff}]{1,6}|[a-z]{1,5}|[ <>\n~{}]|\x1b\\$B|\x1b\\(B|\0){0,60}";
    prop_oneof![
        any::<Vec<u8>>(),
        words.prop_map(|text: String| text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect()),
    ]
}

proptest! {
    #[test]
    fn any_bytes_decode(bytes in bytes(), transport in "\\PC{0,30}", tld in "\\PC{0,6}", malformed in policy()) {
        let decoded = decode(&bytes, Some(&transport), Some(&tld));
        prop_assert!(decoded.malformed <= bytes.len());
        let options = DecodeOptions { tld: Some(&tld), malformed, ..DecodeOptions::default() };
        match decode_with(&bytes, &options) {
            Ok(decoded) => prop_assert!(malformed != Malformed::Fail || decoded.malformed == 0),
            Err(error) => prop_assert!(malformed == Malformed::Fail && error.offset <= bytes.len()),
        }
    }

    #[test]
    fn any_bytes_decode_under_any_declaration(bytes in bytes(), label in label(), malformed in policy()) {
        let _ = decode_with(&bytes, &DecodeOptions { transport: Some(label), malformed, ..DecodeOptions::default() });
    }

    #[test]
    fn the_policies_differ_in_what_is_malformed_and_nothing_else(bytes in bytes(), label in label()) {
        let of = |malformed| {
            let charset = Some(Charset::for_label(label).unwrap());
            decode_with(&bytes, &DecodeOptions { charset, malformed, ..DecodeOptions::default() })
        };
        let (replaced, skipped) = (of(Malformed::Replace).unwrap(), of(Malformed::Skip).unwrap());
        prop_assert_eq!(replaced.malformed, skipped.malformed);
        prop_assert_eq!(of(Malformed::Fail).is_err(), replaced.malformed > 0);
        let left: String = replaced.text.chars().filter(|c| *c != char::REPLACEMENT_CHARACTER).collect();
        let right: String = skipped.text.chars().filter(|c| *c != char::REPLACEMENT_CHARACTER).collect();
        prop_assert_eq!(left, right);
        prop_assert!(replaced.text.matches(char::REPLACEMENT_CHARACTER).count() >= replaced.malformed);
    }

    #[test]
    fn what_can_be_written_is_read_back(text in "[\u{20}-\u{7e}àéîõüßñØšžłąőęžЖщяыъΩλψשלאبتثกขค中文字漢日本語かなカナ한글]{0,60}", label in label()) {
        let charset = Charset::for_label(label).unwrap();
        let Some(encoding) = Encoding::for_label(label.as_bytes()).filter(|e| e.output_encoding() == *e) else { return Ok(()) };
        // What the encoding lacks is left out first.
        let text: String = text.chars().filter(|c| !encoding.encode(&c.to_string()).2).collect();
        let (bytes, ..) = encoding.encode(&text);
        let decoded = decode_with(&bytes, &DecodeOptions { charset: Some(charset), ..DecodeOptions::default() }).unwrap();
        prop_assert_eq!(&*decoded.text, &*text);
        prop_assert_eq!(decoded.malformed, 0);
    }

    #[test]
    fn a_text_may_be_cut_between_characters(one in "[ -~жщя中文]{0,20}", two in "[ -~жщя中文]{0,20}", label in prop::sample::select(vec!["gb18030", "utf-8"])) {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let charset = Charset::for_label(label).ok();
        let of = |text: &str| {
            let (bytes, ..) = encoding.encode(text);
            decode_with(&bytes, &DecodeOptions { charset, ..DecodeOptions::default() }).unwrap().text.into_owned()
        };
        prop_assert_eq!(of(&one) + &of(&two), of(&(one + &two)));
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

#[test]
fn bodies_made_to_be_slow_are_not() {
    // Each would take minutes if any step were quadratic; the test has no clock of its own.
    let many = 1 << 18;
    let shapes: [Vec<u8>; 9] = [
        b"<meta a".repeat(many / 8),
        b"<!--".repeat(many / 4),
        b"~{a".repeat(many / 3),
        b"\x1b$".repeat(many / 2),
        vec![0xe4; many],
        b"\xe4 ".repeat(many / 2),
        b"\xe4\xb8".repeat(many / 2),
        b"a\0".repeat(many / 2),
        (0..many).map(|at| (at * at % 251) as u8 | 0x80).collect(),
    ];
    for bytes in &shapes {
        for transport in [None, Some("utf-8"), Some("gbk"), Some("iso-8859-2"), Some("utf-16")] {
            decode(bytes, transport, Some("ru"));
        }
    }
}
