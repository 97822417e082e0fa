//! Extraction by rules, no code: item types with fields, links to follow. No I/O, no clock; what a page is comes
//! through [`Subject`].
//!
//! `spec`, `named` and `texts` are how rules are written (in `lycosa.toml` or by a program). `compile`, `field` and
//! `source` turn them into [`Rules`] once, with every mistake named by item, field and place (`error`), each expression
//! compiled once (`expressions`). `run` applies them to a page: `find` finds what records are made from (`spot`),
//! `value` takes values, `convert` makes numbers and dates of them, `json_path` and `json_text` read JSON
//! (`json_query` for a person who tries a path out), `memo` keeps
//! what was found, `visit` bounds the work, `tally` counts; `item` is what comes out. `follow` finds the links to
//! follow, `keys` tells which keys there are.
//!
//! A program writes rules as it likes, in TOML or as values:
//!
//! ```
//! use lycosa_rules::{FieldRule, ItemRule, Named, Rules, Texts, ValueType};
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
mod excerpt;
mod expressions;
mod field;
mod find;
mod follow;
mod item;
mod json_path;
mod json_query;
mod json_text;
mod keys;
mod memo;
mod named;
mod run;
mod source;
mod spec;
mod spot;
mod subject;
mod tally;
mod texts;
mod value;
mod visit;

pub use compile::Rules;
pub use convert::{DateOrder, ValueType};
pub use error::{RuleError, RuleName, describe_pattern_error, did_you_mean};
pub use excerpt::{excerpt, without_middle};
pub use follow::{FollowRules, FollowedLink, FollowedLinks};
pub use item::{FieldCounts, FieldFailure, InnerCounts, Item, ItemCounts, Reject};
pub use json_query::{JsonFound, JsonQuery, JsonQueryError};
pub use named::{Entry, Named, WrittenField};
pub use run::{Fate, FieldReport, Found, How, PageReport, RecordReport};
pub use spec::{Fact, FieldRule, FollowRule, Group, ItemRule};
pub use subject::Subject;
pub use texts::Texts;
