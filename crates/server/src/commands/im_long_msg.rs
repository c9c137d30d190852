//! Merged messages that are too long for a message.

pub mod get_relay_json_msg;
pub mod save_relay_json_msg;
