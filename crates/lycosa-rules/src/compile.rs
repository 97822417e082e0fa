//! Rules made ready once: everything parsed and checked, every mistake reported.

use std::sync::Arc;

use lycosa_dom::{Pattern, PatternLimits};

use super::convert::{DateOrder, Locale, languages};
use super::error::{Mistake, Mistakes, RuleName, did_you_mean};
use super::expressions::{Compiled, Expressions, Shared};
use super::field::{FieldKind, FieldPlan, ValuePlan, plan_fields};
use super::source::{self, Each, JsonPlace, Source};
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
    /// Whether it can take something out of a body that is JSON.
    pub(super) reads_json: bool,
    /// Whether it can take something out of a body that is neither JSON nor a document.
    pub(super) reads_text: bool,
}

/// Where records are and what they hold.
#[derive(Debug)]
pub(super) struct RecordsPlan {
    /// In turn; none for one record that is the element itself.
    pub(super) for_each: Option<Vec<Each>>,
    /// Where the JSON is that paths of `for_each` lead into.
    pub(super) from: Option<JsonPlace>,
    pub(super) fields: Vec<FieldPlan>,
    /// Places of the fields by which records are told apart.
    pub(super) unique_by: Vec<usize>,
    pub(super) tally: Tally,
}

/// How records are written, of an item type or inside another record.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordsRule<'r> {
    pub(super) fields: &'r Named<super::FieldRule>,
    pub(super) for_each: Option<&'r Texts>,
    pub(super) from: Option<&'r str>,
    pub(super) unique_by: Option<&'r Texts>,
}

impl RecordsPlan {
    /// Whether one of its places or sources is like this one says, at any depth.
    fn any(
        &self,
        each: &impl Fn(&Self, &Each) -> bool,
        source: &impl Fn(&ValuePlan, &Source) -> bool,
    ) -> bool {
        let of_field = |field: &FieldPlan| match &field.what {
            FieldKind::Value(plan) => plan.sources.iter().any(|(_, found)| source(plan, found)),
            FieldKind::Records(records) => records.any(each, source),
        };
        self.for_each.iter().flatten().any(|found| each(self, found)) || self.fields.iter().any(of_field)
    }

    fn reads_json(&self) -> bool {
        let is_usual = |from: &Option<JsonPlace>| from.as_ref().is_some_and(|from| !from.is_given);
        self.any(&|plan, each| matches!(each, Each::Json(_)) && is_usual(&plan.from), &|plan, source| {
            matches!(source, Source::Json(_)) && is_usual(&plan.from)
        })
    }

    fn reads_text(&self) -> bool {
        self.any(&|_, each| matches!(each, Each::Regex(_)), &|_, source| {
            matches!(source, Source::Regex { .. })
        })
    }
}

/// Which pages a rule is for.
#[derive(Debug, Default)]
pub(super) struct PagePlan {
    when: Option<Shared<Pattern>>,
    when_label: Option<Vec<String>>,
}

/// What a field takes over from its item type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners<'l> {
    pub(super) locale: Option<Locale>,
    pub(super) order: Option<DateOrder>,
    pub(super) known: &'l Compiled,
    /// The expressions whose matches its record may be.
    pub(super) groups: &'l [Shared<Pattern>],
}

impl PagePlan {
    pub(super) fn new(
        when: Option<&String>,
        when_label: Option<&Texts>,
        known: &Compiled,
        mistakes: &mut Mistakes,
    ) -> Self {
        let when = when.and_then(|text| mistakes.ok("when", None, known.borrow_mut().regex(text)));
        if when_label.is_some_and(|labels| labels.0.is_empty()) {
            let hint = "name a label that a `[[follow]]` rule gives, or leave it out";
            mistakes.add("when_label", None, Mistake::new("an empty list means no page at all").hint(hint));
        }
        Self { when, when_label: when_label.map(|labels| labels.0.clone()) }
    }

    /// Whether a page is one of them.
    pub(super) fn includes(&self, url: &str, label: Option<&str>) -> bool {
        self.has_label(label) && self.matches(url)
    }

    fn has_label(&self, label: Option<&str>) -> bool {
        let label = label.unwrap_or_default();
        self.when_label.as_ref().is_none_or(|labels| labels.iter().any(|known| known == label))
    }

    fn matches(&self, url: &str) -> bool {
        self.when.as_ref().is_none_or(|when| when.is_match(url))
    }

