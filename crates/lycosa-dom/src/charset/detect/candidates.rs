//! The encodings that detection chooses from, with the languages each is used for. The figure is what choosing it
//! costs (nats): how rare the encoding is on the web, as a rule of thumb, not a measurement.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6,
    ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16, KOI8_R, KOI8_U,
    MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
    WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

use crate::charset::coding::Coding;

/// One encoding to be tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) coding: Coding,
    /// Codes of the model. Upper case stands for writing in visual order.
    pub(super) languages: &'static [&'static str],
    pub(super) cost: f32,
}

const fn of(encoding: &'static Encoding, languages: &'static [&'static str], cost: f32) -> Candidate {
    Candidate { coding: Coding::Standard(encoding), languages, cost }
}

const fn outside(coding: Coding, languages: &'static [&'static str], cost: f32) -> Candidate {
    Candidate { coding, languages, cost }
}

const WESTERN: &[&str] =
    &["en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "is", "ca", "ga", "sq", "et"];
const CENTRAL: &[&str] = &["pl", "cs", "hu", "sk", "hr", "sl", "ro", "sq", "de"];
const CYRILLIC: &[&str] = &["ru", "uk", "bg", "sr", "mk", "be"];
const BALTIC: &[&str] = &["lt", "lv", "et"];

/// Those in use come first, so that the others are given up early.
pub(super) static CANDIDATES: &[Candidate] = &[
    of(WINDOWS_1252, WESTERN, 0.0),
    of(WINDOWS_1251, CYRILLIC, 0.0),
    of(GBK, &["zs", "zt"], 0.0),
    of(SHIFT_JIS, &["ja"], 0.0),
    of(EUC_JP, &["ja"], 0.5),
    of(BIG5, &["zt"], 0.5),
    of(EUC_KR, &["ko"], 0.5),
    of(WINDOWS_1250, CENTRAL, 1.0),
    of(ISO_8859_2, CENTRAL, 1.2),
    of(WINDOWS_1254, &["tr"], 1.0),
    of(WINDOWS_1253, &["el"], 1.0),
    of(ISO_8859_7, &["el"], 1.2),
    of(WINDOWS_1256, &["ar", "fa"], 1.0),
    of(WINDOWS_1255, &["he"], 1.0),
    of(ISO_8859_8, &["HE"], 3.0),
    of(WINDOWS_874, &["th"], 1.0),
    of(WINDOWS_1258, &["vi"], 2.0),
    of(WINDOWS_1257, BALTIC, 1.5),
    of(KOI8_R, &["ru", "bg"], 1.0),
    of(KOI8_U, &["uk", "be"], 1.5),
    of(IBM866, &["ru", "bg", "be"], 3.0),
    of(ISO_8859_5, CYRILLIC, 3.0),
    of(ISO_8859_6, &["ar", "fa"], 3.0),
    of(X_MAC_CYRILLIC, CYRILLIC, 4.5),
    of(ISO_8859_15, WESTERN, 2.0),
    of(ISO_8859_4, BALTIC, 4.5),
    of(ISO_8859_13, BALTIC, 3.5),
    of(MACINTOSH, WESTERN, 5.0),
    of(ISO_8859_3, &["eo"], 4.5),
    of(ISO_8859_16, &["ro"], 5.0),
    of(ISO_8859_14, &["cy", "ga"], 5.0),
    of(ISO_8859_10, &["is", "et", "lt", "lv"], 6.0),
    outside(Coding::Ibm855, CYRILLIC, 4.5),
    outside(Coding::EucTw, &["zt"], 12.0),
    outside(Coding::Johab, &["ko"], 12.0),
    outside(Coding::Viscii, &["vi"], 6.0),
];
