//! Where values and records come from, compiled: selectors, expressions, paths, facts, constants.

use lycosa_dom::{NodeRef, Output, Pattern, Selector, XPath};
use serde_json::Value;

use super::error::{Mistake, did_you_mean};
use super::expressions::{Expressions, Shared};
use super::json_path::JsonPath;
use super::{Fact, Group};

/// Where a field's values come from.
#[derive(Debug)]
pub(super) enum Source {
    /// `own`: it looks at the item's element itself instead of searching in it.
    Css {
        selector: Shared<Selector>,
        own: bool,
    },
    XPath(Shared<XPath>),
    Json(Shared<JsonPath>),
    /// A search in the text of the item's element.
    Regex {
        pattern: Shared<Pattern>,
        group: Option<usize>,
    },
    /// A group of the match that is the record.
    Group(GroupPlan),
    Fact(Fact),
    Value(Value),
}

/// A group as it is numbered in each of the expressions whose matches may be the record.
#[derive(Debug)]
pub(super) struct GroupPlan(pub(super) Vec<(u32, usize)>);

/// What finds elements.
#[derive(Debug)]
pub(super) enum Finder {
    Css(Shared<Selector>),
    XPath(Shared<XPath>),
}

impl Finder {
    pub(super) fn number(&self) -> u32 {
        match self {
            Self::Css(selector) => selector.number(),
            Self::XPath(expression) => expression.number(),
        }
    }
}

/// What finds records.
#[derive(Debug)]
pub(super) enum Each {
    Elements(Finder),
    /// The values of a path.
    Json(Shared<JsonPath>),
    /// The matches of an expression in a text.
    Regex(Shared<Pattern>),
}

/// Where the JSON is that paths lead into.
#[derive(Debug)]
pub(super) struct JsonPlace {
    /// The elements that hold it.
    pub(super) finder: Finder,
    /// The rules say so; else the record's own value or a body that is JSON comes first.
    pub(super) is_given: bool,
}

/// Where JSON stands in a page unless a rule says otherwise.
const JSON_SCRIPTS: &str = "script[type='application/ld+json' i]";

impl JsonPlace {
    /// The place that `from` names, or the usual one.
    pub(super) fn of(from: Option<&str>, known: &mut Expressions) -> Result<Self, Mistake> {
        let finder = finder("from", from.unwrap_or(JSON_SCRIPTS), known)?;
        Ok(Self { finder, is_given: from.is_some() })
    }
}

/// The prefixes of sources, with what stands behind each.
const PREFIXES: [&str; 7] = ["css:", "xpath:", "json:", "regex:", "group:", "fact:", "value:"];

/// Whether a source says by a prefix what it is.
pub(super) fn has_prefix(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// A source with its prefix; CSS without one. Groups are those of the expressions whose matches are the records.
pub(super) fn parse(
    text: &str,
    groups: &[Shared<Pattern>],
    known: &mut Expressions,
) -> Result<Source, Mistake> {
    let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) else {
        return css(text, known).map_err(|mistake| unknown_prefix(text).unwrap_or(mistake));
    };
    let rest = text.get(prefix.len()..).unwrap_or_default();
    let source = match *prefix {
        "css:" => css(rest, known),
        "xpath:" => known.xpath(rest).map(Source::XPath),
        "json:" => known.json(rest).map(Source::Json),
        "regex:" => known.regex(rest).map(|pattern| Source::Regex { pattern, group: None }),
        "group:" => {
            let group = rest.parse().map_or_else(|_| Group::Name(rest.to_owned()), Group::Number);
            group_of_record(&group, groups).map(Source::Group)
        }
        "fact:" => fact(rest).map(Source::Fact),
        _ => Ok(Source::Value(rest.into())),
    };
    source.map_err(|mistake| mistake.moved(prefix.len()))
}

/// `xpth://h1` is no selector; what was meant is a prefix.
pub(super) fn unknown_prefix(text: &str) -> Option<Mistake> {
    let (word, _) = text.split_once(':')?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let hint = is_word.then(|| did_you_mean(&format!("{word}:"), PREFIXES.iter().copied()))??;
    Some(Mistake::new(format!("there is no kind of source `{word}:`")).hint(hint))
}

