//! Links to follow: which, from which pages, and with which label.

use std::collections::HashSet;
use std::sync::Arc;

use lycosa_dom::{NodeRef, Output, Pattern, PatternLimits, XPath, XPathItem, XPathValue};
use serde_json::Value;
use url::Url;

use super::compile::PagePlan;
use super::error::{Mistake, Mistakes, RuleName};
use super::expressions::{Compiled, Expressions, Shared};
use super::find::json_values;
use super::json_path::JsonPath;
use super::source::{self, JsonPlace, Source};
use super::visit::Visit;
use super::{FollowRule, RuleError, Subject};

/// Links taken from one page at most, as many as without rules.
const MOST_LINKS: usize = 10_000;

/// Steps that the expressions of all rules may take on one page.
const MOST_STEPS: u64 = 200_000_000;

/// Follow rules, ready to run.
#[derive(Debug)]
pub struct FollowRules {
    plans: Vec<Plan>,
    respect_nofollow: bool,
}

#[derive(Debug)]
struct Plan {
    links: Links,
    label: Option<Arc<str>>,
    matching: Option<Shared<Pattern>>,
    pages: PagePlan,
}

#[derive(Debug)]
enum Links {
    Css(Source),
    XPath(Shared<XPath>),
    Json(Shared<JsonPath>, JsonPlace),
}

impl FollowRules {
    /// Compiles follow rules, regular expressions within these limits. Links with `rel=nofollow` are left out if that
    /// is to be respected.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn compile(
        rules: &[FollowRule],
        respect_nofollow: bool,
        limits: &PatternLimits,
    ) -> std::result::Result<Self, Vec<RuleError>> {
        let (mut plans, mut found) = (Vec::new(), Vec::new());
        let known = Expressions::within(limits);
        for (place, rule) in rules.iter().enumerate() {
            let mut mistakes = Mistakes::of(RuleName::Follow(place));
            plans.extend(plan(rule, &known, &mut mistakes));
            found.append(&mut mistakes.found);
        }
        if found.is_empty() { Ok(Self { plans, respect_nofollow }) } else { Err(found) }
    }
}

fn plan(rule: &FollowRule, known: &Compiled, mistakes: &mut Mistakes) -> Option<Plan> {
    let given = [("css", rule.css.is_some()), ("xpath", rule.xpath.is_some()), ("json", rule.json.is_some())];
    let mut keys = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
    if let (Some(first), Some(second)) = (keys.next(), keys.next()) {
        let message = format!("`{first}` and `{second}` both say which links");
        mistakes.add(second, None, Mistake::new(message).hint("write two rules"));
    }
    if rule.from.is_some() && rule.json.is_none() {
        let mistake = Mistake::new("`from` says nothing without `json`").hint("leave it out");
        mistakes.add("from", None, mistake);
    }
    let links = links(rule, &mut known.borrow_mut(), mistakes);
    if rule.label.as_deref() == Some("") {
        let hint = "leave it out: pages without a label are those with `when_label = \"\"`";
        mistakes.add("label", None, Mistake::new("the label is empty").hint(hint));
    }
    let matching = rule.matching.as_deref();
    let matching = matching.and_then(|text| mistakes.ok("match", None, known.borrow_mut().regex(text)));
    let pages = PagePlan::new(rule.when.as_ref(), rule.when_label.as_ref(), known, mistakes);
    Some(Plan { links: links?, label: rule.label.as_deref().map(Arc::from), matching, pages })
}

fn links(rule: &FollowRule, known: &mut Expressions, mistakes: &mut Mistakes) -> Option<Links> {
    if let Some(expression) = &rule.xpath {
        return mistakes.ok("xpath", None, known.xpath(expression)).map(Links::XPath);
    }
    if let Some(path) = &rule.json {
        let path = mistakes.ok("json", None, known.json(path));
        let place = mistakes.ok("from", None, JsonPlace::of(rule.from.as_deref(), known));
        return Some(Links::Json(path?, place?));
    }
    let css = rule.css.as_deref().unwrap_or("a[href], area[href]");
    mistakes.ok("css", None, source::css(css, known)).map(Links::Css)
}

