//! Entries of one origin one behind the other as bytes, first in, first out: a plain page costs its path
//! and four bytes more, and its fingerprint where that does not follow from the URL; its parent costs nothing when the one before was found on the same page.
//!
//! What it leaves out: the origin, which is the same for all, and checksums, which belong to files.

use std::sync::Arc;

use super::entry::{Body, Entry};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{RequestKind, UrlKey};

/// Bytes that were read are let go of when they are this many and half of all.
const LET_GO: usize = 256;

/// The entries.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    /// Where the first entry begins.
    start: usize,
    count: u32,
    /// The parent before the first entry.
    before: Parent,
    /// That of the last, where it is known.
    last: Option<Parent>,
}

type Parent = Option<Arc<str>>;

/// Bits of an entry's first byte.
mod flag {
    pub(super) const PLAIN: u8 = 1;
    pub(super) const SAME_PARENT: u8 = 2;
    pub(super) const CLASS: u32 = 2;
    pub(super) const KIND: u32 = 4;
    pub(super) const KINDS: u8 = 7;
    pub(super) const KEY_FOLLOWS: u8 = 1 << 7;
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Parts of about so many bytes, in order; each entry is looked at once.
    pub(super) fn split(&self, bytes: usize, origin: u32) -> Vec<Self> {
        let whole = self.bytes.get(self.start..).unwrap_or_default();
        let mut reader = Reader::new(whole);
        let (mut parts, mut from, mut count) = (Vec::new(), 0, 0);
        let (mut before, mut parent) = (self.before.clone(), self.before.clone());
        for number in 1..=self.count {
            let Ok(entry) = read(&mut reader, origin, &parent) else { break };
            parent.clone_from(entry.parent());
            count += 1;
            let to = whole.len() - reader.left();
            if to - from >= bytes || number == self.count {
                let part = whole.get(from..to).unwrap_or_default().to_vec();
                parts.push(Self { bytes: part, start: 0, count, before, last: Some(parent.clone()) });
                (from, count, before) = (to, 0, parent.clone());
            }
        }
        parts
    }

    /// Puts an entry at the end.
    pub(super) fn push(&mut self, entry: &Entry) {
        let out = &mut self.bytes;
        let parent = entry.parent();
        let same = self.count > 0 && self.last.as_ref() == Some(parent);
        let kind = wire::code_of(&RequestKind::ALL, &entry.kind);
        let plain = matches!(entry.body, Body::Plain { .. });
        out.push(
            (u8::from(plain) * flag::PLAIN)
                | (u8::from(same) * flag::SAME_PARENT)
                | ((entry.class & 3) << flag::CLASS)
                | ((kind & flag::KINDS) << flag::KIND)
                | (u8::from(entry.own_key.is_none()) * flag::KEY_FOLLOWS),
        );
        if let Some(key) = entry.own_key {
            out.extend_from_slice(&key.0.to_le_bytes());
        }
        wire::put_number(out, u64::from(entry.depth));
        wire::put_number(out, u64::from(entry.attempt));
        if !same {
            wire::put_option(out, parent.as_deref(), wire::put_text);
            self.last = Some(parent.clone());
        }
        match &entry.body {
            Body::Plain { path, .. } => wire::put_text(out, path),
            Body::Whole(request) => wire::put_special(out, request),
        }
        self.count += 1;
    }

    /// Takes the first entry.
    pub(super) fn pop(&mut self, origin: u32) -> Option<Entry> {
        if self.count == 0 {
            return None;
        }
        let mut reader = Reader::new(self.bytes.get(self.start..)?);
        let entry = read(&mut reader, origin, &self.before).ok();
        self.start = self.bytes.len() - reader.left();
        self.count -= 1;
        match &entry {
            Some(entry) if self.count > 0 => self.before.clone_from(entry.parent()),
            _ => *self = Self::default(),
        }
        if self.start > LET_GO && self.start * 2 > self.bytes.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        entry
    }

    /// All entries, left where they are.
    pub(super) fn entries(&self, origin: u32) -> impl Iterator<Item = Entry> {
        let mut reader = Reader::new(self.bytes.get(self.start..).unwrap_or_default());
        let mut parent = self.before.clone();
        (0..self.count).map_while(move |_| {
            let entry = read(&mut reader, origin, &parent).ok()?;
            parent.clone_from(entry.parent());
            Some(entry)
        })
    }

    /// Takes the first entry that this is true of. That is nearly always the first of all: only then it is quick.
    pub(super) fn take(&mut self, origin: u32, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        if wanted(&self.entries(origin).next()?) {
            return self.pop(origin);
        }
        let place = self.entries(origin).position(|entry| wanted(&entry))?;
        let mut found = None;
        let mut rest = Self::default();
        for (at, entry) in self.entries(origin).enumerate() {
            if at == place {
                found = Some(entry);
            } else {
                rest.push(&entry);
            }
        }
        *self = rest;
        found
    }

