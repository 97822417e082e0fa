//! What the fields of an item may hold.

use serde_json::Value;
use url::Url;

use super::Misfit;
use crate::extract::rules::ValueType;

/// A type that one value of a field can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value that a rule gives",
    label = "this cannot be the type of a field with a source",
    note = "use String, an integer, f64, bool, Url or serde_json::Value, or implement FieldValue for it",
    note = "a struct that derives Item is a record: it takes `for_each` or nothing instead of a source"
)]
pub trait FieldValue: Sized {
    /// The type that the rules convert to, unless the field says another.
    const TYPE: ValueType;

    /// A value of the type from one that the rules found, which is not null.
    ///
    /// # Errors
    /// When it cannot be one: see [`Misfit::new`].
    fn from_value(value: Value) -> Result<Self, Misfit>;
}

impl FieldValue for String {
    const TYPE: ValueType = ValueType::Text;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Misfit::new(&other, "it is no text")),
        }
    }
}

impl FieldValue for bool {
    const TYPE: ValueType = ValueType::Bool;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        value.as_bool().ok_or_else(|| Misfit::new(&value, "it is neither true nor false"))
    }
}

impl FieldValue for f64 {
    const TYPE: ValueType = ValueType::Number;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        value.as_f64().ok_or_else(|| Misfit::new(&value, "it is no number"))
    }
}

impl FieldValue for f32 {
    const TYPE: ValueType = ValueType::Number;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the nearest value is the one that was asked for"
        )]
        let number = f64::from_value(value.clone())? as Self;
        if number.is_finite() { Ok(number) } else { Err(Misfit::new(&value, "it is too large for f32")) }
    }
}

impl FieldValue for Url {
    const TYPE: ValueType = ValueType::Url;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        let parsed = value.as_str().and_then(|text| Self::parse(text).ok());
        parsed.ok_or_else(|| Misfit::new(&value, "it is no absolute URL"))
    }
}

impl FieldValue for Value {
    const TYPE: ValueType = ValueType::Json;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        Ok(value)
    }
}

macro_rules! integers {
    ($($integer:ident)*) => {$(
        impl FieldValue for $integer {
            const TYPE: ValueType = ValueType::Integer;

            fn from_value(value: Value) -> Result<Self, Misfit> {
                let Some(number) = value.as_i64() else {
                    return Err(Misfit::new(&value, "it is no whole number"));
                };
                let why = || Misfit::new(&value, concat!("it is out of the range of ", stringify!($integer)));
                Self::try_from(number).map_err(|_| why())
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);
