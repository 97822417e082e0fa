//! The field guide: a list and one page for each spider, chained by "next" links.

use super::super::answer::Answer;
use super::super::data::{SPECIES, Species};
use std::fmt::Write;

pub(in super::super) fn answer(path: &str) -> Option<Answer> {
    if path.is_empty() {
        return Some(index());
    }
    let position = SPECIES.iter().position(|species| species.slug == path)?;
    Some(entry(&SPECIES[position], &SPECIES[(position + 1) % SPECIES.len()]))
}

fn index() -> Answer {
    let mut body = String::from("<h1>Field guide</h1><p>Ten spiders you may meet on the hillside.</p><ol>");
    for species in &SPECIES {
        let Species { slug, name, latin, .. } = species;
        let _ = write!(body, "<li><a href=\"/guide/{slug}\">{name}</a>, <i>{latin}</i></li>");
    }
    body.push_str("</ol>");
    Answer::page("Field guide", &body)
}

fn entry(species: &Species, next: &Species) -> Answer {
    let Species { name, latin, millimetres, habitat, text, .. } = species;
    let body = format!(
        "<article class=\"species\"><h1>{name}</h1><p><i class=\"latin\">{latin}</i></p>\
         <dl><dt>Body length</dt><dd class=\"length\">{millimetres} mm</dd>\
         <dt>Where</dt><dd class=\"habitat\">{habitat}</dd></dl><p class=\"text\">{text}</p></article>\
         <p><a href=\"/guide/\">All spiders</a> · <a rel=\"next\" href=\"/guide/{}\">{}</a></p>",
        next.slug, next.name
    );
    let head = format!("<meta name=\"description\" content=\"{name}: {habitat}\">\n");
    Answer::page_with_head(&format!("{name} ({latin})"), &head, &body)
}
