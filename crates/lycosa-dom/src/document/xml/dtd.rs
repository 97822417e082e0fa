//! The document type: its name and identifiers, and of the internal subset the declarations that change the
//! tree: entities, defaults and types of attributes. Element and notation declarations are passed over.
//! Internal parameter entities are read where declarations may stand; nothing external ever is.

use std::{collections::HashMap, rc::Rc};

use super::{
    entity::{Entities, Entity, Expansion, MAX_DEPTH, character, tokenised},
    problem::{Problems, XmlProblemKind as Kind},
    token::{is_space, split_name},
};

/// An attribute that the document type declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: Box<str>,
    pub(super) is_id: bool,
    /// Of type `CDATA`, whose spaces stay.
    pub(super) is_cdata: bool,
    pub(super) default: Option<Box<str>>,
}

/// The declared attributes of an element.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    list: Vec<Declared>,
    /// Where in the list those with a default are.
    defaults: Vec<usize>,
    places: HashMap<Box<str>, usize>,
}

impl Attributes {
    pub(super) fn get(&self, name: &str) -> Option<&Declared> {
        self.list.get(*self.places.get(name)?)
    }

    /// Those that an element has without being given them, with what they are then.
    pub(super) fn defaults(&self) -> impl Iterator<Item = (&Declared, &str)> {
        let declared = self.defaults.iter().filter_map(|&place| self.list.get(place));
        declared.filter_map(|declared| Some((declared, declared.default.as_deref()?)))
    }

    fn add(&mut self, declared: Declared) {
        // The first declaration counts.
        if !self.places.contains_key(&declared.name) {
            self.places.insert(declared.name.clone(), self.list.len());
            self.defaults.extend(declared.default.is_some().then_some(self.list.len()));
            self.list.push(declared);
        }
    }
}

/// What a document type says.
#[derive(Debug, Default)]
pub(super) struct Dtd {
    pub(super) name: String,
    pub(super) public: String,
    pub(super) system: String,
    pub(super) entities: Entities,
    pub(super) attributes: HashMap<Box<str>, Attributes>,
}

impl Dtd {
    /// Reads what stands between `<!DOCTYPE` and its `>`, which begins at `at`.
    pub(super) fn read(
        content: &str,
        at: usize,
        expansion: &mut Expansion,
        problems: &mut Problems<'_>,
    ) -> Self {
        let mut dtd = Self::default();
        let (name, rest) = split_name(content);
        dtd.name = name.to_owned();
        let rest = dtd.external(rest.trim_start_matches(is_space));
        let subset = rest.strip_prefix('[').and_then(|subset| subset.rsplit_once(']'));
        if name.is_empty() || (subset.is_none() && !rest.is_empty()) {
            problems.add(Kind::InvalidDoctype, at, name);
        }
        dtd.entities.has_unread = !dtd.system.is_empty();
        if let Some((subset, _)) = subset {
            let reader = Subset { dtd: &mut dtd, parameters: HashMap::new(), at, expansion, problems };
            reader.run(subset);
        }
        dtd
    }

    /// Reads the identifiers before the internal subset; what follows them.
    fn external<'c>(&mut self, content: &'c str) -> &'c str {
        if let Some(rest) = content.strip_prefix("SYSTEM") {
            let Some((system, rest)) = literal(rest) else { return rest };
            self.system = system.to_owned();
            return rest.trim_start_matches(is_space);
        }
        let Some(rest) = content.strip_prefix("PUBLIC") else { return content };
        let Some((public, rest)) = literal(rest) else { return rest };
        self.public = public.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        // In HTML the second may be missing.
        let Some((system, rest)) = literal(rest) else { return rest.trim_start_matches(is_space) };
        self.system = system.to_owned();
        rest.trim_start_matches(is_space)
    }
}

/// The quoted text that something begins with, after white space, and what follows.
fn literal(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(is_space);
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split_once(quote)
}

