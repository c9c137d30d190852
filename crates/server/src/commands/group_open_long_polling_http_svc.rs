//! What happens in a live room, for clients that ask instead of being told.

pub mod get_msg;
