//! A struct taken apart: its attributes as rules, its fields with their types, and what is wrong between the two.

use lycosa_rules::{FieldRule, ItemRule};
use proc_macro2::{Ident, Span};
use serde_json::Value;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Type};

use crate::attribute::{self, Entry};
use crate::problem::{Problem, Problems};
use crate::rule;
use crate::shape::{Arity, Scalar, Shape, rust_types};

/// The keys that say where a value is.
const SOURCES: [&str; 8] = ["css", "xpath", "select", "json", "value", "fact", "regex", "group"];

/// A struct.
pub(crate) struct Input<'i> {
    pub(crate) ident: &'i Ident,
    pub(crate) name: String,
    pub(crate) entries: Vec<Entry>,
    /// Without its fields.
    pub(crate) rule: ItemRule,
    pub(crate) fields: Vec<Field<'i>>,
}

/// A field.
pub(crate) struct Field<'i> {
    pub(crate) ident: &'i Ident,
    /// Its name in the record.
    pub(crate) name: String,
    pub(crate) entries: Vec<Entry>,
    /// All but the fields of a record in it.
    pub(crate) rule: FieldRule,
    pub(crate) arity: Arity,
    /// The type of one value.
    pub(crate) inner: &'i Type,
    pub(crate) content: Content,
}

/// What one value of a field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Of a type that is known here.
    Scalar(Scalar),
    /// Of a type that says itself what it takes.
    Own,
    /// A record in the record.
    Record,
}

impl<'i> Input<'i> {
    /// Takes a struct apart, with what is wrong in the problems; none when it is nothing that can be an item.
    pub(crate) fn of(input: &'i DeriveInput, problems: &mut Problems) -> Option<Self> {
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => {
                let problem = Problem::new("an enum has no fields to fill").hint("derive Item for a struct");
                problems.add(data.enum_token.span, problem);
                return None;
            }
            Data::Union(data) => {
                let problem = Problem::new("a union has no fields to fill").hint("derive Item for a struct");
                problems.add(data.union_token.span, problem);
                return None;
            }
        };
        let Fields::Named(named) = fields else {
            let problem = Problem::new("the fields of an item have names");
            problems.add(input.ident.span(), problem.hint("write `struct Name { field: Type }`"));
            return None;
        };
        if let Some(parameter) = input.generics.params.first() {
            let problem = Problem::new("an item has no parameters: its rules are made once");
            problems.add(parameter.span(), problem.hint("write the struct for each type, of owned values"));
            return None;
        }
        if named.named.is_empty() {
            let problem = Problem::new("a struct without fields is no item").hint("add a field");
            problems.add(input.ident.span(), problem);
            return None;
        }
        let entries = attribute::entries(&input.attrs, problems);
        let name =
            rule::name(&entries, problems).unwrap_or_else(|| snake_case(&input.ident.unraw().to_string()));
        let rule = rule::item_rule(&entries, problems);
        let mut fields: Vec<Field<'i>> = Vec::new();
        for field in &named.named {
            let Some(field) = Field::of(field, problems) else { continue };
            if fields.iter().any(|known| known.name == field.name) {
                let problem = Problem::new(format!("two fields are called `{}`", field.name));
                problems.add(field.key_span("name"), problem.hint("give one of them another `name`"));
            }
            if field.is_itself(&input.ident) {
                let problem = Problem::new("a record in itself would nest for ever");
                problems.add(
                    field.inner.span(),
                    problem.hint("records nest 8 deep, each level a struct of its own"),
                );
            }
            fields.push(field);
        }
        Some(Self { ident: &input.ident, name, entries, rule, fields })
    }
}

impl<'i> Field<'i> {
    fn of(field: &'i syn::Field, problems: &mut Problems) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let before = problems.count();
        let entries = attribute::entries(&field.attrs, problems);
        let name = rule::name(&entries, problems).unwrap_or_else(|| ident.unraw().to_string());
        let rule = rule::field_rule(&entries, problems);
        let shape = Shape::of(&field.ty).unwrap_or_else(|(message, hint)| {
            problems.add(field.ty.span(), Problem::new(message).hint(hint));
            Shape { arity: Arity::One, inner: &field.ty, scalar: None }
        });
        let has_source = entries.iter().any(|entry| SOURCES.contains(&entry.key.as_str()));
        let content = match shape.scalar {
            Some(scalar) => Content::Scalar(scalar),
            None if has_source => Content::Own,
            None => Content::Record,
        };
        let Shape { arity, inner, .. } = shape;
        let mut field = Self { ident, name, entries, rule, arity, inner, content };
        // With another mistake in it, the source may be what is meant there.
        if problems.count() == before {
            field.check_source(problems);
        }
        field.check(problems);
        field.fill();
        Some(field)
    }

    /// The entry of this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether its rule says where its value is.
    pub(crate) fn has_source(&self) -> bool {
        let FieldRule { css, xpath, select, json, value, fact, regex, group, .. } = &self.rule;
        let texts = [css, xpath, json, regex].iter().any(|text| text.is_some());
        texts || select.is_some() || value.is_some() || fact.is_some() || group.is_some()
    }

