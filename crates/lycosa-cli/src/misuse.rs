//! Mistakes on the command line of which the parser's own words lead nowhere: what is wrong, and what to write instead.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use crate::cmd::CommandLine;

/// What is wrong with these words and a hint, where the parser's own are no help.
pub(crate) fn explained(error: &clap::Error, words: &[String]) -> Option<(String, String)> {
    match error.kind() {
        ErrorKind::UnknownArgument => below_zero(error, words).or_else(|| without_command(words)),
        ErrorKind::InvalidSubcommand => no_command(error, words),
        _ => None,
    }
}

/// A value such as `-5s` is taken for an option.
fn below_zero(error: &clap::Error, words: &[String]) -> Option<(String, String)> {
    let argument = text(error, ContextKind::InvalidArg)?;
    let is_number = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    if !is_number(argument) {
        return None;
    }
    let at = words.iter().position(|word| word.starts_with(argument))?;
    let word = words.get(at)?;
    let option = at.checked_sub(1).and_then(|at| words.get(at)).filter(|option| option.starts_with("--"));
    let what = match option {
        Some(option) => format!("`{word}` is no value of {option}, which cannot be less than 0"),
        None => format!("`{word}` is no option, and no number here can be less than 0"),
    };
    Some((what, format!("leave the sign out: {}", word.trim_start_matches('-'))))
}

/// `lycosa --resume` without a command.
fn without_command(words: &[String]) -> Option<(String, String)> {
    let first = words.first().filter(|word| word.starts_with("--"))?;
    let command = CommandLine::command();
    let crawl = command.find_subcommand("crawl")?;
    let name = first.trim_start_matches('-').split('=').next()?;
    crawl.get_arguments().find(|argument| argument.get_long() == Some(name))?;
    Some((format!("`{first}` belongs to a command"), format!("write `lycosa crawl {first} …`")))
}

/// A command that there is not: what it may have meant to be, and which there are.
fn no_command(error: &clap::Error, words: &[String]) -> Option<(String, String)> {
    let wrong = text(error, ContextKind::InvalidSubcommand)?;
    let mut command = CommandLine::command();
    let mut path = vec!["lycosa".to_owned()];
    for word in words.iter().take_while(|word| *word != wrong) {
        if let Some(below) = command.find_subcommand(word).cloned() {
            path.push(word.clone());
            command = below;
        }
    }
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    // The parser names the likeliest last.
    let meant = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(list)) => list.last().cloned(),
        Some(ContextValue::String(one)) => Some(one.clone()),
        _ => None,
    };
    let path = path.join(" ");
    let meant = meant.map(|meant| format!("did you mean `{path} {meant}`? ")).unwrap_or_default();
    Some((format!("`{path}` has no command `{wrong}`"), format!("{meant}it has {}", names.join(", "))))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn said(line: &str) -> (String, String) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = CommandLine::try_parse_from(std::iter::once("lycosa".to_owned()).chain(words.clone()));
        explained(&error.expect_err("a mistake"), &words).expect("an explanation")
    }

    #[test]
    fn a_value_below_zero_is_no_option() {
        let (what, hint) = said("crawl http://a.test/ --max-time -5s");
        assert_eq!(what, "`-5s` is no value of --max-time, which cannot be less than 0");
        assert_eq!(hint, "leave the sign out: 5s");
        assert!(said("crawl -7x").0.contains("no number here can be less than 0"));
    }

    #[test]
    fn a_command_that_there_is_not_is_told_with_the_likeliest_and_all_there_are() {
        let (what, hint) = said("ctl stauts");
        assert_eq!(what, "`lycosa ctl` has no command `stauts`");
        assert!(
            hint.starts_with("did you mean `lycosa ctl status`? it has status, pause, resume,"),
            "{hint}"
        );
        let (_, hint) = said("frontier --state x zzz");
        assert!(hint.starts_with("it has stats, hosts, check,"), "{hint}");
        assert!(said("crwal http://a.test/").1.contains("did you mean `lycosa crawl`?"));
    }

    #[test]
    fn an_option_of_a_crawl_without_the_command_is_shown_with_it() {
        assert_eq!(said("--resume").1, "write `lycosa crawl --resume …`");
    }
}
