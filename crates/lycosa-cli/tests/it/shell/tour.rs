//! The session in `docs/shell.md` is what happens.
