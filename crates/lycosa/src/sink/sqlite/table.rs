//! From records to rows. A table has `id` and `seq`, a column for each field, and `rest_of_record`: the fields that
//! have none, as JSON, so that nothing is lost.
//!
//! Columns have no type of their own, so that a value stays what it was: text is text, numbers are numbers, `true`
//! is 1, lists and objects are their JSON text, what is missing or null is NULL.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Map, Value};

use super::existing::other_columns;
use super::failure::broken;
use crate::error::{Error, ErrorKind, Result};
use crate::extract::PAGE_COLUMNS;
use crate::model::{Record, RecordKind};
use crate::sink::{Items, Select};

/// Columns of a table, beyond which fields go with the rest. SQLite takes 2,000.
const MOST_COLUMNS: usize = 1_000;
/// The column of what has no other.
const REST: &str = "rest_of_record";
/// What the name of an items' table begins with.
const ITEMS: &str = "items_";

const OUTCOME_COLUMNS: [&str; 14] = [
    "url",
    "outcome",
    "status",
    "to",
    "alias_of",
    "reason",
    "error",
    "phase",
    "message",
    "final_url",
    "content_type",
    "attempts",
    "depth",
    "parent",
];
const REJECT_COLUMNS: [&str; 6] = ["type", "page", "field", "rule", "failures", "record"];

/// The tables that are known to be there.
#[derive(Debug)]
pub(super) struct Tables {
    path: PathBuf,
    items: BTreeMap<Arc<str>, Vec<String>>,
    /// By name in small letters: those of both cases are the same to SQLite.
    known: BTreeMap<String, Table>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Fields that have a column, without `id`, `seq` and the rest.
    columns: Vec<String>,
}

/// Whether a table of this name is one that this sink makes.
pub(super) fn is_ours(name: &str) -> bool {
    matches!(name, "pages" | "outcomes" | "rejects") || name.starts_with(ITEMS)
}

fn name_of(kind: &RecordKind) -> String {
    match kind {
        RecordKind::Page => "pages".to_owned(),
        RecordKind::Outcome => "outcomes".to_owned(),
        RecordKind::Reject(_) => "rejects".to_owned(),
        // No name can hold a NUL.
        RecordKind::Item(kind) => format!("{ITEMS}{}", kind.replace('\0', "\u{fffd}")),
    }
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The fields of a record.
pub(super) fn fields(record: &Record) -> Result<Map<String, Value>> {
    serde_json::from_str(&record.json).map_err(|cause| {
        Error::new(ErrorKind::Internal, format!("record {} is not a JSON object", record.id))
            .with_source(cause)
    })
}

impl Tables {
    /// `items`: the fields of each type of item that are known beforehand.
    pub(super) fn new(path: &Path, items: &BTreeMap<Arc<str>, Vec<String>>) -> Self {
        Self { path: path.to_owned(), items: items.clone(), known: BTreeMap::new() }
    }

    /// Makes every table that is known beforehand, so that a crawl without records has them too.
    pub(super) fn declare(&mut self, change: &Connection, select: &Select) -> Result<()> {
        let items: Vec<RecordKind> = match &select.items {
            Items::None => Vec::new(),
            Items::All => self.items.keys().cloned().map(RecordKind::Item).collect(),
            Items::Only(kind) => {
                self.items.contains_key(kind).then(|| RecordKind::Item(kind.clone())).into_iter().collect()
            }
        };
        let others = [RecordKind::Page, RecordKind::Outcome, RecordKind::Reject(Arc::from(""))];
        let others = others.into_iter().filter(|kind| select.takes(kind));
        others.chain(items).try_for_each(|kind| self.of(change, &kind, &Map::new()).map(drop))
    }

    /// The table of a kind of record, made if it is not there: by what is known of the kind, else by this record.
    pub(super) fn of(
        &mut self,
        change: &Connection,
        kind: &RecordKind,
        fields: &Map<String, Value>,
    ) -> Result<Table> {
        let name = name_of(kind);
        let key = name.to_ascii_lowercase();
        if let Some(table) = self.known.get(&key) {
            return Ok(table.clone());
        }
        let failed = |cause| broken("writing", &self.path, cause);
        let there = columns(change, &name).map_err(failed)?;
        let wanted = self.wanted(kind, fields);
        let table = if there.is_empty() {
            let table = Table { name: name.clone(), columns: distinct(wanted) };
            change.execute_batch(&table.create()).map_err(failed)?;
            table
        } else {
            self.take(&name, there, if self.is_declared(kind) { wanted } else { Vec::new() })?
        };
        self.known.insert(key, table.clone());
        Ok(table)
    }

    fn is_declared(&self, kind: &RecordKind) -> bool {
        if let RecordKind::Item(kind) = kind { self.items.contains_key(kind) } else { true }
    }

    fn wanted(&self, kind: &RecordKind, fields: &Map<String, Value>) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        match kind {
            RecordKind::Page => owned(&PAGE_COLUMNS),
            RecordKind::Outcome => owned(&OUTCOME_COLUMNS),
            RecordKind::Reject(_) => owned(&REJECT_COLUMNS),
            RecordKind::Item(kind) => self
                .items
                .get(kind)
                .cloned()
                .unwrap_or_else(|| fields.keys().filter(|name| *name != "type").cloned().collect()),
        }
    }

    /// A table that is there already: it must have what every record has.
    fn take(&self, name: &str, there: Vec<String>, wanted: Vec<String>) -> Result<Table> {
        let lacks = |column: &&str| !there.iter().any(|other| other.eq_ignore_ascii_case(column));
        let wanted = distinct(wanted);
        let needed = ["id", "seq", REST].into_iter().chain(wanted.iter().map(String::as_str));
        if let Some(missing) = needed.into_iter().find(lacks) {
            return Err(other_columns(&self.path, name, missing));
        }
        Ok(Table { name: name.to_owned(), columns: distinct(there) })
    }
}

