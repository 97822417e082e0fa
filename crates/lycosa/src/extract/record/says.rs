//! The fields of a page record about what the page says to crawlers and which pages it is like.

use super::PageSays;
use crate::extract::json::{Object, push_text};
use crate::extract::time::rfc3339;
use crate::model::UseSignal;

pub(super) fn push(object: &mut Object, says: &PageSays<'_>) {
    if !says.robots.is_empty() {
        super::push_list(object.name("robots"), says.robots, |out, word| push_text(out, word));
    }
    if !says.uses.is_empty() {
        super::push_list(object.name("content_use"), says.uses, push_use);
    }
    if !says.alternates.is_empty() {
        super::push_list(object.name("alternates"), says.alternates, push_alternate);
    }
    if let Some(url) = says.declared_alias_of {
        object.text("declared_alias_of", url);
    }
    if let Some(hash) = says.content_hash {
        object.text("content_hash", &format!("{hash:032x}"));
    }
    if let Some(hash) = says.simhash {
        object.text("simhash", &format!("{hash:016x}"));
    }
    if let Some(at) = says.sitemap_lastmod {
        object.text("sitemap_lastmod", &rfc3339(at));
    }
    let texts = [("duplicate_of", says.duplicate_of), ("near_duplicate_of", says.near_duplicate_of)];
    for (name, text) in texts {
        if let Some(text) = text {
            object.text(name, text);
        }
    }
}

fn push_use(out: &mut String, signal: &UseSignal) {
    let mut object = Object::with_capacity(96);
    object.text("from", signal.place.as_str());
    object.text("name", &signal.name);
    object.text("use", &signal.purpose);
    match signal.allowed {
        Some(allowed) => object.raw("allowed", if allowed { "true" } else { "false" }),
        None => object.text("value", &signal.value),
    }
    out.push_str(&object.end());
}

fn push_alternate(out: &mut String, (lang, url): &(String, String)) {
    let mut object = Object::with_capacity(32 + url.len());
    object.text("lang", lang);
    object.text("url", url);
    out.push_str(&object.end());
}
