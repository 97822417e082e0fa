//! The integration tests of the library, in one binary.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod blocks;
mod cached;
mod cancel;
mod crawled;
mod crawler;
mod damaged;
mod derived;
mod fetch_client;
mod fetch_connections;
mod fetch_dns;
mod fetch_ends;
mod fetch_faults;
mod fetch_guard;
mod fetch_real_servers;
mod fetch_server;
mod fetch_tunnels;
mod identity;
mod judgement;
mod languages;
mod proxies;
mod recrawl;
mod redirects;
mod restored;
mod retries;
mod rotation;

mod sessions;
