//! Text as Markdown: what would be markup gets a backslash (CommonMark 0.31, 2.4), and nothing else does, so that prose
//! stays readable.

use std::borrow::Cow;

/// A text without control characters, which no text needs and a terminal would obey; line ends and tabs stay. Taken out
/// before anything is escaped, so that what is left cannot become markup.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(is_control) { Cow::Owned(text.replace(is_control, "")) } else { Cow::Borrowed(text) }
}

/// Writes a piece of text. White space in it is collapsed already.
pub(super) fn text(piece: &str, in_table: bool, out: &mut String) {
    let mut before: Option<char> = None;
    let mut rest = piece.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_markup = match c {
            '*' | '`' | '[' | ']' => true,
            '_' => !(is_word(before) && is_word(after)),
            // `~1` as in prose; after a mark of tildes it would make that one longer.
            '~' => {
                !(is_word(after)
                    && before.or_else(|| out.chars().next_back()).is_none_or(char::is_whitespace))
            }
            '<' => after != Some(' '),
            '&' => after.is_none_or(|c| c == '#' || c.is_alphanumeric()),
            '\\' => after.is_none_or(|c| c.is_ascii_punctuation()),
            '|' => in_table,
            _ => false,
        };
        if is_markup {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Escapes what would be the markup of a block at the beginning of each line from this place on.
pub(super) fn line_starts(out: &mut String, from: usize) {
    let Some(tail) = out.get(from..) else { return };
    if !tail.split('\n').any(|line| block_mark(line).is_some()) {
        return;
    }
    let mut escaped = String::with_capacity(tail.len() + 8);
    for (place, line) in tail.split('\n').enumerate() {
        if place > 0 {
            escaped.push('\n');
        }
        match block_mark(line) {
            Some(at) => {
                escaped.push_str(&line[..at]);
                escaped.push('\\');
                escaped.push_str(&line[at..]);
            }
            None => escaped.push_str(line),
        }
    }
    out.truncate(from);
    out.push_str(&escaped);
}

/// Where a line that would begin a block must be escaped.
fn block_mark(line: &str) -> Option<usize> {
    let mut chars = line.chars();
    let first = chars.next()?;
    let ends_mark = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let rest = chars.as_str();
    let is_mark = match first {
        '#' => ends_mark(line.trim_start_matches('#')),
        '>' | '=' | '|' => true,
        '+' => ends_mark(rest),
        '-' => ends_mark(rest) || rest.starts_with(['-', ':', '|']),
        ':' => rest.starts_with('-'),
        '0'..='9' => {
            let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = line.len() - after.len();
            let is_number = digits < 10 && after.starts_with(['.', ')']) && ends_mark(&after[1..]);
            return is_number.then_some(digits);
        }
        _ => false,
    };
    is_mark.then_some(0)
}

/// Text in a code span: a fence of backticks longer than any in it (CommonMark 6.1).
pub(super) fn code(text: &str, in_table: bool, out: &mut String) {
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let is_padded = text.starts_with('`')
        || text.ends_with('`')
        || (text.starts_with(' ') && text.ends_with(' ') && !text.trim().is_empty());
    let pad = if is_padded { " " } else { "" };
    out.push_str(&fence);
    out.push_str(pad);
    if in_table {
        out.push_str(&text.replace('|', "\\|"));
    } else {
        out.push_str(text);
    }
    out.push_str(pad);
    out.push_str(&fence);
}

/// The longest run of a character.
pub(super) fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The destination of a link, in angle brackets where it needs them (CommonMark 6.3).
pub(super) fn destination(address: &str, in_table: bool, out: &mut String) {
    let is_bare = !address.is_empty()
        && !address.starts_with('<')
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '(' | ')'));
    if !is_bare {
        out.push('<');
    }
    for c in address.chars() {
        match c {
            _ if c.is_control() => {}
            '<' | '>' | '\\' | '&' => {
                out.push('\\');
                out.push(c);
            }
            '|' if in_table => out.push_str("\\|"),
            _ => out.push(c),
        }
    }
    if !is_bare {
        out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(piece: &str) -> String {
        let mut out = String::new();
        text(piece, false, &mut out);
        line_starts(&mut out, 0);
        out
    }

    #[test]
    fn only_what_would_be_markup_is_escaped() {
        assert_eq!(
            escaped("2 * 3 < 4 & snake_case ~5 C:\\dir a|b"),
            "2 \\* 3 < 4 & snake_case ~5 C:\\dir a|b"
        );
        assert_eq!(escaped("[x](y) <b> &amp; _a_ ~~b~~"), "\\[x\\](y) \\<b> \\&amp; \\_a\\_ \\~\\~b\\~\\~");
    }

    #[test]
    fn marks_of_blocks_are_escaped_at_the_beginning_alone() {
        for (plain, wanted) in [
            ("# x", "\\# x"),
            ("#x", "#x"),
            ("1. x", "1\\. x"),
            ("1.5 x", "1.5 x"),
            ("2020)", "2020\\)"),
            ("- x", "\\- x"),
            ("-x", "-x"),
            ("---", "\\---"),
            ("> x", "\\> x"),
            ("a - b # c > d", "a - b # c > d"),
        ] {
            assert_eq!(escaped(plain), wanted);
        }
    }

    #[test]
    fn code_and_addresses_hold_whatever_they_hold() {
        let mut out = String::new();
        code("a``b`", false, &mut out);
        destination("http://s.test/a(b)?c&d", false, &mut out);
        assert_eq!(out, "``` a``b` ```<http://s.test/a(b)?c\\&d>");
    }
}
