//! The layer below [`Client`](crate::Client): sockets, request frames and what comes back, without a task or a queue.
//!
//! Follows `spec/client/transport.md` 1–3. The caller answers what wants an answer, keeps the heartbeat
//! (the server drops a web client that says nothing for 60 s) and reads often enough.

mod connection;
mod identity;
mod incoming;

pub use connection::Connection;
pub use identity::Identity;
pub use incoming::{Incoming, NeedsAck};

/// The longest frame that is taken from a server.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// A sign of life; needs no login.
pub const HEARTBEAT: &str = "heartbeat.alive";
/// Logs in, or takes up a session again.
pub const LOGIN: &str = "im_open_status.wslogin";
/// Ends a session.
pub const LOGOUT: &str = "im_open_status.wslogout";
/// Says that a push came, when it asked; gets no answer.
pub const PUSH_ACK: &str = "openim.ws_msg_push_ack";
/// Sends a one-to-one message.
pub const SEND: &str = "openim.sendmsg";
/// The body of every login.
pub const LOGIN_BODY: &str = r#"{"State":"Online","is_web_uniapp":0,"InstType":0,"CustomInfo":""}"#;
