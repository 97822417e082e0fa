//! Things by name in the order in which they were written, and what may stand under a name.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{FieldRule, ItemRule};

/// Things by name, in the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    /// Names and things in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, thing)| (name.as_str(), thing))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> FromIterator<(String, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(things: I) -> Self {
        Self(things.into_iter().collect())
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, thing) in &self.0 {
            map.serialize_entry(name, thing)?;
        }
        map.end()
    }
}

impl<'de, T: Entry<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(std::marker::PhantomData<T>);
        impl<'de, T: Entry<'de>> Visitor<'de> for InOrder<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut things = Vec::new();
                while let Some(name) = map.next_key()? {
                    things.push((name, map.next_value::<T::Written>()?.into()));
                }
                Ok(Named(things))
            }
        }
        deserializer.deserialize_map(InOrder(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T>
where
    T: for<'de> Entry<'de>,
{
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("NamedOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let thing = generator.subschema_for::<T>();
        let thing = match T::SHORT {
            Some(what) => json_schema!({ "anyOf": [thing, { "type": "string", "description": what }] }),
            None => thing,
        };
        json_schema!({ "type": "object", "additionalProperties": thing })
    }
}

/// What can stand under a name, and how it may be written.
pub trait Entry<'de>: Sized {
    /// The form in which it is read.
    type Written: Deserialize<'de> + Into<Self>;
    /// What a plain string in its place means; `None` when a string cannot stand there.
    const SHORT: Option<&'static str>;
}

impl Entry<'_> for ItemRule {
    type Written = Self;
    const SHORT: Option<&'static str> = None;
}

impl Entry<'_> for FieldRule {
    type Written = WrittenField;
    const SHORT: Option<&'static str> =
        Some("The field's source, `css` unless a prefix says otherwise, everything else as by default.");
}

/// A field as written: a table, or a selector alone.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenField(FieldRule);

impl From<WrittenField> for FieldRule {
    fn from(written: WrittenField) -> Self {
        written.0
    }
}

impl<'de> Deserialize<'de> for WrittenField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FieldRule;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a selector or a table that says where the value is")
            }
            fn visit_str<E: de::Error>(self, css: &str) -> Result<FieldRule, E> {
                Ok(FieldRule::new(css))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldRule, A::Error> {
                FieldRule::deserialize(de::value::MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Either).map(Self)
    }
}
