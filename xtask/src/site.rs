//! `cargo xtask site`: real web sites on loopback, for trying a crawl and for tests.
//!
//! The pages are the HTML of Debian documentation packages ([`documentation`] finds or fetches them), served by an
//! nginx of its own ([`nginx`]). A test in any crate can start this as a child with `--print-url
//! --until-stdin-closes` and read the address from the first line.

pub(crate) mod documentation;
pub(crate) mod nginx;
pub(crate) mod scratch;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use documentation::{SITES, Site};
use nginx::{Options, Server};
use scratch::Scratch;

pub(crate) const SUMMARY: &str = "Serve real documentation sites on loopback with nginx.";
pub(crate) const HELP: &str = "
Usage: cargo xtask site python|postgresql|java|all [FLAGS]

Serves the HTML of a Debian documentation package (python3-doc, 500 pages;
postgresql-doc, 1,200; openjdk-doc, 10,100) until Ctrl-C. A package that is not
installed is fetched with apt-get and unpacked under ~/.cache/lycosa/packages,
which needs no rights and changes no installed package. `all` serves the three
under one page of links.

  --port N               listen on 127.0.0.1:N (default 0: any free port)
  --gzip                 compress answers when the client accepts it
  --log FILE             write an access log (default: none)
  --print-url            print the address alone as the first line
  --until-stdin-closes   stop at the end of standard input, for tests";

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let port = arguments.parsed("--port")?.unwrap_or(0);
    let log = arguments.value("--log")?.map(PathBuf::from);
    let gzip = arguments.switch("--gzip");
    let only_url = arguments.switch("--print-url");
    let until_stdin_closes = arguments.switch("--until-stdin-closes");
    let name = arguments.word().unwrap_or_default();
    arguments.finish()?;
    // Kept until the server is gone.
    let scratch = Scratch::new("site")?;
    let root = root_of(&name, &scratch)?;
    let mut server = Server::start(&Options { port, gzip, log, ..Options::new(root) })?;
    let url = server.url();
    say(&if only_url { url } else { format!("serving {name} at {url} (Ctrl-C stops)") });
    if until_stdin_closes {
        let mut ignored = Vec::new();
        std::io::stdin().read_to_end(&mut ignored).context("read standard input")?;
        return Ok(());
    }
    server.wait()
}

/// The folder to serve for a name; `all` is put together in `scratch`.
fn root_of(name: &str, scratch: &Scratch) -> Result<PathBuf> {
    if name != "all" {
        return site(name)?.folder();
    }
    let mut index = String::from("<!DOCTYPE html><title>Documentation</title>\n<ul>\n");
    for site in SITES {
        let target = site.folder()?;
        symlink(&target, scratch.path().join(site.name)).context(format!("link {}", target.display()))?;
        index.push_str(&format!("<li><a href=\"{0}/index.html\">{0}</a>\n", site.name));
    }
    index.push_str("</ul>\n");
    fs::write(scratch.path().join("index.html"), index).context("write the page of links")?;
    Ok(scratch.path().to_path_buf())
}

/// The site of a name.
pub(crate) fn site(name: &str) -> Result<&'static Site> {
    SITES.iter().find(|site| site.name == name).ok_or_else(|| {
        let names: Vec<&str> = SITES.iter().map(|site| site.name).collect();
        Failure::new(format!("there is no site `{name}`")).hint(format!("one of {}, all", names.join(", ")))
    })
}
