//! Groups. What a client asks for after its login; there are none before a command can make them.

pub mod get_joined_group_list;
pub mod get_pendency;
