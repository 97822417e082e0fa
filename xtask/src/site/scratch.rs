//! A folder for one run, removed at its end; what killed runs left behind is removed by the next one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::failure::{Context as _, Result};

/// The start of every folder's name; the rest is purpose, process and number.
const PREFIX: &str = "lycosa-xtask-";

/// A folder that lives as long as this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty folder among the temporary files.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_stale();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{purpose}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).context(format!("make the folder {}", path.display()))?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes folders of processes that are gone. Failing to is no reason to fail.
fn remove_stale() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let process = rest.rsplit('-').nth(1).unwrap_or_default();
        let is_gone = Path::new("/proc/self").exists() && !Path::new("/proc").join(process).exists();
        if is_gone && !process.is_empty() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_value_and_a_dead_process_leaves_nothing() {
        let stale = std::env::temp_dir().join(format!("{PREFIX}test-4294967295-0"));
        fs::create_dir_all(&stale).unwrap();
        let scratch = Scratch::new("test").unwrap();
        assert!(!stale.exists());
        let path = scratch.path().to_path_buf();
        assert!(path.is_dir());
        drop(scratch);
        assert!(!path.exists());
    }
}
