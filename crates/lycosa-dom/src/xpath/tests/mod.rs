//! Stories about expressions.
