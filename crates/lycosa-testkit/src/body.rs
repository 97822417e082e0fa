//! What a response carries: `prefix + pattern × repeats + suffix`. One form serves a short text, a page of two
//! gigabytes, an endless page and a compression bomb, and none of them is ever held in memory whole.

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use std::io::Write;

/// Patterns are grown to about this size, so that a long body is written in large pieces.
const BLOCK: usize = 64 * 1024;

/// A body that is described rather than stored.
#[derive(Debug, Clone, Default)]
pub struct Body {
    prefix: Bytes,
    pattern: Bytes,
    /// `None` repeats for ever.
    repeats: Option<u64>,
    suffix: Bytes,
}

impl Body {
    /// These bytes and no others.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { prefix: bytes.into(), repeats: Some(0), ..Self::default() }
    }

    /// `start`, then `pattern` cut off so that the whole has exactly `size` bytes.
    pub fn sized(start: impl Into<Bytes>, pattern: &[u8], size: u64) -> Self {
        let mut prefix: Bytes = start.into();
        prefix.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let left = size - prefix.len() as u64;
        let block = grown(pattern);
        let rest = usize::try_from(left % block.len() as u64).unwrap_or(0);
        let suffix = block.slice(..rest);
        let repeats = Some(left / block.len() as u64);
        Self { prefix, pattern: block, repeats, suffix }
    }

    /// `start`, then `pattern` for ever.
    pub fn endless(start: impl Into<Bytes>, pattern: &[u8]) -> Self {
        Self { prefix: start.into(), pattern: grown(pattern), repeats: None, suffix: Bytes::new() }
    }

    /// `prefix`, `pattern` as often as said, `suffix`.
    pub fn repeated(
        prefix: impl Into<Bytes>,
        pattern: impl Into<Bytes>,
        repeats: u64,
        suffix: impl Into<Bytes>,
    ) -> Self {
        Self { prefix: prefix.into(), pattern: pattern.into(), repeats: Some(repeats), suffix: suffix.into() }
    }

    /// The length in bytes; `None` when it never ends.
    pub fn len(&self) -> Option<u64> {
        let repeated = (self.pattern.len() as u64).saturating_mul(self.repeats?);
        Some(repeated.saturating_add((self.prefix.len() + self.suffix.len()) as u64))
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    pub(crate) fn pieces(self) -> Pieces {
        Pieces { left: self.repeats, current: self.prefix, pattern: self.pattern, suffix: Some(self.suffix) }
    }
}

/// Hands a body out piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces {
    current: Bytes,
    pattern: Bytes,
    left: Option<u64>,
    suffix: Option<Bytes>,
}

impl Pieces {
    /// The next piece, of at most `most` bytes and never empty.
    pub(crate) fn next(&mut self, most: usize) -> Option<Bytes> {
        while self.current.is_empty() {
            match &mut self.left {
                None if !self.pattern.is_empty() => self.current = self.pattern.clone(),
                Some(left) if *left > 0 && !self.pattern.is_empty() => {
                    *left -= 1;
                    self.current = self.pattern.clone();
                }
                _ => self.current = self.suffix.take()?,
            }
        }
        Some(self.current.split_to(most.clamp(1, self.current.len())))
    }
}

fn grown(pattern: &[u8]) -> Bytes {
    let pattern = if pattern.is_empty() { b"." } else { pattern };
    pattern.repeat(BLOCK.div_ceil(pattern.len())).into()
}

/// The bytes as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

/// A valid gzip member that decodes to `start` followed by at least `decoded` spaces, about a thousand times smaller
/// on the wire. The trailer is right (checksum and length), so only a cap on size or ratio can refuse it.
pub fn gzip_bomb(start: &[u8], decoded: u64) -> Body {
    const UNIT: usize = 1024 * 1024;
    let unit = vec![b' '; UNIT];
    let repeats = decoded.div_ceil(UNIT as u64);
    let mut checksum = Crc::new();
    checksum.update(start);
    let mut unit_checksum = Crc::new();
    unit_checksum.update(&unit);
    for _ in 0..repeats {
        checksum.combine(&unit_checksum);
    }
    let mut prefix = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    prefix.extend(deflated(start));
    // An empty final block in fixed codes ends the deflate stream; RFC 1952 wants checksum and length after it.
    let mut suffix = vec![0x03, 0x00];
    suffix.extend(checksum.sum().to_le_bytes());
    suffix.extend(checksum.amount().to_le_bytes());
    Body::repeated(prefix, deflated(&unit), repeats, suffix)
}

/// Raw deflate that ends on a byte boundary and refers to nothing before it, so that it can be repeated.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    let mut deflate = Compress::new(Compression::new(9), false);
    deflate.compress_vec(bytes, &mut out, FlushCompress::Full).expect("valid deflate parameters");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn whole(body: Body, most: usize) -> Vec<u8> {
        let mut pieces = body.pieces();
        let mut out = Vec::new();
        while let Some(piece) = pieces.next(most) {
            assert!(!piece.is_empty() && piece.len() <= most);
            out.extend_from_slice(&piece);
        }
        out
    }

    #[test]
    fn a_sized_body_has_exactly_its_size_at_every_boundary() {
        for size in [0, 1, 5, 6, 65_535, 65_536, 65_537, 65_541, 65_542, 200_000] {
            let body = Body::sized("start", b"xyz", size);
            assert_eq!(body.len(), Some(size));
            assert_eq!(whole(body, 1000).len() as u64, size);
        }
    }

    #[test]
    fn an_endless_body_has_no_length_and_goes_on() {
        let body = Body::endless("a", b"b");
        assert_eq!(body.len(), None);
        let mut pieces = body.pieces();
        assert!((0..100).all(|_| pieces.next(1 << 20).is_some()));
    }

    #[test]
    fn a_bomb_is_a_valid_gzip_member_a_thousand_times_its_size() {
        let bomb = gzip_bomb(b"<title>x</title>", 20 << 20);
        let wire = whole(bomb, usize::MAX);
        let mut decoded = Vec::new();
        flate2::read::GzDecoder::new(wire.as_slice()).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded.len(), (20 << 20) + 16);
        assert!(decoded.len() / wire.len() > 900, "{} bytes on the wire", wire.len());
    }
}
