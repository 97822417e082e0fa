//! Items as Rust types: a struct that stands for an item type, filled from the records that rules find.
//!
//! There is one engine: a type gives the rules that a configuration would hold ([`Item::rule`]), they run as any
//! others do, and what they find becomes values of the type ([`Item::from_record`]). `#[derive(Item)]` (feature
//! `derive`) writes all of it. `value` is what fields may hold, `expansion` what derived code calls.

#[doc(hidden)]
pub mod expansion;
mod value;

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};

pub use self::value::FieldValue;
use super::rules::{Found, ItemRule, Named, RuleError, Rules, Subject};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Extract, FieldFailure, Findings, ItemCounts, Page, Reject};

/// The fields of a record by name.
pub type Record = Map<String, Value>;

/// A type of which values are taken out of pages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an item nor a value with a source",
    label = "this is no struct that derives Item",
    note = "derive Item for it to make it a record, or give the field a source such as `css = \"…\"`"
)]
pub trait Item: Sized {
    /// The name of the item type: the `type` of its records.
    const NAME: &'static str;
    /// The names of the fields in its records.
    const FIELDS: &'static [&'static str];
    /// How deep its records nest, 1 for a record without records in it. At most 8.
    const DEPTH: usize;

    /// Its rules, as a configuration would hold them.
    fn rule() -> ItemRule;

    /// A value of the type from a record that its rules made.
    ///
    /// # Errors
    /// When a value does not fit: a number too large for its Rust type, say.
    fn from_record(record: Record) -> std::result::Result<Self, Misfit>;

    /// Its rules, compiled when they are first asked for, within the default limits.
    ///
    /// # Errors
    /// When they make no sense, which derived rules do not but for what only their use can tell: a field of an item
    /// type that is called `id`, `seq`, `type` or `page`.
    fn rules() -> Result<&'static Rules>;

    /// The items of one page, and what failed.
    ///
    /// # Errors
    /// As [`Item::rules`].
    fn extract(page: &dyn Subject) -> Result<Extracted<Self>> {
        let found = Self::rules()?.find(page);
        let mut extracted = Extracted {
            url: page.url().to_owned(),
            items: Vec::new(),
            rejects: found.rejects,
            notes: found.notes,
        };
        for item in found.items {
            match Self::from_record(item.fields.clone()) {
                Ok(value) => extracted.items.push(value),
                Err(misfit) => extracted.rejects.push(misfit.reject(item)),
            }
        }
        Ok(extracted)
    }
}

/// What rules take out of one page, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted<T> {
    /// The URL that answered.
    pub url: String,
    /// The items, in document order.
    pub items: Vec<T>,
    /// Records that fail: which field, which rule, why, and what was found all the same.
    pub rejects: Vec<Reject>,
    /// What could not be done, by sentence.
    pub notes: Vec<String>,
}

/// A value that its Rust type cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    field: String,
    value: String,
    message: String,
}

impl Misfit {
    /// A value that cannot be taken, and why in half a sentence (`it is too large for u8`).
    #[must_use]
    pub fn new(value: &Value, message: impl Into<String>) -> Self {
        Self { field: String::new(), value: value.to_string(), message: message.into() }
    }

    /// The same in a field of this name.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        let rest = if self.field.is_empty() { String::new() } else { format!(".{}", self.field) };
        self.field = format!("{name}{rest}");
        self
    }

    /// The field, with the names of the records around it: `offers.price`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The record with the reason why it is none of its type.
    fn reject(self, item: crate::model::Item) -> Reject {
        let message = format!("the value does not fit its Rust type: {}", self.message);
        let failure =
            FieldFailure { field: self.field, rule: "type", source: None, value: Some(self.value), message };
        Reject { kind: item.kind, failures: vec![failure], fields: item.fields }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value {} of the field `{}` cannot be used: {}", self.value, self.field, self.message)
    }
}

impl std::error::Error for Misfit {}

impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        Self::new(ErrorKind::Usage, misfit.to_string())
    }
}

/// Takes the items of a type out of the pages of a crawl. A record that does not fit the type is a reject.
pub struct ItemExtractor<T> {
    rules: Rules,
    misfits: AtomicU64,
    of: PhantomData<fn() -> T>,
}

impl<T: Item> ItemExtractor<T> {
    /// One with counts of its own.
    ///
    /// # Errors
    /// As [`Item::rules`].
    pub fn new() -> Result<Self> {
        let rules = compile::<T>().map_err(|mistakes| error(&mistakes))?;
        Ok(Self { rules, misfits: AtomicU64::new(0), of: PhantomData })
    }
}

/// The rules of a type, or every mistake in them.
fn compile<T: Item>() -> std::result::Result<Rules, Vec<RuleError>> {
    Rules::compile(&Named(vec![(T::NAME.to_owned(), T::rule())]))
}

/// Mistakes in rules as one error.
fn error(mistakes: &[RuleError]) -> Error {
    let sentences: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let error = Error::new(ErrorKind::Config, sentences.join("; "));
    match mistakes.iter().find_map(|mistake| mistake.hint.clone()) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

impl<T> fmt::Debug for ItemExtractor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemExtractor").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl<T: Item> Extract for ItemExtractor<T> {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let Found { items, rejects, notes } = self.rules.find(page);
        findings.rejects.extend(rejects);
        findings.notes.extend(notes);
        for item in items {
            match T::from_record(item.fields.clone()) {
                Ok(_) => findings.items.push(item),
                Err(misfit) => {
                    self.misfits.fetch_add(1, Ordering::Relaxed);
                    findings.rejects.push(misfit.reject(item));
                }
            }
        }
        Ok(())
    }

    fn extract_links(&self, _: &Page<'_>, _: &mut Findings) -> Result<()> {
        Ok(())
    }

    fn counts(&self) -> Vec<ItemCounts> {
        let misfits = self.misfits.load(Ordering::Relaxed);
        let mut counts = self.rules.counts();
        for count in &mut counts {
            count.found = count.found.saturating_sub(misfits);
            count.rejected += misfits;
        }
        counts
    }
}
