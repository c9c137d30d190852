//! Relationships. What a client asks for after its login; nobody has any before a command can make them.

pub mod black_list_get;
pub mod friend_get;
pub mod group_get;
pub mod pendency_get;
