//! The frame around every page, and the filling in of templates: `{{name}}` is replaced, nothing else is a syntax.

const SHELL: &str = include_str!("templates/shell.html");

/// A whole page. The title is escaped here; head and body are markup.
pub(super) fn page(title: &str, head: &str, body: &str) -> String {
    fill(SHELL, &[("lang", "en"), ("title", &escape(title)), ("head", head), ("body", body)])
}

/// Replaces each `{{name}}` of a template. Values are not searched again.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        filled.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Text as it is written in markup and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Links to the previous and the next page of a numbered list; `address` gives the path of a page number.
pub(super) fn pager(page: usize, last: usize, address: impl Fn(usize) -> String) -> String {
    let mut links = String::from("<p class=\"pager\">");
    if page > 1 {
        links.push_str(&format!("<a rel=\"prev\" href=\"{}\">Newer</a> ", address(page - 1)));
    }
    links.push_str(&format!("Page {page} of {last}"));
    if page < last {
        links.push_str(&format!(" <a rel=\"next\" href=\"{}\">Older</a>", address(page + 1)));
    }
    links.push_str("</p>");
    links
}
