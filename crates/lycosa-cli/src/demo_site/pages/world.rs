//! The letters: pages in GBK and Shift_JIS (declared by header), Big5 and windows-1251 (declared by meta) and one in
//! windows-1251 that declares nothing. They are kept as UTF-8 and encoded when asked for.

use super::super::answer::Answer;

pub(in super::super) fn answer(path: &str) -> Option<Answer> {
    let (html, encoding, by_header) = match path {
        "" => return Some(Answer::page("Letters from the world", include_str!("../templates/world.html"))),
        "zh-hans" => (include_str!("../templates/zh-hans.html"), encoding_rs::GBK, true),
        "zh-hant" => (include_str!("../templates/zh-hant.html"), encoding_rs::BIG5, false),
        "ja" => (include_str!("../templates/ja.html"), encoding_rs::SHIFT_JIS, true),
        "ru" => (include_str!("../templates/ru.html"), encoding_rs::WINDOWS_1251, false),
        "ru-letter" => (include_str!("../templates/ru-letter.html"), encoding_rs::WINDOWS_1251, false),
        _ => return None,
    };
    Some(Answer::encoded(html, encoding, by_header))
}
