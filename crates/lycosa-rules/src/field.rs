//! Fields made ready: where the values come from, what is done to them, what they become.

use lycosa_dom::Pattern;
use serde_json::Value;

use super::compile::{Manners, RecordsPlan, RecordsRule, locale, plan_records};
use super::convert::{Conversion, ValueType};
use super::error::{Mistake, Mistakes};
use super::expressions::Shared;
use super::source::{self, JsonPlace, Source};
use super::tally::FieldTally;
use super::{FieldRule, Named};

/// Records may nest this deep.
const DEEPEST: usize = 8;

/// The keys of which a field has one.
const SOURCES: &str = "css, xpath, select, json, value, fact, regex or fields";

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) name: String,
    pub(super) what: FieldKind,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    pub(super) tally: FieldTally,
}

#[derive(Debug)]
pub(super) enum FieldKind {
    Value(Box<ValuePlan>),
    Records(RecordsPlan),
}

#[derive(Debug)]
pub(super) struct ValuePlan {
    /// In turn, each as it is shown to people.
    pub(super) sources: Vec<(String, Source)>,
    /// Where JSON stands.
    pub(super) from: Option<JsonPlace>,
    /// None: a JSON value stays what it is, a text is a text.
    pub(super) conversion: Option<Conversion>,
    pub(super) html: bool,
    pub(super) trim: bool,
    pub(super) collapse: bool,
    pub(super) regex: Option<(Shared<Pattern>, Option<usize>)>,
    pub(super) absolute: bool,
}

impl FieldPlan {
    pub(super) fn can_reject(&self) -> bool {
        let inner = match &self.what {
            FieldKind::Records(records) => records.fields.iter().any(Self::can_reject),
            FieldKind::Value(_) => false,
        };
        self.required || inner
    }
}

