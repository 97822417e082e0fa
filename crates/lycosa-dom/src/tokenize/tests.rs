//! The tokenizer against html5lib's tables, and against html5ever's own.

use std::cell::RefCell;

use html5ever::tokenizer::{BufferQueue, TagKind, TokenizerOpts, states};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::corpus;

/// Collects tokens in html5lib's notation.
#[derive(Default)]
struct Collector {
    tokens: RefCell<Vec<Value>>,
    in_foreign_content: bool,
}

impl Collector {
    fn text(&self, text: &str) {
        let mut tokens = self.tokens.borrow_mut();
        if let Some(Value::Array(last)) = tokens.last_mut()
            && last[0] == "Character"
        {
            last[1] = Value::String(last[1].as_str().unwrap().to_owned() + text);
            return;
        }
        tokens.push(json!(["Character", text]));
    }
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::NullCharacterToken => self.text("\0"),
            Token::CommentToken(text) => self.tokens.borrow_mut().push(json!(["Comment", &*text])),
            Token::DoctypeToken(doctype) => self.tokens.borrow_mut().push(json!([
                "DOCTYPE",
                doctype.name.as_deref(),
                doctype.public_id.as_deref(),
                doctype.system_id.as_deref(),
                !doctype.force_quirks
            ])),
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                self.tokens.borrow_mut().push(json!(["EndTag", &*tag.name]));
            }
            Token::TagToken(tag) => {
                let attributes: serde_json::Map<String, Value> =
                    tag.attrs.iter().map(|a| (a.name.local.to_string(), json!(&*a.value))).collect();
                let mut row = vec![json!("StartTag"), json!(&*tag.name), Value::Object(attributes)];
                if tag.self_closing {
                    row.push(json!(true));
                }
                self.tokens.borrow_mut().push(Value::Array(row));
            }
            Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.in_foreign_content
    }
}

fn ours(text: &str, mode: Mode, last_start_tag: &str, in_foreign_content: bool) -> Vec<Value> {
    let text = normalise_newlines(text);
    let sink = Collector { in_foreign_content, ..Collector::default() };
    let mut tokenizer = Tokenizer::new(&text, sink);
    tokenizer.start_in(mode, LocalName::from(last_start_tag));
    // Small pieces: stopping must not change anything.
    while tokenizer.run(1) {}
    tokenizer.end();
    tokenizer.sink.tokens.into_inner()
}

fn html5evers(text: &str, state: states::State, last_start_tag: &str) -> Vec<Value> {
    let options = TokenizerOpts {
        initial_state: Some(state),
        discard_bom: false,
        last_start_tag_name: Some(last_start_tag.to_owned()),
        ..TokenizerOpts::default()
    };
    let tokenizer = html5ever::tokenizer::Tokenizer::new(Collector::default(), options);
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(text));
    while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.tokens.into_inner()
}

fn unescape(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(unescape_text(text)?),
        Value::Array(items) => Value::Array(items.iter().map(unescape).collect::<Option<_>>()?),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, item)| Some((unescape_text(key)?, unescape(item)?)))
                .collect::<Option<_>>()?,
        ),
        other => other.clone(),
    })
}

/// `None` for lone surrogates, which text cannot hold.
fn unescape_text(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(position) = rest.find("\\u") {
        out.push_str(&rest[..position]);
        out.push(char::from_u32(u32::from_str_radix(&rest[position + 2..position + 6], 16).unwrap())?);
        rest = &rest[position + 6..];
    }
    Some(out + rest)
}

fn mode_named(name: &str) -> Mode {
    match name {
        "Data state" => Mode::Data,
        "RCDATA state" => Mode::Rcdata,
        "RAWTEXT state" => Mode::Rawtext,
        "Script data state" => Mode::Script,
        "PLAINTEXT state" => Mode::Plaintext,
        "CDATA section state" => Mode::Cdata,
        other => panic!("{other}"),
    }
}

#[test]
fn html5lib_tokenizer_cases_give_the_expected_tokens() {
    let (mut passed, mut surrogates, mut failed) = (0, 0, Vec::new());
    for file in corpus::list("html5lib/tokenizer", ".test") {
        // These rows describe another serialisation of the same tokens, for XML.
        if file.ends_with("xmlViolation.test") {
            continue;
        }
        let Some(bytes) = corpus::read(&file) else { return };
        let Ok(table) = serde_json::from_slice::<Value>(&bytes) else {
            println!("{file}: not JSON that can be read (lone surrogates)");
            continue;
        };
        for row in table["tests"].as_array().into_iter().flatten() {
            let is_escaped = row["doubleEscaped"] == Value::Bool(true);
            let prepare = |value: &Value| if is_escaped { unescape(value) } else { Some(value.clone()) };
            let (Some(input), Some(expected)) = (prepare(&row["input"]), prepare(&row["output"])) else {
                surrogates += 1;
                continue;
            };
            let states =
                row["initialStates"].as_array().cloned().unwrap_or_else(|| vec![json!("Data state")]);
            for state in states {
                let mode = mode_named(state.as_str().unwrap());
                let last = row["lastStartTag"].as_str().unwrap_or_default();
                let tokens = ours(input.as_str().unwrap(), mode, last, mode == Mode::Cdata);
                if Some(&tokens) == expected.as_array() {
                    passed += 1;
                } else {
                    failed.push(format!(
                        "{file} {}: {input} {mode:?}: {expected} not {tokens:?}",
                        row["description"]
                    ));
                }
            }
        }
    }
    println!("tokenizer: {passed} passed, {} failed, {surrogates} with lone surrogates", failed.len());
    println!("{}", failed.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
    assert!(failed.is_empty());
    assert!(passed == 0 || passed >= 3616, "{passed}");
}

#[test]
fn real_pages_give_the_same_tokens_as_html5ever() {
    let Some(pages) = corpus::archive("pages/pages.tar.zst") else { return };
    let mut count = 0;
    for (name, bytes) in pages.iter().filter(|(name, _)| name.ends_with(".html")).step_by(5) {
        let text = crate::decode(bytes, None, None).text;
        assert_eq!(ours(&text, Mode::Data, "", false), html5evers(&text, states::Data, ""), "{name}");
        count += 1;
    }
    println!("{count} pages");
}

#[test]
fn an_element_with_very_many_attributes_takes_linear_time() {
    let text = format!("<a {}>", (0..200_000).map(|n| format!("x{} ", n % 150_000)).collect::<String>());
    let tokens = ours(&text, Mode::Data, "", false);
    assert_eq!(tokens[0][2].as_object().unwrap().len(), 150_000);
}

proptest! {
    #[test]
    fn any_markup_gives_the_same_tokens_as_html5ever(
        text in "(<|>|/|!|-|--|\\?|=|\"|'|&|#|x|;|a|B|é|\0|\r|\n| |\t|&amp|&not|&notin;|&#x80|&#0;|<!--|-->|--!>|<!doctype|public|SYSTEM|script|</script|<script>|title|</title>|\\[CDATA\\[|\\]\\]>){0,24}",
        mode in 0..5usize,
    ) {
        let (mode, state, last) = [
            (Mode::Data, states::Data, "a"),
            (Mode::Rcdata, states::RawData(RawKind::Rcdata), "title"),
            (Mode::Rawtext, states::RawData(RawKind::Rawtext), "title"),
            (Mode::Script, states::RawData(RawKind::ScriptData), "script"),
            (Mode::Plaintext, states::Plaintext, "a"),
        ][mode];
        prop_assert_eq!(ours(&text, mode, last, false), html5evers(&text, state, last));
    }
}
