//! Mistakes gathered while a struct is looked at, so that all are told at once.

use proc_macro2::{Span, TokenStream};

/// The longest text that is shown with a caret under it, in characters.
const LONGEST_SHOWN: usize = 100;

/// Mistakes in the order in which they were noticed.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<syn::Error>);

/// What is wrong: one lower-case sentence, what to do, and where in a text it is.
#[derive(Debug)]
pub(crate) struct Problem {
    message: String,
    hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Shows the text with a caret under the character at this column, counted from 1.
    pub(crate) fn caret(mut self, text: &str, column: usize) -> Self {
        let is_one_line = !text.contains(|c: char| c.is_control());
        if is_one_line && text.chars().count() <= LONGEST_SHOWN {
            let before = " ".repeat(column.saturating_sub(1));
            self.message.push_str(&format!("\n  | {text}\n  | {before}^"));
        }
        self
    }
}

impl Problems {
    pub(crate) fn add(&mut self, span: Span, problem: Problem) {
        let Problem { mut message, hint } = problem;
        if let Some(hint) = hint {
            message.push_str(&format!("\nhint: {hint}"));
        }
        self.0.push(syn::Error::new(span, message));
    }

    /// A mistake that the parser of Rust found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as errors of the compiler.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}