/// A link that a rule follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedLink {
    /// Absolute, without a fragment.
    pub url: Url,
    /// The label of the page it leads to.
    pub label: Option<Arc<str>>,
    /// Whether `rel` contains `nofollow`.
    pub nofollow: bool,
}

/// The links that rules find in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowedLinks {
    /// In the order of the rules and of the document.
    pub links: Vec<FollowedLink>,
    /// What could not be done, by sentence.
    pub notes: Vec<String>,
}

impl FollowRules {
    /// The links of every rule, each URL once: the first rule that finds it gives the label.
    pub fn find(&self, page: &dyn Subject) -> FollowedLinks {
        let mut found = FollowedLinks::default();
        let visit = Visit::new(page, false);
        let mut steps = MOST_STEPS;
        let mut seen = HashSet::new();
        for plan in &self.plans {
            if !plan.pages.includes(page.url(), page.label()) {
                continue;
            }
            plan.each(&visit, &mut steps, &mut found.notes, |reference, nofollow| {
                if seen.len() >= MOST_LINKS || (nofollow && self.respect_nofollow) {
                    return;
                }
                let Some(url) = page.resolve(reference).and_then(page_url) else { return };
                let is_wanted = plan.matching.as_ref().is_none_or(|matching| matching.is_match(url.as_str()));
                if is_wanted && seen.insert(url.clone()) {
                    let label = plan.label.clone();
                    found.links.push(FollowedLink { url, label, nofollow });
                }
            });
        }
        found.notes.append(&mut visit.notes.take());
        found
    }
}

/// A URL that can be a page, without its fragment.
fn page_url(mut url: Url) -> Option<Url> {
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

impl Plan {
    fn each<'v>(
        &'v self,
        visit: &Visit<'v>,
        steps: &mut u64,
        notes: &mut Vec<String>,
        mut take: impl FnMut(&str, bool),
    ) {
        let root = visit.root().element;
        match (&self.links, root) {
            (Links::Css(Source::Css { selector, .. }), Some(root)) => {
                for (node, output) in selector.outputs(root) {
                    match output {
                        Output::Attr(name) => {
                            if let Some(reference) = node.attr(name) {
                                take(reference, has_nofollow(node));
                            }
                        }
                        _ => each_link(node, &mut take),
                    }
                }
            }
            (Links::XPath(expression), Some(root)) => match expression.evaluate_paying(root, steps) {
                Ok(XPathValue::Nodes(nodes)) => {
                    for item in nodes.iter() {
                        match item {
                            XPathItem::Node(node) if node.is_element() => each_link(node, &mut take),
                            other => take(other.string_value(), other.parent().is_some_and(has_nofollow)),
                        }
                    }
                }
                Ok(_) => notes.push(format!("`{}` gives no links", expression.as_str())),
                Err(error) => {
                    notes.push(format!("`{}` was given up: {}", expression.as_str(), error.message()));
                }
            },
            (Links::Json(path, place), _) => {
                for value in json_values(path, place, true, visit.root(), visit).iter() {
                    match value {
                        Value::String(reference) => take(reference, false),
                        _ => visit.note(format!("`{}` gives what is no address", path.source())),
                    }
                }
            }
            (Links::Css(_) | Links::XPath(_), _) => {}
        }
    }
}

/// The address of an element, else those of every link in it.
fn each_link(node: NodeRef<'_>, take: &mut impl FnMut(&str, bool)) {
    if let Some(reference) = node.attr("href").or_else(|| node.attr("src")) {
        return take(reference, has_nofollow(node));
    }
    for link in node.descendants().filter(|inner| inner.name() == "a") {
        if let Some(reference) = link.attr("href") {
            take(reference, has_nofollow(link));
        }
    }
}

fn has_nofollow(node: NodeRef<'_>) -> bool {
    let rel = node.attr("rel").unwrap_or_default();
    rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("nofollow"))
}
