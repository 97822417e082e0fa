//! The schema describes every option, and what fits the options fits it.

use super::*;

/// Whether a value fits a schema, as far as the schemas here go.
fn fits(value: &Json, schema: &Json) -> Result<(), String> {
    if let Some(target) = schema["$ref"].as_str() {
        return fits(value, crate::config::schema().pointer(target.trim_start_matches('#')).unwrap());
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        let tried: Vec<_> = forms.iter().map(|form| fits(value, form)).collect();
        return if tried.iter().any(Result::is_ok) { Ok(()) } else { Err(format!("{value}: {tried:?}")) };
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        _ => return Ok(()),
    };
    let is = match value {
        Json::String(_) => "string",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
        Json::Null => "null",
    };
    let is_whole_number = is == "integer" && types.contains(&"number");
    if !types.contains(&is) && !is_whole_number {
        return Err(format!("{value} is no {types:?}"));
    }
    match value {
        Json::Array(list) if (list.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) => {
            Err("too few elements".to_owned())
        }
        Json::Array(list) => list.iter().try_for_each(|element| fits(element, &schema["items"])),
        Json::Object(map) => map.iter().try_for_each(|(key, value)| match &schema["properties"][key] {
            Json::Null if schema["additionalProperties"].is_object() => {
                fits(value, &schema["additionalProperties"])
            }
            Json::Null => Err(format!("`{key}` is not in the schema")),
            inner => fits(value, inner),
        }),
        Json::String(text) => match schema["pattern"].as_str() {
            Some(pattern) if !regex::Regex::new(pattern).unwrap().is_match(text) => {
                Err(format!("{text} does not match {pattern}"))
            }
            _ if (text.len() as u64) < schema["minLength"].as_u64().unwrap_or(0) => {
                Err("too short".to_owned())
            }
            _ => Ok(()),
        },
        Json::Number(number) => {
            let number = number.as_f64().unwrap();
            let is_low = schema["minimum"].as_f64().is_some_and(|least| number < least)
                || schema["exclusiveMinimum"].as_f64().is_some_and(|bound| number <= bound);
            let is_high = schema["maximum"].as_f64().is_some_and(|most| number > most);
            if is_low || is_high { Err(format!("{number} is out of range")) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

#[test]
fn zeros_and_empty_texts_that_are_refused_do_not_fit_the_schema() {
    let schema = schema();
    for text in [
        "concurrency = 0",
        "per_host = 0",
        "part_size = 0",
        "max_body = 0",
        "max_body = '0 MB'",
        "regex_size = 0",
        "timeouts.dns = 0",
        "timeouts.total = '0s'",
        "timeouts.idle = '0m 0s'",
        "sessions.count = 0",
        "sessions.count = 10001",
        "sessions = { count = 2, max_uses = 0 }",
        "sessions.max_failures = 0",
        "include = ['']",
        "exclude = ['a', '']",
        "user_agent = ''",
        "cache = ''",
        "state = ''",
        "save_bodies = ''",
        "cacert = ''",
        "accept_types = ['pdf']",
        "accept_types = ['']",
        "profiles = [{ name = '' }]",
        "follow = [{ label = '' }]",
        "items.p = { when_label = [], fields = { a = 'b' } }",
        "items.p = { for_each = [], fields = { a = 'b' } }",
        "items.p = { fields = { a = { select = [] } } }",
    ] {
        let value: Json = toml::from_str(text).unwrap();
        assert!(fits(&value, &schema).is_err(), "the schema takes {text}");
        assert!(!check("lycosa.toml", text).is_empty(), "the check takes {text}");
    }
    for text in
        ["max_body = '1.05 MB'", "timeouts.dns = '0.5s'", "timeouts.total = '1h 0m'", "timeouts.tls = 0.1"]
    {
        let value: Json = toml::from_str(text).unwrap();
        fits(&value, &schema).unwrap();
    }
}

#[test]
fn the_schema_describes_the_example_and_every_option() {
    let schema = schema();
    let example: Json = toml::from_str(EXAMPLE).unwrap();
    fits(&example, &schema).unwrap();
    let everything = serde_json::to_value(CrawlOptions::default()).unwrap();
    fits(&everything, &schema).unwrap();
    let typo = serde_json::json!({ "items": { "p": { "fields": { "a": { "css": "a", "typo": 1 } } } } });
    assert!(fits(&typo, &schema).is_err());
    let properties = schema["properties"].as_object().unwrap();
    for (name, option) in properties {
        let described = option["description"].as_str().unwrap_or_default();
        assert!(
            described.contains("Default") || ["timeouts", "items"].contains(&name.as_str()),
            "{name}: {described}"
        );
    }
    assert!(properties.len() >= 40);
    for key in everything.as_object().unwrap().keys() {
        assert!(properties.contains_key(key), "{key}");
    }
}
