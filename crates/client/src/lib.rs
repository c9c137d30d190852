//! A client of the server, for the demo, the tools and tests, and for whoever wants one in Rust.
//!
//! [`Rest`] is what an app's backend does: administrator calls over HTTP. [`Client`] is what an app's user does: one
//! socket with a login, calls, and pushes. [`wire`] is the layer below [`Client`], without a task or a
//! queue, for those who count every byte.
//!
//! Plain `http` and `ws` only: TLS belongs to whatever stands before the server, or to another client.
//! Everything needs a Tokio runtime. Follows `spec/client/transport.md` and `spec/rest/`.

mod address;
mod client;
mod clock;
mod error;
mod page;
mod push;
mod rest;
mod task;
#[cfg(test)]
mod tests;
pub mod wire;

pub use client::{Client, LoggedIn, Sent};
pub use error::Error;
pub use page::get;
pub use push::{Push, Text};
pub use rest::Rest;
