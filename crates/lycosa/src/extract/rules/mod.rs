//! Extraction by rules: item types with `for_each`, fields by CSS. No code.
//!
//! `spec` is how rules are written (in `lycosa.toml` or by a program), `compile` turns them into [`Rules`] once,
//! with every mistake named by item, field and place, and `run` applies them to a page.

mod compile;
mod run;
mod spec;

#[cfg(test)]
mod tests;

pub(crate) use compile::describe_pattern_error;
pub use compile::{RuleError, RulePart, Rules};
pub use run::RuleCounts;
pub use spec::{Entry, FieldRule, ItemRule, Named, WrittenField};
