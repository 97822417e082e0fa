//! What the README tells people to type is what the command takes.

use std::path::Path;

use crate::command::Bench;

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    std::fs::read_to_string(path).expect("the README is there")
}

/// The fenced blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.filter_map(|rest| rest.split("```").next().map(str::to_owned)).collect()
}

#[test]
fn every_command_of_the_readme_is_one_the_command_knows() {
    let bench = Bench::new();
    let mut seen = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let Some((_, words)) = line.rsplit_once("lycosa ").filter(|(before, _)| !before.contains("cargo"))
        else {
            continue;
        };
        let words: Vec<&str> = words.split_whitespace().map(|word| word.trim_matches('"')).collect();
        // A misspelt flag is refused before the help is reached.
        bench.run(&[&words[..], &["--help"]].concat()).ends_with(0);
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} commands were found");
}

#[test]
fn the_rules_in_the_readme_have_no_mistakes() {
    let bench = Bench::new();
    let block = blocks("toml").remove(0);
    bench.write("lycosa.toml", &block);
    bench.run(&["config", "check", "lycosa.toml"]).ends_with(0);
}
