//! From bytes to text, as the Encoding and HTML standards say: byte order mark, then the transport's
//! declaration, then what the page declares in its first 1024 bytes (`prescan`), then detection. UTF-32, which
//! the web gave up, is decoded by hand when its mark announces it (`utf32`). Which step decided is always told.

mod label;
mod prescan;
mod utf32;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, REPLACEMENT, UTF_8};

/// What decided the charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CharsetSource {
    /// A byte order mark.
    Bom,
    /// The transport's declaration (`Content-Type`).
    Header,
    /// A `<meta>` element or an XML declaration.
    Meta,
    /// Statistics, or being valid UTF-8.
    Detector,
    /// Nothing: all bytes are ASCII, any answer is right.
    Default,
}

/// The text of a body and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark. Borrowed when the bytes were valid UTF-8 as they are.
    pub text: Cow<'a, str>,
    /// The encoding's name in the Encoding standard (`UTF-8`, `Shift_JIS`), or `UTF-32LE`, `UTF-32BE`.
    pub charset: &'static str,
    /// What decided it.
    pub source: CharsetSource,
    /// How many malformed sequences became U+FFFD.
    pub malformed: usize,
    /// An encoding that was declared or whose escape sequences were seen, but for which there is no decoder
    /// (`euc-tw`, `iso-2022-kr`): the text is then not to be trusted.
    pub unknown_label: Option<String>,
}

/// Decodes a body.
///
/// `transport` is the charset the transport declares: the parameter alone (`utf-8`) or a whole media type
/// (`text/html; charset=utf-8`). `tld` is the last label of the host name (`jp`), a hint for detection.
///
/// ```
/// let decoded = lycosa_dom::decode(b"na\xefve", Some("text/html; charset=iso-8859-1"), None);
/// assert_eq!((&*decoded.text, decoded.charset), ("naïve", "windows-1252"));
/// ```
pub fn decode<'a>(bytes: &'a [u8], transport: Option<&str>, tld: Option<&str>) -> Decoded<'a> {
    if let Some(decoded) = utf32::decode(bytes) {
        return decoded;
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decode_as(&bytes[length..], encoding, CharsetSource::Bom, None);
    }
    let mut unknown_label = None;
    if let Some(label) = transport.and_then(label::charset_of_content_type) {
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) => {
                let unsupported = (encoding == REPLACEMENT).then(|| label.to_owned());
                return decode_as(bytes, encoding, CharsetSource::Header, unsupported);
            }
            None => unknown_label = Some(label.to_owned()),
        }
    }
    let declared = prescan::prescan(bytes);
    if let Some(encoding) = declared.encoding {
        let unsupported = declared.unknown_label.filter(|_| encoding == REPLACEMENT);
        return decode_as(bytes, encoding, CharsetSource::Meta, unknown_label.or(unsupported));
    }
    let unknown_label = unknown_label.or(declared.unknown_label).or_else(|| label::announced(bytes));
    let (encoding, source) = detect(bytes, tld);
    decode_as(bytes, encoding, source, unknown_label)
}

/// The encoding of undeclared bytes.
fn detect(bytes: &[u8], tld: Option<&str>) -> (&'static Encoding, CharsetSource) {
    // ISO-2022-JP looks like ASCII but for its escapes.
    if !bytes.contains(&0x1b) {
        if bytes.is_ascii() {
            return (UTF_8, CharsetSource::Default);
        }
        if std::str::from_utf8(bytes).is_ok() {
            return (UTF_8, CharsetSource::Detector);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let tld = tld.map(str::to_ascii_lowercase);
    // The detector wants the bare label, internationalised ones as punycode.
    let tld = tld.as_deref().filter(|label| label.is_ascii() && !label.contains('.') && !label.is_empty());
    (detector.guess(tld.map(str::as_bytes), Utf8Detection::Allow), CharsetSource::Detector)
}

fn decode_as<'a>(
    bytes: &'a [u8],
    encoding: &'static Encoding,
    source: CharsetSource,
    unknown_label: Option<String>,
) -> Decoded<'a> {
    let (text, malformed) = match std::str::from_utf8(bytes) {
        Ok(text) if encoding == UTF_8 => (Cow::Borrowed(text), 0),
        Ok(text) if encoding.is_ascii_compatible() && text.is_ascii() => (Cow::Borrowed(text), 0),
        _ => {
            let (text, malformed) = convert(bytes, encoding);
            (Cow::Owned(text), malformed)
        }
    };
    Decoded { text, charset: encoding.name(), source, malformed, unknown_label }
}

/// The text and how many sequences had to be replaced.
fn convert(bytes: &[u8], encoding: &'static Encoding) -> (String, usize) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    let (mut rest, mut malformed) = (bytes, 0);
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return (text, malformed),
            DecoderResult::OutputFull => text.reserve(rest.len().max(64)),
            DecoderResult::Malformed(..) => {
                malformed += 1;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}
