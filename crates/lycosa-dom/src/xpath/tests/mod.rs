//! Stories about expressions.

mod corpus;
