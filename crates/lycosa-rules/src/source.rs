//! Where values come from, compiled: selectors, expressions, paths, facts, constants.

use lycosa_dom::{NodeRef, Output, Pattern, PatternLimits, Selector, XPath};
use serde_json::Value;

use super::Fact;
use super::error::{Mistake, did_you_mean};
use super::json_path::JsonPath;

/// Where a field's values come from.
#[derive(Debug)]
pub(super) enum Source {
    /// `own`: it looks at the item's element itself instead of searching in it.
    Css {
        selector: Selector,
        own: bool,
    },
    XPath(XPath),
    Json(JsonPath),
    /// A search in the text of the item's element.
    Regex {
        pattern: Pattern,
        group: Option<usize>,
    },
    Fact(Fact),
    Value(Value),
}

/// What finds elements.
#[derive(Debug)]
pub(super) enum Finder {
    Css(Selector),
    XPath(XPath),
}

/// The prefixes of sources, with what stands behind each.
const PREFIXES: [&str; 6] = ["css:", "xpath:", "json:", "regex:", "fact:", "value:"];

/// Whether a source says by a prefix what it is.
pub(super) fn has_prefix(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// A source with its prefix; CSS without one.
pub(super) fn parse(text: &str, limits: &PatternLimits) -> Result<Source, Mistake> {
    let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) else {
        return css(text).map_err(|mistake| unknown_prefix(text).unwrap_or(mistake));
    };
    let rest = text.get(prefix.len()..).unwrap_or_default();
    let source = match *prefix {
        "css:" => css(rest),
        "xpath:" => xpath(rest).map(Source::XPath),
        "json:" => json(rest).map(Source::Json),
        "regex:" => regex(rest, limits).map(|pattern| Source::Regex { pattern, group: None }),
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

pub(super) fn css(text: &str) -> Result<Source, Mistake> {
    let own = own_element(text);
    let parsed = Selector::parse(own.as_deref().unwrap_or(text));
    let selector = parsed.map_err(|error| Mistake::of_selector(text, &error))?;
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

pub(super) fn xpath(text: &str) -> Result<XPath, Mistake> {
    XPath::compile(text).map_err(|error| Mistake::of_xpath(text, &error))
}

pub(super) fn json(text: &str) -> Result<JsonPath, Mistake> {
    JsonPath::parse(text).map_err(|error| Mistake::of_path(text, error))
}

pub(super) fn regex(text: &str, limits: &PatternLimits) -> Result<Pattern, Mistake> {
    Pattern::compile(text, limits).map_err(|error| Mistake::of_pattern(text, &error))
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

/// What finds the elements of `for_each` and `from`: CSS, or XPath after its prefix.
pub(super) fn finder(key: &str, text: &str) -> Result<Finder, Mistake> {
    if let Some(rest) = text.strip_prefix("xpath:") {
        return xpath(rest).map(Finder::XPath).map_err(|mistake| mistake.moved("xpath:".len()));
    }
    let prefix = PREFIXES.iter().find(|prefix| text.starts_with(**prefix) && **prefix != "css:");
    if let Some(prefix) = prefix {
        let message = format!("`{key}` selects elements, which `{prefix}` cannot");
        return Err(Mistake::new(message).hint("give a CSS selector, or an XPath expression after `xpath:`"));
    }
    let (css, moved) = text.strip_prefix("css:").map_or((text, 0), |rest| (rest, "css:".len()));
    let selector = Selector::parse(css).map_err(|error| Mistake::of_selector(css, &error).moved(moved))?;
    if *selector.output() == Output::Node {
        return Ok(Finder::Css(selector));
    }
    Err(Mistake::new(format!("`{key}` selects elements, but `{css}` takes text or an attribute"))
        .hint("leave out ::text and ::attr() here; fields take values"))
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
