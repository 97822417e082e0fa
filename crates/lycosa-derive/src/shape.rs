//! What the Rust type of a field says: how many values, of which type.

use lycosa_rules::ValueType;
use serde_json::Value;
use syn::{GenericArgument, PathArguments, PathSegment, Type};
use url::Url;

/// How many values a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// `T`: one, without which there is no item.
    One,
    /// `Option<T>`: one or none.
    Optional,
    /// `Vec<T>`: all.
    Many,
}

/// A type whose values are known here. Others are records, or say themselves what they take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text,
    /// By its name.
    Integer(String),
    Number,
    Bool,
    Url,
    Json,
}

/// The type of a field, taken apart.
#[derive(Debug)]
pub(crate) struct Shape<'t> {
    pub(crate) arity: Arity,
    /// The type of one value.
    pub(crate) inner: &'t Type,
    pub(crate) scalar: Option<Scalar>,
}

impl<'t> Shape<'t> {
    /// Takes a type apart; refuses with a sentence and what to write instead.
    pub(crate) fn of(whole: &'t Type) -> Result<Self, (String, String)> {
        let (arity, inner) = match last(whole) {
            Some((name, Some(inner))) if name == "Option" => (Arity::Optional, inner),
            Some((name, Some(inner))) if name == "Vec" => (Arity::Many, inner),
            _ => (Arity::One, whole),
        };
        match (arity, last(inner)) {
            (_, None) => Err((
                "no rule gives a value of this type".to_owned(),
                "use an owned type such as String, i64, f64, bool, Url, or a struct that derives Item"
                    .to_owned(),
            )),
            (Arity::Optional, Some((name, Some(_)))) if name == "Vec" => {
                Err(("a list is empty rather than absent".to_owned(), "write it without `Option`".to_owned()))
            }
            (Arity::Many | Arity::Optional, Some((name, Some(_)))) if name == "Option" || name == "Vec" => {
                Err((
                    format!("`{name}` cannot stand in another `Option` or `Vec` here"),
                    "a field is `T`, `Option<T>` or `Vec<T>`".to_owned(),
                ))
            }
            (_, Some((name, argument))) => {
                let scalar = if argument.is_none() { Scalar::named(&name) } else { None };
                Ok(Self { arity, inner, scalar })
            }
        }
    }
}

/// The name of a type, and its argument when it has one type for an argument.
fn last(whole: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = whole else { return None };
    let segment: &PathSegment = path.path.segments.last()?;
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })
        }
        _ => None,
    };
    Some((segment.ident.to_string(), argument))
}

impl Scalar {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "String" => Self::Text,
            "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => {
                Self::Integer(name.to_owned())
            }
            "f32" | "f64" => Self::Number,
            "bool" => Self::Bool,
            "Url" => Self::Url,
            "Value" => Self::Json,
            _ => return None,
        })
    }

    /// What a field of this type asks for when it says nothing.
    pub(crate) fn kind(&self) -> ValueType {
        match self {
            Self::Text => ValueType::Text,
            Self::Integer(_) => ValueType::Integer,
            Self::Number => ValueType::Number,
            Self::Bool => ValueType::Bool,
            Self::Url => ValueType::Url,
            Self::Json => ValueType::Json,
        }
    }

    /// Whether values of a type of the rules fit, whatever they are.
    pub(crate) fn takes(&self, kind: ValueType) -> bool {
        match self {
            Self::Json => true,
            Self::Text => {
                matches!(kind, ValueType::Text | ValueType::Html | ValueType::Url | ValueType::Date)
            }
            Self::Number => matches!(kind, ValueType::Number | ValueType::Integer),
            other => kind == other.kind(),
        }
    }

    /// Whether a constant fits.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Json => true,
            Self::Text => value.is_string(),
            Self::Integer(name) => value.as_i64().is_some_and(|number| self::fits(name, number)),
            Self::Number => value.is_number(),
            Self::Bool => value.is_boolean(),
            Self::Url => value.as_str().is_some_and(|text| Url::parse(text).is_ok()),
        }
    }

    /// What a constant of this type is.
    pub(crate) fn expected(&self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Integer(name) if name.starts_with('u') => {
                "a whole number from 0 that is not too large for it"
            }
            Self::Integer(_) => "a whole number that is not too large for it",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Url => "an absolute URL in quotes",
            Self::Json => "any value",
        }
    }
}

/// Whether a whole number is one of a Rust type.
fn fits(name: &str, number: i64) -> bool {
    match name {
        "i8" => i8::try_from(number).is_ok(),
        "i16" => i16::try_from(number).is_ok(),
        "i32" => i32::try_from(number).is_ok(),
        "u8" => u8::try_from(number).is_ok(),
        "u16" => u16::try_from(number).is_ok(),
        "u32" => u32::try_from(number).is_ok(),
        "u64" | "usize" => number >= 0,
        _ => true,
    }
}

/// The Rust types that take values of a type of the rules.
pub(crate) fn rust_types(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Text | ValueType::Html | ValueType::Date => "String",
        ValueType::Number => "f64",
        ValueType::Integer => "i64 or another integer",
        ValueType::Bool => "bool",
        ValueType::Url => "Url or String",
        ValueType::Json => "serde_json::Value",
    }
}