    /// Drops the last entries, so that no more than these bytes are left.
    pub(super) fn shorten(&mut self, bytes: usize) {
        let whole = self.bytes.get(self.start..).unwrap_or_default();
        if whole.len() <= bytes {
            return;
        }
        let (mut reader, mut kept, mut end) = (Reader::new(whole), 0, 0);
        while pass(&mut reader).is_ok() && whole.len() - reader.left() <= bytes {
            kept += 1;
            end = whole.len() - reader.left();
        }
        let bytes = whole.get(..end).unwrap_or_default().to_vec();
        let before = self.before.take().filter(|_| kept > 0);
        *self = Self { bytes, start: 0, count: kept, last: None, before };
    }

    /// Drops the first so many entries.
    pub(super) fn skip(&mut self, count: u32) -> Result<(), Damaged> {
        let mut reader = Reader::new(self.bytes.get(self.start..).unwrap_or_default());
        let mut parent = None;
        for _ in 0..count {
            parent = pass(&mut reader)?.or(parent);
        }
        let start = self.bytes.len() - reader.left();
        if let Some(parent) = parent {
            self.before = parent.map(Arc::from);
        }
        (self.start, self.count) = (start, self.count.checked_sub(count).ok_or(Damaged)?);
        Ok(())
    }

    /// Reads what [`Self::store`] wrote and is known to be whole, so that nothing is looked at before its time.
    pub(super) fn trust(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = reader.small()?;
        let before: Parent = reader.option(|reader| reader.text().map(Arc::from))?;
        Ok(Self { bytes: reader.bytes()?.to_vec(), start: 0, count, last: None, before })
    }

    /// The same from bytes of its own, which it keeps as they are.
    pub(super) fn adopt(bytes: Vec<u8>) -> Result<Self, Damaged> {
        let mut reader = Reader::new(&bytes);
        let count = reader.small()?;
        let before: Parent = reader.option(|reader| reader.text().map(Arc::from))?;
        if reader.number()? != reader.left() as u64 {
            return Err(Damaged);
        }
        let start = bytes.len() - reader.left();
        Ok(Self { start, bytes, count, last: None, before })
    }

    /// Writes all of it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_number(out, u64::from(self.count));
        wire::put_option(out, self.before.as_deref(), wire::put_text);
        wire::put_bytes(out, self.bytes.get(self.start..).unwrap_or_default());
    }

    /// Reads what [`Self::store`] wrote; every entry is read once, so that damage is noticed here.
    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = reader.small()?;
        let before: Parent = reader.option(|reader| reader.text().map(Arc::from))?;
        let bytes = reader.bytes()?.to_vec();
        let mut packed = Self { bytes, start: 0, count, last: None, before };
        let mut entries = packed.entries(0);
        let (mut found, mut last) = (0, None);
        for entry in entries.by_ref() {
            found += 1;
            last = Some(entry);
        }
        drop(entries);
        if found != count {
            return Err(Damaged);
        }
        if let Some(entry) = last {
            packed.last = Some(entry.parent().clone());
        }
        Ok(packed)
    }
}

/// Reads past an entry; its parent, when it is another than that of the one before.
fn pass<'a>(reader: &mut Reader<'a>) -> Result<Option<Option<&'a str>>, Damaged> {
    let flags = reader.byte()?;
    if flags & flag::KEY_FOLLOWS == 0 {
        reader.fixed64()?;
    }
    // Its depth and attempt.
    reader.number()?;
    reader.number()?;
    let parent = match flags & flag::SAME_PARENT {
        0 => Some(reader.option(Reader::text)?),
        _ => None,
    };
    if flags & flag::PLAIN != 0 {
        reader.bytes()?;
    } else {
        wire::read_special(reader)?;
    }
    Ok(parent)
}

