//! The folder of a state: which files in it are the crawl's, and that one process at a time has it open.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{Disk, FileLayer, backlog, files, history, identity, log, seen};
use crate::error::{Error, ErrorKind, Result};

/// Whether there is a crawl in this folder.
#[must_use]
pub fn exists(folder: &Path) -> bool {
    folder.join(identity::FILE).exists()
}

/// Removes the crawl in a folder: its own files, nothing else.
///
/// # Errors
/// When the folder is in use or a file cannot be removed.
pub fn remove(folder: &Path) -> Result<()> {
    let _lock = lock(folder)?;
    let names = names(folder, &Disk)?;
    // Its identity last: a folder that has none is taken for empty.
    let (identity, others): (Vec<_>, Vec<_>) =
        names.iter().filter(|name| is_ours(name)).partition(|name| *name == identity::FILE);
    let unfinished = names.iter().filter(|name| is_unfinished(name));
    for name in unfinished.chain(others).chain(identity) {
        remove_file(folder, &Disk, name)?;
    }
    Ok(())
}

/// Whether a file of this name was being written, to become part of a state, when the process ended.
fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(files::UNFINISHED).is_some_and(is_ours)
}

/// Removes what was being written when a process ended.
pub(super) fn tidy(folder: &Path, files: &dyn FileLayer) -> Result<()> {
    let names = names(folder, files)?;
    names.iter().filter(|name| is_unfinished(name)).try_for_each(|name| remove_file(folder, files, name))
}

/// Whether a file of this name is part of a state.
pub(super) fn is_ours(name: &str) -> bool {
    name == identity::FILE
        || log::segment_first(name).is_some()
        || backlog::number(name).is_some()
        || history::is_run(name)
        || seen::number(name).is_some()
        || name.starts_with("snapshot-")
        || name == "run.json"
        || matches!(name, "contents" | "contents-before")
}

/// The names of the files in a folder.
pub(super) fn names(folder: &Path, files: &dyn FileLayer) -> Result<Vec<String>> {
    files.list(folder).map_err(|cause| Error::io(format!("reading {}", folder.display()), cause))
}

/// Removes a file of a folder.
pub(super) fn remove_file(folder: &Path, files: &dyn FileLayer, name: &str) -> Result<()> {
    let path = folder.join(name);
    files.remove(&path).map_err(|cause| {
        let is_folder = cause.kind() == io::ErrorKind::IsADirectory;
        let error = unwritten(format!("removing {}", path.display()), cause);
        if is_folder { error.with_hint("move this folder away: the crawl did not make it") } else { error }
    })
}

/// What helps when something cannot be written.
pub(super) const GOES_ON: &str =
    "free space or mend the disk, then go on with --resume: nothing committed is lost";

/// The error of something that could not be written, for want of room most often.
pub(super) fn unwritten(doing: String, cause: io::Error) -> Error {
    Error::io(doing, cause).with_hint(GOES_ON)
}

/// The error of a folder in which there is no crawl.
pub(super) fn without_crawl(folder: &Path) -> Error {
    Error::new(ErrorKind::State, format!("there is no crawl in {}", folder.display()))
}

/// Refuses to begin a crawl among the files of another, which would be taken for its own.
pub(super) fn fail_without_identity(folder: &Path, files: &dyn FileLayer) -> Result<()> {
    let names = names(folder, files)?;
    let Some(name) = names.iter().find(|name| is_ours(name) && *name != "run.json") else { return Ok(()) };
    let message =
        format!("{} has {name} of a crawl and no {} that says of which", folder.display(), identity::FILE);
    Err(Error::new(ErrorKind::Corrupt, message)
        .with_hint("restore that file from a copy, or begin anew with --fresh or in another --state"))
}

/// The error of a state that another process has open.
pub(super) fn in_use(folder: &Path) -> Error {
    let message = format!("the state folder {} is in use by another process", folder.display());
    Error::new(ErrorKind::State, message).with_hint(format!(
        "`lycosa ctl status --state {}` asks a crawl that runs there; or wait for it, or use another --state",
        folder.display()
    ))
}

/// The error of a folder in which no crawl can begin.
pub(super) fn unusable(doing: String, cause: io::Error) -> Error {
    Error::io(doing, cause).with_hint("name a folder that can be written with --state")
}

/// The error of a crawl that is there and cannot be gone on with.
fn unwritable(folder: &Path, doing: String, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "mount its file system so that it can be written; or move the crawl: `lycosa frontier export --state {} -o \
             crawl.jsonl`, then `lycosa frontier import crawl.jsonl --state NEW`",
            folder.display()
        ),
        io::ErrorKind::PermissionDenied => {
            format!("make {} and what is in it writable for you, then go on with --resume", folder.display())
        }
        _ => GOES_ON.to_owned(),
    };
    Error::io(doing, cause).with_hint(hint)
}

/// One process at a time.
pub(super) fn lock(folder: &Path) -> Result<Option<File>> {
    let is_there = exists(folder);
    let failed = |doing: String, cause| match is_there {
        true => unwritable(folder, doing, cause),
        false => unusable(doing, cause),
    };
    std::fs::create_dir_all(folder)
        .map_err(|cause| failed(format!("making the state folder {}", folder.display()), cause))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|cause| failed(format!("writing {}", path.display()), cause))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(in_use(folder)),
        Err(std::fs::TryLockError::Error(cause)) => {
            Err(Error::io(format!("locking {}", path.display()), cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_write_a_state_that_is_there_is_not_sent_to_another() {
        let hint = |kind: io::ErrorKind| {
            let error = unwritable(Path::new("there"), "writing there/lock".to_owned(), kind.into());
            error.hint().unwrap_or_default().to_owned()
        };
        assert!(hint(io::ErrorKind::ReadOnlyFilesystem).contains("lycosa frontier export --state there"));
        assert!(hint(io::ErrorKind::PermissionDenied).contains("writable for you, then go on with --resume"));
        assert_eq!(hint(io::ErrorKind::StorageFull), GOES_ON);
    }
}
