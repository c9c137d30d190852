//! The wire vocabulary: result codes, UserSig, message elements, message keys, user ids, platforms and socket
//! frames.
//!
//! Nothing here does I/O, reads a clock or draws a random number: callers pass times and numbers in.
//! Everything that comes from outside is bounded by a named constant before it is read.

pub mod code;
pub mod element;
pub mod frame;
mod inflate;
pub mod json;
pub mod msg_key;
pub mod platform;
pub mod user_id;
pub mod usersig;

pub use code::{Code, Fail};
pub use element::push_info;
pub use msg_key::MsgKey;
pub use platform::{Platform, Policy};
