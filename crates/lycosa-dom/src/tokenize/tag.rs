//! Tags: names, attributes and values.

use std::collections::HashSet;

use html5ever::{
    Attribute, LocalName, QualName, ns,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token, TokenSink},
};

use super::{Mode, Tokenizer, is_space, reference};

const SLOTS: usize = 256;
/// Beyond this many attributes, repeated ones are found by hashing.
const FEW_ATTRIBUTES: usize = 16;

/// The parser's form of the names met, by their text: most tags and attributes repeat.
pub(super) struct NameCache {
    slots: Vec<LocalName>,
    lowered: String,
}

impl NameCache {
    pub(super) fn new() -> Self {
        Self { slots: vec![LocalName::default(); SLOTS], lowered: String::new() }
    }

    /// The name in ASCII lower case, U+0000 replaced.
    fn get(&mut self, text: &str) -> LocalName {
        let is_plain = !text.bytes().any(|byte| byte.is_ascii_uppercase() || byte == 0);
        if is_plain {
            return Self::find(&mut self.slots, text);
        }
        self.lowered.clear();
        self.lowered.extend(text.chars().map(|character| match character {
            '\0' => char::REPLACEMENT_CHARACTER,
            other => other.to_ascii_lowercase(),
        }));
        Self::find(&mut self.slots, &self.lowered)
    }

    fn find(slots: &mut [LocalName], text: &str) -> LocalName {
        let bytes = text.as_bytes();
        let hash = bytes.iter().fold(bytes.len(), |hash, &byte| hash.wrapping_mul(31) ^ usize::from(byte));
        let Some(slot) = slots.get_mut((hash ^ hash >> 9) % SLOTS) else { return LocalName::from(text) };
        if **slot != *text {
            *slot = LocalName::from(text);
        }
        slot.clone()
    }
}

impl<S: TokenSink> Tokenizer<'_, S> {
    /// A start or end tag. One that the text ends in is dropped.
    pub(super) fn tag(&mut self) {
        let is_end = self.rest().get(1) == Some(&b'/');
        let start = self.at + 1 + usize::from(is_end);
        let end = self.end_of_name(start);
        let name = self.names.get(&self.text[start..end]);
        self.at = end;
        let mut attributes = Attributes::default();
        let Some(self_closing) = self.attributes(&mut attributes) else {
            self.at = self.text.len();
            return;
        };
        if !is_end {
            self.last_start_tag = name.clone();
        }
        self.emit(Token::TagToken(Tag {
            kind: if is_end { TagKind::EndTag } else { TagKind::StartTag },
            name,
            self_closing,
            attrs: attributes.list,
            had_duplicate_attributes: attributes.had_duplicate,
        }));
    }

    fn end_of_name(&self, start: usize) -> usize {
        let rest = &self.text.as_bytes()[start..];
        let ends = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>');
        start + rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// Reads to the end of the tag: whether it closes itself, or `None` when the text ends before.
    fn attributes(&mut self, attributes: &mut Attributes) -> Option<bool> {
        loop {
            match self.peek()? {
                byte if is_space(byte) => self.at += 1,
                b'>' => {
                    self.at += 1;
                    return Some(false);
                }
                b'/' => {
                    self.at += 1;
                    if self.peek()? == b'>' {
                        self.at += 1;
                        return Some(true);
                    }
                }
                _ => {
                    let (name, value) = self.attribute()?;
                    attributes.push(name, value);
                }
            }
        }
    }

    fn attribute(&mut self) -> Option<(LocalName, StrTendril)> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        // A first `=` belongs to the name.
        let length =
            bytes[start + 1..].iter().position(|&byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='));
        let end = start + 1 + length?;
        let name = self.names.get(&self.text[start..end]);
        self.at = end;
        self.skip_space()?;
        if self.peek()? != b'=' {
            return Some((name, StrTendril::new()));
        }
        self.at += 1;
        self.skip_space()?;
        let value = match self.peek()? {
            quote @ (b'"' | b'\'') => {
                let start = self.at + 1;
                let length = bytes[start..].iter().position(|&byte| byte == quote)?;
                self.at = start + length + 1;
                self.value(start, start + length)
            }
            b'>' => StrTendril::new(),
            _ => {
                let start = self.at;
                let length = bytes[start..].iter().position(|&byte| is_space(byte) || byte == b'>')?;
                self.at = start + length;
                self.value(start, start + length)
            }
        };
        Some((name, value))
    }

    fn skip_space(&mut self) -> Option<()> {
        while is_space(self.peek()?) {
            self.at += 1;
        }
        Some(())
    }

    /// A value with its references resolved; a slice of the text when it has none.
    fn value(&self, start: usize, end: usize) -> StrTendril {
        let text = &self.text[start..end];
        let special = |byte: &u8| matches!(byte, b'&' | 0);
        if !text.as_bytes().iter().any(special) {
            return self.slice(start, end);
        }
        let mut value = StrTendril::with_capacity(u32::try_from(text.len()).unwrap_or(0));
        let mut rest = text;
        while let Some(position) = rest.as_bytes().iter().position(special) {
            value.push_slice(&rest[..position]);
            rest = &rest[position..];
            if rest.starts_with('\0') {
                value.push_char(char::REPLACEMENT_CHARACTER);
                rest = &rest[1..];
            } else if let Some(found) = reference::read(rest.as_bytes(), true) {
                found.push_to(&mut value);
                rest = &rest[found.length..];
            } else {
                value.push_char('&');
                rest = &rest[1..];
            }
        }
        value.push_slice(rest);
        value
    }

    /// The end of raw text: reads the end tag and returns to markup.
    pub(super) fn raw_end_tag(&mut self) {
        self.mode = Mode::Data;
        self.tag();
    }
}

/// The attributes of a tag, each name once.
#[derive(Default)]
struct Attributes {
    list: Vec<Attribute>,
    /// All names, once there are many.
    names: HashSet<LocalName>,
    had_duplicate: bool,
}

impl Attributes {
    fn push(&mut self, name: LocalName, value: StrTendril) {
        let is_known = if self.list.len() < FEW_ATTRIBUTES {
            self.list.iter().any(|attribute| attribute.name.local == name)
        } else {
            if self.names.is_empty() {
                self.names.extend(self.list.iter().map(|attribute| attribute.name.local.clone()));
            }
            !self.names.insert(name.clone())
        };
        if is_known {
            self.had_duplicate = true;
        } else {
            self.list.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
    }
}
