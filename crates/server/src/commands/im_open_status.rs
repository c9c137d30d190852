//! Login, logout and the life of a session.

pub mod wshello;
pub mod wslogin;
pub mod wslogout;
