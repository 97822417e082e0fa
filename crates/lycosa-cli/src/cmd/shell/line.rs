//! What a line says: a command with its argument, or a bare selector, expression or URL. Nothing is carried out here.

use lycosa::{Error, ErrorKind, Result};

use super::help::COMMANDS;
use crate::cmd::source;
use crate::output;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Css(String),
    XPath(String),
    /// A regular expression; in the source whatever the text has.
    Regex {
        pattern: String,
        in_source: bool,
    },
    Json(String),
    Links(Option<String>),
    Text,
    /// The source, or the markup of this match of the last query, from 1.
    Html(Option<usize>),
    Headers,
    Facts,
    Structured,
    Rules(Option<String>),
    Fetch(String),
    Back,
    Forward,
    /// `keep`: save only, open nothing.
    View {
        file: Option<String>,
        keep: bool,
    },
    All,
    Help(Option<String>),
    Quit,
}

/// Reads a line; `is_element` says whether the page has elements of a name. Blank lines and comments (`# …`) say nothing.
///
/// # Errors
/// When it names no command, or a command lacks what it needs.
pub(super) fn parse(line: &str, is_element: impl Fn(&str) -> bool) -> Result<Option<Command>> {
    let line = line.trim();
    if line.is_empty() || line == "#" || line.starts_with("# ") {
        return Ok(None);
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    if COMMANDS.iter().any(|command| command.name == word) {
        return command(word, rest).map(Some);
    }
    if matches!(word, "exit" | "q" | "?") {
        return command(if word == "?" { "help" } else { "quit" }, rest).map(Some);
    }
    bare(line, word, is_element).map(Some).ok_or_else(|| unknown(word))
}

fn command(word: &str, rest: &str) -> Result<Command> {
    let given = || (!rest.is_empty()).then(|| rest.to_owned());
    let file = || (!rest.is_empty()).then(|| unquoted(rest));
    let needed = || given().ok_or_else(|| lacking(word));
    let alone = |command| if rest.is_empty() { Ok(command) } else { Err(too_much(word, rest)) };
    Ok(match word {
        "css" => Command::Css(needed()?),
        "xpath" => Command::XPath(needed()?),
        "re" => regex(rest).ok_or_else(|| lacking(word))?,
        "json" => Command::Json(needed()?),
        "links" => Command::Links(given()),
        "html" => Command::Html(number(rest)?),
        "rules" => Command::Rules(file()),
        "fetch" => Command::Fetch(file().ok_or_else(|| lacking(word))?),
        "view" => view(rest)?,
        "help" => Command::Help(given()),
        "text" => alone(Command::Text)?,
        "headers" => alone(Command::Headers)?,
        "facts" => alone(Command::Facts)?,
        "structured" => alone(Command::Structured)?,
        "back" => alone(Command::Back)?,
        "forward" => alone(Command::Forward)?,
        "all" => alone(Command::All)?,
        "quit" => alone(Command::Quit)?,
        _ => return Err(unknown(word)),
    })
}

fn regex(rest: &str) -> Option<Command> {
    let source = rest.strip_prefix("--source").filter(|after| after.starts_with(char::is_whitespace));
    let pattern = source.unwrap_or(rest).trim();
    (!pattern.is_empty()).then(|| Command::Regex { pattern: pattern.to_owned(), in_source: source.is_some() })
}

fn view(rest: &str) -> Result<Command> {
    let flag = rest.strip_prefix("--save").filter(|after| after.is_empty() || after.starts_with([' ', '=']));
    let name = flag.map_or(rest, |after| after.trim_start_matches(['=', ' '])).trim();
    if flag.is_some() && name.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "`view --save` needs the name of a file")
            .with_hint("`view --save page.html`"));
    }
    Ok(Command::View { file: (!name.is_empty()).then(|| unquoted(name)), keep: flag.is_some() })
}

fn number(rest: &str) -> Result<Option<usize>> {
    match (rest, rest.parse()) {
        ("", _) => Ok(None),
        (_, Ok(number @ 1..)) => Ok(Some(number)),
        _ => Err(Error::new(ErrorKind::Usage, format!("`html {}` names no match", output::shortened(rest)))
            .with_hint(
                "`html 2` is the markup of the second match of the last query; select with `css html …`",
            )),
    }
}

/// A file's name as people write it: in quotation marks, or with spaces behind backslashes as completion leaves them.
fn unquoted(name: &str) -> String {
    let quoted =
        ['"', '\''].iter().find_map(|mark| name.strip_prefix(*mark)?.strip_suffix(*mark)).map(str::to_owned);
    quoted.unwrap_or_else(|| name.replace("\\ ", " "))
}

