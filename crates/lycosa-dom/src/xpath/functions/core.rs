//! Calling the functions of XPath 1.0, section 4. Those of a type are called by what wants that type.

use super::{
    Function,
    strings::{Normalized, normalize_space, normalized_length, substring, translate},
};
use crate::{
    document::Attribute,
    name::{Namespace, NodeName, atoms},
    xpath::{
        evaluate::{
            Focus, Outcome, Run, Text, Value, names,
            nodes::{Key, NodeSet, Place},
        },
        number::round,
        plan::{Call, Expr},
    },
};

impl<'e, 'd> Run<'e, 'd> {
    pub(in crate::xpath) fn call_boolean(&mut self, call: &'e Call, focus: Focus) -> Outcome<bool> {
        match (call.function, &*call.arguments) {
            (Function::Contains, [text, part]) => {
                let (text, part) = (self.text(text, focus)?, self.text(part, focus)?);
                self.charge_text(text.len() + part.len())?;
                Ok(memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some())
            }
            (Function::StartsWith, [text, part]) => {
                let (text, part) = (self.text(text, focus)?, self.text(part, focus)?);
                self.charge_text(part.len())?;
                Ok(text.starts_with(&*part))
            }
            (Function::Lang, [wanted]) => {
                let wanted = self.text(wanted, focus)?;
                self.lang(&wanted, focus.key)
            }
            _ => self.extension_boolean(call, focus),
        }
    }

    pub(in crate::xpath) fn call_number(&mut self, call: &'e Call, focus: Focus) -> Outcome<f64> {
        let [argument] = &*call.arguments else { return Ok(f64::NAN) };
        match call.function {
            #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
            Function::Count => Ok(self.count(argument, focus)? as f64),
            Function::Sum => {
                let mut sum = 0.0;
                for key in self.nodes(argument, focus)?.iter() {
                    let text = self.string_value(key);
                    sum += self.parse(text)?;
                }
                Ok(sum)
            }
            Function::StringLength => {
                if let Expr::Call(inner) = argument
                    && let (Function::NormalizeSpace, [text]) = (inner.function, &*inner.arguments)
                {
                    let text = self.text(text, focus)?;
                    self.charge_text(text.len())?;
                    #[allow(clippy::cast_precision_loss, reason = "texts are shorter than 2^53 bytes")]
                    return Ok(normalized_length(&text) as f64);
                }
                let text = self.text(argument, focus)?;
                self.charge_text(text.len())?;
                #[allow(clippy::cast_precision_loss, reason = "texts are shorter than 2^53 bytes")]
                Ok(text.chars().count() as f64)
            }
            Function::Floor => Ok(self.number(argument, focus)?.floor()),
            Function::Ceiling => Ok(self.number(argument, focus)?.ceil()),
            Function::Round => Ok(round(self.number(argument, focus)?)),
            _ => self.number(argument, focus),
        }
    }

    pub(in crate::xpath) fn call_text(&mut self, call: &'e Call, focus: Focus) -> Outcome<Text<'e, 'd>> {
        match (call.function, &*call.arguments) {
            (Function::Concat, parts) => self.concat(parts, focus),
            (Function::String, [argument]) => self.text(argument, focus),
            (Function::LocalName | Function::NamespaceUri | Function::Name, [argument]) => {
                let Some(key) = self.first(argument, focus)? else { return Ok(Text::Plan("")) };
                Ok(self.name_of(call.function, key))
            }
            (Function::SubstringBefore | Function::SubstringAfter, [text, part]) => {
                let (text, part) = (self.text(text, focus)?, self.text(part, focus)?);
                self.charge_text(text.len() + part.len())?;
                let Some(at) = memchr::memmem::find(text.as_bytes(), part.as_bytes()) else {
                    return Ok(Text::Plan(""));
                };
                let (after, length) = (at + part.len(), text.len());
                Ok(text.part(if call.function == Function::SubstringBefore { 0..at } else { after..length }))
            }
            (Function::Substring, [text, start, rest @ ..]) => {
                let text = self.text(text, focus)?;
                let start = self.number(start, focus)?;
                let length = match rest {
                    [length] => Some(self.number(length, focus)?),
                    _ => None,
                };
                self.charge_text(text.len())?;
                let range = substring(&text, start, length);
                Ok(text.part(range))
            }
            (Function::NormalizeSpace, [text]) => {
                let text = self.text(text, focus)?;
                self.charge_text(text.len())?;
                Ok(match normalize_space(&text) {
                    Normalized::Part(range) => text.part(range),
                    Normalized::New(new) => Text::Owned(new),
                })
            }
            (Function::Translate, [text, from, to]) => {
                let text = self.text(text, focus)?;
                let (from, to) = (self.text(from, focus)?, self.text(to, focus)?);
                self.charge_text((text.len() + from.len() + to.len()).saturating_mul(4))?;
                // A character can become one of more bytes.
                let widest = to.chars().map(char::len_utf8).max().unwrap_or(1);
                self.afford(text.len().saturating_mul(widest))?;
                Ok(translate(&text, &from, &to).map_or(text, Text::Owned))
            }
            _ => self.extension_text(call, focus),
        }
    }