    /// Where a key stands; the field when it does not.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        self.entry(key).map_or(self.ident.span(), |entry| entry.key_span)
    }

    /// Whether its records are of the struct that it is in.
    fn is_itself(&self, whole: &Ident) -> bool {
        let is_whole = |path: &syn::Path| path.is_ident(whole) || path.is_ident("Self");
        self.content == Content::Record && matches!(self.inner, Type::Path(path) if is_whole(&path.path))
    }

    /// Mistakes between its type and its attributes.
    fn check(&self, problems: &mut Problems) {
        self.check_arity(problems);
        match &self.content {
            Content::Scalar(scalar) => self.check_scalar(scalar, problems),
            Content::Own => {}
            Content::Record => self.check_record(problems),
        }
    }

    fn check_source(&self, problems: &mut Problems) {
        if self.content != Content::Record && !self.has_source() {
            let problem = Problem::new("nothing says where the value of this field is");
            problems.add(self.ident.span(), problem.hint(format!("give one of {}", SOURCES.join(", "))));
        }
    }

    fn check_arity(&self, problems: &mut Problems) {
        if let (Some(required), Some(entry)) = (self.rule.required, self.entry("required")) {
            let problem = match (self.arity, required) {
                (Arity::Optional, true) => Some(
                    Problem::new("`required` contradicts `Option`: a field that may be none is not required")
                        .hint("take the type out of the `Option`, or leave `required` out"),
                ),
                (Arity::One, false) => Some(
                    Problem::new("a field that is not required may be none, which this type cannot hold")
                        .hint("put the type into an `Option`, or give a `default`"),
                ),
                _ => None,
            };
            problem.into_iter().for_each(|problem| problems.add(entry.key_span, problem));
        }
        if let (Some(many), Some(entry)) = (self.rule.many, self.entry("many")) {
            let is_any = self.content == Content::Scalar(Scalar::Json);
            if many != (self.arity == Arity::Many) && !is_any {
                let problem = if many {
                    Problem::new("`many` takes a list, which this type cannot hold")
                        .hint("put the type into a `Vec`")
                } else {
                    Problem::new("a `Vec` takes all values")
                        .hint("leave `many` out, or take the type out of the `Vec`")
                };
                problems.add(entry.key_span, problem);
            }
        }
    }

    fn check_scalar(&self, scalar: &Scalar, problems: &mut Problems) {
        if let (Some(entry), true) = (self.entry("for_each"), self.rule.for_each.is_some()) {
            let problem = Problem::new("`for_each` makes records, and the type of this field is none");
            problems.add(entry.key_span, problem.hint("leave it out, or use a struct that derives Item"));
        }
        if let (Some(entry), Some(kind)) = (self.entry("type"), self.rule.kind)
            && !scalar.takes(kind)
        {
            let name = serde_json::to_value(kind).unwrap_or_default();
            let problem =
                Problem::new(format!("values of the type {name} do not fit the type of this field"));
            let hint = format!("make it {}, or leave `type` out", rust_types(kind));
            problems.add(entry.span(None), problem.hint(hint));
        }
        if let (Some(entry), Some(default)) = (self.entry("default"), &self.rule.default) {
            let wrong = |value: &Value| !scalar.holds(value);
            let index = match (default, self.arity) {
                (Value::Array(list), Arity::Many) => list.iter().position(wrong).map(Some),
                // What should be a list and is none, or the contrary, the rules tell themselves.
                (Value::Array(_), _) | (_, Arity::Many) => None,
                (value, _) => wrong(value).then_some(None),
            };
            if let Some(index) = index {
                let problem = Problem::new("the default does not fit the type of this field");
                problems.add(entry.span(index), problem.hint(format!("give {}", scalar.expected())));
            }
        }
    }

    fn check_record(&self, problems: &mut Problems) {
        if self.arity == Arity::Many && self.rule.for_each.is_none() && self.entry("for_each").is_none() {
            let problem = Problem::new("nothing says which elements are the records of this list");
            let hint = "give `for_each = \"…\"`; a list of values has a source such as `css = \"…\"`";
            problems.add(self.ident.span(), problem.hint(hint));
        }
        if let Some(entry) = self.entry("default") {
            let problem = Problem::new("a record has no default").hint("leave it out");
            problems.add(entry.key_span, problem);
        }
    }

    /// Adds to the rule what the type says.
    fn fill(&mut self) {
        match &self.content {
            Content::Scalar(scalar) => {
                self.rule.kind.get_or_insert(scalar.kind());
            }
            Content::Own => {}
            Content::Record => self.rule.default = None,
        }
        let is_record = self.content == Content::Record;
        if self.arity == Arity::Many || (is_record && self.rule.for_each.is_some()) {
            self.rule.many = Some(self.arity == Arity::Many);
        }
        if self.arity == Arity::One && self.rule.default.is_none() {
            self.rule.required = Some(true);
        }
    }
}

/// `ProductOffer` as `product_offer`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut before_is_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_is_lower {
            out.push('_');
        }
        before_is_lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}
