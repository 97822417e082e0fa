//! From named values, written as in a configuration file, to a change of rules.

use std::collections::BTreeMap;

use crate::config::{CrawlOptions, Layers};
use crate::crawler::Adjustment;
use crate::error::{Error, ErrorKind, Result};

/// What can be set while a crawl runs.
pub const ADJUSTABLE: [&str; 13] = [
    "max_pages",
    "max_pages_per_host",
    "max_requests",
    "max_bytes",
    "max_time",
    "depth",
    "delay",
    "per_host",
    "concurrency",
    "scope",
    "allowed_domains",
    "include",
    "exclude",
];

/// Names that must have a value. The others are budgets, a depth limit and the delay's default, which can be lifted, and
/// lists, which can be empty.
const NEVER_NONE: [&str; 3] = ["per_host", "concurrency", "scope"];

/// The change that these values ask for, each checked as in a configuration file.
///
/// # Errors
/// An unknown name, one that cannot be changed while a crawl runs or is there twice, a value that makes no sense: the
/// first mistake.
pub fn adjustment(values: &BTreeMap<String, String>) -> Result<Adjustment> {
    let mut layers = Layers::new();
    let mut names = Vec::new();
    for (name, value) in values {
        let (name, value) = (adjustable(name)?, value.trim());
        if names.contains(&name) {
            return Err(twice(&name));
        }
        let can_be_none = !NEVER_NONE.contains(&name.as_str());
        if value.is_empty() {
            let hint =
                if can_be_none { format!("{name}=none lifts it") } else { format!("write {name}=VALUE") };
            return Err(Error::new(ErrorKind::Usage, format!("`{name}` has no value")).with_hint(hint));
        }
        if value != "none" || !can_be_none {
            layers.flag(&name, &name, of_name(&name, value));
        }
        names.push(name);
    }
    let options = layers.build().map_err(|error| match error.problems.into_iter().next() {
        Some(problem) => {
            let named = Error::new(ErrorKind::Usage, problem.to_string());
            match problem.hint {
                Some(hint) => named.with_hint(hint),
                None => named,
            }
        }
        None => Error::new(ErrorKind::Usage, "the values cannot be read"),
    })?;
    Ok(of_options(&options, |name| names.iter().any(|given| given == name)))
}

/// What is wrong when a name has two values.
#[must_use]
pub fn twice(name: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("`{name}` is given twice"))
        .with_hint("give each name once; several expressions are a list: 'include=[\"/a/\",\"/b/\"]'")
}

/// The name as configuration files have it, of what can be set while a crawl runs.
///
/// # Errors
/// When it cannot.
pub fn adjustable(name: &str) -> Result<String> {
    let name = match name.trim().replace('-', "_") {
        name if name == "max_depth" => "depth".to_owned(),
        name => name,
    };
    if ADJUSTABLE.contains(&name.as_str()) {
        return Ok(name);
    }
    Err(Error::new(ErrorKind::Usage, format!("`{name}` cannot be set while a crawl runs"))
        .with_hint(format!("what can: {}", ADJUSTABLE.join(", "))))
}

/// The values that one text stands for: domains have no commas, as expressions may, so commas part them.
fn of_name<'v>(name: &str, value: &'v str) -> Vec<&'v str> {
    match name {
        "allowed_domains" if !value.starts_with('[') => value.split(',').map(str::trim).collect(),
        _ => vec![value],
    }
}

/// The change to what these options say of the names that are wanted.
pub(super) fn of_options(options: &CrawlOptions, wanted: impl Fn(&str) -> bool) -> Adjustment {
    Adjustment {
        max_pages: wanted("max_pages").then_some(options.max_pages),
        max_pages_per_host: wanted("max_pages_per_host").then_some(options.max_pages_per_host),
        max_requests: wanted("max_requests").then_some(options.max_requests),
        max_bytes: wanted("max_bytes").then(|| options.max_bytes.map(|size| size.0)),
        max_time: wanted("max_time").then(|| options.max_time.map(|span| span.0)),
        depth: wanted("depth").then_some(options.depth),
        delay: wanted("delay").then(|| options.delay.map(|span| span.0)),
        per_host: wanted("per_host").then_some(options.per_host),
        concurrency: wanted("concurrency")
            .then(|| usize::try_from(options.concurrency).unwrap_or(usize::MAX)),
        mode: wanted("scope").then_some(options.scope),
        allowed_domains: wanted("allowed_domains").then(|| options.allowed_domains.clone()),
        include: wanted("include").then(|| options.include.clone()),
        exclude: wanted("exclude").then(|| options.exclude.clone()),
    }
}
