//! The language models of the Lingua project: fetched by cargo at fixed versions, read from where cargo put them.

use std::fs;
use std::path::PathBuf;

use fst::{Map, Streamer as _};

use crate::failure::{Context as _, Failure, Result};
use crate::workspace;

/// The version of every package.
const VERSION: &str = "=1.3.0";

/// Fetched packages.
pub(super) struct Sources {
    vendor: PathBuf,
}

impl Sources {
    /// Lets cargo fetch the packages of these languages into a folder of the cache.
    pub(super) fn fetch(names: &[&str]) -> Result<Self> {
        let folder = workspace::cache().join("train-charset");
        fs::create_dir_all(folder.join("src")).context(format!("make {}", folder.display()))?;
        let mut manifest = String::from(
            "[package]\nname = \"sources\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n",
        );
        for name in names {
            manifest.push_str(&format!("lingua-{name}-language-model = \"{VERSION}\"\n"));
        }
        fs::write(folder.join("Cargo.toml"), manifest).context("write a manifest")?;
        fs::write(folder.join("src/lib.rs"), "").context("write an empty library")?;
        let mut command = workspace::cargo(["vendor", "--quiet"]);
        command.current_dir(&folder).stdout(std::process::Stdio::null());
        workspace::run(&mut command)?;
        Ok(Self { vendor: folder.join("vendor") })
    }

    fn package(&self, name: &str) -> PathBuf {
        self.vendor.join(format!("lingua-{name}-language-model"))
    }

    /// Sentences of the language, one a line.
    pub(super) fn sentences(&self, name: &str) -> Result<String> {
        let path = self.package(name).join("testdata/sentences.txt");
        fs::read_to_string(&path).context(format!("read {}", path.display()))
    }

    /// The sequences of `length` lower-case letters with their relative frequencies: of a single letter among all,
    /// of a longer sequence among those that share all but the last letter.
    pub(super) fn frequencies(&self, name: &str, length: usize) -> Result<Vec<(String, f64)>> {
        let path = self.package(name).join("models/ngrams.fst");
        let bytes = fs::read(&path).context(format!("read {}", path.display()))?;
        let broken = |_| Failure::new(format!("{} is no model", path.display()));
        let map = Map::new(bytes).map_err(broken)?;
        let mut stream = map.stream();
        let mut found = Vec::new();
        while let Some((key, bits)) = stream.next() {
            let text = String::from_utf8_lossy(key).into_owned();
            if text.chars().count() == length {
                found.push((text, f64::from_bits(bits).exp()));
            }
        }
        Ok(found)
    }
}
