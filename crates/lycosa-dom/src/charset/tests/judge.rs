//! Wrong declarations are overruled and told; right ones stand, whatever strays, however cut.

use encoding_rs::{Encoding, GBK, KOI8_R, WINDOWS_1251, WINDOWS_1252};

use super::super::*;

const RUSSIAN: &str = "Тарантул живёт в норе, которую роет сам, и выходит на охоту ночью. Южнорусский тарантул встречается \
    в степях и полупустынях, где строит глубокие вертикальные норы.";
const CHINESE: &str =
    "狼蛛不結網，在地面上追捕獵物。它們的視力很好，雌蛛把卵囊帶在身上，小蜘蛛出來以後爬到母親的背上。";
const SIMPLE: &str =
    "狼蛛不结网，在地面上追捕猎物。它们的视力很好，雌蛛把卵囊带在身上，小蜘蛛出来以后爬到母亲的背上。";
const FRENCH: &str =
    "La lycose mène une vie errante ; elle chasse à l’affût, de préférence la nuit, et porte ses œufs.";

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy, "{text}");
    bytes.into_owned()
}

fn page(head: &str, body: &[u8]) -> Vec<u8> {
    let mut page =
        format!("<!DOCTYPE html><html><head>{head}<title>Lycosa</title></head><body><p>").into_bytes();
    page.extend_from_slice(body);
    page.extend_from_slice(b"</p></body></html>");
    page
}

#[track_caller]
fn assert_overruled(bytes: &[u8], transport: Option<&str>, label: &str, charset: &str, text: &str) {
    let decoded = decode(bytes, transport, None);
    assert_eq!((decoded.charset, decoded.is_overruled), (charset, true), "{}", decoded.text);
    assert_eq!(decoded.declared.as_deref(), Some(label));
    assert_eq!(decoded.source, CharsetSource::Detector);
    assert!(decoded.text.contains(text), "{}", decoded.text);
}

#[track_caller]
fn assert_stands(bytes: &[u8], transport: Option<&str>, charset: &str) {
    let decoded = decode(bytes, transport, None);
    assert_eq!((decoded.charset, decoded.is_overruled), (charset, false), "{}", decoded.text);
}

#[test]
fn a_header_that_says_utf8_of_a_legacy_page_is_overruled() {
    for (text, encoding) in
        [(RUSSIAN, WINDOWS_1251), (RUSSIAN, KOI8_R), (SIMPLE, GBK), (FRENCH, WINDOWS_1252)]
    {
        let bytes = page("", &encoded(text, encoding));
        assert_overruled(&bytes, Some("text/html; charset=UTF-8"), "UTF-8", encoding.name(), text);
    }
    let big5 = page("", &encoded(CHINESE, encoding_rs::BIG5));
    assert_overruled(&big5, Some("utf-8"), "utf-8", "Big5", CHINESE);
}

#[test]
fn a_single_accent_of_windows_1252_in_a_page_called_utf8_is_read() {
    let bytes = page("<meta charset=utf-8>", b"A caf\xe9 in the middle of nowhere");
    assert_overruled(&bytes, None, "utf-8", "windows-1252", "café");
}

#[test]
fn a_page_that_calls_its_utf8_something_else_is_overruled() {
    let declared =
        |label: &str| format!("<meta http-equiv=content-type content='text/html; charset={label}'>");
    for label in ["gb2312", "iso-8859-1", "windows-1251", "shift_jis", "big5", "euc-kr", "koi8-r"] {
        for text in [RUSSIAN, CHINESE, FRENCH] {
            let bytes = page(&declared(label), text.as_bytes());
            assert_overruled(&bytes, None, label, "UTF-8", text);
        }
        assert_overruled(CHINESE.as_bytes(), Some(label), label, "UTF-8", CHINESE);
    }
}

#[test]
fn a_single_letter_of_utf8_is_told_from_latin_1_by_what_makes_a_word() {
    assert_overruled("A café in town".as_bytes(), Some("iso-8859-1"), "iso-8859-1", "UTF-8", "café");
    // Valid as UTF-8 by chance, and a word only as declared.
    assert_stands(b"Das ist GR\xd6\xdfE: \xc4\xa0", Some("iso-8859-1"), "windows-1252");
    // Two bytes of Chinese that happen to be valid: nothing says that they are not what was declared.
    assert_stands(b"<p>\xd0\xa1", Some("gb2312"), "GBK");
}

