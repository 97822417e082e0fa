//! Tests of the engine: stories about expressions (`language`, `functions`, `names`, `errors`, `limits`), laws that
//! hold for all of them (`laws`), the same answers as a plain evaluator on generated expressions (`naive`,
//! `generate`), and the tables of the corpus (`corpus`).

mod corpus;
mod generate;
mod laws;
mod naive;
