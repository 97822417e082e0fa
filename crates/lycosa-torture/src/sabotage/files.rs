//! A file layer that skips what makes a disk safe.

use std::io;
use std::path::Path;
use std::sync::Arc;

use lycosa::frontier::embedded::{FileLayer, LogFile};

use super::Sabotage;

/// See the module.
#[derive(Debug)]
pub(super) struct SabotagedFiles {
    pub(super) inner: Arc<dyn FileLayer>,
    pub(super) kind: Sabotage,
}

impl FileLayer for SabotagedFiles {
    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let file = self.inner.append(path)?;
        let is_backlog = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("backlog-"));
        let skips = match self.kind {
            Sabotage::SkipSync => true,
            Sabotage::SkipBacklogSync => is_backlog,
            _ => false,
        };
        Ok(if skips { Box::new(Unsynced(file)) } else { file })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.inner.read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let is_run = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seen-"));
        if is_run && self.kind == Sabotage::SkipRunSync {
            return self.inner.append(path)?.write(bytes);
        }
        self.inner.replace(path, bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.inner.truncate(path, length)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.inner.list(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.kind == Sabotage::SkipFolderSync { Ok(()) } else { self.inner.sync_folder(folder) }
    }

    fn segment_size(&self) -> u64 {
        self.inner.segment_size()
    }

    fn history_memory(&self) -> usize {
        self.inner.history_memory()
    }

    fn waiting_memory(&self) -> usize {
        self.inner.waiting_memory()
    }
}

#[derive(Debug)]
struct Unsynced(Box<dyn LogFile>);

impl LogFile for Unsynced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
