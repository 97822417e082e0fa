//! Calling the functions beyond XPath 1.0: EXSLT's regular expressions, sets and strings, and parsel's `has-class`.
//! They are as lxml has them, except that regular expressions run in linear time.

use std::collections::HashSet;

use super::{Function, strings::replace};
use crate::{
    Pattern,
    name::{NodeName, atoms},
    xpath::{
        compile::regex,
        evaluate::{
            Focus, Outcome, Run, Text, has_word,
            nodes::{Key, NodeSet},
        },
        plan::Call,
    },
};

/// So many expressions that are made in evaluation are kept.
const MAX_REGEXES: usize = 64;
/// What making one takes, in steps: up to some milliseconds, so that one evaluation does not make thousands.
const REGEX: u64 = 1_000_000;
/// What making a node takes, in steps.
const TOKEN: u64 = 16;
/// The longest text that `str:padding` and `str:align` make, in characters.
const MAX_PADDING: f64 = 1_000_000.0;

impl<'e, 'd> Run<'e, 'd> {
    pub(super) fn extension_boolean(&mut self, call: &'e Call, focus: Focus) -> Outcome<bool> {
        match (call.function, &*call.arguments) {
            (Function::HasClass, classes) => {
                let class = NodeName::plain(atoms::CLASS);
                let value =
                    focus.key.is_node().then(|| self.document.attribute_value(focus.key.owner(), class));
                if focus.key.is_node() {
                    let attributes = self.document.attributes_in(focus.key.owner()..focus.key.owner() + 1);
                    self.charge(attributes.len() as u64)?;
                }
                let Some(value) = value.flatten() else { return Ok(false) };
                for word in classes {
                    let word = self.text(word, focus)?;
                    self.charge_text(value.len())?;
                    if !has_word(value, &word, |byte| byte.is_ascii_whitespace()) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Function::RegexTest, [text, ..]) => {
                let text = self.text(text, focus)?;
                self.charge(text.len() as u64 / 4 + 4)?;
                Ok(self.regex(call, focus)?.is_match(&text))
            }
            (Function::HasSameNode, [left, right]) => {
                let (left, right) = (self.nodes(left, focus)?, self.nodes(right, focus)?);
                self.charge(left.len() as u64)?;
                Ok(left.iter().any(|key| right.contains(key)))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn extension_text(&mut self, call: &'e Call, focus: Focus) -> Outcome<Text<'e, 'd>> {
        match (call.function, &*call.arguments) {
            (Function::RegexReplace, [text, _, flags, by]) => {
                let (text, flags, by) =
                    (self.text(text, focus)?, self.text(flags, focus)?, self.text(by, focus)?);
                self.charge(text.len() as u64 / 4 + 4)?;
                let limit = usize::from(!flags.contains('g'));
                let regex = self.regex(call, focus)?;
                self.replaced(&regex, &text, limit, &by)
            }
            (Function::Replace, [text, from, to]) => {
                let text = self.text(text, focus)?;
                let (from, to) = (self.text(from, focus)?, self.text(to, focus)?);
                self.charge_text(text.len() + from.len())?;
                if !from.is_empty() {
                    let growth = (text.len() / from.len()).saturating_mul(to.len());
                    self.afford(text.len().saturating_add(growth))?;
                }
                Ok(Text::Owned(replace(&text, &from, &to).into_owned()))
            }
            (Function::ConcatNodes, [nodes]) => {
                let mut out = String::new();
                for key in self.nodes(nodes, focus)?.iter() {
                    let text = self.string_value(key);
                    self.charge_text(text.len())?;
                    self.hold(text.len())?;
                    out.push_str(text);
                }
                Ok(Text::Owned(out))
            }
            (Function::Padding, [length, rest @ ..]) => {
                let length = self.number(length, focus)?;
                let filler = match rest {
                    [filler] => self.text(filler, focus)?,
                    _ => Text::Plan(" "),
                };
                let out: String = filler.chars().cycle().take(count(length)).collect();
                self.charge_text(out.len())?;
                Ok(Text::Owned(out))
            }
            (Function::Align, [text, space, rest @ ..]) => {
                let (text, space) = (self.text(text, focus)?, self.text(space, focus)?);
                let how = match rest {
                    [how] => self.text(how, focus)?,
                    _ => Text::Plan("left"),
                };
                self.charge_text(text.len() + space.len())?;
                Ok(Text::Owned(align(&text, &space, &how)))
            }
            _ => Ok(Text::Plan("")),
        }
    }

    pub(super) fn extension_nodes(&mut self, call: &'e Call, focus: Focus) -> Outcome<NodeSet<'d>> {
        if let (Function::Distinct, [nodes]) = (call.function, &*call.arguments) {
            let set = self.nodes(nodes, focus)?;
            let (mut seen, mut keys) = (HashSet::new(), Vec::new());
            for key in set.iter() {
                let text = self.string_value(key);
                self.charge_text(text.len())?;
                if seen.insert(text) {
                    keys.push(key);
                }
            }
            self.hold(keys.len() * size_of::<Key>())?;
            return Ok(NodeSet::from_sorted(keys));
        }
        if let Function::Tokenize | Function::Split = call.function {
            return self.pieces(call, focus);
        }
        let [left, right] = &*call.arguments else { return Ok(NodeSet::EMPTY) };
        let (left, right) = (self.nodes(left, focus)?, self.nodes(right, focus)?);
        self.charge((left.len() + right.len()) as u64)?;
        let keys: Vec<Key> = match call.function {
            Function::Difference => left.iter().filter(|key| !right.contains(*key)).collect(),
            Function::Intersection => left.iter().filter(|key| right.contains(*key)).collect(),
            // Without a second set all of the first; if its first node is not in the first set, nothing.
            _ => match right.first() {
                None => return Ok(left),
                Some(border) if !left.contains(border) => Vec::new(),
                Some(border) if call.function == Function::Leading => {
                    left.iter().filter(|key| *key < border).collect()
                }
                Some(border) => left.iter().filter(|key| *key > border).collect(),
            },
        };
        self.hold(keys.len() * size_of::<Key>())?;
        Ok(NodeSet::from_sorted(keys))
    }

    /// The pieces of a text as nodes of their own: between any of some characters, or between occurrences of a
    /// text; with nothing to part it by, its characters. Empty pieces do not count (EXSLT).
    fn pieces(&mut self, call: &'e Call, focus: Focus) -> Outcome<NodeSet<'d>> {
        let is_split = call.function == Function::Split;
        let (text, by) = match &*call.arguments {
            [text, by] => (self.text(text, focus)?, self.text(by, focus)?),
            [text] => (self.text(text, focus)?, Text::Plan(if is_split { " " } else { "\t\r\n " })),
            _ => return Ok(NodeSet::EMPTY),
        };
        self.charge_text(text.len() * (1 + by.len() / 8))?;
        let mut keys = Vec::new();
        let mut keep = |run: &mut Self, piece: &str| -> Outcome<()> {
            if piece.is_empty() {
                return Ok(());
            }
            run.charge(TOKEN)?;
            run.hold(size_of::<Key>())?;
            match run.document.keep_made(piece) {
                Some(number) => keys.push(Key::made(number)),
                None => return Err(run.out_of_memory()),
            }
            Ok(())
        };
        if by.is_empty() {
            for (at, character) in text.char_indices() {
                keep(self, &text[at..at + character.len_utf8()])?;
            }
        } else if is_split {
            for piece in text.split(&*by) {
                keep(self, piece)?;
            }
        } else {
            for piece in text.split(|character| by.contains(character)) {
                keep(self, piece)?;
            }
        }
        Ok(NodeSet::from_sorted(keys))
    }

    /// The expression of a call, made when its pattern comes from the document.
    fn regex(&mut self, call: &'e Call, focus: Focus) -> Outcome<Pattern> {
        if let Some(regex) = &call.regex {
            return Ok(regex.clone());
        }
        let (Some(pattern), flags) = (call.arguments.get(1), call.arguments.get(2)) else {
            return regex("", "", call.at).map_err(Box::new);
        };
        let pattern = self.text(pattern, focus)?.into_string();
        let flags = match flags {
            Some(flags) => self.text(flags, focus)?.into_string(),
            None => String::new(),
        };
        let key = (pattern, flags);
        if let Some(regex) = self.regexes.get(&key) {
            return Ok(regex.clone());
        }
        self.charge(REGEX)?;
        let made = regex(&key.0, &key.1, call.at).map_err(Box::new)?;
        if self.regexes.len() >= MAX_REGEXES {
            self.regexes.clear();
        }
        self.regexes.insert(key, made.clone());
        Ok(made)
    }

    fn replaced(&mut self, regex: &Pattern, text: &str, limit: usize, by: &str) -> Outcome<Text<'e, 'd>> {
        let (mut out, mut from) = (String::new(), 0);
        for (number, found) in regex.regex().captures_iter(text).enumerate() {
            if limit > 0 && number == limit {
                break;
            }
            // To find the next match can take a look at all that is left (and so at the square of it in all).
            self.charge((text.len() - from) as u64 / 16)?;
            let Some(whole) = found.get(0) else { break };
            let before = out.len();
            out.push_str(&text[from..whole.start()]);
            from = whole.end();
            // Each `$` of the replacement can stand for the whole match.
            let groups = by.bytes().filter(|&byte| byte == b'$').count();
            self.afford(
                out.len().saturating_add(by.len()).saturating_add(groups.saturating_mul(whole.len())),
            )?;
            found.expand(by, &mut out);
            self.charge((out.len() - before) as u64 / 16 + 1)?;
        }
        out.push_str(&text[from..]);
        Ok(Text::Owned(out))
    }
}

/// A length as it was asked for, within bounds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn count(length: f64) -> usize {
    if length.is_nan() { 0 } else { length.clamp(0.0, MAX_PADDING) as usize }
}

/// A text laid over another: at its left end, its right end or in its middle; cut when it is longer (EXSLT).
fn align(text: &str, space: &str, how: &str) -> String {
    let (have, room) = (text.chars().count(), space.chars().count());
    if have >= room {
        return text.chars().take(room).collect();
    }
    let before = match how {
        "right" => room - have,
        "center" => (room - have) / 2,
        _ => 0,
    };
    let head = space.chars().take(before);
    head.chain(text.chars()).chain(space.chars().skip(before + have)).collect()
}
