//! Entities that a file declares itself, in the internal subset of its document type (XML 1.0 §4.2): what a reference in
//! a URL stands for. Texts only. An entity of markup, one that stands elsewhere or within itself, and what would grow
//! beyond any URL is known to exist and stays unread, so that nobody takes its name for a part of the URL.

use std::collections::HashMap;

/// Entities that are kept of one file; from the next one on all that are not known count as unread.
const MOST: usize = 1_000;

/// Bytes of what one stands for: no URL that a crawl accepts is longer.
const LONGEST: usize = 2_083;

/// References that are followed for one.
const MOST_STEPS: usize = 200;

/// Bytes of what all references of one file stand for.
const MOST_OF_FILE: usize = 8 << 20;

/// A text in which references were replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unescaped {
    pub(super) text: String,
    /// Whether a reference in it is known to stand for something that was not read.
    pub(super) is_broken: bool,
}

/// The declared entities.
#[derive(Debug, Default)]
pub(super) struct Entities {
    /// What they stand for, character references replaced; `None` for what is not read.
    declared: HashMap<Box<str>, Option<Box<str>>>,
    /// The same with all references replaced, of those that were asked for.
    known: HashMap<Box<str>, Option<Box<str>>>,
    /// Whether there may be declarations that were not read.
    has_unread: bool,
    /// Bytes that came in by references.
    spent: usize,
}

impl Entities {
    /// Those of a document type: what stands between `<!DOCTYPE` and its end. The first declaration of a name counts.
    pub(super) fn of(doctype: &str) -> Self {
        let mut entities = Self::default();
        let (before, mut rest) = doctype.split_once('[').unwrap_or((doctype, ""));
        entities.has_unread = ["SYSTEM", "PUBLIC"].iter().any(|word| before.contains(word));
        while let Some(at) = rest.find(['<', '%', ']']) {
            rest = &rest[at..];
            let after = if rest.starts_with("<!--") {
                rest.find("-->").map(|end| &rest[end + 3..])
            } else if rest.starts_with("<?") {
                rest.find("?>").map(|end| &rest[end + 2..])
            } else if let Some(declaration) = rest.strip_prefix("<!ENTITY") {
                entities.declare(declaration)
            } else if rest.starts_with('<') {
                after_declaration(rest)
            } else {
                // A parameter entity stands here, or the subset ends.
                entities.has_unread |= rest.starts_with('%');
                rest.strip_prefix('%')
            };
            rest = after.unwrap_or_default();
        }
        entities
    }

    /// Takes up one declaration from behind its keyword, and gives what follows it.
    fn declare<'a>(&mut self, declaration: &'a str) -> Option<&'a str> {
        let text = declaration.trim_start();
        if text.starts_with('%') {
            return after_declaration(text);
        }
        let (name, text) = text.split_at(text.find(|letter: char| letter.is_whitespace())?);
        let text = text.trim_start();
        let mut value = None;
        if let Some(quote) = text.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
            let literal = &text[1..=text[1..].find(quote)?];
            value = Some(literal).filter(|literal| literal.len() <= LONGEST).map(characters);
        }
        self.has_unread |= self.declared.len() >= MOST;
        if self.declared.len() < MOST {
            self.declared.entry(name.into()).or_insert(value);
        }
        after_declaration(text)
    }

    /// Appends what `&name;` stands for; `false` when that is not known although something is. What nobody declared is
    /// most likely a bare `&` of a query string.
    pub(super) fn resolve(&mut self, name: &str, out: &mut String) -> bool {
        if let Some(text) = predefined(name) {
            out.push_str(&text);
            return true;
        }
        if !self.declared.contains_key(name) {
            out.extend(["&", name, ";"]);
            return !self.has_unread;
        }
        if !self.known.contains_key(name) {
            let mut text = String::new();
            let is_whole = self.expand(name, &mut text, &mut 0, &mut Vec::new());
            self.known.insert(name.into(), is_whole.then(|| text.into()));
        }
        match self.known.get(name) {
            Some(Some(text)) if self.spent + text.len() <= MOST_OF_FILE => {
                self.spent += text.len();
                out.push_str(text);
                true
            }
            _ => {
                out.extend(["&", name, ";"]);
                false
            }
        }
    }

    /// Replaces every reference of a text.
    pub(super) fn unescape(&mut self, text: &str) -> Unescaped {
        let mut unescaped = Unescaped::default();
        let mut rest = text;
        while let Some((before, name, after)) = next_reference(rest) {
            unescaped.text.push_str(before);
            unescaped.is_broken |= !self.resolve(name, &mut unescaped.text);
            rest = after;
        }
        unescaped.text.push_str(rest);
        unescaped
    }

    /// What one stands for, whole; `false` when it cannot be had.
    fn expand<'a>(
        &'a self,
        name: &'a str,
        out: &mut String,
        steps: &mut usize,
        open: &mut Vec<&'a str>,
    ) -> bool {
        let Some(Some(text)) = self.declared.get(name) else { return false };
        // Markup in a URL means nothing, and what is open never ends.
        if open.contains(&name) || open.len() >= 16 || text.contains('<') {
            return false;
        }
        open.push(name);
        let mut rest = &**text;
        while let Some((before, name, after)) = next_reference(rest) {
            *steps += 1;
            out.push_str(before);
            let is_known = match predefined(name) {
                Some(text) => {
                    out.push_str(&text);
                    true
                }
                None => self.expand(name, out, steps, open),
            };
            if !is_known || *steps > MOST_STEPS || out.len() > LONGEST {
                return false;
            }
            rest = after;
        }
        out.push_str(rest);
        open.pop();
        out.len() <= LONGEST
    }
}