/// Reads the entry that follows one with this parent.
fn read(reader: &mut Reader<'_>, origin: u32, before: &Parent) -> Result<Entry, Damaged> {
    let flags = reader.byte()?;
    let own_key = match flags & flag::KEY_FOLLOWS {
        0 => Some(UrlKey(reader.fixed64()?)),
        _ if flags & flag::PLAIN == 0 => return Err(Damaged),
        _ => None,
    };
    let (depth, attempt) = (reader.small()?, reader.small()?);
    let attempt = u16::try_from(attempt).map_err(|_| Damaged)?;
    let kind = *RequestKind::ALL.get(usize::from(flags >> flag::KIND & flag::KINDS)).ok_or(Damaged)?;
    let class = flags >> flag::CLASS & 3;
    let parent = match flags & flag::SAME_PARENT {
        0 => reader.option(|reader| reader.text().map(Arc::from))?,
        _ => before.clone(),
    };
    let body = if flags & flag::PLAIN != 0 {
        Body::Plain { path: reader.text()?.into(), parent }
    } else {
        let mut request = wire::read_special(reader)?;
        (request.kind, request.class, request.depth, request.parent) = (kind, class, depth, parent);
        request.attempt = u32::from(attempt);
        Body::Whole(Box::new(request))
    };
    Ok(Entry { own_key, depth, attempt, origin, class, kind, body })
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Origin, Request};
    use crate::scope::Fingerprint;

    fn origin() -> Origin {
        Origin::of(&url::Url::parse("http://a.test/").unwrap()).unwrap()
    }

    fn fingerprint() -> Fingerprint {
        Fingerprint::new([3; 16])
    }

    fn entry(number: u64, parent: Option<&str>, special: bool) -> Entry {
        entry_with(number, parent, special, number.is_multiple_of(3))
    }

    fn entry_with(number: u64, parent: Option<&str>, special: bool, follows: bool) -> Entry {
        let mut request = Request::get(format!("http://a.test/{number}"));
        request.parent = parent.map(Into::into);
        (request.depth, request.class) =
            (u32::try_from(number % 300).unwrap(), u8::try_from(number % 4).unwrap());
        request.attempt = u32::try_from(number % 3).unwrap();
        if special {
            request.label = Some("detail".into());
            request.kind = RequestKind::Render;
        }
        let request_key = fingerprint().plain(&origin(), &format!("/{number}"));
        let key = if follows { request_key } else { UrlKey(number) };
        Entry::new(key, 7, &origin(), request, fingerprint())
    }

    fn stored(packed: &Packed) -> Vec<u8> {
        let mut out = Vec::new();
        packed.store(&mut out);
        out
    }

    fn shown(entry: &Entry) -> String {
        format!("{entry:?}")
    }

    proptest! {
        #[test]
        fn it_is_a_queue(
            steps in prop::collection::vec((0_u8..6, 0_u64..1000, prop::option::of("[ab]"), any::<bool>()), 0..300)
        ) {
            let (mut packed, mut model) = (Packed::default(), VecDeque::<Entry>::new());
            for (what, number, parent, special) in steps {
                match what {
                    0 => prop_assert_eq!(packed.pop(7).as_ref().map(shown), model.pop_front().as_ref().map(shown)),
                    1 => {
                        let wanted = |entry: &Entry| entry.depth % 5 == u32::try_from(number % 5).unwrap();
                        let at = model.iter().position(wanted);
                        let expected = at.and_then(|at| model.remove(at));
                        prop_assert_eq!(packed.take(7, wanted).as_ref().map(shown), expected.as_ref().map(shown));
                    }
                    // What was served before is passed over.
                    3 if number % 3 == 0 => {
                        let mut short = Packed::trust(&mut Reader::new(&stored(&packed))).unwrap();
                        short.shorten(usize::try_from(number).unwrap());
                        prop_assert!(short.size() <= usize::try_from(number).unwrap());
                        let left: Vec<String> = short.entries(7).map(|entry| shown(&entry)).collect();
                        prop_assert_eq!(&left, &model.iter().take(left.len()).map(shown).collect::<Vec<_>>());
                        let longer = packed.len() > left.len();
                        prop_assert!(!longer || packed.size() > usize::try_from(number).unwrap());
                    }
                    2 if number % 2 == 0 => {
                        let mut out = Vec::new();
                        packed.store(&mut out);
                        let count = model.len().min(usize::try_from(number % 7).unwrap());
                        let mut rest = Packed::trust(&mut Reader::new(&out)).unwrap();
                        rest.skip(u32::try_from(count).unwrap()).unwrap();
                        let rest: Vec<String> = rest.entries(7).map(|entry| shown(&entry)).collect();
                        prop_assert_eq!(rest, model.iter().skip(count).map(shown).collect::<Vec<_>>());
                        let parts = packed.split(usize::try_from(number).unwrap(), 7);
                        let all: Vec<String> = parts.iter().flat_map(|part| part.entries(7)).map(|entry| shown(&entry)).collect();
                        prop_assert_eq!(all, model.iter().map(shown).collect::<Vec<_>>());
                    }
                    2 => {
                        let mut out = Vec::new();
                        packed.store(&mut out);
                        packed = Packed::load(&mut Reader::new(&out)).unwrap();
                    }
                    _ => {
                        let entry = entry(number, parent.as_deref(), special);
                        packed.push(&entry);
                        model.push_back(entry);
                    }
                }
                prop_assert_eq!(packed.len(), model.len());
            }
            let left: Vec<String> = packed.entries(7).map(|entry| shown(&entry)).collect();
            prop_assert_eq!(left, model.iter().map(shown).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_plain_page_in_canonical_spelling_costs_its_path_and_four_bytes() {
        for (follows, bytes) in [(true, 4), (false, 12)] {
            let mut packed = Packed::default();
            let page = |number| entry_with(number, Some("http://a.test/index"), false, follows);
            (100..200).for_each(|number| packed.push(&page(number)));
            assert_eq!(
                packed.bytes.len(),
                100 * (bytes + "/100".len()) + "http://a.test/index".len() + 2 + 72
            );
        }
    }

    #[test]
    fn cut_bytes_are_noticed() {
        let mut packed = Packed::default();
        (0..3).for_each(|number| packed.push(&entry(number, Some("x"), number == 1)));
        let mut out = Vec::new();
        packed.store(&mut out);
        for length in 0..out.len() {
            assert!(Packed::load(&mut Reader::new(&out[..length])).is_err(), "{length}");
        }
    }
}
