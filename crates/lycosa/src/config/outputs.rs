//! Which sinks a crawl writes to: what goes to `output`, what to `pages`, with which columns.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lycosa_dom::PatternLimits;

use super::{ConfigError, CrawlOptions};
use crate::crawler::Output;
use crate::extract::PAGE_COLUMNS;
use crate::extract::rules::{FollowRules, Rules};
use crate::sink::{Existing, Format, Items, Select, SinkOptions, Target};

impl CrawlOptions {
    /// The outputs, in the order `output`, `pages`; none when neither is set.
    ///
    /// With item rules `output` holds items and `pages` the pages, else `output` holds the pages. Outcomes of
    /// `all_outcomes` go where pages go, or to `output` when pages go nowhere. A database takes everything that is given
    /// no other place, rejects too: it has a table for each.
    #[must_use]
    pub fn outputs(&self, rules: &Rules) -> Vec<Output> {
        let has_items = !rules.is_empty();
        let mut outputs = Vec::new();
        if let Some(path) = &self.output {
            let is_database = Target::of(path.as_ref()) == Target::Database;
            let select = Select {
                pages: !has_items || is_database && self.pages.is_none(),
                items: if has_items { items_of(path, rules) } else { Items::None },
                outcomes: self.all_outcomes && (!has_items || self.pages.is_none()),
                rejects: is_database && rules.can_reject(),
            };
            outputs.push(self.output_to(path, select, rules));
        }
        if let Some(path) = &self.pages {
            let select = Select { pages: true, outcomes: self.all_outcomes, ..Select::default() };
            outputs.push(self.output_to(path, select, rules));
        }
        outputs.extend(self.rejects(rules));
        outputs
    }

    /// Where records go that fail the rules: beside the output of items, under its name with `.rejects.jsonl` after
    /// it. Nothing goes beside a stream or a database, nor where no rule can fail.
    fn rejects(&self, rules: &Rules) -> Option<Output> {
        let path = self.output.as_deref().filter(|_| rules.can_reject())?;
        if matches!(Target::of(path.as_ref()), Target::Stdout | Target::Unknown | Target::Database) {
            return None;
        }
        let path = format!("{}.rejects.jsonl", path.trim_end_matches(['/', std::path::MAIN_SEPARATOR]));
        Some(self.output_to(&path, Select::rejects(), rules))
    }

    /// The outputs, none of what was asked for going nowhere: when `output` is not set, items go to `items.jsonl` in
    /// this folder and pages, unless `pages` is set, to `pages.jsonl` there. Files of these names that are there are
    /// set aside, unless they shall be overwritten or appended to.
    #[must_use]
    pub fn outputs_beside(&self, folder: &Path, rules: &Rules) -> Vec<Output> {
        if self.output.is_some() {
            return self.outputs(rules);
        }
        let beside = |name| Some(folder.join(name).display().to_string());
        let (output, pages) = if rules.is_empty() {
            (beside("pages.jsonl"), None)
        } else {
            (beside("items.jsonl"), self.pages.clone().or_else(|| beside("pages.jsonl")))
        };
        let mut outputs = Self { output, pages, ..self.clone() }.outputs(rules);
        let given = |path: &Path| self.pages.as_ref().is_some_and(|pages| Path::new(pages) == path);
        for output in outputs.iter_mut().filter(|output| !given(&output.path)) {
            if output.options.existing == Existing::Refuse {
                output.options.existing = Existing::SetAside;
            }
        }
        outputs
    }

    /// The item rules, compiled.
    ///
    /// # Errors
    /// Every mistake in them; none when the options came out of [`Layers::build`](super::Layers::build).
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        Rules::compile_within(&self.items, &self.pattern_limits()).map_err(ConfigError::from)
    }

    /// The follow rules, compiled; none when all links are followed.
    ///
    /// # Errors
    /// Every mistake in them; none when the options came out of [`Layers::build`](super::Layers::build).
    pub fn follow_rules(&self) -> Result<Option<FollowRules>, ConfigError> {
        if self.follow.is_empty() {
            return Ok(None);
        }
        let rules = FollowRules::compile(&self.follow, self.respect_nofollow, &self.pattern_limits());
        rules.map(Some).map_err(ConfigError::from)
    }

    /// The limits of regular expressions.
    pub(super) fn pattern_limits(&self) -> PatternLimits {
        PatternLimits::with_size(usize::try_from(self.regex_size.0).unwrap_or(usize::MAX))
    }

    fn output_to(&self, path: &str, select: Select, rules: &Rules) -> Output {
        let columns = match &select.items {
            Items::Only(kind) => rules.columns(kind).unwrap_or_default(),
            _ => PAGE_COLUMNS.iter().map(ToString::to_string).collect(),
        };
        let existing = match (self.overwrite, self.append) {
            (true, _) => Existing::Overwrite,
            (false, true) => Existing::Append,
            (false, false) => Existing::Refuse,
        };
        let options = SinkOptions {
            select,
            existing,
            format: None,
            columns,
            item_columns: columns_of_items(rules),
            guard_formulas: self.guard_formulas,
            part_size: self.part_size,
        };
        Output { path: PathBuf::from(path), options }
    }
}

