//! Matching one rule against one path in time proportional to the path.
//!
//! A pattern is pieces between stars. The first stands at the beginning of the path, each of the others at its
//! first occurrence after the one before: taking the first never makes a later piece impossible, so nothing is
//! ever tried twice. Only the last piece of a pattern that ends in `$` is tied to the end of the path.

/// The first bytes of a text as a number, absent ones zero.
pub(super) fn first_bytes(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

/// How a pattern begins, up to eight bytes or the first star: one comparison rejects most of the thousands of
/// rules that some sites have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    bytes: u64,
    mask: u64,
}

impl Head {
    pub(super) fn of(pattern: &str) -> Self {
        let literal = pattern.split(['*', '$']).next().unwrap_or_default();
        let mask = match literal.len() {
            0 => 0,
            length @ 1..=7 => u64::MAX << (64 - 8 * length),
            _ => u64::MAX,
        };
        Self { bytes: first_bytes(literal), mask }
    }

    /// Whether a text with these first bytes can match.
    pub(super) fn fits(self, start: u64) -> bool {
        start & self.mask == self.bytes
    }
}

/// Whether the pattern matches the path. Both have their escapes in the one spelling; in the pattern `*` stands
/// for any run of characters and a final `$` for the end; the path contains neither. Adds the bytes looked at to
/// `steps`: those of the pattern and of the path at most, each once.
pub(super) fn matches(pattern: &str, path: &str, steps: &mut u64) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let (first, rest) = match pattern.split_once('*') {
        Some((first, rest)) => (first, Some(rest)),
        None => (pattern, None),
    };
    *steps += count(first.len());
    let Some(mut left) = path.strip_prefix(first) else { return false };
    let Some(rest) = rest else { return !to_end || left.is_empty() };

    let (middle, last) = match rest.rsplit_once('*') {
        Some((middle, last)) => (middle, last),
        None => ("", rest),
    };
    for piece in middle.split('*') {
        match after(left, piece, steps) {
            Some(after) => left = after,
            None => return false,
        }
    }
    if to_end {
        *steps += count(last.len());
        return left.ends_with(last);
    }
    after(left, last, steps).is_some()
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// What follows the first occurrence. Both ways of searching look at each byte of text and piece a bounded number of
/// times (the standard library's is the two-way algorithm).
fn after<'a>(text: &'a str, piece: &str, steps: &mut u64) -> Option<&'a str> {
    let found = first_after(text, piece);
    *steps += count(piece.len() + text.len() - found.map_or(0, str::len));
    found
}

fn first_after<'a>(text: &'a str, piece: &str) -> Option<&'a str> {
    match piece.len() {
        0 => Some(text),
        // Far cheaper than setting up a search for a longer needle, and hostile patterns are made of these.
        1 => {
            let byte = piece.as_bytes().first()?;
            text.bytes().position(|candidate| candidate == *byte).map(|at| &text[at + 1..])
        }
        _ => text.find(piece).map(|at| &text[at + piece.len()..]),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        super::matches(pattern, path, &mut 0)
    }

    /// The definition, as a table over all pairs of positions: slow and plain.
    pub(in super::super) fn by_definition(pattern: &str, path: &str) -> bool {
        let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
        let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
        let mut reached = vec![vec![false; path.len() + 1]; pattern.len() + 1];
        reached[0][0] = true;
        for p in 0..pattern.len() {
            for t in 0..=path.len() {
                if !reached[p][t] {
                    continue;
                }
                if pattern[p] == b'*' {
                    reached[p + 1][t..].fill(true);
                } else if path.get(t) == Some(&pattern[p]) {
                    reached[p + 1][t + 1] = true;
                }
            }
        }
        let ends = &reached[pattern.len()];
        if to_end { ends[path.len()] } else { ends.contains(&true) }
    }

    #[test]
    fn stars_and_the_end_mark_mean_what_the_standard_says() {
        assert!(matches("/fish*.php", "/fishheads/catfish.php?x"));
        assert!(!matches("/*.php$", "/a.php?x"));
        assert!(matches("/*.php$", "/a.php.php"));
        assert!(matches("/$", "/") && !matches("/$", "/a"));
        assert!(matches("*/x", "/a/x") && matches("*", "/") && matches("**$", "/a"));
        assert!(!matches("/a*ab$", "/ab"), "pieces do not overlap");
        assert!(matches("$", ""));
    }

    #[test]
    fn sixty_stars_cost_no_more_than_reading_the_path() {
        let pattern = format!("/{}b", "*a".repeat(60));
        let path = format!("/{}", "a".repeat(2_000));
        for path in [path.clone(), format!("{path}b")] {
            let mut steps = 0;
            assert_eq!(super::matches(&pattern, &path, &mut steps), path.ends_with('b'));
            assert!(steps <= count(2 * (pattern.len() + path.len())), "{steps}");
        }
    }

    #[test]
    fn hostile_pieces_cost_no_more_than_both_texts() {
        // Each is a piece that nearly fits at every place.
        for piece in ["aaaaaaab", "abababac", "aab", "b"] {
            let pattern = format!("/*{}$", format!("{piece}*").repeat(500));
            let path = format!("/{}", "ab".repeat(4_000));
            let mut steps = 0;
            super::matches(&pattern, &path, &mut steps);
            assert!(steps <= count(2 * (pattern.len() + path.len())), "{piece} {steps}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_fast_way_agrees_with_the_definition(pattern in "[ab*/]{0,12}\\$?", path in "[ab/]{0,14}") {
            let expected = by_definition(&pattern, &path);
            prop_assert_eq!(matches(&pattern, &path), expected);
            prop_assert!(!expected || Head::of(&pattern).fits(first_bytes(&path)));
        }
    }
}
