//! What a client checks before it sends.

pub mod get_local_words;
