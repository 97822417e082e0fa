//! Rules made ready once: selectors and expressions parsed, defaults checked, every mistake reported.

use std::fmt;
use std::sync::Arc;

use lycosa_dom::{Output, Pattern, PatternError, PatternErrorKind, PatternLimits, Selector};
use serde_json::Value;

use super::run::Tally;
use super::{FieldRule, ItemRule, Named, RuleCounts};
use crate::error::{Error, ErrorKind};
use crate::octets::excerpt;

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
    pub(super) for_each: Option<Selector>,
    pub(super) fields: Vec<FieldPlan>,
    pub(super) tally: Tally,
}

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) name: String,
    pub(super) selector: Selector,
    /// Whether it looks at the item's element itself instead of searching in it.
    pub(super) own: bool,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    pub(super) trim: bool,
    pub(super) regex: Option<Pattern>,
    pub(super) absolute: bool,
}

/// Which part of a rule is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulePart {
    /// The item type as a whole.
    Item,
    /// `for_each`
    ForEach,
    /// The field as a whole: its name.
    Field,
    /// `css`
    Css,
    /// `regex`
    Regex,
    /// `default`
    Default,
}

/// A mistake in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The item type.
    pub item: String,
    /// The field, when it is in one.
    pub field: Option<String>,
    /// Which part of it.
    pub part: RulePart,
    /// The character of the selector or expression at which it was noticed, from 1.
    pub column: Option<usize>,
    /// What is wrong, one lower-case sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item `{}`", self.item)?;
        if let Some(field) = &self.field {
            write!(f, ", field `{field}`")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for RuleError {}

impl From<RuleError> for Error {
    fn from(wrong: RuleError) -> Self {
        let error = Error::new(ErrorKind::Config, wrong.to_string());
        match wrong.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
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
        let mut errors = Vec::new();
        let plan = |(name, rule): (&str, &ItemRule)| plan_item(name, rule, limits, &mut errors);
        let items = items.iter().filter_map(plan).collect();
        if errors.is_empty() { Ok(Self { items }) } else { Err(errors) }
    }

    /// Whether there are no item types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item types in order.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<str>> {
        self.items.iter().map(|item| &item.kind)
    }

    /// The columns of a table of one type's items, after `id` and `seq`: `page`, then its fields in order.
    #[must_use]
    pub fn columns(&self, kind: &str) -> Option<Vec<String>> {
        let item = self.items.iter().find(|item| &*item.kind == kind)?;
        let fields = item.fields.iter().map(|field| field.name.clone());
        Some(std::iter::once("page".to_owned()).chain(fields).collect())
    }

    /// How many items of each type were found and dropped so far.
    #[must_use]
    pub fn counts(&self) -> Vec<(Arc<str>, RuleCounts)> {
        self.items.iter().map(|item| (item.kind.clone(), item.tally.counts())).collect()
    }
}

fn plan_item(
    name: &str,
    rule: &ItemRule,
    limits: &PatternLimits,
    errors: &mut Vec<RuleError>,
) -> Option<ItemPlan> {
    let before = errors.len();
    let mut wrong = |field: Option<&str>, part, mistake: Mistake| {
        let Mistake { message, column, hint } = mistake;
        errors.push(RuleError {
            item: name.to_owned(),
            field: field.map(str::to_owned),
            part,
            column,
            message,
            hint,
        });
    };
    if rule.fields.is_empty() {
        wrong(None, RulePart::Item, Mistake::new("it has no fields").hint("add a table of fields"));
    }
    let for_each = rule.for_each.as_deref().and_then(|css| match parse_element(css) {
        Ok(selector) => Some(selector),
        Err(mistake) => {
            wrong(None, RulePart::ForEach, mistake);
            None
        }
    });
    let mut fields = Vec::new();
    for (field_name, field) in rule.fields.iter() {
        match plan_field(field_name, field, limits) {
            Ok(plan) => fields.push(plan),
            Err(mistakes) => {
                mistakes.into_iter().for_each(|(part, mistake)| wrong(Some(field_name), part, mistake));
            }
        }
    }
    (errors.len() == before).then(|| ItemPlan {
        kind: name.into(),
        for_each,
        fields,
        tally: Tally::default(),
    })
}