/// What follows the end of a declaration; a `>` in a literal is none.
fn after_declaration(text: &str) -> Option<&str> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => return Some(&text[at + 1..]),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}

/// What stands before the next reference, its name, and what stands behind it.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find('&').map(|at| from + at) {
        let rest = &text[start + 1..];
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || "#_:.-".contains(letter)));
        if let Some(end) = end.filter(|end| *end > 0 && rest[*end..].starts_with(';')) {
            return Some((&text[..start], &rest[..end], &rest[end + 1..]));
        }
        from = start + 1;
    }
    None
}

/// The text of a character reference or one of XML's own five entities.
fn predefined(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned);
    };
    let point = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => number.parse().ok(),
    };
    // Zero is no character of XML.
    char::from_u32(point.filter(|point| *point != 0)?).map(String::from)
}

/// A literal with its character references replaced, as happens when it is declared (XML 1.0 §4.5).
fn characters(literal: &str) -> Box<str> {
    let mut out = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some((before, name, after)) = next_reference(rest) {
        out.push_str(before);
        match predefined(name).filter(|_| name.starts_with('#')) {
            Some(text) => out.push_str(&text),
            None => out.extend(["&", name, ";"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a text becomes; `None` when it is not all known.
    fn read(doctype: &str, text: &str) -> Option<String> {
        let unescaped = Entities::of(doctype).unescape(text);
        (!unescaped.is_broken).then_some(unescaped.text)
    }

    #[test]
    fn declared_entities_stand_for_their_text() {
        let doctype = "urlset [<!-- <!ENTITY a 'no'> --><?x <!ENTITY a 'no'>?><!ELEMENT x (#PCDATA)>
            <!ENTITY a \"https://a.test\"><!ENTITY a 'second'><!ENTITY path '&a;/p?x=1&#38;amp;y=&#50;'>
            <!ENTITY gt '>'><!ATTLIST x y CDATA '>'>
            <!ENTITY late '&later;'><!ENTITY later ''>]";
        assert_eq!(read(doctype, "&a;/b").as_deref(), Some("https://a.test/b"));
        assert_eq!(read(doctype, "&path;&amp;&#x7a;").as_deref(), Some("https://a.test/p?x=1&y=2&z"));
        assert_eq!(read(doctype, "&gt;[&late;]").as_deref(), Some(">[]"));
        assert_eq!(read(doctype, "/?a&b=1&c;&;& d;&é").as_deref(), Some("/?a&b=1&c;&;& d;&é"), "a bare one");
    }

    #[test]
    fn what_is_declared_and_not_read_is_never_taken_for_text() {
        let unread = [
            "x [<!ENTITY h SYSTEM 'file:///etc/passwd'>]",
            "x [<!ENTITY h PUBLIC 'a' \"b\">]",
            "x [<!ENTITY h '<b/>'>]",
            "x [<!ENTITY h '&h;'>]",
            "x [<!ENTITY h '&i;'><!ENTITY i '&h;'>]",
            "x [<!ENTITY h '&nobody;'>]",
            "x [<!ENTITY % more '<!ENTITY h \"a\">'> %more;]",
            "x SYSTEM 'x.dtd'",
            "x PUBLIC '-//a//b' 'x.dtd' [<!ENTITY i 'a'>]",
        ];
        for doctype in unread {
            assert_eq!(read(doctype, "&h;/a"), None, "{doctype}");
        }
        let long = format!("x [<!ENTITY h '{}'>]", "a".repeat(LONGEST + 1));
        assert_eq!(read(&long, "&h;"), None);
        let many: String = (0..=MOST).map(|n| format!("<!ENTITY e{n} 'a'>")).collect();
        assert_eq!(read(&format!("x [{many}]"), &format!("&e{MOST};")), None);
    }

    #[test]
    fn laughter_ends_soon() {
        let level = |n: usize, inner: &str| format!("<!ENTITY l{n} '{}'>", inner.repeat(10));
        let laughs: String = (1..30).map(|n| level(n, &format!("&l{};", n - 1))).collect();
        for innermost in ["lol", ""] {
            let doctype = format!("x [<!ENTITY l0 '{innermost}'>{laughs}]");
            assert_eq!(read(&doctype, "&l29;"), None);
            assert_eq!(read(&doctype, "&l9;"), None);
            assert!(read(&doctype, "&l2;").is_some());
        }
        let doctype = format!("x [<!ENTITY h '{}'>]", "a".repeat(LONGEST));
        let flood = Entities::of(&doctype).unescape(&"&h;".repeat(100_000));
        assert!(flood.is_broken && flood.text.len() < MOST_OF_FILE + 400_000);
    }

    proptest! {
        #[test]
        fn no_text_panics(pieces in proptest::collection::vec(
            prop::sample::select(vec!["<!ENTITY ", "a", " '", "'", "\"", ">", "&", ";", "#", "x", "é", "[", "]", "%", "<!--", "-->", "<?"]),
            0..40,
        )) {
            let text = pieces.concat();
            let _ = Entities::of(&text).unescape(&text);
            let _ = Entities::of(&format!("x [<!ENTITY a '&a;{text}")).unescape(&format!("&a;{text}"));
        }
    }
}
