//! Classes and escapes of single characters. In the `regex` crate classes can nest and be computed with, in the
//! common dialects `[`, `&&`, `--` and `~~` in a class are just characters; so every class is read here and
//! written anew. Only `&&[`, which nobody writes by accident, stays an intersection.

use super::{
    dialect::Rewriter,
    error::{PatternError, PatternErrorKind as Kind},
};

/// What an escape stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// One character.
    Single(String),
    /// Several, as they are written in a class.
    Characters(String),
    /// Several, by a name that is good in and outside classes.
    Named(String),
}

/// A character as the `regex` crate takes it anywhere, in a class and with white space ignored too.
pub(super) fn literal(character: char) -> String {
    if character.is_ascii_alphanumeric() || (!character.is_ascii() && !character.is_whitespace()) {
        return character.to_string();
    }
    if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
        return format!("\\{character}");
    }
    format!("\\x{{{:X}}}", u32::from(character))
}

/// Reads the escape that begins here, outside or inside a class.
pub(super) fn escape(input: &mut Rewriter) -> Result<Class, PatternError> {
    let Some(next) = input.peek(1) else {
        return Err(input.error(Kind::Syntax, "a backslash at the end escapes nothing"));
    };
    let (length, class) = match next {
        'd' | 'D' | 'w' | 'W' | 's' | 'S' => (2, Class::Named(format!("\\{next}"))),
        'p' | 'P' => property(input)?,
        'h' => (2, Class::Characters(r"\t\p{Zs}".into())),
        'H' => (2, Class::Characters(r"^\t\p{Zs}".into())),
        'V' => (2, Class::Characters(r"^\n\x0B\f\r\x{85}\x{2028}\x{2029}".into())),
        'n' | 'r' | 't' | 'f' | 'v' | 'a' => (2, Class::Single(format!("\\{next}"))),
        'e' => (2, Class::Single(r"\x1B".into())),
        'c' => match input.peek(2).filter(char::is_ascii_alphabetic) {
            Some(letter) => (3, single(u32::from(letter.to_ascii_uppercase()) ^ 64)),
            None => return Err(input.error(Kind::Syntax, "`\\c` needs a letter")),
        },
        '0' => octal(input),
        'x' | 'u' | 'U' => hexadecimal(input, next)?,
        _ if next.is_ascii_alphanumeric() => {
            return Err(input.error(Kind::Unsupported, format!("`\\{next}` is not supported")));
        }
        _ => (2, Class::Single(literal(next))),
    };
    input.at += length;
    Ok(class)
}

fn single(code: u32) -> Class {
    Class::Single(format!("\\x{{{code:X}}}"))
}

/// `\0`, `\012`.
fn octal(input: &Rewriter) -> (usize, Class) {
    let digits = (0..3).map_while(|ahead| input.peek(1 + ahead)?.to_digit(8)).collect::<Vec<_>>();
    (1 + digits.len(), single(digits.iter().fold(0, |sum, digit| sum * 8 + digit)))
}

/// `\x41`, `\x{41}`, `\u0041`, `\u{41}`, `\U00000041`.
fn hexadecimal(input: &Rewriter, kind: char) -> Result<(usize, Class), PatternError> {
    let wrong = || input.error(Kind::Syntax, "this is no character's number in hexadecimal");
    let is_braced = input.peek(2) == Some('{');
    let (start, most) = match (is_braced, kind) {
        (true, _) => (3, 8),
        (_, 'x') => (2, 2),
        (_, 'u') => (2, 4),
        _ => (2, 8),
    };
    let digits: Vec<u32> = (0..most).map_while(|ahead| input.peek(start + ahead)?.to_digit(16)).collect();
    let is_ended = !is_braced || input.peek(start + digits.len()) == Some('}');
    let is_complete = if is_braced { !digits.is_empty() } else { digits.len() == most };
    let code = digits.iter().fold(0_u32, |sum, digit| sum.wrapping_mul(16).wrapping_add(*digit));
    if !is_ended || !is_complete || char::from_u32(code).is_none() {
        return Err(wrong());
    }
    Ok((start + digits.len() + usize::from(is_braced), single(code)))
}

/// `\pL`, `\p{Greek}`, `\P{^Lu}`.
fn property(input: &Rewriter) -> Result<(usize, Class), PatternError> {
    let mut text: String = ['\\', input.peek(1).unwrap_or('p')].into_iter().collect();
    let mut length = 2;
    let end = if input.peek(2) == Some('{') { '}' } else { '\0' };
    loop {
        let Some(next) = input.peek(length) else {
            return Err(input.error(Kind::Syntax, "the name of a property does not end"));
        };
        text.push(next);
        length += 1;
        if end == '\0' || next == end {
            return Ok((length, Class::Named(text)));
        }
    }
}

