//! Running the command in tests: in a folder of its own, with everything it said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder in which the command runs; removed afterwards.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file in the temporary folder");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name))
            .unwrap_or_else(|cause| panic!("{name} cannot be read: {cause}"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lycosa"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().expect("the command starts"))
    }

    /// Runs to the end with this text on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let file = self.write("standard-input", input);
        let input = std::fs::File::open(file).expect("the input just written");
        Said::of(self.command(arguments).stdin(input).output().expect("the command starts"))
    }

    /// Starts it and lets it run.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let quiet = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        quiet.expect("the command starts")
    }

    /// The records of a JSON Lines file.
    pub(crate) fn records(&self, name: &str) -> Vec<Value> {
        records(&self.path(name))
    }
}

pub(crate) fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|cause| panic!("{} cannot be read: {cause}", path.display()));
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|cause| panic!("no record ({cause}): {line}"));
    text.lines().map(parse).collect()
}

/// The path and query of a field that holds a URL.
pub(crate) fn path_of(record: &Value, field: &str) -> String {
    let url = record[field].as_str().unwrap_or_else(|| panic!("no {field} in {record}"));
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("/".to_owned(), |start| after_scheme[start..].to_owned())
}

/// How often each id occurs.
pub(crate) fn ids(records: &[Value]) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for record in records {
        *ids.entry(record["id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    ids
}

/// What a run of the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code; everything that was said stands in the failure.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error contains this.
    #[track_caller]
    pub(crate) fn mentions(self, text: &str) -> Self {
        assert!(self.err.contains(text), "`{text}` is not in standard error:\n{}", self.err);
        self
    }
}
