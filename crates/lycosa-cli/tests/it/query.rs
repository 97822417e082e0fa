//! Stories of this kind; see the head of main.
