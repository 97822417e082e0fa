//! Percent escapes brought to one spelling (RFC 3986 §2.1–2.4, §6.2.2).
//!
//! Two spellings that RFC 3986 calls equivalent come out the same; nothing that it keeps apart is merged. Escapes
//! get upper-case digits; escaped unreserved characters are decoded; reserved characters stay as they are found,
//! raw or escaped; what may not stand raw in a path or query is escaped, and so is a `%` that begins no escape.
//! `[` and `]` count among the latter: in a path or query the grammar has no place for them, browsers send both
//! spellings, and no server is known to tell `a[]=1` from `a%5B%5D=1`.

/// What may be done with an octet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Must not stand raw.
    Escape,
    /// May stand raw, but its escape means something else.
    Reserved,
    /// Its escape means the same.
    Unreserved,
}

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Escape; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Class::Unreserved,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => Class::Reserved,
            b':' | b'@' | b'/' | b'?' => Class::Reserved,
            _ => Class::Escape,
        };
        byte += 1;
    }
    table
}

/// Whether [`push_normal`] would change nothing.
pub(crate) fn is_normal(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if CLASSES[usize::from(byte)] != Class::Escape {
            at += 1;
        } else if byte == b'%' && is_normal_escape(&text[at + 1..]) {
            at += 3;
        } else {
            return false;
        }
    }
    true
}

fn is_normal_escape(digits: &[u8]) -> bool {
    match (digits.first(), digits.get(1)) {
        (Some(&high), Some(&low)) => {
            !high.is_ascii_lowercase()
                && !low.is_ascii_lowercase()
                && escaped(high, low).is_some_and(|byte| CLASSES[usize::from(byte)] != Class::Unreserved)
        }
        _ => false,
    }
}

fn escaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Appends `text` in its one spelling. `also` names reserved characters that are to be escaped as well where they
/// stand raw (robots.txt patterns have a use of their own for `*` and `$`). What is appended is ASCII.
pub(crate) fn push_normal(out: &mut String, text: &[u8], also: impl Fn(u8) -> bool) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if CLASSES[usize::from(byte)] != Class::Escape && !also(byte) {
            out.push(char::from(byte));
        } else if byte == b'%'
            && let (Some(&high), Some(&low)) = (text.get(at), text.get(at + 1))
            && let Some(meant) = escaped(high, low)
        {
            at += 2;
            if CLASSES[usize::from(meant)] == Class::Unreserved {
                out.push(char::from(meant));
            } else {
                push_escape(out, meant);
            }
        } else {
            push_escape(out, byte);
        }
    }
}

fn push_escape(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(text: &str) -> String {
        let mut out = String::new();
        push_normal(&mut out, text.as_bytes(), |_| false);
        out
    }

    #[test]
    fn equivalent_spellings_come_out_the_same() {
        let table = [
            ("/%66oo", "/foo"),
            ("/%c0", "/%C0"),
            ("/9%2f11", "/9%2F11"),
            ("/a%26b&c", "/a%26b&c"),
            ("/p%zz%77%v", "/p%25zzw%25v"),
            ("/100%", "/100%25"),
            ("/%2", "/%252"),
            ("/ツ", "/%E3%83%84"),
            ("/a|b[0]", "/a%7Cb%5B0%5D"),
            ("/%7euser", "/~user"),
            ("/%%36%31", "/%2561"),
        ];
        for (found, expected) in table {
            assert_eq!(normal(found), expected, "{found}");
        }
    }

    #[test]
    fn a_caller_can_have_reserved_characters_escaped_where_they_stand_raw() {
        let mut out = String::new();
        push_normal(&mut out, b"/a*b%2A$", |byte| byte == b'*' || byte == b'$');
        assert_eq!(out, "/a%2Ab%2A%24");
    }

    proptest! {
        #[test]
        fn the_one_spelling_is_reached_in_one_step(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut once = String::new();
            push_normal(&mut once, &text, |_| false);
            prop_assert!(is_normal(once.as_bytes()));
            let mut twice = String::new();
            push_normal(&mut twice, once.as_bytes(), |_| false);
            prop_assert_eq!(&once, &twice);
            prop_assert_eq!(is_normal(&text), once.as_bytes() == text.as_slice());
        }
    }
}
