//! What a page declares about its encoding near its beginning: "prescan a byte stream to determine its
//! encoding" of the HTML standard (13.2.3.2) with "get an attribute" and "get an XML encoding". Steps and
//! their order are the standard's.

use encoding_rs::{REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

use super::coding::Coding;
use super::label::{charset_of_meta_content, is_space};

const PRESCAN_BYTES: usize = 1024;
/// A declaration further down makes a browser start again ("changing the encoding while parsing", 13.2.3.4), so
/// it decides as well. It is looked for as far as heads usually reach.
const LATE_BYTES: usize = 32 * 1024;

/// An encoding and the label that named it.
pub(super) type Found = (Coding, String);

/// What the prescan found.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// The encoding and its label as written.
    pub(super) declared: Option<Found>,
    /// The first declaration naming no known encoding.
    pub(super) unknown_label: Option<String>,
}

/// Runs the prescan on the beginning of a body, and if it declares nothing on a longer one.
pub(super) fn prescan(bytes: &[u8]) -> Declared {
    let declared = prescan_head(&bytes[..bytes.len().min(PRESCAN_BYTES)]);
    if declared.declared.is_some() || bytes.len() <= PRESCAN_BYTES {
        return declared;
    }
    prescan_head(&bytes[..bytes.len().min(LATE_BYTES)])
}

fn prescan_head(head: &[u8]) -> Declared {
    let mut declared = Declared::default();
    if head.starts_with(b"<\0?\0x\0") {
        declared.declared = Some((Coding::Standard(UTF_16LE), "utf-16le".to_owned()));
    } else if head.starts_with(b"\0<\0?\0x") {
        declared.declared = Some((Coding::Standard(UTF_16BE), "utf-16be".to_owned()));
    } else {
        let mut scanner = Scanner { bytes: head, position: 0, unknown: None };
        let found = scanner.find_meta();
        declared.unknown_label = scanner.unknown;
        declared.declared = found.or_else(|| xml_encoding(head, &mut declared.unknown_label));
    }
    declared
}

/// A label as declared inside the page: UTF-16 cannot be true there, since ASCII was readable.
fn declared_encoding(label: &[u8], unknown: &mut Option<String>) -> Option<Found> {
    let label = String::from_utf8_lossy(label).into_owned();
    let coding = Coding::for_label(&label);
    let is_unsupported = coding.is_none_or(|coding| coding == Coding::Standard(REPLACEMENT));
    if is_unsupported && unknown.is_none() && !label.is_empty() {
        *unknown = Some(label.clone());
    }
    let coding = match coding? {
        Coding::Utf32Le | Coding::Utf32Be => Coding::Standard(UTF_8),
        Coding::Standard(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Coding::Standard(UTF_8),
        Coding::Standard(encoding) if encoding == X_USER_DEFINED => Coding::Standard(WINDOWS_1252),
        coding => coding,
    };
    Some((coding, label))
}

fn xml_encoding(bytes: &[u8], unknown: &mut Option<String>) -> Option<Found> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let declaration = &rest[..rest.iter().position(|&byte| byte == b'>')?];
    let position = declaration.windows(8).position(|window| window == b"encoding")?;
    let skip = |bytes: &'_ [u8]| bytes.iter().position(|&byte| byte > b' ').unwrap_or(bytes.len());
    let rest = &declaration[position + 8..];
    let rest = rest[skip(rest)..].strip_prefix(b"=")?;
    let rest = &rest[skip(rest)..];
    let (&quote, value) = rest.split_first().filter(|(byte, _)| matches!(byte, b'"' | b'\''))?;
    let label = &value[..value.iter().position(|&byte| byte == quote)?];
    if label.iter().any(|&byte| byte <= b' ') {
        return None;
    }
    declared_encoding(label, unknown)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
    unknown: Option<String>,
}

/// The attributes that count.
const WANTED: [&[u8]; 3] = [b"http-equiv", b"content", b"charset"];

