//! JSON as pages have it: RFC 8259, with the slips that are common in scripts forgiven and named.
//!
//! Forgiven are comments (`//`, `/* */`, `<!-- -->`), CDATA wrappers, commas before an end, control characters and
//! escapes that JSON does not know in strings, quotes in strings that no name, value or end follows, halves of surrogate
//! pairs, several values in a row and anything after the last whole value. Not forgiven are missing quotes and missing
//! ends: what was meant is then a guess.
//! Time is linear in the text; nesting is limited to [`MAX_DEPTH`].

use serde_json::{Map, Number, Value};

/// Levels of nesting, as `serde_json` and most readers allow.
pub(super) const MAX_DEPTH: usize = 128;
/// How far the end of an HTML comment is looked for, in bytes, and how many such comments are.
const COMMENT: (usize, usize) = (4096, 64);

/// What was read: the values, one as a rule, and what had to be forgiven.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// Whole values in order.
    pub(super) values: Vec<Value>,
    /// Each slip once, in words.
    pub(super) slips: Vec<&'static str>,
}

/// Why nothing could be read, and in which line, counted from 1.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// The line.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) what: &'static str,
}

/// Reads a text.
///
/// # Errors
/// When not even the first value is whole.
pub(super) fn read(text: &str) -> Result<Reading, Fault> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(Reading { values: vec![value], slips: Vec::new() });
    }
    let mut reader = Reader { text, at: 0, html_comments: 0, slips: Vec::new() };
    let mut values = Vec::new();
    loop {
        reader.skip();
        while !values.is_empty() && (reader.eat(b',') || reader.eat(b';')) {
            reader.slip("something follows the value");
            reader.skip();
        }
        if reader.at >= text.len() {
            break;
        }
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(what) if values.is_empty() => {
                let end = reader.at.min(text.len());
                let line = 1 + text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count();
                return Err(Fault { line, what });
            }
            Err(_) => {
                reader.slip("something follows the value");
                break;
            }
        }
    }
    if values.len() > 1 {
        reader.slip("there is more than one value");
    }
    Ok(Reading { values, slips: reader.slips })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    html_comments: usize,
    slips: Vec<&'static str>,
}

