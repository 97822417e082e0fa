//! What can be decoded, and what is recognised without a decoder: the Encoding standard's encodings, the two UTF-32
//! that the web gave up, and a few of the time before it.

use encoding_rs::Encoding;

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One of the Encoding standard.
    Standard(&'static Encoding),
    /// Four bytes a character, the lowest first.
    Utf32Le,
    /// Four bytes a character, the highest first.
    Utf32Be,
    /// The DOS code page 855, Cyrillic.
    Ibm855,
    /// Vietnamese; recognised, not decoded.
    Viscii,
    /// Korean by the letters of a syllable; recognised, not decoded.
    Johab,
    /// The characters of CNS 11643; recognised, not decoded.
    EucTw,
}

impl Coding {
    /// The name, as in the Encoding standard where it has one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standard(encoding) => encoding.name(),
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::Ibm855 => "IBM855",
            Self::Viscii => "VISCII",
            Self::Johab => "Johab",
            Self::EucTw => "EUC-TW",
        }
    }

    /// By a label of the Encoding standard, or a usual name of the others that have a decoder.
    pub(crate) fn for_label(label: &str) -> Option<Self> {
        if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
            return Some(Self::Standard(encoding));
        }
        match label.trim().to_ascii_lowercase().as_str() {
            "utf-32le" | "utf-32-le" => Some(Self::Utf32Le),
            "utf-32be" | "utf-32-be" | "utf-32" => Some(Self::Utf32Be),
            "ibm855" | "ibm-855" | "cp855" | "855" | "csibm855" => Some(Self::Ibm855),
            _ => None,
        }
    }

    /// The label under which an encoding outside the standard is told; `None` for those of the standard and UTF-32.
    pub(crate) fn label_outside_standard(self) -> Option<&'static str> {
        match self {
            Self::Ibm855 => Some("ibm855"),
            Self::Viscii => Some("viscii"),
            Self::Johab => Some("johab"),
            Self::EucTw => Some("euc-tw"),
            Self::Standard(_) | Self::Utf32Le | Self::Utf32Be => None,
        }
    }
}

/// The upper half of IBM855.
const IBM855: &str = "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}";

/// The upper half of VISCII (RFC 1456), in which vowel and tone are one character.
pub(super) const VISCII: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";

/// The characters of the upper half of IBM855, by byte minus 0x80.
pub(super) fn ibm855() -> Vec<char> {
    IBM855.chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_one_character_for_each_byte() {
        assert_eq!((ibm855().len(), VISCII.chars().count()), (128, 128));
    }

    #[test]
    fn labels_find_what_can_be_decoded_and_nothing_else() {
        assert_eq!(Coding::for_label(" CP855 "), Some(Coding::Ibm855));
        assert_eq!(Coding::for_label("utf-32"), Some(Coding::Utf32Be));
        assert_eq!(Coding::for_label("latin1"), Some(Coding::Standard(encoding_rs::WINDOWS_1252)));
        assert_eq!(Coding::for_label("euc-tw"), None);
    }
}
