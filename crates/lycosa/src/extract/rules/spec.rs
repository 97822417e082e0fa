//! Rules as they are written: item types, their fields, in order.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// One type of item: where its items are in a page, and their fields.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemRule {
    /// CSS selector of the elements that are one item each, such as `article.product`. Without it the page as a
    /// whole is one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// The fields, in the order of output. `id`, `seq`, `type` and `page` are taken.
    pub fields: Named<FieldRule>,
}

/// One field of an item. Written as a string it is the selector alone: `name = "h2::text"`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// CSS selector, searched inside the item's element. `::text` takes the text directly in each match,
    /// `::attr(name)` an attribute; without either, the whole text of the match, its whitespace collapsed. The
    /// item's own element is `:scope`, or nothing before `::text` or `::attr(name)`.
    pub css: String,
    /// Take every value as a list. Default false: the first value that is not empty.
    #[serde(default, skip_serializing_if = "is_false")]
    pub many: bool,
    /// Drop the item when this field has no value. Not together with `default`. Default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// The value when nothing is found: text, number, true or false, or a list of these. Default none: the field
    /// is null, or an empty list with `many`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Cut whitespace at both ends of a value; values that are empty then do not count. Default true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub trim: bool,
    /// Regular expression searched in each value: its first group is the new value, or the whole match when it
    /// has no group. Values in which it is not found are dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Resolve the value against the page's address. Default: true for `::attr(href)`, `::attr(src)` and
    /// `::attr(action)` without a `regex`, else false. A value that cannot be resolved is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<bool>,
}

impl FieldRule {
    /// A field that takes the first value of this selector.
    #[must_use]
    pub fn new(css: impl Into<String>) -> Self {
        Self {
            css: css.into(),
            many: false,
            required: false,
            default: None,
            trim: true,
            regex: None,
            absolute: None,
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

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
    const SHORT: Option<&'static str> = Some("The field's selector, everything else as by default.");
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
                f.write_str("a selector or a table with `css`")
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
