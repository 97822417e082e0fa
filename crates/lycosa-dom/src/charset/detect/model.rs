//! The language model: what `cargo xtask train charset` wrote, taken apart once. Costs are negative natural
//! logarithms of probabilities (nats). They were computed from the language models of the Lingua project (Copyright
//! Peter M. Stahl, Apache-2.0); no text is in it.

use std::sync::LazyLock;

static BYTES: &[u8] = include_bytes!("model.bin");
/// The layout this code reads.
const FORMAT: u8 = 1;
/// Units of a stored cost in a nat.
pub(super) const UNITS_PER_NAT: f32 = 16.0;

/// Everything known, by code of two letters.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(BYTES).unwrap_or_default());

#[derive(Debug, Default)]
pub(super) struct Model {
    letters: Vec<Letters>,
    ideographs: Vec<Ideographs>,
}

impl Model {
    pub(super) fn letters(&self, code: &str) -> Option<&Letters> {
        self.letters.iter().find(|language| language.code == code.as_bytes())
    }

    pub(super) fn ideographs(&self, code: &str) -> Option<&Ideographs> {
        self.ideographs.iter().find(|language| language.code == code.as_bytes())
    }

    fn read(bytes: &'static [u8]) -> Option<Self> {
        let (&[FORMAT, count], mut rest) = bytes.split_first_chunk::<2>()? else { return None };
        let mut model = Self::default();
        for _ in 0..count {
            let (code, length) = head(&mut rest)?;
            let alphabet = take(&mut rest, length * 2)?;
            let costs = take(&mut rest, (length + 1) * (length + 1))?;
            model.letters.push(Letters::new(code, alphabet, costs));
        }
        while !rest.is_empty() {
            let (code, length) = head(&mut rest)?;
            let list = take(&mut rest, length * 3)?;
            model.ideographs.push(Ideographs { code, list });
        }
        Some(model)
    }
}

fn head(rest: &mut &'static [u8]) -> Option<(&'static [u8], usize)> {
    let code = take(rest, 2)?;
    let &[low, high] = take(rest, 2)? else { return None };
    Some((code, usize::from(u16::from_le_bytes([low, high]))))
}

fn take(rest: &mut &'static [u8], length: usize) -> Option<&'static [u8]> {
    let (part, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(part)
}

/// A language with an alphabet.
#[derive(Debug)]
pub(super) struct Letters {
    code: &'static [u8],
    alphabet: Vec<char>,
    /// The class of each ASCII character; 0 is none.
    ascii: [u8; 128],
    costs: &'static [u8],
}

impl Letters {
    fn new(code: &'static [u8], alphabet: &[u8], costs: &'static [u8]) -> Self {
        let alphabet = alphabet
            .chunks_exact(2)
            .filter_map(|pair| char::from_u32(u32::from(u16::from_le_bytes([pair[0], pair[1]]))))
            .collect::<Vec<_>>();
        let mut ascii = [0; 128];
        for (letter, class) in alphabet.iter().zip(1_u8..).filter(|(letter, _)| letter.is_ascii()) {
            ascii[*letter as usize] = class;
        }
        Self { code, alphabet, ascii, costs }
    }

    /// The class of a lower-case letter; 0 when it is none of this language's.
    pub(super) fn class(&self, letter: char) -> usize {
        if letter.is_ascii() {
            return usize::from(self.ascii[letter as usize]);
        }
        self.alphabet.binary_search(&letter).map_or(0, |at| at + 1)
    }

    /// What it costs that one class follows another; 0 is the boundary of a word.
    pub(super) fn cost(&self, before: usize, after: usize) -> f32 {
        let at = before * (self.alphabet.len() + 1) + after;
        f32::from(self.costs.get(at).copied().unwrap_or(u8::MAX)) / UNITS_PER_NAT
    }
}

/// A language whose characters are counted one by one.
#[derive(Debug)]
pub(super) struct Ideographs {
    code: &'static [u8],
    /// Three bytes each: character and cost, sorted.
    list: &'static [u8],
}

impl Ideographs {
    pub(super) fn cost(&self, character: char) -> Option<f32> {
        let wanted = u16::try_from(u32::from(character)).ok()?;
        let entries = self.list.as_chunks::<3>().0;
        let at = entries.binary_search_by_key(&wanted, |[low, high, _]| u16::from_le_bytes([*low, *high]));
        Some(f32::from(entries[at.ok()?][2]) / UNITS_PER_NAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_whole_small_and_knows_what_is_common() {
        assert!(BYTES.len() < 200 * 1024);
        assert_eq!((MODEL.letters.len(), MODEL.ideographs.len()), (40, 4));
        let russian = MODEL.letters("ru").unwrap();
        let cost = |pair: [char; 2]| russian.cost(russian.class(pair[0]), russian.class(pair[1]));
        assert!(cost(['с', 'т']) < 3.0 && cost(['ъ', 'ъ']) > 8.0);
        let [simplified, traditional] = ["zs", "zt"].map(|code| MODEL.ideographs(code).unwrap());
        let cost = |list: &Ideographs, character| list.cost(character).unwrap_or(f32::INFINITY);
        assert!(cost(simplified, '国') < cost(simplified, '國'));
        assert!(cost(traditional, '國') < cost(traditional, '国'));
    }
}