#[test]
fn a_right_declaration_stands_with_strays_in_it() {
    let mut utf8 = page("", RUSSIAN.repeat(20).as_bytes());
    for at in (300..utf8.len()).step_by(400) {
        utf8[at] = 0xff;
    }
    let decoded = decode(&utf8, Some("utf-8"), None);
    assert_eq!((decoded.charset, decoded.is_overruled), ("UTF-8", false));
    assert!(decoded.malformed >= 10, "{}", decoded.malformed);

    let mut chinese = page("<meta charset=gb2312>", &encoded(&SIMPLE.repeat(20), GBK));
    for at in (300..chinese.len()).step_by(300) {
        chinese[at] = 0xff;
    }
    assert_stands(&chinese, None, "GBK");
    // A page of ASCII with one damaged byte, which is a letter in no word.
    assert_stands(&page("", b"plain text \xff\xfe plain text"), Some("utf-8"), "UTF-8");
}

#[test]
fn a_declaration_stands_when_a_part_of_the_page_is_in_another_encoding() {
    let mut bytes = page("", RUSSIAN.repeat(5).as_bytes());
    bytes.extend_from_slice(&encoded("Комментарии из старой базы", WINDOWS_1251));
    assert_stands(&bytes, Some("utf-8"), "UTF-8");
}

#[test]
fn a_body_cut_in_a_character_stands() {
    for cut in 1..=2 {
        let text = format!("<p>{CHINESE}");
        let bytes = &text.as_bytes()[..text.len() - cut];
        assert_stands(bytes, Some("utf-8"), "UTF-8");
        let undeclared = decode(bytes, None, None);
        assert_eq!((undeclared.charset, undeclared.malformed), ("UTF-8", 1));
    }
    let one = "plain text and 蛛".as_bytes();
    assert_stands(&one[..one.len() - 1], Some("utf-8"), "UTF-8");
    let gbk = encoded(SIMPLE, GBK);
    assert_stands(&gbk[..gbk.len() - 1], Some("gbk"), "GBK");
    // UTF-8 called Latin-1, and cut.
    let french = FRENCH.as_bytes();
    let cut = french.len() - "œufs.".len() + 1;
    assert_overruled(&french[..cut], Some("iso-8859-1"), "iso-8859-1", "UTF-8", "l’affût");
}

#[test]
fn legacy_declarations_are_compared_by_what_is_malformed() {
    let japanese = "クモは巣を張らずに、地面を歩いて獲物を捕らえる。目がよく見え、夜に活動する種類が多い。";
    let euc = page("<meta charset=shift_jis>", &encoded(japanese, encoding_rs::EUC_JP));
    assert_overruled(&euc, None, "shift_jis", "EUC-JP", japanese);
    // Curly quotes of Windows in a page of the ISO standard would be control characters.
    let polish =
        "Tygrzyk paskowany jest „pająkiem” z rodziny krzyżakowatych – żyje na łąkach, wśród ździebeł traw.";
    let bytes = page("<meta charset=iso-8859-2>", &encoded(polish, encoding_rs::WINDOWS_1250));
    assert_overruled(&bytes, None, "iso-8859-2", "windows-1250", polish);
    // All bytes mean something: statistics alone overrule nothing.
    assert_stands(&page("<meta charset=koi8-r>", &encoded(RUSSIAN, WINDOWS_1251)), None, "KOI8-R");
}

#[test]
fn utf16_declared_of_something_else_is_overruled() {
    let ascii = page("", b"plain text");
    assert_overruled(&ascii, Some("utf-16"), "utf-16", "UTF-8", "plain text");
    let russian = page("", &encoded(RUSSIAN, WINDOWS_1251));
    assert_overruled(&russian, Some("utf-16"), "utf-16", "windows-1251", RUSSIAN);
    let wide: Vec<u8> = format!("<p>{RUSSIAN}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_overruled(&wide, Some("utf-16"), "utf-16", "UTF-16BE", RUSSIAN);
    assert_overruled(&wide, Some("utf-8"), "utf-8", "UTF-16BE", RUSSIAN);
    assert_stands(&wide, Some("utf-16be"), "UTF-16BE");
}

#[test]
fn the_mark_of_utf8_before_another_encoding_is_overruled() {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(page("", &encoded(RUSSIAN, WINDOWS_1251)));
    assert_overruled(&bytes, None, "UTF-8", "windows-1251", RUSSIAN);
    assert!(decode(&bytes, None, None).text.starts_with("<!DOCTYPE"));
}

#[test]
fn an_encoding_the_standard_refuses_is_not_forced_upon_valid_utf8() {
    assert_overruled(CHINESE.as_bytes(), Some("hz-gb-2312"), "hz-gb-2312", "UTF-8", CHINESE);
    let decoded = decode(b"\x1b$)C\x0e3*\x0f", Some("iso-2022-kr"), None);
    assert_eq!((decoded.charset, decoded.unknown_label.as_deref()), ("replacement", Some("iso-2022-kr")));
}
