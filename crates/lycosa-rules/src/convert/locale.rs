//! What a locale such as `de`, `de-CH` or `en_GB` says about numbers and dates. No more than that is asked of it.

use super::date::DateOrder;

/// Languages that write `1.234,56` or `1 234,56`.
const COMMA: [&str; 40] = [
    "af", "az", "be", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr",
    "hu", "hy", "id", "is", "it", "ka", "kk", "lt", "lv", "mk", "nb", "nl", "nn", "no", "pl", "pt", "ro",
    "ru", "sk", "sl", "sv", "tr", "vi",
];
/// More of them.
const COMMA_TOO: [&str; 4] = ["uk", "sr", "sq", "lb"];
/// Languages that write `1,234.56`.
const POINT: [&str; 12] = ["en", "ja", "zh", "ko", "th", "he", "hi", "ms", "ga", "cy", "mt", "ar"];
/// Regions that write a point whatever their language.
const POINT_REGIONS: [&str; 11] = ["CH", "LI", "MX", "US", "GT", "HN", "NI", "PA", "PE", "PR", "SV"];
/// Languages whose dates begin with the year.
const YEAR_FIRST: [&str; 6] = ["zh", "ja", "ko", "hu", "lt", "sv"];
/// Regions in which English dates begin with the day.
const ENGLISH_DAY_FIRST: [&str; 8] = ["GB", "IE", "AU", "NZ", "IN", "ZA", "SG", "HK"];

/// A locale that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale {
    /// `.` or `,`.
    pub(super) decimal: char,
    /// The language, two letters.
    pub(super) language: &'static str,
    /// The order of a date in figures.
    pub(super) order: DateOrder,
}

impl Locale {
    /// The locale of this name; `None` when the language is not known.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let mut parts = name.trim().split(['-', '_']);
        let language = parts.next()?.to_ascii_lowercase();
        let region = parts.next_back().map(str::to_ascii_uppercase).unwrap_or_default();
        let language = languages().find(|known| *known == language)?;
        let is_point = POINT.contains(&language) || POINT_REGIONS.contains(&region.as_str());
        let order = match language {
            "en" if ENGLISH_DAY_FIRST.contains(&region.as_str()) => DateOrder::Dmy,
            "en" => DateOrder::Mdy,
            _ if YEAR_FIRST.contains(&language) => DateOrder::Ymd,
            _ => DateOrder::Dmy,
        };
        Some(Self { decimal: if is_point { '.' } else { ',' }, language, order })
    }
}

/// Every language that is known.
pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
    COMMA.iter().chain(&COMMA_TOO).chain(&POINT).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_can_overrule_its_language() {
        for (name, decimal, order) in [
            ("de", ',', DateOrder::Dmy),
            ("de-CH", '.', DateOrder::Dmy),
            ("de_AT", ',', DateOrder::Dmy),
            ("en", '.', DateOrder::Mdy),
            ("EN-gb", '.', DateOrder::Dmy),
            ("pt-BR", ',', DateOrder::Dmy),
            ("es-MX", '.', DateOrder::Dmy),
            ("zh-Hant-TW", '.', DateOrder::Ymd),
        ] {
            let locale = Locale::of(name).unwrap();
            assert_eq!((locale.decimal, locale.order), (decimal, order), "{name}");
        }
        assert_eq!(Locale::of("xx"), None);
        assert_eq!(Locale::of(""), None);
    }
}
