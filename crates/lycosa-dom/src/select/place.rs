//! The place of a mistake inside brackets. The parser reads a pair of brackets to its end before it tells that there was
//! a mistake in it.

/// Pseudo-classes whose arguments are selectors.
const OF_SELECTORS: [&str; 7] = [":is", ":where", ":not", ":has", ":matches", ":any", ":host"];

/// The byte of a mistake that was noticed at this byte. `is_wrong` tells where a selector in brackets is wrong.
pub(super) fn inside(selector: &str, noticed: usize, is_wrong: &dyn Fn(&str) -> Option<usize>) -> usize {
    let read = selector.get(..noticed).unwrap_or(selector);
    let Some(open) = last_brackets(read) else { return noticed };
    let inner = read.get(open + 1..).unwrap_or_default();
    let closed = inner.strip_suffix([']', ')']).unwrap_or(inner);
    if read.get(open..).is_some_and(|rest| rest.starts_with('[')) {
        return open + 1 + in_attribute(closed);
    }
    let name = read.get(..open).unwrap_or_default().to_ascii_lowercase();
    let start = open + 1 + closed.len() - closed.trim_start().len();
    if !OF_SELECTORS.iter().any(|known| name.ends_with(known)) {
        return start;
    }
    let mut at = open + 1;
    for part in closed.split(',') {
        // What comes before a relative selector is not its own.
        let own = part.trim_start().trim_start_matches(['>', '+', '~']).trim_start();
        let before = part.len() - own.len();
        if let Some(wrong) = is_wrong(own.trim_end()) {
            return at + before + wrong;
        }
        at += part.len() + 1;
    }
    start
}

/// Where the last pair of brackets opens, if the text ends with it or within it.
fn last_brackets(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let (mut last, mut quote, mut is_escaped) = (None, None, false);
    for (at, character) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match (quote, character) {
            (_, '\\') => is_escaped = true,
            (Some(mark), _) if character == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '(') => open.push(at),
            (None, ']' | ')') => last = open.pop().map(|begin| (begin, at + 1)),
            _ => {}
        }
    }
    // Within others the outermost is the one that was read to its end.
    open.first().copied().or(last.filter(|(_, end)| *end == text.trim_end().len()).map(|(begin, _)| begin))
}

/// Where an attribute selector, without its brackets, is wrong: in its name, its operator, its value or its flag.
fn in_attribute(text: &str) -> usize {
    let blank = |at: usize| at + text[at..].len() - text[at..].trim_start().len();
    let word = |at: usize| {
        let is_part = |c: char| c.is_alphanumeric() || !c.is_ascii() || matches!(c, '-' | '_' | '|' | '*');
        text[at..].find(|c| !is_part(c)).map_or(text.len(), |length| at + length)
    };
    let name = blank(0);
    let after = blank(name + word_without_operator(&text[name..word(name)]));
    let operators = ["~=", "|=", "^=", "$=", "*=", "!=", "="];
    let operator = operators.iter().find(|operator| text[after..].starts_with(**operator));
    let Some(operator) = operator.filter(|_| after > name) else { return after };
    let value = blank(after + operator.len());
    let quote = text[value..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(mark) => text[value + 1..].find(mark).map_or(text.len(), |length| value + length + 2),
        None => word(value),
    };
    if end == value { value } else { blank(end) }
}

/// The length of a name before an operator that begins with a letter of names, such as `|=`.
fn word_without_operator(word: &str) -> usize {
    word.trim_end_matches(['|', '*']).len()
}
