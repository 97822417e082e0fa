//! Selection against published tables.
