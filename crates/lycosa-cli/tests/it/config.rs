//! `lycosa config`: check, schema, example.

use serde_json::{Value, json};

use crate::command::{Bench, Said};

fn check(text: &str) -> Said {
    let bench = Bench::new();
    bench.write("lycosa.toml", text);
    bench.run(&["config", "check", "lycosa.toml"])
}

#[test]
fn every_mistake_of_a_file_is_told_with_line_column_and_hint() {
    let text = "max_pgaes = 3\ndepth = \"deep\"\ninclude = ['ok', '(']\nscope = 'hots'\ndelay = '5 parsecs'\n\n\
                [items.product]\nfor_each = 'p['\n\n[items.product.fields]\nname = { cs = 'h1' }\nprice = 'b['\n\
                tag = { css = 'i', regex = '(' }\n";
    let said = check(text).ends_with(2);
    for (place, what) in [
        ("1:1", "`max_pgaes`"),
        ("2:9", "`depth`"),
        ("4:9", "`hots`"),
        ("5:9", "`delay`"),
        ("11:10", "name.cs`"),
    ] {
        let line = said.err.lines().find(|line| line.starts_with(&format!("lycosa.toml:{place}")));
        assert!(line.is_some_and(|line| line.contains(what)), "{place} {what} in:\n{}", said.err);
    }
    let said = said.mentions("hint: did you mean `max_pages`?").mentions("hint: did you mean `host`?");
    said.mentions("lycosa.toml: 9 mistakes");
}

#[test]
fn patterns_selectors_and_rules_are_tried() {
    let text = "include = ['ok', '(']\n\n[items.product]\nfor_each = 'p['\n\n[items.product.fields]\nprice = 'b['\n\
                tag = { css = 'i', regex = '(' }\nid = 'u'\n";
    let said = check(text).ends_with(2);
    for (place, what) in [
        ("1:19", "the regular expression `(` is wrong"),
        ("4:15", "item `product`: the selector `p[`"),
        ("7:", "`price`"),
        ("8:", "`tag`"),
        ("9:6", "the name `id` is taken"),
    ] {
        let line = said.err.lines().find(|line| line.starts_with(&format!("lycosa.toml:{place}")));
        assert!(line.is_some_and(|line| line.contains(what)), "{place} {what} in:\n{}", said.err);
    }
}

#[test]
fn broken_syntax_is_told_with_its_place() {
    check("depth = = 3\n").ends_with(2).mentions("lycosa.toml:1:9");
    check("depth = 1\ndepth = 2\n").ends_with(2).mentions("lycosa.toml:2:1");
}

#[test]
fn a_file_without_mistakes_is_said_to_have_none() {
    check("depth = 3\n").ends_with(0).mentions("lycosa.toml: no mistakes");
    Bench::new().run(&["config", "check", "none.toml"]).ends_with(2).mentions("hint: check its name");
}

#[test]
fn the_example_passes_its_check_and_fits_the_schema() {
    let bench = Bench::new();
    let example = bench.run(&["config", "example"]).ends_with(0).out;
    bench.write("lycosa.toml", &example);
    bench.run(&["config", "check", "lycosa.toml"]).ends_with(0);
    let schema: Value =
        serde_json::from_str(&bench.run(&["config", "schema"]).ends_with(0).out).expect("JSON");
    let document: Value = toml::from_str::<toml::Table>(&example)
        .map(|table| serde_json::to_value(table).expect("TOML without dates is JSON"))
        .expect("TOML");
    assert_eq!(fits(&schema, &schema, &document), Ok(()));
    for (key, wrong) in
        [("max_pgaes", json!(3)), ("depth", json!("deep")), ("scope", json!("hots")), ("seeds", json!("x"))]
    {
        let mut document = document.clone();
        document[key] = wrong;
        assert!(fits(&schema, &schema, &document).is_err(), "the schema takes a wrong {key}");
    }
}

/// Judges a value by the words of JSON Schema that the schema uses; an unknown word is a failure.
fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let rules = schema.as_object().ok_or_else(|| format!("no schema: {schema}"))?;
    for (word, rule) in rules {
        let good = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let place = rule.as_str().and_then(|place| place.strip_prefix('#')).unwrap_or_default();
                let target = root.pointer(place).ok_or_else(|| format!("{rule} leads nowhere"))?;
                return fits(root, target, value);
            }
            "type" => {
                let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                names.iter().any(|name| is_a(name.as_str().unwrap_or_default(), value))
            }
            "enum" => rule.as_array().is_some_and(|choices| choices.contains(value)),
            "const" => rule == value,
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| Some(number) > rule.as_f64()),
            "minLength" => {
                value.as_str().is_none_or(|text| Some(text.chars().count() as u64) >= rule.as_u64())
            }
            "minItems" => value.as_array().is_none_or(|list| Some(list.len() as u64) >= rule.as_u64()),
            "minimum" => value.as_f64().is_none_or(|number| Some(number) >= rule.as_f64()),
            "maximum" => value.as_f64().is_none_or(|number| Some(number) <= rule.as_f64()),
            "pattern" => {
                let pattern =
                    regex::Regex::new(rule.as_str().unwrap_or_default()).map_err(|e| e.to_string())?;
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "required" => rule.as_array().into_iter().flatten().all(|name| {
                value
                    .as_object()
                    .is_none_or(|table| name.as_str().is_some_and(|name| table.contains_key(name)))
            }),
            "anyOf" | "oneOf" => {
                rule.as_array().into_iter().flatten().any(|choice| fits(root, choice, value).is_ok())
            }
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|element| fits(root, rule, element))?;
                true
            }
            "properties" | "additionalProperties" => true,
            unknown => return Err(format!("the schema uses the word {unknown}")),
        };
        if !good {
            return Err(format!("{value} does not fit {word} {rule}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match (schema["properties"].get(name), rules.get("additionalProperties")) {
            (Some(rule), _) => fits(root, rule, inner).map_err(|why| format!("{name}: {why}"))?,
            (None, Some(Value::Bool(false))) => return Err(format!("{name} is unknown")),
            (None, Some(rule @ Value::Object(_))) => fits(root, rule, inner)?,
            _ => {}
        }
    }
    Ok(())
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[test]
fn a_configuration_comes_from_standard_input_too() {
    let ask = |text: &str| Bench::new().run_with_input(&["config", "check", "-"], text);
    ask("depth = 3\n").ends_with(0).mentions("standard input: no mistakes");
    ask("\ndept = 3\n").ends_with(2).mentions("standard input:2:1: ").mentions("did you mean `depth`?");
}

#[test]
fn expressions_that_say_nothing_are_mistakes() {
    for key in ["include", "exclude"] {
        let said = check(&format!("{key} = ['a', '']\n")).ends_with(2);
        said.mentions(&format!("`{key}` holds an empty expression")).mentions("1 mistake");
    }
}

#[test]
fn a_mistake_repeats_the_beginning_of_a_long_value_alone() {
    let long = "x".repeat(20_000);
    for text in [
        format!("include = ['({long}']\n"),
        format!("exclude = ['({long}']\n"),
        format!("depth = '{long}'\n"),
        format!("seeds = ['ftp://{long}']\n"),
        format!("[items.a.fields]\nf = 'p[[{long}'\n"),
        format!("[items.a.fields]\nf = {{ css = 'p', regex = '({long}' }}\n"),
    ] {
        let said = check(&text).ends_with(2);
        assert!(said.err.len() < 1000 && said.err.contains('…'), "{} of {}", said.err.len(), &text[..40]);
    }
}