/// A line without a command: what it looks like.
fn bare(line: &str, word: &str, is_element: impl Fn(&str) -> bool) -> Option<Command> {
    if source::is_url(word) && line == word {
        return Some(Command::Fetch(line.to_owned()));
    }
    let is_call = || {
        let name = line.split('(').next().unwrap_or_default();
        lycosa_dom::XPath::function_names().any(|known| known == name)
    };
    if line.starts_with(['/', '(', '@']) || line.contains('(') && is_call() {
        return Some(Command::XPath(line.to_owned()));
    }
    let (first, rest) = (line.trim_end_matches(','), line[word.len()..].trim_start());
    let is_selector = line.starts_with(['.', '#', '[', '*', ':'])
        || word.contains(['.', '#', '[', ':', '>', ','])
        || rest.starts_with(['>', '+', '~'])
        || is_element(if first == line { word } else { first })
        || is_element(word);
    is_selector.then(|| Command::Css(line.to_owned()))
}

fn unknown(word: &str) -> Error {
    let most = (word.chars().count() * 2 / 5).max(1);
    let near = COMMANDS.iter().map(|command| (strsim::damerau_levenshtein(word, command.name), command.name));
    let near = if word.len() > 40 { None } else { near.filter(|(distance, _)| *distance <= most).min() };
    let message = format!("there is no command `{}`", output::shortened(word));
    Error::new(ErrorKind::Usage, message).with_hint(match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "`help` lists the commands; a selector or an expression can stand alone".to_owned(),
    })
}

fn lacking(word: &str) -> Error {
    let takes = COMMANDS.iter().find(|command| command.name == word).map(|command| command.takes);
    Error::new(ErrorKind::Usage, format!("`{word}` needs {}", takes.unwrap_or_default()))
        .with_hint(format!("`help {word}` shows examples"))
}

fn too_much(word: &str, rest: &str) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("`{word}` takes nothing, but was given `{}`", output::shortened(rest)),
    )
    .with_hint(format!("write `{word}` alone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Command {
        parse(line, |name| ["h1", "ul", "text"].contains(&name)).expect("a command").expect("not blank")
    }

    fn wrong(line: &str) -> (String, String) {
        let error = parse(line, |_| false).expect_err("no command");
        (error.to_string(), error.hint().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_command_takes_the_rest_of_its_line() {
        assert_eq!(read("  css  ul > li::text "), Command::Css("ul > li::text".to_owned()));
        assert_eq!(read("xpath //a[. = 'x y']"), Command::XPath("//a[. = 'x y']".to_owned()));
        assert_eq!(read("re --source a b"), Command::Regex { pattern: "a b".to_owned(), in_source: true });
        assert_eq!(
            read("re --sources"),
            Command::Regex { pattern: "--sources".to_owned(), in_source: false }
        );
        assert_eq!(read("html 2"), Command::Html(Some(2)));
        assert_eq!(read("fetch a\\ b.html"), Command::Fetch("a b.html".to_owned()));
        assert_eq!(read("view 'a b.html'"), Command::View { file: Some("a b.html".to_owned()), keep: false });
        assert_eq!(read("view --save=a"), Command::View { file: Some("a".to_owned()), keep: true });
        assert_eq!(read("text"), Command::Text, "a command before an element of the same name");
        for nothing in ["", "   ", "# a comment", "#"] {
            assert_eq!(parse(nothing, |_| false).expect("no mistake"), None);
        }
    }

    #[test]
    fn what_looks_like_a_selector_an_expression_or_a_url_needs_no_command() {
        for css in
            [".price", "#main", "[href]", "*", "h1", "ul li", "div.price b", "a::text", "p > b", "h1, p"]
        {
            assert_eq!(read(css), Command::Css(css.to_owned()));
        }
        for xpath in ["//p", "/html", "(//p)[1]", "count(//p)", "re:test('a', 'b')", "@href"] {
            assert_eq!(read(xpath), Command::XPath(xpath.to_owned()));
        }
        assert_eq!(read("http://a.test/"), Command::Fetch("http://a.test/".to_owned()));
    }

    #[test]
    fn mistakes_name_the_nearest_command_and_what_is_lacking() {
        assert_eq!(wrong("lnks a").1, "did you mean `links`?");
        assert_eq!(wrong("ftech x").1, "did you mean `fetch`?");
        assert!(wrong("whatever").1.starts_with("`help` lists"));
        assert_eq!(wrong("css").0, "`css` needs SELECTOR");
        assert!(wrong("text me").0.contains("takes nothing"));
        assert!(wrong("html 0").0.contains("names no match"));
        assert!(wrong("view --save").0.contains("needs the name"));
        assert!(wrong(&"x".repeat(100_000)).0.len() < 1_000);
    }
}
