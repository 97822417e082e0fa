//! Entities and character references: what they stand for, and how much of that may come in. An entity can
//! double itself at every level of nesting, so depth and the sum of all replacement text are bounded.

use std::{borrow::Cow, collections::HashMap};

use super::{
    problem::{Problems, XmlProblemKind as Kind},
    token::{is_space, split_name},
};
use crate::tokenize::html_entity;

/// Entities nest no deeper than this.
pub(super) const MAX_DEPTH: usize = 32;
/// All replacement text together has at most this many bytes, and `FACTOR` times the document's length more.
const BASE: usize = 1 << 20;
const FACTOR: usize = 4;
/// But never more than this.
const MOST: usize = 64 << 20;

/// What a declared entity is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entity {
    /// Text of this document, character references replaced.
    Text(Box<str>),
    /// In another file, or no text.
    Elsewhere,
}

/// The declared general entities by name.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) declared: HashMap<Box<str>, Entity>,
    /// There may be declarations that were not read: in an external subset or parameter entity.
    pub(super) has_unread: bool,
}

/// What a reference brings in.
#[derive(Debug)]
pub(super) enum Replacement<'a> {
    /// Text as it is.
    Plain(Cow<'a, str>),
    /// The text of an entity, in which there may be references and markup.
    Entity(&'a str),
    /// Nothing.
    Nothing,
    /// The reference itself, as text.
    Literal,
}

/// The replacement text that may still come in.
#[derive(Debug)]
pub(super) struct Expansion {
    left: usize,
    pub(super) is_exceeded: bool,
}

impl Expansion {
    pub(super) fn new(text_len: usize) -> Self {
        Self { left: text_len.saturating_mul(FACTOR).saturating_add(BASE).min(MOST), is_exceeded: false }
    }

    /// Whether that many more bytes may come in.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes.saturating_add(1)) {
            Some(left) => self.left = left,
            // From now on nothing comes in, or one small entity after another would be tried.
            None => (self.left, self.is_exceeded) = (0, true),
        }
        !self.is_exceeded
    }
}

impl Entities {
    /// What stands for the reference with this between `&` and `;`. Declared entities that cannot be replaced
    /// are recorded, as is what is not declared.
    pub(super) fn resolve<'a>(
        &'a self,
        reference: &str,
        at: usize,
        problems: &mut Problems<'_>,
    ) -> Replacement<'a> {
        if let Some(number) = reference.strip_prefix('#') {
            return match character(number) {
                Some(found) => Replacement::Plain(found.to_string().into()),
                None => {
                    problems.add(Kind::InvalidReference, at, reference);
                    Replacement::Nothing
                }
            };
        }
        if let Some(text) = predefined(reference) {
            return Replacement::Plain(text.into());
        }
        match self.declared.get(reference) {
            Some(Entity::Text(text)) => return Replacement::Entity(text),
            Some(Entity::Elsewhere) => {
                problems.note(Kind::ExternalEntity, at, reference);
                return Replacement::Nothing;
            }
            None => {}
        }
        let (name, rest) = split_name(reference);
        if name.is_empty() || !rest.is_empty() {
            problems.add(Kind::InvalidReference, at, "");
            return Replacement::Literal;
        }
        let meant = html_entity(reference);
        // What an unread subset may declare is not known to be undeclared (XML 1.0, 4.1).
        if self.has_unread {
            problems.note(Kind::UndefinedEntity, at, reference);
        } else {
            problems.add(Kind::UndefinedEntity, at, reference);
        }
        meant.map_or(Replacement::Literal, |text| Replacement::Plain(text.into()))
    }

    /// The value of an attribute (XML 1.0, 3.3.3): references replaced, white space to spaces.
    pub(super) fn attribute_value<'v>(
        &self,
        raw: &'v str,
        at: usize,
        expansion: &mut Expansion,
        problems: &mut Problems<'_>,
    ) -> Cow<'v, str> {
        if !raw.contains(['&', '\t', '\n', '\r']) && !has_forbidden(raw) {
            return raw.into();
        }
        let mut out = String::with_capacity(raw.len());
        let mut stack = vec![(raw, "")];
        while let Some((rest, name)) = stack.pop() {
            let end = rest.find('&').unwrap_or(rest.len());
            push_spaced(&rest[..end], &mut out, at, problems);
            let Some(after) = rest.get(end + 1..) else { continue };
            let close = after.find([';', '&', '<']).filter(|&close| after[close..].starts_with(';'));
            let Some(close) = close else {
                problems.add(Kind::InvalidReference, at, "");
                out.push('&');
                stack.push((after, name));
                continue;
            };
            let (reference, after) = (&after[..close], &after[close + 1..]);
            stack.push((after, name));
            match self.resolve(reference, at, problems) {
                Replacement::Plain(text) => out.push_str(&text),
                Replacement::Nothing => {}
                Replacement::Literal => {
                    out.push('&');
                    push_spaced(reference, &mut out, at, problems);
                    out.push(';');
                }
                Replacement::Entity(text) => {
                    let is_open = stack.iter().any(|(_, open)| *open == reference);
                    let key = self.declared.get_key_value(reference).map_or("", |(key, _)| key);
                    if may_enter(is_open, stack.len(), text, expansion, (at, reference), problems) {
                        stack.push((text, key));
                    }
                }
            }
        }
        out.into()
    }
}

/// Whether the text of an entity may come in here; if not, that is recorded.
pub(super) fn may_enter(
    is_open: bool,
    depth: usize,
    text: &str,
    expansion: &mut Expansion,
    (at, name): (usize, &str),
    problems: &mut Problems<'_>,
) -> bool {
    if is_open {
        problems.add(Kind::RecursiveEntity, at, name);
        return false;
    }
    let was_exceeded = expansion.is_exceeded;
    if depth > MAX_DEPTH {
        expansion.is_exceeded = true;
    }
    let may_enter = !expansion.is_exceeded && expansion.take(text.len());
    if !may_enter && !was_exceeded {
        problems.note(Kind::EntityLimit, at, name);
    }
    may_enter
}

fn push_spaced(text: &str, out: &mut String, at: usize, problems: &mut Problems<'_>) {
    let text = allowed(text, at, problems);
    if !text.contains(['\t', '\n', '\r']) {
        return out.push_str(&text);
    }
    out.extend(text.chars().map(|character| if is_space(character) { ' ' } else { character }));
}

/// A value of a type other than `CDATA`: single spaces, none at the ends.
pub(super) fn tokenised(value: Cow<'_, str>) -> Cow<'_, str> {
    if !value.starts_with(' ') && !value.ends_with(' ') && !value.contains("  ") {
        return value;
    }
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").into()
}

/// The character of a reference with this between `&#` and `;`, if XML allows it.
pub(super) fn character(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|&character| is_allowed(character))
}

fn predefined(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// The characters of XML (1.0, production 2).
fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

fn has_forbidden(text: &str) -> bool {
    // The two beyond ASCII begin with this byte, as few others do.
    let is_suspect = |byte: u8| byte == 0xef || (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'));
    text.bytes().any(is_suspect) && text.chars().any(|character| !is_allowed(character))
}

/// The text without characters that XML does not allow, which are recorded.
pub(super) fn allowed<'v>(text: &'v str, at: usize, problems: &mut Problems<'_>) -> Cow<'v, str> {
    if !has_forbidden(text) {
        return text.into();
    }
    problems.add(Kind::InvalidCharacter, at, "");
    text.chars().filter(|&character| is_allowed(character)).collect::<String>().into()
}
