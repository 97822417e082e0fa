//! Comma-separated values (RFC 4180 quoting, lines ended by a single line feed, UTF-8 without a mark).
//!
//! The columns are fixed before the first record: `id`, `seq`, then the fields chosen. A missing or null field is
//! an empty cell, a list or object its JSON text.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::model::Record;

/// The columns of a table and how cells are written.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) guard_formulas: bool,
}

impl Table {
    pub(super) fn header(&self, out: &mut Vec<u8>) -> Result<()> {
        let names = ["id", "seq"].into_iter().chain(self.columns.iter().map(String::as_str));
        write_row(out, names)
    }

    pub(super) fn row(&self, record: &Record, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        let fields: Map<String, Value> = serde_json::from_str(&record.json).map_err(|cause| {
            Error::new(ErrorKind::Internal, format!("record {} is not a JSON object", record.id))
                .with_source(cause)
        })?;
        let (id, seq) = (record.id.to_string(), seq.to_string());
        let cells =
            self.columns.iter().map(|column| fields.get(column).map_or_else(String::new, |v| self.cell(v)));
        write_row(out, [id, seq].into_iter().chain(cells))
    }

    fn cell(&self, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(text) if self.guard_formulas && looks_like_formula(text) => format!("'{text}"),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// Whether a spreadsheet would compute this text (OWASP, "CSV injection").
fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn write_row<C: AsRef<[u8]>>(out: &mut Vec<u8>, cells: impl Iterator<Item = C>) -> Result<()> {
    let mut writer = ::csv::WriterBuilder::new().buffer_capacity(1024).from_writer(out);
    let written = writer.write_record(cells).and_then(|()| Ok(writer.flush()?));
    written.map_err(|cause| Error::new(ErrorKind::Internal, "a CSV row cannot be written").with_source(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, RecordKind};

    fn row(json: &str, columns: &[&str], guard_formulas: bool) -> String {
        let record = Record { id: RecordId(1), kind: RecordKind::Page, json: json.into() };
        let table = Table { columns: columns.iter().map(ToString::to_string).collect(), guard_formulas };
        let mut out = Vec::new();
        table.row(&record, 2, &mut out).unwrap();
        String::from_utf8(out).unwrap().split_once(",2,").unwrap().1.to_owned()
    }

    #[test]
    fn quotes_commas_and_line_breaks_survive() {
        assert_eq!(row(r#"{"a":"x,\"y\"\nz"}"#, &["a"], false), "\"x,\"\"y\"\"\nz\"\n");
    }

    #[test]
    fn lists_become_json_and_missing_fields_empty_cells() {
        assert_eq!(
            row(r#"{"a":["x","y"],"n":3,"b":null}"#, &["a", "gone", "b", "n"], false),
            "\"[\"\"x\"\",\"\"y\"\"]\",,,3\n"
        );
    }

    #[test]
    fn formulas_are_guarded_only_on_request_and_numbers_never() {
        let json = r#"{"a":"=1+1","n":-3}"#;
        assert_eq!(row(json, &["a", "n"], false), "=1+1,-3\n");
        assert_eq!(row(json, &["a", "n"], true), "'=1+1,-3\n");
    }

    #[test]
    fn what_is_written_reads_back_with_an_independent_reader() {
        let text = row(r#"{"a":" padded ","b":"","c":"ü\r\n"}"#, &["a", "b", "c"], false);
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(record.iter().collect::<Vec<_>>(), [" padded ", "", "ü\r\n"]);
    }
}