/// Rewrites the class that begins here.
pub(super) fn rewrite(input: &mut Rewriter) -> Result<(), PatternError> {
    let start = input.at;
    let unclosed = PatternError::new(Kind::Syntax, start + 1, "unclosed character class");
    if is_computed(input) {
        return copy_computed(input).ok_or(unclosed);
    }
    input.out.push('[');
    input.at += 1;
    if input.peek(0) == Some('^') {
        input.out.push('^');
        input.at += 1;
    }
    let first = input.at;
    loop {
        let Some(next) = input.peek(0) else { return Err(unclosed) };
        if next == ']' && input.at > first {
            input.out.push(']');
            input.at += 1;
            return Ok(());
        }
        let place = input.at;
        let from = item(input)?;
        let is_range = input.peek(0) == Some('-') && input.peek(1).is_some_and(|end| end != ']');
        let Class::Single(low) = from else {
            input.out.push_str(&text_of(from));
            continue;
        };
        if !is_range {
            input.out.push_str(&low);
            continue;
        }
        input.at += 1;
        match item(input)? {
            Class::Single(high) => {
                if value_of(&low) > value_of(&high) {
                    return Err(PatternError::new(Kind::Syntax, place + 1, "the range is upside down"));
                }
                input.out.push_str(&format!("{low}-{high}"));
            }
            // Before a class the hyphen is one, as in all dialects that allow it.
            other => input.out.push_str(&format!("{low}\\-{}", text_of(other))),
        }
    }
}

/// The code point of a character as `escape` and `literal` write it.
fn value_of(text: &str) -> u32 {
    if let Some(number) = text.strip_prefix("\\x") {
        return u32::from_str_radix(number.trim_matches(['{', '}']), 16).unwrap_or(0);
    }
    let code = |character: char| u32::from(character);
    match (text.strip_prefix('\\').and_then(|text| text.chars().next()), text.chars().next()) {
        (Some('n'), _) => 10,
        (Some('r'), _) => 13,
        (Some('t'), _) => 9,
        (Some('f'), _) => 12,
        (Some('v'), _) => 11,
        (Some('a'), _) => 7,
        (Some(character), _) | (None, Some(character)) => code(character),
        (None, None) => 0,
    }
}

fn text_of(class: Class) -> String {
    match class {
        Class::Single(text) | Class::Named(text) => text,
        Class::Characters(text) => format!("[{text}]"),
    }
}

/// One item of a class.
fn item(input: &mut Rewriter) -> Result<Class, PatternError> {
    match input.peek(0) {
        Some('\\') if input.peek(1) == Some('b') => {
            input.at += 2;
            Ok(Class::Single(r"\x08".into()))
        }
        // In a class these are characters by their numbers, for there is nothing to refer to.
        Some('\\') if input.peek(1).is_some_and(|next| matches!(next, '1'..='7')) => {
            let (length, class) = octal(input);
            input.at += length;
            Ok(class)
        }
        Some('\\') => escape(input),
        Some('[') => Ok(named(input).unwrap_or_else(|| {
            input.at += 1;
            Class::Single("\\[".into())
        })),
        Some(next) => {
            input.at += 1;
            Ok(Class::Single(literal(next)))
        }
        None => Err(input.error(Kind::Syntax, "unclosed character class")),
    }
}

/// `[:alpha:]`.
fn named(input: &mut Rewriter) -> Option<Class> {
    if input.peek(1) != Some(':') {
        return None;
    }
    let mut name = String::new();
    let mut ahead = 2;
    while let Some(next) = input.peek(ahead).filter(|next| next.is_ascii_lowercase() || *next == '^') {
        name.push(next);
        ahead += 1;
    }
    if name.is_empty() || input.peek(ahead) != Some(':') || input.peek(ahead + 1) != Some(']') {
        return None;
    }
    input.at += ahead + 2;
    Some(Class::Named(format!("[:{name}:]")))
}

/// Whether the class that begins here has an intersection with a class in it.
fn is_computed(input: &Rewriter) -> bool {
    let mut ahead = 1;
    while let Some(next) = input.peek(ahead) {
        match next {
            '\\' => ahead += 1,
            ']' if ahead > 1 => return false,
            '&' if input.peek(ahead + 1) == Some('&') && input.peek(ahead + 2) == Some('[') => return true,
            _ => {}
        }
        ahead += 1;
    }
    false
}

/// Copies a class with classes in it as it is; `None` if it does not end.
fn copy_computed(input: &mut Rewriter) -> Option<()> {
    let mut depth = 0;
    loop {
        let next = input.peek(0)?;
        input.out.push(next);
        input.at += 1;
        match next {
            '\\' => {
                input.out.push(input.peek(0)?);
                input.at += 1;
            }
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(());
        }
    }
}
