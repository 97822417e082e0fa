//! How blocks of waiting URLs and parts of snapshots are made short: LZ4, which is read back at the speed of memory, with
//! a dictionary for blocks, which are too short to have much in common with themselves.
//!
//! What it leaves out: where the bytes go, and checksums.

use lz4_flex::block::{compress_into_with_dict, decompress_with_dict, get_maximum_output_size};

use crate::model::wire::{self, Reader};

/// Shorter texts are kept as they are: little would be saved, and much time spent on each.
const WORTHWHILE: usize = 64;
/// Bytes that a text can have; longer ones were not written here.
pub(super) const LONGEST: usize = 64 << 20;
/// LZ4 makes no text shorter than by this factor (LZ4 Block Format Description: a byte of a length stands for 255).
const MOST_TIMES: usize = 255;
/// Bytes of a block that go into the next dictionary.
const SAMPLE: usize = 128;
/// Samples of a dictionary.
const SAMPLES: usize = 16;
/// Bytes of a whole dictionary.
pub(super) const DICTIONARY: usize = SAMPLES * SAMPLE;
/// One block of so many is sampled.
const EVERY: usize = 32;

/// Appends a text, short: its length and whether it is compressed (the lowest bit), and then itself.
pub(super) fn pack(text: &[u8], dictionary: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    wire::put_number(out, (text.len() as u64) << 1 | 1);
    let body = out.len();
    if text.len() >= WORTHWHILE {
        out.resize(body + get_maximum_output_size(text.len()), 0);
        let room = out.get_mut(body..).unwrap_or_default();
        let length = compress_into_with_dict(text, room, dictionary).unwrap_or(text.len());
        if length < text.len() {
            out.truncate(body + length);
            return;
        }
    }
    out.truncate(start);
    wire::put_number(out, (text.len() as u64) << 1);
    out.extend_from_slice(text);
}

/// The text that was packed so; `None` when it was not.
pub(super) fn unpack(packed: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(packed);
    let head = reader.number().ok()?;
    let rest = packed.get(packed.len() - reader.left()..)?;
    let most = rest.len().saturating_mul(MOST_TIMES).min(LONGEST);
    let length = usize::try_from(head >> 1).ok().filter(|length| *length <= most)?;
    let text =
        if head & 1 == 0 { rest.to_vec() } else { decompress_with_dict(rest, length, dictionary).ok()? };
    (text.len() == length).then_some(text)
}

/// Pieces of the blocks that were written last: what the next ones will look like, so a dictionary for them.
#[derive(Debug, Default)]
pub(super) struct Samples {
    bytes: Vec<u8>,
    blocks: usize,
}

impl Samples {
    /// Looks at a block that is written.
    pub(super) fn note(&mut self, block: &[u8]) {
        let number = self.blocks / EVERY;
        self.blocks += 1;
        let middle = (block.len() / 3).min(block.len().saturating_sub(SAMPLE));
        let Some(piece) = block.get(middle..middle + SAMPLE).filter(|_| self.blocks % EVERY == 1) else {
            return;
        };
        match self.bytes.get_mut(number % SAMPLES * SAMPLE..).and_then(|rest| rest.get_mut(..SAMPLE)) {
            Some(oldest) => oldest.copy_from_slice(piece),
            None => self.bytes.extend_from_slice(piece),
        }
    }

    /// The pieces, one behind the other.
    pub(super) fn dictionary(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(text: &[u8], dictionary: &[u8]) -> Vec<u8> {
        let mut out = b"before".to_vec();
        pack(text, dictionary, &mut out);
        out.split_off(6)
    }

    proptest! {
        #[test]
        fn a_text_comes_out_as_it_went_in(text in "[a-d/]{0,3000}", dictionary in "[a-d/]{0,500}") {
            let (text, dictionary) = (text.as_bytes(), dictionary.as_bytes());
            let packed = packed(text, dictionary);
            prop_assert!(packed.len() <= text.len() + 5);
            prop_assert_eq!(unpack(&packed, dictionary), Some(text.to_vec()));
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(text) = unpack(&bytes, b"dictionary") {
                prop_assert!(text.len() <= bytes.len() * MOST_TIMES);
            }
        }
    }

    #[test]
    fn a_length_that_cannot_be_takes_no_memory() {
        let mut packed = Vec::new();
        wire::put_number(&mut packed, u64::MAX);
        assert_eq!(unpack(&packed, b""), None);
        packed.clear();
        wire::put_number(&mut packed, (LONGEST as u64) << 1 | 1);
        packed.extend_from_slice(b"short");
        assert_eq!(unpack(&packed, b""), None);
    }

    #[test]
    fn blocks_that_are_like_those_before_become_shorter_with_samples_of_them() {
        let block = |page: usize| -> Vec<u8> {
            let url = |n: usize| {
                format!("/articles/{:02}/questions-{}.html?from={n}\n", page * 7 % 64, page * 50 + n)
            };
            (0..8).map(url).collect::<String>().into_bytes()
        };
        let mut samples = Samples::default();
        (0..2 * SAMPLES * EVERY).for_each(|page| samples.note(&block(page * 31)));
        assert_eq!(samples.dictionary().len(), SAMPLES * SAMPLE);
        let length = |dictionary: &[u8]| packed(&block(99_999), dictionary).len();
        let (with, without) = (length(samples.dictionary()), length(b""));
        assert!(with + 20 < without, "{with} {without}");
    }
}
