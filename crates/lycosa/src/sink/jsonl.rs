//! JSON Lines: the record's own text with `id` and `seq` put first. Nothing is parsed again.

use std::io::Write as _;

use crate::model::Record;

/// Adds the line of one record, line break included.
pub(super) fn line(record: &Record, seq: u64, out: &mut Vec<u8>) {
    out.reserve(record.json.len() + 64);
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"id\":\"{}\",\"seq\":{seq}", record.id);
    let fields = record.json.trim_start().strip_prefix('{').unwrap_or(&record.json);
    if !fields.trim_start().starts_with('}') {
        out.push(b',');
    }
    out.extend_from_slice(fields.as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, RecordKind};

    fn written(json: &str) -> String {
        let record = Record { id: RecordId(0xab), kind: RecordKind::Page, json: json.into() };
        let mut out = Vec::new();
        line(&record, 7, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn identity_and_sequence_stand_before_the_fields() {
        assert_eq!(
            written(r#"{"url":"http://a/"}"#),
            "{\"id\":\"000000000000000000000000000000ab\",\"seq\":7,\"url\":\"http://a/\"}\n"
        );
    }

    #[test]
    fn a_record_without_fields_is_still_an_object() {
        assert_eq!(written("{}"), "{\"id\":\"000000000000000000000000000000ab\",\"seq\":7}\n");
    }
}
