//! Octets in JSON: a string when they are UTF-8, else an array of numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Octets {
    Text(String),
    Numbers(Vec<u8>),
}

pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(octets) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => octets.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    Ok(match Octets::deserialize(deserializer)? {
        Octets::Text(text) => text.into_bytes(),
        Octets::Numbers(numbers) => numbers,
    })
}
