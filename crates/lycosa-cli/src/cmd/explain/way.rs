//! How a URL was found: the way back over what named it or redirected to it.

use lycosa::crawler::stopped::{Beginning, Explanation, Step};
use lycosa::model::RequestKind;

/// The way back, nearest first, and with what it began.
pub(super) fn rows(story: &Explanation) -> Vec<(&'static str, String)> {
    if story.way.is_empty()
        && let Some(beginning) = story.beginning
    {
        return vec![("found", alone(beginning).to_owned())];
    }
    let steps = story.way.iter().enumerate().map(|(place, step)| {
        let begins = if place + 1 == story.way.len() { story.beginning } else { None };
        (if place == 0 { "found on" } else { "" }, format!("{}{}", step.url, said(step, begins)))
    });
    let mut rows: Vec<_> = steps.collect();
    if story.beginning.is_none() && story.is_open.is_some() {
        rows.push(("", "… the way to its seed is not in the history".to_owned()));
    }
    rows
}

/// Of a URL that nothing named.
fn alone(beginning: Beginning) -> &'static str {
    match beginning {
        Beginning::Seed => "it is a seed",
        Beginning::GivenSitemap => "named by --sitemap-url",
        Beginning::GuessedSitemap => "guessed: it is where most sites have their sitemap",
        Beginning::Robots => "a robots.txt names it",
    }
}

/// What a step is, and what the way began with when it is the last one.
fn said(step: &Step, begins: Option<Beginning>) -> String {
    let mut parts: Vec<String> = Vec::new();
    match (step.redirect, step.kind) {
        (Some(status), _) => parts.push(format!("it redirects, {status}")),
        (None, Some(RequestKind::Robots)) => parts.push("it names the sitemap".to_owned()),
        (None, Some(RequestKind::Sitemap)) => parts.push("sitemap".to_owned()),
        (None, _) => parts.extend(step.depth.map(|depth| format!("depth {depth}"))),
    }
    match begins {
        Some(Beginning::GivenSitemap) => parts.push("named by --sitemap-url".to_owned()),
        Some(Beginning::GuessedSitemap) => parts.push("guessed".to_owned()),
        Some(Beginning::Seed) if step.redirect.is_some() => parts.push("a seed".to_owned()),
        _ => {}
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}
