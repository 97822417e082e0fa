//! JSON feeds (jsonfeed.org, versions 1 and 1.1): the pages of their items. Read as a stream: only items' addresses
//! and dates are kept, and what came before a break stays.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use super::{Said, Sitemap, SitemapKind, SitemapProblem, date};
use crate::model::Timestamp;

/// Reads `text` into `sitemap`.
pub(super) fn read(text: &str, base: &Url, sitemap: &mut Sitemap) {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut is_full = false;
    let feed = Feed { base, sitemap, is_full: &mut is_full };
    let outcome = feed.deserialize(&mut deserializer);
    if let Err(error) = outcome
        && sitemap.kind == SitemapKind::Feed
        && !is_full
    {
        let position = u64::try_from(error.line()).unwrap_or(u64::MAX);
        sitemap.problem(SitemapProblem::Malformed { position, reason: error.to_string().into() });
    }
}

/// An item's address and dates. What has another form than a text is passed over without being kept.
#[derive(Default)]
struct Item {
    url: Option<String>,
    id: Option<String>,
    dates: Vec<Timestamp>,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut item = Item::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                // The item's own address comes before the one it speaks of, wherever they stand.
                "url" => item.url = map.next_value::<Text>()?.0.or(item.url),
                "external_url" => item.url = item.url.or(map.next_value::<Text>()?.0),
                "id" => item.id = map.next_value::<Text>()?.0,
                "date_modified" | "date_published" if item.dates.len() < 2 => {
                    item.dates.extend(map.next_value::<Text>()?.0.as_deref().and_then(date::parse));
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(item)
    }
}

/// A text, or nothing in place of anything else.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

/// The object at the top; `version` need not come first, so `items` alone makes it a feed.
struct Feed<'a> {
    base: &'a Url,
    sitemap: &'a mut Sitemap,
    is_full: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Feed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Feed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON feed")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                map.next_value_seed(Items(&mut self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Items<'a, 'f>(&'a mut Feed<'f>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Feed { base, sitemap, is_full } = self.0;
        sitemap.kind = SitemapKind::Feed;
        let mut position = 0;
        while let Some(item) = list.next_element::<Item>()? {
            position += 1;
            let lastmod = item.dates.into_iter().max();
            // An id is an address by the standard's advice only.
            let url = match (&item.url, &item.id) {
                (Some(url), _) => base.join(url.trim()).ok(),
                (None, Some(id)) => Url::parse(id).ok(),
                (None, None) => None,
            };
            let found = item.url.or(item.id).unwrap_or_default();
            if !sitemap.add(url, Said { lastmod, extensions: None }, position, &found) {
                **is_full = true;
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}