    pub(in crate::xpath) fn call_nodes(&mut self, call: &'e Call, focus: Focus) -> Outcome<NodeSet<'d>> {
        match (call.function, &*call.arguments) {
            (Function::Id, [argument]) => {
                let mut found = Vec::new();
                match self.value(argument, focus)? {
                    Value::Nodes(set) => {
                        for key in set.iter() {
                            let text = self.string_value(key);
                            self.ids(text, &mut found)?;
                        }
                    }
                    Value::Text(text) => self.ids(&text, &mut found)?,
                    _ => {
                        let text = self.text(argument, focus)?;
                        self.ids(&text, &mut found)?;
                    }
                }
                Ok(NodeSet::from_unsorted_tree(found))
            }
            _ => self.extension_nodes(call, focus),
        }
    }

    fn concat(&mut self, parts: &'e [Expr], focus: Focus) -> Outcome<Text<'e, 'd>> {
        let mut out = String::new();
        for part in parts {
            let part = self.text(part, focus)?;
            self.charge_text(part.len())?;
            self.hold(part.len())?;
            out.push_str(&part);
        }
        Ok(Text::Owned(out))
    }

    fn name_of(&self, function: Function, key: Key) -> Text<'e, 'd> {
        match function {
            Function::LocalName => Text::Document(names::local_name(self.document, key)),
            Function::NamespaceUri => Text::Document(names::namespace_uri(self.document, key)),
            _ => match names::qualified_name(self.document, key) {
                std::borrow::Cow::Borrowed(name) => Text::Document(name),
                std::borrow::Cow::Owned(name) => Text::Owned(name),
            },
        }
    }

    /// The elements whose identifiers are the words of a text, each word's first.
    fn ids(&mut self, text: &str, found: &mut Vec<u32>) -> Outcome<()> {
        self.charge_text(text.len())?;
        let document = self.document;
        for word in text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
            let attribute = match document.ids_with_value(word) {
                Some(indexed) => indexed.first().copied(),
                None => {
                    let mut all = document.attributes_in(0..document.end_of(0));
                    self.charge(u64::from(all.end))?;
                    all.find(|&attribute| {
                        document.value_of_attribute(attribute) == word && document.is_id_attribute(attribute)
                    })
                }
            };
            self.charge(16)?;
            found.extend(attribute.map(|attribute| document.owner_of(attribute)));
        }
        Ok(())
    }

    /// Whether the language of a node, as the nearest attribute says, is this one or a kind of it.
    fn lang(&mut self, wanted: &str, key: Key) -> Outcome<bool> {
        let document = self.document;
        let mut at = (!matches!(key.place(), Place::Made(_))).then(|| key.owner());
        while let Some(node) = at {
            self.charge(1 + document.attributes_in(node..node + 1).len() as u64)?;
            if let Some(language) = self.language(node) {
                let (start, rest) = match language.as_bytes().split_at_checked(wanted.len()) {
                    Some(parts) => parts,
                    None => return Ok(false),
                };
                let is_kind = rest.first().is_none_or(|&next| next == b'-');
                return Ok(is_kind && start.eq_ignore_ascii_case(wanted.as_bytes()));
            }
            at = document.parent_of(node);
        }
        Ok(false)
    }

    /// The language that a node itself declares: `xml:lang`, and in HTML documents `lang`.
    fn language(&self, node: u32) -> Option<&'d str> {
        let document = self.document;
        document.attribute_value(node, NodeName::new(Namespace::Xml, atoms::LANG)).or_else(|| {
            let attributes = document.attributes_in(node..node + 1);
            let found = attributes.filter_map(|number| Attribute::new(document, number));
            let mut found = found.filter(|attribute| names::is_html_language(document, *attribute));
            found.next().map(Attribute::value)
        })
    }
}
