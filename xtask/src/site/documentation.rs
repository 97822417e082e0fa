//! Finds the HTML folders of Debian documentation packages: installed, unpacked before, or fetched now.
//!
//! A missing package is downloaded and unpacked into the cache instead of installed: that needs no rights, works
//! where the system leaves documentation out, and cannot pull a database or a Java runtime to a newer version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use crate::{debian, workspace};

/// A site made of one documentation package.
#[derive(Debug)]
pub(crate) struct Site {
    /// What the command line calls it.
    pub(crate) name: &'static str,
    /// Package names, the first available one counts; they differ between Debian releases.
    packages: &'static [&'static str],
    /// The HTML folder below `/usr/share/doc/PACKAGE/`.
    folder: &'static str,
}

/// The sites, from small to large.
pub(crate) const SITES: &[Site] = &[
    Site { name: "python", packages: &["python3-doc"], folder: "html" },
    Site { name: "postgresql", packages: &["postgresql-doc-15", "postgresql-doc-17"], folder: "html" },
    Site { name: "java", packages: &["openjdk-17-doc", "openjdk-21-doc"], folder: "api" },
];

impl Site {
    /// The folder with its `index.html`, with links resolved; fetches the package when it is nowhere.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        if let Some(found) = self.packages.iter().find_map(|package| self.installed(package)) {
            return Ok(found);
        }
        let package = self.available()?;
        unpack(package)?;
        self.installed(package).ok_or_else(|| {
            Failure::new(format!("{package} was unpacked and has no {}/index.html", self.folder))
        })
    }

    /// The folder of a package in the system or in the cache.
    fn installed(&self, package: &str) -> Option<PathBuf> {
        let inside = Path::new("usr/share/doc").join(package).join(self.folder);
        let places = [PathBuf::from("/"), packages().join(package)];
        places
            .iter()
            .map(|place| place.join(&inside))
            .find(|folder| folder.join("index.html").is_file())
            .and_then(|folder| fs::canonicalize(folder).ok())
    }

    /// The package to fetch: the first that the system's lists know.
    fn available(&self) -> Result<&'static str> {
        let known = |package: &&&str| workspace::output("apt-cache", &["show", package]).is_some();
        if let Some(package) = self.packages.iter().find(known) {
            return Ok(package);
        }
        let missing =
            Failure::new(format!("the site `{}` needs the package {}", self.name, self.packages[0]));
        if workspace::program("apt-get").is_none() {
            return Err(missing.hint("it comes from Debian's archive, and this system has no apt-get"));
        }
        debian::update()?;
        self.packages.iter().find(known).copied().ok_or_else(|| missing.hint("as root: apt-get update"))
    }
}

/// Where packages are unpacked.
fn packages() -> PathBuf {
    workspace::cache().join("packages")
}

/// Downloads a package and unpacks it, with the documentation packages it depends on, into the cache.
fn unpack(package: &str) -> Result<()> {
    say(&format!("fetching {package} into {}", packages().display()));
    let place = packages().join(package);
    let part = packages().join(format!("{package}.part-{}", std::process::id()));
    fs::create_dir_all(&part).context(format!("make the folder {}", part.display()))?;
    let done = documentation_of(package).iter().try_for_each(|name| unpack_one(name, &part));
    // Another run may have been quicker; its folder is as good.
    let done = done.and_then(|()| match fs::rename(&part, &place) {
        Err(_) if place.is_dir() => Ok(()),
        other => other.context(format!("make the folder {}", place.display())),
    });
    if part.exists() {
        let _ = fs::remove_dir_all(&part);
    }
    done
}

/// The package, and those it depends on that are documentation too (`python3-doc` only points to another).
fn documentation_of(package: &str) -> Vec<String> {
    let listed = workspace::output("apt-cache", &["depends", package]).unwrap_or_default();
    let depends = listed.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let documentation = depends.filter(|name| name.ends_with("-doc")).map(str::to_owned);
    std::iter::once(package.to_owned()).chain(documentation).collect()
}

fn unpack_one(package: &str, place: &Path) -> Result<()> {
    let words = ["-q", "-o", "APT::Sandbox::User=root", "download", package];
    quietly(Command::new("apt-get").args(words).current_dir(place))?;
    let entries = fs::read_dir(place).context(format!("list {}", place.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "deb") {
            quietly(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(place))?;
            fs::remove_file(&path).context(format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn quietly(command: &mut Command) -> Result<()> {
    workspace::run(command.stdin(Stdio::null()).stdout(Stdio::null()))
}
