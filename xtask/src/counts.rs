//! Adds up what `cargo test -- --show-output` prints, and drops the output of tests that passed.
//!
//! A test that lacks something (the shared corpus, say) prints a line beginning with `skipped` and returns, which
//! libtest counts as passed. Such a test is counted as skipped here, and its line is shown.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(formatter, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Reads the output line by line.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    counts: Counts,
    /// Inside the `successes:` part of one test binary.
    in_successes: bool,
    /// The passed test whose output is being read, until it has said that it was skipped.
    test: Option<String>,
    /// Tests of this binary that said they were skipped.
    skipped: u64,
}

impl Reader {
    /// Takes one line; returns what to show for it, if anything.
    pub(crate) fn line(&mut self, line: &str) -> Option<String> {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.result(result);
            return Some(line.to_owned());
        }
        match line.trim_end() {
            "successes:" => self.in_successes = true,
            "failures:" => self.in_successes = false,
            _ if !self.in_successes => return Some(line.to_owned()),
            text => return self.success(text),
        }
        (!self.in_successes).then(|| line.to_owned())
    }

    /// The sum so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// A line of what passed tests printed.
    fn success(&mut self, text: &str) -> Option<String> {
        let name = text.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----"));
        if let Some(name) = name {
            self.test = Some(name.trim_end_matches(" stdout").to_owned());
            return None;
        }
        if !says_skipped(text) {
            return None;
        }
        let test = self.test.take()?;
        self.skipped += 1;
        Some(format!("{test}: {}", text.trim()))
    }

    /// The line that ends one test binary.
    fn result(&mut self, text: &str) {
        let number = |word: &str| {
            let before = text.split(word).next().unwrap_or_default();
            before.rsplit([' ', ';', '.']).find(|part| !part.is_empty()).and_then(|part| part.parse().ok())
        };
        let passed: u64 = number(" passed").unwrap_or(0);
        let skipped = self.skipped.min(passed);
        self.counts += Counts {
            passed: passed - skipped,
            failed: number(" failed").unwrap_or(0),
            skipped: skipped + number(" ignored").unwrap_or(0),
        };
        let counts = self.counts;
        *self = Self { counts, ..Self::default() };
    }
}

/// Whether a line says that its test did not run.
fn says_skipped(line: &str) -> bool {
    let line = line.trim_start();
    line.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("skipped"))
        || line.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("skipping"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Counts, String) {
        let mut reader = Reader::default();
        let shown: Vec<String> = text.lines().filter_map(|line| reader.line(line)).collect();
        (reader.counts(), shown.join("\n"))
    }

    #[test]
    fn binaries_are_summed_and_ignored_tests_count_as_skipped() {
        let text = "running 3 tests\ntest a ... ok\n\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s";
        let (counts, shown) = read(text);
        assert_eq!(counts.to_string(), "13 passed, 2 failed, 1 skipped");
        assert!(shown.contains("test a ... ok"));
    }

    #[test]
    fn a_test_that_says_it_was_skipped_is_not_counted_as_passed() {
        let text = "test a ... ok\ntest b ... ok\n\nsuccesses:\n\n---- tests::a stdout ----\n\
            skipped: the corpus is absent\nskipped: said twice\n\n---- tests::b stdout ----\n5 skipped by rule\n\n\n\
            successes:\n    tests::a\n    tests::b\n\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let (counts, shown) = read(text);
        assert_eq!(counts, Counts { passed: 1, failed: 0, skipped: 1 });
        assert!(shown.contains("tests::a: skipped: the corpus is absent"));
        assert!(!shown.contains("successes") && !shown.contains("5 skipped by rule"), "{shown}");
    }

    #[test]
    fn the_output_of_failed_tests_is_shown_whole() {
        let text = "successes:\n\n---- a stdout ----\nnoise\n\nfailures:\n\n---- b stdout ----\nskipped parts differ\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let (counts, shown) = read(text);
        assert_eq!(counts, Counts { passed: 1, failed: 1, skipped: 0 });
        assert!(shown.contains("skipped parts differ") && !shown.contains("noise"));
    }
}
