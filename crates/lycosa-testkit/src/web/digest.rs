//! A set of URLs as a count and a sum: the same in whatever order they come, so that two crawls of ten million pages
//! are compared by a few bytes.

use super::prf::mix;
use std::fmt;
use std::ops::AddAssign;

/// The number of URLs, and the sum, modulo 2¹²⁸, of a 128-bit hash of each. The hash is fixed and no secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many.
    pub count: u64,
    /// The sum of their hashes.
    pub sum: u128,
}

impl Digest {
    /// Adds a URL, by its canonical spelling.
    pub fn add(&mut self, url: &str) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash(url.as_bytes()));
    }
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} URLs, {:032x}", self.count, self.sum)
    }
}

/// Two lanes of splitmix64 over words of eight bytes and the length.
fn hash(bytes: &[u8]) -> u128 {
    let (mut low, mut high) = (bytes.len() as u64, !(bytes.len() as u64));
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        low = mix(low ^ word);
        high = mix(high.rotate_left(23) ^ word);
    }
    u128::from(high) << 64 | u128::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_every_url_does() {
        let of = |urls: &[&str]| {
            let mut digest = Digest::default();
            urls.iter().for_each(|url| digest.add(url));
            digest
        };
        assert_eq!(of(&["http://a/1", "http://a/2"]), of(&["http://a/2", "http://a/1"]));
        assert_ne!(of(&["http://a/1", "http://a/2"]), of(&["http://a/1", "http://a/1"]));
        assert_ne!(of(&["http://a/1"]), of(&["http://a/1\0"]));
        let mut joined = of(&["http://a/1"]);
        joined += of(&["http://a/2"]);
        assert_eq!(joined, of(&["http://a/1", "http://a/2"]));
    }
}
