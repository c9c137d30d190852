//! Downloads of past messages.

pub mod get_history;
