//! What each request meets, by its number and a seed.

/// The body of a whole answer.
pub(crate) static PAGE: &[u8] = &[b'x'; 2_048];

/// A small deterministic generator (splitmix64), one for each request.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ number as u64)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What a request meets; the faults are three in ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meets {
    /// A whole answer.
    Whole,
    /// A reset in the middle of the body.
    Reset,
    /// A body shorter than declared.
    Short,
    /// A body longer than declared.
    Long,
    /// A chunk that stops in its middle.
    Stall,
    /// A whole answer, after which an HTTP/2 connection says goodbye (GOAWAY).
    Goodbye,
    /// A whole answer in small pieces, cancelled at a random moment: lookup, connect, handshake, head, body.
    Cancel,
}

impl Meets {
    pub(crate) fn of(dice: &mut Dice) -> Self {
        match dice.roll(100) {
            0..6 => Self::Reset,
            6..12 => Self::Short,
            12..16 => Self::Long,
            16..21 => Self::Stall,
            21..30 => Self::Cancel,
            30..32 => Self::Goodbye,
            _ => Self::Whole,
        }
    }

    /// Where the server does that.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Whole => "/whole",
            Self::Cancel => "/pieces",
            Self::Reset => "/reset",
            Self::Short => "/short",
            Self::Long => "/long",
            Self::Stall => "/stall",
            Self::Goodbye => "/goodbye",
        }
    }
}
