//! Where the checkout is, where build products go, and how cargo is run from here.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Context as _, Failure, Result};

/// The folder that holds the workspace's `Cargo.toml`.
///
/// `cargo run` says where the package is at run time; the place known at build time serves a binary that was
/// started by hand.
pub(crate) fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/lycosa`, by default `~/.cache/lycosa`.
pub(crate) fn cache() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("lycosa")
}

/// Where cargo builds: `CARGO_TARGET_DIR` when set, else a folder outside the checkout.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
        Some(set) => root().join(set),
        None => cache().join("target"),
    }
}

/// A cargo command in the workspace root, without the variables that `cargo run` added for this program:
/// some build scripts watch those, and would run again each time.
pub(crate) fn cargo<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(words).current_dir(root()).env("CARGO_TARGET_DIR", target()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let added = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_"];
        if added.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with the console as its output; a non-zero end is a failure that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().context(format!("start `{shown}`"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// Runs a command and returns its standard output, whatever its exit status; `None` when it cannot start or fails.
pub(crate) fn output(program: &str, words: &[&str]) -> Option<String> {
    let answer =
        Command::new(program).args(words).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// The command line for people.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for word in command.get_args() {
        line.push(' ');
        line.push_str(&word.to_string_lossy());
    }
    line
}

/// Builds the `lycosa` command and returns the path of the binary.
pub(crate) fn build_lycosa(release: bool) -> Result<PathBuf> {
    let mut words = vec!["build", "--quiet", "--package", "lycosa-cli"];
    if release {
        words.push("--release");
    }
    run(&mut cargo(words))?;
    Ok(target().join(if release { "release" } else { "debug" }).join("lycosa"))
}

/// Finds a program on the search path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    // Servers often live in folders that only root has on its path.
    let extra = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    env::split_paths(&folders).chain(extra).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The system's Python: packages installed by the system belong to it, not to one installed beside it.
pub(crate) fn python() -> PathBuf {
    let system = PathBuf::from("/usr/bin/python3");
    if system.is_file() { system } else { PathBuf::from("python3") }
}
