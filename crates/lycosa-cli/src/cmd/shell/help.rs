//! The commands and what is said about them.

use std::fmt::Write as _;

use lycosa::{Error, ErrorKind, Result};

/// A command of the prompt.
pub(super) struct Entry {
    pub(super) name: &'static str,
    /// What follows its name.
    pub(super) takes: &'static str,
    does: &'static str,
    /// More words and examples, a line each.
    more: &'static str,
}

const fn entry(name: &'static str, takes: &'static str, does: &'static str, more: &'static str) -> Entry {
    Entry { name, takes, does, more }
}

/// All commands, in the order in which they are listed.
pub(super) const COMMANDS: [Entry; 18] = [
    entry(
        "css",
        "SELECTOR",
        "what a CSS selector matches",
        "::text takes the text nodes, ::attr(NAME) an attribute. A line that looks like a selector needs no `css`.\n\
         css h1\ncss a.more::attr(href)\n.price",
    ),
    entry(
        "xpath",
        "EXPRESSION",
        "what an XPath 1.0 expression gives",
        "Nodes are numbered, each with its path. A line that begins with `/` or calls a function needs no `xpath`.\n\
         xpath //a[has-class('more')]/@href\ncount(//p)",
    ),
    entry(
        "re",
        "[--source] PATTERN",
        "what a regular expression finds in the text, else in the source",
        "With groups, their values are shown. --source looks in the source at once.\n\
         re \\d+,\\d\\d\nre --source \"sku\": *\"(\\w+)\"",
    ),
    entry(
        "json",
        "PATH",
        "what a JSONPath finds in the page's JSON",
        "JSON is the page itself or stands in its scripts.\njson $.name\njson $..offers[?@.price < 10]",
    ),
    entry(
        "links",
        "[PATTERN]",
        "the links, numbered, those that a regular expression finds",
        "`fetch NUMBER` follows one.\nlinks\nlinks /product/",
    ),
    entry("text", "", "the text a person would read", ""),
    entry(
        "html",
        "[NUMBER]",
        "the source, or the markup of a match of the last query",
        "html\ncss .product\nhtml 2",
    ),
    entry("headers", "", "the status and the header fields", ""),
    entry("facts", "", "the status, the charset and how it was found, times, redirects", ""),
    entry("structured", "", "JSON-LD, microdata, RDFa, Open Graph, feeds", ""),
    entry(
        "rules",
        "[FILE]",
        "what the rules of a lycosa.toml take out of the page, and why",
        "The file is read anew each time. Without FILE, the one before or that of --config.\nrules\nrules shop.toml",
    ),
    entry(
        "fetch",
        "URL|FILE|NUMBER",
        "go to another page",
        "On a fetched page a relative URL leads on from it; `./page.html` is a file when the page is one. A number is that \
         of `links`. robots.txt is not consulted.\nfetch https://example.com/\nfetch /about\nfetch 3",
    ),
    entry("back", "", "go back to the page before", ""),
    entry("forward", "", "undo back", ""),
    entry(
        "view",
        "[--save] [FILE]",
        "open the page in a browser; without a display, save it",
        "The saved page gets a <base>, so that its images load. --save opens nothing. No file is written over.\n\
         view\nview --save page.html",
    ),
    entry("all", "", "the last answer, whole", ""),
    entry("help", "[COMMAND]", "the commands, or more about one", ""),
    entry("quit", "", "leave; so does Ctrl-D", ""),
];

/// The list of commands.
pub(super) fn list() -> String {
    let mut text = String::new();
    for Entry { name, takes, does, .. } in &COMMANDS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<24}  {does}", format!("{name} {takes}"));
    }
    text.push_str("Tab completes, arrow up repeats, Ctrl-C cancels. `help COMMAND` says more.");
    text
}

/// More about one command.
///
/// # Errors
/// When there is none of this name.
pub(super) fn of(name: &str) -> Result<String> {
    let known = COMMANDS.iter().find(|command| command.name == name.trim());
    let Some(Entry { name, takes, does, more }) = known else {
        return Err(Error::new(
            ErrorKind::Usage,
            format!("there is no command `{}`", crate::output::shortened(name)),
        )
        .with_hint("`help` lists the commands"));
    };
    let usage = format!("{name} {takes}");
    let mut text = format!("{}: {does}", usage.trim_end());
    let is_prose = |line: &str| line.ends_with('.') && line.contains(' ');
    for line in more.lines() {
        let _ = write!(text, "\n{}{line}", if is_prose(line) { "" } else { "  " });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_and_has_its_help() {
        for command in &COMMANDS {
            assert!(list().contains(command.does), "{}", command.name);
            assert!(of(command.name).is_ok_and(|text| text.starts_with(command.name)));
        }
        assert!(of("css").is_ok_and(|text| text.ends_with("\n  css h1\n  css a.more::attr(href)\n  .price")));
        assert!(of("cs").is_err());
    }
}
