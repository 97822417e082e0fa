//! The implementation that a struct gets: its rules as values, and how a record becomes one of it.

use lycosa_rules::{DateOrder, Fact, FieldRule, Group, ItemRule, Texts, ValueType};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use serde_json::Value;
use syn::spanned::Spanned as _;

use crate::input::{Content, Field, Input};
use crate::shape::Arity;

/// The path of what derived code calls. Every name is written whole, because the program may have one like it.
struct Run;

impl ToTokens for Run {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(quote! { ::lycosa::extract::item::expansion });
    }
}

/// The implementation.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let Input { ident, name, fields, .. } = input;
    let names = fields.iter().map(|field| &field.name);
    let records: Vec<_> = fields.iter().filter(|field| field.content == Content::Record).collect();
    let inner: Vec<_> = records.iter().map(|field| field.inner).collect();
    let rule = item_rule(input);
    let takes = fields.iter().map(take);
    let unique = records.iter().flat_map(|field| unique_by(field));
    let too_deep = "records nest deeper than 8";
    quote! {
        #[automatically_derived]
        impl ::lycosa::Item for #ident {
            const NAME: &'static str = #name;
            const FIELDS: &'static [&'static str] = &[#(#names),*];
            const DEPTH: usize = 1 + #Run::deepest(
                &[#(<#inner as ::lycosa::Item>::DEPTH),*]
            );

            fn rule() -> ::lycosa::extract::rules::ItemRule {
                #rule
            }

            fn from_record(
                mut record: ::lycosa::extract::item::Record,
            ) -> ::core::result::Result<Self, ::lycosa::extract::item::Misfit> {
                ::core::result::Result::Ok(Self { #(#takes),* })
            }

            fn rules() -> ::lycosa::Result<&'static ::lycosa::extract::rules::Rules> {
                static RULES: #Run::Once = #Run::Once::new();
                RULES.of::<Self>()
            }
        }
        const _: () = ::core::assert!(<#ident as ::lycosa::Item>::DEPTH <= 8, #too_deep);
        #(#unique)*
    }
}

/// Checks of names that only the struct of the records knows.
fn unique_by<'f>(field: &'f Field<'_>) -> impl Iterator<Item = TokenStream> + 'f {
    let names = field.rule.unique_by.iter().flat_map(|texts| &texts.0).enumerate();
    names.map(move |(index, name)| {
        let inner = field.inner;
        let span = field.entry("unique_by").map_or(field.ident.span(), |entry| entry.span(Some(index)));
        let message = format!("there is no field `{name}` to be unique by");
        quote_spanned! { span =>
            const _: () = ::core::assert!(
                #Run::has_field(<#inner as ::lycosa::Item>::FIELDS, #name),
                #message
            );
        }
    })
}