fn columns_of_items(rules: &Rules) -> BTreeMap<Arc<str>, Vec<String>> {
    rules.kinds().filter_map(|kind| Some((Arc::clone(kind), rules.columns(kind)?))).collect()
}

/// A table holds the one type there is; anything else holds all.
fn items_of(path: &str, rules: &Rules) -> Items {
    let is_table = matches!(Target::of(path.as_ref()), Target::File { format: Format::Csv, .. });
    match rules.kinds().next() {
        Some(kind) if is_table => Items::Only(Arc::clone(kind)),
        _ => Items::All,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EXAMPLE, Layers};
    use super::*;

    fn outputs(text: &str) -> Vec<Output> {
        let mut layers = Layers::new();
        layers.text("x.toml", text);
        let options = layers.build().unwrap();
        options.outputs(&options.rules().unwrap())
    }

    #[test]
    fn without_rules_the_output_holds_pages() {
        let outputs = outputs("output = 'a.csv'");
        assert_eq!(outputs.len(), 1);
        assert_eq!(outputs[0].options.select, Select::pages());
        outputs[0].sink().unwrap();
    }

    #[test]
    fn with_rules_the_output_holds_items_and_pages_go_apart() {
        let outputs = outputs(EXAMPLE);
        assert_eq!(outputs[0].options.select, Select::items());
        assert_eq!(outputs[1].options.select, Select::pages());
        outputs.iter().for_each(|output| drop(output.sink().unwrap()));
    }

    #[test]
    fn a_table_of_items_has_the_columns_of_the_rules() {
        let outputs = outputs("output = 'a.csv'\noverwrite = true\n[items.p.fields]\nz = 'z'\na = 'a'");
        assert_eq!(outputs[0].options.select.items, Items::Only("p".into()));
        assert_eq!(outputs[0].options.columns, ["page", "z", "a"]);
        assert_eq!(outputs[0].options.existing, Existing::Overwrite);
        outputs[0].sink().unwrap();
    }

    #[test]
    fn a_database_takes_what_has_no_other_place() {
        let rules = "\n[items.p.fields]\nz = { css = 'z', required = true }";
        let whole = outputs(&format!("output = 'a.sqlite'\nall_outcomes = true{rules}"));
        assert_eq!(whole.len(), 1, "rejects have a table too");
        let select = Select { pages: true, items: Items::All, outcomes: true, rejects: true };
        assert_eq!(whole[0].options.select, select);
        assert_eq!(whole[0].options.item_columns["p"], ["page", "z"]);
        let apart = outputs(&format!("output = 'a.db'\npages = 'b.jsonl'{rules}"));
        assert!(!apart[0].options.select.pages && apart[1].options.select.pages);
        let alone = outputs("output = 'a.sqlite3'");
        assert_eq!(alone[0].options.select, Select::pages());
    }

    #[test]
    fn what_was_given_no_place_goes_beside_the_state() {
        let places = |text: &str| {
            let mut layers = Layers::new();
            layers.text("x.toml", text);
            let options = layers.build().unwrap();
            let outputs = options.outputs_beside(Path::new("s"), &options.rules().unwrap());
            outputs.into_iter().map(|output| (output.path, output.options.select)).collect::<Vec<_>>()
        };
        let rules = "\n[items.p.fields]\na = 'a'";
        assert_eq!(places(""), [("s/pages.jsonl".into(), Select::pages())]);
        assert_eq!(
            places("all_outcomes = true"),
            [("s/pages.jsonl".into(), Select::pages().with_outcomes())]
        );
        assert_eq!(
            places(&format!("all_outcomes = true{rules}")),
            [
                ("s/items.jsonl".into(), Select::items()),
                ("s/pages.jsonl".into(), Select::pages().with_outcomes())
            ]
        );
        assert_eq!(
            places(&format!("pages = 'b.jsonl'{rules}")),
            [("s/items.jsonl".into(), Select::items()), ("b.jsonl".into(), Select::pages())]
        );
        assert_eq!(places(&format!("output = 'a.jsonl'{rules}")), [("a.jsonl".into(), Select::items())]);
    }

    #[test]
    fn outcomes_go_where_pages_go() {
        let only = outputs("output = 'a.jsonl'\nall_outcomes = true");
        assert_eq!(only[0].options.select, Select::pages().with_outcomes());
        let rules = "\nall_outcomes = true\n[items.p.fields]\na = 'a'";
        let beside = outputs(&format!("output = 'a.jsonl'\npages = 'b.jsonl'{rules}"));
        assert_eq!(beside[0].options.select, Select::items());
        assert_eq!(beside[1].options.select, Select::pages().with_outcomes());
        let alone = outputs(&format!("output = 'a.jsonl'{rules}"));
        assert_eq!(alone[0].options.select, Select::items().with_outcomes());
    }
}