type Read<T> = Result<T, &'static str>;

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn slip(&mut self, what: &'static str) {
        if !self.slips.contains(&what) {
            self.slips.push(what);
        }
    }

    /// Passes over white space, comments and wrappers.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|character: char| {
                character.is_whitespace() || character.is_control() || character == '\u{feff}'
            });
            self.at += rest.len() - trimmed.len();
            let passed = self.wrapper(trimmed).or_else(|| self.comment(trimmed));
            let Some(length) = passed else { return };
            self.at += length;
        }
    }

    /// The length of a CDATA mark at the front.
    fn wrapper(&mut self, rest: &str) -> Option<usize> {
        let bare = rest.strip_prefix("//").map_or(rest, str::trim_ascii_start);
        let mark = ["<![CDATA[", "]]>"].into_iter().find(|mark| bare.starts_with(mark))?;
        self.slip("a CDATA wrapper");
        Some(rest.len() - bare.len() + mark.len())
    }

    /// The length of a comment at the front.
    fn comment(&mut self, rest: &str) -> Option<usize> {
        let line = || memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let length = if rest.starts_with("//") || rest.starts_with("-->") {
            line()
        } else if let Some(body) = rest.strip_prefix("/*") {
            memchr::memmem::find(body.as_bytes(), b"*/").map(|end| end + 4)?
        } else if rest.starts_with("<!--") && self.html_comments < COMMENT.1 {
            self.html_comments += 1;
            html_comment(rest)
        } else {
            return None;
        };
        self.slip("a comment");
        Some(length)
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        if depth >= MAX_DEPTH {
            return Err("it nests too deep");
        }
        self.skip();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err("it ends where a value should be"),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut members = Map::new();
        loop {
            self.skip();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            if self.peek() != Some(b'"') {
                return Err("a name in quotes should be here");
            }
            let name = self.string()?;
            self.skip();
            if !self.eat(b':') {
                return Err("a colon should be here");
            }
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.separator(b'}', "a comma or the end of an object should be here")?;
        }
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip();
            if self.eat(b']') {
                return Ok(Value::Array(entries));
            }
            entries.push(self.value(depth + 1)?);
            self.separator(b']', "a comma or the end of an array should be here")?;
        }
    }

    /// Passes over commas, and leaves the end where it is.
    fn separator(&mut self, end: u8, wanted: &'static str) -> Read<()> {
        self.skip();
        let mut commas = 0;
        while self.eat(b',') {
            commas += 1;
            self.skip();
        }
        let is_end = self.peek() == Some(end);
        if commas > 1 || (commas == 1 && is_end) {
            self.slip("a comma too many");
        }
        if commas > 0 || is_end { Ok(()) } else { Err(wanted) }
    }

    fn number(&mut self) -> Read<Value> {
        let rest = self.rest();
        let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let number: Number = serde_json::from_str(&rest[..length]).map_err(|_| "this is no number")?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn word(&mut self) -> Read<Value> {
        for (word, value) in
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err("a value should be here")
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)
                .ok_or("the end of a string is missing")?;
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if ends_string(self.rest()) {
                        return Ok(out);
                    }
                    self.slip("a quote in a string");
                    out.push('"');
                }
                Some(b'\\') => self.escape(&mut out)?,
                other => {
                    self.slip("a control character in a string");
                    out.push(char::from(other.unwrap_or(b' ')));
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Read<()> {
        let mut rest = self.rest().chars();
        rest.next();
        let escaped = rest.next().ok_or("the end of a string is missing")?;
        let plain = match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' if self.code(2, 4).is_some() => {
                self.code_point(out);
                return Ok(());
            }
            'x' if self.code(2, 2).is_some() => {
                self.slip("an escape that JSON does not know");
                let code = self.code(2, 2).unwrap_or(0xfffd);
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                self.at += 4;
                return Ok(());
            }
            '\'' => {
                self.slip("an escape that JSON does not know");
                escaped
            }
            other => {
                // Most often a backslash that nobody escaped, as in a path.
                self.slip("an escape that JSON does not know");
                out.push('\\');
                other
            }
        };
        out.push(plain);
        self.at += 1 + escaped.len_utf8();
        Ok(())
    }

    /// `\u0041`, or the pair `\ud83d\ude00`.
    fn code_point(&mut self, out: &mut String) {
        let first = self.code(2, 4).unwrap_or(0xfffd);
        let is_pair =
            (0xd800..0xdc00).contains(&first) && self.rest().as_bytes().get(6..8) == Some(b"\\u".as_slice());
        let second = if is_pair { self.code(8, 4) } else { None };
        let low = second.filter(|code| (0xdc00..0xe000).contains(code));
        let code = low.map_or(first, |low| 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00));
        if char::from_u32(code).is_none() {
            self.slip("half of a surrogate pair");
        }
        out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
        self.at += if low.is_some() { 12 } else { 6 };
    }

    /// The number that this many hexadecimal digits write at this distance.
    fn code(&self, from: usize, digits: usize) -> Option<u32> {
        let text = self.rest().get(from..from + digits)?;
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
    }
}

/// Whether what follows a quote can follow a string.
fn ends_string(rest: &str) -> bool {
    let next = rest.trim_start();
    next.is_empty()
        || next.starts_with([',', ':', '}', ']'])
        || ["//", "/*", "<!--"].iter().any(|comment| next.starts_with(comment))
}