/// The internal subset while it is read.
struct Subset<'r, 't> {
    dtd: &'r mut Dtd,
    /// Internal parameter entities.
    parameters: HashMap<Box<str>, Rc<str>>,
    at: usize,
    expansion: &'r mut Expansion,
    problems: &'r mut Problems<'t>,
}

impl Subset<'_, '_> {
    fn run(mut self, subset: &str) {
        let mut stack: Vec<(Rc<str>, usize)> = vec![(subset.into(), 0)];
        while let Some((text, from)) = stack.pop() {
            let Some(rest) = text.get(from..) else { continue };
            let rest = rest.trim_start_matches(is_space);
            if rest.is_empty() {
                continue;
            }
            if let Some(after) = rest.strip_prefix('%') {
                let (name, after) = split_name(after);
                let after = after.strip_prefix(';').unwrap_or(after);
                let at = text.len() - after.len();
                let replacement = self.parameter(name, stack.len());
                stack.push((text, at));
                stack.extend(replacement.map(|replacement| (replacement, 0)));
                continue;
            }
            let after = self.declaration(rest);
            let at = text.len() - after.len();
            stack.push((text, at));
        }
    }

    fn parameter(&mut self, name: &str, depth: usize) -> Option<Rc<str>> {
        let Some(text) = self.parameters.get(name).cloned() else {
            self.dtd.entities.has_unread = true;
            return None;
        };
        let may_enter = depth < MAX_DEPTH && self.expansion.take(text.len());
        if !may_enter {
            self.problems.note(Kind::EntityLimit, self.at, name);
            self.dtd.entities.has_unread = true;
        }
        may_enter.then_some(text)
    }

