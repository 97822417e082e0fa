//! Strings that make a backtracking engine work hard on an expression, derived from the expression itself: what
//! leads to a repetition, the repeated part over and over, and an end that does not match.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// So many repetitions of an expression are pumped.
const MAX_PUMPED: usize = 6;
/// A place that no loop has, with room for counting on.
const NOWHERE: usize = usize::MAX / 2;
/// No character of ordinary expressions.
const MISMATCH: &str = "\u{1}\u{e000}";

/// Attack strings of about `len` bytes for an expression as the `regex` crate writes it.
pub(super) fn strings(expression: &str, len: usize) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(expression) else { return Vec::new() };
    let count = count_loops(&hir).min(MAX_PUMPED);
    let mut attacks: Vec<String> =
        (0..count).flat_map(|place| [pumped(&hir, place, len, 0), pumped(&hir, place, len, 1)]).collect();
    let mut sampler = Sampler { variant: 0, seen: 0, pump: usize::MAX, len: 0, out: String::new() };
    sampler.walk(&hir);
    if !sampler.out.is_empty() {
        attacks.push(sampler.out.repeat(len / sampler.out.len() + 1) + MISMATCH);
    }
    attacks.retain(|attack| attack.len() >= len / 2);
    attacks.dedup();
    attacks
}

fn pumped(hir: &Hir, place: usize, len: usize, variant: usize) -> String {
    let mut sampler = Sampler { variant, seen: 0, pump: place, len, out: String::new() };
    sampler.walk(hir);
    sampler.out + MISMATCH
}

fn is_loop(repetition: &Repetition) -> bool {
    repetition.max.is_none_or(|most| most > 8)
}

fn count_loops(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Repetition(repetition) => usize::from(is_loop(repetition)) + count_loops(&repetition.sub),
        HirKind::Capture(capture) => count_loops(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(count_loops).sum(),
        _ => 0,
    }
}

/// Builds a text that the expression matches, with one of its loops run through many times.
struct Sampler {
    /// Which alternative and which character is chosen.
    variant: usize,
    seen: usize,
    pump: usize,
    len: usize,
    out: String,
}

impl Sampler {
    fn walk(&mut self, hir: &Hir) {
        // Counted repetitions in each other would grow without bounds.
        if self.out.len() > self.len + (64 << 10) {
            return;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.out.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => self.out.extend(self.member(class)),
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.walk(part)),
            HirKind::Alternation(parts) => self.alternation(parts),
            HirKind::Repetition(repetition) => self.repetition(repetition),
        }
    }

    /// The alternative that holds the loop to pump, else the one the variant says.
    fn alternation(&mut self, parts: &[Hir]) {
        let mut before = self.seen;
        let total: usize = parts.iter().map(count_loops).sum();
        let mut chosen = None;
        for part in parts {
            let inside = count_loops(part);
            if (before..before + inside).contains(&self.pump) {
                chosen = Some((part, before));
            }
            before += inside;
        }
        let (part, first) = chosen.unwrap_or((&parts[self.variant % parts.len()], NOWHERE));
        let end = self.seen + total;
        self.seen = first;
        self.walk(part);
        self.seen = end;
    }

    fn repetition(&mut self, repetition: &Repetition) {
        let inside = count_loops(&repetition.sub);
        let place = self.seen;
        let is_this = is_loop(repetition) && place == self.pump;
        self.seen += usize::from(is_loop(repetition));
        let times = repetition.min.clamp(1, 64);
        if is_this {
            // Alternatives in the loop take turns.
            let (start, variant) = (self.out.len(), self.variant);
            for turn in 0..2 {
                self.variant = variant + turn * variant;
                self.walk(&repetition.sub);
                self.seen = place + 1;
            }
            self.variant = variant;
            let unit = self.out[start..].to_owned();
            if !unit.is_empty() {
                self.out.push_str(&unit.repeat(self.len / unit.len() + 1));
            }
        } else {
            for _ in 0..times {
                self.seen = place + usize::from(is_loop(repetition));
                self.walk(&repetition.sub);
            }
        }
        self.seen = place + usize::from(is_loop(repetition)) + inside;
    }

    /// A member of a class, a printable one if there is.
    fn member(&self, class: &Class) -> Option<char> {
        let Class::Unicode(class) = class else { return Some('a') };
        let has = |wanted: char| class.iter().any(|range| (range.start()..=range.end()).contains(&wanted));
        let preferred = if self.variant == 0 { "a0 -.A/\"'<" } else { "0a.é A-_<\n" };
        preferred
            .chars()
            .find(|&wanted| has(wanted))
            .or_else(|| class.iter().next().map(|range| range.start()))
    }
}
