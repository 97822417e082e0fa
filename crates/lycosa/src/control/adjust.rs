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

/// Names that may have no value: a budget, a depth limit, the delay's default.
const CAN_BE_NONE: [&str; 7] =
    ["max_pages", "max_pages_per_host", "max_requests", "max_bytes", "max_time", "depth", "delay"];

/// The change that these values ask for, each checked as in a configuration file.
///
/// # Errors
/// An unknown name, one that cannot be changed while a crawl runs, a value that makes no sense: the first mistake.
pub fn adjustment(values: &BTreeMap<String, String>) -> Result<Adjustment> {
    let mut layers = Layers::new();
    let mut names = Vec::new();
    for (name, value) in values {
        let name = match name.replace('-', "_") {
            name if name == "max_depth" => "depth".to_owned(),
            name => name,
        };
        if !ADJUSTABLE.contains(&name.as_str()) {
            let message = format!("`{name}` cannot be set while a crawl runs");
            return Err(Error::new(ErrorKind::Usage, message)
                .with_hint(format!("what can: {}", ADJUSTABLE.join(", "))));
        }
        if value.trim() == "none" && CAN_BE_NONE.contains(&name.as_str()) {
            names.push(name);
            continue;
        }
        layers.flag(&name, &name, [value.trim()]);
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
