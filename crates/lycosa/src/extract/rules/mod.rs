//! Extraction by rules, no code: item types with fields, links to follow.
//!
//! The rules themselves are the crate `lycosa_rules`, whose names stand here too. This joins them to the crawl: what
//! they may know of a page, and what they find as findings.

mod lone;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use lycosa_rules::{
    DateOrder, Entry, Fact, Fate, FieldReport, FieldRule, FollowRule, FollowRules, FollowedLink,
    FollowedLinks, Found, Group, How, ItemRule, JsonFound, JsonQuery, JsonQueryError, Named, PageReport,
    RecordReport, RuleError, RuleName, Rules, Subject, Texts, ValueType, WrittenField,
};

pub use self::lone::LonePage;

use lycosa_dom::Document;
use serde_json::Value;
use url::Url;

use super::content::{Content, ContentOptions};
use super::time::rfc3339;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Extract, Findings, ItemCounts, Outlink, Page};

impl Subject for Page<'_> {
    fn text(&self) -> &str {
        self.text
    }

    fn media_type(&self) -> Option<&str> {
        // What comes before a byte that is none of UTF-8 tells the type.
        let value = self.headers.get("content-type")?;
        value.as_bytes().utf8_chunks().next().map(|chunk| chunk.valid())
    }

    fn document(&self) -> Option<&Document> {
        self.document
    }

    fn url(&self) -> &str {
        self.url.as_str()
    }

    fn label(&self) -> Option<&str> {
        self.request.label.as_deref()
    }

    fn resolve(&self, reference: &str) -> Option<Url> {
        Page::resolve(self, reference)
    }

    fn fact(&self, fact: Fact) -> Option<Value> {
        let document = self.document;
        let text: Option<Cow<'_, str>> = match fact {
            Fact::Status => return Some(self.status.into()),
            Fact::Depth => return Some(self.request.depth.into()),
            Fact::Url => Some(self.request.first_url().into()),
            Fact::FinalUrl => Some(self.url.as_str().into()),
            Fact::Title => document.and_then(Document::title),
            Fact::FetchedAt => Some(rfc3339(self.fetched_at).into()),
            Fact::Lang => document.and_then(Document::lang).map(Into::into),
            Fact::Label => self.request.label.as_deref().map(Into::into),
            Fact::Parent => self.request.parent.as_deref().map(Into::into),
            Fact::ContentType => self.media_type().map(Into::into),
            Fact::Markdown => main_content(document, |content| content.to_markdown(Some(self.url))),
            Fact::MainText => main_content(document, |content| content.to_text()),
            Fact::Description => document.and_then(|document| document.meta("description")).map(Into::into),
        };
        text.map(|text| Value::String(text.into_owned()))
    }
}

/// The main content, written; none when there is nothing.
fn main_content<'t>(
    document: Option<&Document>,
    write: impl FnOnce(&Content<'_>) -> String,
) -> Option<Cow<'t, str>> {
    let text = write(&Content::main(document?, &ContentOptions::default()));
    (!text.is_empty()).then(|| text.trim_end().to_owned().into())
}

/// Adds the items of every type to the findings.
impl Extract for Rules {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let found = self.find(page);
        findings.items.extend(found.items);
        findings.rejects.extend(found.rejects);
        findings.notes.extend(found.notes);
        Ok(())
    }

    fn extract_links(&self, _: &Page<'_>, _: &mut Findings) -> Result<()> {
        Ok(())
    }

    fn counts(&self) -> Vec<ItemCounts> {
        Self::counts(self)
    }
}

/// Adds the links of every rule, each URL once: the first rule that finds it gives the label.
impl Extract for FollowRules {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let found = self.find(page);
        let links = found.links.into_iter();
        findings.outlinks.extend(links.map(|link| Outlink {
            label: link.label,
            nofollow: link.nofollow,
            ..Outlink::to(link.url)
        }));
        findings.notes.extend(found.notes);
        Ok(())
    }
}

impl From<RuleError> for Error {
    fn from(wrong: RuleError) -> Self {
        let error = Error::new(ErrorKind::Config, wrong.to_string());
        match wrong.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
