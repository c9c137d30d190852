//! A client of the server, for the demo, the tools and tests, and for whoever wants one in Rust.
//!
//! [`Rest`] is what an app's backend does: administrator calls over HTTP. [`Client`] is what an app's user does: one
//! socket with a login, calls, and pushes. [`wire`] is the layer below [`Client`], without a task or a
//! queue, for those who count every byte.
//!
//! ```no_run
//! use client::{Client, Rest};
//! use serde_json::json;
//!
//! # async fn example() -> Result<(), client::Error> {
//! let (url, sdkappid) = ("http://127.0.0.1:9000", 1_400_000_001);
//! // The backend: it holds the app's key, makes accounts and signs logins.
//! let backend = Rest::new(url, sdkappid, "administrator", "the app's secret key")?;
//! backend.call("im_open_login_svc/multiaccount_import", &json!({ "Accounts": ["ann", "ben"] })).await?;
//!
//! // Two users; an instance is named by 32 hexadecimal digits of its own, for good.
//! let ann = Client::connect(url, sdkappid, "000000000000000000000000000000aa").await?;
//! let session = ann.login("ann", &backend.user_sig("ann")).await?;
//! let ben = Client::connect(url, sdkappid, "000000000000000000000000000000bb").await?;
//! ben.login("ben", &backend.user_sig("ben")).await?;
//!
//! ann.send_message("ben", "hello").await?;
//! let push = ben.next_push().await?;
//! assert_eq!(push.texts()[0].text, "hello");
//!
//! // Any other command by its name; the answer is JSON.
//! let history = json!({ "Peer_Account": "ann", "MaxCnt": 20 });
//! let page = ben.call("openim.getroammsg", &history).await?;
//! assert_eq!(page["MsgCnt"], 1);
//!
//! // The connection is lost: a new one takes the session up again, without a UserSig.
//! ann.close().await;
//! let ann = Client::connect(url, sdkappid, "000000000000000000000000000000aa").await?;
//! ann.relogin(&session).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does by itself, and what it does not
//!
//! Heartbeats (every 20 s) and acknowledgements of pushes are sent by themselves. A lost connection is not opened anew
//! and nothing is sent again: [`Client`] ends with [`Error::Closed`], and the caller knows best what to repeat.
//! `docs/CLIENT-PROTOCOL.md` says how a whole client fills gaps after a reconnect.
//!
//! # Limits
//!
//! 256 calls of a client under way at once (further ones wait), 256 pushes that nobody has read (one more closes the
//! connection), 1 MiB for a frame of the server, 15 s for an answer and 20 s for a connection; over HTTP 16 MiB and 30 s.
//! Plain `http` and `ws` only: TLS belongs to whatever stands before the server, or to another client.
//! Everything needs a Tokio runtime. Follows `spec/client/transport.md` and `spec/rest/`.

#![warn(missing_docs)]

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
