//! Whether what a host says of its pages' changes is true: a count of times it was and was not.

/// Counts of a host's words that proved right and wrong: a Beta distribution with one of each to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Trust {
    /// Times it was right.
    pub right: u32,
    /// Times it was wrong.
    pub wrong: u32,
}

impl Trust {
    /// Counts after which old ones count half.
    const MOST: u32 = 1_000;

    /// The chance that its next word is true.
    #[must_use]
    pub fn mean(self) -> f64 {
        (f64::from(self.right) + 1.0) / (f64::from(self.right) + f64::from(self.wrong) + 2.0)
    }

    /// Notes a word that was judged.
    pub fn note(&mut self, is_right: bool) {
        let count = if is_right { &mut self.right } else { &mut self.wrong };
        *count = count.saturating_add(1);
        if self.right.saturating_add(self.wrong) > Self::MOST {
            (self.right, self.wrong) = (self.right / 2, self.wrong / 2);
        }
    }
}
