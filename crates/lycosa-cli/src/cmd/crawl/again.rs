//! The command line that goes on with a crawl, as the summary prints it: without what may be a secret.

use std::path::Path;

use lycosa::crawler::End;
use lycosa::model::Finish;

/// What is said of flags about visits when no page is visited again.
pub(super) fn idle_flags(args: &super::Args, recrawl: bool) -> Option<String> {
    let given = [
        ("--revisit-min", &args.revisit_min),
        ("--revisit-max", &args.revisit_max),
        ("--recrawl-records", &args.recrawl_records),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, value)| value.is_some()).map(|(flag, _)| *flag).collect();
    (!recrawl && !given.is_empty()).then(|| {
        format!("note: {} is about pages that are visited again; add --recrawl to do so", given.join(", "))
    })
}

/// What to do to go on with a crawl that ended so and whose state is here. The limit that ended it is not in the
/// command: it would end it again.
pub(super) fn advice(end: End, folder: &Path) -> String {
    let words = std::env::args().skip(1).collect();
    let Some((flag, key)) = limit(end) else {
        return format!("go on with: {}", this_command(words, folder));
    };
    let before = words.len();
    let words = without_limit(words, flag, key);
    let command = this_command(words.clone(), folder);
    let from_file = words.iter().any(|word| word == "--config" || word.starts_with("--config="));
    if words.len() == before && !from_file {
        return format!("the limit {key} was set while it ran; go on without it: {command}");
    }
    if words.len() == before {
        return format!(
            "raise or leave out `{key}` in the configuration, unless it was set while it ran, and go on with: {command}"
        );
    }
    format!("raise or leave out {flag} and go on with: {command}")
}

/// The limit that ended a crawl, as a flag and as an option.
fn limit(end: End) -> Option<(&'static str, &'static str)> {
    match end {
        End::Finished(Finish::Pages) => Some(("--max-pages", "max_pages")),
        End::Finished(Finish::HostPages) => Some(("--max-pages-per-host", "max_pages_per_host")),
        End::Finished(Finish::Requests) => Some(("--max-requests", "max_requests")),
        End::Finished(Finish::Bytes) => Some(("--max-bytes", "max_bytes")),
        End::Finished(Finish::Time) => Some(("--max-time", "max_time")),
        End::Finished(Finish::Complete) | End::Interrupted | End::OutputClosed => None,
    }
}

/// The words without this limit, as a flag (`--max-pages 1`, `--max-pages=1`) or by `--set max_pages=1`.
fn without_limit(words: Vec<String>, flag: &str, key: &str) -> Vec<String> {
    let is_it = |word: &str| word.split('=').next().unwrap_or_default().trim() == key;
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if word == flag || (word == "--set" && words.peek().is_some_and(|pair| is_it(pair))) {
            drop(words.next());
            continue;
        }
        let joined = word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='));
        if !joined && !word.strip_prefix("--set=").is_some_and(is_it) {
            kept.push(word);
        }
    }
    kept
}

/// The command of these words that goes on with the crawl in this folder.
fn this_command(words: Vec<String>, folder: &Path) -> String {
    let given = words.into_iter().filter(|word| word != "--resume" && word != "--fresh");
    let given: Vec<String> = without_secrets(given);
    let state = if given.iter().any(|word| word == "--state" || word.starts_with("--state=")) {
        String::new()
    } else {
        format!(" --state {}", quote(&folder.display().to_string()))
    };
    let quoted: Vec<String> = given.iter().map(|word| quote(word)).collect();
    format!("lycosa {}{state} --resume", quoted.join(" "))
}

/// The words of a command line with `…` for what may be a password: such a line ends up in logs.
fn without_secrets(words: impl Iterator<Item = String>) -> Vec<String> {
    const HOLDERS: [&str; 6] = ["-u", "--user", "--cookie", "-H", "--header", "--proxy"];
    let mut shown: Vec<String> = Vec::new();
    for word in words {
        let after_holder = shown.last().is_some_and(|last| HOLDERS.contains(&last.as_str()));
        let joined = HOLDERS.iter().find(|holder| {
            word.len() > holder.len()
                && word.starts_with(**holder)
                && (!holder.starts_with("--") || word.as_bytes().get(holder.len()) == Some(&b'='))
        });
        shown.push(match joined {
            _ if after_holder => "…".to_owned(),
            Some(holder) if holder.starts_with("--") => format!("{holder}=…"),
            Some(holder) => format!("{holder}…"),
            None => word,
        });
    }
    shown
}

fn quote(word: &str) -> String {
    let plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,%@+".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_its_secrets() {
        let line = "crawl http://a.test/ -u me:s3cret --cookie=sid=tok -HX-Key:zzz --header A:b --proxy http://p:q@h -d 2";
        let shown = without_secrets(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(shown, "crawl http://a.test/ -u … --cookie=… -H… --header … --proxy … -d 2");
    }

    #[test]
    fn the_limit_that_was_reached_is_left_out() {
        for line in [
            "crawl a --max-pages 1 -d 2",
            "crawl a --max-pages=1 -d 2",
            "crawl a --set max_pages=1 -d 2",
            "crawl a --set=max_pages=1 -d 2",
        ] {
            let words = line.split(' ').map(str::to_owned).collect();
            assert_eq!(without_limit(words, "--max-pages", "max_pages").join(" "), "crawl a -d 2", "{line}");
        }
        let words: Vec<String> =
            "crawl a --max-time 1s --set depth=1".split(' ').map(str::to_owned).collect();
        assert_eq!(without_limit(words.clone(), "--max-pages", "max_pages"), words);
    }
}