struct Mistake {
    message: String,
    column: Option<usize>,
    hint: Option<String>,
}

impl Mistake {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), column: None, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

fn parse_element(css: &str) -> Result<Selector, Mistake> {
    let selector = parse_selector(css)?;
    if *selector.output() == Output::Node {
        return Ok(selector);
    }
    Err(Mistake::new(format!(
        "`for_each` selects elements, but `{}` takes text or an attribute",
        excerpt(css)
    ))
    .hint("leave out ::text and ::attr() here; fields take values"))
}

fn parse_selector(css: &str) -> Result<Selector, Mistake> {
    Selector::parse(css).map_err(|error| Mistake {
        message: format!(
            "the selector `{}` is wrong at its character {}: {}",
            excerpt(css),
            error.column,
            error.message
        ),
        column: Some(error.column),
        hint: None,
    })
}

fn plan_field(
    name: &str,
    rule: &FieldRule,
    limits: &PatternLimits,
) -> Result<FieldPlan, Vec<(RulePart, Mistake)>> {
    let mut mistakes = Vec::new();
    if RESERVED.contains(&name) {
        let mistake = Mistake::new(format!("the name `{name}` is taken: every item record has it"));
        mistakes.push((RulePart::Field, mistake.hint(format!("call it `{name}_value`, say"))));
    }
    if let Some(mistake) = rule.default.as_ref().and_then(|default| wrong_default(default, rule.many)) {
        mistakes.push((RulePart::Default, mistake));
    }
    let regex = rule.regex.as_deref().and_then(|pattern| {
        let built = Pattern::compile(pattern, limits);
        built.map_err(|error| mistakes.push((RulePart::Regex, regex_mistake(pattern, &error)))).ok()
    });
    if rule.required && rule.default.is_some() {
        let mistake = Mistake::new("`required` with `default` drops nothing: the default always stands in");
        mistakes.push((RulePart::Default, mistake.hint("leave out one of them")));
    }
    let own = own_element(&rule.css);
    match parse_selector(own.as_deref().unwrap_or(&rule.css)) {
        Ok(selector) if mistakes.is_empty() => {
            let is_address = match selector.output() {
                Output::Attr(attribute) => matches!(&**attribute, "href" | "src" | "action"),
                _ => false,
            };
            Ok(FieldPlan {
                name: name.to_owned(),
                own: own.is_some(),
                selector,
                many: rule.many,
                required: rule.required,
                default: rule.default.clone(),
                trim: rule.trim,
                absolute: rule.absolute.unwrap_or(is_address && regex.is_none()),
                regex,
            })
        }
        Ok(_) => Err(mistakes),
        Err(mistake) => {
            mistakes.push((RulePart::Css, mistake));
            Err(mistakes)
        }
    }
}

/// For a selector that names the item's own element (`:scope`, `::text`, `::attr(name)`, `:scope::text`…): the same
/// with `*` in its place, because a search looks only at what is inside.
fn own_element(css: &str) -> Option<String> {
    let css = css.trim();
    let rest = css.strip_prefix(":scope").unwrap_or(css);
    let is_attribute = rest.strip_prefix("::attr(").is_some_and(|name| !name.contains([',', ' ']));
    let is_own = (rest.is_empty() && !css.is_empty()) || rest == "::text" || is_attribute;
    is_own.then(|| format!("*{rest}"))
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

fn regex_mistake(pattern: &str, error: &PatternError) -> Mistake {
    Mistake {
        message: describe_pattern_error(pattern, error),
        column: error.column,
        hint: error.hint().map(str::to_owned),
    }
}

/// Why an expression cannot be used, as one sentence.
pub(crate) fn describe_pattern_error(pattern: &str, error: &PatternError) -> String {
    let verdict = match error.kind {
        PatternErrorKind::Syntax => "is wrong",
        _ => "cannot be used",
    };
    format!("the regular expression `{}` {verdict}: {}", excerpt(pattern), error.message)
}
