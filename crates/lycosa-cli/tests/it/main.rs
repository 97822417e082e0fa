//! The command as its users meet it: one binary for all of its stories.
//!
//! `command` runs it; `crawl` crawls the synthetic site and its traps; `kill` ends it at random moments; `mistakes`
//! gives it bad input; `tls` puts TLS before a server; `frontier`, `check` and `explain` look into a state, `ctl` talks to a crawl that runs; `demo`, `fetch`, `query`, `extract` and `config` are one command
//! each; `shell` is the prompt, and `terminal` a person before it; `structured` and `xpath` are ways to ask, `pages` is what is asked.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod check;
mod command;
mod config;
mod content;
mod crawl;
mod ctl;
mod demo;
mod explain;
mod extract;
mod fetch;
mod frontier;
mod identity;
mod kill;
mod mistakes;
mod pages;
mod query;
mod readme;
mod shell;
mod structured;
mod terminal;
mod tls;
mod traps;
mod xpath;