    /// Why a page is none of them, if so.
    pub(super) fn excludes(&self, url: &str, label: Option<&str>) -> Option<String> {
        if let Some(labels) = self.when_label.as_ref().filter(|_| !self.has_label(label)) {
            let wanted: Vec<String> = labels.iter().map(|label| format!("{label:?}")).collect();
            let has = label.map_or_else(|| "no label".to_owned(), |label| format!("the label {label:?}"));
            return Some(format!("when_label asks for {}, and the page has {has}", wanted.join(" or ")));
        }
        (!self.matches(url)).then(|| "its URL does not match `when`".to_owned())
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
        let known = Expressions::within(limits);
        for (name, rule) in items.iter() {
            let mut mistakes = Mistakes::of(RuleName::Item(name.to_owned()));
            plans.push(plan_item(name, rule, &known, &mut mistakes));
            found.append(&mut mistakes.found);
        }
        if found.is_empty() { Ok(Self { items: plans }) } else { Err(found) }
    }

    /// Whether there are no item types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether a record can fail them: a field is required.
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
        self.items.iter().map(|item| super::tally::counts(&item.kind, &item.records)).collect()
    }
}

fn plan_item(name: &str, rule: &ItemRule, known: &Compiled, mistakes: &mut Mistakes) -> ItemPlan {
    for (field, _) in rule.fields.iter().filter(|(field, _)| RESERVED.contains(field)) {
        mistakes.fields.push(field.to_owned());
        let mistake = Mistake::new(format!("the name `{field}` is taken: every item record has it"));
        mistakes.add(None, None, mistake.hint(format!("call it `{field}_value`, say")));
        mistakes.fields.pop();
    }
    let locale = rule.locale.as_deref().and_then(|name| mistakes.ok("locale", None, locale(name)));
    let pages = PagePlan::new(rule.when.as_ref(), rule.when_label.as_ref(), known, mistakes);
    let manners = Manners { locale, order: rule.date_order, known, groups: &[] };
    let has_json = rule.for_each.iter().flat_map(|texts| &texts.0).any(|text| text.starts_with("json:"));
    if rule.from.is_some() && !has_json {
        let mistake = Mistake::new("`from` says nothing without `json:` in `for_each`");
        mistakes.add("from", None, mistake.hint("leave it out, or give it to the fields that read JSON"));
    }
    let records = RecordsRule {
        fields: &rule.fields,
        for_each: rule.for_each.as_ref(),
        from: rule.from.as_deref(),
        unique_by: rule.unique_by.as_ref(),
    };
    let records = plan_records(records, manners, mistakes);
    let (reads_json, reads_text) = (records.reads_json(), records.reads_text());
    ItemPlan { kind: name.into(), pages, records, reads_json, reads_text }
}

/// What records are made of.
pub(super) fn plan_records(
    rule: RecordsRule<'_>,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> RecordsPlan {
    let RecordsRule { fields, for_each, from, unique_by } = rule;
    if fields.is_empty() {
        mistakes.add(None, None, Mistake::new("it has no fields").hint("add a table of fields"));
    }
    let for_each = for_each.map(|texts| places(texts, manners.known, mistakes));
    let from = JsonPlace::of(from, &mut manners.known.borrow_mut());
    let from = mistakes.ok("from", None, from);
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
    let patterns: Vec<_> = for_each
        .iter()
        .flatten()
        .filter_map(|each| match each {
            Each::Regex(pattern) => Some(pattern.clone()),
            _ => None,
        })
        .collect();
    // A record that is not one of a list is made from what the one around it is made from.
    let groups = if for_each.is_some() { patterns.as_slice() } else { manners.groups };
    let fields = plan_fields(fields, Manners { groups, ..manners }, mistakes);
    RecordsPlan { for_each, from, unique_by: unique, fields, tally: Tally::default() }
}

/// What finds records, in turn.
fn places(texts: &Texts, known: &Compiled, mistakes: &mut Mistakes) -> Vec<Each> {
    let key = "for_each";
    if texts.0.is_empty() {
        mistakes.add(key, None, Mistake::new("`for_each` is an empty list").hint("leave it out"));
    }
    let found = texts.0.iter().enumerate();
    found
        .filter_map(|(index, text)| {
            mistakes.ok(key, Some(index), source::each(text, &mut known.borrow_mut()))
        })
        .collect()
}

pub(super) fn locale(name: &str) -> Result<Locale, Mistake> {
    Locale::of(name).ok_or_else(|| {
        let hint = did_you_mean(name, languages());
        Mistake::new(format!("the locale `{name}` is not known")).hint(
            hint.unwrap_or_else(|| "write a language such as de, or with a region such as en-GB".to_owned()),
        )
    })
}