/// What to pass over at `<!--`: the comment, or the mark and its line when the data stands inside, hidden from
/// browsers that knew no scripts.
fn html_comment(rest: &str) -> usize {
    const MARK: usize = "<!--".len();
    let near = &rest[MARK..rest.floor_char_boundary(COMMENT.0)];
    if near.trim_start().starts_with(['{', '[']) {
        return MARK;
    }
    let end = near.find("-->");
    let line = near.find(['\n', '\r']);
    match end {
        Some(end) if line.is_none_or(|line| end < line) || !near[..end].contains(['{', '[']) => {
            MARK + end + 3
        }
        _ => MARK + line.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn one(text: &str) -> (Value, Vec<&'static str>) {
        let mut reading = read(text).unwrap();
        assert_eq!(reading.values.len(), 1, "{text}");
        (reading.values.remove(0), reading.slips)
    }

    #[test]
    fn comments_and_wrappers_around_the_data_are_passed_over_but_not_in_strings() {
        for text in [
            "// a {note}\n{\"a\": \"// <!-- b --> /* */\"}",
            "/* a */ {\"a\": /* why */ \"// <!-- b --> /* */\"} // end",
            "<!-- a -->{\"a\": \"// <!-- b --> /* */\"}",
            "<!-- a\n more -->\n{\"a\": \"// <!-- b --> /* */\"}",
            "<!--\n{\"a\": \"// <!-- b --> /* */\"}\n-->",
            "<!-- {\"a\": \"// <!-- b --> /* */\"} -->",
            "<!-- hidden\n{\"a\": \"// <!-- b --> /* */\"}\n//-->",
            "//<![CDATA[\n{\"a\": \"// <!-- b --> /* */\"}\n//]]>",
            "<![CDATA[{\"a\": \"// <!-- b --> /* */\"}]]>",
            "// <![CDATA[ {\"a\": \"// <!-- b --> /* */\"} // ]]>",
            "/*<![CDATA[*/{\"a\": \"// <!-- b --> /* */\"}/*]]>*/",
        ] {
            let (value, slips) = one(text);
            assert_eq!(value, json!({"a": "// <!-- b --> /* */"}), "{text}");
            assert!(!slips.is_empty(), "{text}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_forgiven_and_named() {
        assert_eq!(one("{\"a\": [1, 2,], }"), (json!({"a": [1, 2]}), vec!["a comma too many"]));
        assert_eq!(one("[\"a\nb\tc\"]"), (json!(["a\nb\tc"]), vec!["a control character in a string"]));
        let quoted = r#"{"a": ["two "buttons"." , "<p class="x">y</p>"]}"#;
        let (value, slips) = one(quoted);
        assert_eq!(value, json!({"a": ["two \"buttons\".", "<p class=\"x\">y</p>"]}));
        assert_eq!(slips, ["a quote in a string"]);
        let (value, slips) = one(r#"["Bob\'s", "R\x26B", "C:\videos", "é\u00e9 \\ok"]"#);
        assert_eq!(value, json!(["Bob's", "R&B", "C:\\videos", "éé \\ok"]));
        assert_eq!(slips, ["an escape that JSON does not know"]);
        assert_eq!(
            one(r#"["\ud83d", "\ud83d\ude00",]"#).0,
            json!(["\u{fffd}", "\u{1f600}"]),
            "a half is replaced, a pair is one character"
        );
        assert_eq!(read("{\"a\":1};").unwrap().values, [json!({"a": 1})]);
        assert_eq!(read("{\"a\":1}}").unwrap().values, [json!({"a": 1})]);
        assert_eq!(read("{\"a\":1}\n{\"a\":2},{\"a\":3}").unwrap().values.len(), 3);
    }

    #[test]
    fn what_cannot_be_meant_is_a_fault_with_its_line() {
        for (text, line, what) in [
            ("{\"a\": 1", 1, "a comma or the end of an object should be here"),
            ("{\n a: 1}", 2, "a name in quotes should be here"),
            ("[\"a", 1, "the end of a string is missing"),
            ("[\n\n1.2.3]", 3, "this is no number"),
            ("[NaN]", 1, "a value should be here"),
            ("/* {}", 1, "a value should be here"),
            ("{&quot;a&quot;: 1}", 1, "a name in quotes should be here"),
        ] {
            assert_eq!(read(text), Err(Fault { line, what }), "{text}");
        }
        assert_eq!(read("  // nothing\n").unwrap().values, Vec::<Value>::new());
    }

    #[test]
    fn hostile_texts_end_soon() {
        assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err().what, "it nests too deep");
        assert_eq!(read(&"{\"a\":".repeat(1_000_000)).unwrap_err().what, "it nests too deep");
        for piece in ["<!--\n", "<!-- -->", "//\n", "/*", "\"", "1,", "{},", "]]>", "\\", "[],\u{0}"] {
            let _ = read(&piece.repeat(200_000));
            let _ = read(&format!("[{}", piece.repeat(200_000)));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn pieces_of_json_are_read_or_refused(pieces in proptest::collection::vec(
            prop_oneof![Just("{"), Just("}"), Just("["), Just("]"), Just("\""), Just(":"), Just(","), Just("\\"),
                Just("\\u12"), Just("\\ud800"), Just("\\u"), Just("é"), Just("<!--"), Just("-->"), Just("//"), Just("\n"), Just("/*"),
                Just("*/"), Just("<![CDATA["), Just("1e9"), Just("null"), Just("\"a\"")], 0..40)) {
            let _ = read(&pieces.concat());
        }

        #[test]
        fn good_json_with_a_comma_too_many_reads_as_without(values in proptest::collection::vec(any::<(String, i64)>(), 1..9)) {
            let good = json!([values]);
            let text = good.to_string();
            let worse = text.replace("]]", ",],// end\n]");
            prop_assume!(worse.matches(",],// end").count() == 1);
            let reading = read(&worse).unwrap();
            prop_assert_eq!(reading.values, vec![good]);
        }
    }
}
