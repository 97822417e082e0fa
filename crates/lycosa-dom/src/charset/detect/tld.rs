//! What a page of a country is most likely in when its bytes tell too little: the table of suggested defaults of the
//! HTML standard (13.2.3.2, by locale), by the country codes where those locales are at home. Generic domains have
//! none.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, ISO_8859_2, ISO_8859_7, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};

/// The bare label in lower case, internationalised ones as punycode; `None` for what is no label.
pub(super) fn label(tld: &str) -> Option<String> {
    let is_label = !tld.is_empty() && tld.is_ascii() && !tld.contains('.');
    is_label.then(|| tld.to_ascii_lowercase())
}

/// The encoding that pages below this domain are taken for when nothing else decides.
pub(super) fn fallback(label: &str) -> Option<&'static Encoding> {
    Some(match label {
        "ae" | "bh" | "dz" | "eg" | "iq" | "ir" | "jo" | "kw" | "lb" | "ly" | "ma" | "om" | "ps" | "qa"
        | "sa" | "sd" | "sy" | "tn" | "ye" | "pk" | "af" => WINDOWS_1256,
        "by" | "kg" | "kz" | "mk" | "mn" | "rs" | "ru" | "su" | "tj" | "ua" | "bg" | "xn--p1ai"
        | "xn--j1amh" | "xn--90ais" | "xn--90ae" | "xn--d1acj3b" | "xn--80asehdb" | "xn--90a3ac"
        | "xn--d1alf" => WINDOWS_1251,
        "cz" | "hr" | "sk" => WINDOWS_1250,
        "ba" | "hu" | "pl" | "si" => ISO_8859_2,
        "ee" | "lt" | "lv" => WINDOWS_1257,
        "cy" | "gr" | "xn--qxam" => ISO_8859_7,
        "il" | "xn--4dbrk0ce" => WINDOWS_1255,
        "jp" => SHIFT_JIS,
        "kr" | "kp" | "xn--3e0b707e" => EUC_KR,
        "cn" | "sg" | "xn--fiqs8s" => GBK,
        "tw" | "hk" | "mo" | "xn--kpry57d" | "xn--j6w193g" => BIG5,
        "th" | "xn--o3cw4h" => WINDOWS_874,
        "tr" | "az" => WINDOWS_1254,
        "vn" => WINDOWS_1258,
        "at" | "au" | "be" | "br" | "ca" | "ch" | "cl" | "de" | "dk" | "es" | "fi" | "fr" | "ie" | "is"
        | "it" | "mx" | "nl" | "no" | "nz" | "pe" | "pt" | "se" | "uk" | "us" | "ar" | "co" | "lu" | "ve"
        | "uy" | "za" | "cat" => WINDOWS_1252,
        _ => return None,
    })
}
