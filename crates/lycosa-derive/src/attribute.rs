//! `#[item(…)]` as it is written: keys, each with a literal, a list of literals or nothing, and where all that stands.

use proc_macro2::{Ident, Span};
use serde_json::Value;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, Token, bracketed, token};

use crate::problem::{Problem, Problems};

/// A key with what it is given.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    /// None for a key alone, which means true.
    pub(crate) literal: Option<Literal>,
}

/// A value with its places.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) value: Value,
    pub(crate) span: Span,
    /// Of a list, the places of its elements.
    elements: Vec<Span>,
}

impl Entry {
    /// Its value.
    pub(crate) fn value(&self) -> Value {
        self.literal.as_ref().map_or(Value::Bool(true), |literal| literal.value.clone())
    }

    /// Where its value stands, or the element of its list at a place.
    pub(crate) fn span(&self, index: Option<usize>) -> Span {
        let Some(literal) = &self.literal else { return self.key_span };
        index.and_then(|index| literal.elements.get(index)).copied().unwrap_or(literal.span)
    }

    /// The text it is given, or the element of its list at a place.
    pub(crate) fn text(&self, index: Option<usize>) -> Option<&str> {
        let value = &self.literal.as_ref()?.value;
        match value {
            Value::Array(list) => list.get(index?)?.as_str(),
            other => other.as_str(),
        }
    }
}

/// The entries of all `#[item(…)]` among the attributes, each key once.
pub(crate) fn entries(attributes: &[Attribute], problems: &mut Problems) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("item")) {
        match attribute.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated) {
            Err(error) => problems.push(error),
            Ok(parsed) => {
                for entry in parsed {
                    if entries.iter().any(|known| known.key == entry.key) {
                        let problem = Problem::new(format!("`{}` is given twice", entry.key));
                        problems.add(entry.key_span, problem.hint("leave one out"));
                    } else {
                        entries.push(entry);
                    }
                }
            }
        }
    }
    entries
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = Ident::parse_any(input)?;
        let literal = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self { key: key.unraw().to_string(), key_span: key.span(), literal })
    }
}

impl Parse for Literal {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(token::Bracket) {
            let (value, span) = single(input)?;
            return Ok(Self { value, span, elements: Vec::new() });
        }
        let inside;
        let brackets = bracketed!(inside in input);
        let mut list = Vec::new();
        let mut elements = Vec::new();
        while !inside.is_empty() {
            let (value, span) = single(&inside)?;
            list.push(value);
            elements.push(span);
            if !inside.is_empty() {
                inside.parse::<Token![,]>()?;
            }
        }
        Ok(Self { value: Value::Array(list), span: brackets.span.join(), elements })
    }
}

/// One literal, a number perhaps with its sign.
fn single(input: ParseStream<'_>) -> syn::Result<(Value, Span)> {
    let is_negative = input.peek(Token![-]);
    if is_negative {
        input.parse::<Token![-]>()?;
    }
    let sign = if is_negative { "-" } else { "" };
    let literal: Lit = input.parse().map_err(|error| {
        syn::Error::new(error.span(), "a value is text in quotes, a number, true, false or a list of these")
    })?;
    let span = literal.span();
    let refused = |message: &str| syn::Error::new(span, message);
    let value = match &literal {
        Lit::Int(number) => {
            let number: i64 = format!("{sign}{}", number.base10_digits())
                .parse()
                .map_err(|_| refused("this whole number is too large"))?;
            Value::from(number)
        }
        Lit::Float(number) => {
            let number: f64 = format!("{sign}{}", number.base10_digits())
                .parse()
                .map_err(|_| refused("this number cannot be read"))?;
            if !number.is_finite() {
                return Err(refused("this number is too large"));
            }
            Value::from(number)
        }
        Lit::Str(text) if !is_negative => Value::from(text.value()),
        Lit::Bool(truth) if !is_negative => Value::from(truth.value),
        _ => return Err(refused("a value is text in quotes, a number, true, false or a list of these")),
    };
    Ok((value, span))
}
