//! The keys that rules may have, asked of the rules themselves: whoever offers them as something else than TOML needs
//! no second list.

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::{FieldRule, ItemRule};

impl ItemRule {
    /// The keys of an item type, in the order of the documentation.
    #[must_use]
    pub fn keys() -> &'static [&'static str] {
        keys_of::<Self>()
    }
}

impl FieldRule {
    /// The keys of a field, in the order of the documentation.
    #[must_use]
    pub fn keys() -> &'static [&'static str] {
        keys_of::<Self>()
    }
}

fn keys_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // It fails as soon as it has asked for its keys, which is all that is wanted.
    let _ = T::deserialize(Asked(&mut keys));
    keys
}

/// Notes what a structure asks for and gives it nothing.
struct Asked<'k>(&'k mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("there is nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_as_they_are_written() {
        assert_eq!(ItemRule::keys().first(), Some(&"for_each"));
        assert_eq!(ItemRule::keys().last(), Some(&"fields"));
        for key in ["css", "type", "group", "absolute"] {
            assert!(FieldRule::keys().contains(&key), "{key}");
        }
        assert!(!FieldRule::keys().contains(&"kind"));
    }
}
