//! What is there already: whether it is a database, whether it holds something, how it is emptied.
//!
//! A file that is no database is refused whatever was asked for, and never opened for writing.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::failure::{broken, no_database};
use super::table;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Lsn;
use crate::sink::Existing;
use crate::sink::file::{failed, refused};

/// How every database begins (SQLite, "Database File Format", §1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The name of the table of cursors.
const CURSOR_TABLE: &str = "lycosa_cursor";
/// One cursor a run.
pub(super) const CURSORS: &str =
    "CREATE TABLE IF NOT EXISTS lycosa_cursor(run TEXT PRIMARY KEY, lsn INTEGER NOT NULL)";

/// How long another process that writes is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a database for writing, made if it is not there.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let opened = || {
        // Without URIs: a name is a name.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(path, flags)?;
        database.busy_timeout(PATIENCE)?;
        // Answers with the mode that it got, which may be another.
        database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        database.pragma_update(None, "synchronous", "FULL")?;
        Ok(database)
    };
    opened().map_err(|cause| broken("opening", path, cause))
}

/// Refuses what holds something and is no database. Reads sixteen bytes.
pub(super) fn is_database(path: &Path) -> Result<()> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed("opening", path, cause)),
    };
    let mut begin = Vec::new();
    let limit = MAGIC.len() as u64;
    file.take(limit).read_to_end(&mut begin).map_err(|cause| failed("reading", path, cause))?;
    if begin.is_empty() || begin == MAGIC { Ok(()) } else { Err(no_database(path)) }
}

/// Whether a new crawl may write to what is there. Changes nothing.
pub(super) fn judge(path: &Path, existing: Existing) -> Result<()> {
    is_database(path)?;
    let holds_bytes = std::fs::metadata(path).is_ok_and(|found| found.len() > 0);
    if !holds_bytes || matches!(existing, Existing::Overwrite | Existing::Append) {
        return Ok(());
    }
    match look(path).and_then(|database| holds_something(&database)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(refused(path)),
        Err(cause) => Err(broken("reading", path, cause)),
    }
}

/// Opens a database for reading.
fn look(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(PATIENCE)?;
    Ok(database)
}

/// Whether there is more than the empty tables of a crawl that was killed before its first record.
fn holds_something(database: &Connection) -> rusqlite::Result<bool> {
    for (kind, name) in objects(database)? {
        let is_ours = kind == "table" && (name == CURSOR_TABLE || table::is_ours(&name));
        if !is_ours {
            return Ok(true);
        }
        let filter = if name == CURSOR_TABLE { " WHERE lsn > 0" } else { "" };
        let any = format!("SELECT EXISTS(SELECT 1 FROM {}{filter})", table::quoted(&name));
        if database.query_row(&any, [], |row| row.get::<_, bool>(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Kind and name of everything in a database but what SQLite keeps for itself.
fn objects(database: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let all = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
               AND type IN ('table', 'view') ORDER BY type DESC";
    database.prepare(all)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Empties a database inside a transaction: it is as it was, or ours, whatever happens.
pub(super) fn empty(change: &Connection) -> rusqlite::Result<()> {
    for (kind, name) in objects(change)? {
        change.execute_batch(&format!("DROP {kind} IF EXISTS {}", table::quoted(&name)))?;
    }
    Ok(())
}

/// Where a run's cursor stands; `None` when the database does not know the run. Changes nothing.
pub(super) fn cursor(path: &Path, run: &str) -> Result<Option<Lsn>> {
    is_database(path)?;
    let known = "SELECT EXISTS(SELECT 1 FROM sqlite_schema WHERE name = ?1)";
    let found = || -> rusqlite::Result<Option<i64>> {
        let database = look(path)?;
        if !database.query_row(known, params![CURSOR_TABLE], |row| row.get::<_, bool>(0))? {
            return Ok(None);
        }
        let its = "SELECT lsn FROM lycosa_cursor WHERE run = ?1";
        database.query_row(its, params![run], |row| row.get(0)).optional()
    };
    let found = found().map_err(|cause| broken("reading", path, cause))?;
    Ok(found.map(|lsn| Lsn(u64::try_from(lsn).unwrap_or(0))))
}

/// A table that is there and cannot take our records.
pub(super) fn other_columns(path: &Path, name: &str, missing: &str) -> Error {
    let message = format!("the table {name} of {} has no column {missing}", path.display());
    Error::new(ErrorKind::Output, message)
        .with_hint("use --overwrite to replace the database, or choose another name")
}
