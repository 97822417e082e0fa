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

/// An encoding without a decoder that the bytes announce by their escape sequences (RFC 1557, 1922, 1843).
pub(super) fn announced(bytes: &[u8]) -> Option<String> {
    const CHINESE: [&[u8]; 3] = [b"\x1b$)A", b"\x1b$)G", b"\x1b$)E"];
    // Hardly a page has either, and all undeclared ones are looked through.
    memchr::memchr2(0x1b, b'~', bytes)?;
    let has = |sequence: &[u8]| bytes.windows(sequence.len()).any(|window| window == sequence);
    let name = if bytes.contains(&0x1b) && has(b"\x1b$)C") {
        "iso-2022-kr"
    } else if bytes.contains(&0x1b) && CHINESE.into_iter().any(has) {
        "iso-2022-cn"
    } else if bytes.contains(&b'~') && bytes.is_ascii() && is_hz(bytes) {
        "hz-gb-2312"
    } else {
        return None;
    };
    Some(name.to_owned())
}

/// Whether `~{` and `~}` enclose pairs of bytes in the range of GB2312, and do so for most of their uses.
fn is_hz(bytes: &[u8]) -> bool {
    let (mut rest, mut good, mut bad) = (bytes, 0_usize, 0_usize);
    while let Some(start) = rest.windows(2).position(|window| window == b"~{") {
        rest = &rest[start + 2..];
        let Some(length) = rest.windows(2).position(|window| window == b"~}") else { break };
        let inside = &rest[..length];
        let is_good = !inside.is_empty()
            && length % 2 == 0
            && inside.chunks(2).all(|pair| matches!(pair, [0x21..=0x77, 0x21..=0x7e]));
        good += usize::from(is_good);
        bad += usize::from(!is_good);
        rest = &rest[length + 2..];
    }
    good > bad
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    &bytes[start..]
}
