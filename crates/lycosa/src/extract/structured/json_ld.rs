//! JSON-LD (JSON-LD 1.1, 7: embedding in HTML documents): what stands in `<script type="application/ld+json">`, as it
//! stands there. Contexts are not looked up and graphs are not flattened; that takes the network or a vocabulary.

use serde_json::Value;

use super::lenient;
use super::reader::Reader;

const FORMAT: &str = "json-ld";
const MEDIA_TYPE: &str = "application/ld+json";

/// The objects of all scripts in document order; lists are taken apart, anything but objects is left out.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Value> {
    let document = reader.document();
    let scripts = document.nodes().filter(|node| node.name() == "script" && node.is_element());
    let scripts = scripts.filter(|node| node.attr("type").is_some_and(is_json_ld));
    let mut objects = Vec::new();
    for (script, number) in scripts.zip(1..) {
        let text = script.text();
        if text.trim().is_empty() {
            continue;
        }
        match lenient::read(text) {
            Ok(reading) => {
                if !reading.slips.is_empty() {
                    reader
                        .note(FORMAT, format!("script {number} was repaired: {}", reading.slips.join(", ")));
                }
                for value in reading.values {
                    collect(value, &mut objects);
                }
            }
            Err(fault) => {
                let (line, what) = (fault.line, fault.what);
                reader.note(FORMAT, format!("script {number} was left out: in its line {line}, {what}"));
            }
        }
    }
    objects
}

/// The objects of a text that is JSON-LD itself.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read_text(text: &str) -> Result<Vec<Value>, String> {
    let reading = lenient::read(text)
        .map_err(|fault| format!("the text was left out: in its line {}, {}", fault.line, fault.what))?;
    let mut objects = Vec::new();
    reading.values.into_iter().for_each(|value| collect(value, &mut objects));
    Ok(objects)
}

fn collect(value: Value, objects: &mut Vec<Value>) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, objects)),
        Value::Object(members) if !members.is_empty() => objects.push(Value::Object(members)),
        _ => {}
    }
}

/// Whether a media type is that of JSON-LD, whatever its parameters.
fn is_json_ld(media_type: &str) -> bool {
    media_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}
