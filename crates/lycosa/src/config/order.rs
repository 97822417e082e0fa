//! In which order a site's URLs are served, and how links are scored when the best come first.

use lycosa_dom::{Pattern, PatternLimits};
use lycosa_rules::describe_pattern_error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::inspect::Mistake;
use super::place::Step;
use super::verify::mistake;
use crate::model::Order;
use crate::scope::{ScoreRule, ScoreRules};

/// The order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderField {
    /// As they were found.
    #[default]
    Breadth,
    /// The deepest first.
    Depth,
    /// Those with the highest score first, and those that many links lead to.
    Best,
}

impl From<OrderField> for Order {
    fn from(field: OrderField) -> Self {
        match field {
            OrderField::Breadth => Self::Breadth,
            OrderField::Depth => Self::Depth,
            OrderField::Best => Self::Best,
        }
    }
}

/// The order and its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderFields {
    /// `breadth`, `depth` or `best`. With a limit of `depth` every level is finished before the next. Default `breadth`.
    pub by: OrderField,
    /// Points for links, for `best`: those with more than 0 come first, those with less last. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub score: Vec<ScoreField>,
}

/// A rule for links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreField {
    /// A regular expression that must be found in the URL. Default: any URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A regular expression that must be found in the link's text. Default: any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// Points, from -100 to 100.
    #[schemars(range(min = -100, max = 100))]
    pub score: i32,
}

impl OrderFields {
    /// Whether nothing differs from the default.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The rules, those left out whose expressions are none: what is wrong with them, [`Self::verify`] tells.
    pub(super) fn rules(&self, limits: &PatternLimits) -> ScoreRules {
        let compile = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => Pattern::compile(text, limits).ok().map(Some),
        };
        let rules = self.score.iter().filter_map(|rule| {
            let (url, anchor) = (compile(&rule.pattern)?, compile(&rule.anchor)?);
            Some(ScoreRule { url, anchor, score: rule.score })
        });
        ScoreRules(rules.collect())
    }

    /// Finds every mistake in the rules.
    pub(super) fn verify(&self, limits: &PatternLimits, mistakes: &mut Vec<Mistake>) {
        for (index, rule) in self.score.iter().enumerate() {
            let path = |key: &'static str| -> Vec<Step> {
                vec!["order".into(), "score".into(), Step::Index(index), key.into()]
            };
            for (key, text) in [("pattern", &rule.pattern), ("anchor", &rule.anchor)] {
                if let Some(text) = text
                    && let Err(error) = Pattern::compile(text, limits)
                {
                    let message = format!("`order.score`: {}", describe_pattern_error(text, &error));
                    let told = mistake(path(key), message, error.hint().unwrap_or_default());
                    mistakes.push(Mistake { column: error.column, ..told });
                }
            }
            if rule.pattern.is_none() && rule.anchor.is_none() {
                let message = "`order.score` has a rule about nothing, which changes no order";
                mistakes.push(mistake(path("score"), message, "give it a `pattern` or an `anchor`"));
            }
            if !(-100..=100).contains(&rule.score) {
                let message = format!("`order.score` is {}, but goes from -100 to 100", rule.score);
                mistakes.push(mistake(path("score"), message, "use a smaller number"));
            }
        }
        if !self.score.is_empty() && self.by != OrderField::Best {
            let path = ["order".into(), "score".into()];
            let message = "`order.score` has rules, but the order is not `best`";
            mistakes.push(mistake(path, message, "add by = \"best\" to [order], or leave the rules out"));
        }
    }
}
