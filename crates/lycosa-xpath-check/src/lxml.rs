//! `libxml2` behind lxml, an engine of other make, in a Python process of its own: one line of JSON asked, one line
//! answered. A process that takes too long is killed and another started.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, Key};

/// The program that the process runs.
const PROGRAM: &str = include_str!("lxml.py");
/// How long an expression may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The oracle.
#[derive(Debug)]
pub(crate) struct Lxml {
    process: Option<Process>,
    document: String,
}

#[derive(Debug)]
struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The system's Python: lxml is a package of the system.
fn python() -> PathBuf {
    let system = Path::new("/usr/bin/python3");
    if system.is_file() { system.to_path_buf() } else { PathBuf::from("python3") }
}

impl Process {
    fn start() -> Result<Self, String> {
        let words = |error: std::io::Error| format!("python3 cannot be started: {error}");
        let mut command = Command::new(python());
        command.args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(words)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("python3 has no pipes".to_owned());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let all = BufReader::new(output).lines().map_while(Result::ok);
            all.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        Ok(Self { child, input, lines })
    }

    /// `None` when no answer came in time or the process is gone.
    fn ask(&mut self, question: &Value) -> Option<Value> {
        writeln!(self.input, "{question}").and_then(|()| self.input.flush()).ok()?;
        serde_json::from_str(&self.lines.recv_timeout(PATIENCE).ok()?).ok()
    }
}

impl Lxml {
    /// # Errors
    /// When there is no Python with lxml.
    pub(crate) fn new() -> Result<Self, String> {
        let mut oracle = Self { process: Some(Process::start()?), document: String::new() };
        match oracle.read("<a/>") {
            Some(_) => Ok(oracle),
            None => Err("python3 has no lxml (on Debian: apt-get install python3-lxml)".to_owned()),
        }
    }

    /// Gives it a document. The answer is the number of its nodes, `None` when it cannot read it.
    pub(crate) fn read(&mut self, xml: &str) -> Option<u64> {
        xml.clone_into(&mut self.document);
        self.ask(&json!({ "document": xml }))?["nodes"].as_u64()
    }

    fn ask(&mut self, question: &Value) -> Option<Value> {
        if self.process.is_none() {
            let mut process = Process::start().ok()?;
            process.ask(&json!({ "document": self.document }))?;
            self.process = Some(process);
        }
        let answer = self.process.as_mut()?.ask(question);
        if answer.is_none() {
            self.process = None;
        }
        answer
    }

    /// The answer over the document that was read last. `context` is the number of the context node, an element.
    pub(crate) fn answer(&mut self, context: u32, expression: &str) -> Answer {
        let question = json!({ "expression": expression, "context": context });
        let Some(answer) = self.ask(&question) else { return Answer::Silent("libxml2 took too long") };
        let Some((kind, value)) = answer.as_object().and_then(|object| object.iter().next()) else {
            return Answer::Silent("lxml said nothing");
        };
        match (kind.as_str(), value) {
            ("nodes", Value::Array(nodes)) => nodes
                .iter()
                .map(key)
                .collect::<Option<_>>()
                .map_or(Answer::Silent("lxml named no node"), Answer::Nodes),
            ("number", Value::String(text)) => {
                text.parse().map_or(Answer::Silent("lxml gave no number"), Answer::Number)
            }
            ("text", Value::String(text)) => Answer::Text(text.clone()),
            ("boolean", Value::Bool(truth)) => Answer::Boolean(*truth),
            ("refused", Value::String(words)) if words.starts_with("Invalid context") => {
                Answer::Silent("lxml has no position outside predicates")
            }
            ("refused", Value::String(words)) => Answer::Refused(words.clone()),
            _ => Answer::Silent("lxml said something else"),
        }
    }
}

/// A number; a number and an attribute's name; a namespace's prefix.
fn key(value: &Value) -> Option<Key> {
    match value {
        Value::Number(number) => Some(Key::Node(u32::try_from(number.as_u64()?).ok()?)),
        Value::String(prefix) => Some(Key::Namespace(prefix.clone())),
        Value::Array(pair) => {
            let owner = u32::try_from(pair.first()?.as_u64()?).ok()?;
            Some(Key::Attribute(owner, pair.get(1)?.as_str()?.to_owned()))
        }
        _ => None,
    }
}
