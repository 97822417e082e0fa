//! Writing JSON objects straight into a string: what every page costs, so without a tree in between.

/// An object under construction.
#[derive(Debug)]
pub(super) struct Object {
    out: String,
}

impl Object {
    /// Begins an object, with room for about this many bytes.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push('{');
        Self { out }
    }

    /// Adds a member's name; its value must follow. Names are literals of this library and need no escapes.
    pub(super) fn name(&mut self, name: &str) -> &mut String {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        &mut self.out
    }

    /// Adds a text member.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        push_text(self.name(name), value);
    }

    /// Adds a text member that is `null` when there is none.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.name(name).push_str("null"),
        }
    }

    /// Adds a whole number.
    pub(super) fn number(&mut self, name: &str, value: u64) {
        push_number(self.name(name), value);
    }

    /// Adds a member under a name that may need escapes, with a value that is JSON already.
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        push_text(&mut self.out, name);
        self.out.push(':');
        self.out.push_str(json);
    }

    /// Ends the object.
    pub(super) fn end(mut self) -> Box<str> {
        self.out.push('}');
        self.out.into_boxed_str()
    }
}

/// Adds a JSON string (RFC 8259 §7): quotes, backslashes and control characters are escaped, all else is kept.
pub(super) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(word) = bytes.get(at..at + 8).and_then(|eight| <[u8; 8]>::try_from(eight).ok())
            && !needs_escape(u64::from_le_bytes(word))
        {
            at += 8;
            continue;
        }
        let byte = bytes[at];
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            out.push_str(&text[done..at]);
            push_escape(out, byte);
            done = at + 1;
        }
        at += 1;
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// Whether one of eight bytes is a quote, a backslash or below 0x20. Each test subtracts in all bytes at once and
/// looks at the borrow in the high bits; a borrow between bytes can only add a false alarm, never hide a byte.
fn needs_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGH;
    let equals = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equals(b'"') | equals(b'\\')) != 0
}

fn push_escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        0x08 => out.push_str("\\b"),
        0x0c => out.push_str("\\f"),
        other => {
            out.push_str("\\u00");
            out.push(char::from(HEX[usize::from(other >> 4)]));
            out.push(char::from(HEX[usize::from(other & 15)]));
        }
    }
}

/// Adds a whole number in decimal.
pub(super) fn push_number(out: &mut String, value: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut left = value;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    digits[at..].iter().for_each(|&digit| out.push(char::from(digit)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(text in any::<String>()) {
            let mut out = String::new();
            push_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
            prop_assert!(!out.contains(['\n', '\r']));
        }

        #[test]
        fn text_full_of_escapes_reads_back_as_it_was(text in "[\u{0}-\u{22}\\\\é]{0,40}") {
            let mut out = String::new();
            push_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn numbers_read_back_as_they_were(value in any::<u64>()) {
            let mut out = String::new();
            push_number(&mut out, value);
            prop_assert_eq!(out, value.to_string());
        }
    }
}
