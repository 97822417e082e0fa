//! Rules made ready once: everything parsed and checked, every mistake reported.

use std::sync::Arc;

use lycosa_dom::{Pattern, PatternLimits};

use super::convert::{DateOrder, Locale, languages};
use super::error::{Mistake, Mistakes, RuleName, did_you_mean};
use super::field::{FieldPlan, plan_fields};
use super::source::{self, Finder};
use super::tally::Tally;
use super::{ItemCounts, ItemRule, Named, RuleError, Texts};

/// Names that every item record has already.
const RESERVED: [&str; 4] = ["id", "seq", "type", "page"];

/// Extraction rules, ready to run. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Rules {
    pub(super) items: Vec<ItemPlan>,
}

#[derive(Debug)]
pub(super) struct ItemPlan {
    pub(super) kind: Arc<str>,
    pub(super) pages: PagePlan,
    pub(super) records: RecordsPlan,
    pub(super) tally: Tally,
}

/// Where records are and what they hold.
#[derive(Debug)]
pub(super) struct RecordsPlan {
    /// In turn; none for one record that is the element itself.
    pub(super) for_each: Option<Vec<Finder>>,
    pub(super) fields: Vec<FieldPlan>,
    /// Places of the fields by which records are told apart.
    pub(super) unique_by: Vec<usize>,
}

/// Which pages a rule is for.
#[derive(Debug, Default)]
pub(super) struct PagePlan {
    when: Option<Pattern>,
    when_label: Option<Vec<String>>,
}

/// What a field takes over from its item type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners<'l> {
    pub(super) locale: Option<Locale>,
    pub(super) order: Option<DateOrder>,
    pub(super) limits: &'l PatternLimits,
}

impl PagePlan {
    pub(super) fn new(
        when: Option<&String>,
        when_label: Option<&Texts>,
        limits: &PatternLimits,
        mistakes: &mut Mistakes,
    ) -> Self {
        let when = when.and_then(|text| mistakes.ok("when", None, source::regex(text, limits)));
        if when_label.is_some_and(|labels| labels.0.is_empty()) {
            let hint = "name a label that a `[[follow]]` rule gives, or leave it out";
            mistakes.add("when_label", None, Mistake::new("an empty list means no page at all").hint(hint));
        }
        Self { when, when_label: when_label.map(|labels| labels.0.clone()) }
    }

    /// Whether a page is one of them.
    pub(super) fn includes(&self, url: &str, label: Option<&str>) -> bool {
        let label = label.unwrap_or_default();
        self.when_label.as_ref().is_none_or(|labels| labels.iter().any(|known| known == label))
            && self.when.as_ref().is_none_or(|when| when.is_match(url))
    }
}

impl Rules {
    /// Compiles item types in order, regular expressions within the default limits.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn compile(items: &Named<ItemRule>) -> Result<Self, Vec<RuleError>> {
        Self::compile_within(items, &PatternLimits::default())
    }

    /// Compiles item types in order, regular expressions within these limits.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn compile_within(items: &Named<ItemRule>, limits: &PatternLimits) -> Result<Self, Vec<RuleError>> {
        let (mut plans, mut found) = (Vec::new(), Vec::new());
        for (name, rule) in items.iter() {
            let mut mistakes = Mistakes::of(RuleName::Item(name.to_owned()));
            plans.push(plan_item(name, rule, limits, &mut mistakes));
            found.append(&mut mistakes.found);
        }
        if found.is_empty() { Ok(Self { items: plans }) } else { Err(found) }
    }

    /// Whether there are no item types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether a record can fail them: a field is required and has no default.
    #[must_use]
    pub fn can_reject(&self) -> bool {
        self.items.iter().any(|item| item.records.fields.iter().any(FieldPlan::can_reject))
    }

    /// The item types in order.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<str>> {
        self.items.iter().map(|item| &item.kind)
    }

    /// The columns of a table of one type's items, after `id` and `seq`: `page`, then its fields in order.
    #[must_use]
    pub fn columns(&self, kind: &str) -> Option<Vec<String>> {
        let item = self.items.iter().find(|item| &*item.kind == kind)?;
        let fields = item.records.fields.iter().map(|field| field.name.clone());
        Some(std::iter::once("page".to_owned()).chain(fields).collect())
    }

    /// What became of the items of each type and of their fields so far.
    #[must_use]
    pub fn counts(&self) -> Vec<ItemCounts> {
        self.items.iter().map(|item| item.tally.counts(&item.kind, &item.records.fields)).collect()
    }
}

fn plan_item(name: &str, rule: &ItemRule, limits: &PatternLimits, mistakes: &mut Mistakes) -> ItemPlan {
    for (field, _) in rule.fields.iter().filter(|(field, _)| RESERVED.contains(field)) {
        mistakes.fields.push(field.to_owned());
        let mistake = Mistake::new(format!("the name `{field}` is taken: every item record has it"));
        mistakes.add(None, None, mistake.hint(format!("call it `{field}_value`, say")));
        mistakes.fields.pop();
    }
    let locale = rule.locale.as_deref().and_then(|name| mistakes.ok("locale", None, locale(name)));
    let pages = PagePlan::new(rule.when.as_ref(), rule.when_label.as_ref(), limits, mistakes);
    let manners = Manners { locale, order: rule.date_order, limits };
    let records =
        plan_records(&rule.fields, rule.for_each.as_ref(), rule.unique_by.as_ref(), manners, mistakes);
    ItemPlan { kind: name.into(), pages, records, tally: Tally::default() }
}

/// What records, of an item type or inside another record, are made of.
pub(super) fn plan_records(
    fields: &Named<super::FieldRule>,
    for_each: Option<&Texts>,
    unique_by: Option<&Texts>,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> RecordsPlan {
    if fields.is_empty() {
        mistakes.add(None, None, Mistake::new("it has no fields").hint("add a table of fields"));
    }
    let for_each = for_each.map(|texts| finders("for_each", texts, mistakes));
    let names = || fields.iter().map(|(name, _)| name);
    let mut unique = Vec::new();
    for (index, name) in unique_by.iter().flat_map(|texts| &texts.0).enumerate() {
        match names().position(|field| field == name) {
            Some(place) => unique.push(place),
            None => {
                let known = || format!("known: {}", names().collect::<Vec<_>>().join(", "));
                let hint = did_you_mean(name, names()).unwrap_or_else(known);
                let mistake = Mistake::new(format!("there is no field `{name}` to be unique by")).hint(hint);
                mistakes.add("unique_by", Some(index), mistake);
            }
        }
    }
    RecordsPlan { for_each, unique_by: unique, fields: plan_fields(fields, manners, mistakes) }
}

/// Finders in turn.
pub(super) fn finders(key: &'static str, texts: &Texts, mistakes: &mut Mistakes) -> Vec<Finder> {
    if texts.0.is_empty() {
        mistakes.add(key, None, Mistake::new(format!("`{key}` is an empty list")).hint("leave it out"));
    }
    let found = texts.0.iter().enumerate();
    found.filter_map(|(index, text)| mistakes.ok(key, Some(index), source::finder(key, text))).collect()
}

pub(super) fn locale(name: &str) -> Result<Locale, Mistake> {
    Locale::of(name).ok_or_else(|| {
        let hint = did_you_mean(name, languages());
        Mistake::new(format!("the locale `{name}` is not known")).hint(
            hint.unwrap_or_else(|| "write a language such as de, or with a region such as en-GB".to_owned()),
        )
    })
}
