//! Decoding against tables of others: those of the web platform's tests, and the codecs of Python.

use super::super::*;
use crate::corpus;

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

/// Runs Python with a program that prints hexadecimal bytes, a tab and hexadecimal code points; `None` without Python.
fn python(program: &str) -> Option<Vec<(Vec<u8>, String)>> {
    let answer = std::process::Command::new("python3").args(["-c", program]).output();
    let Ok(answer) = answer else {
        println!("skipped: no python3");
        return None;
    };
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let number = |hex: &str| u32::from_str_radix(hex, 16).unwrap();
    let row = |line: &str| {
        let (bytes, points) = line.split_once('\t').unwrap();
        let bytes = bytes.split(' ').map(|hex| u8::try_from(number(hex)).unwrap()).collect();
        (bytes, points.split(' ').map(|hex| char::from_u32(number(hex)).unwrap()).collect())
    };
    Some(String::from_utf8(answer.stdout).unwrap().lines().map(row).collect())
}

/// The text of bytes in a charset that the caller sets, which nothing overrules.
fn forced(bytes: &[u8], label: &str) -> String {
    let charset = Some(Charset::for_label(label).unwrap());
    decode_with(bytes, &DecodeOptions { charset, ..DecodeOptions::default() }).unwrap().text.into_owned()
}

/// Where Python's GB18030 is of 2000 and the Encoding standard's of 2005 and 2022: the bytes that changed.
const GB18030_CHANGED: [(&[u8], char); 7] = [
    (b"\xa2\xe3", '€'),
    (b"\xa6\xd9", '\u{fe10}'),
    (b"\xa8\xbf", 'ǹ'),
    (b"\xa8\xbc", 'ḿ'),
    (b"\x81\x35\xf4\x37", '\u{e7c7}'),
    (b"\xfe\x59", '龴'),
    (b"\xfe\xa0", '龻'),
];

#[test]
fn gb18030_agrees_with_python_but_for_the_editions() {
    let program = "
for lead in range(0x81, 0xff):
    for trail in list(range(0x40, 0x7f)) + list(range(0x80, 0xff)):
        data = bytes((lead, trail))
        try: print(data.hex(' '), ' '.join('%x' % ord(c) for c in data.decode('gb18030')), sep='\\t')
        except UnicodeDecodeError: pass
for point in list(range(0x80, 0xd800, 3)) + list(range(0xe000, 0x110000, 37)):
    data = chr(point).encode('gb18030')
    if len(data) == 4: print(data.hex(' '), '%x' % point, sep='\\t')
";
    let Some(rows) = python(program) else { return };
    let (mut agreed, mut moved) = (0, Vec::new());
    for (bytes, wanted) in &rows {
        let found = forced(bytes, "gb18030");
        // The standard reads what was private use in 2000 as the characters that were added since.
        let is_changed = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | 'ḿ' | '\u{9fb4}'..='\u{9fbb}' | '\u{fe10}'..='\u{fe19}' | '⺁'..='⻊' | '㑳'..='䶮');
        if found == *wanted {
            agreed += 1;
        } else if wanted.chars().all(is_changed) {
            moved.push(bytes.clone());
        } else {
            panic!("{bytes:x?}: {found:?}, Python {wanted:?}");
        }
    }
    println!("gb18030: {agreed} rows agree, {} differ by edition", moved.len());
    assert!(agreed > 40_000 && moved.len() < 130, "{agreed} {}", moved.len());
    for (bytes, wanted) in GB18030_CHANGED {
        assert_eq!(forced(bytes, "gb18030"), wanted.to_string(), "{bytes:x?}");
    }
}

#[test]
fn single_byte_encodings_agree_with_python() {
    let labels = [
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp866",
        "ibm855",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-5",
        "iso-8859-6",
        "iso-8859-7",
        "iso-8859-8",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-15",
        "iso-8859-16",
        "koi8-r",
        "koi8-u",
        "macintosh",
        "x-mac-cyrillic",
        "windows-874",
    ];
    let mut total = 0;
    for label in labels {
        let codec = match label {
            "ibm855" => "cp855",
            "macintosh" => "mac_roman",
            "x-mac-cyrillic" => "mac_cyrillic",
            "windows-874" => "cp874",
            other => other,
        };
        let program = format!(
            "for byte in range(256):\n try: print('%x\\t%x' % (byte, ord(bytes((byte,)).decode('{codec}'))))\n except UnicodeDecodeError: pass"
        );
        let Some(rows) = python(&program) else { return };
        assert!(rows.len() > 150, "{label}");
        for (bytes, wanted) in rows {
            let found = forced(&bytes, label);
            // Apple put the euro in the currency sign's place in 1998; the standard's KOI8-U has Ў; Ukrainian Ґ in Mac.
            let is_known = matches!((label, bytes[0]), ("koi8-u", 0xae | 0xbe));
            assert!(found == wanted || is_known, "{label} {bytes:x?}: {found:?}, Python {wanted:?}");
            total += 1;
        }
    }
    println!("{total} bytes of {} encodings agree", labels.len());
}
