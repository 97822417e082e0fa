//! Word boundaries beside wide repetitions. The automata that search fast cannot tell Unicode's word boundaries on
//! text beyond ASCII; the one that can follows every place of the expression that a text can be at, at every character.
//! `[a-z]{2,256}\b` has so many that 100 KB take most of a second.

use regex_syntax::hir::{Hir, HirKind};

/// Places up to which a search with Unicode's word boundaries takes less than 50 ms for 100 KB of its worst text.
const MOST_PLACES: u64 = 200;

/// Whether the expression asks for Unicode's word boundaries and has too many places for that.
pub(super) fn is_too_wide(expression: &Hir) -> bool {
    expression.properties().look_set().contains_word_unicode() && places(expression) > MOST_PLACES
}

/// How many places of the expression a text can be at, at once: its classes, repetitions written out. Literals do not
/// count, because a text is seldom in the midst of many. Recurses as deep as groups may nest.
fn places(expression: &Hir) -> u64 {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) => 0,
        HirKind::Class(_) => 1,
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            places(&repetition.sub).max(1).saturating_mul(times.into())
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(0, u64::saturating_add)
        }
    }
}
