//! Unknown keys, found by walking a document along the schema, and the name that was probably meant.

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use super::inspect::Mistake;
use super::place::{Step, shown};

/// Names from other crawlers, with ours.
const ELSEWHERE: [(&str, &str); 23] = [
    ("start_urls", "seeds"),
    ("urls", "seeds"),
    ("max_depth", "depth"),
    ("depth_limit", "depth"),
    ("limit", "max_pages"),
    ("closespider_pagecount", "max_pages"),
    ("max_duration", "max_time"),
    ("quota", "max_bytes"),
    ("download_delay", "delay"),
    ("wait", "delay"),
    ("concurrent_requests", "concurrency"),
    ("max_concurrency", "concurrency"),
    ("concurrent_requests_per_domain", "per_host"),
    ("respect_robots_txt", "robots"),
    ("robotstxt_obey", "robots"),
    ("max_request_retries", "retries"),
    ("retry_http_codes", "retry.statuses"),
    ("httpcache_dir", "cache"),
    ("cache_dir", "cache"),
    ("timeout", "timeouts.total"),
    ("request_timeout", "timeouts.total"),
    ("download_timeout", "timeouts.total"),
    ("domains", "allowed_domains"),
];

/// Removes every key the schema does not know and reports it.
pub(super) fn remove_unknown(table: &mut DeTable<'_>, schema: &Json, mistakes: &mut Vec<Mistake>) {
    let forms = Forms { root: schema };
    let all = forms.every_name();
    let mut path = Vec::new();
    forms.walk_table(table, schema, &all, &mut path, mistakes);
}

/// A schema whose parts may stand apart, under `$defs`.
struct Forms<'s> {
    root: &'s Json,
}

impl<'s> Forms<'s> {
    /// Tables nest as deep as the parser of the text lets them.
    fn walk_table(
        &self,
        table: &mut DeTable<'_>,
        schema: &'s Json,
        all: &[String],
        path: &mut Vec<Step>,
        mistakes: &mut Vec<Mistake>,
    ) {
        let names = self.names_of(schema);
        let any =
            self.of(schema).find_map(|form| form.get("additionalProperties").filter(|any| any.is_object()));
        if names.is_empty() && any.is_none() {
            return;
        }
        for (key, mut value) in std::mem::take(table) {
            path.push(Step::Key(key.get_ref().to_string()));
            let name = key.get_ref().as_ref();
            match self.of(schema).find_map(|form| form.get("properties")?.get(name)).or(any) {
                Some(inner) => {
                    self.walk_value(value.get_mut(), inner, all, path, mistakes);
                    table.insert(key, value);
                }
                None => mistakes.push(unknown(path, key.span().start, &names, all)),
            }
            path.pop();
        }
    }

    fn walk_value(
        &self,
        value: &mut DeValue<'_>,
        schema: &'s Json,
        all: &[String],
        path: &mut Vec<Step>,
        mistakes: &mut Vec<Mistake>,
    ) {
        match value {
            DeValue::Table(table) => self.walk_table(table, schema, all, path, mistakes),
            DeValue::Array(list) => {
                let Some(inner) = self.of(schema).find_map(|form| form.get("items")) else { return };
                for (index, element) in list.iter_mut().enumerate() {
                    path.push(Step::Index(index));
                    // Tables alone: a list in a list has no keys.
                    if let DeValue::Table(table) = element.get_mut() {
                        self.walk_table(table, inner, all, path, mistakes);
                    }
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// A schema and its alternatives, each where it is written.
    fn of(&self, schema: &'s Json) -> impl Iterator<Item = &'s Json> {
        let schema = self.followed(schema);
        let alternatives = schema.get("anyOf").and_then(Json::as_array).into_iter().flatten();
        let followed: Vec<&Json> = alternatives.map(|form| self.followed(form)).collect();
        std::iter::once(schema).chain(followed)
    }

    /// What a reference refers to: `#/$defs/NAME`.
    fn followed(&self, schema: &'s Json) -> &'s Json {
        let target = schema.get("$ref").and_then(Json::as_str).and_then(|target| target.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    fn names_of(&self, schema: &'s Json) -> Vec<&'s str> {
        self.of(schema)
            .filter_map(|form| form.get("properties")?.as_object())
            .flat_map(|properties| properties.keys().map(String::as_str))
            .collect()
    }

    /// Every key of the options with a fixed place, as dotted names.
    fn every_name(&self) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.names_of(self.root) {
            names.push(name.to_owned());
            let inner = self.of(self.root).find_map(|form| form.get("properties")?.get(name));
            let nested = inner.map(|inner| self.names_of(inner)).unwrap_or_default();
            names.extend(nested.into_iter().map(|inner| format!("{name}.{inner}")));
        }
        names
    }
}

fn unknown(path: &[Step], at: usize, here: &[&str], all: &[String]) -> Mistake {
    let written = match path.last() {
        Some(Step::Key(key)) => key.as_str(),
        _ => "",
    };
    let hint = suggestion(written, path.len() == 1, here, all);
    let message = format!("there is no option `{}`", shown(path));
    Mistake { at: Some(at), path: path.to_vec(), column: None, message, hint: Some(hint) }
}

/// The name meant: ours for another crawler's, one nearly the same here, the same elsewhere.
fn suggestion(written: &str, is_top: bool, here: &[&str], all: &[String]) -> String {
    let plain = written.to_ascii_lowercase().replace('-', "_");
    let did_you_mean = |name: &str| format!("did you mean `{name}`?");
    // What this name said was the contrary of what people read in it.
    if is_top && plain == "nofollow" {
        return "write respect_nofollow = true to leave out links with rel=nofollow".to_owned();
    }
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| is_top && *theirs == plain) {
        return did_you_mean(ours);
    }
    if let Some(name) = nearest(&plain, here.iter().copied()) {
        return did_you_mean(name);
    }
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(name) = all.iter().find(|name| last(name) == plain) {
        return did_you_mean(name);
    }
    if here.len() <= 12 {
        return format!("known here: {}", here.join(", "));
    }
    "`lycosa config schema` lists every option".to_owned()
}

/// The candidate closest to what was written, if it is close: two edits in five letters, or a common beginning.
pub(super) fn nearest<'n>(written: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    candidates
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| {
            let allowed = (written.len().max(name.len()) * 2 / 5).max(1);
            *distance <= allowed
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