/// An attribute, name and value in lower case.
type Attribute = (Vec<u8>, Vec<u8>);

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// `None` as well when the bytes end in the middle of something.
    fn find_meta(&mut self) -> Option<Found> {
        while let Some(next) = self.rest().iter().position(|&byte| byte == b'<') {
            self.position += next;
            if self.rest().starts_with(b"<!--") {
                let end = self.rest()[2..].windows(3).position(|window| window == b"-->")?;
                self.position += 2 + end + 2;
            } else if self.at_meta() {
                self.position += 5;
                if let Some(encoding) = self.meta()? {
                    return Some(encoding);
                }
            } else if self.at_tag() {
                self.position += self.rest().iter().position(|&byte| is_space(byte) || byte == b'>')?;
                while self.attribute()?.is_some() {}
            } else if matches!(self.rest(), [b'<', b'!' | b'/' | b'?', ..]) {
                self.position += self.rest().iter().position(|&byte| byte == b'>')?;
            }
            self.position += 1;
        }
        None
    }

    fn at_meta(&self) -> bool {
        let rest = self.rest();
        rest.len() > 5 && rest[..5].eq_ignore_ascii_case(b"<meta") && (is_space(rest[5]) || rest[5] == b'/')
    }

    fn at_tag(&self) -> bool {
        match self.rest() {
            [b'<', b'/', letter, ..] | [b'<', letter, ..] => letter.is_ascii_alphabetic(),
            _ => false,
        }
    }

    /// The encoding a `<meta>` declares; the outer `None` when the bytes end inside it.
    fn meta(&mut self) -> Option<Option<Found>> {
        let mut seen = [false; WANTED.len()];
        let (mut got_pragma, mut need_pragma, mut charset) = (false, None, None);
        while let Some((name, value)) = self.attribute()? {
            let Some(which) = WANTED.iter().position(|wanted| name == *wanted) else { continue };
            if std::mem::replace(&mut seen[which], true) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => got_pragma = value == b"content-type",
                b"content" if charset.is_none() => {
                    let label = charset_of_meta_content(&value);
                    charset = label.and_then(|label| declared_encoding(label, &mut self.unknown));
                    need_pragma = charset.is_some().then_some(true).or(need_pragma);
                }
                b"charset" => {
                    charset = declared_encoding(&value, &mut self.unknown);
                    need_pragma = Some(false);
                }
                _ => {}
            }
        }
        let is_valid = need_pragma.is_some_and(|need| !need || got_pragma);
        Some(charset.filter(|_| is_valid))
    }

    /// "Get an attribute". The outer `None` when the bytes end, the inner one at the end of the tag.
    fn attribute(&mut self) -> Option<Option<Attribute>> {
        while is_space(self.peek()?) || self.peek()? == b'/' {
            self.position += 1;
        }
        if self.peek()? == b'>' {
            return Some(None);
        }
        let mut name = Vec::new();
        loop {
            match self.peek()? {
                b'=' if !name.is_empty() => break,
                byte if is_space(byte) => {
                    self.skip_space()?;
                    if self.peek()? != b'=' {
                        return Some(Some((name, Vec::new())));
                    }
                    break;
                }
                b'/' | b'>' => return Some(Some((name, Vec::new()))),
                byte => name.push(byte.to_ascii_lowercase()),
            }
            self.position += 1;
        }
        self.position += 1;
        Some(Some((name, self.value()?)))
    }

    fn skip_space(&mut self) -> Option<()> {
        while is_space(self.peek()?) {
            self.position += 1;
        }
        Some(())
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        self.skip_space()?;
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''));
        self.position += usize::from(quote.is_some());
        let ends = |byte: u8| match quote {
            Some(quote) => byte == quote,
            None => is_space(byte) || byte == b'>',
        };
        let length = self.rest().iter().position(|&byte| ends(byte))?;
        let value = self.rest()[..length].to_ascii_lowercase();
        self.position += length + usize::from(quote.is_some());
        Some(value)
    }
}
