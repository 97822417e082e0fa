//! The stored form of the words: versioned, compact, checked when read.