pub(super) fn css(text: &str, known: &mut Expressions) -> Result<Source, Mistake> {
    let own = own_element(text);
    let selector = known.selector(own.as_deref().unwrap_or(text), text)?;
    Ok(Source::Css { selector, own: own.is_some() })
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

fn fact(name: &str) -> Result<Fact, Mistake> {
    let known = || Fact::ALL.into_iter().map(Fact::as_str);
    let found = Fact::ALL.into_iter().find(|fact| fact.as_str() == name.trim());
    found.ok_or_else(|| {
        let hint = did_you_mean(name, known());
        let hint = hint.unwrap_or_else(|| format!("known: {}", known().collect::<Vec<_>>().join(", ")));
        Mistake::new(format!("there is no fact `{name}`")).hint(hint)
    })
}

/// What finds the elements of `from`: CSS, or XPath after its prefix.
pub(super) fn finder(key: &str, text: &str, known: &mut Expressions) -> Result<Finder, Mistake> {
    if let Some(rest) = text.strip_prefix("xpath:") {
        return known.xpath(rest).map(Finder::XPath).map_err(|mistake| mistake.moved("xpath:".len()));
    }
    let prefix = PREFIXES.iter().find(|prefix| text.starts_with(**prefix) && **prefix != "css:");
    if let Some(prefix) = prefix {
        let message = format!("`{key}` selects elements, which `{prefix}` cannot");
        return Err(Mistake::new(message).hint("give a CSS selector, or an XPath expression after `xpath:`"));
    }
    let (css, moved) = text.strip_prefix("css:").map_or((text, 0), |rest| (rest, "css:".len()));
    let selector = known.selector(css, css).map_err(|mistake| mistake.moved(moved))?;
    if *selector.output() == Output::Node {
        return Ok(Finder::Css(selector));
    }
    Err(Mistake::new(format!("`{key}` selects elements, but `{css}` takes text or an attribute"))
        .hint("leave out ::text and ::attr() here; fields take values"))
}

/// What finds the records of `for_each`: elements, or after their prefixes values of a path and matches.
pub(super) fn each(text: &str, known: &mut Expressions) -> Result<Each, Mistake> {
    if let Some(path) = text.strip_prefix("json:") {
        return known.json(path).map(Each::Json).map_err(|mistake| mistake.moved("json:".len()));
    }
    if let Some(pattern) = text.strip_prefix("regex:") {
        return known.regex(pattern).map(Each::Regex).map_err(|mistake| mistake.moved("regex:".len()));
    }
    if let Some(prefix) = ["group:", "fact:", "value:"].iter().find(|prefix| text.starts_with(**prefix)) {
        let message = format!("`for_each` finds records, which `{prefix}` cannot");
        let hint = "give a CSS selector, or another source after `xpath:`, `json:` or `regex:`";
        return Err(Mistake::new(message).hint(hint));
    }
    let meant = || if has_prefix(text) { None } else { unknown_prefix(text) };
    finder("for_each", text, known).map(Each::Elements).map_err(|mistake| meant().unwrap_or(mistake))
}

/// A group of a field's own expression.
pub(super) fn group_number(group: &Group, pattern: &Pattern) -> Result<usize, Mistake> {
    let names = || pattern.group_names().flatten();
    match group {
        Group::Number(number) => {
            match usize::try_from(*number).ok().filter(|number| *number <= pattern.groups()) {
                Some(number) => Ok(number),
                None => {
                    let message =
                        format!("there is no group {number}: the expression has {}", pattern.groups());
                    Err(Mistake::new(message).hint("groups are counted by their opening brackets, from 1"))
                }
            }
        }
        Group::Name(name) => match pattern.group_names().position(|known| known == Some(name)) {
            Some(place) => Ok(place + 1),
            None => {
                let hint = did_you_mean(name, names()).unwrap_or_else(|| "write it (?P<name>…)".to_owned());
                Err(Mistake::new(format!("there is no group `{name}` in the expression")).hint(hint))
            }
        },
    }
}

/// A group of the matches that are records: it must be in one of the expressions that find them.
pub(super) fn group_of_record(group: &Group, patterns: &[Shared<Pattern>]) -> Result<GroupPlan, Mistake> {
    let mut first = None;
    let mut numbers = Vec::new();
    for pattern in patterns {
        match group_number(group, pattern) {
            Ok(number) => numbers.push((pattern.number(), number)),
            Err(mistake) => first = first.or(Some(mistake)),
        }
    }
    match first {
        Some(mistake) if numbers.is_empty() => Err(mistake),
        _ if patterns.is_empty() => Err(Mistake::new("`group` says nothing without `regex`")
            .hint("give a `regex`, or records that one finds: for_each = \"regex:(?P<name>…)\"")),
        _ => Ok(GroupPlan(numbers)),
    }
}

impl Source {
    /// Whether its values have types of their own.
    pub(super) fn is_typed(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Fact(_) | Self::Value(_))
    }

    /// Whether it takes an attribute that holds an address.
    pub(super) fn takes_address(&self) -> bool {
        let Self::Css { selector, .. } = self else { return false };
        match selector.output() {
            Output::Attr(attribute) => matches!(&**attribute, "href" | "src" | "action"),
            _ => false,
        }
    }
}

/// What a match of a selector gives as text, its markup if that is wanted.
pub(super) fn text_of<'d>(node: NodeRef<'d>, output: &Output, html: bool) -> Vec<std::borrow::Cow<'d, str>> {
    match output {
        Output::Node if html => vec![node.html().into()],
        Output::Node => vec![node.text().into()],
        _ => output.take(node),
    }
}
