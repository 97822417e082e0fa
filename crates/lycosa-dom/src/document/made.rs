//! Texts that expressions make of a document and hand out as its nodes (`str:tokenize`). They live as long as the
//! document; they lie in chunks that never move, so that a text can be lent while others come in.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

const CHUNKS: usize = 20;
const FIRST_CHUNK: u32 = 64;
/// Bytes of all texts of one document, what they are kept in included.
const MOST: usize = 64 << 20;

type Chunk = Box<[OnceLock<Box<str>>]>;

/// The texts by number.
#[derive(Debug, Default)]
pub(crate) struct MadeTexts {
    chunks: [OnceLock<Chunk>; CHUNKS],
    len: AtomicU32,
    bytes: AtomicUsize,
}

impl MadeTexts {
    /// The chunk of a number and the position in it: chunk k holds 64·2^k texts.
    fn locate(number: u32) -> (usize, usize) {
        let chunk = (number / FIRST_CHUNK + 1).ilog2();
        let before = FIRST_CHUNK * ((1 << chunk) - 1);
        (chunk as usize, (number - before) as usize)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let (chunk, position) = Self::locate(number);
        self.chunks.get(chunk)?.get()?.get(position)?.get().map(|text| &**text)
    }

    /// Keeps a text; its number, or `None` when the document has made too much already.
    pub(crate) fn add(&self, text: &str) -> Option<u32> {
        let cost = text.len() + size_of::<OnceLock<Box<str>>>();
        if self.bytes.fetch_add(cost, Ordering::Relaxed) > MOST {
            return None;
        }
        let number = self.len.fetch_add(1, Ordering::Relaxed);
        let (chunk, position) = Self::locate(number);
        let size = (FIRST_CHUNK as usize) << chunk;
        let cells = self.chunks.get(chunk)?.get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
        // The number is new, so the cell is empty and nothing can be lost here.
        cells.get(position)?.set(text.into()).ok().map(|()| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_numbers_and_places_while_others_come_in() {
        let made = MadeTexts::default();
        let first = made.add("first").unwrap();
        let lent = made.get(first).unwrap();
        let numbers: Vec<u32> = (0..5000).map(|number| made.add(&number.to_string()).unwrap()).collect();
        assert_eq!(lent, "first");
        assert!(numbers.iter().enumerate().all(|(at, &number)| made.get(number) == Some(&*at.to_string())));
        assert_eq!(made.get(1_000_000_000), None);
    }

    #[test]
    fn a_document_does_not_make_texts_without_end() {
        let (made, text) = (MadeTexts::default(), "x".repeat(1 << 20));
        let kept = (0..100).filter(|_| made.add(&text).is_some()).count();
        assert!((60..=64).contains(&kept), "{kept}");
    }
}
