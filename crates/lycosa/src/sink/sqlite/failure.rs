//! What goes wrong with a database, in words: the same advice as for files.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind, Phase};
use crate::sink::file::{MEND, failed};

/// An error of SQLite's. Nothing is half done after one: a transaction that fails is rolled back.
pub(super) fn broken(doing: &str, path: &Path, cause: rusqlite::Error) -> Error {
    let kind = match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            io::ErrorKind::PermissionDenied
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return Error::new(ErrorKind::Output, format!("another process is writing {}", path.display()))
                .in_phase(Phase::Export)
                .with_source(cause)
                .with_hint("end it, then go on with --resume; what was written is kept");
        }
        Some(ErrorCode::SystemIoFailure) => {
            return failed(doing, path, io::Error::other(cause)).with_hint(MEND);
        }
        Some(ErrorCode::NotADatabase) => return no_database(path),
        Some(ErrorCode::DatabaseCorrupt) => {
            return Error::new(ErrorKind::Output, format!("the database {} is damaged", path.display()))
                .in_phase(Phase::Export)
                .with_source(cause)
                .with_hint("restore it from a copy, or write to another one; nothing was changed");
        }
        _ => io::ErrorKind::Other,
    };
    failed(doing, path, io::Error::new(kind, cause))
}

/// A file under a database's name that is none.
pub(super) fn no_database(path: &Path) -> Error {
    Error::new(ErrorKind::Output, format!("{} is no SQLite database", path.display()))
        .in_phase(Phase::Export)
        .with_hint("choose another name, or move it away; it was not touched, whatever was asked for")
}

/// A database that is not as this crawl left it.
pub(super) fn changed(path: &Path, what: &str) -> Error {
    let message = format!("{} was changed since this crawl wrote it: {what}", path.display());
    Error::new(ErrorKind::Output, message)
        .in_phase(Phase::Export)
        .with_hint("restore the database as it was, or begin anew with --fresh and --overwrite; nothing was written to it")
}
