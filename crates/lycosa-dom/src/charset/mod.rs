//! From bytes to text, as the Encoding and HTML standards say: byte order mark, then the transport's declaration, then
//! what the page declares near its beginning (`prescan`), then what its bytes show (`sniff`, `detect`), at last the
//! top-level domain. Which step decided, and how sure it was, is always told (`choose`).
//!
//! Beyond the standards, a declaration that the bytes contradict is overruled, and that is told as well (`judge` has
//! the rules). UTF-32 and a few encodings that the web gave up are decoded by hand or named (`coding`). What to do with
//! malformed bytes is the caller's choice (`convert`).

mod choose;
mod coding;
mod convert;
mod detect;
mod judge;
mod label;
mod names;
mod prescan;
mod sniff;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use convert::Text;
pub use names::{Charset, UnknownCharset};

/// What decided the charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CharsetSource {
    /// The caller ([`DecodeOptions::charset`]).
    Override,
    /// A byte order mark.
    Bom,
    /// The transport's declaration (`Content-Type`).
    Header,
    /// A `<meta>` element or an XML declaration.
    Meta,
    /// The bytes: valid UTF-8, zeros, escapes, or statistics.
    Detector,
    /// The top-level domain, as the bytes tell too little.
    Tld,
    /// Nothing: all bytes are ASCII and any answer is right, or they are no text and none is.
    Default,
}

impl CharsetSource {
    /// The name used in records: `override`, `bom`, `header`, `meta`, `detector`, `tld` or `default`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Bom => "bom",
            Self::Header => "header",
            Self::Meta => "meta",
            Self::Detector => "detector",
            Self::Tld => "tld",
            Self::Default => "default",
        }
    }
}

/// How sure the charset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// Another charset is about as likely, the bytes are no text, or much of a declared charset is malformed.
    Guess,
    /// Declared and not contradicted by the bytes, or detected with a clear lead over every other reading.
    Likely,
    /// Marked, plain ASCII, or UTF-8 that is valid throughout: hardly anything else can be.
    Certain,
}

impl Confidence {
    /// The name used in records: `guess`, `likely` or `certain`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What to do with bytes that mean nothing in the charset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// Each malformed sequence becomes U+FFFD, as browsers do. The default.
    #[default]
    Replace,
    /// They are left out.
    Skip,
    /// The first one is an error.
    Fail,
}

impl Malformed {
    /// Every policy with the name used in configurations.
    pub const ALL: [(&'static str, Self); 3] =
        [("replace", Self::Replace), ("skip", Self::Skip), ("fail", Self::Fail)];

    /// The policy of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, policy)| policy)
    }
}

/// What is known of a body before it is decoded, and what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions<'a> {
    /// The charset that the transport declares: the parameter alone (`utf-8`) or a whole media type
    /// (`text/html; charset=utf-8`).
    pub transport: Option<&'a str>,
    /// The last label of the host name (`jp`), a hint for detection.
    pub tld: Option<&'a str>,
    /// The charset to use whatever is declared.
    pub charset: Option<Charset>,
    /// What to do with malformed bytes.
    pub malformed: Malformed,
}

/// The text of a body and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark. Borrowed when the bytes were valid UTF-8 as they are.
    pub text: Cow<'a, str>,
    /// The encoding's name in the Encoding standard (`UTF-8`, `Shift_JIS`), or one of `UTF-32LE`, `UTF-32BE` and
    /// `IBM855`, which are decoded, and `EUC-TW`, `Johab` and `VISCII`, of which only the ASCII part is.
    pub charset: &'static str,
    /// What decided it.
    pub source: CharsetSource,
    /// How sure it is.
    pub confidence: Confidence,
    /// The label that was declared first, as written; none when nothing known was declared.
    pub declared: Option<String>,
    /// Whether the bytes contradicted that declaration and `charset` is another one.
    pub is_overruled: bool,
    /// How many malformed sequences there were.
    pub malformed: usize,
    /// An encoding outside the Encoding standard that was declared or recognised (`euc-tw`, `iso-2022-kr`, `ibm855`).
    /// But for IBM855 there is no decoder: the text is then not to be trusted.
    pub unknown_label: Option<String>,
}

/// Malformed bytes were found and [`Malformed::Fail`] was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedText {
    /// The charset in which they mean nothing.
    pub charset: &'static str,
    /// Where the first malformed sequence ends, in bytes from the beginning of the body.
    pub offset: usize,
}

impl std::fmt::Display for MalformedText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the bytes before offset {} are not valid {}", self.offset, self.charset)
    }
}

impl std::error::Error for MalformedText {}

/// Decodes a body, replacing what is malformed: [`decode_with`] with the usual options.
///
/// `transport` and `tld` are those of [`DecodeOptions`].
///
/// ```
/// let decoded = lycosa_dom::decode(b"na\xefve", Some("text/html; charset=iso-8859-1"), None);
/// assert_eq!((&*decoded.text, decoded.charset), ("naïve", "windows-1252"));
/// ```
pub fn decode<'a>(bytes: &'a [u8], transport: Option<&str>, tld: Option<&str>) -> Decoded<'a> {
    decoded(bytes, &DecodeOptions { transport, tld, ..DecodeOptions::default() }).0
}

/// Decodes a body.
///
/// ```
/// use lycosa_dom::{DecodeOptions, Malformed, decode_with};
/// // Declared as one thing, and plainly another.
/// let options = DecodeOptions { transport: Some("iso-8859-1"), ..DecodeOptions::default() };
/// let decoded = decode_with("naïve café".as_bytes(), &options)?;
/// assert_eq!((decoded.charset, decoded.declared.as_deref(), decoded.is_overruled), ("UTF-8", Some("iso-8859-1"), true));
///
/// let strict = DecodeOptions { transport: Some("euc-kr"), malformed: Malformed::Fail, ..DecodeOptions::default() };
/// assert_eq!(decode_with(b"abc \xff def ghi", &strict).unwrap_err().offset, 5);
/// # Ok::<(), lycosa_dom::MalformedText>(())
/// ```
///
/// # Errors
///
/// With [`Malformed::Fail`], where the first malformed sequence is. Never with the other policies.
pub fn decode_with<'a>(bytes: &'a [u8], options: &DecodeOptions<'_>) -> Result<Decoded<'a>, MalformedText> {
    let (decoded, first) = decoded(bytes, options);
    match first {
        Some(offset) if options.malformed == Malformed::Fail => {
            Err(MalformedText { charset: decoded.charset, offset })
        }
        _ => Ok(decoded),
    }
}

/// The decoded body, and where its first malformed sequence ends.
fn decoded<'a>(bytes: &'a [u8], options: &DecodeOptions<'_>) -> (Decoded<'a>, Option<usize>) {
    let (choice, text) = choose::choose(bytes, options);
    let Text { text, malformed, first, .. } = text;
    let decoded = Decoded {
        text,
        charset: choice.coding.name(),
        source: choice.source,
        confidence: choice.confidence,
        declared: choice.declared,
        is_overruled: choice.is_overruled,
        malformed,
        unknown_label: choice.unknown_label,
    };
    (decoded, first.map(|offset| offset + choice.mark))
}
