//! Frames: what one group commit appends to a segment of the log, and what a snapshot consists of.
//!
//! `magic u32 · payload length u32 · first LSN u64 · xxh3-64 u64 · payload`, all little endian. The checksum covers
//! length, LSN and payload. One group commit is one frame, so that only the last frame of the last segment can be
//! incomplete; whether a damaged one is that or damage is decided in `recovery`.

use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

const MAGIC: u32 = u32::from_le_bytes(*b"LYF1");

/// Bytes before the payload.
pub(super) const HEAD: usize = 24;

/// Makes the head of a frame.
pub(super) fn head(first_lsn: u64, payload: &[u8]) -> [u8; HEAD] {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&MAGIC.to_le_bytes());
    head[4..8].copy_from_slice(&length.to_le_bytes());
    head[8..16].copy_from_slice(&first_lsn.to_le_bytes());
    head[16..].copy_from_slice(&checksum(length, first_lsn, payload).to_le_bytes());
    head
}

fn checksum(length: u32, first_lsn: u64, payload: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&first_lsn.to_le_bytes());
    hasher.update(payload);
    hasher.digest()
}

/// A frame that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) first_lsn: u64,
    pub(super) payload: &'a [u8],
    /// Bytes of the whole frame.
    pub(super) length: usize,
}

/// The frame at the beginning of these bytes; `None` when there is none whole and undamaged.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let word =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let long =
        |at: usize| head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let (length, first_lsn) = (word(4)?, long(8)?);
    let payload = rest.get(..usize::try_from(length).ok()?)?;
    let good = word(0)? == MAGIC && long(16)? == checksum(length, first_lsn, payload);
    good.then_some(Frame { first_lsn, payload, length: HEAD + payload.len() })
}

/// Reads the next frame's first number and payload; `None` at the end.
///
/// # Errors
/// `InvalidData` when what comes is no whole, undamaged frame.
pub(super) fn read_from(input: &mut dyn Read) -> io::Result<Option<(u64, Vec<u8>)>> {
    let mut head = [0; HEAD];
    let mut filled = 0;
    while let Some(rest) = head.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::InvalidData.into()),
            count => filled += count,
        }
    }
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let length =
        head.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes).ok_or_else(bad)?;
    let mut whole = head.to_vec();
    input.take(u64::from(length)).read_to_end(&mut whole)?;
    let first = read(&whole).map(|frame| frame.first_lsn).ok_or_else(bad)?;
    whole.drain(..HEAD);
    Ok(Some((first, whole)))
}

/// Whether an undamaged frame begins anywhere in these bytes but at their beginning.
pub(super) fn follows(bytes: &[u8]) -> bool {
    let magic = MAGIC.to_le_bytes();
    let begins = |at: &usize| bytes.get(*at..*at + 4) == Some(&magic[..]);
    (1..bytes.len()).filter(begins).any(|at| bytes.get(at..).and_then(read).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(lsn: u64, payload: &[u8]) -> Vec<u8> {
        [&head(lsn, payload)[..], payload].concat()
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let whole = framed(7, b"some events");
        assert_eq!(read(&whole).map(|frame| frame.first_lsn), Some(7));
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&damaged).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn a_good_frame_behind_a_bad_one_is_found() {
        let mut bytes = framed(1, b"first");
        bytes[HEAD] ^= 1;
        assert!(!follows(&bytes));
        bytes.extend(framed(2, b"second"));
        assert!(follows(&bytes));
    }
}
