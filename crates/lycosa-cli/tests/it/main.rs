//! The command as its users meet it: one binary for all of its stories.
//!
//! `command` runs it; `crawl` crawls the synthetic site and its traps; `kill` ends it at random moments; `mistakes`
//! gives it bad input; `tls` puts TLS before a server; `demo`, `fetch`, `query` and `config` are one command
//! each; `xpath` is a way to ask in two of them, `pages` what is asked.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command;
mod config;
mod crawl;
mod demo;
mod fetch;
mod identity;
mod kill;
mod mistakes;
mod pages;
mod query;
mod readme;
mod tls;
mod traps;
mod xpath;
