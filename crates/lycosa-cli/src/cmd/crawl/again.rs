//! The command line that goes on with a crawl, as the summary prints it: without what may be a secret.

/// This command with the folder of its state.
pub(super) fn this_command(folder: &std::path::Path) -> String {
    let given = std::env::args().skip(1).filter(|word| word != "--resume" && word != "--fresh");
    let given: Vec<String> = without_secrets(given);
    let state = if given.iter().any(|word| word == "--state" || word.starts_with("--state=")) {
        String::new()
    } else {
        format!(" --state {}", folder.display())
    };
    let quoted: Vec<String> = given.iter().map(|word| quote(word)).collect();
    format!("lycosa {}{state}", quoted.join(" "))
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
}
