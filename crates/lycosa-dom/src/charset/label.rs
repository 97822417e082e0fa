//! The charset parameter in a media type, and in the `content` attribute of a `<meta>`.

/// The charset label in a `Content-Type` value. A value that is no media type is taken for the label itself.
pub(super) fn charset_of_content_type(value: &str) -> Option<&str> {
    let value = value.trim();
    if !value.contains(['/', ';', '=']) {
        return (!value.is_empty()).then_some(value);
    }
    let label = value.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).trim())
    })?;
    (!label.is_empty()).then_some(label)
}

/// The algorithm for extracting a character encoding from a `<meta>` element (HTML standard, 2.4.5), on the
/// value of its `content` attribute, lower-cased.
pub(super) fn charset_of_meta_content(content: &[u8]) -> Option<&[u8]> {
    const WORD: &[u8] = b"charset";
    let mut rest = content;
    loop {
        let position = rest.windows(WORD.len()).position(|window| window.eq_ignore_ascii_case(WORD))?;
        rest = skip_space(&rest[position + WORD.len()..]);
        let Some(after) = rest.strip_prefix(b"=") else { continue };
        let value = skip_space(after);
        let (&first, inside) = value.split_first()?;
        if first == b'"' || first == b'\'' {
            let end = inside.iter().position(|&byte| byte == first)?;
            return Some(&inside[..end]);
        }
        let end = value.iter().position(|&byte| is_space(byte) || byte == b';').unwrap_or(value.len());
        return Some(&value[..end]);
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    &bytes[start..]
}