/// The plans of fields in order.
pub(super) fn plan_fields(
    fields: &Named<FieldRule>,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> Vec<FieldPlan> {
    let mut plans = Vec::new();
    for (name, rule) in fields.iter() {
        mistakes.fields.push(name.to_owned());
        if mistakes.fields.len() > DEEPEST {
            mistakes.add(None, None, Mistake::new(format!("records nest deeper than {DEEPEST}")));
        } else if let Some(plan) = plan_field(name, rule, manners, mistakes) {
            plans.push(plan);
        }
        mistakes.fields.pop();
    }
    plans
}

fn plan_field(
    name: &str,
    rule: &FieldRule,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> Option<FieldPlan> {
    let many = rule.many.unwrap_or(rule.fields.is_some() && rule.for_each.is_some());
    if let Some(mistake) = rule.default.as_ref().and_then(|default| wrong_default(default, many)) {
        mistakes.add("default", None, mistake);
    }
    if rule.required == Some(true) && rule.default.is_some() {
        let mistake = Mistake::new("`required` says nothing beside `default`: the field always has a value");
        mistakes.add("required", None, mistake.hint("leave one of them out"));
    }
    let what = match one_source(rule, mistakes)? {
        "fields" => FieldKind::Records(plan_inner(rule, manners, mistakes)),
        key => FieldKind::Value(Box::new(plan_value(rule, key, manners, mistakes))),
    };
    Some(FieldPlan {
        name: name.to_owned(),
        what,
        many,
        required: rule.required.unwrap_or(false),
        default: rule.default.clone(),
        tally: FieldTally::default(),
    })
}

/// The key that says where the value is.
fn one_source(rule: &FieldRule, mistakes: &mut Mistakes) -> Option<&'static str> {
    let given = [
        ("css", rule.css.is_some()),
        ("xpath", rule.xpath.is_some()),
        ("select", rule.select.is_some()),
        ("json", rule.json.is_some()),
        ("value", rule.value.is_some()),
        ("fact", rule.fact.is_some()),
        ("fields", rule.fields.is_some()),
    ];
    let mut keys = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
    match (keys.next(), keys.next()) {
        (Some(key), None) => {
            misplaced(rule, key, mistakes);
            Some(key)
        }
        (Some(first), Some(second)) => {
            let message = format!("`{first}` and `{second}` both say where the value is");
            let hint = "choose one; `select = [\"css:…\", \"xpath:…\"]` tries several in turn";
            mistakes.add(second, None, Mistake::new(message).hint(hint));
            None
        }
        (None, _) if rule.regex.is_some() => Some("regex"),
        (None, _) if rule.group.is_some() => Some("group"),
        (None, _) => {
            let message = "it does not say where its value is";
            mistakes.add(None, None, Mistake::new(message).hint(format!("give one of {SOURCES}")));
            None
        }
    }
}

/// Keys that say nothing beside this source.
fn misplaced(rule: &FieldRule, source: &str, mistakes: &mut Mistakes) {
    let texts = [&rule.select, &rule.for_each].into_iter().flatten().flat_map(|texts| &texts.0);
    let has_json = source == "json" || texts.into_iter().any(|text| text.starts_with("json:"));
    let is_record = source == "fields";
    let wrong = [
        ("from", rule.from.is_some() && !has_json, "`json`"),
        ("for_each", rule.for_each.is_some() && !is_record, "`fields`"),
        (
            "unique_by",
            rule.unique_by.is_some() && (!is_record || rule.for_each.is_none()),
            "`fields` and `for_each`",
        ),
        ("group", rule.group.is_some() && rule.regex.is_none(), "`regex`"),
        ("type", rule.kind.is_some() && is_record, "a value"),
        ("regex", rule.regex.is_some() && is_record, "a value"),
        ("absolute", rule.absolute.is_some() && is_record, "a value"),
        ("many", rule.many == Some(true) && is_record && rule.for_each.is_none(), "`for_each`"),
    ];
    for (key, _, needed) in wrong.into_iter().filter(|(_, is_wrong, _)| *is_wrong) {
        let mistake = Mistake::new(format!("`{key}` says nothing without {needed}"));
        mistakes.add(key, None, mistake.hint("leave it out"));
    }
}

fn plan_inner(rule: &FieldRule, manners: Manners<'_>, mistakes: &mut Mistakes) -> RecordsPlan {
    let own = rule.locale.as_deref().and_then(|name| mistakes.ok("locale", None, locale(name)));
    let manners =
        Manners { locale: own.or(manners.locale), order: rule.date_order.or(manners.order), ..manners };
    let none = Named::default();
    let records = RecordsRule {
        fields: rule.fields.as_ref().unwrap_or(&none),
        for_each: rule.for_each.as_ref(),
        from: rule.from.as_deref(),
        unique_by: rule.unique_by.as_ref(),
    };
    plan_records(records, manners, mistakes)
}

fn plan_value(
    rule: &FieldRule,
    key: &'static str,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> ValuePlan {
    let mut sources = sources(rule, key, manners, mistakes);
    let known = manners.known;
    let own = rule.locale.as_deref().and_then(|name| mistakes.ok("locale", None, locale(name)));
    let regex = match key {
        "regex" => None,
        _ => {
            rule.regex.as_deref().and_then(|text| mistakes.ok("regex", None, known.borrow_mut().regex(text)))
        }
    };
    let alone = sources.iter_mut().find_map(|(_, source)| match source {
        Source::Regex { pattern, group } if key == "regex" => Some((pattern, group)),
        _ => None,
    });
    let mut number = |pattern: &Pattern| {
        let group = rule.group.as_ref()?;
        mistakes.ok("group", None, source::group_number(group, pattern))
    };
    if let Some((pattern, group)) = alone {
        *group = number(pattern);
    }
    let regex = regex.map(|pattern| {
        let group = number(&pattern);
        (pattern, group)
    });
    let kind = rule.kind.or_else(|| {
        let is_typed = sources.iter().all(|(_, source)| source.is_typed());
        (!is_typed).then_some(ValueType::Text)
    });
    let is_address = sources.iter().all(|(_, source)| source.takes_address());
    let is_plain = regex.is_none() && kind == Some(ValueType::Text) && is_address;
    let from = JsonPlace::of(rule.from.as_deref(), &mut known.borrow_mut());
    let from = mistakes.ok("from", None, from);
    let order = rule.date_order.or(manners.order);
    let locale = own.or(manners.locale);
    let is_verbatim = matches!(kind, Some(ValueType::Html | ValueType::Json));
    ValuePlan {
        sources,
        from,
        conversion: kind.map(|to| Conversion { to, locale, order }),
        html: kind == Some(ValueType::Html),
        trim: rule.trim.unwrap_or(true),
        collapse: rule.collapse.unwrap_or(!is_verbatim),
        regex,
        absolute: rule.absolute.unwrap_or(is_plain),
    }
}

/// The sources in turn, with what people are shown of them.
fn sources(
    rule: &FieldRule,
    key: &'static str,
    manners: Manners<'_>,
    mistakes: &mut Mistakes,
) -> Vec<(String, Source)> {
    let mut known = manners.known.borrow_mut();
    if let Some(select) = rule.select.as_ref().filter(|_| key == "select") {
        if select.0.is_empty() {
            mistakes.add(key, None, Mistake::new("`select` is an empty list").hint("give a source"));
        }
        let several = select.0.iter().enumerate();
        return several
            .filter_map(|(index, text)| {
                let source = source::parse(text, manners.groups, &mut known);
                Some((text.clone(), mistakes.ok(key, Some(index), source)?))
            })
            .collect();
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (shown, source) = match (key, &rule.group, rule.fact) {
        ("css", ..) => {
            let css = text(&rule.css);
            let source = source::css(&css, &mut known);
            let source = source.map_err(|mistake| source::unknown_prefix(&css).unwrap_or(mistake));
            (css, source)
        }
        ("xpath", ..) => (text(&rule.xpath), known.xpath(&text(&rule.xpath)).map(Source::XPath)),
        ("json", ..) => (text(&rule.json), known.json(&text(&rule.json)).map(Source::Json)),
        ("regex", ..) => {
            let pattern = known.regex(&text(&rule.regex));
            (text(&rule.regex), pattern.map(|pattern| Source::Regex { pattern, group: None }))
        }
        ("group", Some(group), _) => {
            (group.to_string(), source::group_of_record(group, manners.groups).map(Source::Group))
        }
        ("fact", _, Some(fact)) => (fact.as_str().to_owned(), Ok(Source::Fact(fact))),
        _ => {
            let value = rule.value.clone().unwrap_or_default();
            (value.to_string(), Ok(Source::Value(value)))
        }
    };
    let source = mistakes.ok(key, None, source);
    source.map(|source| (format!("{key}:{shown}"), source)).into_iter().collect()
}

fn wrong_default(default: &Value, many: bool) -> Option<Mistake> {
    match default {
        Value::Array(_) if !many => {
            Some(Mistake::new("a list is the default of a field with one value").hint("add `many = true`"))
        }
        Value::Array(list) if list.iter().any(|value| value.is_array() || value.is_object()) => {
            Some(Mistake::new("a default list holds texts, numbers, true and false only"))
        }
        Value::Object(_) => {
            Some(Mistake::new("a table cannot be a default").hint("give text, a number or a list"))
        }
        Value::Array(_) => None,
        _ if many => Some(
            Mistake::new("the default of a field with `many` must be a list")
                .hint(format!("write [{default}]")),
        ),
        _ => None,
    }
}
