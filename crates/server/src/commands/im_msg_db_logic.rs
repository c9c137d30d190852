//! What users want of all their messages.

pub mod ws_get_do_not_disturb;
pub mod ws_set_do_not_disturb;
