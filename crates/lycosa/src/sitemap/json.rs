//! JSON feeds (jsonfeed.org, versions 1 and 1.1): the pages of their items. Read as a stream: only items' addresses
//! and dates are kept, and what came before a break stays.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use super::{Said, Sitemap, SitemapKind, SitemapProblem, date};

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

/// An item's address and dates; numbers and other oddities in their places are passed over.
#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    external_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    date_modified: Option<String>,
    #[serde(default, deserialize_with = "text")]
    date_published: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Anything {
    Text(String),
    Other(IgnoredAny),
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Anything::deserialize(deserializer)? {
        Anything::Text(text) => Some(text),
        Anything::Other(_) => None,
    })
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
            let dates = [&item.date_modified, &item.date_published];
            let lastmod = dates.into_iter().flatten().filter_map(|date| date::parse(date)).max();
            // An id is an address by the standard's advice only.
            let named = item.url.as_ref().or(item.external_url.as_ref());
            let url = match (named, &item.id) {
                (Some(url), _) => base.join(url.trim()).ok(),
                (None, Some(id)) => Url::parse(id).ok(),
                (None, None) => None,
            };
            let found = named.or(item.id.as_ref()).map(String::as_str).unwrap_or_default();
            if !sitemap.add(url, Said { lastmod, extensions: None }, position, found) {
                **is_full = true;
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}
