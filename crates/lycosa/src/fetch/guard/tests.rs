//! Stories of the guard.
