//! Installs what the tests need with apt-get, or says what is missing.
//!
//! Each need is probed by what the tests use (a program, a Python module), not by a package's name, so a system
//! that got it another way is left alone.

use std::process::{Command, Stdio};

use crate::console::say;
use crate::failure::{Failure, Result};
use crate::workspace;

/// Something the tests use and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    probe: Probe,
    package: &'static str,
    purpose: &'static str,
}

/// How to see whether a need is met.
#[derive(Debug, Clone, Copy)]
enum Probe {
    Program(&'static str),
    PythonModule(&'static str),
    Package(&'static str),
}

/// Everything `cargo xtask test` uses beyond Rust itself.
pub(crate) const TEST_NEEDS: &[Need] = &[
    Need { probe: Probe::Program("cc"), package: "build-essential", purpose: "builds the C parts of crates" },
    Need {
        probe: Probe::Program("setsid"),
        package: "util-linux",
        purpose: "gives a program a terminal of its own",
    },
    Need {
        probe: Probe::Program("mkfs.ext4"),
        package: "e2fsprogs",
        purpose: "makes a file system that meets errors",
    },
    Need { probe: Probe::Program("nginx"), package: "nginx-light", purpose: "serves real sites on loopback" },
    Need {
        probe: Probe::Program("nghttpd"),
        package: "nghttp2-server",
        purpose: "an HTTP/2 server of other make",
    },
    Need { probe: Probe::Program("tinyproxy"), package: "tinyproxy", purpose: "an HTTP proxy of other make" },
    Need {
        probe: Probe::Program("microsocks"),
        package: "microsocks",
        purpose: "a SOCKS5 proxy of other make",
    },
    Need {
        probe: Probe::PythonModule("lxml"),
        package: "python3-lxml",
        purpose: "the independent HTML parser and XPath",
    },
    Need {
        probe: Probe::PythonModule("soupsieve"),
        package: "python3-soupsieve",
        purpose: "an independent CSS engine",
    },
    Need { probe: Probe::PythonModule("bs4"), package: "python3-bs4", purpose: "the tree of that engine" },
    Need {
        probe: Probe::PythonModule("cssselect"),
        package: "python3-cssselect",
        purpose: "another CSS engine, by way of XPath",
    },
    Need {
        probe: Probe::Package("python3-doc"),
        package: "python3-doc",
        purpose: "a real site of 500 pages",
    },
];

/// What `cargo xtask bench xpath` uses beyond that.
pub(crate) const XPATH_BENCH_NEEDS: &[Need] = &[
    Need { probe: Probe::Program("cc"), package: "build-essential", purpose: "builds the program in C" },
    Need {
        probe: Probe::Program("xml2-config"),
        package: "libxml2-dev",
        purpose: "XPath of other make, from C",
    },
];

/// Makes sure that every need is met, installing what is missing when this is Debian and the user is root.
pub(crate) fn provide(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !is_met(need)).collect();
    if missing.is_empty() {
        say("everything is there");
        return Ok(());
    }
    for need in &missing {
        say(&format!("missing: {} ({})", need.package, need.purpose));
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    install(&packages)?;
    match missing.iter().find(|need| !is_met(need)) {
        None => Ok(()),
        Some(need) => Err(Failure::new(format!("{} was installed and is still not usable", need.package))),
    }
}

fn is_met(need: &Need) -> bool {
    match need.probe {
        Probe::Program(name) => workspace::program(name).is_some(),
        Probe::PythonModule(name) => Command::new(workspace::python())
            .args(["-c", &format!("import {name}")])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        Probe::Package(name) => is_installed(name),
    }
}

/// Whether dpkg knows the package as installed.
pub(crate) fn is_installed(package: &str) -> bool {
    workspace::output("dpkg-query", &["-W", "-f", "${Status}", package])
        .is_some_and(|status| status.trim() == "install ok installed")
}

/// Installs packages, or fails with the command that a person with the rights would run.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let line = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if workspace::program("apt-get").is_none() {
        return Err(Failure::new(format!("missing: {}", packages.join(", "))).hint(
            "this is not Debian: install the equivalents of these packages with the system's own tool",
        ));
    }
    if !is_root() {
        return Err(Failure::new(format!("missing: {}", packages.join(", ")))
            .hint(format!("as root: apt-get update && {line}")));
    }
    update()?;
    say(&line);
    let words = ["install", "-y", "-q", "--no-install-recommends"].iter().chain(packages);
    quiet("apt-get", &words.copied().collect::<Vec<_>>())
}

/// Refreshes the package lists when the user may; without the right the lists there are serve.
pub(crate) fn update() -> Result<()> {
    if is_root() { quiet("apt-get", &["update", "-q"]) } else { Ok(()) }
}

/// Runs a chatty program silently, and shows the end of what it said when it fails.
fn quiet(program: &str, words: &[&str]) -> Result<()> {
    let answer = Command::new(program)
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("could not start {program}: {error}")))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said");
    Err(Failure::new(format!("`{program} {}` ended with {}: {last}", words.join(" "), answer.status))
        .hint("the package mirror must be reachable"))
}

/// Whether this process has the rights of root.
pub(crate) fn is_root() -> bool {
    workspace::output("id", &["-u"]).is_some_and(|user| user.trim() == "0")
}
