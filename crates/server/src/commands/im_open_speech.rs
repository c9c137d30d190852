//! Speech to text.

pub mod ws_sentence_recognition;
