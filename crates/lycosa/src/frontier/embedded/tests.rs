//! Tests of the embedded frontier.
