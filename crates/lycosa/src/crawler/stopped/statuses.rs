//! Statuses of answers as people name them, and which one a URL ended with.

use std::str::FromStr;

use crate::model::Outcome;

/// Statuses that are meant together: one, as `404`, or all of a class, as `5xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    /// Whether this status is one of them.
    #[must_use]
    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let wrong = || format!("`{text}` is no status: write 404, or 1xx to 5xx for all of a class");
        // There are five classes; single statuses beyond them are sent all the same, such as 999.
        let (digits, span, last) = match text.strip_suffix("xx") {
            Some(class) => (format!("{class}00"), 99, 500),
            None => (text.clone(), 0, 999),
        };
        let is_status = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let known = digits.parse().ok().filter(|first| is_status && (100..=last).contains(first));
        let first: u16 = known.ok_or_else(wrong)?;
        Ok(Self { first, last: first + span })
    }
}

/// The status of the answer that a URL ended with, as far as its outcome tells.
pub(super) fn status_of(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Outcome::Fetched { status } | Outcome::Redirect { status, .. } | Outcome::Alias { status, .. } => {
            Some(*status)
        }
        Outcome::Failed { error } => error.block().map(|block| block.status),
        Outcome::Excluded { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_status_or_a_class_is_meant_and_nothing_else() {
        let meant = |text: &str| {
            let statuses: Statuses = text.parse().unwrap();
            (100..=999).filter(|status| statuses.contains(*status)).collect::<Vec<u16>>()
        };
        assert_eq!((meant("404"), meant(" 5XX ")), (vec![404], (500..600).collect()));
        assert_eq!((meant("999"), meant("1xx")), (vec![999], (100..200).collect()));
        for wrong in
            ["", "5", "50", "5x", "xx", "0xx", "6xx", "9xx", "10xx", "099", "1000", "+50", "500-599", "ok"]
        {
            assert!(wrong.parse::<Statuses>().is_err(), "{wrong}");
        }
    }
}