/// How a field is filled from a record.
fn take(field: &Field<'_>) -> TokenStream {
    let Field { ident, name, inner, .. } = field;
    let how = match field.arity {
        Arity::One => format_ident!("one"),
        Arity::Optional => format_ident!("optional"),
        Arity::Many => format_ident!("list"),
    };
    let what = match field.content {
        Content::Record => format_ident!("record_of"),
        _ => format_ident!("value_of"),
    };
    let what = quote_spanned! { inner.span() => #Run::#what::<#inner> };
    quote! { #ident: #Run::#how(&mut record, #name, #what)? }
}

fn item_rule(input: &Input<'_>) -> TokenStream {
    // Named one by one, so that a key that is new cannot be forgotten here.
    let ItemRule { for_each, from, when, when_label, unique_by, locale, date_order, fields: _ } = &input.rule;
    let (for_each, when, when_label) =
        (option(for_each, texts), option(when, text), option(when_label, texts));
    let (unique_by, locale) = (option(unique_by, texts), option(locale, text));
    let (from, date_order) = (option(from, text), option(date_order, self::date_order));
    let fields = input.fields.iter().map(|field| {
        let (name, rule) = (&field.name, field_rule(field));
        quote! { (#Run::String::from(#name), #rule) }
    });
    quote! {
        #Run::ItemRule {
            for_each: #for_each, from: #from, when: #when, when_label: #when_label, unique_by: #unique_by, locale: #locale,
            date_order: #date_order, fields: #Run::Named(::std::vec![#(#fields),*]),
        }
    }
}

fn field_rule(field: &Field<'_>) -> TokenStream {
    let FieldRule { css, xpath, select, json, from, value: constant, fact, fields: _, .. } = &field.rule;
    let FieldRule { for_each, unique_by, kind, locale, date_order, many, required, .. } = &field.rule;
    let FieldRule { default, trim, collapse, regex, group, absolute, .. } = &field.rule;
    let (css, xpath, select) = (option(css, text), option(xpath, text), option(select, texts));
    let (json, from, constant) = (option(json, text), option(from, text), option(constant, value));
    let (fact, for_each, unique_by) =
        (option(fact, self::fact), option(for_each, texts), option(unique_by, texts));
    let (locale, date_order) = (option(locale, text), option(date_order, self::date_order));
    let (many, required, default) = (option(many, flag), option(required, flag), option(default, value));
    let (trim, collapse, regex) = (option(trim, flag), option(collapse, flag), option(regex, text));
    let (group, absolute) = (option(group, self::group), option(absolute, flag));
    let inner = field.inner;
    let kind = match (&field.content, kind) {
        (Content::Own, None) => {
            quote_spanned! { inner.span() => #Run::Some(<#inner as #Run::FieldValue>::TYPE) }
        }
        (_, kind) => option(kind, value_type),
    };
    let rule = quote! {
        #Run::FieldRule {
            css: #css, xpath: #xpath, select: #select, json: #json, from: #from, value: #constant, fact: #fact,
            fields: #Run::None, for_each: #for_each, unique_by: #unique_by, kind: #kind, locale: #locale,
            date_order: #date_order, many: #many, required: #required, default: #default, trim: #trim,
            collapse: #collapse, regex: #regex, group: #group, absolute: #absolute,
        }
    };
    match field.content {
        Content::Record => quote_spanned! { inner.span() => #Run::record_rule::<#inner>(#rule) },
        _ => rule,
    }
}

fn option<T>(value: &Option<T>, tokens: impl Fn(&T) -> TokenStream) -> TokenStream {
    match value.as_ref().map(tokens) {
        Some(tokens) => quote! { #Run::Some(#tokens) },
        None => quote! { #Run::None },
    }
}

fn text(text: &String) -> TokenStream {
    quote! { #Run::String::from(#text) }
}

fn texts(texts: &Texts) -> TokenStream {
    let texts = texts.0.iter().map(text);
    quote! { #Run::Texts(::std::vec![#(#texts),*]) }
}

fn flag(flag: &bool) -> TokenStream {
    quote! { #flag }
}

fn value(value: &Value) -> TokenStream {
    match value {
        Value::Bool(truth) => quote! { #Run::Value::from(#truth) },
        Value::String(text) => quote! { #Run::Value::from(#text) },
        Value::Array(list) => {
            let list = list.iter().map(self::value);
            quote! { #Run::Value::Array(::std::vec![#(#list),*]) }
        }
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => quote! { #Run::Value::from(#whole) },
            (None, Some(number)) => quote! { #Run::Value::from(#number) },
            (None, None) => quote! { #Run::Value::Null },
        },
        // Attributes hold neither.
        Value::Null | Value::Object(_) => quote! { #Run::Value::Null },
    }
}

fn fact(fact: &Fact) -> TokenStream {
    let name = format_ident!("{fact:?}");
    quote! { #Run::Fact::#name }
}

fn value_type(kind: &ValueType) -> TokenStream {
    let name = format_ident!("{kind:?}");
    quote! { #Run::ValueType::#name }
}

fn date_order(order: &DateOrder) -> TokenStream {
    let name = format_ident!("{order:?}");
    quote! { #Run::DateOrder::#name }
}

fn group(group: &Group) -> TokenStream {
    match group {
        Group::Number(number) => quote! { #Run::Group::Number(#number) },
        Group::Name(name) => quote! { #Run::Group::Name(#Run::String::from(#name)) },
    }
}
