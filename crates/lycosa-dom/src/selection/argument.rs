//! A selector as the methods of a selection take it.

use super::Selector;
use crate::select::SelectorError;

/// A selector given as text, which can be wrong, or compiled, which cannot. With text a method gives a `Result`,
/// with a `&Selector` just what it finds.
pub trait SelectorArgument {
    /// What a method gives instead of a `T`.
    type Of<T>;

    /// Calls a function with the selector.
    fn with<T>(self, call: impl FnOnce(&Selector) -> T) -> Self::Of<T>;
}

impl SelectorArgument for &Selector {
    type Of<T> = T;

    fn with<T>(self, call: impl FnOnce(&Selector) -> T) -> T {
        call(self)
    }
}

impl SelectorArgument for &str {
    type Of<T> = Result<T, SelectorError>;

    fn with<T>(self, call: impl FnOnce(&Selector) -> T) -> Result<T, SelectorError> {
        Selector::parse(self).map(|selector| call(&selector))
    }
}

impl SelectorArgument for &String {
    type Of<T> = Result<T, SelectorError>;

    fn with<T>(self, call: impl FnOnce(&Selector) -> T) -> Result<T, SelectorError> {
        self.as_str().with(call)
    }
}