/// The columns of a table, none when it is not there.
fn columns(change: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = change.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Names that can be columns beside each other.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut taken: Vec<String> = ["id", "seq", REST].map(str::to_owned).to_vec();
    let fits = |name: &String| {
        let lower = name.to_ascii_lowercase();
        let fits = !name.contains('\0') && taken.len() < MOST_COLUMNS && !taken.contains(&lower);
        if fits {
            taken.push(lower);
        }
        fits
    };
    names.into_iter().filter(fits).collect()
}

impl Table {
    fn create(&self) -> String {
        let mut sql =
            format!("CREATE TABLE {}(id TEXT PRIMARY KEY, seq INTEGER NOT NULL", quoted(&self.name));
        for column in self.columns.iter().map(String::as_str).chain([REST]) {
            let _ = write!(sql, ", {}", quoted(column));
        }
        sql + ")"
    }

    pub(super) fn upsert(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        let names = ["id".to_owned(), "seq".to_owned()].into_iter().chain(names).chain([REST.to_owned()]);
        let names: Vec<String> = names.collect();
        let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
        let set: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
        format!(
            "INSERT INTO {}({}) VALUES({}) ON CONFLICT(id) DO UPDATE SET {}",
            quoted(&self.name),
            names.join(", "),
            places.join(", "),
            set.join(", ")
        )
    }

    /// The cells of a record, in the order of [`upsert`](Self::upsert).
    pub(super) fn row(&self, record: &Record, seq: u64, mut fields: Map<String, Value>) -> Vec<Cell> {
        let mut row =
            vec![Cell::Text(record.id.to_string()), Cell::Integer(i64::try_from(seq).unwrap_or(i64::MAX))];
        row.extend(self.columns.iter().map(|name| fields.shift_remove(name).map_or(Cell::Null, cell)));
        if let RecordKind::Item(kind) = &record.kind {
            // The table's name says it, unless it is shared by types that SQLite cannot tell apart.
            let is_told = self.name.strip_prefix(ITEMS) == Some(&**kind);
            fields.retain(|name, value| name != "type" || !is_told || value != &**kind);
        }
        row.push(if fields.is_empty() { Cell::Null } else { Cell::Text(Value::Object(fields).to_string()) });
        row
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(is) => Cell::Integer(i64::from(is)),
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            // A whole number beyond 64 bits with a sign stays exact as text.
            (None, Some(real)) if !number.is_u64() => Cell::Real(real),
            _ => Cell::Text(number.to_string()),
        },
        nested @ (Value::Array(_) | Value::Object(_)) => Cell::Text(nested.to_string()),
    }
}
