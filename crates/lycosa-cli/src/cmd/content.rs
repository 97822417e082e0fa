//! `lycosa extract --format`: the main content of a page, or its whole body, as Markdown, text, HTML or JSON.

use lycosa::Result;
use lycosa::extract::content::{About, Content, ContentOptions};
use lycosa_dom::{Document, DocumentKind, ParseOptions};
use serde_json::json;
use url::Url;

use super::page::shortcomings;
use crate::exit::Exit;
use crate::output;

/// What content is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// CommonMark with tables
    Markdown,
    /// Plain text, a line a paragraph
    Text,
    /// HTML without classes, styles and scripts
    Html,
    /// A line with title, author, date and the like, the text and the Markdown
    Json,
}

/// The flags that say what is taken of a page.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Taking {
    /// Print the main content of pages, without rules, in this format
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["config", "set", "label", "json", "structured"])]
    pub(super) format: Option<Format>,
    /// With --format: the whole body instead of the main content
    #[arg(long, requires = "format")]
    whole: bool,
    /// With --format: keep what readers wrote below a text
    #[arg(long, requires = "format", conflicts_with = "whole")]
    comments: bool,
    /// With --format markdown or text: begin with title, URL, author, date and language as YAML
    #[arg(long, requires = "format")]
    front_matter: bool,
}

/// Prints the content of a page, called so; `Failed` when it has none, which is said.
pub(super) fn print(
    name: &str,
    text: &str,
    charset: &'static str,
    media_type: Option<&str>,
    address: Option<&Url>,
    format: Format,
    taking: &Taking,
) -> Result<Exit> {
    if is_binary(text) {
        output::say(&format!("{} is no text", output::shortened(name)));
        return Ok(Exit::Failed);
    }
    if format == Format::Text && !taking.front_matter && is_plain(name, media_type) {
        output::read_text(text)?;
        return Ok(if text.trim().is_empty() { Exit::Failed } else { Exit::Done });
    }
    let kind = DocumentKind::of(media_type, text).unwrap_or(DocumentKind::Html);
    let document = Document::parse(text, kind, ParseOptions::default()).in_charset(charset);
    let mut options = ContentOptions::default();
    options.comments = taking.comments;
    let content =
        if taking.whole { Content::whole(&document, &options) } else { Content::main(&document, &options) };
    let mut written = match format {
        Format::Markdown => content.to_markdown(address),
        Format::Text => content.to_text(),
        Format::Html => content.to_html(address),
        Format::Json => {
            let about = About::of(&document, address);
            let page = json!({ "about": about, "text": content.to_text(), "markdown": content.to_markdown(address) });
            format!("{page}\n")
        }
    };
    let is_empty = content.to_text().is_empty();
    if !written.is_empty() && !written.ends_with('\n') {
        written.push('\n');
    }
    if taking.front_matter && matches!(format, Format::Markdown | Format::Text) {
        written.insert_str(0, &About::of(&document, address).front_matter());
    }
    if is_empty {
        shortcomings(&document).iter().for_each(|line| output::say(&format!("note: {line}")));
        let what = if taking.whole { "no text" } else { "no main content" };
        output::say(&format!("{what} in {}", output::shortened(name)));
        if !taking.whole {
            output::say("  hint: --whole prints all there is");
        }
    }
    output::read_text(&written)?;
    Ok(if is_empty { Exit::Failed } else { Exit::Done })
}

/// Characters at the beginning by which it is told whether there is a text.
const LOOKED_AT: usize = 1 << 16;

/// Whether of what was decoded one character in twenty or more is none of a text: controls, and what stands for
/// malformed bytes.
fn is_binary(text: &str) -> bool {
    let is_odd = |c: char| {
        c == char::REPLACEMENT_CHARACTER
            || (c.is_ascii_control() && !c.is_ascii_whitespace() && !matches!(c, '\u{b}' | '\u{1b}'))
    };
    let (mut odd, mut all) = (0_usize, 0_usize);
    for c in text.chars().take(LOOKED_AT) {
        odd += usize::from(is_odd(c));
        all += 1;
    }
    odd > 0 && odd * 20 >= all
}

/// Whether it is said to be plain text, by its media type or else its name.
fn is_plain(name: &str, media_type: Option<&str>) -> bool {
    let ending = || std::path::Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("txt"));
    media_type.map_or_else(ending, |kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/plain")
    })
}
