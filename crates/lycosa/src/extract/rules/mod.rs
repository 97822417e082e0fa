//! Extraction by rules, no code: item types with fields, links to follow.
//!
//! `spec`, `named` and `texts` are how rules are written (in `lycosa.toml` or by a program). `compile`, `field` and
//! `source` turn them into [`Rules`] once, with every mistake named by item, field and place (`error`). `run` applies
//! them to a page: `value` takes values, `convert` makes numbers and dates of them, `json_path` and `json_text` read
//! JSON in pages (`json_query` for a person who tries a path out), `visit` bounds the work, `tally` counts. `follow` finds the links to follow.
//!
//! A program writes rules as it likes, in TOML or as values:
//!
//! ```
//! use lycosa::extract::rules::{FieldRule, ItemRule, Named, Rules, Texts, ValueType};
//! let price = FieldRule { kind: Some(ValueType::Number), required: Some(true), ..FieldRule::new(".price") };
//! let fields = [("name", FieldRule::new("xpath:.//h2")), ("price", price)];
//! let product = ItemRule {
//!     for_each: Some(Texts::from("article")),
//!     fields: fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect(),
//!     ..ItemRule::default()
//! };
//! let rules = Rules::compile(&Named(vec![("product".to_owned(), product)])).unwrap();
//! assert_eq!(rules.columns("product").unwrap(), ["page", "name", "price"]);
//! ```

mod compile;
mod convert;
mod error;
mod field;
mod follow;
mod json_path;
mod json_query;
mod json_text;
mod named;
mod run;
mod source;
mod spec;
mod tally;
mod texts;
mod value;
mod visit;

#[cfg(test)]
mod tests;

pub use compile::Rules;
pub use convert::{DateOrder, ValueType};
pub(crate) use error::describe_pattern_error;
pub use error::{RuleError, RuleName};
pub use follow::FollowRules;
pub use json_query::{JsonFound, JsonQuery, JsonQueryError};
pub use named::{Entry, Named, WrittenField};
pub use run::{Fate, FieldReport, How, PageReport, RecordReport};
pub use spec::{Fact, FieldRule, FollowRule, Group, ItemRule};
pub use texts::Texts;
