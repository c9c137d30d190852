//! Who is in a live room.

pub mod get_members;
pub mod modify_user_info;