    /// Reads the declaration a text begins with; what follows. Never returns the text itself.
    fn declaration<'c>(&mut self, text: &'c str) -> &'c str {
        if let Some(inside) = text.strip_prefix("<!--") {
            return inside.split_once("-->").map_or("", |(_, rest)| rest);
        }
        if let Some(inside) = text.strip_prefix("<?") {
            return inside.split_once("?>").map_or("", |(_, rest)| rest);
        }
        let read = if let Some(inside) = text.strip_prefix("<!ENTITY") {
            self.entity(inside)
        } else if let Some(inside) = text.strip_prefix("<!ATTLIST") {
            self.attribute_list(inside)
        } else if text.starts_with("<!ELEMENT") || text.starts_with("<!NOTATION") {
            skip_declaration(text)
        } else {
            None
        };
        if let Some(rest) = read {
            return rest;
        }
        self.problems.add(Kind::InvalidDoctype, self.at, "");
        text.split_once('>').map_or("", |(_, rest)| rest)
    }

    fn entity<'c>(&mut self, text: &'c str) -> Option<&'c str> {
        let text = text.trim_start_matches(is_space);
        let (is_parameter, text) = match text.strip_prefix('%') {
            Some(rest) => (true, rest.trim_start_matches(is_space)),
            None => (false, text),
        };
        let (name, rest) = split_name(text);
        if name.is_empty() {
            return None;
        }
        let Some((value, rest)) = literal(rest) else {
            if !is_parameter {
                self.dtd.entities.declared.entry(name.into()).or_insert(Entity::Elsewhere);
            }
            return skip_declaration(rest);
        };
        let rest = rest.trim_start_matches(is_space).strip_prefix('>')?;
        let value = self.replace_characters(value);
        if is_parameter {
            self.parameters.entry(name.into()).or_insert_with(|| value.into());
        } else {
            let declared = &mut self.dtd.entities.declared;
            declared.entry(name.into()).or_insert_with(|| Entity::Text(value.into()));
        }
        Some(rest)
    }

    /// The text of an entity from its literal: character references are replaced when it is declared, others
    /// when it is used (XML 1.0, 4.5).
    fn replace_characters(&mut self, literal: &str) -> String {
        let mut out = String::with_capacity(literal.len());
        let mut rest = literal;
        while let Some((before, after)) = rest.split_once("&#") {
            out.push_str(before);
            let end = after.find(|digit: char| !digit.is_ascii_alphanumeric()).unwrap_or(after.len());
            match (character(&after[..end]), after[end..].strip_prefix(';')) {
                (Some(found), Some(after)) => {
                    out.push(found);
                    rest = after;
                }
                _ => {
                    self.problems.add(Kind::InvalidReference, self.at, &after[..end]);
                    rest = after[end..].strip_prefix(';').unwrap_or(&after[end..]);
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn attribute_list<'c>(&mut self, text: &'c str) -> Option<&'c str> {
        let (element, mut rest) = split_name(text.trim_start_matches(is_space));
        if element.is_empty() {
            return None;
        }
        loop {
            rest = rest.trim_start_matches(is_space);
            if let Some(rest) = rest.strip_prefix('>') {
                return Some(rest);
            }
            let (name, after) = split_name(rest);
            if name.is_empty() {
                return None;
            }
            let (kind, after) = attribute_type(after.trim_start_matches(is_space))?;
            let after = after.trim_start_matches(is_space);
            let no_default = ["#REQUIRED", "#IMPLIED"].iter().find_map(|word| after.strip_prefix(*word));
            let is_cdata = kind == "CDATA";
            let (default, after) = match no_default {
                Some(after) => (None, after),
                None => {
                    let (raw, after) = literal(after.strip_prefix("#FIXED").unwrap_or(after))?;
                    (Some(self.default_value(raw, is_cdata)), after)
                }
            };
            let declared = Declared { name: name.into(), is_id: kind == "ID", is_cdata, default };
            self.dtd.attributes.entry(element.into()).or_default().add(declared);
            rest = after;
        }
    }

    fn default_value(&mut self, raw: &str, is_cdata: bool) -> Box<str> {
        let value = self.dtd.entities.attribute_value(raw, self.at, self.expansion, self.problems);
        if is_cdata { value.into() } else { tokenised(value).into() }
    }
}

/// The type of an attribute: a word, or an enumeration with or without `NOTATION`.
fn attribute_type(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = split_name(text);
    let after = rest.trim_start_matches(is_space);
    match after.strip_prefix('(') {
        // Markup ends the search, or one open list after another would be sought to the end of the text.
        Some(inside) => inside[inside.find([')', '<', '>'])?..].strip_prefix(')').map(|rest| ("", rest)),
        None => (!word.is_empty()).then_some((word, rest)),
    }
}

/// What follows the `>` of a declaration, quotes respected.
fn skip_declaration(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let end = rest.find(['>', '"', '\''])?;
        let after = &rest[end + 1..];
        match rest.as_bytes().get(end) {
            Some(b'"') => rest = after.split_once('"')?.1,
            Some(b'\'') => rest = after.split_once('\'')?.1,
            _ => return Some(after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enumeration_is_looked_for_up_to_the_next_markup() {
        assert_eq!(attribute_type("(a | b ) 'a'"), Some(("", " 'a'")));
        assert_eq!(attribute_type("NOTATION (a) 'a'"), Some(("", " 'a'")));
        for open in ["(", "(>", "(a <!ATTLIST e a ()", "(a > ) 'a'"] {
            assert_eq!(attribute_type(open), None, "{open}");
        }
    }

    #[test]
    fn only_attributes_with_a_default_are_walked() {
        let mut attributes = Attributes::default();
        for (name, default) in [("a", None), ("b", Some("x")), ("c", None), ("b", Some("y"))] {
            let default = default.map(Into::into);
            attributes.add(Declared { name: name.into(), is_id: false, is_cdata: true, default });
        }
        let defaults: Vec<_> =
            attributes.defaults().map(|(declared, text)| (&*declared.name, text)).collect();
        assert_eq!((attributes.list.len(), defaults), (3, vec![("b", "x")]));
    }
}
